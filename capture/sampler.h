/*
 * sampler: counts of TCP sockets by state, per side, over time.
 *
 * Owns one thread between start and stop; watches one namespace per side, or one for both (then ends are
 * told apart by the server's ports).  Per sample and namespace: sockstat's `tw` (0.03 ms) and a
 * sock_diag dump of everything but TIME_WAIT, whose FIN-WAIT-2 minisocks (timer 3) are taken from `tw`
 * to leave TIME_WAIT proper.  When the namespace is shared TIME_WAIT is dumped too.
 *
 * Samples fall on a fixed grid (start + k * period); one that could not be taken in its slot is
 * counted in `missed`.  When a dump costs more than a fifth of the period, dumps are thinned out
 * (`dump_every` says how far) while `tw` is still read at every sample; between dumps the other
 * columns keep their last value.
 */
#ifndef TWBENCH_CAPTURE_SAMPLER_H
#define TWBENCH_CAPTURE_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/series.h"
#include "capture/counters.h"

struct err;
struct sampler;

struct sampler_options {
	int64_t period_ns;          /* 1 ms .. 60 s */
	int64_t origin_ns;          /* mono time that counts as 0 in the series */
	size_t capacity;            /* rows to reserve */
	int diag_fd[SIDE_COUNT];    /* from diag_open() in each namespace; not owned */
	struct counter_files files[SIDE_COUNT]; /* not owned */
	bool shared;                /* one namespace: only index 0 is used */
	uint16_t server_port_low, server_port_high;
	int cpu;                    /* pin the thread; -1: do not */
};

/* The newest counts, for progress and for waiting; written by the sampler's thread only. */
struct sampler_now {
	int64_t taken;                 /* number of samples so far */
	int64_t t_ns;
	int32_t time_wait[SIDE_COUNT];
	int32_t open[SIDE_COUNT];      /* all else but LISTEN */
};

struct sampler_report {
	int64_t expected, taken, missed; /* expected = taken + missed */
	int64_t rows_lost;               /* series was full */
	int64_t interrupted;             /* dumps that the kernel marked so */
	int64_t max_lag_ns;              /* latest start of a sample after its slot */
	int64_t dumps, dump_max_ns, dump_mean_ns, dump_every;
	int64_t disagreements;           /* samples whose full dump (every 1 s) and tw differed */
	int64_t cpu_ns;
	int error;                       /* errno of the first failed read; 0 if none */
};

/* Returns 0 or -ENOMEM, -EINVAL, -EAGAIN with *err; nothing to free then. */
int sampler_start(const struct sampler_options *o, struct sampler **ret, struct err *err);

/* Consistent copy of the newest counts (a sequence lock; never blocks the sampler). */
void sampler_now(const struct sampler *s, struct sampler_now *ret);

/* Wait until a sample that *began* after this call has been taken.  0 or -ETIMEDOUT. */
int sampler_wait_fresh(struct sampler *s, int64_t deadline_ns, struct sampler_now *ret);

/* Stop and free.  The series (rows in time order) is moved to *ret_series. */
void sampler_stop(struct sampler *s, struct series *ret_series, struct sampler_report *ret);

#endif
