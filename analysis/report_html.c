#include "analysis/report.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_html_tables.h"
#include "analysis/say.h"
#include "analysis/theme.h"

#define SVG_BUDGET_BYTES 1500000 /* the whole file stays under 2 MB */

static const char page_style[] =
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--g-paper);color:var(--g-ink);"
	"font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}"
	"main{max-width:1240px;margin:0 auto;padding:24px 20px 64px}"
	"h1{font-size:1.7rem;margin:.2em 0}h2{font-size:1.2rem;margin:2em 0 .5em}"
	".where,.dim,caption{color:var(--g-dim)}"
	".status{font-weight:600}.bad{color:var(--g-c1)}"
	".scroll{overflow-x:auto}"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}"
	"th,td{text-align:left;padding:.3em .9em .3em 0;border-bottom:1px solid var(--g-grid);"
	"vertical-align:top}"
	"th{font-weight:600}td.n,th.n{text-align:right}td.n,.main td,.main th{white-space:nowrap}"
	".answer{font-size:1.08rem;max-width:62em;margin-bottom:1.5em}.answer p{margin:.3em 0}"
	"figure{margin:1.5em 0;overflow-x:auto;border:1px solid var(--g-grid);border-radius:6px}"
	"figure svg{display:block;width:100%;min-width:720px;height:auto}" /* a phone scrolls */
	"pre,code{font:.88rem/1.5 ui-monospace,'DejaVu Sans Mono',monospace}"
	"pre{background:var(--g-shade);padding:.8em 1em;border-radius:6px;overflow-x:auto}"
	"ul{padding-left:1.3em}summary{cursor:pointer;font-weight:600;margin:1em 0 .5em}"
	"@media print{details>*{display:block}}";

static void put_head(const struct record *r, FILE *out)
{
	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" "
		    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
		    out);
	html_textf(out, "twbench: %s", r->scenario_name ? r->scenario_name : "report");
	(void)fputs("</title>\n<style>\n:root{", out);
	theme_write_css(THEME_LIGHT, out);
	(void)fputs("}\n@media(prefers-color-scheme:dark){:root{", out);
	theme_write_css(THEME_DARK, out);
	(void)fprintf(out, "}}\n%s\n</style>\n</head>\n<body>\n<main>\n", page_style);
}

/* --- the table of cases -------------------------------------------------------------------------- */

static void put_summary(const struct record *r, FILE *out)
{
	static const bool number[CELL_COUNT] = {
		[CELL_CLIENT] = true, [CELL_SERVER] = true, [CELL_P50] = true,
		[CELL_P99] = true,    [CELL_P999] = true,   [CELL_ERRORS] = true,
	};
	struct say_row row;

	(void)fputs(
		"<div class=\"scroll\"><table class=\"main\">\n<thead><tr><th rowspan=\"2\">case</th>"
		"<th colspan=\"3\">TIME_WAIT peak</th><th colspan=\"3\" class=\"n\">"
		"connect to close (response), \u00b5s</th><th rowspan=\"2\" class=\"n\">errors</th>"
		"<th rowspan=\"2\">on the wire</th></tr>\n<tr>",
		out);
	for (int i = CELL_CLIENT; i <= CELL_P999; i++)
		(void)fprintf(out, "<th%s>%s</th>", number[i] ? " class=\"n\"" : "", say_heads[i]);
	(void)fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < r->case_count; i++) {
		if (say_row(&r->cases[i], &row) < 0)
			continue;
		(void)fputs("<tr>", out);
		for (int c = 0; c < CELL_COUNT; c++) {
			(void)fputs(number[c] ? "<td class=\"n\">" : "<td>", out);
			html_text(out, row.cell[c]);
			(void)fputs("</td>", out);
		}
		(void)fputs("</tr>\n", out);
	}
	(void)fputs("</tbody></table></div>\n", out);
}

/* --- graphs -------------------------------------------------------------------------------------- */

/* All of a file, NUL after it; NULL if it cannot be read. */
static char *read_all(const char *dir, const char *name, size_t *ret_size)
{
	char path[4096], *text = NULL;
	FILE *f = NULL;
	long size = -1;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path))
		f = fopen(path, "re");
	if (f && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size >= 0 && fseek(f, 0, SEEK_SET) == 0)
		text = malloc((size_t)size + 1);
	if (text && fread(text, 1, (size_t)size, f) != (size_t)size) {
		free(text);
		text = NULL;
	}
	if (f)
		(void)fclose(f); /* only read */
	if (text) {
		text[size] = '\0';
		*ret_size = (size_t)size;
	}
	return text;
}

static void put_graph(const struct plot_result *p, const char *dir, size_t *left_bytes, FILE *out)
{
	size_t size = 0;
	char *svg = p->file[0] ? read_all(dir, p->file, &size) : NULL;

	if (svg && size <= *left_bytes) {
		(void)fputs("<figure>", out);
		html_svg(out, svg, size, p->name, p->title);
		(void)fputs("</figure>\n", out);
		*left_bytes -= size;
	} else {
		(void)fputs("<p class=\"dim\">", out);
		if (svg)
			html_textf(out, "%s: left out here for its size; it is in plots/%s.",
				   p->title, p->file);
		else
			html_textf(out, "%s: not drawn; %s.", p->title,
				   p->why_not[0] ? p->why_not : "its file cannot be read");
		(void)fputs("</p>\n", out);
	}
	free(svg);
}

static void put_graphs(const char *dir, const struct plot_result *plots, size_t count, FILE *out)
{
	size_t left_bytes = SVG_BUDGET_BYTES;

	if (count > 0)
		(void)fputs("<h2>Graphs</h2>\n", out);
	for (size_t i = 0; i < count; i++)
		put_graph(&plots[i], dir, &left_bytes, out);
}

/* --- sentences ----------------------------------------------------------------------------------- */

struct sentences {
	FILE *out;
	bool in_list;
};

static void html_line(void *to, enum say_kind kind, const char *text)
{
	static const struct {
		const char *before, *after;
		bool list;
	} kinds[] = {
		[SAY_HEAD] = { "<h2>", "</h2>\n", false },
		[SAY_PLAIN] = { "<p>", "</p>\n", false },
		[SAY_POINT] = { "<li>", "</li>\n", true },
		[SAY_BAD] = { "<li class=\"bad\">", "</li>\n", true },
	};
	struct sentences *s = to;

	if (s->in_list != kinds[kind].list)
		(void)fputs(s->in_list ? "</ul>\n" : "<ul>\n", s->out);
	s->in_list = kinds[kind].list;
	(void)fputs(kinds[kind].before, s->out);
	html_text(s->out, text);
	(void)fputs(kinds[kind].after, s->out);
}

static void put_sentences(const struct record *r, FILE *out)
{
	struct sentences s = { out, false };

	say_all(r, html_line, &s);
	if (s.in_list)
		(void)fputs("</ul>\n", out);
}

/* --- how to read --------------------------------------------------------------------------------- */

static const char how_to_read[] =
	"<h2>How to read this</h2>\n<ul>\n"
	"<li><b>TIME_WAIT peak</b>: the highest count of sockets in TIME-WAIT that sampling saw at "
	"that "
	"end; the median where a case was repeated. FIN_WAIT2 is not in it.</li>\n"
	"<li><b>Response time</b> runs from when a connection was due, <b>service time</b> from "
	"when it "
	"was begun. Where the two part, requests had to wait: only the first tells what a user "
	"feels.</li>\n"
	"<li><b>n/a</b>: too few values to name that percentile; ten must lie beyond it.</li>\n"
	"<li><b>Errors</b>: connections that ended otherwise than their strategy declares. What "
	"the kernel "
	"does to a connection is data, never a fault of the run.</li>\n"
	"<li><b>Witnesses</b>: the two applications, the capture, the samples and the kernel's "
	"counters "
	"are compared number by number. Where they disagree the run is not trustworthy, whatever "
	"its "
	"numbers look like.</li>\n"
	"<li><b>rate \u00d7 time</b> in the graphs is Little's law with the lifetime that was "
	"measured: a "
	"curve that leaves it shows reuse, overflow or loss.</li>\n</ul>\n";

static void put_again(const struct record *r, FILE *out)
{
	char command[8192];

	(void)fputs("<h2>Again</h2>\n<pre>", out);
	html_text(out, say_command(r, command, sizeof(command)));
	(void)fputs("</pre>\n<p class=\"dim\">scenario ", out);
	html_text(out, r->scenario_name ? r->scenario_name : "?");
	(void)fputs(", sha256 <code>", out);
	html_text(out, r->scenario_sha256 ? r->scenario_sha256 : "unknown");
	(void)fputs("</code></p>\n", out);
}

void report_html(const struct record *r, const char *plot_dir, const struct plot_result *plots,
		 size_t plot_count, FILE *out)
{
	char line[640];

	put_head(r, out);
	(void)fputs("<h1>", out);
	html_text(out, r->scenario_name ? r->scenario_name : "twbench");
	(void)fputs("</h1>\n<p class=\"where\">", out);
	html_text(out, say_where(r, line, sizeof(line)));
	if (r->started_at)
		html_textf(out, " \u00b7 %s", r->started_at);
	(void)fprintf(out, "</p>\n<p class=\"status%s\">",
		      strcmp(r->status, "pass") == 0 ? "" : " bad");
	html_text(out, say_status(r, line, sizeof(line)));
	(void)fputs("</p>\n<div class=\"answer\">\n", out);
	say_answer(r, html_line, &(struct sentences){ out, false });
	(void)fputs("</div>\n", out);
	if (r->case_count > 0)
		put_summary(r, out);
	put_graphs(plot_dir, plots, plot_count, out);
	put_sentences(r, out);
	report_html_tables(r, out);
	(void)fputs(how_to_read, out);
	put_again(r, out);
	(void)fputs("</main>\n</body>\n</html>\n", out);
}
