/*
 * digest: what a reader wants to know of a record, in few numbers.  Graphs and reports share it, so that
 * a picture and a table cannot say different things.  Pure.
 */
#ifndef TWBENCH_ANALYSIS_DIGEST_H
#define TWBENCH_ANALYSIS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/record.h"
#include "base/side.h"
#include "base/teardown.h"

/* How long TIME_WAIT lasted, over all repeats and sides that could be paired.  n = 0: not measured. */
struct digest_lifetime {
	int64_t n, min_ns, mean_ns, max_ns, resolution_ns;
};

struct digest_lifetime digest_lifetime(const struct record *r);

/* Linux' constant, and the step of its timer wheel at that distance (kernel/time/timer.c) for
 * CONFIG_HZ: 2.048 s at 250.  RECORD_NONE when the HZ is unknown. */
#define TIME_WAIT_NOMINAL_NS INT64_C(60000000000)
int64_t digest_timer_step_ns(int64_t config_hz);

/* The mean lifetime to forecast with: as measured, else 60 s plus half a step; never unknown. */
int64_t digest_forecast_ns(const struct record *r);

/* The repeat that stands for the case in a graph over time: trustworthy ones first, then the one that was
 * watched longest.  NULL when the case has none. */
const struct record_repeat *digest_shown(const struct record_case *c);

/* The median over the repeats of the highest TIME_WAIT sample at `side`; RECORD_NONE if unknown. */
int64_t digest_peak(const struct record_case *c, enum side side);

/* Who held TIME_WAIT, by the samples: a side counts when it had at least half of what the fuller had. */
enum sides digest_holder(const struct record_case *c);

/* Outcomes of all repeats.  Returns their sum, attempted connections. */
int64_t digest_outcomes(const struct record_case *c, int64_t ret[OUTCOME_COUNT]);

/* Attempts that did not end as the strategy declares. */
int64_t digest_errors(const struct record_case *c);

/* Did its scenario say beforehand that ports may run out; that connections may end as all those did? */
bool digest_exhaustion_expected(const struct record_case *c);
bool digest_errors_expected(const struct record_case *c);

/* Captured connections by class.  Returns their sum; 0: nothing captured. */
int64_t digest_classes(const struct record_case *c, int64_t ret[TEARDOWN_CLASS_COUNT]);

/* The most frequent class; TEARDOWN_CLASS_COUNT if nothing was captured. */
enum teardown_class digest_main_class(const struct record_case *c, int64_t *ret_count,
				      int64_t *ret_total);

/* Rate of connections in the repeat: achieved, else the case's target; NAN if neither is known. */
double digest_rate(const struct record_case *c, const struct record_repeat *rep);

/* Exchanges (requests, or connections where there is no more than one each) over all repeats. */
int64_t digest_exchanges(const struct record_case *c);

/* All repeats' histograms in one.  `offset` is offsetof(struct record_repeat, response) or another.
 * Returns 0 or -ENOMEM; release *ret. */
int digest_hist(const struct record_case *c, size_t offset, struct hist *ret);

/* The distinct values of sysctl `key` in all repeats, "0, 2"; "" when it was never read.  Returns buf. */
const char *digest_sysctl(const struct record *r, const char *key, char *buf, size_t size);

/* The distinct topologies, "veth".  Returns buf. */
const char *digest_topology(const struct record *r, char *buf, size_t size);

/* The place of `rep` among the repeats of `c`, from 1. */
size_t digest_repeat_number(const struct record_case *c, const struct record_repeat *rep);

/* The most repeats any case has. */
size_t digest_repeats(const struct record *r);

#endif
