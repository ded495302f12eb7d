/* The resolved case back as JSON: a walk over the key table. */
#include <string.h>

#include "base/json.h"
#include "bench/scenario_keys.h"

/* Sections follow each other in the table, so each is opened once. */
static void write_members(const struct case_spec *c, struct jsonw *w)
{
	const char *open = NULL;
	size_t open_len = 0;

	for (size_t i = 0; i < scenario_keys_count; i++) {
		const struct scenario_key *k = &scenario_keys[i];
		const char *dot = strchr(k->path, '.');
		size_t len = dot ? (size_t)(dot - k->path) : 0;

		if (k->applies && !k->applies(c))
			continue;
		if (open && (len != open_len || memcmp(open, k->path, len) != 0)) {
			jsonw_object_end(w);
			open = NULL;
		}
		if (dot && !open) {
			char section[32] = { 0 };

			memcpy(section, k->path, len < sizeof(section) ? len : sizeof(section) - 1);
			jsonw_key(w, section);
			jsonw_object(w);
			open = k->path;
			open_len = len;
		}
		jsonw_key(w, dot ? dot + 1 : k->path);
		k->kind->write(k, (const char *)c + k->offset, w);
	}
	if (open)
		jsonw_object_end(w);
}

void scenario_case_write(const struct case_spec *c, struct jsonw *w)
{
	jsonw_object(w);
	write_members(c, w);
	jsonw_object_end(w);
}

static void write_text(struct jsonw *w, const char *key, const char *text)
{
	if (text[0] == '\0')
		return;
	jsonw_key(w, key);
	jsonw_string(w, text);
}

void scenario_write(const struct scenario *s, struct jsonw *w)
{
	jsonw_object(w);
	write_text(w, "schema", "twbench.scenario/1");
	write_text(w, "name", s->name);
	write_text(w, "summary", s->summary);
	write_text(w, "notes", s->notes);
	jsonw_key(w, "expect");
	jsonw_array(w);
	for (size_t i = 0; i < s->expect_count; i++)
		jsonw_string(w, s->expect[i]);
	jsonw_array_end(w);
	jsonw_key(w, "cases");
	jsonw_object(w);
	for (size_t i = 0; i < s->case_count; i++) {
		jsonw_key(w, s->cases[i].name);
		scenario_case_write(&s->cases[i], w);
	}
	jsonw_object_end(w);
	jsonw_object_end(w);
}
