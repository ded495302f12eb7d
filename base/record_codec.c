#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/record.h"
#include "base/record_table.h"
#include "base/roomy.h"
#include "base/series.h"

/* --- constants ------------------------------------------------------------------------------- */

static void schema_write(const struct field *f, const void *object, struct jsonw *w)
{
	(void)f;
	(void)object;
	jsonw_string(w, RECORD_SCHEMA);
}

/* "twbench.run/1" and its additions, "twbench.run/1.x". */
static int schema_read(const struct field *f, void *object, json *node, struct err *err)
{
	const char *s = json_string(node);
	size_t n = strlen(RECORD_SCHEMA);

	(void)f;
	(void)object;
	if (!s)
		return err_set(err, -EINVAL, "not a string (%s)", json_type_name(node));
	if (strncmp(s, RECORD_SCHEMA, n) != 0 || (s[n] != '\0' && s[n] != '.'))
		return err_set(err, -EINVAL, "'%.40s' is not " RECORD_SCHEMA, s);
	return 0;
}

const struct field_codec codec_schema = { schema_write, schema_read, NULL,
					  "{\"const\": \"" RECORD_SCHEMA "\"}", "string" };

static void tool_name_write(const struct field *f, const void *object, struct jsonw *w)
{
	(void)f;
	(void)object;
	jsonw_string(w, "twbench");
}

const struct field_codec codec_tool_name = { tool_name_write, NULL, NULL,
					     "{\"const\": \"twbench\"}", "string" };

/* --- embedded JSON --------------------------------------------------------------------------- */

#define JSON_DEPTH_MAX 16 /* the writer nests to 32, and the record itself takes some */

static void json_write(const struct field *f, const void *object, struct jsonw *w)
{
	const char *text = *(char *const *)field_at(f, object);
	struct err ignored;
	json *node = json_parse(text, strlen(text), &ignored);

	if (node)
		jsonw_node(w, node);
	else
		jsonw_break(w); /* it was JSON when it was read or written */
	json_free(node);
}

static int json_depth(json *node)
{
	int deepest = 0;

	for (json *c = json_first(node); c; c = json_next(c)) {
		int d = json_depth(c);

		if (d > deepest)
			deepest = d;
	}
	return deepest + 1;
}

static int json_read(const struct field *f, void *object, json *node, struct err *err)
{
	char **ret = field_at_mut(f, object), *text = NULL;
	size_t size = 0;
	struct jsonw w;
	FILE *mem;

	if (json_type(node) == JSON_NULL)
		return 0;
	if (json_type(node) != JSON_OBJECT)
		return err_set(err, -EINVAL, "not an object (%s)", json_type_name(node));
	if (json_depth(node) > JSON_DEPTH_MAX)
		return err_set(err, -EINVAL, "nested over %d deep", JSON_DEPTH_MAX);
	mem = open_memstream(&text, &size);
	if (!mem)
		return err_set(err, -ENOMEM, "no memory");
	jsonw_init(&w, mem);
	jsonw_node(&w, node);
	if (fclose(mem) != 0) {
		free(text);
		return err_set(err, -ENOMEM, "no memory");
	}
	free(*ret);
	*ret = text;
	return 0;
}

static void json_release(const struct field *f, void *object)
{
	free(*(char **)field_at_mut(f, object));
}

const struct field_codec codec_json = { json_write, json_read, json_release,
					"{\"type\": [\"object\", \"null\"]}", "object" };

/* --- lists of sentences ---------------------------------------------------------------------- */

#define TEXTS_MAX 4096

/* The count is a size_t at offset `stat` of the same struct. */
static size_t *texts_count(const struct field *f, void *object)
{
	return (size_t *)(void *)((char *)object + f->stat);
}

static void texts_write(const struct field *f, const void *object, struct jsonw *w)
{
	char *const *text = *(char **const *)field_at(f, object);
	size_t count = *(const size_t *)(const void *)((const char *)object + f->stat);

	jsonw_array(w);
	for (size_t i = 0; i < count; i++)
		jsonw_string(w, text[i]);
	jsonw_array_end(w);
}

static int texts_read(const struct field *f, void *object, json *node, struct err *err)
{
	size_t *count = texts_count(f, object), want = json_count(node);
	char ***ret = field_at_mut(f, object);

	if (json_type(node) != JSON_ARRAY || want > TEXTS_MAX)
		return err_set(err, -EINVAL, "not a list of at most %d strings", TEXTS_MAX);
	if (want == 0)
		return 0;
	*ret = calloc(want, sizeof(**ret));
	if (!*ret)
		return err_set(err, -ENOMEM, "no memory");
	for (json *c = json_first(node); c; c = json_next(c)) {
		const char *s = json_string(c);

		if (!s)
			return err_set(err, -EINVAL, "[%zu]: not a string (%s)", *count,
				       json_type_name(c));
		(*ret)[*count] = strdup(s);
		if (!(*ret)[*count])
			return err_set(err, -ENOMEM, "no memory");
		++*count;
	}
	return 0;
}

static void texts_release(const struct field *f, void *object)
{
	char **text = *(char ***)field_at_mut(f, object);

	for (size_t i = 0; text && i < *texts_count(f, object); i++)
		free(text[i]);
	free(text);
}

const struct field_codec codec_texts = { texts_write, texts_read, texts_release,
					 "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
					 "array of strings" };

/* --- a set of teardown classes --------------------------------------------------------------- */

static void classes_write(const struct field *f, const void *object, struct jsonw *w)
{
	uint32_t set = *(const uint32_t *)field_at(f, object);

	jsonw_array_flat(w);
	for (int c = 0; c < TEARDOWN_CLASS_COUNT; c++)
		if (set & CLASS_BIT(c))
			jsonw_string(w, teardown_class_key((enum teardown_class)c));
	jsonw_array_end(w);
}

static int classes_read(const struct field *f, void *object, json *node, struct err *err)
{
	uint32_t *set = field_at_mut(f, object);

	if (json_type(node) != JSON_ARRAY)
		return err_set(err, -EINVAL, "not an array (%s)", json_type_name(node));
	for (json *c = json_first(node); c; c = json_next(c)) {
		const char *key = json_string(c);
		enum teardown_class class =
			key ? teardown_class_from_key(key) : TEARDOWN_CLASS_COUNT;

		if (class == TEARDOWN_CLASS_COUNT)
			return err_set(err, -EINVAL, "'%.40s' is no teardown class",
				       key ? key : "");
		*set |= CLASS_BIT(class);
	}
	return 0;
}

const struct field_codec codec_classes = {
	classes_write, classes_read, NULL,
	"{\"type\": \"array\", \"items\": {\"type\": \"string\"}}", "array of strings"
};

/* --- histogram buckets ----------------------------------------------------------------------- */

static void buckets_write(const struct field *f, const void *object, struct jsonw *w)
{
	const struct hist *h = field_at(f, object);

	jsonw_array_flat(w);
	for (size_t i = 0; h->count && i < HIST_BUCKETS; i++) {
		if (h->count[i] == 0)
			continue;
		jsonw_array_flat(w);
		jsonw_int(w, (int64_t)i);
		jsonw_int(w, h->count[i]);
		jsonw_array_end(w);
	}
	jsonw_array_end(w);
}

/* Indices must rise, so that none is given twice. */
static int buckets_read(const struct field *f, void *object, json *node, struct err *err)
{
	struct hist *h = field_at_mut(f, object);
	int64_t last = -1;

	if (json_type(node) != JSON_ARRAY)
		return err_set(err, -EINVAL, "not an array (%s)", json_type_name(node));
	if (json_first(node) && hist_reserve(h) < 0)
		return err_set(err, -ENOMEM, "no memory");
	for (json *c = json_first(node); c; c = json_next(c)) {
		int64_t index = 0, n = 0;

		if (json_count(c) != 2 || !json_int(json_first(c), &index) ||
		    !json_int(json_next(json_first(c)), &n))
			return err_set(err, -EINVAL, "a bucket is not a pair of whole numbers");
		if (index <= last || index >= (int64_t)HIST_BUCKETS || n <= 0)
			return err_set(err, -EINVAL, "bucket [%" PRId64 ", %" PRId64 "] cannot be",
				       index, n);
		h->count[index] = n;
		last = index;
	}
	return 0;
}

const struct field_codec codec_buckets = {
	buckets_write, buckets_read, NULL,
	"{\"type\": \"array\", \"items\": {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2, "
	"\"items\": {\"type\": \"integer\", \"minimum\": 0}}}",
	"array of pairs"
};

/* --- series ---------------------------------------------------------------------------------- */

#define SERIES_ROWS_MAX 4000000 /* at most 352 MB in memory: over an hour at 1 kHz, every sample another */

static void series_time_write(const struct field *f, const void *object, struct jsonw *w)
{
	const struct series *s = field_at(f, object);

	jsonw_array_flat(w);
	for (size_t i = 0; i < s->count; i++)
		jsonw_int(w, s->t_ns[i]);
	jsonw_array_end(w);
}

static int series_time_read(const struct field *f, void *object, json *node, struct err *err)
{
	struct series *s = field_at_mut(f, object);
	size_t count = json_count(node);
	struct json_ints ints = json_ints(node);

	if (json_type(node) != JSON_ARRAY || count > SERIES_ROWS_MAX)
		return err_set(err, -EINVAL, "not a list of at most %d times", SERIES_ROWS_MAX);
	if (count == 0)
		return 0;
	s->t_ns = roomy_calloc(count, sizeof(*s->t_ns));
	if (!s->t_ns)
		return err_set(err, -ENOMEM, "no memory for %zu samples", count);
	s->capacity = count;
	while (s->count < count) {
		int64_t t;

		if (!json_ints_next(&ints, &t))
			return err_set(err, -EINVAL, "[%zu]: not a whole number (%s)", s->count,
				       json_type_name(ints.next));
		if (s->count && t < s->t_ns[s->count - 1])
			return err_set(err, -EINVAL, "[%zu]: time runs backwards", s->count);
		s->t_ns[s->count++] = t;
	}
	return 0;
}

static void series_release_rows(const struct field *f, void *object)
{
	series_release(field_at_mut(f, object));
}

const struct field_codec codec_series_time = {
	series_time_write, series_time_read, series_release_rows,
	"{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}", "array of integers"
};

static bool column_empty(const struct series *s, int side, int column)
{
	for (size_t i = 0; s->column[side][column] && i < s->count; i++)
		if (s->column[side][column][i] != 0)
			return false;
	return true;
}

static void series_side_write(const struct field *f, const void *object, struct jsonw *w)
{
	const struct series *s = field_at(f, object);

	jsonw_object(w);
	for (int c = 0; c < COL_COUNT; c++) {
		if (column_empty(s, f->stat, c))
			continue;
		jsonw_key(w, series_column_key((enum series_column)c));
		jsonw_array_flat(w);
		for (size_t i = 0; i < s->count; i++)
			jsonw_int(w, series_count(s, i, f->stat, c));
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
}

static int read_column(struct series *s, int side, int column, json *node, struct err *err)
{
	const char *key = series_column_key((enum series_column)column);
	struct json_ints ints = json_ints(node);
	int32_t *ret;

	if (json_type(node) != JSON_ARRAY || json_count(node) != s->count)
		return err_set(err, -EINVAL, "%s: not a list as long as t_ns (%zu)", key, s->count);
	if (s->count == 0)
		return 0;
	ret = s->column[side][column] = roomy_calloc(s->count, sizeof(*ret));
	if (!ret)
		return err_set(err, -ENOMEM, "%s: no memory for %zu samples", key, s->count);
	for (size_t i = 0; i < s->count; i++) {
		int64_t v;

		if (!json_ints_next(&ints, &v) || v < 0 || v > INT32_MAX)
			return err_set(err, -EINVAL, "%s[%zu]: not a number of sockets", key, i);
		ret[i] = (int32_t)v;
	}
	return 0;
}

static int series_side_read(const struct field *f, void *object, json *node, struct err *err)
{
	struct series *s = field_at_mut(f, object);
	int rc = 0;

	if (json_type(node) != JSON_OBJECT)
		return err_set(err, -EINVAL, "not an object (%s)", json_type_name(node));
	for (int c = 0; c < COL_COUNT && rc == 0; c++) {
		json *column = json_get(node, series_column_key((enum series_column)c));

		if (column)
			rc = read_column(s, f->stat, c, column, err);
	}
	return rc;
}

const struct field_codec codec_series_side = {
	series_side_write, series_side_read, NULL,
	"{\"type\": \"object\", \"additionalProperties\": {\"type\": \"array\", "
	"\"items\": {\"type\": \"integer\", \"minimum\": 0}}}",
	"object of arrays"
};

/* --- why a value is null --------------------------------------------------------------------- */

static const struct record_witness *source_witness(const struct field *f,
						   const struct record_repeat *r)
{
	size_t len = strcspn(f->source, ": ");

	for (int64_t i = 0; i < r->witness_count; i++)
		if (strncmp(r->witness[i].name, f->source, len) == 0)
			return &r->witness[i];
	return NULL;
}

/* An absent witness explains more than the row's own reason. */
const char *field_why_null(const struct field *f, const void *object)
{
	const struct record_witness *w =
		f->scope == SCOPE_REPEAT ? source_witness(f, object) : NULL;

	if (w && !w->present)
		return w->note[0] ? w->note : "the witness was absent";
	if (f->null_when)
		return f->null_when;
	return "not measured";
}

static void why_null_write(const struct field *own, const void *object, struct jsonw *w)
{
	size_t count;
	const struct field *f = scope_fields(own->scope, &count);

	jsonw_object(w);
	for (size_t i = 0; i < count; i++) {
		if (!field_is_null(&f[i], object))
			continue;
		jsonw_key(w, f[i].path);
		jsonw_string(w, field_why_null(&f[i], object));
	}
	jsonw_object_end(w);
}

const struct field_codec codec_why_null = {
	why_null_write, NULL, NULL,
	"{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}",
	"object of strings"
};
