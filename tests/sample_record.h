/*
 * sample_record: a made-up run whose numbers are known and hang together, as the witnesses would
 * leave it: five strategies, 1600 connections each at 200/s, drained.  Nothing is derived yet.
 *
 * TIME_WAITs last 60 s rounded up to a timer step of 2.048 s, as on a kernel with HZ=250.
 */
#ifndef TWBENCH_TESTS_SAMPLE_RECORD_H
#define TWBENCH_TESTS_SAMPLE_RECORD_H

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mono.h"
#include "base/record.h"

#define SAMPLE_CONNECTIONS 1600
#define SAMPLE_RATE        200
#define SAMPLE_BEGIN_NS    (50 * NS_PER_MS)
#define SAMPLE_PERIOD_NS   (100 * NS_PER_MS)
#define SAMPLE_STEP_NS     (2048 * NS_PER_MS)
#define SAMPLE_END_NS      (72 * NS_PER_S)
#define SAMPLE_REQUEST     32
#define SAMPLE_REPLY       512

#define SAMPLE_ORDERLY (CLASS_BIT(TEARDOWN_ORDERLY_3) | CLASS_BIT(TEARDOWN_ORDERLY_4))

struct sample_case {
	const char *strategy, *summary;
	struct declared declared;
	enum teardown_class class;
	int64_t requests; /* on each connection */
};

static const struct sample_case sample_cases[] = {
	{ "client-fin",
	  "the client closes first: close() as soon as it has the reply",
	  { OUTCOME_OK,
	    SIDES_CLIENT,
	    SIDES_NONE,
	    SIDES_CLIENT,
	    SAMPLE_ORDERLY,
	    { { .time_wait = 1 }, { 0 } } },
	  TEARDOWN_ORDERLY_3,
	  1 },
	{ "server-fin",
	  "the server closes first; the client reads to end of file, then closes",
	  { OUTCOME_OK,
	    SIDES_SERVER,
	    SIDES_NONE,
	    SIDES_SERVER,
	    SAMPLE_ORDERLY,
	    { { 0 }, { .time_wait = 1 } } },
	  TEARDOWN_ORDERLY_3,
	  1 },
	{ "client-rst",
	  "the client aborts: SO_LINGER {1,0} and close()",
	  { OUTCOME_OK,
	    SIDES_NONE,
	    SIDES_CLIENT,
	    SIDES_NONE,
	    CLASS_BIT(TEARDOWN_ABORT),
	    { { .out_rsts = 1, .estab_resets = 1, .abort_on_data = 1 }, { .estab_resets = 1 } } },
	  TEARDOWN_ABORT,
	  1 },
	{ "server-rst",
	  "the server aborts after its reply: SO_LINGER {1,0} and close()",
	  { OUTCOME_RESET_AFTER_REPLY,
	    SIDES_NONE,
	    SIDES_SERVER,
	    SIDES_NONE,
	    CLASS_BIT(TEARDOWN_ABORT_BY_RESPONDER),
	    { { .estab_resets = 1 }, { .out_rsts = 1, .estab_resets = 1, .abort_on_data = 1 } } },
	  TEARDOWN_ABORT_BY_RESPONDER,
	  1 },
	{ "keepalive",
	  "k requests on each connection, then the client closes first",
	  { OUTCOME_OK,
	    SIDES_CLIENT,
	    SIDES_NONE,
	    SIDES_CLIENT,
	    SAMPLE_ORDERLY,
	    { { .time_wait = 1 }, { 0 } } },
	  TEARDOWN_ORDERLY_3,
	  20 },
};

#define SAMPLE_CASES (sizeof(sample_cases) / sizeof(sample_cases[0]))

/* xorshift64*: the same record on every machine. */
static double sample_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * UINT64_C(0x2545F4914F6CDD1D)) >> 11) / 9007199254740992.0;
}

static void sample_copy(char *to, size_t size, const char *text)
{
	(void)snprintf(to, size, "%s", text);
}

static int64_t sample_entry_ns(int64_t k, int64_t n)
{
	return SAMPLE_BEGIN_NS + 400 * NS_PER_US +
	       k * SAMPLE_CONNECTIONS / n * NS_PER_S / SAMPLE_RATE;
}

static int64_t sample_expiry_ns(int64_t entry_ns)
{
	int64_t due = entry_ns + 60 * NS_PER_S;

	return (due + SAMPLE_STEP_NS - 1) / SAMPLE_STEP_NS * SAMPLE_STEP_NS;
}

/* How many of n connections are in TIME_WAIT at t: those that entered, without those that left. */
static int32_t sample_time_wait(int64_t t, int64_t n)
{
	int64_t gone, low = 0, high = n;

	while (low < high) { /* each enters and leaves after the one before it */
		int64_t k = (low + high) / 2;

		if (sample_expiry_ns(sample_entry_ns(k, n)) <= t)
			low = k + 1;
		else
			high = k;
	}
	for (gone = low, high = n; low < high;) {
		int64_t k = (low + high) / 2;

		if (sample_entry_ns(k, n) <= t)
			low = k + 1;
		else
			high = k;
	}
	return (int32_t)(low - gone);
}

static void sample_series(const struct sample_case *s, struct record_repeat *r, int64_t n)
{
	int64_t load_end = SAMPLE_BEGIN_NS + 8 * NS_PER_S;

	(void)series_init(&r->series, (size_t)(SAMPLE_END_NS / SAMPLE_PERIOD_NS) + 2);
	for (int64_t t = 0, i = 0; t <= SAMPLE_END_NS; t += SAMPLE_PERIOD_NS, i++) {
		struct series_row row = { .t_ns = t };
		bool busy = t > SAMPLE_BEGIN_NS && t < load_end;

		for (int side = 0; side < SIDE_COUNT; side++) {
			if (sides_has(s->declared.time_wait, (enum side)side))
				row.count[side][COL_TIME_WAIT] = sample_time_wait(t, n);
			row.count[side][COL_ESTABLISHED] =
				busy ? (s->requests > 1 ? 10 : (int)(i % 3)) : 0;
		}
		(void)series_add(&r->series, &row);
	}
	series_finish(&r->series);
}

static void sample_latency(struct record_repeat *r, int64_t requests, int64_t n, uint64_t seed)
{
	if (hist_reserve(&r->service) < 0 || hist_reserve(&r->response) < 0 || hist_reserve(&r->connect) < 0)
		abort();
	for (int64_t i = 0; i < requests; i++) {
		double tail = -log(1 - sample_random(&seed));
		int64_t service = 90000 + (int64_t)(25000 * tail * tail);
		int64_t late =
			sample_random(&seed) < 0.01 ? (int64_t)(2e6 * sample_random(&seed)) : 3000;

		hist_record(&r->service, service);
		hist_record(&r->response, service + late);
		if (i < n)
			hist_record(&r->connect, 20000 + (int64_t)(6000 * tail));
	}
}

static void sample_ledger(const struct sample_case *s, struct record_ledger *l, int64_t n)
{
	int64_t requests = n * s->requests;

	*l = (struct record_ledger){ .attempted = n, .established = n };
	l->by_outcome[s->declared.outcome] = n;
	l->requests_attempted = l->requests_answered = requests;
	l->request_bytes_sent = l->server_request_bytes = requests * SAMPLE_REQUEST;
	l->reply_bytes_asked = l->reply_bytes_received = l->server_reply_bytes =
		requests * SAMPLE_REPLY;
	l->offered = n;
	l->late_max_ns = 412 * NS_PER_US;
	l->in_flight_peak = s->requests > 1 ? 10 : 2;
	l->accepted = n;
	l->server_reset = sides_has(s->declared.rst_from, SIDE_CLIENT) ? n : 0;
	l->server_clean = n - l->server_reset;
	l->load_ns = 8 * NS_PER_S;
	l->settle_ns = 3 * NS_PER_MS;
	l->target_rate_per_s = (double)requests / 8;
	l->achieved_rate_per_s = (double)requests / 8;
	l->first_no_port_ns = l->first_no_port_nth = l->first_no_port_late_ns = RECORD_NONE;
}

static void sample_capture(const struct sample_case *s, struct record_repeat *r, int64_t n)
{
	const struct declared *d = &s->declared;
	struct record_capture *c = &r->capture;

	*c = (struct record_capture){
		.flows = n, .syn = n, .syn_ack = n, .proven_start = true, .proven_end = true
	};
	for (int side = 0; side < SIDE_COUNT; side++) {
		c->fin[side] = d->first_fin == SIDES_NONE ? 0 : n;
		c->rst[side] = sides_has(d->rst_from, (enum side)side) ? n : 0;
	}
	c->tcp_packets = 3 * n + 4 * n * s->requests + (d->first_fin == SIDES_NONE ? n : 3 * n);
	c->packets = c->received = c->tcp_packets + 2;
	c->file_bytes = 24 + c->packets * 82;
	c->file = strdup("capture.pcap");
	for (int side = 0; side < SIDE_COUNT; side++)
		r->time_wait[side].reopened = r->time_wait[side].assassinated = 0;
	r->teardown[r->teardown_count++] =
		(struct record_teardown){ s->class, d->first_fin, d->rst_from, d->time_wait, n };
}

static void sample_count(struct record_repeat *r, int side, const char *name, int64_t before,
			 int64_t after)
{
	struct record_counters *c = &r->counters[side];

	c->item = realloc(c->item, (c->count + 1) * sizeof(*c->item));
	if (!c->item)
		abort();
	c->item[c->count] = (struct record_counter){ .before = before, .after = after };
	sample_copy(c->item[c->count++].name, sizeof(c->item->name), name);
}

/* By name, as nstat sorts; what stayed 0 is left out. */
static void sample_counters(const struct sample_case *s, struct record_repeat *r, int side,
			    int64_t n)
{
	const struct declared_counters *d = &s->declared.counters[side];
	const struct {
		const char *name;
		int64_t delta;
	} moved[] = {
		{ "TcpActiveOpens", side == SIDE_CLIENT ? n : 0 },
		{ "TcpEstabResets", d->estab_resets * n },
		{ "TcpExtTCPAbortOnClose", d->abort_on_close * n },
		{ "TcpExtTCPAbortOnData", d->abort_on_data * n },
		{ "TcpExtTCPAbortOnLinger", d->abort_on_linger * n },
		{ "TcpExtTW", d->time_wait * n },
		{ "TcpInSegs", r->capture.tcp_packets / 2 },
		{ "TcpOutRsts", d->out_rsts * n },
		{ "TcpOutSegs", r->capture.tcp_packets - r->capture.tcp_packets / 2 },
		{ "TcpPassiveOpens", side == SIDE_SERVER ? n : 0 },
	};

	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		if (moved[i].delta != 0)
			sample_count(r, side, moved[i].name, 0, moved[i].delta);
	sample_count(r, side, "TcpRtoAlgorithm", 1, 1);
	sample_count(r, side, "TcpRtoMin", 200, 200);
}

static void sample_witnesses(struct record_repeat *r)
{
	const struct {
		const char *name;
		int64_t seen, period_ns, lag_ns, cpu_ns;
	} all[] = {
		{ "ledger", r->ledger.attempted, RECORD_NONE, RECORD_NONE, RECORD_NONE },
		{ "sniffer", r->capture.packets, RECORD_NONE, RECORD_NONE, 61 * NS_PER_MS },
		{ "sampler", r->series.taken, SAMPLE_PERIOD_NS, 310 * NS_PER_US, 35 * NS_PER_MS },
		{ "counters", 2, RECORD_NONE, RECORD_NONE, RECORD_NONE },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct record_witness *w = &r->witness[r->witness_count++];

		*w = (struct record_witness){ .seen = all[i].seen,
					      .present = true,
					      .period_ns = all[i].period_ns,
					      .max_lag_ns = all[i].lag_ns,
					      .max_gap_ns = all[i].period_ns,
					      .cpu_ns = all[i].cpu_ns };
		sample_copy(w->name, sizeof(w->name), all[i].name);
	}
}

static void sample_sysctls(struct record_repeat *r)
{
	static const char *const all[][3] = {
		{ "net.ipv4.ip_local_port_range", "32768\t60999", "32768\t60999" },
		{ "net.ipv4.tcp_max_tw_buckets", "131072", "131072" },
		{ "net.ipv4.tcp_tw_reuse", "2", "2" },
		{ "net.ipv4.tcp_tw_reuse_delay", "1000", NULL },
	};

	r->sysctl_count = sizeof(all) / sizeof(all[0]);
	r->sysctl = calloc(r->sysctl_count, sizeof(*r->sysctl));
	if (!r->sysctl)
		abort();
	for (size_t i = 0; i < r->sysctl_count; i++) {
		sample_copy(r->sysctl[i].key, sizeof(r->sysctl[i].key), all[i][0]);
		sample_copy(r->sysctl[i].set_by, sizeof(r->sysctl[i].set_by), "kernel");
		r->sysctl[i].value = strdup(all[i][1]);
		r->sysctl[i].host_value = all[i][2] ? strdup(all[i][2]) : NULL;
		r->sysctl[i].where = SIDES_BOTH;
	}
}

static void sample_lab(struct record_repeat *r, int64_t n)
{
	sample_copy(r->topology, sizeof(r->topology), "veth");
	sample_copy(r->isolation, sizeof(r->isolation), "userns+netns");
	r->started_ns = 120 * NS_PER_MS;
	r->mtu = 1500;
	r->ehash_entries = 16384;
	r->parallel_labs = SAMPLE_CASES;
	r->load_begin_ns = SAMPLE_BEGIN_NS;
	r->load_end_ns = SAMPLE_BEGIN_NS + 8 * NS_PER_S;
	r->ports = (struct record_ports){ 32768, 60999, 0, 1, 1, 28232, n + 2 };
	r->cost = (struct record_cost){ .client_cpu_ns = 190 * NS_PER_MS,
					.client_awake_ns = 31 * NS_PER_MS,
					.server_cpu_ns = 140 * NS_PER_MS,
					.sniffer_cpu_ns = 61 * NS_PER_MS,
					.sampler_cpu_ns = 35 * NS_PER_MS,
					.sampler_dumps_cpu_ns = 21 * NS_PER_MS,
					.wire_cpu_ns = RECORD_NONE,
					.packet_unwatched_ns = 2100,
					.packet_watched_ns = 2400,
					.worker_cpu_ns = 460 * NS_PER_MS,
					.wall_ns = 73 * NS_PER_S,
					.peak_rss_bytes = 21 << 20 };
}

/* Fill an initialised repeat. */
static void sample_repeat(const struct sample_case *s, struct record_repeat *r, int64_t index)
{
	int64_t n = SAMPLE_CONNECTIONS / s->requests;

	r->index = index;
	sample_copy(r->status, sizeof(r->status), "ok");
	sample_lab(r, n);
	sample_ledger(s, &r->ledger, n);
	sample_latency(r, n * s->requests, n, (uint64_t)index * 7919 + (uint64_t)s->class + 1);
	sample_series(s, r, n);
	sample_capture(s, r, n);
	for (int side = 0; side < SIDE_COUNT; side++)
		sample_counters(s, r, side, n);
	if (s->declared.outcome == OUTCOME_RESET_AFTER_REPLY)
		r->errnos[r->errno_count++] = (struct record_errno){ ECONNRESET, n, "ECONNRESET" };
	sample_witnesses(r);
	sample_sysctls(r);
}

static void sample_case(const struct sample_case *s, struct record_case *c, int64_t repeats)
{
	char params[256];

	sample_copy(c->name, sizeof(c->name), s->strategy);
	sample_copy(c->strategy, sizeof(c->strategy), s->strategy);
	sample_copy(c->summary, sizeof(c->summary), s->summary);
	c->declared = s->declared;
	(void)snprintf(params, sizeof(params),
		       "{\"strategy\": \"%s\", \"load\": {\"shape\": \"rate\", \"rate\": %g, "
		       "\"clients\": 16, "
		       "\"duration\": \"8s\"}, \"exhaustion_expected\": false}",
		       s->strategy, SAMPLE_RATE / (double)s->requests);
	c->params = strdup(params);
	c->rate_per_s = SAMPLE_RATE / (double)s->requests;
	c->clients = 16;
	c->duration_ns = 8 * NS_PER_S;
	c->requests_per_connection = s->requests;
	for (int64_t i = 1; i <= repeats; i++) {
		struct record_repeat *r = record_add_repeat(c);

		if (!r)
			abort();
		sample_repeat(s, r, i);
	}
}

static void sample_host(struct record_host *h)
{
	h->kernel_release = strdup("6.18.44");
	h->kernel_version = strdup("#1 SMP PREEMPT_DYNAMIC");
	h->arch = strdup("x86_64");
	h->cpu_model = strdup("sample CPU");
	h->virt = strdup("kvm");
	h->clocksource = strdup("tsc");
	h->distribution = strdup("Debian GNU/Linux 12 (bookworm)");
	h->config_hz = 250;
	h->cpus_online = 2;
	h->mem_total_bytes = INT64_C(8) << 30;
}

/* A whole run; release with record_release. */
__attribute__((unused)) static void sample_record(struct record *r, int64_t repeats)
{
	record_init(r);
	r->tool_version = strdup("0.1.0");
	r->tool_commit = strdup("0123456789ab");
	r->libpcap_version = strdup("libpcap version 1.10.3");
	r->cjson_version = strdup("1.7.15");
	r->run_id = strdup("20261122T134700Z-close-strategies-7f3a");
	r->started_at = strdup("2026-11-22T13:47:00Z");
	r->duration_ns = 74 * NS_PER_S;
	sample_copy(r->status, sizeof(r->status), "pass");
	r->argv = calloc(2, sizeof(*r->argv));
	if (!r->argv)
		abort();
	r->argv[r->argc++] = strdup("twbench");
	r->argv[r->argc++] = strdup("run");
	r->seed = 42;
	r->scenario_name = strdup("close-strategies");
	r->scenario_sha256 =
		strdup("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	r->scenario =
		strdup("{\"schema\": \"twbench.scenario/1\", \"name\": \"close-strategies\"}");
	r->exit_code = 0;
	r->exit_reason = strdup("all witnesses agree");
	sample_host(&r->host);
	for (size_t i = 0; i < SAMPLE_CASES; i++) {
		struct record_case *c = record_add_case(r);

		if (!c)
			abort();
		sample_case(&sample_cases[i], c, repeats);
	}
	(void)record_add_warning(r, "these numbers are made up");
}

#endif
