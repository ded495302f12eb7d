#include <math.h>
#include <stdlib.h>

#include "base/mono.h"
#include "bench/arrival.h"
#include "tests/test.h"

static struct case_spec rate_spec(double per_s, int64_t duration_ns)
{
	return (struct case_spec){ .shape = LOAD_RATE, .rate_per_s = per_s, .duration_ns = duration_ns,
				   .seed = 42, .clients = 10 };
}

/* All arrivals of all threads, sorted; returns how many. */
static size_t collect(const struct case_spec *s, int64_t threads, int64_t *t, size_t room)
{
	size_t n = 0;

	for (int64_t i = 0; i < threads; i++) {
		struct arrival a;
		int64_t ns, client;

		arrival_init(&a, s, i, threads);
		while (n < room && arrival_next(&a, &ns, &client))
			t[n++] = ns;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && t[k - 1] > t[k]; k--) {
			int64_t swap = t[k];

			t[k] = t[k - 1];
			t[k - 1] = swap;
		}
	return n;
}

static void test_constant(void)
{
	struct case_spec s = rate_spec(200, 8 * NS_PER_S);
	int64_t t[2000];
	size_t n = collect(&s, 3, t, 2000), uneven = 0;

	is_int(n, 1600, "200/s for 8 s is 1600 arrivals, over three threads");
	is_int(t[0], 0, "the first at once");
	for (size_t i = 1; i < n; i++)
		uneven += llabs(t[i] - t[i - 1] - 5 * NS_PER_MS) > 1;
	is_int(uneven, 0, "all 5 ms apart");
	is_int((int64_t)arrival_expected(&s), 1600, "and that is what was expected");
	s.connections = 100;
	is_int(collect(&s, 3, t, 2000), 100, "a limit on connections holds over threads");
}

static void test_poisson(void)
{
	struct case_spec s = rate_spec(1000, 10 * NS_PER_S);
	static int64_t t[20000], again[20000];
	double sum = 0, squares = 0;
	size_t n;

	s.spacing = ARRIVAL_POISSON;
	n = collect(&s, 2, t, 20000);
	ok(n > 9600 && n < 10400, "about 10,000 arrivals (%zu): within 4 sigma", n);
	for (size_t i = 1; i < n; i++) {
		double gap = (double)(t[i] - t[i - 1]) / 1e6;

		sum += gap;
		squares += gap * gap;
	}
	sum /= (double)(n - 1);
	squares = sqrt(squares / (double)(n - 1) - sum * sum);
	ok(fabs(squares / sum - 1) < 0.1, "gaps are exponential: deviation / mean = %.3f", squares / sum);
	is_int(collect(&s, 2, again, 20000), (int64_t)n, "the same seed gives as many");
	ok(memcmp(t, again, n * sizeof(t[0])) == 0, "... at the same times");
}

static void test_steps(void)
{
	struct case_spec s = { .shape = LOAD_STEPS, .seed = 1, .clients = 1, .step_count = 2,
			       .step = { { 0, 100, 10 * NS_PER_S }, { 100, 100, 5 * NS_PER_S } } };
	int64_t t[2000];
	size_t n = collect(&s, 1, t, 2000), first = 0;

	is_int(n, 1000, "a ramp to 100/s in 10 s holds 500, the stair behind it 500");
	while (first < n && t[first] < 10 * NS_PER_S)
		first++;
	is_int(first, 500, "500 of them in the ramp");
	ok(llabs(t[125] - 5 * NS_PER_S) < NS_PER_MS, "a quarter of the ramp at half its time");
	ok(llabs(t[700] - t[699] - 10 * NS_PER_MS) < 2, "10 ms apart in the stair");
}

static void test_poll(void)
{
	struct case_spec s = { .shape = LOAD_POLL, .seed = 1, .clients = 5, .burst = 1,
			       .interval_ns = 1500 * NS_PER_MS, .duration_ns = 42 * NS_PER_S };
	int64_t t[2000], of[5] = { 0 }, ns, client;
	struct arrival a;

	is_int(collect(&s, 2, t, 2000), 140, "the thread's 5 clients every 1.5 s: 140 in 42 s");
	is_int((int64_t)arrival_expected(&s), 140, "and that is what was expected");
	arrival_init(&a, &s, 0, 1);
	while (arrival_next(&a, &ns, &client))
		of[client]++;
	for (int i = 0; i < 5; i++)
		is_int(of[i], 28, "client %d comes 28 times", i);
	s.clients = 50;
	s.burst = 5;
	is_int(collect(&s, 2, t, 2000), 2000, "50 clients with 5 each: more than fit here");
	ok(fabs(arrival_expected(&s) / 42 - 166.67) < 0.5, "about 166.7 a second");
	s.duration_ns = 3 * NS_PER_S;
	is_int(collect(&s, 2, t, 2000), 500, "two visits of 50 clients with 5 each");
}

static void test_sizes(void)
{
	struct size_dist d = { .count = 2, .range = { { 50, 50, 9 }, { 51, 2040, 1 } } };
	uint64_t random = 7;
	int64_t small = 0, outside = 0;

	for (int i = 0; i < 10000; i++) {
		int64_t n = size_dist_pick(&d, &random);

		small += n == 50;
		outside += n < 50 || n > 2040;
	}
	ok(small > 8800 && small < 9200, "nine in ten are 50 bytes (%lld of 10000)", (long long)small);
	is_int(outside, 0, "none outside the ranges");
}

int main(void)
{
	test_constant();
	test_poisson();
	test_steps();
	test_poll();
	test_sizes();
	return test_done();
}
