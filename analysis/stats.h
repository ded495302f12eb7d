/*
 * stats: what can be said of a handful of repeats.  Pure; no assumption of a normal distribution.
 *
 * Inputs are finite numbers (callers leave unknown ones out).  Random draws come from a seed, so a
 * report made twice says the same.
 */
#ifndef TWBENCH_ANALYSIS_STATS_H
#define TWBENCH_ANALYSIS_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Sort in place, rising. */
void stats_sort(double *x, size_t n);

/* Quantile q (0..1) of sorted values, interpolated between neighbours (Hyndman and Fan's type 7).
 * NAN when n is 0. */
double stats_quantile(const double *sorted, size_t n, double q);

/* Median of values in any order.  NAN when n is 0 or memory is short. */
double stats_median(const double *x, size_t n);

struct stats_interval {
	double low, high;
};

/*
 * Percentile bootstrap interval of the median at `confidence` (0.95), from `draws` resamples.  With 4 to
 * 30 values it holds the true median in 89 to 97 of 100 trials, not always in 95.  Under 3 values it is the whole range: nothing better can be said.  {NAN, NAN} when n is 0 or memory
 * is short.
 */
struct stats_interval stats_median_interval(const double *x, size_t n, double confidence, int draws,
					    uint64_t seed);

/* The same of the difference of two medians, y - x: each sample is drawn from by itself. */
struct stats_interval stats_change_interval(const double *x, size_t nx, const double *y, size_t ny,
					    double confidence, int draws, uint64_t seed);

/*
 * Mann-Whitney: the two-sided probability of ranks at least as far from even if both samples came
 * from one distribution.  Exact (ties included) up to STATS_EXACT_MAX values in all, the normal
 * approximation with tie correction above.  1 when a sample is empty or all values are equal.
 * With 3 against 3 it cannot be below 0.1.  NAN when memory is short.
 */
#define STATS_EXACT_MAX 40
double stats_mann_whitney(const double *x, size_t nx, const double *y, size_t ny);

/* The least p that nx against ny values can give: is a test worth making at all? */
double stats_mann_whitney_least(size_t nx, size_t ny);

/* Hodges-Lehmann: the median of all differences y - x, the shift between the samples.  NAN when a
 * sample is empty or memory is short. */
double stats_shift(const double *x, size_t nx, const double *y, size_t ny);

/*
 * A family of Mann-Whitney tests on the same nx + ny repeats: `value` holds `metrics` rows of nx + ny
 * values, those of x first.  Sets adjusted[m] (Westfall and Young's single-step max-T: the share of
 * divisions into nx and ny in which the greatest standardised rank sum of all metrics is at least
 * that of m) and least[m], what complete separation of m would give.  Every division is tried up to
 * STATS_DIVISIONS_MAX, else so many drawn from `seed`.  0 or -ENOMEM.
 */
#define STATS_DIVISIONS_MAX 20000
int stats_family(const double *value, size_t metrics, size_t nx, size_t ny, uint64_t seed,
		 double *adjusted, double *least);

#endif
