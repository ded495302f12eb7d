#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/derive.h"
#include "analysis/reconcile.h"
#include "tests/sample_record.h"

enum { CLIENT_FIN, SERVER_FIN, CLIENT_RST, SERVER_RST, KEEPALIVE };

static const struct record_check *find_check(const struct record_repeat *r, const char *name)
{
	for (int64_t i = 0; i < r->check_count; i++)
		if (strcmp(r->check[i].name, name) == 0)
			return &r->check[i];
	return NULL;
}

static int64_t count_checks(const struct record_repeat *r, bool agrees, bool skipped)
{
	int64_t n = 0;

	for (int64_t i = 0; i < r->check_count; i++)
		n += r->check[i].agrees == agrees && r->check[i].skipped == skipped;
	return n;
}

static int64_t *counter_after(struct record_repeat *r, enum side side, const char *name)
{
	for (size_t i = 0; i < r->counters[side].count; i++)
		if (strcmp(r->counters[side].item[i].name, name) == 0)
			return &r->counters[side].item[i].after;
	sample_count(r, (int)side, name, 0, 0);
	return &r->counters[side].item[r->counters[side].count - 1].after;
}

/* --- a healthy run ---------------------------------------------------------------------------- */

static void test_healthy(void)
{
	struct record r;

	sample_record(&r, 1);
	ok(reconcile_record(&r), "the sample is trustworthy");
	for (size_t i = 0; i < r.case_count; i++) {
		const struct record_repeat *p = &r.cases[i].repeat[0];

		is_str(p->status, "ok", "%s: %s", r.cases[i].name, p->reason ? p->reason : "");
		is_int(count_checks(p, false, false), 0, "%s: none disagrees", r.cases[i].name);
		ok(count_checks(p, true, false) >= 36, "%s: %lld agree", r.cases[i].name,
		   (long long)count_checks(p, true, false));
	}
	ok(reconcile_record(&r), "once more says the same");
	record_release(&r);
}

static void test_derived(void)
{
	const struct record_time_wait *t;
	struct record r;

	sample_record(&r, 1);
	(void)reconcile_record(&r);
	t = &r.cases[CLIENT_FIN].repeat[0].time_wait[SIDE_CLIENT];
	is_int(t->peak, 1600, "peak");
	is_int(t->peak_ns, 8100 * NS_PER_MS, "... in the first sample after the last close");
	is_int(t->entered, 1600, "entered");
	is_int(t->recycled, 0, "none recycled");
	is_int(t->expected_peak, 1600, "peak expected from the capture");
	is_int(t->left, 0, "none left");
	ok(t->drained_ns > 68 * NS_PER_S && t->drained_ns < 71 * NS_PER_S, "drained at %.1f s",
	   (double)t->drained_ns / 1e9);
	is_int(t->lifetime_n, 1600, "every TIME_WAIT was paired with its end");
	ok(t->lifetime_min_ns >= 59900 * NS_PER_MS && t->lifetime_min_ns < 60200 * NS_PER_MS,
	   "shortest %.2f s", (double)t->lifetime_min_ns / 1e9);
	ok(t->lifetime_max_ns > 61900 * NS_PER_MS && t->lifetime_max_ns < 62200 * NS_PER_MS,
	   "longest %.2f s", (double)t->lifetime_max_ns / 1e9);
	ok(t->lifetime_mean_ns > 60500 * NS_PER_MS && t->lifetime_mean_ns < 61500 * NS_PER_MS,
	   "mean %.2f s", (double)t->lifetime_mean_ns / 1e9);
	is_int(t->lifetime_resolution_ns, SAMPLE_PERIOD_NS, "resolution is the sampling period");
	ok(fabs(t->socket_seconds - (double)t->lifetime_mean_ns * 1600 / 1e9) < 1,
	   "socket seconds are the sum of the lifetimes");
	t = &r.cases[CLIENT_FIN].repeat[0].time_wait[SIDE_SERVER];
	is_int(t->peak, 0, "none at the server");
	is_int(t->peak_ns, RECORD_NONE, "... so no time of the peak");
	is_int(t->lifetime_n, 0, "... and no lifetime");
	is_int(r.cases[SERVER_FIN].repeat[0].time_wait[SIDE_SERVER].peak, 1600,
	       "server-fin: at the server");
	is_int(r.cases[KEEPALIVE].repeat[0].time_wait[SIDE_CLIENT].peak, 80,
	       "keepalive: a twentieth");
	record_release(&r);
}

static void test_derive_peak(void)
{
	const int64_t entry[] = { 0, 1, 2, 10, 11, 12, 13, 20 };

	is_int(derive_peak(entry, 0, 5), 0, "no entries, no peak");
	is_int(derive_peak(entry, 8, 1), 1, "too short to overlap");
	is_int(derive_peak(entry, 8, 4), 4, "four within four");
	is_int(derive_peak(entry, 8, 1000), 8, "all within a long lifetime");
}

/* --- falsifications: each must be caught, and named ------------------------------------------- */

static void drop_fin(struct record_repeat *r)
{
	r->capture.fin[SIDE_SERVER]--;
}
static void extra_rst(struct record_repeat *r)
{
	r->capture.rst[SIDE_SERVER]++;
}
static void lose_syn(struct record_repeat *r)
{
	r->capture.syn--;
}
static void lose_syn_ack(struct record_repeat *r)
{
	r->capture.syn_ack--;
}
static void drop_packets(struct record_repeat *r)
{
	r->capture.dropped = 3;
}
static void drop_at_interface(struct record_repeat *r)
{
	r->capture.if_dropped = 1;
}
static void no_canary_before(struct record_repeat *r)
{
	r->capture.proven_start = false;
}
static void no_canary_after(struct record_repeat *r)
{
	r->capture.proven_end = false;
}
static void cut_file(struct record_repeat *r)
{
	r->capture.file_bytes = 24;
}
static void lose_flow(struct record_repeat *r)
{
	r->teardown[0].count--;
}
static void lose_connection(struct record_repeat *r)
{
	r->ledger.by_outcome[OUTCOME_OK]--;
}
static void lose_accepted(struct record_repeat *r)
{
	r->ledger.accepted--;
}
static void lose_request_byte(struct record_repeat *r)
{
	r->ledger.server_request_bytes--;
}
static void lose_reply_byte(struct record_repeat *r)
{
	r->ledger.reply_bytes_received--;
}
static void lose_reply(struct record_repeat *r)
{
	r->ledger.requests_answered--;
}
static void lose_sample(struct record_repeat *r)
{
	r->witness[2].lost = 40;
}
static void lose_sample_silently(struct record_repeat *r)
{
	r->series.taken--;
}
static void lose_samples_silently(struct record_repeat *r)
{
	r->witness[2].seen = r->series.taken -= 5;
}
static void slow_load(struct record_repeat *r)
{
	r->ledger.achieved_rate_per_s = 180;
	r->ledger.load_ns = INT64_C(8888888889); /* 1600 starts at 180/s */
}

static void wrong_class(struct record_repeat *r)
{
	r->teardown[0].class = TEARDOWN_RESET_AFTER_FIN;
}
static void wrong_holder(struct record_repeat *r)
{
	r->teardown[0].holder = SIDES_SERVER;
}

static void double_tw(struct record_repeat *r)
{
	*counter_after(r, SIDE_CLIENT, "TcpExtTW") *= 2;
}

static void uncounted_tw(struct record_repeat *r)
{
	*counter_after(r, SIDE_CLIENT, "TcpExtTW") -= 1;
}

static void foreign_connection(struct record_repeat *r)
{
	*counter_after(r, SIDE_CLIENT, "TcpActiveOpens") += 1;
}

static void unaccepted(struct record_repeat *r)
{
	*counter_after(r, SIDE_SERVER, "TcpPassiveOpens") += 1;
}

static void rst_not_captured(struct record_repeat *r)
{
	*counter_after(r, SIDE_SERVER, "TcpOutRsts") += 1;
}

static void counted_reset(struct record_repeat *r)
{
	*counter_after(r, SIDE_SERVER, "TcpEstabResets") += 1;
}

static void counted_abort(struct record_repeat *r)
{
	*counter_after(r, SIDE_CLIENT, "TcpExtTCPAbortOnData") += 1;
}

static void counted_unread(struct record_repeat *r)
{
	*counter_after(r, SIDE_SERVER, "TcpExtTCPAbortOnClose") += 1;
}

static void counted_linger2(struct record_repeat *r)
{
	*counter_after(r, SIDE_CLIENT, "TcpExtTCPAbortOnLinger") += 1;
}

static void time_wait_elsewhere(struct record_repeat *r)
{
	for (size_t i = 0; i < r->series.count; i++) {
		r->series.column[SIDE_SERVER][COL_TIME_WAIT][i] =
			r->series.column[SIDE_CLIENT][COL_TIME_WAIT][i];
		r->series.column[SIDE_CLIENT][COL_TIME_WAIT][i] = 0;
	}
}

static void clipped_peak(struct record_repeat *r)
{
	for (size_t i = 0; i < r->series.count; i++)
		if (r->series.column[SIDE_CLIENT][COL_TIME_WAIT][i] == 1600)
			r->series.column[SIDE_CLIENT][COL_TIME_WAIT][i] = 1599;
}

static void unexpected_outcome(struct record_repeat *r)
{
	r->ledger.by_outcome[OUTCOME_OK] -= 12;
	r->ledger.by_outcome[OUTCOME_RESET_IN_REPLY] = 11;
	r->ledger.by_outcome[OUTCOME_OTHER] = 1;
}

static const struct {
	void (*falsify)(struct record_repeat *r);
	const char *check; /* the first that must disagree; NULL: the reason alone tells */
	const char *reason;
} lies[] = {
	{ drop_fin, "FINs: capture = declared (server)",
	  "captured FINs without retransmissions 1599" },
	{ extra_rst, "RSTs: kernel = capture (server)", "RSTs: capture = declared (server)" },
	{ lose_syn, "connections begun: capture = kernel",
	  "1599, ActiveOpens of the client's kernel 1600" },
	{ lose_syn_ack, "connections answered: capture = kernel", "captured SYN-ACKs" },
	{ drop_packets, "packets lost by the capture", "ps_drop of libpcap 3" },
	{ drop_at_interface, "packets lost by the interface", "ps_ifdrop" },
	{ no_canary_before, "canary seen before the first connection", "begun too late" },
	{ no_canary_after, "canary seen after the last packet", "end too early" },
	{ cut_file, "capture file is whole", "capture file" },
	{ lose_flow, "every captured connection is classified", "sum of the teardown list 1599" },
	{ lose_connection, "every attempt has one outcome", "sum of all outcomes 1599" },
	{ lose_accepted, "connections accepted: ledger = kernel", "1599" },
	{ lose_request_byte, "request bytes: sent = received", "51199" },
	{ lose_reply_byte, "reply bytes: sent = received", "819199" },
	{ lose_reply, "requests: answered = asked", "1599" },
	{ lose_sample, "samples lost", "samples missed or not kept 40" },
	{ lose_sample_silently, "samples: kept = reported", "samples in the series" },
	{ lose_samples_silently, "samples: reported = due", "nobody says so" },
	{ slow_load, NULL, "the load reached 180.0 connections/s of the 200.0 asked for" },
	{ wrong_class, "teardowns: capture = declared",
	  "captured connections of a declared class 0" },
	{ wrong_holder, "TIME_WAIT: capture = declared (client)", "wrong end" },
	{ double_tw, "TIME_WAIT made: kernel = declared (client)", "3200" },
	{ uncounted_tw, "TIME_WAIT: kernel = samples (client)", "1599" },
	{ foreign_connection, "connections begun: ledger = kernel", "1601" },
	{ unaccepted, "connections accepted: ledger = kernel", "1601" },
	{ rst_not_captured, "RSTs: kernel = capture (server)", "OutRsts of this side's kernel 1" },
	{ counted_reset, "resets counted: kernel = declared (server)", "EstabResets 1" },
	{ counted_abort, "aborts with SO_LINGER: kernel = declared (client)", "TCPAbortOnData 1" },
	{ counted_unread, "closes with unread data: kernel = declared (server)",
	  "TCPAbortOnClose 1" },
	{ counted_linger2, "aborts with TCP_LINGER2: kernel = declared (client)",
	  "TCPAbortOnLinger 1" },
	{ time_wait_elsewhere, "TIME_WAIT: capture = samples (server)",
	  "highest sample of TIME_WAIT 0" },
	{ clipped_peak, "TIME_WAIT: capture = samples (client)",
	  "highest sample of TIME_WAIT 1599" },
	{ unexpected_outcome, NULL,
	  "12 of 1600 connections ended otherwise than declared: reset_in_reply" },
};

static void test_lies(void)
{
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct record_check *k;
		struct record_repeat *p;
		struct record r;
		bool fine;

		sample_record(&r, 1);
		p = &r.cases[CLIENT_FIN].repeat[0];
		lies[i].falsify(p);
		fine = reconcile_record(&r);
		ok(!fine && strcmp(p->status, "untrustworthy") == 0, "caught: %s",
		   p->reason ? p->reason : "nothing");
		ok(p->reason && strstr(p->reason, lies[i].reason), "... saying '%s'",
		   lies[i].reason);
		k = lies[i].check ? find_check(p, lies[i].check) : NULL;
		if (lies[i].check)
			ok(k && !k->agrees && !k->skipped, "... by '%s'", lies[i].check);
		record_release(&r);
	}
}

/* --- worlds where some rows do not apply ------------------------------------------------------ */

/* The case `which` of a fresh sample, changed by the caller before judge(). */
static struct record_case *take(struct record *r, size_t which)
{
	sample_record(r, 1);
	return &r->cases[which];
}

static void trusted(struct record *r, struct record_case *c, const char *what)
{
	struct record_repeat *p = &c->repeat[0];
	bool fine = reconcile(c, p);

	ok(fine, "%s: trustworthy (%s)", what, p->reason ? p->reason : "");
	record_release(r);
}

static void distrusted(const struct record_case *c, const char *says)
{
	struct record_repeat *p = &c->repeat[0];
	bool fine = reconcile(c, p);

	ok(!fine && p->reason && strstr(p->reason, says), "not trusted: %s",
	   p->reason ? p->reason : "");
}

static void skipped_because(const struct record_case *c, const char *check, const char *note)
{
	const struct record_check *k = find_check(&c->repeat[0], check);

	ok(k && k->skipped && !k->agrees && strstr(k->note, note), "'%s' is skipped: %s", check,
	   k ? k->note : "(no such check)");
}

static void test_absent_sniffer(void)
{
	struct record r;
	struct record_case *c = take(&r, CLIENT_FIN);
	struct record_repeat *p = &c->repeat[0], empty;

	record_repeat_init(&empty);
	free(p->capture.file);
	p->capture = empty.capture;
	p->teardown_count = 0;
	p->time_wait[SIDE_CLIENT] = p->time_wait[SIDE_SERVER] = empty.time_wait[SIDE_CLIENT];
	record_repeat_release(&empty);
	p->witness[1].present = false;
	sample_copy(p->witness[1].note, sizeof(p->witness[1].note), "no right to capture");
	(void)reconcile(c, p);
	skipped_because(c, "connections begun: capture = kernel",
			"no sniffer: no right to capture");
	skipped_because(c, "canary seen after the last packet", "no right to capture");
	skipped_because(c, "TIME_WAIT: capture = samples (client)", "no right to capture");
	skipped_because(c, "TIME_WAIT: kernel = samples (client)", "no right to capture");
	is_int(p->time_wait[SIDE_CLIENT].expected_peak, RECORD_NONE,
	       "no peak is expected without a capture");
	trusted(&r, c, "without a sniffer");
}

static void test_shared_namespace(void)
{
	struct record r;
	struct record_case *c = take(&r, CLIENT_FIN);
	struct record_repeat *p = &c->repeat[0];

	p->shared_namespace = true;
	sample_copy(p->topology, sizeof(p->topology), "lo");
	for (size_t i = 0; i < p->counters[SIDE_SERVER].count; i++) {
		const struct record_counter *k = &p->counters[SIDE_SERVER].item[i];

		*counter_after(p, SIDE_CLIENT, k->name) += k->after - k->before;
	}
	free(p->counters[SIDE_SERVER].item);
	p->counters[SIDE_SERVER] = (struct record_counters){ NULL, 0 };
	(void)reconcile(c, p);
	is_int(find_check(p, "TIME_WAIT made: kernel = declared (both ends)")->left, 1600,
	       "in one namespace the counters of both ends are compared in one");
	is_int(p->time_wait[SIDE_SERVER].entered, RECORD_NONE,
	       "entered is not known for the server alone");
	sample_copy(p->topology, sizeof(p->topology), "host");
	(void)reconcile(c, p);
	is_int(p->time_wait[SIDE_CLIENT].entered, RECORD_NONE,
	       "... and of the host's counters nothing is this run's own");
	sample_copy(p->topology, sizeof(p->topology), "lo");
	trusted(&r, c, "on lo");
}

/* server-fin frees the client's port at once: the kernel may take it again. */
static void test_reopened(void)
{
	struct record r;
	struct record_case *c = take(&r, SERVER_FIN);
	struct record_repeat *p = &c->repeat[0];

	p->time_wait[SIDE_SERVER].reopened = 3;
	for (size_t i = 0; i < p->series.count; i++)
		if (p->series.column[SIDE_SERVER][COL_TIME_WAIT][i] > 1597)
			p->series.column[SIDE_SERVER][COL_TIME_WAIT][i] = 1597;
	(void)reconcile(c, p);
	is_int(p->time_wait[SIDE_SERVER].expected_peak, 1597,
	       "reopened TIME_WAITs are not expected");
	is_int(p->time_wait[SIDE_SERVER].lifetime_n, 0, "... nor can lifetimes be paired");
	ok(reconcile(c, p), "three TIME_WAITs reopened by a SYN: trustworthy");
	p->time_wait[SIDE_SERVER].reopened = 1;
	p->time_wait[SIDE_SERVER].assassinated = 2;
	p->capture.rst[SIDE_CLIENT] = p->capture.rst_late[SIDE_CLIENT] = 2;
	*counter_after(p, SIDE_CLIENT, "TcpOutRsts") = 2;
	trusted(&r, c, "one reopened, two ended by a RST");
}

static void test_udp(void)
{
	struct record r;
	struct record_case *c = take(&r, CLIENT_FIN);
	struct record_repeat *p = &c->repeat[0];

	sample_copy(c->strategy, sizeof(c->strategy), "udp");
	c->declared = (struct declared){ .outcome = OUTCOME_OK };
	p->teardown_count = 0;
	p->capture.syn = p->capture.syn_ack = p->capture.flows = 0;
	for (int side = 0; side < SIDE_COUNT; side++) { /* one by one: each may move the others */
		*counter_after(p, (enum side)side, "UdpOutDatagrams") = 1600;
		*counter_after(p, (enum side)side, "UdpInDatagrams") = 1600;
	}
	ok(reconcile(c, p), "udp: datagrams by ledger and kernel agree");
	*counter_after(p, SIDE_SERVER, "UdpInDatagrams") -= 1;
	distrusted(c, "datagrams received: ledger = kernel (server): replies, or requests, by the "
		      "clients' ledger 1600, UdpInDatagrams 1599");
	*counter_after(p, SIDE_SERVER, "UdpInDatagrams") += 1;
	p->capture.flows = 1;
	distrusted(c, "no connection: capture");
	p->capture.flows = 0;
	free(c->params);
	c->params = strdup("{\"addressing\": {\"family\": 6}}");
	(void)reconcile(c, p);
	skipped_because(c, "datagrams sent: ledger = kernel (client)", "snmp6");
	skipped_because(c, "connections begun: capture = kernel", "no TCP");
	trusted(&r, c, "udp");
}

static void test_exhaustion(void)
{
	struct record r;
	struct record_case *c = take(&r, CLIENT_FIN);
	struct record_repeat *p = &c->repeat[0];

	p->ledger.attempted += 400;
	p->ledger.requests_attempted += 400; /* begun, but never asked */
	p->ledger.by_outcome[OUTCOME_NO_PORT] = 400;
	distrusted(c, "400 of 2000 connections");
	free(c->params);
	c->params = strdup("{\"exhaustion_expected\": true}");
	ok(reconcile(c, p), "running out of ports when that is the subject");
	p->ledger.first_no_port_ns = 2 * NS_PER_S;
	p->ledger.first_no_port_nth = 400;
	p->ledger.first_no_port_late_ns = 101 * NS_PER_MS;
	distrusted(c, "the load was 0.101 s behind when ports ran out, at 2.000 s: the machine is busy");
	p->ledger.first_no_port_late_ns = 100 * NS_PER_MS;
	trusted(&r, c, "a load that was late by a twentieth of that time");
}

static void test_passive_abort(void)
{
	struct record r;
	struct record_case *c = take(&r, CLIENT_RST);
	struct record_repeat *p = &c->repeat[0];

	c->declared = (struct declared){ OUTCOME_OK,
					 SIDES_SERVER,
					 SIDES_CLIENT,
					 SIDES_NONE,
					 CLASS_BIT(TEARDOWN_RESET_AFTER_FIN),
					 { { .out_rsts = 1, .estab_resets = 1, .abort_on_data = 1 },
					   { .time_wait = 1 } } };
	p->teardown[0].class = TEARDOWN_RESET_AFTER_FIN;
	p->capture.fin[SIDE_SERVER] = 1600;
	*counter_after(p, SIDE_SERVER, "TcpEstabResets") = 0;
	*counter_after(p, SIDE_SERVER, "TcpExtTW") = 1600;
	p->series.column[SIDE_SERVER][COL_TIME_WAIT][1] = 1;
	(void)reconcile(c, p);
	is_int(p->time_wait[SIDE_SERVER].entered, 1600, "passive-abort: minisocks are counted");
	is_int(p->time_wait[SIDE_SERVER].expected_peak, 0, "... and none stays");
	is_int(p->time_wait[SIDE_SERVER].lifetime_n, 0, "... so none had a lifetime");
	p->capture.flows = RECORD_NONE;
	(void)reconcile(c, p);
	is_int(p->time_wait[SIDE_SERVER].lifetime_n, 0, "... which nobody can tell without a capture");
	p->capture.flows = 1600;
	trusted(&r, c, "passive-abort, one socket caught between states");
}

/* 200/s for 200 s, as flat as the timer's step lets it be. */
static void test_long_load(void)
{
	struct record r;
	struct record_case *c = take(&r, CLIENT_FIN);
	struct record_repeat *p = &c->repeat[0];

	p->load_end_ns = p->load_begin_ns + 200 * NS_PER_S;
	p->ledger.load_ns = 200 * NS_PER_S;
	p->ledger.target_rate_per_s = p->ledger.achieved_rate_per_s = 8;
	p->time_wait[SIDE_CLIENT].expected_peak = 480;
	p->time_wait[SIDE_SERVER].expected_peak = 0;
	for (size_t i = 0; i < p->series.count; i++)
		if (p->series.column[SIDE_CLIENT][COL_TIME_WAIT][i] > 496)
			p->series.column[SIDE_CLIENT][COL_TIME_WAIT][i] = 496;
	(void)reconcile(c, p);
	skipped_because(c, "TIME_WAIT: capture = samples (client)", "outlasts");
	is_int(p->time_wait[SIDE_CLIENT].expected_peak, 480, "the peak seen in the flows is kept");
	ok(find_check(p, "TIME_WAIT peak: samples = capture (client)")->agrees,
	   "496 is 480 and a timer step");
	ok(find_check(p, "TIME_WAIT peak: samples = rate x lifetime (client)")->agrees,
	   "496 is 8/s x 62 s");
	is_int(p->time_wait[SIDE_CLIENT].lifetime_n, 1600,
	       "the mean lifetime follows from the integral");
	is_int(p->time_wait[SIDE_CLIENT].lifetime_min_ns, RECORD_NONE, "... the shortest does not");
	p->time_wait[SIDE_CLIENT].expected_peak = 300;
	distrusted(c, "TIME_WAIT peak: samples = capture");
	p->time_wait[SIDE_CLIENT].expected_peak = 480;
	trusted(&r, c, "a load longer than a TIME_WAIT");
}

static void test_other_states(void)
{
	struct record r;
	struct record_case *c = take(&r, CLIENT_FIN);
	struct record_repeat *p = &c->repeat[0];

	sample_copy(p->status, sizeof(p->status), "interrupted");
	p->ledger.by_outcome[OUTCOME_OK] -= 5;
	p->ledger.by_outcome[OUTCOME_INTERRUPTED] = 5;
	ok(reconcile(c, p), "an interrupted repeat whose witnesses agree");
	is_str(p->status, "interrupted", "... stays interrupted");
	sample_copy(p->status, sizeof(p->status), "failed");
	ok(!reconcile(c, p), "a failed repeat is not trusted");
	sample_copy(p->status, sizeof(p->status), "ok");
	sample_copy(p->isolation, sizeof(p->isolation), "none");
	(void)reconcile(c, p);
	skipped_because(c, "connections begun: capture = kernel", "other programs");
	record_release(&r);
	c = take(&r, CLIENT_FIN);
	record_repeat_release(&c->repeat[0]);
	record_repeat_init(&c->repeat[0]);
	distrusted(c, "no connection was attempted");
	record_release(&r);
}

int main(void)
{
	test_healthy();
	test_derived();
	test_derive_peak();
	test_lies();
	test_absent_sniffer();
	test_shared_namespace();
	test_reopened();
	test_udp();
	test_exhaustion();
	test_passive_abort();
	test_long_load();
	test_other_states();
	return test_done();
}
