/*
 * hist: a log-linear histogram of nanoseconds, exact to 3 significant digits, exactly mergeable.
 *
 * The layout is HdrHistogram's (lowest value 1, 2048 sub-buckets): below 2048 each value has its
 * own bucket, above that each power of two is cut in 1024.  Values over HIST_MAX_NS are not lost: they are
 * clamped into the last bucket and counted in `clamped`.  All memory is taken at init; recording
 * never allocates.  One writer per histogram; merge when the writers have stopped.  An empty one that
 * nobody records in needs no memory: HIST_EMPTY.
 */
#ifndef TWBENCH_BASE_HIST_H
#define TWBENCH_BASE_HIST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HIST_MAX_NS INT64_C(274877906943) /* 2^38 - 1: 274 s, beyond any timeout we allow */

struct hist {
	int64_t *count; /* HIST_BUCKETS of them; NULL: none was ever recorded */
	int64_t total;
	int64_t clamped;
	int64_t min_ns, max_ns; /* exact; min_ns is INT64_MAX while empty */
	double sum_ns;
};

#define HIST_EMPTY ((struct hist){ .min_ns = INT64_MAX })

extern const size_t HIST_BUCKETS;

/* Empty, and ready to record.  Returns 0 or -ENOMEM. */
int hist_init(struct hist *h);
/* Make HIST_EMPTY ready to record; of another nothing changes.  Returns 0 or -ENOMEM. */
int hist_reserve(struct hist *h);
void hist_release(struct hist *h);
void hist_clear(struct hist *h);

/* Negative values (a clock read twice out of order) count as 0. */
void hist_record(struct hist *h, int64_t value_ns);
void hist_record_n(struct hist *h, int64_t value_ns, int64_t n);

/* Add all of `from`; exact. */
void hist_merge(struct hist *into, const struct hist *from);
/* The same, where `into` may be HIST_EMPTY: it then has the memory of `from`, which is empty afterwards. */
void hist_take(struct hist *into, struct hist *from);

/*
 * The value at quantile q (0..1): the highest value of the bucket where the cumulated count reaches
 * ceil(q * total), but never more than max_ns.  -1 when empty, and when total is too small to name q (fewer than
 * 10 / (1 - q) values lie in it: p99.9 wants 10,000), because such a number would be noise.
 */
int64_t hist_quantile_ns(const struct hist *h, double q);

/* As above, without the refusal: for curves that show n beside them.  -1 only when empty. */
int64_t hist_quantile_any_ns(const struct hist *h, double q);

double hist_mean_ns(const struct hist *h); /* NaN when empty */

/* Lowest and highest value of bucket `i`, for readers of the sparse form in a record. */
int64_t hist_bucket_low_ns(size_t i);
int64_t hist_bucket_high_ns(size_t i);
size_t hist_bucket_of(int64_t value_ns);

/* Percentile distribution text that HdrHistogram's plotter opens; values in microseconds. */
int hist_write_hgrm(const struct hist *h, FILE *out);

#endif
