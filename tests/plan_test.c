/* Plans: the kernel's timer wheel, Little's law, ports, batches, and what cannot succeed. */
#include "bench/plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "tests/test.h"

static const struct plan_host host = {
	.cpus = 2,
	.config_hz = 250,
	.fd_limit = 20000,
	.port_low = 32768,
	.port_high = 60999,
	.lab = { .userns = true },
};

struct made {
	struct scenario s;
	struct plan p;
	struct err err;
	int code;
};

static void make_on(struct made *m, const char *text, const struct plan_host *h)
{
	memset(m, 0, sizeof(*m));
	m->code = scenario_parse("t.json", text, strlen(text), NULL, 0, &m->s, &m->err);
	if (m->code == 0)
		m->code = plan_make(&m->s, h, &m->p, &m->err);
}

static void make(struct made *m, const char *text)
{
	make_on(m, text, &host);
}

static void release(struct made *m)
{
	plan_release(&m->p);
	scenario_release(&m->s);
}

/* Measured: 2.048 s at HZ=250 (measured), 4.096 at 1000, 1.706 at 300, 5.12 at 100. */
static void test_lifetime(void)
{
	static const struct {
		int64_t hz, step_ms;
	} rows[] = { { 100, 5120 }, { 250, 2048 }, { 300, 1706 }, { 1000, 4096 }, { 0, 5120 } };
	int64_t low, mean, high, step;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plan_lifetime(rows[i].hz, &low, &mean, &high, &step);
		is_int(step / 1000000, rows[i].step_ms, "step at HZ=%d", (int)rows[i].hz);
		is_int(low, INT64_C(60000000000), "never less than 60 s");
		ok(high == low + step && mean == low + step / 2, "high and mean follow");
	}
}

/* The two loads of the question that all this came from, measured: plateaus of 201-207 and 10,025-10,325. */
static void test_little(void)
{
	struct made m;
	const struct plan_case *c;

	make(&m,
	     "{ \"load\": { \"clients\": 5, \"interval\": \"1500ms\", \"duration\": \"130s\" } }");
	c = m.p.item;
	is_int(m.code, 0, "5 clients every 1.5 s %s", m.err.text);
	ok(fabs(c->rate_per_s - 3.3333) < 0.001, "3.33/s");
	ok(labs((long)c->time_wait_peak[SIDE_CLIENT] - 203) <= 4, "203 TIME_WAITs: %lld",
	   (long long)c->time_wait_peak[SIDE_CLIENT]);
	is_int(c->time_wait_peak[SIDE_SERVER], 0, "none at the server");
	release(&m);
	make(&m, "{ \"load\": { \"clients\": 50, \"interval\": \"1500ms\", \"burst\": 5, "
		 "\"duration\": \"130s\" } }");
	c = m.p.item;
	ok(labs((long)c->time_wait_peak[SIDE_CLIENT] - 10170) <= 50, "10,170 TIME_WAITs: %lld",
	   (long long)c->time_wait_peak[SIDE_CLIENT]);
	ok(c->ehash_entries / 2 >= (uint32_t)c->time_wait_peak[SIDE_CLIENT] + 50,
	   "half of the hash, which is tcp_max_tw_buckets, holds them");
	release(&m);
	make(&m, "{ \"strategy\": \"keepalive\", \"load\": { \"rate\": 200, \"duration\": \"10s\","
		 " \"requests_per_connection\": 100 } }");
	is_int(m.p.item[0].attempts, 20, "keepalive: one connection for many requests");
	is_int(m.p.item[0].time_wait_peak[SIDE_CLIENT], 20, "and one TIME_WAIT");
	release(&m);
	make(&m, "{ \"strategy\": \"server-fin\", \"load\": { \"rate\": 1000, \"duration\": "
		 "\"60s\" } }");
	is_int(m.code, 0, "the server's TIME_WAITs take no port %s", m.err.text);
	is_int(m.p.item[0].time_wait_peak[SIDE_SERVER], 28232,
	       "but cannot be more than there are 4-tuples");
	release(&m);
}

static void test_limits_and_steps(void)
{
	struct made m;

	make(&m, "{ \"load\": { \"rate\": 1000, \"duration\": \"1m\", \"connections\": 5000 } }");
	is_int(m.p.item[0].attempts, 5000, "a limit of connections");
	is_int((m.p.item[0].load_ns + 500000) / 1000000, 5000, "ends the load early");
	release(&m);
	make(&m, "{ \"load\": { \"steps\": [{ \"from\": 0, \"to\": 400, \"duration\": \"10s\" },"
		 " { \"rate\": 400, \"duration\": \"10s\" }] } }");
	is_int(m.p.item[0].attempts, 6000, "a ramp and a stair");
	ok(fabs(m.p.item[0].rate_per_s - 300) < 0.01, "mean rate");
	release(&m);
	make(&m, "{ \"load\": { \"steps\": [{ \"rate\": 100, \"duration\": \"100s\" }] } }");
	ok(labs((long)m.p.item[0].time_wait_peak[SIDE_CLIENT] - 6102) <= 10,
	   "one long step is a rate: %lld", (long long)m.p.item[0].time_wait_peak[SIDE_CLIENT]);
	release(&m);
}

static void test_ports(void)
{
	static const char load[] = "{ \"load\": { \"rate\": 2000, \"duration\": \"20s\" }%s }";
	static const struct {
		const char *more;
		int code;
		const char *what;
	} rows[] = {
		{ "", -EINVAL, "40,000 connections do not fit into 28,232 ports" },
		{ ", \"exhaustion_expected\": true", 0, "unless that is the subject" },
		{ ", \"addressing\": { \"sources\": 2 }", 0, "two sources do" },
		{ ", \"addressing\": { \"destinations\": 2 }", 0, "two destinations do" },
		{ ", \"addressing\": { \"ports\": \"explicit\" }", 0, "explicit ports are reused" },
		{ ", \"addressing\": { \"ports\": \"explicit\" }, \"tuning\": { \"sysctl\": {"
		  " \"net.ipv4.tcp_timestamps\": 0 } }",
		  -EINVAL, "but not without timestamps" },
		{ ", \"tuning\": { \"sysctl\": { \"net.ipv4.tcp_tw_reuse\": 1 } }", 0,
		  "tcp_tw_reuse=1 gives them back after a second" },
		{ ", \"topology\": \"lo\"", 0, "as is the default on lo" },
		{ ", \"topology\": \"lo\", \"tuning\": { \"sysctl\": { \"net.ipv4.tcp_tw_reuse\": "
		  "0 } }",
		  -EINVAL, "which can be turned off" },
		{ ", \"topology\": \"lo-alias\"", -EINVAL, "lo-alias is no lo" },
		{ ", \"strategy\": \"server-fin\"", 0, "nor when the server holds them" },
		{ ", \"tuning\": { \"sysctl\": { \"net.ipv4.ip_local_port_range\": \"10000 60000\" "
		  "} }",
		  0, "a wider range does" },
	};
	char text[512];
	struct made m;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text), load, rows[i].more);
		make(&m, text);
		is_int(m.code, rows[i].code, "%s", rows[i].what);
		release(&m);
	}
	(void)snprintf(text, sizeof(text), load, "");
	make(&m, text);
	is_str(m.err.text,
	       "scenario 't': case 'client-fin' needs 40 000 ports at once and has 28 232: lower "
	       "the "
	       "load, set addressing.sources to 2, or say exhaustion_expected",
	       "numbers and a remedy");
	release(&m);
}

static void test_descriptors(void)
{
	struct plan_host poor = host;
	struct made m;

	poor.fd_limit = 1024;
	make_on(&m, "{}", &poor);
	is_int(m.code, -EINVAL, "1000 clients need more than 1024 descriptors");
	ok(strstr(m.err.text, "needs 1 064 file descriptors, the hard limit is 1 024"),
	   "which is said: %s", m.err.text);
	release(&m);
	make_on(&m, "{ \"load\": { \"clients\": 10 } }", &poor);
	is_int(m.code, 0, "10 do not");
	release(&m);
}

static void test_batches(void)
{
	struct made m;

	make(&m, "{ \"matrix\": { \"load.rate\": [1000, 1500, 1500, 1], \"strategy\": "
		 "[\"client-rst\"] } }");
	is_int(m.p.batches, 2, "a batch holds 4000/s");
	is_int(m.p.item[2].batch, 0, "1000 + 1500 + 1500");
	is_int(m.p.item[3].batch, 1, "and not one more");
	is_int(m.p.wall_ns, INT64_C(18000000000), "batches add up, cases of a batch do not");
	release(&m);
	make(&m, "{ \"strategy\": \"client-rst\", \"repeat\": 3, \"load\": { \"rate\": 1, "
		 "\"duration\": \"1s\" },"
		 " \"matrix\": { \"load.burst\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17] } }");
	is_int(m.p.batches, 2, "a batch holds 16 labs");
	is_int(m.p.rounds, 3, "three rounds");
	is_int(m.p.wall_ns, INT64_C(12000000000), "of both batches");
	release(&m);
	make(&m, "{ \"cases\": { \"a\": { \"load\": { \"rate\": 5 } }, \"b\": { \"load\": { "
		 "\"shape\": \"saturate\" } },"
		 " \"c\": { \"load\": { \"rate\": 5 } }, \"d\": { \"load\": { \"rate\": 1500 }, "
		 "\"exhaustion_expected\": true },"
		 " \"e\": {}, \"f\": {} } }");
	const int want[] = { 0, 1, 2, 3, 4, 4 };
	for (size_t i = 0; i < 6; i++)
		is_int(m.p.item[i].batch, want[i], "saturate and exhaustion run alone: %s",
		       m.s.cases[i].name);
	ok(isnan(m.p.item[1].rate_per_s), "saturate has no rate");
	is_int(m.p.item[1].attempts, -1, "and no known number of connections");
	is_int(m.p.item[1].client_threads, 2, "one per CPU");
	release(&m);
}

static void test_wall(void)
{
	struct made m;

	make(&m, "{}");
	is_int(m.p.wall_ns / 1000000, 1000 + 8000 + 62048, "start, load, one whole TIME_WAIT");
	release(&m);
	make(&m, "{ \"drain_max\": \"5s\" }");
	is_int(m.p.wall_ns / 1000000, 1000 + 8000 + 5000, "or the longest wait allowed");
	release(&m);
	make(&m, "{ \"strategy\": \"client-rst\" }");
	is_int(m.p.wall_ns / 1000000, 1000 + 8000, "nothing to wait for");
	release(&m);
}

static void test_shipped(void)
{
	char name[64], *text = NULL;
	size_t size;
	struct made m;

	for (size_t i = 0; i < scenario_shipped_count(); i++) {
		memset(&m, 0, sizeof(m));
		scenario_shipped_name(i, name, sizeof(name));
		m.code = scenario_load(name, NULL, 0, &m.s, &m.err);
		if (m.code == 0)
			m.code = plan_make(&m.s, &host, &m.p, &m.err);
		is_int(m.code, 0, "%s can be planned %s", name, m.err.text);
		FILE *out = open_memstream(&text, &size);

		plan_print(&m.p, &m.s, out);
		fclose(out);
		for (size_t j = 0; j < m.s.case_count; j++)
			ok(strstr(text, m.s.cases[j].name), "its plan names %s", m.s.cases[j].name);
		free(text);
		if (strcmp(name, "close-strategies") == 0) {
			is_int(m.p.batches, 1, "the default run is one batch");
			ok(m.p.wall_ns <= INT64_C(90000000000), "of at most 90 s");
		}
		if (strcmp(name, "smoke") == 0)
			ok(m.p.wall_ns <= INT64_C(5000000000), "smoke takes a few seconds");
		release(&m);
	}
}

/* Every batch once, the same for the same seed, another for another round. */
static void test_order(void)
{
	struct plan p = { .batches = 40 };
	int a[40], b[40], seen[40] = { 0 };
	bool whole = true;

	plan_order(&p, 42, 1, a);
	plan_order(&p, 42, 1, b);
	ok(memcmp(a, b, sizeof(a)) == 0, "a seed gives one order");
	for (int i = 0; i < 40; i++)
		seen[a[i]]++;
	for (int i = 0; i < 40; i++)
		whole = whole && seen[i] == 1;
	ok(whole, "... in which every batch stands once");
	plan_order(&p, 42, 2, b);
	ok(memcmp(a, b, sizeof(a)) != 0, "the next round has another");
	plan_order(&p, 43, 1, b);
	ok(memcmp(a, b, sizeof(a)) != 0, "so has another seed");
}

/* Not plan_probe(): it makes namespaces, which tests/lab_test.c does. */
static void test_probe(void)
{
	int64_t hz = plan_probe_hz();

	ok(hz >= 100 && hz <= 1000, "HZ is %lld", (long long)hz);
	plan_release(NULL);
}

int main(void)
{
	test_lifetime();
	test_little();
	test_limits_and_steps();
	test_ports();
	test_descriptors();
	test_batches();
	test_wall();
	test_shipped();
	test_order();
	test_probe();
	return test_done();
}
