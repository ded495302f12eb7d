/* What failed as SARIF 2.1.0, one rule per kind of item; a setting under test points at its line. */
#include <string.h>

#include "analysis/ci.h"
#include "analysis/sarif.h"
#include "base/json.h"

static const struct {
	const char *suite, *id, *summary;
} rules[] = {
	{ "witnesses", "TWR1",
	  "The witnesses of a repeat disagree: its numbers are not to be used." },
	{ "expectations", "TWR2", "An expectation was not met." },
	{ "tuning", "TWR3", "A setting under test hurts, or cannot do what its line says." },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static void all_rules(struct jsonw *w, const void *of)
{
	(void)of;
	for (size_t i = 0; i < RULES; i++) {
		jsonw_object(w);
		jsonw_key(w, "id");
		jsonw_string(w, rules[i].id);
		jsonw_key(w, "name");
		jsonw_string(w, rules[i].suite);
		sarif_text(w, "shortDescription", rules[i].summary);
		jsonw_object_end(w);
	}
}

static void result(struct jsonw *w, const struct ci_item *item)
{
	char text[1600];
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
	sarif_text(w, "message", text);
	jsonw_key(w, "locations");
	jsonw_array(w);
	jsonw_object(w);
	sarif_place(w, item->file ? item->file : "run.json", item->file && item->line > 0 ? (int)item->line : 1);
	jsonw_object_end(w);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void all_results(struct jsonw *w, const void *of)
{
	const struct ci_page *p = of;

	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].result == CI_FAIL || p->item[i].result == CI_ERROR)
			result(w, &p->item[i]);
}

void ci_sarif(const struct ci_page *p, FILE *out)
{
	sarif_log(all_rules, all_results, p, out);
}
