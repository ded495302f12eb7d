#include "analysis/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *x, size_t n)
{
	if (n > 1)
		qsort(x, n, sizeof(*x), compare);
}

double stats_quantile(const double *sorted, size_t n, double q)
{
	double at, whole;
	size_t i;

	if (n == 0)
		return NAN;
	at = fmin(fmax(q, 0), 1) * (double)(n - 1);
	whole = floor(at);
	i = (size_t)whole;
	if (i + 1 >= n)
		return sorted[n - 1];
	return sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]);
}

static double *copy_sorted(const double *x, size_t n)
{
	double *y = n > 0 ? calloc(n, sizeof(*y)) : NULL;

	if (!y)
		return NULL;
	memcpy(y, x, n * sizeof(*y));
	stats_sort(y, n);
	return y;
}

double stats_median(const double *x, size_t n)
{
	double *sorted = copy_sorted(x, n);
	double median = sorted ? stats_quantile(sorted, n, 0.5) : NAN;

	free(sorted);
	return median;
}

/* --- bootstrap ------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Lemire's multiplication; its bias at n < 2^32 of 2^64 is below 2^-32. */
static size_t random_below(uint64_t *state, size_t n)
{
	return (size_t)(((next_random(state) >> 32) * (uint64_t)n) >> 32);
}

static double resampled_median(const double *x, size_t n, double *room, uint64_t *state)
{
	for (size_t i = 0; i < n; i++)
		room[i] = x[random_below(state, n)];
	stats_sort(room, n);
	return stats_quantile(room, n, 0.5);
}

struct stats_interval stats_median_interval(const double *x, size_t n, double confidence, int draws,
					    uint64_t seed)
{
	struct stats_interval ret = { NAN, NAN };
	double *sorted = copy_sorted(x, n), *room = NULL, *medians = NULL;

	if (!sorted)
		return ret;
	if (n < 3 || draws < 1) {
		ret = (struct stats_interval){ sorted[0], sorted[n - 1] };
		goto out;
	}
	room = calloc(n, sizeof(*room));
	medians = calloc((size_t)draws, sizeof(*medians));
	if (!room || !medians)
		goto out;
	for (int i = 0; i < draws; i++)
		medians[i] = resampled_median(sorted, n, room, &seed);
	stats_sort(medians, (size_t)draws);
	ret.low = stats_quantile(medians, (size_t)draws, (1 - confidence) / 2);
	ret.high = stats_quantile(medians, (size_t)draws, (1 + confidence) / 2);
out:
	free(sorted);
	free(room);
	free(medians);
	return ret;
}

/* --- Mann-Whitney ---------------------------------------------------------------------------- */

/* Twice the midrank of each value of `all` (sorted), so that ranks of ties stay whole.  Returns the
 * sum of t^3 - t over groups of t equal values. */
static double double_ranks(const double *all, size_t n, size_t *rank)
{
	double ties = 0;

	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && all[j] == all[i]; j++)
			;
		for (size_t k = i; k < j; k++)
			rank[k] = i + 1 + j;
		ties += pow((double)(j - i), 3) - (double)(j - i);
	}
	return ties;
}

static size_t rank_sum(const double *x, size_t nx, const double *all, const size_t *rank, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < nx; i++)
		for (size_t k = 0; k < n; k++)
			if (all[k] == x[i]) {
				sum += rank[k];
				break;
			}
	return sum;
}

/*
 * ways[k][s]: in how many ways k of the ranks sum to s; one rank is added at a time, so ties are
 * exact.  n <= 40: the largest number, C(40,20), is exact in a double.
 */
static double exact_p(const size_t *rank, size_t n, size_t nx, size_t observed)
{
	size_t most = n * (n + 1), width = most + 1, distance;
	double *ways = calloc((nx + 1) * width, sizeof(*ways)), far = 0, all = 0;
	size_t even = nx * (n + 1); /* twice the expected sum of midranks */

	if (!ways)
		return NAN;
	ways[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1 < nx ? i + 1 : nx; k > 0; k--)
			for (size_t s = most; s >= rank[i]; s--)
				ways[k * width + s] += ways[(k - 1) * width + s - rank[i]];
	distance = observed > even ? observed - even : even - observed;
	for (size_t s = 0; s < width; s++) {
		double w = ways[nx * width + s];

		all += w;
		if ((s > even ? s - even : even - s) >= distance)
			far += w;
	}
	free(ways);
	return far / all;
}

static double normal_p(double nx, double ny, double double_sum, double ties)
{
	double n = nx + ny, u = double_sum / 2 - nx * (nx + 1) / 2;
	double variance = nx * ny / 12 * (n + 1 - ties / (n * (n - 1)));
	double off = fabs(u - nx * ny / 2) - 0.5; /* continuity */

	return variance <= 0 ? 1 : fmin(1, erfc(fmax(off, 0) / sqrt(2 * variance)));
}

double stats_mann_whitney(const double *x, size_t nx, const double *y, size_t ny)
{
	size_t n = nx + ny, *rank = NULL, sum;
	double *all = NULL, ties, p = NAN;

	if (nx == 0 || ny == 0)
		return 1;
	all = calloc(n, sizeof(*all));
	rank = calloc(n, sizeof(*rank));
	if (!all || !rank)
		goto out;
	memcpy(all, x, nx * sizeof(*all));
	memcpy(all + nx, y, ny * sizeof(*all));
	stats_sort(all, n);
	ties = double_ranks(all, n, rank);
	sum = rank_sum(x, nx, all, rank, n);
	p = n <= STATS_EXACT_MAX ? exact_p(rank, n, nx, sum)
				 : normal_p((double)nx, (double)ny, (double)sum, ties);
out:
	free(all);
	free(rank);
	return p;
}

double stats_mann_whitney_least(size_t nx, size_t ny)
{
	double ways = 1;

	for (size_t i = 1; i <= nx; i++)
		ways = ways * (double)(ny + i) / (double)i;
	return fmin(1, 2 / ways);
}

double stats_shift(const double *x, size_t nx, const double *y, size_t ny)
{
	double *difference, median;
	size_t n = 0;

	if (nx == 0 || ny == 0)
		return NAN;
	difference = calloc(nx * ny, sizeof(*difference));
	if (!difference)
		return NAN;
	for (size_t i = 0; i < nx; i++)
		for (size_t j = 0; j < ny; j++)
			difference[n++] = y[j] - x[i];
	stats_sort(difference, n);
	median = stats_quantile(difference, n, 0.5);
	free(difference);
	return median;
}
