/* The JSON Schema and the key reference: two more walks over the key table. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "bench/scenario_keys.h"

#define SYSCTL_PATTERN "^tuning\\.sysctl\\..+$"

static void member(struct jsonw *w, const char *key, const char *value)
{
	jsonw_key(w, key);
	jsonw_string(w, value);
}

static void reference(struct jsonw *w, const char *definition)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "#/definitions/%s", definition);
	jsonw_object_flat(w);
	member(w, "$ref", text);
	jsonw_object_end(w);
}

static void closed_object(struct jsonw *w)
{
	jsonw_object(w);
	member(w, "type", "object");
	jsonw_key(w, "additionalProperties");
	jsonw_bool(w, false);
	jsonw_key(w, "properties");
	jsonw_object(w);
}

static void closed_object_end(struct jsonw *w)
{
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void define_key(struct jsonw *w, const struct scenario_key *k)
{
	jsonw_key(w, k->path);
	jsonw_object(w);
	member(w, "description", k->help);
	k->kind->schema(k, w);
	jsonw_object_end(w);
}

static void define_section(struct jsonw *w, const char *section)
{
	size_t len = strlen(section);

	jsonw_key(w, section);
	closed_object(w);
	for (size_t i = 0; i < scenario_keys_count; i++) {
		const char *path = scenario_keys[i].path;

		if (strncmp(path, section, len) != 0 || path[len] != '.')
			continue;
		jsonw_key(w, path + len + 1);
		reference(w, path);
	}
	closed_object_end(w);
}

static void list_of(struct jsonw *w)
{
	jsonw_object(w);
	member(w, "type", "array");
	jsonw_key(w, "minItems");
	jsonw_int(w, 1);
	jsonw_key(w, "items");
}

static void define_matrix(struct jsonw *w)
{
	jsonw_key(w, "matrix");
	jsonw_object(w);
	member(w, "description",
	       "Dotted keys and the values each takes.  matrix: every combination is a case; zip: "
	       "the lists are as long as each other and walked in step.");
	member(w, "type", "object");
	jsonw_key(w, "additionalProperties");
	jsonw_bool(w, false);
	jsonw_key(w, "properties");
	jsonw_object(w);
	for (size_t i = 0; i < scenario_keys_count; i++) {
		jsonw_key(w, scenario_keys[i].path);
		list_of(w);
		reference(w, scenario_keys[i].path);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	jsonw_key(w, "patternProperties");
	jsonw_object(w);
	jsonw_key(w, SYSCTL_PATTERN);
	list_of(w);
	jsonw_object_flat(w);
	jsonw_key(w, "type");
	jsonw_array_flat(w);
	jsonw_string(w, "integer");
	jsonw_string(w, "string");
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

/* What a document and a case have in common. */
static void case_properties(struct jsonw *w)
{
	for (size_t i = 0; i < scenario_keys_count; i++)
		if (!strchr(scenario_keys[i].path, '.')) {
			jsonw_key(w, scenario_keys[i].path);
			reference(w, scenario_keys[i].path);
		}
	for (size_t i = 0; scenario_section_word(i); i++) {
		jsonw_key(w, scenario_section_word(i));
		reference(w, scenario_section_word(i));
	}
	jsonw_key(w, "matrix");
	reference(w, "matrix");
	jsonw_key(w, "zip"); /* the same lists, walked in step */
	reference(w, "matrix");
}

static void text_property(struct jsonw *w, const char *key, size_t size, const char *description)
{
	jsonw_key(w, key);
	jsonw_object(w);
	member(w, "description", description);
	member(w, "type", "string");
	jsonw_key(w, "maxLength");
	jsonw_int(w, (int64_t)size - 1);
	jsonw_object_end(w);
}

static void document_properties(struct jsonw *w)
{
	const struct scenario *s = NULL;

	jsonw_key(w, "schema");
	jsonw_object_flat(w);
	member(w, "const", "twbench.scenario/1");
	jsonw_object_end(w);
	text_property(w, "name", sizeof(s->name), "A word for it; without one, the file's name.");
	text_property(w, "summary", sizeof(s->summary), "One line: what it shows.");
	text_property(w, "notes", sizeof(s->notes), "What to know when reading its results.");
	jsonw_key(w, "expect");
	jsonw_object(w);
	member(w, "description",
	       "Expectations on the findings; `twbench check` fails without them met.");
	member(w, "type", "array");
	jsonw_key(w, "maxItems");
	jsonw_int(w, (int64_t)(sizeof(s->expect) / sizeof(s->expect[0])));
	jsonw_key(w, "items");
	jsonw_object_flat(w);
	member(w, "type", "string");
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_key(w, "cases");
	jsonw_object(w);
	member(w, "description", "Named cases; each overrides what the document says.");
	member(w, "type", "object");
	jsonw_key(w, "minProperties");
	jsonw_int(w, 1);
	jsonw_key(w, "additionalProperties");
	reference(w, "case");
	jsonw_object_end(w);
}

void scenario_write_schema(FILE *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	member(&w, "$schema", "http://json-schema.org/draft-07/schema#");
	member(&w, "title", "twbench scenario");
	member(&w, "type", "object");
	jsonw_key(&w, "additionalProperties");
	jsonw_bool(&w, false);
	jsonw_key(&w, "properties");
	jsonw_object(&w);
	document_properties(&w);
	case_properties(&w);
	jsonw_object_end(&w);
	jsonw_key(&w, "definitions");
	jsonw_object(&w);
	jsonw_key(&w, "case");
	closed_object(&w);
	case_properties(&w);
	closed_object_end(&w);
	define_matrix(&w);
	for (size_t i = 0; scenario_section_word(i); i++)
		define_section(&w, scenario_section_word(i));
	for (size_t i = 0; i < scenario_keys_count; i++)
		define_key(&w, &scenario_keys[i]);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	jsonw_end(&w);
}

/* In a table cell of Markdown a bar would end the cell. */
static void put_cell(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)fprintf(out, *text == '|' ? "\\|" : "%c", *text);
}

static void write_key(FILE *out, const struct scenario_key *k, bool markdown)
{
	const char *preset = k->preset ? k->preset : "";
	char value[256];

	k->kind->describe(k, value, sizeof(value));
	if (!markdown) {
		(void)fprintf(out, "%s\n    %s%s%s\n    %s\n", k->path, value,
			      preset[0] ? "; default " : "", preset, k->help);
		return;
	}
	(void)fprintf(out, "| `%s` | ", k->path);
	put_cell(out, value);
	(void)fprintf(out, " | %s | ", preset);
	put_cell(out, k->help);
	(void)fprintf(out, " |\n");
}

void scenario_write_keys(FILE *out, bool markdown)
{
	if (markdown)
		(void)fprintf(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < scenario_keys_count; i++)
		write_key(out, &scenario_keys[i], markdown);
}
