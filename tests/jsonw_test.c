#include "base/json.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "tests/test.h"

struct page {
	struct jsonw w;
	FILE *out;
	char *text;
	size_t size;
};

static struct jsonw *page_begin(struct page *p)
{
	p->out = open_memstream(&p->text, &p->size);
	if (!p->out)
		abort();
	jsonw_init(&p->w, p->out);
	return &p->w;
}

static const char *page_end(struct page *p)
{
	jsonw_end(&p->w);
	(void)fclose(p->out); /* a stream in memory */
	return p->text;
}

static void test_layout(void)
{
	struct page p;
	struct jsonw *w = page_begin(&p);

	jsonw_object(w);
	jsonw_key(w, "none");
	jsonw_object(w);
	jsonw_object_end(w);
	jsonw_key(w, "list");
	jsonw_array(w);
	jsonw_int(w, INT64_MAX);
	jsonw_int(w, INT64_MIN);
	jsonw_array_end(w);
	jsonw_key(w, "flat");
	jsonw_array_flat(w);
	jsonw_object(w);
	jsonw_key(w, "a");
	jsonw_bool(w, true);
	jsonw_key(w, "b");
	jsonw_bool(w, false);
	jsonw_object_end(w);
	jsonw_array(w);
	jsonw_array_end(w);
	jsonw_null(w);
	jsonw_array_end(w);
	jsonw_key(w, "row");
	jsonw_object_flat(w);
	jsonw_key(w, "x");
	jsonw_int(w, 1);
	jsonw_object_end(w);
	jsonw_object_end(w);
	is_str(page_end(&p),
	       "{\n  \"none\": {},\n  \"list\": [\n    9223372036854775807,\n"
	       "    -9223372036854775808\n  ],\n"
	       "  \"flat\": [{\"a\": true, \"b\": false}, [], null],\n  \"row\": {\"x\": 1}\n}\n",
	       "commas, blanks and lines");
	free(p.text);
}

static void test_strings(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ NULL, "null\n" },
		{ "", "\"\"\n" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"\n" },
		{ "\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"\n" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"\n" },
		{ "a\xff"
		  "b",
		  "\"a\xef\xbf\xbd"
		  "b\"\n" },
		{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"\n" },
		{ "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct page p;

		jsonw_string(page_begin(&p), rows[i].text);
		is_str(page_end(&p), rows[i].want, "string of row %zu", i);
		free(p.text);
	}
}

static void test_reals(void)
{
	static const struct {
		double value;
		const char *want;
	} rows[] = {
		{ 0.1, "0.1\n" },
		{ 166.7, "166.7\n" },
		{ 1.0 / 3, "0.3333333333333333\n" },
		{ 0.1 + 0.2, "0.30000000000000004\n" },
		{ 5, "5\n" },
		{ -0.5, "-0.5\n" },
		{ DBL_MAX, "1.7976931348623157e+308\n" },
		{ 1e100, "1e+100\n" },
		{ NAN, "null\n" },
		{ INFINITY, "null\n" },
		{ -INFINITY, "null\n" },
	};
	uint64_t bits = 1;
	int wrong = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct page p;

		jsonw_real(page_begin(&p), rows[i].value);
		is_str(page_end(&p), rows[i].want, "real of row %zu", i);
		free(p.text);
	}
	for (int i = 0; i < 2000; i++) {
		struct page p;
		struct err err;
		double value, back = 0;
		json *root;

		bits = bits * UINT64_C(6364136223846793005) + 1442695040888963407u;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		jsonw_real(page_begin(&p), value);
		(void)page_end(&p);
		root = json_parse(p.text, p.size, &err);
		wrong += !root || !json_real(root, &back) ||
			 memcmp(&value, &back, sizeof(back)) != 0;
		json_free(root);
		free(p.text);
	}
	is_int(wrong, 0, "2000 doubles of all sizes read back bit by bit");
}

static void test_node(void)
{
	const char text[] =
		"{\n  \"a\": [1, 2.5, \"x\", null, true],\n  \"b\": [\n    {\n"
		"      \"c\": 9007199254740991\n    }\n  ],\n  \"d\": {},\n  \"e\": []\n}\n";
	struct page p;
	struct err err;
	json *root = json_parse(text, strlen(text), &err);
	char deep[128];

	if (!ok(root, "parsed (%s)", err.text))
		return;
	jsonw_node(page_begin(&p), root);
	is_str(page_end(&p), text, "a copy is as we would write it");
	json_free(root);
	free(p.text);
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	root = json_parse(deep, sizeof(deep), &err);
	struct jsonw *w = page_begin(&p);

	for (int i = 0; i < 32; i++)
		jsonw_array_flat(w);
	jsonw_node(w, root);
	for (int i = 0; i < 32; i++)
		jsonw_array_end(w);
	is_int(strlen(page_end(&p)), 2 * 96 + 1, "the deepest text fits within 32 levels of ours");
	json_free(root);
	free(p.text);
}

int main(void)
{
	test_layout();
	test_strings();
	test_reals();
	test_node();
	return test_done();
}
