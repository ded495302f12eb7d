/*
 * plan: the cases of a scenario -> what will be run when, what it needs, and what to expect.
 *
 * Forecasts say so: they are Little's law (count = rate x lifetime) with the lifetime this kernel's
 * timer gives (kernel/time/timer.c: 60 s rounded up to the wheel's step).  Pure but for plan_probe().
 */
#ifndef TWBENCH_BENCH_PLAN_H
#define TWBENCH_BENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/scenario.h"

struct err;

/* What the machine offers; read once, inside and outside a lab.  The limit of descriptors is raised
 * as far as it may be (bench/fdlimit.h). */
struct plan_host {
	int64_t cpus, config_hz;     /* config_hz: 0 if unknown */
	int64_t fd_limit;            /* RLIMIT_NOFILE */
	int64_t port_low, port_high; /* what a fresh namespace has */
	struct lab_probe lab;
	bool gnuplot;
};
void plan_probe(struct plan_host *ret);

/* The kernel's HZ, or 0 if it cannot be told. */
int64_t plan_probe_hz(void);

/* Forecast for one case. */
struct plan_case {
	const struct case_spec *spec;
	double rate_per_s;                     /* mean attempts per second; NAN for saturate */
	int64_t attempts;                      /* expected; -1 unknown */
	int64_t ports_needed, ports_available; /* 4-tuples held at once; -1 unknown */
	int64_t time_wait_peak[SIDE_COUNT];    /* expected; -1 unknown */
	int64_t wall_ns;                       /* one repeat */
	int64_t fds;                           /* descriptors one end of a repeat needs */
	uint32_t ehash_entries;                /* private hash size chosen for its lab */
	int client_threads;                    /* as given, or chosen when given as 0 */
	int64_t load_ns; /* the load alone: a connections limit may end it early */
	int batch;       /* cases of one batch run at the same time */
	bool fits;       /* ports and descriptors suffice (or exhaustion is the subject) */
	char why_not[160];
};

struct plan {
	struct plan_host host;
	struct plan_case *item; /* one per case */
	size_t count;
	int batches;     /* per round of repeats */
	int64_t rounds;  /* the largest `repeats` */
	int64_t wall_ns; /* whole run, expected */
};

/* How long one TIME_WAIT may last on a kernel with `hz`: low, mean and high, ns, and the timer's
 * step.  With hz 0 (unknown) the coarsest wheel in use is assumed, that of HZ=100. */
void plan_lifetime(int64_t hz, int64_t *low, int64_t *mean, int64_t *high, int64_t *step);

/* `s` must outlive the plan.  Release with plan_release.  0; -EINVAL when a case cannot succeed (err
 * says which and why); -ENOMEM. */
int plan_make(const struct scenario *s, const struct plan_host *host, struct plan *ret,
	      struct err *err);
void plan_release(struct plan *p);

/* The order in which the batches of a round (from 1) run: a shuffle that `seed` decides.  `order` has
 * room for p->batches. */
void plan_order(const struct plan *p, int64_t seed, int64_t round, int *order);

/* Its first line, without the newline: cases, batches, repeats, time. */
void plan_print_line(const struct plan *p, const struct scenario *s, FILE *out);

/* Does any case need a lab? */
bool plan_needs_lab(const struct plan *p);

/* What --dry-run prints. */
void plan_print(const struct plan *p, const struct scenario *s, FILE *out);

#endif
