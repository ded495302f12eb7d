/*
 * cmd_measure: what `run` and `check` share: a scenario in hand -> plan, labs, record,
 * reconciliation, expectations, files, exit status.
 *
 * The one place that knows all layers together.  The commands differ in where the cases come from
 * and in what they conclude from the repeats.
 */
#ifndef TWBENCH_BENCH_CMD_MEASURE_H
#define TWBENCH_BENCH_CMD_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cmd.h"
#include "base/record.h"
#include "bench/lab.h"
#include "bench/plan.h"
#include "bench/results.h"
#include "bench/scenario.h"

struct err;
struct expect;

struct measurement {
	const struct args *args;
	struct scenario scenario;
	struct plan plan;
	struct record record;
	struct results results;
	enum isolation isolation;
	int64_t start_ns;
	int signal;
	unsigned fail_on;
	struct record earlier; /* --resume: what is left of the run that was interrupted */
	char *earlier_dir;
	struct expect *expect;
	size_t expect_count;
	/* After the labs and before the verdict; NULL: nothing to conclude.  0 or negative errno. */
	int (*conclude)(struct measurement *m, struct err *err);
	/* A verdict of the command's own, asked when all else passes: a text that makes the status
	 * "fail", or NULL. */
	const char *(*verdict)(const struct measurement *m);
	void *arg;
};

/* Options that measure_* reads; rows for a command's table. */
#define MEASURE_OPTIONS                                                                           \
	{ "expect", 'e', "EXPR", NULL, "demand this of the numbers, e.g. 'ledger.outcomes.no_port == 0'; repeatable" }, \
	{ "fail-on", 0, "LIST", NULL, "exit not 0 on fail, invalid, skip, no-effect; or none (default: fail,invalid,skip)" }, \
	{ "out", 'o', "DIR", NULL, "where results go (default: results)" },                       \
	{ "resume", 0, "DIR", NULL, "go on where an interrupted run left off: keep its finished repeats" }, \
	{ "isolation", 0, "auto|userns|netns", NULL,                                              \
	  "how labs are made; userns needs no root, netns does (default: auto)" },                \
	{ "json", 0, NULL, NULL, "print the record on standard output instead of the report" },   \
	{ "no-plots", 0, NULL, NULL, "no graphs" },                                               \
	{ "quiet", 'q', NULL, NULL, "no progress, no report" }

/* Read the options.  `a` must outlive *m.  0 or -EINVAL with *err; release in any case. */
int measure_init(struct measurement *m, const struct args *a, struct err *err);
void measure_release(struct measurement *m);

/* Plan m->scenario on this machine, add its cases to the record, read the expectations of the
 * scenario and of --expect and see that they fit.  0 or negative errno with *err. */
int measure_plan(struct measurement *m, struct err *err);

/* Can a lab be made, if one is needed?  0 or -EPERM with *err. */
int measure_need_lab(const struct measurement *m, struct err *err);

/* Two lines on what will be done, unless told to be quiet. */
void measure_print_head(const struct measurement *m);

/* --resume: take over the finished repeats of an earlier run of the same scenario on the same host.
 * 0; -EINVAL with *err when it is another scenario or host.  bench/cmd_resume.c. */
int measure_resume(struct measurement *m, const char *dir, struct err *err);
/* What a number depends on and a reboot into the same kernel leaves as it is; NULL: all the same. */
const char *measure_other_host(const struct record_host *x, const struct record_host *y);
bool measure_has(void *m, size_t case_index, int64_t repeat); /* for the batch */
void measure_keep_captures(struct measurement *m);

/* Run it, write everything.  The exit status, or negative errno with *err when nothing was measured. */
int measure_run(struct measurement *m, struct err *err);

/* Run the cases that `which` marks once more, into a record of their own; no file is written.
 * 0 or negative errno with *err; release *ret in any case. */
int measure_again(const struct measurement *m, const bool *which, struct measurement *ret,
		  struct err *err);

/* What --fail-on makes of a status, or of a negative errno (which is then told on stderr). */
int measure_status(const struct measurement *m, int code, const struct err *err);

#endif
