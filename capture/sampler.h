/*
 * sampler: counts of TCP sockets by state, per side, over time.
 *
 * Owns one thread between start and stop; watches one namespace per side, or one for both (then
 * ends are told apart by the server's ports: a socket whose own port is one of them is the
 * server's, one whose peer's port is, the client's, any other is nobody's).  How one sample is made
 * stands in capture/census.h.
 *
 * Samples fall on a fixed grid (start + k * period); one that could not be taken in its slot is
 * counted in `missed`, never made up for.  When dumps would cost more than capture/census.h allows,
 * they are thinned out (`dump_every` says how far) while sockstat's `tw` is still read at every
 * sample; between dumps the other columns keep their last value.  In a shared namespace `tw` is split between
 * the ends only as far as capture/census.h says; else TIME_WAIT keeps its last value too.
 */
#ifndef TWBENCH_CAPTURE_SAMPLER_H
#define TWBENCH_CAPTURE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/series.h"
#include "capture/counters.h"

struct err;
struct sampler;

struct sampler_options {
	int64_t period_ns;                      /* 1 ms .. 60 s */
	int64_t origin_ns;                      /* mono time that counts as 0 in the series */
	size_t capacity;                        /* rows to reserve */
	int diag_fd[SIDE_COUNT];                /* from diag_open() in each namespace; not owned */
	struct counter_files files[SIDE_COUNT]; /* not owned */
	int64_t only_since_ns;      /* shared: TIME_WAITs that began before (mono) are somebody else's; 0: count all */
	bool shared;                            /* one namespace: only index 0 is used */
	bool orphans;                           /* FIN-WAIT-2 minisocks abound: see capture/census.h */
	uint16_t server_port_low, server_port_high;
	int cpu; /* pin the thread; -1: do not */
};

/* The newest counts, for progress and for waiting; written by the sampler's thread only. */
struct sampler_now {
	int64_t taken; /* number of samples so far */
	int64_t t_ns;
	int32_t time_wait[SIDE_COUNT];
	int32_t open[SIDE_COUNT]; /* all else but LISTEN */
	int32_t fin_wait1[SIDE_COUNT]; /* ... of which */
};

struct sampler_report {
	int64_t expected, taken, missed; /* expected = taken + missed */
	int64_t rows_lost;               /* series was full */
	int64_t interrupted; /* dumps that the kernel marked so, or with more minisocks than tw */
	int64_t max_lag_ns;  /* latest start of a sample after its slot */
	int64_t max_gap_ns;  /* longest time from one sample to the next */
	int64_t dumps;       /* one per namespace and sample with a dump */
	int64_t dump_max_ns, dump_mean_ns;
	int64_t dump_cpu_ns;   /* CPU of the samples with a dump */
	int64_t dump_every;    /* at the worst time one sample in so many had a dump; 1: all had */
	int64_t compared;      /* full dumps (one a second) during which nothing moved */
	int64_t disagreements; /* ... whose minisocks were not as many as tw says */
	int64_t cpu_ns;
	int error; /* errno of the first failed read; 0 if none */
};

/*
 * Start; the first sample is taken at once.  All memory is taken here.  Returns 0, or -ENOMEM,
 * -EINVAL (an option out of its range, no such CPU) or -EAGAIN with *err; nothing to free then.
 */
int sampler_start(const struct sampler_options *o, struct sampler **ret, struct err *err);

/* Consistent copy of the newest counts (a sequence lock; never blocks the sampler). */
void sampler_now(const struct sampler *s, struct sampler_now *ret);

/*
 * Wait until a sample that *began* after this call has been taken, one with a dump, so that nothing
 * in *ret is older than the call; the next sample has a dump for it.  0, or -ETIMEDOUT with *ret
 * untouched.  Any thread.
 */
int sampler_wait_fresh(struct sampler *s, int64_t deadline_ns, struct sampler_now *ret);

/* The same for any sample: all but TIME_WAIT may be older. */
int sampler_wait_next(struct sampler *s, int64_t deadline_ns, struct sampler_now *ret);

/*
 * Stop and free; does not wait for the next slot.  The finished series (rows in time order) is
 * moved to *ret_series, which the caller releases.
 */
void sampler_stop(struct sampler *s, struct series *ret_series, struct sampler_report *ret);

#endif
