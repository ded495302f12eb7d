/*
 * GitHub: workflow commands (annotations) and the job summary.  GitHub shows ten annotations of a
 * step and takes 1 MiB of summary; both limits are kept here, and said when they bite.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/ci.h"
#include "analysis/digest.h"
#include "analysis/report.h"

/* --- annotations ----------------------------------------------------------------------------- */

/* In a message a line's end and '%' are escaped, in a property ':' and ',' too. */
static void put(FILE *out, const char *text, bool property)
{
	for (; *text; text++) {
		if (*text == '%' || *text == '\r' || *text == '\n' ||
		    (property && (*text == ':' || *text == ',')))
			(void)fprintf(out, "%%%02X", (unsigned char)*text);
		else
			(void)fputc((unsigned char)*text < ' ' ? '?' : *text, out);
	}
}

static void annotate(const struct ci_item *item, FILE *out)
{
	(void)fprintf(out, "::%s ", item->result == CI_SKIP ? "notice" : "error");
	if (item->file) {
		(void)fputs("file=", out);
		put(out, item->file, true);
		(void)fprintf(out, ",line=%lld,", (long long)item->line);
	}
	(void)fputs("title=", out);
	put(out, item->name, true);
	(void)fputs("::", out);
	put(out, item->message, false);
	(void)fputc('\n', out);
}

/* Worst first: what makes all numbers worthless, then failures, then what was left out. */
void ci_github(const struct ci_page *p, FILE *out)
{
	static const enum ci_result order[] = { CI_ERROR, CI_FAIL, CI_SKIP };
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < p->count; i++)
		all += p->item[i].result != CI_PASS;
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < p->count; i++) {
			if (p->item[i].result != order[k])
				continue;
			if (shown + 1 == CI_ANNOTATIONS_MAX && all > CI_ANNOTATIONS_MAX) {
				(void)fprintf(out,
					      "::warning title=twbench::%zu more are in the job "
					      "summary and in run.json\n",
					      all - shown);
				return;
			}
			annotate(&p->item[i], out);
			shown++;
		}
}

/* --- summary --------------------------------------------------------------------------------- */

/* Within a quoted string of mermaid nothing can be escaped. */
static void put_plain(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)fputc(isalnum((unsigned char)*text) || strchr("-_.=+/ ", *text) ? *text : '?',
			    out);
}

/* Pictures on the runner cannot be shown there; a chart in text can. */
static void put_chart(const struct record *r, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < r->case_count; i++)
		for (int s = 0; s < SIDE_COUNT; s++)
			any = any || digest_peak(&r->cases[i], (enum side)s) > 0;
	if (!any)
		return;
	(void)fputs("\n```mermaid\nxychart-beta\n  title \"TIME_WAIT peak (bars: client, line: "
		    "server)\"\n  x-axis [",
		    out);
	for (size_t i = 0; i < r->case_count; i++) {
		(void)fputs(i ? ", \"" : "\"", out);
		put_plain(out, r->cases[i].name);
		(void)fputc('"', out);
	}
	(void)fputs("]\n  y-axis \"sockets\"\n", out);
	for (int s = 0; s < SIDE_COUNT; s++) {
		(void)fputs(s ? "  line [" : "  bar [", out);
		for (size_t i = 0; i < r->case_count; i++) {
			int64_t peak = digest_peak(&r->cases[i], (enum side)s);

			(void)fprintf(out, "%s%lld", i ? ", " : "",
				      (long long)(peak == RECORD_NONE ? 0 : peak));
		}
		(void)fputs("]\n", out);
	}
	(void)fputs("```\n", out);
}

void ci_github_summary(const struct ci_page *p, FILE *out)
{
	static const char cut[] = "\n\n(Cut: GitHub takes no more. run.json holds all of it.)\n";
	char *text = NULL;
	size_t size = 0, n;
	FILE *whole = open_memstream(&text, &size);

	if (!whole)
		return;
	report_markdown(p->record, whole);
	put_chart(p->record, whole);
	if (fclose(whole) == 0) {
		n = size;
		if (size > CI_SUMMARY_MAX) {
			n = CI_SUMMARY_MAX - sizeof(cut);
			while (n > 0 && text[n - 1] != '\n')
				n--;
		}
		(void)fwrite(text, 1, n, out);
		if (n < size)
			(void)fputs(cut, out);
	}
	free(text);
}
