/*
 * derive: numbers about TIME_WAIT that no single witness gives.  Pure; fills r->time_wait.
 *
 * From the samples: peak, when, drained, left, socket seconds, lifetimes.  From the counters:
 * entered, recycled, overflowed.  From the captured teardowns: the peak there must have been.  What whoever
 * saw the flows has set already (reopened, expected_peak, lifetimes) is kept: the record does not
 * hold the times it needs.
 */
#ifndef TWBENCH_ANALYSIS_DERIVE_H
#define TWBENCH_ANALYSIS_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

/* include/net/tcp.h TCP_TIMEWAIT_LEN, and the most that the timer wheel adds (HZ=100: 5.12 s). */
#define DERIVE_LIFETIME_NS INT64_C(60000000000)
#define DERIVE_STEP_MAX_NS INT64_C(5120000000)

/* Recompute r->time_wait; expected_peak and lifetimes only where they are unknown. */
void derive(struct record_repeat *r);

/* From the first connection until nothing but TIME_WAIT was left is shorter than any TIME_WAIT, so
 * that all of them existed at once.  False when not known. */
bool derive_is_short(const struct record_repeat *r);

/* TIME_WAITs by the captured teardowns: connections whose holder includes `side`.  RECORD_NONE
 * without a capture. */
int64_t derive_holders(const struct record_repeat *r, enum side side);

/* Did anybody look at this side?  Of a server that is not ours (topology host) nothing is known, and
 * nothing is not 0. */
bool derive_is_watched(const struct record_repeat *r, enum side side);

/* Sampling period: as noted by the witness "sampler", else the least distance of two samples. */
int64_t derive_period_ns(const struct record_repeat *r);

/* How wrong a time read off the samples can be: the longest gap if it is known, else the period. */
int64_t derive_sample_gap_ns(const struct record_repeat *r);

/* The most entries (sorted times, ns) that lie within one lifetime: the peak they make if each
 * lasts exactly so long.  With 60 s a lower bound, with 60 s + step an upper one. */
int64_t derive_peak(const int64_t *entry_ns, size_t count, int64_t lifetime_ns);

#endif
