/*
 * expect: what a scenario or --expect demands of the numbers.  Pure.
 *
 *	ledger.outcomes.no_port == 0
 *	time_wait.client.lifetime.mean_ns ~= 61s +- 3%
 *	when strategy=client-rst: capture.rst.client > 0
 *	p90(latency.connect.p99_ns) < 2ms
 *	ledger.first_no_port_ns is null
 *	ledger.first_no_port_ns > 4s or null
 *	tuned.ledger.outcomes.ok > 2 * plain.ledger.outcomes.ok
 *	tuned vs plain: latency.connect.p50_ns <= 1.1x
 *
 * A metric is any of `twbench list metrics`; another name is an error, never a pass.  A number has
 * the metric's unit: a time needs one (60s, 200ms), counts take k, M, Ki, Mi.  Which repeats decide
 * is part of the result: a metric against a number holds in every repeat; between two cases the
 * medians are compared; median(), min(), max(), mean() and pNN() (Hyndman and Fan's type 7) say otherwise.
 * A case is named whole, or by what comes before a dot: "tuned" stands for every "tuned.X", and in
 * a comparison each is paired with the "plain.X" of the same X.  Null is "unknown", which fails,
 * unless the expectation ends in "or null" or asks "is null".
 */
#ifndef TWBENCH_ANALYSIS_EXPECT_H
#define TWBENCH_ANALYSIS_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/record.h"

struct err;

enum expect_op {
	EXPECT_LT,
	EXPECT_LE,
	EXPECT_GT,
	EXPECT_GE,
	EXPECT_EQ,
	EXPECT_NE,
	EXPECT_NEAR, /* ~= x +- y */
	EXPECT_NULL,
	EXPECT_NOT_NULL,
	EXPECT_OP_COUNT
};

/* How the repeats become one number. */
enum expect_over { OVER_EACH, OVER_MEDIAN, OVER_MEAN, OVER_MIN, OVER_MAX, OVER_QUANTILE };

struct expect_term {
	const struct field *metric; /* NULL: `number` */
	char case_ref[128];         /* "": the case at hand */
	enum expect_over over;
	double quantile; /* 0..1 */
	double factor;
	double number;
};

struct expect_selector {
	char key[96], value[128];
};
#define EXPECT_SELECTORS_MAX 8

struct expect {
	char text[256];
	struct expect_selector when[EXPECT_SELECTORS_MAX];
	int when_count;
	struct expect_term left, right;
	enum expect_op op;
	double tolerance;
	bool tolerance_percent;
	bool or_null;
};

/* 0, or -EINVAL with *err "'<text>': ...". */
int expect_parse(struct expect *e, const char *text, struct err *err);

/* Does it speak of cases that `r` has?  To be asked before anything runs.  0 or -EINVAL with *err. */
int expect_bind(const struct expect *e, const struct record *r, struct err *err);

/* Evaluate: one row of r->expectation for every case, or pair of cases, it applies to.  0 or -ENOMEM
 * with *err. */
int expect_evaluate(const struct expect *e, struct record *r, struct err *err);

/* Rows that are not passed.  *ret_first: the first of them, or NULL; may be NULL itself. */
size_t expect_failed(const struct record *r, const struct record_expectation **ret_first);

/* "<", "~=", "is null". */
const char *expect_op_text(enum expect_op op);

/* Does case `name` answer to `ref`: the whole of it, or what comes before a dot?  *ret_rest is what
 * follows the dot, "" if nothing.  "" answers to no name. */
bool expect_case_answers(const char *name, const char *ref, const char **ret_rest);

/* A value as people read it, with its unit: "61.02 s", "13.1 \u00b5s", "1 600".  Returns buf. */
const char *expect_format(double value, const char *unit, char *buf, size_t size);

#endif
