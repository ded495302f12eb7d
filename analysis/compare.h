/*
 * compare: is one set of repeats better or worse than another?  Pure; random draws are seeded.
 *
 * A metric that varies on neither side is compared exactly, unless the load was random and the seeds
 * differ (`drawn`).  The others of a case are one family:
 * each is tested by Mann-Whitney on its ranks, and p is adjusted by going through the divisions of the
 * repeats into two sides and asking in what share of them any metric of the family lies as far
 * apart (Westfall and Young's max-T).  So `level` is the chance that anything at all is wrongly
 * called better or worse in a case without a difference, and metrics that move together cost nothing.
 * A difference must also reach the minimum effect.  Fewer than COMPARE_REPEATS_MIN values on a side, or
 * too few to reach the level whatever they are: "cannot decide", never "same".
 */
#ifndef TWBENCH_ANALYSIS_COMPARE_H
#define TWBENCH_ANALYSIS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

struct err;

#define COMPARE_REPEATS_MIN 4
#define COMPARE_METRICS_MAX 64

enum compare_verdict {
	COMPARE_BETTER,
	COMPARE_WORSE,
	COMPARE_DIFFERS,   /* of a metric that is neither good nor bad */
	COMPARE_SAME,      /* counted exactly, and equal */
	COMPARE_NOTHING,   /* no evidence of a difference */
	COMPARE_UNDECIDED,
	COMPARE_VERDICT_COUNT
};
const char *compare_verdict_key(enum compare_verdict v);   /* "no-evidence" */
const char *compare_verdict_words(enum compare_verdict v); /* "no evidence of a difference" */

struct compare_options {
	double level;       /* 0.05 */
	double min_effect;  /* share of A's median; NAN: each metric's own */
	const struct field *metric[COMPARE_METRICS_MAX];
	size_t metric_count;
	uint64_t seed;
	/* Latency and CPU time, too.  Only when the repeats of both sides were interleaved, as `check`
	 * does: else what the machine did meanwhile is in the difference, and no test can tell. */
	bool timings;
	/* The sides drew other arrivals or sizes: a count may differ by chance, so none is exact. */
	bool drawn;
};

/* The metrics that matter, level 0.05, each metric's own minimum effect; timings are shown, not judged. */
void compare_defaults(struct compare_options *o);

/* Another metric by its path; the first one replaces the default ones when *fresh.  0 or -EINVAL with
 * *err and the nearest name. */
int compare_add_metric(struct compare_options *o, const char *path, bool *fresh, struct err *err);

/* The share of A's median that a change of `f` must reach. */
double compare_min_effect(const struct compare_options *o, const struct field *f);

struct compare_row {
	const struct field *metric;
	double a, b;             /* medians */
	double change, low, high; /* b - a of the medians, with its 95 % bootstrap interval */
	double relative;         /* change / |a|; NAN when a is 0 */
	double p;                /* exact Mann-Whitney; NAN when compared exactly or not at all */
	double adjusted;         /* for the family */
	size_t na, nb;           /* values */
	bool exact;
	enum compare_verdict verdict;
	char note[160];
};

/* Two sets of repeats of one case; those that failed are left out, metrics null on both sides too.
 * `row` has room for o->metric_count.  0 or -ENOMEM with *err. */
int compare_case(const struct record_case *a, const struct record_case *b,
		 const struct compare_options *o, struct compare_row *row, size_t *ret_count,
		 struct err *err);

/* --- records --------------------------------------------------------------------------------- */

struct compare_pair {
	const struct record_case *a, *b;
	struct compare_row *row;
	size_t count;
	bool drawn; /* compared so */
};

struct comparison {
	const struct record *a, *b;
	struct compare_pair *pair; /* cases of the same name */
	size_t count;
	size_t by_verdict[COMPARE_VERDICT_COUNT];
};

/* Why they must not be compared, or 0 length: no case in common, other topologies. */
void compare_refusal(const struct record *a, const struct record *b, char *buf, size_t size);

/* 0; -EINVAL when no case is common; -ENOMEM.  Release in any case. */
int compare_records(const struct record *a, const struct record *b,
		    const struct compare_options *o, struct comparison *ret, struct err *err);
void compare_release(struct comparison *c);

/* One line for each way the two differ that is no result: tool, kernel, host, scenario, sysctls as read. */
typedef void compare_line(void *to, const char *text);
void compare_differences(const struct record *a, const struct record *b, compare_line *line,
			 void *to);

#endif
