#include "base/hist.h"

#include <math.h>
#include <stdlib.h>

#include "tests/test.h"

#define VALUES 20000

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Spread over all magnitudes: as many values near 1 us as near 100 s. */
static int64_t next_value(uint64_t *state)
{
	int bits = (int)(next_random(state) % 38);

	return (int64_t)(next_random(state) & ((UINT64_C(1) << (bits + 1)) - 1)) & HIST_MAX_NS;
}

static int value_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void test_buckets(void)
{
	int64_t next_ns = 0, widest = 0;
	size_t gaps = 0, strays = 0;

	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		int64_t low = hist_bucket_low_ns(i), high = hist_bucket_high_ns(i);
		int64_t width_per_million = low > 0 ? (high - low) * 1000000 / low : 0;

		gaps += low != next_ns;
		strays += hist_bucket_of(low) != i || hist_bucket_of(high) != i;
		widest = width_per_million > widest ? width_per_million : widest;
		next_ns = high + 1;
	}
	is_int(gaps, 0, "each bucket begins where the one before ends");
	is_int(strays, 0, "both ends of a bucket lie in it");
	is_int(next_ns - 1, HIST_MAX_NS, "the last one ends at HIST_MAX_NS");
	ok(widest <= 1000, "no bucket is wider than 0.1 %% (%" PRId64 " per million)", widest);
	is_int(HIST_BUCKETS, 29696, "as many as HdrHistogram's for 1 .. 2^38-1 at 3 digits");
	is_int(hist_bucket_of(-5), 0, "negative values go to the first");
	is_int(hist_bucket_of(INT64_MAX), HIST_BUCKETS - 1, "huge ones to the last");
}

static void test_quantiles(void)
{
	static const double quantiles[] = { 0, 0.01, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };
	int64_t *value = calloc(VALUES, sizeof(*value));
	uint64_t state = 42;
	struct hist h;

	if (!ok(value && hist_init(&h) == 0, "memory"))
		return;
	for (int i = 0; i < VALUES; i++) {
		value[i] = next_value(&state);
		hist_record(&h, value[i]);
	}
	qsort(value, VALUES, sizeof(*value), value_compare);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		int rank = (int)ceil(quantiles[i] * VALUES - 1e-6);
		int64_t want = value[rank > 0 ? rank - 1 : 0];
		int64_t got = hist_quantile_any_ns(&h, quantiles[i]);

		ok(got >= want && (double)(got - want) <= 0.001 * (double)want,
		   "q %g: %" PRId64 " is within 0.1 %% of %" PRId64, quantiles[i], got, want);
	}
	is_int(h.min_ns, value[0], "least");
	is_int(h.max_ns, value[VALUES - 1], "greatest");
	is_int(hist_quantile_any_ns(&h, 1), h.max_ns, "q 1 is the greatest, not its bucket's end");
	hist_release(&h);
	free(value);
}

/* `from` is the same as `all`. */
static void test_take(struct hist *from, const struct hist *all)
{
	struct hist into = HIST_EMPTY, more;

	is_int(hist_quantile_any_ns(&into, 0.5), -1, "HIST_EMPTY has no median");
	hist_merge(&into, &HIST_EMPTY);
	is_int(into.total, 0, "... and nothing to merge");
	hist_take(&into, &HIST_EMPTY);
	ok(!into.count && into.min_ns == INT64_MAX, "... or to take");
	hist_take(&into, from);
	ok(into.total == all->total && into.count[hist_bucket_of(all->max_ns)] > 0, "taken whole");
	ok(!from->count && from->total == 0 && from->min_ns == INT64_MAX, "... what it was taken from is empty");
	ok(hist_init(&more) == 0 && hist_reserve(from) == 0, "memory");
	hist_record(&more, 7);
	hist_take(&into, &more);
	ok(into.total == all->total + 1 && !more.count, "... the next is added");
	is_int(hist_reserve(&into), 0, "memory that is there already");
	is_int(into.total, all->total + 1, "... stays as it is");
	hist_release(&into);
}

static void test_merge(void)
{
	struct hist all, part[2];
	uint64_t state = 7;

	ok(hist_init(&all) == 0 && hist_init(&part[0]) == 0 && hist_init(&part[1]) == 0, "memory");
	for (int i = 0; i < VALUES; i++) {
		int64_t v = next_value(&state) * (i % 1000 == 0 ? 1 << 20 : 1);

		hist_record(&all, v);
		hist_record(&part[i % 3 == 0], v);
	}
	hist_merge(&part[0], &part[1]);
	ok(memcmp(all.count, part[0].count, HIST_BUCKETS * sizeof(*all.count)) == 0,
	   "merged buckets are those of one histogram of all");
	ok(all.clamped > 0, "some values were over the top");
	is_int(part[0].clamped, all.clamped, "clamped");
	is_int(part[0].total, all.total, "total");
	is_int(part[0].min_ns, all.min_ns, "least");
	is_int(part[0].max_ns, all.max_ns, "greatest");
	ok(fabs(part[0].sum_ns - all.sum_ns) <= 1e-9 * all.sum_ns, "sum");
	hist_clear(&part[1]);
	is_int(part[1].total, 0, "cleared");
	is_int(part[1].min_ns, INT64_MAX, "least of none");
	hist_merge(&part[0], &part[1]);
	is_int(part[0].min_ns, all.min_ns, "merging none changes nothing");
	test_take(&part[0], &all);
	for (int first = 0; first < 2; first++) {
		hist_clear(&part[0]);
		hist_clear(&part[1]);
		hist_record(&part[first], 3);
		hist_record(&part[!first], 5);
		hist_merge(&part[0], &part[1]);
		ok(part[0].min_ns == 3 && part[0].max_ns == 5, "least and greatest, whoever had them");
	}
	hist_release(&all);
	hist_release(&part[0]);
	hist_release(&part[1]);
	hist_release(&part[1]);
	hist_release(NULL);
}

static void test_edges(void)
{
	struct hist h;

	ok(hist_init(&h) == 0, "memory");
	is_int(hist_quantile_any_ns(&h, 0.5), -1, "no median of nothing");
	is_int(hist_quantile_ns(&h, 0.5), -1, "nor this way");
	ok(isnan(hist_mean_ns(&h)), "no mean of nothing");
	hist_record(&h, -3);
	is_int(h.min_ns, 0, "a negative value counts as 0");
	hist_record_n(&h, 100, 0);
	hist_record_n(&h, 100, -1);
	is_int(h.total, 1, "none and fewer are not recorded");
	hist_record(&h, INT64_MAX);
	is_int(h.clamped, 1, "clamped");
	is_int(h.max_ns, INT64_MAX, "the greatest is exact nevertheless");
	is_int(hist_quantile_any_ns(&h, 1), HIST_MAX_NS, "its bucket is the last");
	hist_clear(&h);
	for (int i = 1; i <= 100; i++)
		hist_record(&h, i);
	is_int(hist_quantile_any_ns(&h, 0.07), 7, "0.07 of 100 is the 7th");
	is_int(hist_quantile_ns(&h, 0.5), 50, "median");
	is_int(hist_quantile_ns(&h, 0.9), 90, "100 values name p90");
	is_int(hist_quantile_ns(&h, 0.91), -1, "but not p91");
	is_int(hist_quantile_ns(&h, 1), -1, "and never the maximum");
	ok(fabs(hist_mean_ns(&h) - 50.5) < 1e-9, "mean");
	hist_record_n(&h, 100, 9899);
	is_int(hist_quantile_ns(&h, 0.999), -1, "9999 values do not name p99.9");
	hist_record(&h, 100);
	is_int(hist_quantile_ns(&h, 0.999), 100, "10000 do");
	hist_release(&h);
}

static void test_hgrm(void)
{
	char *text = NULL, *line, *rest = NULL;
	size_t size = 0, lines = 0;
	double last_value = -1, last_q = -1, value, q;
	long long count, last_count = 0;
	bool rising = true;
	struct hist h;
	FILE *out = open_memstream(&text, &size);

	if (!ok(out && hist_init(&h) == 0, "memory"))
		return;
	for (int i = 1; i <= 1000; i++)
		hist_record(&h, i * 1000);
	is_int(hist_write_hgrm(&h, out), 0, "written");
	(void)fclose(out); /* a stream in memory */
	ok(strstr(text, "Value     Percentile TotalCount 1/(1-Percentile)\n\n") != NULL, "heading");
	ok(strstr(text, "\n     500.") &&
		   strstr(text, " 0.500000000000        500           2.00\n"),
	   "the median, in microseconds");
	ok(strstr(text, "    1000.000 1.000000000000       1000            inf\n") != NULL,
	   "last line");
	ok(strstr(text, "#[Mean    =      500.500, StdDeviation   =      288.") != NULL, "mean");
	ok(strstr(text, "#[Max     =     1000.000, Total count    =         1000]\n") != NULL,
	   "max");
	ok(strstr(text, "#[Buckets =           28, SubBuckets     =         2048]\n") != NULL,
	   "layout");
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%lf %lf %lld", &value, &q, &count) != 3)
			continue;
		rising = rising && value >= last_value && q > last_q && count >= last_count;
		last_value = value, last_q = q, last_count = count;
		lines++;
	}
	ok(rising, "values, percentiles and counts rise");
	ok(lines > 30 && lines < 60, "about five lines per halving (%zu)", lines);
	hist_release(&h);
	free(text);
}

int main(void)
{
	test_buckets();
	test_quantiles();
	test_merge();
	test_edges();
	test_hgrm();
	return test_done();
}
