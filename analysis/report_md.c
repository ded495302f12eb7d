#include "analysis/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/digest.h"
#include "analysis/labels.h"
#include "analysis/report_chart.h"
#include "analysis/say.h"
#include "base/utf8.h"

#define CHART_COLUMNS 60
#define CHART_NAME    32

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* As GitHub shows it: nothing in a name may become markup, a cell's end or a line's. */
static void put_md(FILE *out, const char *s)
{
	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 127)
			(void)fputc(' ', out);
		else if (*p == '<')
			(void)fputs("&lt;", out);
		else if (*p == '>')
			(void)fputs("&gt;", out);
		else if (*p == '&')
			(void)fputs("&amp;", out);
		else if (*p == '@') /* would notify somebody of that name */
			(void)fputs("&#64;", out);
		else if (*p == '_' && p > s && is_word(p[-1]) && is_word(p[1]))
			(void)fputc('_', out); /* within a word it is no markup */
		else if (strchr("\\`*_{}[]#|~$!", *p))
			(void)fprintf(out, "\\%c", *p);
		else
			(void)fputc(*p, out);
	}
}

/* In an indented code block only the line's end matters. */
static void put_code(FILE *out, const char *s)
{
	(void)fputs("    ", out);
	for (; *s; s++)
		(void)fputc((unsigned char)*s < ' ' ? '?' : *s, out);
	(void)fputc('\n', out);
}

struct sentences {
	FILE *out;
	bool in_list;
};

static void md_line(void *to, enum say_kind kind, const char *text)
{
	static const struct {
		const char *before;
		bool list;
	} kinds[] = {
		[SAY_HEAD] = { "## ", false },
		[SAY_PLAIN] = { "", false },
		[SAY_POINT] = { "- ", true },
		[SAY_BAD] = { "- \u26a0 ", true },
	};
	struct sentences *s = to;

	if (!s->in_list || !kinds[kind].list)
		(void)fputc('\n', s->out);
	s->in_list = kinds[kind].list;
	(void)fputs(kinds[kind].before, s->out);
	put_md(s->out, text);
	(void)fputc('\n', s->out);
}

static void put_table(const struct record *r, FILE *out)
{
	struct say_row row;

	(void)fputs("\n| case | TIME_WAIT peak, client | server | held by | response p50, \u00b5s "
		    "| p99 | p99.9 | "
		    "errors | on the wire |\n"
		    "|---|--:|--:|---|--:|--:|--:|--:|---|\n",
		    out);
	for (size_t i = 0; i < r->case_count; i++) {
		if (say_row(&r->cases[i], &row) < 0)
			continue;
		for (int c = 0; c < CELL_COUNT; c++) {
			(void)fputs("| ", out);
			put_md(out, row.cell[c]);
			(void)fputc(' ', out);
		}
		(void)fputs("|\n", out);
	}
}

static void put_chart_case(const struct report_chart *chart, const char *name,
			   const struct record_case *c, FILE *out)
{
	const struct record_repeat *rep = digest_shown(c);
	char row[3 * CHART_COLUMNS + 1], line[512], peak[32];

	for (int s = 0; rep && rep->series.count > 0 && s < SIDE_COUNT; s++) {
		int64_t most = digest_peak(c, (enum side)s);

		if (most <= 0)
			continue; /* the table says so */
		(void)snprintf(line, sizeof(line), "%s%*s %s %s %s", name,
			       (int)(CHART_NAME - utf8_chars(name)), "", side_key((enum side)s),
			       report_chart_row(chart, rep, (enum side)s, row, sizeof(row)),
			       say_count(most, peak, sizeof(peak)));
		put_code(out, line);
	}
}

static void put_chart(const struct record *r, FILE *out)
{
	struct report_chart chart;
	struct label *label;

	report_chart_init(&chart, r, CHART_COLUMNS, true);
	if (chart.span_ns <= 1)
		return;
	(void)fprintf(out, "\n## TIME_WAIT over time\n\n%.0f s from the start of the load:\n\n",
		      (double)chart.span_ns / 1e9);
	label = labels_of_cases(r, CHART_NAME);
	for (size_t i = 0; label && i < r->case_count; i++)
		put_chart_case(&chart, label[i].text, &r->cases[i], out);
	free(label);
}

void report_markdown(const struct record *r, FILE *out)
{
	struct sentences sentences = { out, false };
	char line[8192];

	(void)fputs("# ", out);
	put_md(out, r->scenario_name ? r->scenario_name : "twbench");
	(void)fputs("\n\n", out);
	put_md(out, say_where(r, line, sizeof(line)));
	(void)fputs("\n\n**", out);
	put_md(out, say_status(r, line, sizeof(line)));
	(void)fputs("**\n", out);
	say_answer(r, md_line, &sentences);
	if (r->case_count > 0)
		put_table(r, out);
	put_chart(r, out);
	say_all(r, md_line, &sentences);
	(void)fputs("\n## Again\n\n", out);
	put_code(out, say_command(r, line, sizeof(line)));
	(void)fputs("\nScenario ", out);
	put_md(out, r->scenario_name ? r->scenario_name : "?");
	(void)fputs(", sha256 `", out);
	for (const char *p = r->scenario_sha256 ? r->scenario_sha256 : "unknown"; *p; p++)
		(void)fputc(isalnum((unsigned char)*p) ? *p : '?', out);
	(void)fputs("`\n", out);
}
