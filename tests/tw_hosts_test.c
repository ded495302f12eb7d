#include "analysis/tw_hosts.h"

#include "base/mono.h"
#include "tests/test.h"

static struct endpoint host(const char *addr, uint16_t port)
{
	struct endpoint e = { .port = port };

	(void)endpoint_parse(addr, port, &e);
	return e;
}

static void test_sums(void)
{
	struct endpoint a = host("10.0.0.1", 1), a2 = host("10.0.0.1", 2), b = host("fd00::1", 1);
	struct tw_hosts h;

	ok(tw_hosts_init(&h) == 0, "init");
	tw_hosts_add(&h, &b, 10 * NS_PER_S, 11 * NS_PER_S, TW_EXPIRED);
	tw_hosts_add(&h, &a, 10 * NS_PER_S, 12 * NS_PER_S, TW_EXPIRED);
	tw_hosts_add(&h, &a2, 11 * NS_PER_S, 13 * NS_PER_S, TW_BY_RST);
	tw_hosts_add(&h, &a, 20 * NS_PER_S, 21 * NS_PER_S, TW_BY_SYN);
	tw_hosts_finish(&h, 20 * NS_PER_S + NS_PER_S / 2);
	is_int(h.count, 2, "two hosts, whatever their ports");
	ok(h.host[0].addr.family == 4 && h.host[0].count == 3, "the fuller one first");
	is_int(h.host[0].peak, 2, "two at once");
	is_int(h.host[1].peak, 1, "one at the other");
	is_int(h.host[0].held_at_end, 1, "one is left when the capture ends");
	is_int(h.host[1].held_at_end, 0, "none at the other");
	ok(h.host[0].by_rst == 1 && h.host[0].by_syn == 1, "ended by a RST, by a SYN");
	ok(h.all.count == 4 && h.all.peak == 2, "all together");
	tw_hosts_release(&h);
}

/* Later, earlier, from 0 on, and so far apart that the bins must widen: nothing is lost. */
static void test_span(void)
{
	static const int64_t starts_s[] = { 1000, 5, 100000, 0, 2000000000, 999 };
	struct endpoint a = host("10.0.0.1", 1);
	struct tw_hosts h;
	int64_t held = 0, sum = 0;

	(void)tw_hosts_init(&h);
	for (size_t i = 0; i < 6; i++)
		tw_hosts_add(&h, &a, starts_s[i] * NS_PER_S, INT64_MAX / 2, TW_EXPIRED);
	tw_hosts_finish(&h, INT64_MAX / 2);
	for (size_t i = 0; i < TW_BINS; i++) {
		held = tw_host_step(&h.host[0], i, held);
		sum += h.host[0].change[i] > 0 ? h.host[0].change[i] : 0;
	}
	is_int(held, 0, "what began has ended");
	ok(h.host[0].peak == 6 && sum > 0 && sum <= 6, "six at once");
	ok(h.origin_ns <= 0 && h.width_ns > NS_PER_S, "the bins cover it all");
	tw_hosts_release(&h);
}

/* The bins are as narrow as the span allows, wherever in time it lies and whichever way it grew. */
static void test_width(void)
{
	static const int64_t starts_s[] = { 1700000000, INT64_C(1) << 31, 3, 1699999488 };
	static const int64_t steps_s[] = { 10, -10 };
	struct endpoint a = host("10.0.0.1", 1);

	for (size_t i = 0; i < 4 * 2; i++) {
		int64_t step_s = steps_s[i % 2], first_s = starts_s[i / 2] + (step_s < 0 ? 7200 : 0);
		struct tw_hosts h;

		(void)tw_hosts_init(&h);
		for (int64_t s = 0; s < 720; s++)
			tw_hosts_add(&h, &a, (first_s + s * step_s) * NS_PER_S,
				     (first_s + s * step_s + 60) * NS_PER_S, TW_EXPIRED);
		tw_hosts_finish(&h, (starts_s[i / 2] + 7200) * NS_PER_S);
		ok(h.width_ns <= 4 * INT64_C(7260) * NS_PER_S / TW_BINS,
		   "two hours from %lld s on, by %lld: bins of %lld ms", (long long)starts_s[i / 2],
		   (long long)step_s, (long long)(h.width_ns / NS_PER_MS));
		ok(h.host[0].count == 720 && h.host[0].peak >= 5 && h.host[0].peak <= 8,
		   "... six at once, to a bin: %lld", (long long)h.host[0].peak);
		tw_hosts_release(&h);
	}
}

/* From an odd place far from 0 back to it: the wider bins always begin at a multiple of their width. */
static void test_back(void)
{
	struct endpoint a = host("10.0.0.1", 1);
	struct tw_hosts h;

	(void)tw_hosts_init(&h);
	tw_hosts_add(&h, &a, INT64_C(12345678001) * NS_PER_MS, INT64_C(12345738001) * NS_PER_MS,
		     TW_EXPIRED);
	for (int64_t ms = 6172839000; ms > 0; ms /= 2)
		tw_hosts_add(&h, &a, ms * NS_PER_MS, ms * NS_PER_MS, TW_EXPIRED);
	tw_hosts_add(&h, &a, 0, 1, TW_EXPIRED);
	ok(h.origin_ns == 0 && h.width_ns <= 2 * INT64_C(12345738002) * NS_PER_MS / TW_BINS,
	   "back to 0: bins of %lld ms", (long long)(h.width_ns / NS_PER_MS));
	tw_hosts_release(&h);
}

/* What happens at a border is within. */
static void test_borders(void)
{
	struct endpoint a = host("10.0.0.1", 1);
	struct tw_hosts h;

	(void)tw_hosts_init(&h);
	tw_hosts_add(&h, &a, 0, TW_BINS * NS_PER_MS, TW_EXPIRED);
	tw_hosts_finish(&h, NS_PER_S * 60);
	is_int(h.all.held_at_end, 0, "one that ends where the span ended has ended");
	tw_hosts_release(&h);

	(void)tw_hosts_init(&h);
	tw_hosts_add(&h, &a, 5 * NS_PER_MS, 100 * NS_PER_MS, TW_EXPIRED);
	tw_hosts_finish(&h, 5 * NS_PER_MS);
	is_int(h.all.held_at_end, 1, "one that begins with the last packet is held");
	tw_hosts_release(&h);

	(void)tw_hosts_init(&h);
	for (int64_t s = 0; s < 3; s++) {
		struct endpoint b = host(s == 0 ? "10.0.0.1" : "10.0.0.2", 1);

		tw_hosts_add(&h, &b, s * NS_PER_S, s * NS_PER_S + 1, TW_EXPIRED);
	}
	tw_hosts_finish(&h, 3 * NS_PER_S);
	ok(h.host[0].count == 2 && h.host[0].peak == h.host[1].peak,
	   "of two with as many at once the one with more comes first");
	tw_hosts_release(&h);
}

static void test_bound(void)
{
	struct endpoint first = host("10.0.0.0", 1);
	struct tw_hosts h;

	(void)tw_hosts_init(&h);
	for (uint32_t i = 0; i < TW_HOSTS_MAX + 100; i++) {
		struct endpoint e = endpoint_plus(&first, i);

		tw_hosts_add(&h, &e, NS_PER_S, 61 * NS_PER_S, TW_EXPIRED);
	}
	tw_hosts_finish(&h, 2 * NS_PER_S);
	ok(h.count == TW_HOSTS_MAX && h.others == 100,
	   "hosts beyond the last are counted together");
	is_int(h.all.held_at_end, TW_HOSTS_MAX + 100, "... and among all");
	tw_hosts_release(&h);
}

int main(void)
{
	test_sums();
	test_span();
	test_width();
	test_back();
	test_borders();
	test_bound();
	return test_done();
}
