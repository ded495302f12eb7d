#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/utf8.h"

void jsonw_init(struct jsonw *w, FILE *out)
{
	*w = (struct jsonw){ .out = out };
}

void jsonw_end(struct jsonw *w)
{
	assert(w->depth == 0 && !w->after_key);
	(void)fputc('\n', w->out);
}

static void new_line(struct jsonw *w)
{
	(void)fprintf(w->out, "\n%*s", 2 * w->depth, "");
}

/* What parts the next key or value from what stands before it. */
static void begin_item(struct jsonw *w)
{
	if (w->after_key || w->depth == 0) {
		w->after_key = false;
		return;
	}
	if (!w->first[w->depth])
		(void)fputc(',', w->out);
	if (!w->flat[w->depth])
		new_line(w);
	else if (!w->first[w->depth])
		(void)fputc(' ', w->out);
	w->first[w->depth] = false;
}

static void open_level(struct jsonw *w, char bracket, bool flat)
{
	begin_item(w);
	assert(w->depth < JSONW_DEPTH);
	(void)fputc(bracket, w->out);
	flat = flat || w->flat[w->depth];
	w->depth++;
	w->first[w->depth] = true;
	w->flat[w->depth] = flat;
}

static void close_level(struct jsonw *w, char bracket)
{
	bool empty = w->first[w->depth], flat = w->flat[w->depth];

	assert(w->depth > 0 && !w->after_key);
	w->depth--;
	if (!empty && !flat)
		new_line(w);
	(void)fputc(bracket, w->out);
}

void jsonw_object(struct jsonw *w)
{
	open_level(w, '{', false);
}

void jsonw_object_flat(struct jsonw *w)
{
	open_level(w, '{', true);
}

void jsonw_object_end(struct jsonw *w)
{
	close_level(w, '}');
}

void jsonw_array(struct jsonw *w)
{
	open_level(w, '[', false);
}

void jsonw_array_flat(struct jsonw *w)
{
	open_level(w, '[', true);
}

void jsonw_array_end(struct jsonw *w)
{
	close_level(w, ']');
}

/* The escapes that have a letter; other control characters are written as \u00XX. */
static const char escape_of[128] = {
	['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
	['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
};

static void write_quoted(struct jsonw *w, const char *s)
{
	size_t left = strlen(s);

	(void)fputc('"', w->out);
	while (left > 0) {
		size_t length = utf8_length(s, left);
		unsigned char c = (unsigned char)*s;

		if (length == 0)
			(void)fputs("\xef\xbf\xbd", w->out); /* U+FFFD */
		else if (length > 1)
			(void)fwrite(s, 1, length, w->out);
		else if (escape_of[c])
			(void)fprintf(w->out, "\\%c", escape_of[c]);
		else if (c < 0x20 || c == 0x7f)
			(void)fprintf(w->out, "\\u%04x", c);
		else
			(void)fputc(c, w->out);
		length = length > 0 ? length : 1;
		s += length;
		left -= length;
	}
	(void)fputc('"', w->out);
}

void jsonw_key(struct jsonw *w, const char *key)
{
	assert(w->depth > 0 && !w->after_key);
	begin_item(w);
	write_quoted(w, key);
	(void)fputs(": ", w->out);
	w->after_key = true;
}

void jsonw_string(struct jsonw *w, const char *s)
{
	begin_item(w);
	if (s)
		write_quoted(w, s);
	else
		(void)fputs("null", w->out);
}

void jsonw_int(struct jsonw *w, int64_t v)
{
	char text[24], *p = text + sizeof(text); /* a record holds millions: printf takes its time */
	uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (v < 0)
		*--p = '-';
	begin_item(w);
	(void)fwrite(p, 1, (size_t)(text + sizeof(text) - p), w->out);
}

void jsonw_real(struct jsonw *w, double v)
{
	char text[32];
	struct err ignored;
	double back;

	if (!isfinite(v)) {
		jsonw_null(w);
		return;
	}
	begin_item(w);
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		if (num_parse_real(text, v, v, &back, &ignored) == 0)
			break;
	}
	(void)fputs(text, w->out);
}

void jsonw_bool(struct jsonw *w, bool v)
{
	begin_item(w);
	(void)fputs(v ? "true" : "false", w->out);
}

void jsonw_null(struct jsonw *w)
{
	begin_item(w);
	(void)fputs("null", w->out);
}

void jsonw_break(struct jsonw *w)
{
	begin_item(w);
	(void)fputs("(no memory)", w->out);
	w->broken = true;
}

static void write_number(struct jsonw *w, json *node)
{
	int64_t whole;
	double real = 0;

	if (json_int(node, &whole)) {
		jsonw_int(w, whole);
	} else {
		(void)json_real(node, &real); /* it is a number */
		jsonw_real(w, real);
	}
}

static void write_children(struct jsonw *w, json *node)
{
	for (json *c = json_first(node); c; c = json_next(c)) {
		if (json_key(c))
			jsonw_key(w, json_key(c));
		jsonw_node(w, c);
	}
}

/* Arrays of plain values read better on one line. */
static bool holds_containers(json *array)
{
	for (json *c = json_first(array); c; c = json_next(c))
		if (json_type(c) == JSON_ARRAY || json_type(c) == JSON_OBJECT)
			return true;
	return false;
}

void jsonw_node(struct jsonw *w, json *node)
{
	bool truth = false;

	switch (json_type(node)) {
	case JSON_NULL:
		jsonw_null(w);
		break;
	case JSON_BOOL:
		(void)json_bool(node, &truth); /* it is one */
		jsonw_bool(w, truth);
		break;
	case JSON_NUMBER:
		write_number(w, node);
		break;
	case JSON_STRING:
		jsonw_string(w, json_string(node));
		break;
	case JSON_ARRAY:
		open_level(w, '[', !holds_containers(node));
		write_children(w, node);
		jsonw_array_end(w);
		break;
	case JSON_OBJECT:
		jsonw_object(w);
		write_children(w, node);
		jsonw_object_end(w);
		break;
	}
}
