#include "base/jsonscan.h"

#include <errno.h>
#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/jsoncolumn.h"
#include "base/num.h"
#include "base/utf8.h"

#define NUMBER_MAX 63 /* cJSON cuts longer ones */

struct scan {
	const char *text;
	size_t size, at;
	struct jsonscan_rest *rest; /* NULL when only a key is looked for */
	size_t copied;              /* of the text, to rest or left out of it */
	const char *under;          /* what of rest->under was not met yet; NULL: not below it */
	size_t keys, nodes; /* seen so far; a node is a key or an element of an array */
	size_t wanted_key, wanted_node; /* whose offset is kept in found_at */
	size_t found_at;
	struct err *err;
};

/* Columns count characters, as editors do, not bytes. */
static size_t line_of(const struct scan *s, size_t at, size_t *ret_column)
{
	size_t line = 1;

	*ret_column = 1;
	for (size_t i = 0; i < at && i < s->size; i++) {
		if (s->text[i] == '\n') {
			line++;
			*ret_column = 1;
		} else if ((s->text[i] & 0xc0) != 0x80) {
			++*ret_column;
		}
	}
	return line;
}

static int fault(struct scan *s, size_t at, const char *what)
{
	size_t column, line = line_of(s, at, &column);

	return err_set(s->err, -EINVAL, "line %zu, column %zu: %s", line, column, what);
}

static int peek(const struct scan *s)
{
	return s->at < s->size ? (uint8_t)s->text[s->at] : -1;
}

static int expected(struct scan *s, const char *what)
{
	char text[96];
	int c = peek(s);

	if (c < 0)
		(void)snprintf(text, sizeof(text), "expected %s, found the end of the text", what);
	else if (c > ' ' && c < 0x7f)
		(void)snprintf(text, sizeof(text), "expected %s, found '%c'", what, c);
	else
		(void)snprintf(text, sizeof(text), "expected %s, found byte 0x%02x", what,
			       (unsigned)c);
	return fault(s, s->at, text);
}

static bool starts_with(const struct scan *s, const char *word)
{
	size_t length = strlen(word);

	return s->size - s->at >= length && memcmp(s->text + s->at, word, length) == 0;
}

/* The text up to `at` goes to cJSON; what follows up to `to` does not. */
static void leave_out(struct scan *s, size_t at, size_t to)
{
	if (!s->rest)
		return;
	memcpy(s->rest->text + s->rest->size, s->text + s->copied, at - s->copied);
	s->rest->size += at - s->copied;
	s->copied = to;
}

static void put_instead(struct scan *s, const char *word)
{
	if (!s->rest)
		return;
	memcpy(s->rest->text + s->rest->size, word, strlen(word));
	s->rest->size += strlen(word);
}

static int skip_comment(struct scan *s)
{
	size_t start = s->at;
	bool line = s->text[s->at + 1] == '/';

	s->at += 2;
	while (s->at < s->size && !(line ? peek(s) == '\n' : starts_with(s, "*/")))
		s->at++;
	if (!line && s->at == s->size)
		return fault(s, start, "this comment has no end");
	if (!line)
		s->at += 2;
	leave_out(s, start, s->at);
	return 0;
}

static int skip_blanks(struct scan *s)
{
	int r = 0;

	while (r == 0) {
		int c = peek(s);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			s->at++;
		else if (starts_with(s, "//") || starts_with(s, "/*"))
			r = skip_comment(s);
		else
			break;
	}
	return r;
}

/* The four digits after \u, or -1. */
static int hex4(const struct scan *s, size_t at)
{
	int value = 0;

	if (s->size - at < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = memchr(digits, s->text[at + i], sizeof(digits) - 1);

		if (!digit)
			return -1;
		value = value * 16 + (int)(digit - digits) % 16;
	}
	return value;
}

static int scan_escape(struct scan *s)
{
	size_t start = s->at;
	int code;

	s->at++;
	if (peek(s) != 'u') {
		if (peek(s) <= 0 || !strchr("\"\\/bfnrt", peek(s)))
			return fault(s, start, "no such escape in a string");
		s->at++;
		return 0;
	}
	code = hex4(s, ++s->at);
	if (code < 0)
		return fault(s, start, "\\u wants four hexadecimal digits");
	if (code == 0)
		return fault(s, start, "\\u0000 is not allowed in a string");
	s->at += 4;
	if (code < 0xd800 || code > 0xdfff)
		return 0;
	if (code > 0xdbff || !starts_with(s, "\\u"))
		return fault(s, start, "half of a surrogate pair");
	code = hex4(s, s->at + 2);
	if (code < 0xdc00 || code > 0xdfff)
		return fault(s, start, "half of a surrogate pair");
	s->at += 6;
	return 0;
}

static int scan_string(struct scan *s)
{
	size_t start = s->at++;

	for (;;) {
		int c = peek(s), r = 0;

		if (c < 0)
			return fault(s, start, "this string has no end");
		if (c < 0x20)
			return fault(s, s->at, "control character in a string");
		if (c == '\\')
			r = scan_escape(s);
		else
			s->at++;
		if (r < 0)
			return r;
		if (c == '"')
			return 0;
	}
}

static size_t skip_digits(struct scan *s)
{
	size_t start = s->at;

	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
	return s->at - start;
}

static int scan_number(struct scan *s)
{
	size_t start = s->at;
	bool exponent = false;
	char copy[NUMBER_MAX + 1];
	struct err ignored;
	double value;

	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (skip_digits(s) == 0)
		return expected(s, "a digit");
	if (peek(s) == '.') {
		s->at++;
		if (skip_digits(s) == 0)
			return expected(s, "a digit");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		exponent = true;
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (skip_digits(s) == 0)
			return expected(s, "a digit");
	}
	if (s->at - start > NUMBER_MAX)
		return fault(s, start, "this number is too long");
	if (!exponent)
		return 0; /* so few digits are below DBL_MAX */
	memcpy(copy, s->text + start, s->at - start);
	copy[s->at - start] = '\0';
	if (num_parse_real(copy, -DBL_MAX, DBL_MAX, &value, &ignored) < 0)
		return fault(s, start, "this number is too large");
	return 0;
}

static int scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (starts_with(s, words[i])) {
			s->at += strlen(words[i]);
			return 0;
		}
	}
	return expected(s, "a value");
}

/* --- columns ------------------------------------------------------------------------------- */

static int keep_column(struct scan *s, struct json_column *c)
{
	struct jsonscan_rest *rest = s->rest;
	size_t n = rest->count;

	if ((n & (n - 1)) == 0) { /* the room is the power of two above */
		void *grown = realloc(rest->column, (n ? 2 * n : 1) * sizeof(*rest->column));

		if (!grown)
			return -ENOMEM;
		rest->column = grown;
	}
	rest->column[rest->count++] = c;
	return 0;
}

/* At '['.  1: a column, passed and kept; 0: something else, to be read as any array; -ENOMEM. */
static int take_column(struct scan *s)
{
	const char *from = s->text + s->at + 1, *end = memchr(from, ']', s->size - s->at - 1);
	size_t start = s->at;
	struct json_column *c;
	int r = 0;

	if (!end)
		return 0;
	c = json_column_read(from, end, &r);
	if (c && keep_column(s, c) < 0) {
		free(c);
		r = -ENOMEM;
	}
	if (r < 0)
		return err_set(s->err, r, "out of memory");
	if (!c)
		return 0;
	s->at = (size_t)(end + 1 - s->text);
	leave_out(s, start, s->at);
	put_instead(s, "\"" JSONSCAN_COLUMN "\"");
	return 1;
}

/* --- values -------------------------------------------------------------------------------- */

static int scan_value(struct scan *s, int depth);

static int scan_key(struct scan *s)
{
	int r;

	if (peek(s) != '"')
		return expected(s, "a key in double quotes");
	if (s->keys == s->wanted_key || s->nodes == s->wanted_node)
		s->found_at = s->at;
	s->keys++;
	s->nodes++;
	r = scan_string(s);
	if (r == 0)
		r = skip_blanks(s);
	if (r < 0)
		return r;
	if (peek(s) != ':')
		return expected(s, "':'");
	s->at++;
	return skip_blanks(s);
}

/* Below which keys is the value of the key at `at`?  What is still to meet, or NULL. */
static const char *under_key(const struct scan *s, size_t at)
{
	size_t length;

	if (!s->under || *s->under == '\0')
		return s->under;
	length = strcspn(s->under, ".");
	if (s->size - at < length + 2 || memcmp(s->text + at + 1, s->under, length) != 0 ||
	    s->text[at + 1 + length] != '"')
		return NULL;
	return s->under + length + (s->under[length] == '.');
}

static int scan_member(struct scan *s, int depth)
{
	const char *under = s->under;
	size_t at = s->at;
	int r = scan_key(s);

	if (r < 0)
		return r;
	s->under = under_key(s, at);
	r = scan_value(s, depth);
	s->under = under;
	return r;
}

static int scan_element(struct scan *s, int depth)
{
	if (s->nodes++ == s->wanted_node)
		s->found_at = s->at;
	return scan_value(s, depth);
}

/* An array or object; depth counts it. */
static int scan_container(struct scan *s, int depth)
{
	bool object = peek(s) == '{';
	int end = object ? '}' : ']', r;

	if (depth > JSON_DEPTH)
		return fault(s, s->at, "nested too deeply (more than 64 levels)");
	if (!object && s->rest && s->under && *s->under == '\0') {
		r = take_column(s);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	s->at++;
	r = skip_blanks(s);
	if (r < 0)
		return r;
	if (peek(s) == end) {
		s->at++;
		return 0;
	}
	for (;;) {
		r = object ? scan_member(s, depth) : scan_element(s, depth);
		if (r == 0)
			r = skip_blanks(s);
		if (r < 0)
			return r;
		if (peek(s) == end) {
			s->at++;
			return 0;
		}
		if (peek(s) != ',')
			return expected(s, object ? "',' or '}'" : "',' or ']'");
		s->at++;
		r = skip_blanks(s);
		if (r < 0)
			return r;
	}
}

static int scan_value(struct scan *s, int depth)
{
	int c = peek(s);

	if (c == '{' || c == '[')
		return scan_container(s, depth + 1);
	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	return scan_word(s);
}

/* How many of eight bytes are ASCII: all or, for our purpose, none. */
static size_t plain_ascii(const char *text, size_t size)
{
	uint64_t eight;

	if (size < sizeof(eight))
		return 0;
	memcpy(&eight, text, sizeof(eight));
	return eight & UINT64_C(0x8080808080808080) ? 0 : sizeof(eight);
}

static int scan_text(struct scan *s)
{
	int r;

	for (size_t i = 0, length; i < s->size; i += length) {
		length = plain_ascii(s->text + i, s->size - i);
		if (length == 0)
			length = utf8_length(s->text + i, s->size - i);
		if (length == 0)
			return fault(s, i, "not UTF-8");
	}
	r = skip_blanks(s);
	if (r == 0)
		r = scan_value(s, 0);
	if (r == 0)
		r = skip_blanks(s);
	if (r == 0 && s->at < s->size)
		r = expected(s, "nothing after the value");
	return r;
}

int jsonscan_check(const char *text, size_t size, struct jsonscan_rest *rest, struct err *err)
{
	struct scan s = { .text = text,
			  .size = size,
			  .rest = rest,
			  .under = rest->under,
			  .wanted_key = SIZE_MAX,
			  .wanted_node = SIZE_MAX,
			  .err = err };
	int r = scan_text(&s);

	if (r == 0)
		leave_out(&s, size, size);
	return r;
}

int jsonscan_key_fault(const char *text, size_t size, size_t nth, const char *what, struct err *err)
{
	struct scan s = {
		.text = text, .size = size, .wanted_key = nth, .wanted_node = SIZE_MAX, .err = err
	};

	(void)scan_text(&s); /* it was checked before; only found_at is wanted */
	return fault(&s, s.found_at, what);
}

size_t jsonscan_line(const char *text, size_t size, size_t nth)
{
	struct err ignored;
	struct scan s = {
		.text = text, .size = size, .wanted_key = SIZE_MAX, .wanted_node = nth, .err = &ignored
	};
	size_t column;

	(void)scan_text(&s); /* as above */
	return line_of(&s, s.found_at, &column);
}
