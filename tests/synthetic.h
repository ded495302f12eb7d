/*
 * synthetic: a record with a known answer, for tests of graphs and reports.  Up to 14 cases with one load,
 * 200 connections/s for 8 s; TIME_WAIT climbs to 1,600 and drains in steps of 2.048 s between 60 s and 70 s.
 */
#ifndef TWBENCH_TESTS_SYNTHETIC_H
#define TWBENCH_TESTS_SYNTHETIC_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mono.h"
#include "base/record.h"

#define SYN_RATE      200
#define SYN_LOAD_S    8
#define SYN_N         (SYN_RATE * SYN_LOAD_S)
#define SYN_CASES_MAX 14
#define SYN_STEP_NS   INT64_C(2048000000)

static const struct syn_row {
	const char *name, *summary;
	enum sides holder;
	enum teardown_class class, other; /* `other`: one in twenty */
	double slow;                      /* scales latency */
} syn_rows[SYN_CASES_MAX] = {
	{ "client-fin", "the client closes first", SIDES_CLIENT, TEARDOWN_ORDERLY_3,
	  TEARDOWN_ORDERLY_4, 1.0 },
	{ "server-fin", "the server closes first; the client's ports stay free", SIDES_SERVER,
	  TEARDOWN_ORDERLY_3, TEARDOWN_ORDERLY_3, 0.97 },
	{ "half-close", "shutdown(SHUT_WR), read to the end, close", SIDES_CLIENT,
	  TEARDOWN_HALF_CLOSE, TEARDOWN_ORDERLY_4, 1.25 },
	{ "simultaneous", "both ends close at once; both wait", SIDES_BOTH, TEARDOWN_SIMULTANEOUS,
	  TEARDOWN_ORDERLY_4, 1.1 },
	{ "client-rst", "SO_LINGER {1,0}: the peer sees ECONNRESET", SIDES_NONE, TEARDOWN_ABORT,
	  TEARDOWN_ABORT, 0.75 },
	{ "keepalive", "many requests on one connection", SIDES_NONE, TEARDOWN_ORDERLY_3,
	  TEARDOWN_ORDERLY_3, 0.35 },
	{ "udp", "no connection at all", SIDES_NONE, TEARDOWN_CLASS_COUNT, TEARDOWN_CLASS_COUNT,
	  0.3 },
	{ "server-rst", "the server aborts", SIDES_NONE, TEARDOWN_ABORT_BY_RESPONDER,
	  TEARDOWN_RESET_AFTER_FIN, 0.8 },
	{ "client-fin.tw_reuse=1", "the client closes first, ports reused after 1 s", SIDES_CLIENT,
	  TEARDOWN_REUSED_IN_TIME_WAIT, TEARDOWN_ORDERLY_3, 1.0 },
	{ "client-fin-linger=1", "close() blocks until the FIN is acknowledged", SIDES_CLIENT,
	  TEARDOWN_ORDERLY_4, TEARDOWN_ORDERLY_3, 2.2 },
	{ "shutdown-rst", "shutdown, then abort before the peer's FIN", SIDES_NONE,
	  TEARDOWN_RESET_AFTER_FIN, TEARDOWN_ORDERLY_3, 0.9 },
	{ "close-unread", "close() with unread input", SIDES_NONE, TEARDOWN_ABORT, TEARDOWN_ABORT,
	  0.9 },
	{ "linger2", "TCP_LINGER2 = -1 in FIN_WAIT2", SIDES_NONE, TEARDOWN_RESET_AFTER_FIN,
	  TEARDOWN_RESET_AFTER_FIN, 0.95 },
	{ "abandon", "the client never closes", SIDES_NONE, TEARDOWN_NEVER_CLOSED,
	  TEARDOWN_FIN_UNANSWERED, 1.0 },
};

static char *syn_text(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

/* TIME_WAIT at t: one more every 1/200 s; each wheel step after 60 s takes those that are due. */
static int32_t syn_time_wait(int64_t t_ns)
{
	int64_t in = t_ns <= 0                       ? 0
		     : t_ns >= SYN_LOAD_S * NS_PER_S ? SYN_N
						     : t_ns * SYN_RATE / NS_PER_S;
	int64_t since = t_ns - 60 * NS_PER_S;
	int64_t out = since < 0 ? 0 : since / SYN_STEP_NS * SYN_STEP_NS * SYN_RATE / NS_PER_S;

	return (int32_t)(out >= SYN_N ? 0 : in - out);
}

static void syn_series(struct series *s, const struct syn_row *row, bool tcp)
{
	static const int64_t begin_ns = NS_PER_S / 2; /* the load begins half a second in */

	if (series_init(s, 1024) < 0)
		abort();
	for (int64_t t = 0; t <= 72 * NS_PER_S; t += NS_PER_S / 10) {
		struct series_row r = { .t_ns = t };
		int64_t load = t - begin_ns;
		int wave = (int)(t / (NS_PER_S / 10) * 7 % 5);

		for (int side = 0; side < SIDE_COUNT; side++)
			if (sides_has(row->holder, (enum side)side))
				r.count[side][COL_TIME_WAIT] = syn_time_wait(load);
		if (tcp && load > 0 && load < SYN_LOAD_S * NS_PER_S) {
			r.count[SIDE_CLIENT][COL_ESTABLISHED] = 3 + wave;
			r.count[SIDE_SERVER][COL_ESTABLISHED] = 2 + wave;
			r.count[SIDE_CLIENT][COL_SYN_SENT] = wave == 2;
			r.count[SIDE_CLIENT][COL_FIN_WAIT2] =
				row->holder == SIDES_CLIENT ? wave / 2 : 0;
			r.count[SIDE_SERVER][COL_CLOSE_WAIT] =
				row->holder == SIDES_CLIENT ? wave / 2 : 0;
			r.count[SIDE_SERVER][COL_LAST_ACK] = wave == 4;
		}
		series_add(s, &r);
	}
	series_finish(s);
}

static void syn_hists(struct record_repeat *rep, double slow)
{
	if (hist_init(&rep->response) < 0 || hist_init(&rep->service) < 0 ||
	    hist_init(&rep->connect) < 0)
		abort();
	for (int i = 0; i < SYN_N; i++) {
		double p = (i + 0.5) / SYN_N;
		double us = slow * (110 + 60 * p + 14 * pow(-log10(1 - p), 4));

		hist_record(&rep->service, (int64_t)(us * 1e3));
		hist_record(&rep->response, (int64_t)(us * (1.25 + 0.3 * p * p) * 1e3));
		hist_record(&rep->connect, (int64_t)(us * 0.4e3));
	}
}

static void syn_time_wait_numbers(struct record_time_wait *w, bool holds)
{
	*w = (struct record_time_wait){ .peak = holds ? SYN_N : 0,
					.peak_ns = holds ? 8500000000 : 0,
					.entered = holds ? SYN_N : 0,
					.expected_peak = holds ? SYN_N : 0,
					.drained_ns = holds ? 70900000000 : 0,
					.socket_seconds = holds ? 97760 : 0,
					.lifetime_n = holds ? SYN_N : 0,
					.lifetime_min_ns = holds ? 60010000000 : RECORD_NONE,
					.lifetime_mean_ns = holds ? 61020000000 : RECORD_NONE,
					.lifetime_max_ns = holds ? 62040000000 : RECORD_NONE,
					.lifetime_resolution_ns = holds ? 100000000 : RECORD_NONE };
}

static void syn_ledger(struct record_ledger *l)
{
	*l = (struct record_ledger){ .attempted = SYN_N,
				     .established = SYN_N,
				     .requests_attempted = SYN_N,
				     .requests_answered = SYN_N,
				     .offered = SYN_N,
				     .accepted = SYN_N,
				     .server_clean = SYN_N,
				     .load_ns = SYN_LOAD_S * NS_PER_S,
				     .target_rate_per_s = SYN_RATE,
				     .achieved_rate_per_s = SYN_RATE,
				     .first_no_port_ns = RECORD_NONE,
				     .first_no_port_nth = RECORD_NONE };
	l->by_outcome[OUTCOME_OK] = SYN_N;
}

static void syn_teardowns(struct record_repeat *rep, const struct syn_row *row)
{
	if (row->class == TEARDOWN_CLASS_COUNT)
		return;
	rep->teardown[0] = (struct record_teardown){ .class = row->class, .count = SYN_N };
	rep->teardown_count = 1;
	if (row->other == row->class)
		return;
	rep->teardown[0].count = SYN_N - SYN_N / 20;
	rep->teardown[1] = (struct record_teardown){ .class = row->other, .count = SYN_N / 20 };
	rep->teardown_count = 2;
}

static void syn_witnesses(struct record_repeat *rep)
{
	struct record_check *c = &rep->check[0];

	(void)snprintf(rep->witness[0].name, sizeof(rep->witness[0].name), "sniffer");
	rep->witness[0].seen = SYN_N * 9;
	rep->witness[0].present = true;
	rep->witness[0].period_ns = rep->witness[0].max_lag_ns = RECORD_NONE;
	(void)snprintf(rep->witness[1].name, sizeof(rep->witness[1].name), "sampler-client");
	rep->witness[1].seen = 720;
	rep->witness[1].present = true;
	rep->witness[1].period_ns = 100000000;
	rep->witness[1].max_lag_ns = 2100000;
	rep->witness_count = 2;
	(void)snprintf(c->name, sizeof(c->name), "connections: ledger = capture");
	(void)snprintf(c->left_what, sizeof(c->left_what), "attempts in the ledger");
	(void)snprintf(c->right_what, sizeof(c->right_what), "SYNs captured");
	c->left = c->right = SYN_N;
	c->tolerance = 0;
	c->agrees = true;
	rep->check[1] = (struct record_check){ .name = "resets: counters = capture",
					       .skipped = true,
					       .left = RECORD_NONE,
					       .right = RECORD_NONE,
					       .note = "no RST in this strategy" };
	rep->check_count = 2;
}

static void syn_repeat(struct record_repeat *rep, const struct syn_row *row, int64_t index)
{
	rep->index = index;
	(void)snprintf(rep->status, sizeof(rep->status), "ok");
	(void)snprintf(rep->topology, sizeof(rep->topology), "veth");
	(void)snprintf(rep->isolation, sizeof(rep->isolation), "userns+netns");
	rep->mtu = 1500;
	rep->load_begin_ns = NS_PER_S / 2;
	rep->load_end_ns = rep->load_begin_ns + SYN_LOAD_S * NS_PER_S;
	syn_ledger(&rep->ledger);
	syn_hists(rep, row->slow);
	for (int side = 0; side < SIDE_COUNT; side++)
		syn_time_wait_numbers(&rep->time_wait[side],
				      sides_has(row->holder, (enum side)side));
	rep->ports = (struct record_ports){ .low = 32768,
					    .high = 60999,
					    .sources = 1,
					    .destinations = 1,
					    .capacity = 28232,
					    .peak_used = SYN_N };
	syn_teardowns(rep, row);
	syn_witnesses(rep);
	syn_series(&rep->series, row, row->class != TEARDOWN_CLASS_COUNT);
	rep->sysctl = calloc(1, sizeof(*rep->sysctl));
	if (!rep->sysctl)
		abort();
	(void)snprintf(rep->sysctl->key, sizeof(rep->sysctl->key), "net.ipv4.tcp_tw_reuse");
	rep->sysctl->value = syn_text("2");
	rep->sysctl->host_value = syn_text("2");
	(void)snprintf(rep->sysctl->set_by, sizeof(rep->sysctl->set_by), "kernel");
	rep->sysctl_count = 1;
	rep->cost = (struct record_cost){ .client_cpu_ns = (int64_t)(row->slow * 60e3 * SYN_N),
					  .server_cpu_ns = (int64_t)(row->slow * 45e3 * SYN_N),
					  .sniffer_cpu_ns = 9000 * SYN_N,
					  .sampler_cpu_ns = 6000 * SYN_N,
					  .wire_cpu_ns = RECORD_NONE,
					  .worker_cpu_ns = RECORD_NONE };
}

/* Fill *r with `count` cases (at most SYN_CASES_MAX) of one repeat.  Free with synthetic_release(). */
static void synthetic_record(struct record *r, size_t count)
{
	*r = (struct record){ .duration_ns = 80 * NS_PER_S, .seed = 42, .case_count = count };
	r->tool_version = syn_text("0.1.0");
	r->run_id = syn_text("20261122T134700Z-close-strategies-7f3a");
	r->started_at = syn_text("2026-11-22T13:47:00Z");
	r->scenario_name = syn_text("close-strategies");
	r->scenario_sha256 =
		syn_text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	r->host.kernel_release = syn_text("6.18.44");
	r->host.arch = syn_text("x86_64");
	r->host.config_hz = 250;
	r->host.cpus_online = 2;
	r->host.mem_total_bytes = RECORD_NONE;
	(void)snprintf(r->status, sizeof(r->status), "pass");
	r->argc = 4;
	r->argv = calloc(r->argc, sizeof(*r->argv));
	r->cases = calloc(count, sizeof(*r->cases));
	if (!r->argv || !r->cases)
		abort();
	r->argv[0] = syn_text("twbench");
	r->argv[1] = syn_text("run");
	r->argv[2] = syn_text("--seed");
	r->argv[3] = syn_text("42");
	for (size_t i = 0; i < count; i++) {
		struct record_case *c = &r->cases[i];

		(void)snprintf(c->name, sizeof(c->name), "%s", syn_rows[i].name);
		(void)snprintf(c->strategy, sizeof(c->strategy), "%s", syn_rows[i].name);
		(void)snprintf(c->summary, sizeof(c->summary), "%s", syn_rows[i].summary);
		c->declared.outcome = OUTCOME_OK;
		c->declared.time_wait = syn_rows[i].holder;
		c->rate_per_s = SYN_RATE;
		c->clients = 64;
		c->duration_ns = SYN_LOAD_S * NS_PER_S;
		c->requests_per_connection = 1;
		c->repeat = calloc(1, sizeof(*c->repeat));
		if (!c->repeat)
			abort();
		c->repeat_count = 1;
		syn_repeat(&c->repeat[0], &syn_rows[i], 1);
	}
}

static void synthetic_release(struct record *r)
{
	for (size_t i = 0; i < r->case_count; i++) {
		struct record_repeat *rep = &r->cases[i].repeat[0];

		hist_release(&rep->response);
		hist_release(&rep->service);
		hist_release(&rep->connect);
		series_release(&rep->series);
		free(rep->sysctl->value);
		free(rep->sysctl->host_value);
		free(rep->sysctl);
		free(rep->reason);
		free(rep);
	}
	for (size_t i = 0; i < r->argc; i++)
		free(r->argv[i]);
	free(r->argv);
	free(r->cases);
	free(r->tool_version);
	free(r->run_id);
	free(r->started_at);
	free(r->scenario_name);
	free(r->scenario_sha256);
	free(r->host.kernel_release);
	free(r->host.arch);
}

#endif
