#include "tests/test.h"

#include <math.h>

#include "analysis/stats.h"

static bool near(double got, double want)
{
	bool same = fabs(got - want) < 1e-9;

	if (!same)
		printf("# got %.12g, want %.12g\n", got, want);
	return same;
}

static void test_quantiles(void)
{
	const double one[] = { 7 }, four[] = { 1, 2, 3, 10 }, odd[] = { 5, 1, 4, 2, 3 };
	double mixed[] = { 3, -1, 2 };

	ok(isnan(stats_quantile(one, 0, 0.5)), "no values: no quantile");
	ok(near(stats_quantile(one, 1, 0.99), 7), "one value is every quantile");
	ok(near(stats_quantile(four, 4, 0), 1) && near(stats_quantile(four, 4, 1), 10), "ends");
	ok(near(stats_quantile(four, 4, 0.5), 2.5), "between the middle two");
	ok(near(stats_quantile(four, 4, 0.9), 7.9), "type 7 interpolation");
	ok(near(stats_quantile(four, 4, 2), 10), "q is clamped");
	ok(near(stats_median(odd, 5), 3), "median of unsorted values");
	ok(odd[0] == 5, "... which stay as they were");
	ok(isnan(stats_median(odd, 0)), "no values: no median");
	stats_sort(mixed, 3);
	ok(mixed[0] == -1 && mixed[2] == 3, "sorted");
}

static void test_bootstrap(void)
{
	const double x[] = { 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 }, same[] = { 4, 4, 4, 4 };
	struct stats_interval a = stats_median_interval(x, 10, 0.95, 2000, 42);
	struct stats_interval b = stats_median_interval(x, 10, 0.95, 2000, 42);
	struct stats_interval c = stats_median_interval(same, 4, 0.95, 200, 1);
	struct stats_interval d = stats_median_interval(x, 2, 0.95, 200, 1);
	struct stats_interval e = stats_median_interval(x, 10, 0.5, 2000, 42);

	ok(a.low == b.low && a.high == b.high, "the same seed gives the same interval");
	ok(a.low < 14.5 && 14.5 < a.high, "the median is inside: %g to %g", a.low, a.high);
	ok(a.low >= 11 && a.low <= 13 && a.high >= 16 && a.high <= 18,
	   "95 %% of ten values is about +-3");
	ok(e.low > a.low && e.high < a.high, "less confidence, narrower");
	ok(c.low == 4 && c.high == 4, "equal values: no width");
	ok(d.low == 10 && d.high == 11, "two values: their range");
	ok(isnan(stats_median_interval(x, 0, 0.95, 10, 1).low), "no values: no interval");
}

/* Exact values: tables of Mann and Whitney, and counting by hand. */
static void test_mann_whitney(void)
{
	const double a3[] = { 1, 2, 3 }, b3[] = { 4, 5, 6 }, a5[] = { 1, 2, 3, 4, 5 };
	const double b5[] = { 6, 7, 8, 9, 10 }, mixed[] = { 2, 4, 6, 8, 10 },
		     odd[] = { 1, 3, 5, 7, 9 };
	const double tied[] = { 1, 1, 2 }, tied2[] = { 2, 2, 3 }, flat[] = { 5, 5, 5 };
	double many[30], more[30];

	ok(near(stats_mann_whitney(a3, 3, b3, 3), 0.1), "3 against 3, apart: 2/20");
	ok(near(stats_mann_whitney(b3, 3, a3, 3), 0.1), "... and the other way round");
	ok(near(stats_mann_whitney(a5, 5, b5, 5), 2.0 / 252), "5 against 5, apart: 2/252");
	ok(near(stats_mann_whitney(odd, 5, mixed, 5), 0.690476190476),
	   "interleaved: U = 10, p = 174/252");
	ok(near(stats_mann_whitney(tied, 3, tied2, 3), 0.3), "ties by midranks: 6/20");
	ok(near(stats_mann_whitney(flat, 3, flat, 3), 1), "all equal: 1");
	ok(near(stats_mann_whitney(a3, 0, b3, 3), 1), "an empty sample: 1");
	ok(near(stats_mann_whitney_least(3, 3), 0.1) &&
		   near(stats_mann_whitney_least(5, 5), 2.0 / 252),
	   "the least p is that of samples apart");
	ok(near(stats_mann_whitney_least(1, 1), 1), "1 against 1 can never tell");
	for (int i = 0; i < 30; i++) {
		many[i] = i;
		more[i] = i + 20;
	}
	ok(stats_mann_whitney(many, 30, more, 30) < 1e-7,
	   "30 against 30, shifted: the normal approximation");
	ok(stats_mann_whitney(many, 30, many, 30) > 0.99, "... and not shifted");
	ok(fabs(stats_mann_whitney(many, 20, more, 20) - stats_mann_whitney(many, 21, more, 20)) <
		   1e-3,
	   "exact and approximate meet");
}

/* x has the lowest ranks but for `u` places that its greatest ones have moved up. */
static double p_of_u(size_t n, size_t u)
{
	double x[20], y[20];
	size_t k = 0;

	for (size_t i = n; i-- > 0;) {
		size_t by = u < n ? u : n;

		x[i] = (double)(i + 1 + by);
		u -= by;
	}
	for (size_t rank = 1, i = 0; rank <= 2 * n; rank++) {
		if (i < n && (size_t)x[i] == rank)
			i++;
		else
			y[k++] = (double)rank;
	}
	return stats_mann_whitney(x, n, y, n);
}

/* The greatest U that is significant at 0.05, two-sided: the tables of every textbook. */
static void test_critical_values(void)
{
	static const struct {
		size_t n, u;
	} table[] = { { 4, 0 }, { 5, 2 }, { 6, 5 }, { 8, 13 }, { 10, 23 }, { 15, 64 }, { 20, 127 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ok(p_of_u(table[i].n, table[i].u) <= 0.05 &&
			   p_of_u(table[i].n, table[i].u + 1) > 0.05,
		   "%zu against %zu: U = %zu is the critical value", table[i].n, table[i].n,
		   table[i].u);
}

/* How often the interval holds the true difference, 0, of samples of one distribution. */
static void test_coverage(void)
{
	enum { TRIALS = 400, N = 5 };
	uint64_t state = 1;
	int held = 0;

	for (int t = 0; t < TRIALS; t++) {
		double v[2 * N];
		struct stats_interval i;

		for (int k = 0; k < 2 * N; k++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
			v[k] = (double)(state >> 11);
		}
		i = stats_change_interval(v, N, v + N, N, 0.95, 500, (uint64_t)t);
		held += i.low <= 0 && i.high >= 0;
	}
	ok(held >= TRIALS * 92 / 100 && held < TRIALS,
	   "5 against 5: the 95 %% interval held the truth %d times of %d", held, TRIALS);
}

static void test_shift(void)
{
	const double x[] = { 1, 2, 3 }, y[] = { 11, 12, 13 };

	ok(near(stats_shift(x, 3, y, 3), 10), "shift");
	ok(near(stats_shift(y, 3, x, 3), -10), "... and back");
	ok(isnan(stats_shift(x, 0, y, 3)), "no values: no shift");
}

int main(void)
{
	test_quantiles();
	test_bootstrap();
	test_mann_whitney();
	test_critical_values();
	test_coverage();
	test_shift();
	return test_done();
}
