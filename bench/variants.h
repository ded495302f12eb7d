/*
 * variants: a scenario and the settings under test -> the same scenario with every case once as it is
 * ("plain.X"), once with all settings ("tuned.X"), and once with each setting alone ("tcp_tw_reuse.X").
 *
 * Pure.  All variants of a case differ in their settings only.
 */
#ifndef TWBENCH_BENCH_VARIANTS_H
#define TWBENCH_BENCH_VARIANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/lab.h"
#include "bench/scenario.h"

struct err;

#define VARIANT_PLAIN "plain"
#define VARIANT_TUNED "tuned"

struct variant_setting {
	struct lab_sysctl sysctl;
	char name[64];   /* of its variant; "" when it is not tested alone */
	bool own;        /* the scenario's own tuning.files set it: "plain" is without it */
};

/*
 * Unfold `s` in place; settings get the names of their variants when `alone`.  Failed connections
 * and running out of ports are made the subject of every case: what a setting does to them is the
 * question.
 * 0; -EINVAL when there are too many cases or settings, with *err; -ENOMEM.
 */
int variants_unfold(struct scenario *s, struct variant_setting *setting, size_t count, bool alone,
		    struct err *err);

#endif
