#include "base/hist.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HALF_BITS      10
#define HALF           (INT64_C(1) << HALF_BITS) /* sub-buckets that each power of two is cut in */
#define MAX_BITS       38
#define POWERS         (MAX_BITS - HALF_BITS) /* HdrHistogram's "buckets" */
#define TICKS_PER_HALF 5 /* lines of .hgrm text per halving of 1 - percentile */

_Static_assert(HIST_MAX_NS == (INT64_C(1) << MAX_BITS) - 1, "the last bucket ends at HIST_MAX_NS");

const size_t HIST_BUCKETS = (size_t)(POWERS + 1) * HALF;

int hist_init(struct hist *h)
{
	*h = HIST_EMPTY;
	return hist_reserve(h);
}

int hist_reserve(struct hist *h)
{
	if (!h->count)
		h->count = calloc(HIST_BUCKETS, sizeof(*h->count));
	return h->count ? 0 : -ENOMEM;
}

void hist_release(struct hist *h)
{
	if (!h)
		return;
	free(h->count);
	*h = HIST_EMPTY;
}

void hist_clear(struct hist *h)
{
	memset(h->count, 0, HIST_BUCKETS * sizeof(*h->count));
	*h = (struct hist){ .count = h->count, .min_ns = INT64_MAX };
}

size_t hist_bucket_of(int64_t value_ns)
{
	int shift;

	if (value_ns < 2 * HALF)
		return value_ns > 0 ? (size_t)value_ns : 0;
	if (value_ns > HIST_MAX_NS)
		value_ns = HIST_MAX_NS;
	shift = 63 - __builtin_clzll((unsigned long long)value_ns) - HALF_BITS;
	return (size_t)(shift * HALF + (value_ns >> shift));
}

static int bucket_shift(size_t i)
{
	return i < 2 * HALF ? 0 : (int)(i / HALF) - 1;
}

int64_t hist_bucket_low_ns(size_t i)
{
	assert(i < HIST_BUCKETS);
	return i < 2 * HALF ? (int64_t)i : ((int64_t)(i % HALF) + HALF) << bucket_shift(i);
}

int64_t hist_bucket_high_ns(size_t i)
{
	return hist_bucket_low_ns(i) + (INT64_C(1) << bucket_shift(i)) - 1;
}

void hist_record(struct hist *h, int64_t value_ns)
{
	hist_record_n(h, value_ns, 1);
}

void hist_record_n(struct hist *h, int64_t value_ns, int64_t n)
{
	if (n <= 0)
		return;
	if (value_ns < 0)
		value_ns = 0;
	h->count[hist_bucket_of(value_ns)] += n;
	h->total += n;
	h->sum_ns += (double)value_ns * (double)n;
	if (value_ns > HIST_MAX_NS)
		h->clamped += n;
	if (value_ns < h->min_ns)
		h->min_ns = value_ns;
	if (value_ns > h->max_ns)
		h->max_ns = value_ns;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	if (from->total == 0)
		return;
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		into->count[i] += from->count[i];
	into->total += from->total;
	into->clamped += from->clamped;
	into->sum_ns += from->sum_ns;
	if (from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

void hist_take(struct hist *into, struct hist *from)
{
	if (into->count) {
		hist_merge(into, from);
		hist_release(from);
	} else {
		*into = *from;
		*from = HIST_EMPTY;
	}
}

/* How many values lie at or below quantile q, at least one. */
static int64_t rank_of(const struct hist *h, double q)
{
	double rank = q * (double)h->total;

	/* 0.07 * 100 is 7.000000000000001: the last bits of a product must not add a value. */
	rank = ceil(rank - rank * 1e-12);
	if (!(rank >= 1))
		return 1;
	return rank < (double)h->total ? (int64_t)rank : h->total;
}

/* What is reported for bucket i: its upper end, which may lie above the greatest value recorded. */
static int64_t bucket_value_ns(const struct hist *h, size_t i)
{
	int64_t high_ns = hist_bucket_high_ns(i);

	return high_ns < h->max_ns ? high_ns : h->max_ns < HIST_MAX_NS ? h->max_ns : HIST_MAX_NS;
}

int64_t hist_quantile_any_ns(const struct hist *h, double q)
{
	int64_t seen = 0, rank;

	if (h->total == 0)
		return -1;
	rank = rank_of(h, q);
	for (size_t i = hist_bucket_of(h->min_ns); i < HIST_BUCKETS; i++) {
		seen += h->count[i];
		if (seen >= rank)
			return bucket_value_ns(h, i);
	}
	return h->max_ns; /* not reached: the counts sum to total */
}

int64_t hist_quantile_ns(const struct hist *h, double q)
{
	/* 1 - 0.9 is a little less than 0.1: a hundred values must still name p90. */
	if ((double)h->total * (1 - q) < 10 * (1 - 1e-9))
		return -1;
	return hist_quantile_any_ns(h, q);
}

double hist_mean_ns(const struct hist *h)
{
	return h->total > 0 ? h->sum_ns / (double)h->total : NAN;
}

static double deviation_ns(const struct hist *h)
{
	double mean = hist_mean_ns(h), sum = 0;

	for (size_t i = 0; i < HIST_BUCKETS && h->total > 0; i++) {
		double middle =
			((double)hist_bucket_low_ns(i) + (double)hist_bucket_high_ns(i)) / 2;

		if (h->count[i] > 0)
			sum += (middle - mean) * (middle - mean) * (double)h->count[i];
	}
	return h->total > 0 ? sqrt(sum / (double)h->total) : 0;
}

/* The next level: steps of 1/5 of what is left of the current halving of 1 - q. */
static double next_level(double q)
{
	double halvings = floor(log2(1 / (1 - q))) + 1;

	return q + 1 / (TICKS_PER_HALF * exp2(halvings));
}

int hist_write_hgrm(const struct hist *h, FILE *out)
{
	int64_t seen = 0;
	double q = 0;

	(void)fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		      "1/(1-Percentile)");
	for (size_t i = 0; i < HIST_BUCKETS && seen < h->total; i++) {
		seen += h->count[i];
		for (; h->count[i] > 0 && seen < h->total && rank_of(h, q) <= seen;
		     q = next_level(q))
			(void)fprintf(out, "%12.3f %2.12f %10" PRId64 " %14.2f\n",
				      (double)bucket_value_ns(h, i) / 1e3, q, seen, 1 / (1 - q));
		if (seen == h->total)
			(void)fprintf(out, "%12.3f %2.12f %10" PRId64 " %14s\n",
				      (double)bucket_value_ns(h, i) / 1e3, 1.0, seen, "inf");
	}
	(void)fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
		      h->total > 0 ? hist_mean_ns(h) / 1e3 : 0, deviation_ns(h) / 1e3);
	(void)fprintf(out, "#[Max     = %12.3f, Total count    = %12" PRId64 "]\n",
		      (double)h->max_ns / 1e3, h->total);
	(void)fprintf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", POWERS, (int)(2 * HALF));
	return ferror(out) ? -EIO : 0;
}
