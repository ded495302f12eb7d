/*
 * cmd_check: what the files of the command `check` share: the settings under test, what is known of
 * each before anything runs, and what the repeats say of them afterwards.
 */
#ifndef TWBENCH_BENCH_CMD_CHECK_H
#define TWBENCH_BENCH_CMD_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/cmd_measure.h"
#include "bench/variants.h"

struct err;

#define CHECK_ALONE_MAX 8

/* One line of a tuning file that sets something. */
struct check_key {
	struct lab_sysctl sysctl;
	char *file;
	int64_t line;
	bool testable;       /* goes into the labs */
	bool mistake;        /* it cannot do what the line says, whatever is measured */
	char note[320];      /* why not testable, or what is wrong */
	size_t setting;      /* its place among the settings, when testable */
};

struct check {
	struct check_key *key;
	size_t key_count;
	struct variant_setting *setting;
	size_t setting_count;
	bool alone;          /* every setting is also tested by itself */
	double level, min_effect; /* of the comparisons; NAN: each metric's own */
	char verdict[768];   /* why the check failed; "" if it did not */
};

/*
 * Read the files of --tuning and of the scenario; see in a namespace of its own which settings can be had.
 * bench/cmd_check_tuning.c.  0; -EINVAL for a file that cannot be read, -ENOTSUP where no
 * setting can be had at all; *err.
 */
int check_read(struct check *c, const struct measurement *m, struct err *err);
void check_release(struct check *c);

/* Fill the record's tuning and effects.
 * bench/cmd_check_judge.c.  0 or negative errno with *err. */
int check_conclude(struct measurement *m, struct err *err);
const char *check_verdict(const struct measurement *m);

/* --confirm: run the cases again that made something fail, and keep as failed only what fails again.
 * bench/cmd_check_confirm.c. */
int check_confirm(struct measurement *m, struct err *err);

/* Compare two cases of `record`, add every row as an effect of `tuning`. */
int check_effects(const struct check *c, struct record *record, const char *tuning,
		  const struct record_case *plain, const struct record_case *tuned,
		  struct err *err);

/* The verdicts of all keys from the effects in the record. */
void check_judge_keys(struct measurement *m);

#endif
