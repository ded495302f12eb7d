#include <stdio.h>
#include <string.h>

#include "base/record.h"
#include "base/record_table.h"
#include "base/teardown.h"

/* --- the words around the table -------------------------------------------------------------- */

static const char introduction[] =
	"# Results\n"
	"\n"
	"A run leaves one directory here, named by its time (UTC), its scenario and four random "
	"digits;\n"
	"`latest` points to the newest. Git ignores all of them but `reference/`, a few kept "
	"runs.\n"
	"\n"
	"| file | what it is |\n"
	"|---|---|\n"
	"| `run.json` | everything the run saw, one document, schema `" RECORD_SCHEMA "` |\n"
	"| `report.html` `summary.md` `summary.txt` | the same as a report; made from `run.json` "
	"alone |\n"
	"| `plots/` | graphs (SVG, PNG) with the gnuplot scripts and data that made them |\n"
	"| `cases/` | capture files, if the scenario keeps them: "
	"`cases/<case>/r<repeat>/capture.pcap` |\n"
	"\n"
	"`twbench report RUN` and `twbench plot RUN` make everything again from `run.json`.\n"
	"\n"
	"## How to read run.json\n"
	"\n"
	"- Units stand in the key: `_ns` (nanoseconds), `_bytes`, `_per_s`. A key without one is a "
	"count.\n"
	"- Times count from the start of the repeat, except `run.duration_ns`, `started_ns` and\n"
	"  `run.started_at`.\n"
	"- Unknown is `null`, never 0; `why_null` in the same object says why. There is no NaN and "
	"no\n"
	"  magic number. Integers are exact.\n"
	"- A witness that was absent says so in `witnesses`; the checks that need it are "
	"`skipped`, which is\n"
	"  not passed.\n"
	"- A repeat with status `untrustworthy` is not to be used, whatever its numbers look like; "
	"`reason`\n"
	"  and `checks` say what does not fit.\n"
	"- Histograms hold all values: merge their buckets, never average percentiles.\n"
	"- `series` is columns of equal length; between two rows nothing changed.\n"
	"- Readers should pass over keys they do not know: additions keep the number of the "
	"schema.\n"
	"\n"
	"The JSON Schema is `fixtures/schema/run.schema.json`. Below is every field; `twbench list "
	"fields`\n"
	"prints the same. `{client,server}` stands for two keys. *Source* begins with the witness: "
	"the\n"
	"ledger (what both applications did and were told), the sniffer (packets on the link), "
	"the\n"
	"sampler (socket states over time), the counters (the kernel's own). Where no reason for "
	"null is\n"
	"given, null means that the witness was absent.\n";

static const char *const headings[SCOPE_COUNT] = {
	[SCOPE_RUN] = "The document",
	[SCOPE_CASE] = "A case: `cases[]`",
	[SCOPE_REPEAT] = "A repeat: `cases[].repeats[]`",
	[SCOPE_ERRNO] = "An errno: `errnos[]` of a repeat",
	[SCOPE_TEARDOWN] = "A way of closing: `teardowns[]` of a repeat",
	[SCOPE_COUNTER] = "A kernel counter: `counters.client.<name>` of a repeat",
	[SCOPE_WITNESS] = "A witness: `witnesses[]` of a repeat",
	[SCOPE_CHECK] = "A check: `checks[]` of a repeat",
	[SCOPE_SYSCTL] = "A kernel setting: `sysctl.<key>` of a repeat",
	[SCOPE_EXPECTATION] = "An expectation: `expectations[]`",
	[SCOPE_TUNING] = "A setting under test: `tuning[]`",
	[SCOPE_EFFECT] = "An effect of a tuning: `effects[]`",
};

/* --- keys that differ in one word only are one line ------------------------------------------ */

#define TWINS_MAX 4
static const char *const twins[][TWINS_MAX] = {
	{ "client", "server", NULL, NULL },
	{ "response", "service", "connect", "start_error" },
};
#define PATH_SIZE 128

/* Put `to` in the place of the whole word `from` in a dotted path.  False if it is not in it. */
static bool swap_word(const char *path, const char *from, const char *to, char *ret)
{
	size_t len = strlen(from);

	for (const char *p = path; (p = strstr(p, from)); p += len) {
		if ((p > path && p[-1] != '.') || (p[len] != '.' && p[len] != '\0'))
			continue;
		(void)snprintf(ret, PATH_SIZE, "%.*s%s%s", (int)(p - path), path, to, p + len);
		return true;
	}
	return false;
}

static bool same_words(const struct field *a, const char *path)
{
	const struct field *b = record_field_find(a->scope, path);

	return b && strcmp(a->meaning, b->meaning) == 0 &&
	       strcmp(a->not_meaning, b->not_meaning) == 0;
}

/* Is `word` of group `g` the first whose row has the same words as this one's? */
static int first_twin(const struct field *f, size_t g, int word)
{
	char other[PATH_SIZE];

	for (int i = 0; i < word; i++)
		if (swap_word(f->path, twins[g][word], twins[g][i], other) && same_words(f, other))
			return i;
	return word;
}

/* The path to print; false if an earlier row stands for this one too. */
static bool joined_path(const struct field *f, char *ret)
{
	char other[PATH_SIZE], group[64];

	(void)snprintf(ret, PATH_SIZE, "%s", f->path);
	for (size_t g = 0; g < sizeof(twins) / sizeof(twins[0]); g++) {
		for (int i = 0; i < TWINS_MAX && twins[g][i]; i++) {
			size_t used;
			bool more = false;

			if (!swap_word(f->path, twins[g][i], "", other))
				continue;
			if (first_twin(f, g, i) != i)
				return false;
			used = (size_t)snprintf(group, sizeof(group), "{%s", twins[g][i]);
			for (int k = i + 1; k < TWINS_MAX && twins[g][k]; k++) {
				(void)swap_word(f->path, twins[g][i], twins[g][k], other);
				if (!same_words(f, other))
					continue;
				more = true;
				used += (size_t)snprintf(group + used, sizeof(group) - used, ",%s",
							 twins[g][k]);
			}
			(void)snprintf(group + used, sizeof(group) - used, "}");
			if (more)
				(void)swap_word(f->path, twins[g][i], group, ret);
		}
	}
	return true;
}

/* --- tables ---------------------------------------------------------------------------------- */

static const char *better_word(const struct field *f)
{
	if (!record_field_is_metric(f) || f->better == 0)
		return "";
	return f->better < 0 ? " Less is better." : " More is better.";
}

static void write_row(const struct field *f, const char *path, FILE *out)
{
	(void)fprintf(out, "| `%s` | %s | %s | %s | %s%s", path, record_field_type_key(f), f->unit,
		      f->source, f->meaning, better_word(f));
	if (f->not_meaning[0])
		(void)fprintf(out, " *%s*", f->not_meaning);
	if (f->null_when)
		(void)fprintf(out, " Null: %s.", f->null_when);
	(void)fputs(" |\n", out);
}

static void write_scope(enum field_scope scope, FILE *out)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);
	char path[PATH_SIZE];

	(void)fprintf(out,
		      "\n## %s\n\n| field | type | unit | source | meaning; *what it is not*; when "
		      "it is null "
		      "|\n|---|---|---|---|---|\n",
		      headings[scope]);
	for (size_t i = 0; i < count; i++)
		if (f[i].type != FIELD_KEY && joined_path(&f[i], path))
			write_row(&f[i], path, out);
}

void record_write_fields_md(FILE *out)
{
	(void)fputs(introduction, out);
	for (int s = 0; s < SCOPE_COUNT; s++)
		write_scope((enum field_scope)s, out);
	(void)fputs("\n## Teardown classes\n\n| class | what the wire showed |\n|---|---|\n", out);
	for (int c = 0; c < TEARDOWN_CLASS_COUNT; c++)
		(void)fprintf(out, "| `%s` | %s |\n", teardown_class_key((enum teardown_class)c),
			      teardown_class_help((enum teardown_class)c));
}
