/*
 * cell: one repeat of one case, from namespaces to numbers, in a process of its own.
 *
 * The order is fixed: lab, server, sniffer, canary seen, (all neighbours ready,) sampler, counters read,
 * load, settle (nothing but TIME_WAIT left), counters read, canary seen, sniffer stopped, drain (TIME_WAIT gone), sampler
 * stopped.  What the witnesses said goes into one struct record_repeat; what it means is not
 * judged here.
 */
#ifndef TWBENCH_BENCH_CELL_H
#define TWBENCH_BENCH_CELL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/record.h"
#include "bench/lab.h"
#include "bench/scenario.h"
#include "bench/shared.h"

struct err;

struct cell_options {
	const struct case_spec *spec;
	enum isolation isolation;
	uint32_t ehash_entries;
	int64_t run_start_ns;      /* mono: the start of the run */
	int64_t parallel_labs;     /* how many cells run at the same time */
	int capture_fd;            /* for the capture file; -1: none */
	int client_threads, server_threads;
	bool pinned;               /* each to a CPU of its own: the machine is ours alone */
	bool aside;                /* if so: no server or witness on a CPU of the clients, while there are others */
	int64_t timer_step_ns;     /* of this kernel (plan_lifetime) */
	struct cell_shared *shared;
	bool wait_for_go;          /* start only when shared->go is set: making labs disturbs their neighbours */
	pid_t parent_pid;          /* the lab dies with it; 0: with nobody */
	/* What a captured teardown means (analysis/classify.h); bench does not think. */
	struct teardown (*classify)(const struct flow *f);
};

/*
 * Run it; the calling process ends up inside the lab.  Fills *ret (initialised by the caller).
 * Returns 0 when there is something to record, interrupted or not; negative errno with *err when the
 * lab or a witness could not be had.
 */
int cell_run(const struct cell_options *o, struct record_repeat *ret, struct err *err);

#endif
