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
	test_bound();
	return test_done();
}
