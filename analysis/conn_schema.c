#include "analysis/conn_fields.h"

#include <string.h>

#include "analysis/conn_table.h"
#include "base/json.h"

static const char *type_of(const struct conn_field *f)
{
	static const char *const types[] = { "integer", "boolean", "number", "string" };

	return types[f->kind];
}

static void write_words(struct jsonw *w, const struct conn_field *f)
{
	bool is_class = strcmp(f->key, "class") == 0;

	if (!f->words && !is_class)
		return;
	jsonw_key(w, "enum");
	jsonw_array_flat(w);
	for (const char *const *word = f->words; word && *word; word++)
		jsonw_string(w, *word);
	for (int c = 0; is_class && c < TEARDOWN_CLASS_COUNT; c++)
		jsonw_string(w, teardown_class_key((enum teardown_class)c));
	if (f->nullable)
		jsonw_null(w);
	jsonw_array_end(w);
}

/* {"type": ...}, for the value itself. */
static void write_type(struct jsonw *w, const struct conn_field *f)
{
	jsonw_key(w, "type");
	if (f->nullable) {
		jsonw_array_flat(w);
		jsonw_string(w, type_of(f));
		jsonw_string(w, "null");
		jsonw_array_end(w);
	} else {
		jsonw_string(w, type_of(f));
	}
	if (f->kind == CONN_INT) {
		jsonw_key(w, "minimum");
		jsonw_int(w, 0);
	}
	write_words(w, f);
}

static void write_pair(struct jsonw *w, const struct conn_field *f)
{
	jsonw_key(w, "type");
	jsonw_string(w, "object");
	jsonw_key(w, "properties");
	jsonw_object(w);
	for (int dir = 0; dir < 2; dir++) {
		jsonw_key(w, dir ? "dst" : "src");
		jsonw_object_flat(w);
		write_type(w, f);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	jsonw_key(w, "required");
	jsonw_array_flat(w);
	jsonw_string(w, "src");
	jsonw_string(w, "dst");
	jsonw_array_end(w);
	jsonw_key(w, "additionalProperties");
	jsonw_bool(w, false);
}

static void write_properties(struct jsonw *w)
{
	jsonw_key(w, "properties");
	jsonw_object(w);
	for (const struct conn_field *f = conn_fields; f < conn_fields + conn_fields_count; f++) {
		jsonw_key(w, f->key);
		jsonw_object(w);
		jsonw_key(w, "description");
		jsonw_string(w, f->meaning);
		if (f->pair)
			write_pair(w, f);
		else
			write_type(w, f);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
}

void conn_write_schema(FILE *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_key(&w, "$schema");
	jsonw_string(&w, "http://json-schema.org/draft-07/schema#");
	jsonw_key(&w, "title");
	jsonw_string(&w, "one line of `twbench analyze --json`: a connection and how it ended");
	jsonw_key(&w, "type");
	jsonw_string(&w, "object");
	write_properties(&w);
	jsonw_key(&w, "required");
	jsonw_array(&w);
	for (const struct conn_field *f = conn_fields; f < conn_fields + conn_fields_count; f++)
		jsonw_string(&w, f->key);
	jsonw_array_end(&w);
	jsonw_key(&w, "additionalProperties");
	jsonw_bool(&w, false);
	jsonw_object_end(&w);
	jsonw_end(&w);
}

void conn_write_fields_md(FILE *out)
{
	fprintf(out, "| key | type | meaning |\n|---|---|---|\n");
	for (const struct conn_field *f = conn_fields; f < conn_fields + conn_fields_count; f++)
		fprintf(out, "| `%s` | %s%s%s%s | %s |\n", f->key, f->pair ? "{src, dst} of " : "",
			type_of(f), f->kind == CONN_SECONDS ? ", s" : "",
			f->nullable ? " or null" : "", f->meaning);
}
