/*
 * batch: run the cells of a plan, several at a time, each in a process of its own.
 *
 * A worker is forked per (case, repeat); it makes its lab, runs, and hands its struct
 * record_repeat back as JSON through a pipe.  Workers die with this process (PR_SET_PDEATHSIG), so
 * that SIGKILL leaves nothing.  The first SIGINT or SIGTERM stops the load and keeps what was
 * measured; the second ends at once.
 */
#ifndef TWBENCH_BENCH_BATCH_H
#define TWBENCH_BENCH_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "bench/cell.h"
#include "bench/plan.h"

struct err;
struct progress;

struct batch_options {
	const struct plan *plan;
	const struct scenario *scenario;
	enum isolation isolation;
	int64_t run_start_ns;
	struct teardown (*classify)(const struct flow *f);
	/* A descriptor for the capture of (case, repeat), or -1; not owned by the batch. */
	int (*capture_fd)(void *arg, size_t case_index, int64_t repeat);
	/* Is (case, repeat) in the record already, from a run that is resumed?  NULL: none is. */
	bool (*have)(void *arg, size_t case_index, int64_t repeat);
	/* Told as soon as a repeat is there. */
	void (*done)(void *arg, struct record_case *c, struct record_repeat *r);
	/* Between two batches, while nothing is measured. */
	void (*between)(void *arg);
	void *arg;
	struct progress *progress;     /* NULL: silent */
};

/*
 * Run all, in rounds of repeats, the batches of each round in an order of its own (plan_order); fills
 * record->cases (one per case, already added, repeats appended).  *ret_signal is the
 * signal that ended it early, or 0.  Returns 0, or negative errno with *err when a lab could not be
 * had at all or a worker was lost; what was measured until then is in the record.
 */
int batch_run(const struct batch_options *o, struct record *record, int *ret_signal, struct err *err);

#endif
