/* Findings of lint as SARIF: every rule of the table with its help, every finding with its place. */
#include <inttypes.h>
#include <string.h>

#include "analysis/lint.h"
#include "analysis/sarif.h"
#include "base/json.h"

static void rule(struct jsonw *w, const struct lint_rule *r)
{
	char help[2048];

	(void)snprintf(help, sizeof(help), "%s\n\nSource: %s.\n\nProve it: %s", r->kernel,
		       r->source, r->prove);
	jsonw_object(w);
	jsonw_key(w, "id");
	jsonw_string(w, r->id);
	jsonw_key(w, "name");
	jsonw_string(w, r->name);
	sarif_text(w, "shortDescription", r->summary);
	sarif_text(w, "fullDescription", r->kernel);
	sarif_text(w, "help", help);
	jsonw_key(w, "defaultConfiguration");
	jsonw_object_flat(w);
	jsonw_key(w, "level");
	jsonw_string(w, lint_severity_name(r->severity));
	jsonw_object_end(w);
	jsonw_object_end(w);
}

/* Stable over lines that move: the rule and what it found, not where. */
static void fingerprint(struct jsonw *w, const struct lint_finding *f)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	const char *parts[] = { f->rule->id, f->line ? f->line->key : "",
				f->line && f->line->value ? f->line->value : "" };
	char text[24];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const char *p = parts[i];; p++) {
			hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
			if (!*p)
				break;
		}
	(void)snprintf(text, sizeof(text), "%016" PRIx64, hash);
	jsonw_key(w, "partialFingerprints");
	jsonw_object_flat(w);
	jsonw_key(w, "twbenchSetting/v1");
	jsonw_string(w, text);
	jsonw_object_end(w);
}

static void result(struct jsonw *w, const struct lint_finding *f)
{
	jsonw_object(w);
	jsonw_key(w, "ruleId");
	jsonw_string(w, f->rule->id);
	jsonw_key(w, "ruleIndex");
	jsonw_int(w, f->rule - lint_rules);
	jsonw_key(w, "level");
	jsonw_string(w, lint_severity_name(f->rule->severity));
	sarif_text(w, "message", f->detail);
	jsonw_key(w, "locations");
	jsonw_array(w);
	jsonw_object(w);
	sarif_place(w, f->file->path, f->line ? f->line->number : 1);
	jsonw_object_end(w);
	jsonw_array_end(w);
	if (f->other) {
		jsonw_key(w, "relatedLocations");
		jsonw_array(w);
		jsonw_object(w);
		jsonw_key(w, "id");
		jsonw_int(w, 1);
		sarif_place(w, f->other->file->path, f->other->number);
		jsonw_object_end(w);
		jsonw_array_end(w);
	}
	fingerprint(w, f);
	jsonw_object_end(w);
}

static void all_rules(struct jsonw *w, const void *of)
{
	(void)of;
	for (size_t i = 0; i < lint_rule_count; i++)
		rule(w, &lint_rules[i]);
}

static void all_results(struct jsonw *w, const void *of)
{
	const struct lint *l = of;

	for (size_t i = 0; i < l->count; i++)
		if (!l->finding[i].fixed)
			result(w, &l->finding[i]);
}

void lint_sarif(const struct lint *l, FILE *out)
{
	sarif_log(all_rules, all_results, l, out);
}
