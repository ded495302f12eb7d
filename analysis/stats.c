#include "analysis/stats.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
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

struct stats_interval stats_change_interval(const double *x, size_t nx, const double *y, size_t ny,
					    double confidence, int draws, uint64_t seed)
{
	struct stats_interval ret = { NAN, NAN };
	double *room = calloc(nx + ny + 1, sizeof(*room));
	double *change = calloc((size_t)draws + 1, sizeof(*change));

	if (!room || !change || nx == 0 || ny == 0 || draws < 1)
		goto out;
	for (int i = 0; i < draws; i++)
		change[i] =
			resampled_median(y, ny, room, &seed) - resampled_median(x, nx, room, &seed);
	stats_sort(change, (size_t)draws);
	ret.low = stats_quantile(change, (size_t)draws, (1 - confidence) / 2);
	ret.high = stats_quantile(change, (size_t)draws, (1 + confidence) / 2);
out:
	free(room);
	free(change);
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

/* --- a family of tests ----------------------------------------------------------------------- */

struct family {
	size_t metrics, nx, n;
	double *rank;     /* midranks less their mean, over their deviation: metrics rows of n */
	double *distance; /* of the division as measured, one per metric */
	double *extreme;  /* of complete separation */
	size_t *at_least, *extreme_at_least;
	size_t divisions;
};

static double division_distance(const struct family *f, size_t m, const size_t *side)
{
	double sum = 0;

	for (size_t i = 0; i < f->nx; i++)
		sum += f->rank[m * f->n + side[i]];
	return fabs(sum);
}

static void count_division(struct family *f, const size_t *side)
{
	double greatest = 0;

	for (size_t m = 0; m < f->metrics; m++)
		greatest = fmax(greatest, division_distance(f, m, side));
	for (size_t m = 0; m < f->metrics; m++) {
		/* Sums of the same ranks in another order may differ in the last bit. */
		f->at_least[m] += greatest >= f->distance[m] - 1e-9;
		f->extreme_at_least[m] += greatest >= f->extreme[m] - 1e-9;
	}
	f->divisions++;
}

/* The next of the divisions in lexical order. */
static bool next_division(size_t *side, size_t nx, size_t n)
{
	for (size_t i = nx; i-- > 0;) {
		if (side[i] == n - nx + i)
			continue;
		side[i]++;
		for (size_t k = i + 1; k < nx; k++)
			side[k] = side[k - 1] + 1;
		return true;
	}
	return false;
}

static void draw_division(size_t *deck, size_t nx, size_t n, uint64_t *state)
{
	for (size_t i = 0; i < nx; i++) {
		size_t k = i + random_below(state, n - i), was = deck[i];

		deck[i] = deck[k];
		deck[k] = was;
	}
}

static int standard_ranks(struct family *f, const double *value, size_t m)
{
	double *all = calloc(f->n, sizeof(*all)), square = 0, low = 0, high = 0;
	size_t *rank = calloc(f->n, sizeof(*rank));
	double mean = (double)f->n + 1;

	if (!all || !rank) {
		free(all);
		free(rank);
		return -ENOMEM;
	}
	memcpy(all, value + m * f->n, f->n * sizeof(*all));
	stats_sort(all, f->n);
	(void)double_ranks(all, f->n, rank); /* ties are in the ranks */
	for (size_t i = 0; i < f->n; i++)
		square += ((double)rank[i] - mean) * ((double)rank[i] - mean);
	for (size_t i = 0; i < f->n; i++) {
		double deviation = square > 0 ? sqrt(square) : 1;
		double z = ((double)rank[i] - mean) / deviation;

		low += i < f->nx ? z : 0;
		high += i >= f->n - f->nx ? z : 0;
		for (size_t k = 0; k < f->n; k++)
			if (value[m * f->n + k] == all[i])
				f->rank[m * f->n + k] = z;
	}
	f->extreme[m] = fmax(fabs(low), fabs(high));
	free(all);
	free(rank);
	return 0;
}

static void go_through_divisions(struct family *f, size_t *side, uint64_t seed)
{
	double ways = 1;

	for (size_t i = 0; i < f->n; i++)
		side[i] = i;
	for (size_t m = 0; m < f->metrics; m++)
		f->distance[m] = division_distance(f, m, side);
	for (size_t i = 1; i <= f->nx; i++)
		ways = ways * (double)(f->n - f->nx + i) / (double)i;
	if (ways <= STATS_DIVISIONS_MAX) {
		do
			count_division(f, side);
		while (next_division(side, f->nx, f->n));
		return;
	}
	count_division(f, side); /* what was measured is one of them */
	while (f->divisions < STATS_DIVISIONS_MAX) {
		draw_division(side, f->nx, f->n, &seed);
		count_division(f, side);
	}
}

int stats_family(const double *value, size_t metrics, size_t nx, size_t ny, uint64_t seed,
		 double *adjusted, double *least)
{
	struct family f = { .metrics = metrics, .nx = nx, .n = nx + ny };
	size_t *side = calloc(f.n + 1, sizeof(*side)),
	       *counts = calloc(2 * metrics + 1, sizeof(*counts));
	int code = -ENOMEM;

	f.rank = calloc(metrics * f.n + 2 * metrics + 1, sizeof(*f.rank));
	if (!side || !counts || !f.rank)
		goto out;
	f.distance = f.rank + metrics * f.n;
	f.extreme = f.distance + metrics;
	f.at_least = counts;
	f.extreme_at_least = counts + metrics;
	code = 0;
	for (size_t m = 0; m < metrics && code == 0; m++)
		code = standard_ranks(&f, value, m);
	if (code < 0)
		goto out;
	go_through_divisions(&f, side, seed);
	for (size_t m = 0; m < metrics; m++) {
		adjusted[m] = (double)f.at_least[m] / (double)f.divisions;
		least[m] = (double)f.extreme_at_least[m] / (double)f.divisions;
	}
out:
	free(side);
	free(counts);
	free(f.rank);
	return code;
}
