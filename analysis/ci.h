/*
 * ci: one record as the formats that continuous integration reads.  Pure.
 *
 * What a CI calls a test is an item: each repeat (do its witnesses agree), each expectation, each
 * setting under test.  Every format is made from the same items, so that no two can disagree, and
 * from the record alone: nothing is ever run again for another format.
 */
#ifndef TWBENCH_ANALYSIS_CI_H
#define TWBENCH_ANALYSIS_CI_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/record.h"

enum ci_result {
	CI_PASS,
	CI_SKIP,  /* could not be made here */
	CI_FAIL,  /* an expectation was not met, a setting hurts or cannot work */
	CI_ERROR  /* the measurement is not to be trusted, or did not end */
};

struct ci_item {
	const char *suite;   /* "witnesses", "expectations", "tuning" */
	enum ci_result result;
	char name[560];
	char message[1024];  /* what was found; "" when there is nothing to say */
	const char *file;    /* where it comes from; NULL: nowhere in particular */
	int64_t line;
	double seconds;      /* NAN: took no time of its own */
};

/* Free with free().  0 or -ENOMEM. */
int ci_items(const struct record *r, struct ci_item **ret, size_t *ret_count);

/* What a format is given. */
struct ci_page {
	const struct record *record;
	const struct ci_item *item;
	size_t count;
};

void ci_junit(const struct ci_page *p, FILE *out);
void ci_ktap(const struct ci_page *p, FILE *out);
void ci_github(const struct ci_page *p, FILE *out);         /* annotations, at most ten, worst first */
void ci_github_summary(const struct ci_page *p, FILE *out); /* Markdown for the job, at most 900 KiB */
void ci_prometheus(const struct ci_page *p, FILE *out);
void ci_bench_smaller(const struct ci_page *p, FILE *out);  /* github-action-benchmark */
void ci_bench_bigger(const struct ci_page *p, FILE *out);
void ci_bencher(const struct ci_page *p, FILE *out);
void ci_sarif(const struct ci_page *p, FILE *out);

#define CI_ANNOTATIONS_MAX 10              /* what GitHub shows of one step */
#define CI_SUMMARY_MAX     (900 * 1024)    /* GitHub refuses more than 1 MiB */

/* Median of a metric over the repeats that did not fail, with its 95 % bootstrap interval; n = 0: null. */
struct ci_value {
	double median, low, high;
	size_t n;
};
/* 0 or -ENOMEM. */
int ci_value(const struct record_case *c, const struct field *f, struct ci_value *ret);

#endif
