/* What failed as SARIF 2.1.0, one rule per kind of item; a setting under test points at its line. */
#include <string.h>

#include "analysis/ci.h"
#include "analysis/sarif.h"
#include "base/json.h"
#include "base/version.h"

#define SCHEMA                                                                                     \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"

static const struct {
	const char *suite, *id, *summary;
} rules[] = {
	{ "witnesses", "TWR1",
	  "The witnesses of a repeat disagree: its numbers are not to be used." },
	{ "expectations", "TWR2", "An expectation was not met." },
	{ "tuning", "TWR3", "A setting under test hurts, or cannot do what its line says." },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static void text_member(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_object_flat(w);
	jsonw_key(w, "text");
	jsonw_string(w, text);
	jsonw_object_end(w);
}

static void driver(struct jsonw *w)
{
	jsonw_key(w, "tool");
	jsonw_object(w);
	jsonw_key(w, "driver");
	jsonw_object(w);
	jsonw_key(w, "name");
	jsonw_string(w, "twbench");
	jsonw_key(w, "version");
	jsonw_string(w, version_text);
	jsonw_key(w, "rules");
	jsonw_array(w);
	for (size_t i = 0; i < RULES; i++) {
		jsonw_object(w);
		jsonw_key(w, "id");
		jsonw_string(w, rules[i].id);
		jsonw_key(w, "name");
		jsonw_string(w, rules[i].suite);
		text_member(w, "shortDescription", rules[i].summary);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void result(struct jsonw *w, const struct ci_item *item)
{
	char text[1600], uri[1024];
	size_t rule = 0;

	while (rule + 1 < RULES && strcmp(rules[rule].suite, item->suite) != 0)
		rule++;
	(void)snprintf(text, sizeof(text), "%s: %s", item->name, item->message);
	jsonw_object(w);
	jsonw_key(w, "ruleId");
	jsonw_string(w, rules[rule].id);
	jsonw_key(w, "ruleIndex");
	jsonw_int(w, (int64_t)rule);
	jsonw_key(w, "level");
	jsonw_string(w, "error");
	text_member(w, "message", text);
	jsonw_key(w, "locations");
	jsonw_array(w);
	jsonw_object(w);
	jsonw_key(w, "physicalLocation");
	jsonw_object(w);
	jsonw_key(w, "artifactLocation");
	jsonw_object_flat(w);
	jsonw_key(w, "uri");
	jsonw_string(w, sarif_uri(item->file ? item->file : "run.json", uri, sizeof(uri)));
	jsonw_object_end(w);
	jsonw_key(w, "region");
	jsonw_object_flat(w);
	jsonw_key(w, "startLine");
	jsonw_int(w, item->file && item->line > 0 ? item->line : 1);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

void ci_sarif(const struct ci_page *p, FILE *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_key(&w, "$schema");
	jsonw_string(&w, SCHEMA);
	jsonw_key(&w, "version");
	jsonw_string(&w, "2.1.0");
	jsonw_key(&w, "runs");
	jsonw_array(&w);
	jsonw_object(&w);
	driver(&w);
	jsonw_key(&w, "results");
	jsonw_array(&w);
	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].result == CI_FAIL || p->item[i].result == CI_ERROR)
			result(&w, &p->item[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_end(&w);
}
