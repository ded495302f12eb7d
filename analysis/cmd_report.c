/*
 * cmd_report: the tables of a record again, from run.json alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/formats.h"
#include "analysis/outputs.h"
#include "analysis/reconcile.h"
#include "base/commands.h"
#include "base/err.h"
#include "base/failon.h"

#define DEFAULT_RUN "results/latest"

/* What the run's own exit status would have been under another --fail-on. */
static int status_of(const struct record *r)
{
	static const struct {
		const char *status;
		int exit_status;
	} statuses[] = {
		{ "pass", EXIT_PASS },
		{ "fail", EXIT_EXPECTATION },
		{ "invalid", EXIT_UNTRUSTWORTHY },
		{ "skipped", EXIT_SKIPPED },
		{ "interrupted", EXIT_SIGINT },
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(statuses[i].status, r->status) == 0)
			return statuses[i].exit_status;
	return EXIT_INTERNAL;
}

static int write_report(const struct args *a, const struct record *r, struct err *err)
{
	const char *format = args_get(a, "format"), *dir = args_get(a, "out");

	if (dir && !format) {
		int code = outputs_write(r, &(struct outputs_options){ .dir = dir, .plots = true }, err);

		return code ? code : outputs_summaries(r, dir, err);
	}
	return formats_write(r, format ? format : "txt", dir, stdout, err);
}

static int report_main(const struct args *a, struct err *err)
{
	struct record r;
	unsigned fail_on;
	int code = fail_on_parse(args_get(a, "fail-on"), &fail_on, err);

	if (code != 0)
		return code;
	if (a->rest_count > 1)
		return err_set(err, -EINVAL, "one run at a time: '%s' is one too many", a->rest[1]);
	code = record_load(&r, a->rest_count ? a->rest[0] : DEFAULT_RUN, err);
	if (code != 0)
		return code;
	(void)reconcile_record(&r); /* a stored verdict is not believed */
	code = write_report(a, &r, err);
	if (code == 0 && args_has(a, "fail-on"))
		code = fail_on_status(fail_on, status_of(&r));
	record_release(&r);
	return code;
}

static const struct opt options[] = {
	{ "format", 'f', "LIST", NULL,
	  "txt (default), md, html, json, junit, ktap, github, prom, gha-bench, bencher, sarif" },
	{ "out", 'o', "DIR", NULL,
	  "write them there; without --format summary.txt, summary.md, report.html and plots/" },
	{ "fail-on", 0, "LIST", NULL,
	  "exit as the run did: fail,invalid,skip, or some of them (default: 0 when written)" },
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
