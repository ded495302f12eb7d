/*
 * progress: what a person sees while it runs.
 *
 * On a terminal a few lines are redrawn; elsewhere one line every ten seconds.  NO_COLOR and
 * TERM=dumb are honoured.  Writes to stderr only, and nothing after progress_end().
 */
#ifndef TWBENCH_BENCH_PROGRESS_H
#define TWBENCH_BENCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan.h"
#include "bench/shared.h"

struct progress;

/* One running lab. */
struct progress_row {
	const char *name;
	const struct plan_case *plan;
	int64_t repeat;
	const struct cell_shared *shared;
};

/* NULL: no memory (then nothing is shown). */
struct progress *progress_new(const struct plan *plan, bool quiet);
void progress_free(struct progress *p);

/* A lab is done: what it counted stays in the sums. */
void progress_lab_done(struct progress *p, const struct cell_shared *s);

/* Show, at most ten times a second; `done` of `total` labs have finished. */
void progress_show(struct progress *p, const struct progress_row *row, size_t rows, size_t done,
		   size_t total);

/* Take the lines away, so that a result can be printed. */
void progress_end(struct progress *p);

#endif
