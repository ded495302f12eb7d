/*
 * arrival: when connections are meant to start.  Pure: a schedule is a function of its settings.
 *
 * Open-loop schedules are lines N(t), the expected number of arrivals until t; the k-th arrival is
 * where N(t) = k (constant spacing) or where N(t) reaches a sum of k exponential steps (Poisson).
 * Thread i of n takes every n-th arrival (or an independent Poisson process of 1/n the rate; their
 * sum is the same process).
 */
#ifndef TWBENCH_BENCH_ARRIVAL_H
#define TWBENCH_BENCH_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mono.h"
#include "bench/scenario.h"

#define ARRIVAL_WAIT_MAX_NS (20 * NS_PER_MS) /* how long the stop flag may go unseen */

struct arrival {
	const struct case_spec *spec;
	uint64_t random;       /* state of the generator */
	double count;          /* N of the next arrival */
	double step;           /* threads */
	int64_t index, last;   /* next arrival's number, and one past the last (connections limit) */
	int64_t thread, threads;
};

/* Thread `thread` of `threads`. */
void arrival_init(struct arrival *a, const struct case_spec *spec, int64_t thread, int64_t threads);

/*
 * The next start in ns from the start of the load, and for LOAD_POLL which client it belongs to
 * (a global number, of which thread `thread` owns client % threads == thread; else -1).
 * False when the schedule is over.  LOAD_SATURATE has no schedule: false at once.
 */
bool arrival_next(struct arrival *a, int64_t *ret_ns, int64_t *ret_client);

/* How many arrivals the whole schedule holds (all threads); for Poisson the mean. */
double arrival_expected(const struct case_spec *spec);

/* A pseudo-random number in [0, 1); xorshift64*, seeded, the same on every machine. */
double arrival_random(uint64_t *state);

/* A size from a distribution. */
int64_t size_dist_pick(const struct size_dist *d, uint64_t *random);

#endif
