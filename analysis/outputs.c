#include "analysis/outputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analysis/plot.h"
#include "base/err.h"
#include "base/utf8.h"
#include "base/wholefile.h"

struct page {
	const struct record *record;
	const char *plot_dir;
	const struct plot_result *plots;
	size_t plot_count;
};

static void print_text(const struct page *p, FILE *out)
{
	struct report_style style = { .colour = false, .unicode = true, .columns = 100 };

	report_text(p->record, &style, out);
}

static void print_markdown(const struct page *p, FILE *out)
{
	report_markdown(p->record, out);
}

static void print_html(const struct page *p, FILE *out)
{
	report_html(p->record, p->plot_dir, p->plots, p->plot_count, out);
}

static int write_page(const char *dir, const char *name,
		      void (*print)(const struct page *, FILE *), const struct page *p, struct err *err)
{
	struct wholefile f;
	int code = wholefile_open(&f, dir, name, err);

	if (code != 0)
		return code;
	print(p, f.out);
	return wholefile_close(&f, err);
}

struct report_style outputs_terminal_style(FILE *out)
{
	const char *term = getenv("TERM");
	struct winsize size;
	int fd = fileno(out);
	bool tty = fd >= 0 && isatty(fd) && term && strcmp(term, "dumb") != 0;
	struct report_style style = { .colour = tty && !getenv("NO_COLOR"), .unicode = utf8_shown() };

	style.columns = tty && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 100;
	return style;
}

/* A graph that has nothing to show is no news; none at all is.  Was any drawn? */
static bool tell_missing(const struct plot_result *plots, size_t count, FILE *out)
{
	const char *why = NULL;

	for (size_t i = 0; i < count; i++) {
		if (plots[i].file[0])
			return true;
		if (!why) /* the first graph is the plainest: what stops it stops all */
			why = plots[i].why_not;
	}
	if (why)
		fprintf(out, "no graphs: %s\n", why);
	return false;
}

int outputs_summaries(const struct record *r, const char *dir, struct err *err)
{
	struct page p = { .record = r };
	int code = write_page(dir, "summary.txt", print_text, &p, err);

	return code ? code : write_page(dir, "summary.md", print_markdown, &p, err);
}

/* The table comes before the graphs, which take longer than anyone likes to wait for it. */
int outputs_write(const struct record *r, const struct outputs_options *o, struct err *err)
{
	struct plot_result plots[PLOT_MAX] = { 0 };
	char plot_dir[600];
	struct page p = { .record = r, .plot_dir = plot_dir, .plots = plots };
	bool drawn;
	int code = 0;

	(void)snprintf(plot_dir, sizeof(plot_dir), "%s/plots", o->dir);
	if (o->text) {
		struct report_style style = outputs_terminal_style(o->text);

		report_text(r, &style, o->text);
		(void)fflush(o->text); /* main() asks the stream whether all was written */
	}
	if (o->plots)
		code = plot_record(r, &(struct plot_options){ .dir = plot_dir }, plots, &p.plot_count,
				   err);
	if (code == 0)
		code = write_page(o->dir, "report.html", print_html, &p, err);
	if (code != 0 || !o->text)
		return code;
	drawn = tell_missing(plots, p.plot_count, o->text);
	fprintf(o->text, "\n%s/report.html   run.json   summary.md%s\n", o->dir,
		drawn ? "   plots/" : "");
	return 0;
}
