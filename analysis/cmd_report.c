/*
 * cmd_report: the tables of a record again, from run.json alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/outputs.h"
#include "analysis/reconcile.h"
#include "analysis/report.h"
#include "base/cmd.h"
#include "base/err.h"
#include "base/commands.h"

#define DEFAULT_RUN "results/latest"

static void print_json(const struct record *r, FILE *out)
{
	record_write(r, out);
}

static void print_html(const struct record *r, FILE *out)
{
	report_html(r, NULL, NULL, 0, out);
}

static void print_text(const struct record *r, FILE *out)
{
	struct report_style style = outputs_terminal_style(out);

	report_text(r, &style, out);
}

static const struct {
	const char *name;
	void (*print)(const struct record *r, FILE *out);
} formats[] = {
	{ "txt", print_text }, { "md", report_markdown }, { "html", print_html }, { "json", print_json },
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static int print_as(const struct record *r, const char *format, struct err *err)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i].name, format) == 0) {
			formats[i].print(r, stdout);
			return 0;
		}
	return err_set(err, -EINVAL, "--format: '%s' is not one of txt, md, html, json", format);
}

static int report_main(const struct args *a, struct err *err)
{
	const char *format = args_get(a, "format"), *dir = args_get(a, "out");
	struct record r;
	int code;

	if (a->rest_count > 1)
		return err_set(err, -EINVAL, "one run at a time: '%s' is one too many", a->rest[1]);
	code = record_load(&r, a->rest_count ? a->rest[0] : DEFAULT_RUN, err);
	if (code != 0)
		return code;
	(void)reconcile_record(&r); /* a stored verdict is not believed */
	if (dir)
		code = outputs_write(&r, &(struct outputs_options){ .dir = dir, .plots = true }, err);
	else
		code = print_as(&r, format ? format : "txt", err);
	record_release(&r);
	return code;
}

static const struct opt options[] = {
	{ "format", 'f', "txt|md|html|json", NULL, "what to print (default: txt)" },
	{ "out", 'o', "DIR", NULL, "write summary.txt, summary.md, report.html and plots/ there" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_report = {
	.name = "report",
	.args = "[RUN]",
	.summary = "tables and report of a finished run (default: " DEFAULT_RUN ")",
	.run = report_main,
	.opts = options,
	.more = "RUN is a run's directory or its run.json.\n",
};
