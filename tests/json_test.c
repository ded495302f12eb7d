#include "base/json.h"

#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/guard.h"
#include "tests/test.h"

/* Parse from memory that ends at an unmapped page. */
static json *parse(const char *text, size_t size, struct err *err)
{
	struct guard g;
	const uint8_t *copy = guard_copy(&g, text, size);
	json *root;

	err->text[0] = '\0';
	root = json_parse((const char *)copy, size, err);
	guard_free(&g);
	return root;
}

static const struct {
	const char *text, *message;
} refused[] = {
	{ "", "line 1, column 1: expected a value, found the end of the text" },
	{ "  ", "line 1, column 3: expected a value, found the end of the text" },
	{ "{\n  \"a\" 1}", "line 2, column 7: expected ':', found '1'" },
	{ "{\"a\":1,}", "line 1, column 8: expected a key in double quotes, found '}'" },
	{ "{,}", "line 1, column 2: expected a key in double quotes, found ','" },
	{ "{a:1}", "line 1, column 2: expected a key in double quotes, found 'a'" },
	{ "[1,]", "line 1, column 4: expected a value, found ']'" },
	{ "[1 2]", "line 1, column 4: expected ',' or ']', found '2'" },
	{ "{\"a\":1 \"b\":2}", "line 1, column 8: expected ',' or '}', found '\"'" },
	{ "[1", "line 1, column 3: expected ',' or ']', found the end of the text" },
	{ "{} {}", "line 1, column 4: expected nothing after the value, found '{'" },
	{ "1 x", "line 1, column 3: expected nothing after the value, found 'x'" },
	{ "NaN", "line 1, column 1: expected a value, found 'N'" },
	{ "[Infinity]", "line 1, column 2: expected a value, found 'I'" },
	{ "nul", "line 1, column 1: expected a value, found 'n'" },
	{ "01", "line 1, column 2: expected nothing after the value, found '1'" },
	{ "+1", "line 1, column 1: expected a value, found '+'" },
	{ "-", "line 1, column 2: expected a digit, found the end of the text" },
	{ "1.", "line 1, column 3: expected a digit, found the end of the text" },
	{ ".5", "line 1, column 1: expected a value, found '.'" },
	{ "1e+", "line 1, column 4: expected a digit, found the end of the text" },
	{ "[1e999]", "line 1, column 2: this number is too large" },
	{ "1111111111111111111111111111111111111111111111111111111111111111",
	  "line 1, column 1: this number is too long" },
	{ "[\"a\nb\"]", "line 1, column 4: control character in a string" },
	{ "[\"a", "line 1, column 2: this string has no end" },
	{ "\"\\", "line 1, column 2: no such escape in a string" },
	{ "\"\\x\"", "line 1, column 2: no such escape in a string" },
	{ "\"\\u12\"", "line 1, column 2: \\u wants four hexadecimal digits" },
	{ "\"\\u0000\"", "line 1, column 2: \\u0000 is not allowed in a string" },
	{ "\"\\ud800\"", "line 1, column 2: half of a surrogate pair" },
	{ "\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate pair" },
	{ "\"\\udc00\"", "line 1, column 2: half of a surrogate pair" },
	{ "{\n\"a\": 1, // one\n\"a\": 2}", "line 3, column 1: key 'a' appears twice" },
	{ "[{\"x\":{\"a\":1,\"b\":{\"a\":3},\"\\u0061\":2}}]",
	  "line 1, column 26: key 'a' appears twice" },
	{ "/* \xc3\xa4\xc3\xa4 */ x", "line 1, column 10: expected a value, found 'x'" },
	{ "// one\n/* two\n */ x", "line 3, column 5: expected a value, found 'x'" },
	{ "[1, /* no end", "line 1, column 5: this comment has no end" },
	{ "[1, /*/ 2]", "line 1, column 5: this comment has no end" },
	{ "[1] /", "line 1, column 5: expected nothing after the value, found '/'" },
	{ "\xef\xbb\xbf{}", "line 1, column 1: expected a value, found byte 0xef" },
	{ "[\"\xff\"]", "line 1, column 3: not UTF-8" },
	{ "[\"\xc0\x80\"]", "line 1, column 3: not UTF-8" },
	{ "[\"\xed\xa0\x80\"]", "line 1, column 3: not UTF-8" },
	{ "[\"\xf4\x90\x80\x80\"]", "line 1, column 3: not UTF-8" },
	{ "[\"\xe2\x82", "line 1, column 3: not UTF-8" },
};

static void test_refused(void)
{
	struct err err;
	json *root;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		root = parse(refused[i].text, strlen(refused[i].text), &err);
		is_str(err.text, refused[i].message, "refused: row %zu", i);
		ok(!root, "nothing comes back");
		json_free(root);
	}
	ok(!parse("[1]\0", 4, &err), "a NUL after the value is trailing text");
	is_str(err.text, "line 1, column 4: expected nothing after the value, found byte 0x00",
	       "with its place");
}

static void test_depth(void)
{
	char text[2 * 65 + 1];
	struct err err;
	json *root;

	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	ok(!parse(text, 130, &err), "65 levels are refused");
	is_str(err.text, "line 1, column 65: nested too deeply (more than 64 levels)", "message");
	root = parse(text + 1, 128, &err);
	ok(root, "64 are read");
	json_free(root);
}

static void test_prefixes(void)
{
	const char text[] =
		"{\"a\": [1, -2.5e3, \"x\\u00e4\\ud83d\\ude00\"], /* c */ \"b\": {\"c\": true}}";
	struct err err;
	size_t wrong = 0;
	json *root;

	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		root = parse(text, size, &err);
		wrong += root || strncmp(err.text, "line 1, column ", 15) != 0;
		json_free(root);
	}
	is_int(wrong, 0, "every prefix is refused with its place");
}

static void test_lookup(void)
{
	const char text[] = "// head\n{\"A\": 1, \"a\": {\"b\": {\"c\": [10, 20]}}, \"u\": \"// no "
			    "/* comment\","
			    " \"e\": {}, \"n\": null, \"t\": true, \"\": 5} // tail";
	struct err err;
	json *root = parse(text, strlen(text), &err), *node;
	bool truth = false;
	int64_t number = 0;

	if (!ok(root, "parsed (%s)", err.text))
		return;
	ok(json_int(json_get(root, "A"), &number) && number == 1, "keys are case-sensitive");
	ok(json_type(json_get(root, "a")) == JSON_OBJECT, "... both ways");
	node = json_path(root, "a.b.c");
	is_int(json_count(node), 2, "a.b.c has two items");
	ok(json_int(json_next(json_first(node)), &number) && number == 20, "the second is 20");
	ok(!json_next(json_next(json_first(node))), "and the last");
	ok(!json_key(json_first(node)), "items have no key");
	is_str(json_key(json_first(json_get(root, "a"))), "b", "members have");
	is_str(json_string(json_get(root, "u")), "// no /* comment", "a string is no comment");
	ok(!json_path(root, "a.x.c") && !json_path(root, "A.b") && !json_path(root, "a.b.c."),
	   "paths that lead nowhere");
	ok(!json_get(node, "b") && !json_get(NULL, "b"), "no keys in an array or in nothing");
	ok(json_int(json_get(root, ""), &number) && number == 5, "the empty key");
	ok(json_bool(json_get(root, "t"), &truth) && truth, "true");
	ok(!json_bool(json_get(root, "n"), &truth) && !json_string(root), "types are not mixed up");
	is_int(json_count(json_get(root, "e")), 0, "empty object");
	is_str(json_type_name(json_get(root, "n")), "null", "null");
	is_str(json_type_name(json_get(root, "t")), "true or false", "bool");
	is_str(json_type_name(json_get(root, "A")), "a number", "number");
	is_str(json_type_name(json_get(root, "u")), "a string", "string");
	is_str(json_type_name(node), "an array", "array");
	is_str(json_type_name(root), "an object", "object");
	json_free(root);
	json_free(NULL);
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		bool whole;
		int64_t want;
	} rows[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "1e3", true, 1000 },
		{ "9007199254740991", true, INT64_C(9007199254740991) },
		{ "-9007199254740991", true, INT64_C(-9007199254740991) },
		{ "9007199254740992", false, 0 },
		{ "9007199254740993", false, 0 },
		{ "1e300", false, 0 },
		{ "0.5", false, 0 },
		{ "\"1\"", false, 0 },
	};
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json *root = parse(rows[i].text, strlen(rows[i].text), &err);
		int64_t got = 0;

		if (!ok(root, "%s is read", rows[i].text))
			continue;
		is_int(json_int(root, &got), rows[i].whole, "%s is whole or not", rows[i].text);
		is_int(got, rows[i].want, "%s has its value", rows[i].text);
		json_free(root);
	}
}

static void test_hostile(void)
{
	const int keys = 50000;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct err err;
	json *root;

	if (!ok(out != NULL, "memory"))
		return;
	for (int i = 0; i < keys; i++)
		(void)fprintf(out, "%c\n\"k%d\":1", i ? ',' : '{', i);
	(void)fprintf(out, ",\n\"k77\":2}");
	(void)fclose(out); /* a stream in memory */
	root = json_parse(text, size, &err);
	ok(!root, "a repeat among %d keys is found (and not by trying all pairs)", keys);
	is_str(err.text, "line 50002, column 1: key 'k77' appears twice", "with its place");
	json_free(root);
	free(text);
}

static void test_file(void)
{
	char path[] = "/tmp/twbench-json-XXXXXX";
	int fd = mkstemp(path);
	struct err err;
	json *root;

	if (!ok(fd >= 0 && write(fd, "[1,\n x]", 7) == 7, "a file"))
		return;
	(void)close(fd);
	ok(!json_parse_file(path, 7, &err), "bad text");
	ok(strncmp(err.text, "'/tmp/twbench-json-", 19) == 0, "says in which file: %s", err.text);
	ok(strstr(err.text, "': line 2, column 2: expected a value, found 'x'") != NULL, "says where");
	ok(!json_parse_file(path, 6, &err), "one byte over the limit");
	ok(strstr(err.text, "is larger than 6 bytes") != NULL, "says so: %s", err.text);
	ok(!json_parse_file("/nonexistent/x.json", 6, &err), "no such file");
	is_str(err.text, "cannot open '/nonexistent/x.json': No such file or directory", "says so");
	ok(!json_parse_file("/tmp", 6, &err), "a directory");
	is_str(err.text, "cannot read '/tmp': Is a directory", "says so");
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ok(write(fd, "[1, 2]\n", 7) == 7, "good text");
	(void)close(fd);
	root = json_parse_file(path, 7, &err);
	is_int(root ? json_count(root) : 0, 2, "is read");
	json_free(root);
	(void)unlink(path);
}

/* --- columns ------------------------------------------------------------------------------- */

static json *parse_columns(const char *text, struct err *err)
{
	size_t size = strlen(text);
	struct guard g;
	const uint8_t *copy = guard_copy(&g, (const uint8_t *)text, size);
	json *root;

	err->text[0] = '\0';
	root = json_parse_columns((const char *)copy, size, "a.b", err);
	guard_free(&g);
	return root;
}

/* Below "a.b"; read as a column or, if not plain, as any array: the numbers are the same. */
static const struct {
	const char *array;
	bool column;
	size_t good; /* numbers before json_ints_next() says no */
	int64_t last;
} columns[] = {
	{ "[1]", true, 1, 1 },
	{ "[1,2,-3]", true, 3, -3 },
	{ " [ 1 ,\n2\t,\r3 ] ", true, 3, 3 },
	{ "[0,-0]", true, 2, 0 },
	{ "[999999999999999]", true, 1, 999999999999999 },
	{ "[-999999999999999]", true, 1, -999999999999999 },
	{ "[1000000000000000]", false, 1, 1000000000000000 },
	{ "[1,9007199254740991]", false, 2, 9007199254740991 },
	{ "[1,9007199254740992]", false, 1, 1 },
	{ "[1,9223372036854775808]", false, 1, 1 },
	{ "[1,1e2]", false, 2, 100 },
	{ "[1,2.0]", false, 2, 2 },
	{ "[1,2.5,3]", false, 1, 1 },
	{ "[1,/* ] , */2]", false, 2, 2 },
	{ "[1,null]", false, 1, 1 },
	{ "[1,[2],3]", false, 1, 1 },
	{ "[[1,2]]", false, 0, 0 },
	{ "[]", false, 0, 0 },
};

static void test_column(size_t i)
{
	char text[128];
	struct err err;
	struct json_ints ints;
	int64_t v = 0, last = 0;
	size_t good = 0;
	json *root, *array;

	(void)snprintf(text, sizeof(text), "{\"x\":[7,8],\"a\":[{\"b\":{\"c\":%s}}],\"y\":[9]}",
		       columns[i].array);
	root = parse_columns(text, &err);
	if (!ok(root != NULL, "%s is read %s", columns[i].array, err.text))
		return;
	array = json_get(json_path(json_first(json_get(root, "a")), "b"), "c");
	is_int(json_type(array), JSON_ARRAY, "as an array");
	is_int(!json_first(array) && json_count(array) > 0, columns[i].column, "and a column or not");
	for (ints = json_ints(array); json_ints_next(&ints, &v); good++)
		last = v;
	is_int((int64_t)good, (int64_t)columns[i].good, "with its whole numbers");
	is_int(last, columns[i].last, "down to the last");
	ok(json_first(json_get(root, "x")) && json_first(json_get(root, "y")), "others have children");
	json_free(root);
}

static void test_columns(void)
{
	static const char *const bad[] = { "[01]", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1", "[-]",
					   "[+1]", "[1}", "[1,x]", "[1,\"\xff\"]" };
	static const char marks[] = "{\"a\":{\"b\":[[1,2],\"\\u00ff\",[3],{\"k\":1,\"k\":2}]}}";
	char text[64];
	struct err err, plain;

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		test_column(i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "{\"a\":{\"b\":%s}}", bad[i]);
		ok(!parse_columns(text, &err), "%s is refused", bad[i]);
		ok(!parse(text, strlen(text), &plain), "... as ever");
		is_str(err.text, plain.text, "in the same words");
	}
	ok(!parse_columns(marks, &err), "a key given twice beside columns");
	ok(strstr(err.text, "key 'k' appears twice") != NULL, "is found: %s", err.text);
}

static void test_lines(void)
{
	static const char text[] = "{ // 1\n\"a\": /* 2\n3 */ [ 5,\n\"x\\n\",\n[],\n[ [ 6,\n7 ] ],\n"
				   "{ \"b\":\n8,\n\"a\": {} } ],\n\"c\": null }";
	static const size_t want[] = { 2, 3, 4, 5, 6, 6, 6, 7, 8, 8, 10, 11 };
	struct err err;
	json *root = json_parse(text, strlen(text), &err), *a = json_get(root, "a");
	json *n = json_first(a), *x = json_next(n), *empty = json_next(x), *list = json_next(empty);
	json *inner = json_first(list), *six = json_first(inner), *last = json_next(list);
	json *const node[] = { a, n, x, empty, list, inner, six, json_next(six), last,
			       json_get(last, "b"), json_get(last, "a"), json_get(root, "c") };

	for (size_t i = 0; i < sizeof(node) / sizeof(node[0]); i++)
		is_int((int)json_line_of(root, node[i], text, strlen(text)), (int)want[i],
		       "the line of node %zu", i);
	is_int((int)json_line_of(root, &err, text, strlen(text)), 0, "what is no part of it has no line");
	is_int((int)json_line_of(root, NULL, text, strlen(text)), 0, "nor has nothing");
	json_free(root);
}

int main(void)
{
	test_lines();
	test_columns();
	test_refused();
	test_depth();
	test_prefixes();
	test_lookup();
	test_numbers();
	test_hostile();
	test_file();
	return test_done();
}
