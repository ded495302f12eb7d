#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/record.h"
#include "base/record_table.h"

/* Keys without which a document says nothing.  Others may be missing in a record of another minor
 * version, and unknown ones are passed over, so the schema does not forbid them. */
static const char *const required[SCOPE_COUNT] = {
	[SCOPE_RUN] = "schema tool run exit host cases warnings",
	[SCOPE_CASE] = "name strategy declared params repeats",
	[SCOPE_REPEAT] = "index status ledger time_wait capture counters witnesses checks sysctl",
	[SCOPE_ERRNO] = "errno count",
	[SCOPE_TEARDOWN] = "class holder count",
	[SCOPE_COUNTER] = "before after",
	[SCOPE_WITNESS] = "name present seen lost",
	[SCOPE_CHECK] = "name left right agrees skipped",
	[SCOPE_SYSCTL] = "value",
	[SCOPE_EXPECTATION] = "text verdict",
	[SCOPE_TUNING] = "key verdict",
	[SCOPE_EFFECT] = "tuning case metric verdict",
};

static void write_words(struct jsonw *w, const char *words)
{
	char word[32];
	size_t n;

	for (const char *p = words; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, p);
		jsonw_string(w, word);
	}
}

static void write_pair(struct jsonw *w, const char *key, const char *value)
{
	jsonw_key(w, key);
	jsonw_string(w, value);
}

static void write_ref(struct jsonw *w, const char *key, enum field_scope of)
{
	char ref[48];

	(void)snprintf(ref, sizeof(ref), "#/definitions/%s", record_scope_key(of));
	jsonw_key(w, key);
	jsonw_object_flat(w);
	write_pair(w, "$ref", ref);
	jsonw_object_end(w);
}

/* Is null among the values of this row? */
static bool nullable(const struct field *f)
{
	switch (f->type) {
	case FIELD_INT:
	case FIELD_REAL:
	case FIELD_STRING:
	case FIELD_OUTCOME:
	case FIELD_CLASS:
		return true;
	case FIELD_TEXT:
		return f->null_when != NULL;
	case FIELD_HIST:
		return f->stat >= STAT_MEAN;
	default:
		return false;
	}
}

static void write_type(const struct field *f, struct jsonw *w)
{
	jsonw_key(w, "type");
	if (!nullable(f)) {
		jsonw_string(w, record_field_type_key(f));
		return;
	}
	jsonw_array_flat(w);
	jsonw_string(w, record_field_type_key(f));
	jsonw_string(w, "null");
	jsonw_array_end(w);
}

static void write_enum(const struct field *f, struct jsonw *w)
{
	if (f->type != FIELD_SIDES && f->type != FIELD_OUTCOME && f->type != FIELD_CLASS &&
	    !f->words)
		return;
	jsonw_key(w, "enum");
	jsonw_array_flat(w);
	for (int i = 0; f->type == FIELD_SIDES && i < SIDES_COUNT; i++)
		jsonw_string(w, sides_key((enum sides)i));
	for (int i = 0; f->type == FIELD_OUTCOME && i < OUTCOME_COUNT; i++)
		jsonw_string(w, outcome_key((enum outcome)i));
	for (int i = 0; f->type == FIELD_CLASS && i < TEARDOWN_CLASS_COUNT; i++)
		jsonw_string(w, teardown_class_key((enum teardown_class)i));
	if (f->words)
		write_words(w, f->words);
	if (nullable(f))
		jsonw_null(w);
	jsonw_array_end(w);
}

static void write_codec(const struct field *f, struct jsonw *w)
{
	struct err ignored;
	json *node = json_parse(f->codec->schema, strlen(f->codec->schema), &ignored);

	for (json *c = json_first(node); c; c = json_next(c)) {
		jsonw_key(w, json_key(c));
		jsonw_node(w, c);
	}
	json_free(node);
}

static void write_property(const struct field *f, struct jsonw *w)
{
	jsonw_object(w);
	if (f->type == FIELD_CUSTOM) {
		write_codec(f, w);
	} else {
		write_type(f, w);
		write_enum(f, w);
	}
	if (f->type == FIELD_LIST) {
		jsonw_key(w, "maxItems");
		jsonw_int(w, (int64_t)f->list->max);
		write_ref(w, "items", f->list->of);
	} else if (f->type == FIELD_MAP) {
		write_ref(w, "additionalProperties", f->list->of);
	}
	write_pair(w, "description", f->meaning);
	jsonw_object_end(w);
}

static void open_properties(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_object(w);
	write_pair(w, "type", "object");
	jsonw_key(w, "properties");
	jsonw_object(w);
}

static void close_properties(struct jsonw *w, const char *key)
{
	(void)key;
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void write_definition(enum field_scope scope, struct jsonw *w)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);
	struct path at = { .depth = 0 };

	open_properties(w, record_scope_key(scope));
	for (size_t i = 0; i < count; i++) {
		const char *dot = strrchr(f[i].path, '.');

		if (f[i].type == FIELD_KEY)
			continue;
		path_move(&at, f[i].path, w, open_properties, close_properties);
		jsonw_key(w, dot ? dot + 1 : f[i].path);
		write_property(&f[i], w);
	}
	path_move(&at, "", w, open_properties, close_properties);
	jsonw_object_end(w);
	jsonw_key(w, "required");
	jsonw_array_flat(w);
	write_words(w, required[scope]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

void record_write_schema(FILE *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	write_pair(&w, "$schema", "http://json-schema.org/draft-07/schema#");
	write_pair(&w, "title", "run.json of twbench, " RECORD_SCHEMA);
	write_pair(&w, "description", "Made from the field table by `twbench list schema`.");
	jsonw_key(&w, "allOf");
	jsonw_array(&w);
	jsonw_object_flat(&w);
	write_pair(&w, "$ref", "#/definitions/run");
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_key(&w, "definitions");
	jsonw_object(&w);
	for (int s = 0; s < SCOPE_COUNT; s++)
		write_definition((enum field_scope)s, &w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	jsonw_end(&w);
}
