#include "analysis/reconcile_table.h"

#include <string.h>

#include "analysis/derive.h"

/* --- sums that know the unknown -------------------------------------------------------------- */

static int64_t minus(int64_t a, int64_t b)
{
	return a == RECORD_NONE || b == RECORD_NONE ? RECORD_NONE : a - b;
}

static int64_t plus(int64_t a, int64_t b)
{
	return a == RECORD_NONE || b == RECORD_NONE ? RECORD_NONE : a + b;
}

static int64_t zero(const struct view *v, enum side side)
{
	(void)v;
	(void)side;
	return 0;
}

static int64_t one(const struct view *v, enum side side)
{
	(void)v;
	(void)side;
	return 1;
}

/* --- ledger ---------------------------------------------------------------------------------- */

#define LEDGER(member)                                                                             \
	static int64_t ledger_##member(const struct view *v, enum side side)                       \
	{                                                                                          \
		(void)side;                                                                        \
		return v->r->ledger.member;                                                        \
	}

LEDGER(attempted)
LEDGER(established)
LEDGER(accepted)
LEDGER(requests_attempted)
LEDGER(requests_answered)
LEDGER(request_bytes_sent)
LEDGER(server_request_bytes)
LEDGER(reply_bytes_received)
LEDGER(server_reply_bytes)

static int64_t outcomes_sum(const struct view *v, enum side side)
{
	int64_t sum = 0;

	(void)side;
	for (int o = 0; o < OUTCOME_COUNT; o++)
		sum = plus(sum, v->r->ledger.by_outcome[o]);
	return sum;
}

static int64_t network(const struct view *v, enum side side)
{
	(void)side;
	return v->network;
}

static int64_t ends_told(const struct view *v, enum side side)
{
	const struct record_ledger *l = &v->r->ledger;

	(void)side;
	return plus(plus(l->server_clean, l->server_reset), l->server_other);
}

/* --- capture --------------------------------------------------------------------------------- */

static int64_t syns(const struct view *v, enum side side)
{
	(void)side;
	return minus(v->r->capture.syn, v->r->capture.syn_retrans);
}

static int64_t syn_acks(const struct view *v, enum side side)
{
	(void)side;
	return minus(v->r->capture.syn_ack, v->r->capture.syn_ack_retrans);
}

static int64_t fins(const struct view *v, enum side side)
{
	return minus(v->r->capture.fin[side], v->r->capture.fin_retrans[side]);
}

static int64_t rsts(const struct view *v, enum side side)
{
	return v->r->capture.rst[side];
}

static int64_t flows(const struct view *v, enum side side)
{
	(void)side;
	return v->r->capture.flows;
}

static int64_t classified(const struct view *v, enum side side)
{
	int64_t sum = 0;

	(void)side;
	for (int64_t i = 0; i < v->r->teardown_count; i++)
		sum += v->r->teardown[i].count;
	return v->r->capture.flows == RECORD_NONE ? RECORD_NONE : sum;
}

/* A TIME_WAIT that a new SYN ended was closed as declared before that. */
static int64_t classified_as_declared(const struct view *v, enum side side)
{
	uint32_t classes = v->c->declared.classes | CLASS_BIT(TEARDOWN_REUSED_IN_TIME_WAIT);
	int64_t sum = 0;

	(void)side;
	for (int64_t i = 0; i < v->r->teardown_count; i++)
		if (v->r->teardown[i].class < TEARDOWN_CLASS_COUNT &&
		    (classes & CLASS_BIT(v->r->teardown[i].class)))
			sum += v->r->teardown[i].count;
	return v->r->capture.flows == RECORD_NONE ? RECORD_NONE : sum;
}

static int64_t holders(const struct view *v, enum side side)
{
	return derive_holders(v->r, side);
}

static int64_t dropped(const struct view *v, enum side side)
{
	(void)side;
	return v->r->capture.dropped;
}

static int64_t if_dropped(const struct view *v, enum side side)
{
	(void)side;
	return v->r->capture.if_dropped;
}

static int64_t seen_by_sniffer(const struct view *v, bool seen)
{
	return v->r->capture.packets == RECORD_NONE ? RECORD_NONE : seen;
}

static int64_t proven_start(const struct view *v, enum side side)
{
	(void)side;
	return seen_by_sniffer(v, v->r->capture.proven_start);
}

static int64_t proven_end(const struct view *v, enum side side)
{
	(void)side;
	return seen_by_sniffer(v, v->r->capture.proven_end);
}

/* A pcap file holds 24 bytes, and 16 and the packet's own for each packet. */
static int64_t file_whole(const struct view *v, enum side side)
{
	const struct record_capture *c = &v->r->capture;

	(void)side;
	if (c->packets == RECORD_NONE || c->file_bytes == RECORD_NONE)
		return c->packets == RECORD_NONE ? RECORD_NONE : 0;
	return c->file_bytes >= 24 + 16 * c->packets;
}

/* --- counters -------------------------------------------------------------------------------- */

/* Where both ends share a namespace its counters stand at the client. */
static int64_t counter(const struct view *v, enum side side, const char *name)
{
	if (v->r->shared_namespace && side == SIDE_SERVER)
		return 0;
	return record_counter_delta(v->r, side, name);
}

#define COUNTER(function, name)                                                                    \
	static int64_t function(const struct view *v, enum side side)                              \
	{                                                                                          \
		return counter(v, side, name);                                                     \
	}

COUNTER(out_rsts, "TcpOutRsts")
COUNTER(estab_resets, "TcpEstabResets")
COUNTER(abort_on_data, "TcpExtTCPAbortOnData")
COUNTER(abort_on_close, "TcpExtTCPAbortOnClose")
COUNTER(abort_on_linger, "TcpExtTCPAbortOnLinger")

static int64_t active_opens(const struct view *v, enum side side)
{
	(void)side;
	return counter(v, SIDE_CLIENT, "TcpActiveOpens");
}

static int64_t passive_opens(const struct view *v, enum side side)
{
	(void)side;
	return record_counter_delta(v->r, v->r->shared_namespace ? SIDE_CLIENT : SIDE_SERVER,
				    "TcpPassiveOpens");
}

static int64_t entered(const struct view *v, enum side side)
{
	return plus(counter(v, side, "TcpExtTW"),
		    plus(counter(v, side, "TcpExtTWKilled"),
			 counter(v, side, "TcpExtTCPTimeWaitOverflow")));
}

/* --- declared -------------------------------------------------------------------------------- */

#define DECLARED(member)                                                                           \
	static int64_t declared_##member(const struct view *v, enum side side)                     \
	{                                                                                          \
		return v->c->declared.counters[side].member * v->healthy;                          \
	}

DECLARED(time_wait)
DECLARED(estab_resets)
DECLARED(abort_on_data)
DECLARED(abort_on_close)
DECLARED(abort_on_linger)

static int64_t declared_holders(const struct view *v, enum side side)
{
	return sides_has(v->c->declared.time_wait, side) * v->healthy;
}

static int64_t declared_rsts(const struct view *v, enum side side)
{
	return sides_has(v->c->declared.rst_from, side) * v->healthy;
}

/* Without a RST both ends send one FIN; where a RST follows, only who closed first did. */
static int64_t declared_fins(const struct view *v, enum side side)
{
	const struct declared *d = &v->c->declared;

	if (d->first_fin == SIDES_NONE)
		return 0;
	return (d->rst_from == SIDES_NONE || sides_has(d->first_fin, side)) * v->healthy;
}

static int64_t healthy(const struct view *v, enum side side)
{
	(void)side;
	return v->healthy;
}

/* --- sampler --------------------------------------------------------------------------------- */

static const struct record_witness *sampler(const struct view *v)
{
	for (int64_t i = 0; i < v->r->witness_count; i++)
		if (strncmp(v->r->witness[i].name, "sampler", 7) == 0 && v->r->witness[i].present)
			return &v->r->witness[i];
	return NULL;
}

static int64_t samples_seen(const struct view *v, enum side side)
{
	(void)side;
	return sampler(v) ? sampler(v)->seen : RECORD_NONE;
}

static int64_t samples_lost(const struct view *v, enum side side)
{
	(void)side;
	return sampler(v) ? sampler(v)->lost : RECORD_NONE;
}

static int64_t samples_kept(const struct view *v, enum side side)
{
	(void)side;
	return v->r->series.taken;
}

static int64_t samples_due(const struct view *v, enum side side)
{
	const struct series *s = &v->r->series;
	int64_t period = derive_period_ns(v->r);

	(void)side;
	if (!sampler(v) || s->count == 0 || s->last_ns == RECORD_NONE || period == RECORD_NONE)
		return RECORD_NONE;
	return (s->last_ns - s->row[0].t_ns + period / 2) / period + 1;
}

static int64_t samples_told(const struct view *v, enum side side)
{
	return plus(samples_seen(v, side), samples_lost(v, side));
}

/* A SYN on the same 4-tuple ended them before their time (RFC 6191); only the wire shows it. */
static int64_t entered_kept(const struct view *v, enum side side)
{
	return minus(entered(v, side), v->r->time_wait[side].reopened);
}

static int64_t holders_kept(const struct view *v, enum side side)
{
	return minus(holders(v, side), v->r->time_wait[side].reopened);
}

static int64_t peak(const struct view *v, enum side side)
{
	return v->r->time_wait[side].peak;
}

/* A close that passes FIN-WAIT-2 without ending in TIME_WAIT: sockstat and the dump that tells the two
 * apart are not read at one instant, so those in flight may be taken for TIME_WAIT. */
static int64_t peak_slack(const struct view *v, enum side side)
{
	if (!v->c->declared.counters[side].time_wait || sides_has(v->c->declared.time_wait, side))
		return 0;
	return v->r->ledger.in_flight_peak > 0 ? v->r->ledger.in_flight_peak : 1;
}

/* The timer adds up to a step to 60 s; what began in that time is there too.  Half of it is added, half
 * is tolerance. */
static int64_t half_step(const struct view *v, enum side side)
{
	return v->r->time_wait[side].expected_peak * (DERIVE_STEP_MAX_NS / 2) / DERIVE_LIFETIME_NS;
}

static int64_t expected_peak(const struct view *v, enum side side)
{
	int64_t expected = v->r->time_wait[side].expected_peak;

	return expected == RECORD_NONE ? RECORD_NONE : expected + half_step(v, side);
}

/* ... and what begins within two sampling periods is seen late or early. */
static int64_t expected_slack(const struct view *v, enum side side)
{
	int64_t period = derive_period_ns(v->r), expected = v->r->time_wait[side].expected_peak;

	if (expected == RECORD_NONE || period == RECORD_NONE)
		return 0;
	return half_step(v, side) + 2 + 2 * expected * period / DERIVE_LIFETIME_NS;
}

static int64_t load_rate_peak(const struct view *v, int64_t lifetime_ns, enum side side)
{
	int64_t load_ns = minus(v->r->load_end_ns, v->r->load_begin_ns),
		n = declared_holders(v, side);

	if (load_ns == RECORD_NONE || load_ns <= 0)
		return RECORD_NONE;
	return (int64_t)((double)n * (double)lifetime_ns / (double)load_ns);
}

static int64_t little(const struct view *v, enum side side)
{
	return load_rate_peak(v, DERIVE_LIFETIME_NS + DERIVE_STEP_MAX_NS / 2, side);
}

/* Half a timer step either way, and arrivals that come in bursts: 5 %. */
static int64_t little_slack(const struct view *v, enum side side)
{
	int64_t n = load_rate_peak(v, DERIVE_STEP_MAX_NS / 2, side);

	return n == RECORD_NONE
		       ? 0
		       : n + little(v, side) / 20 + (v->c->clients > 0 ? v->c->clients : 0) + 1;
}

/* --- the table ------------------------------------------------------------------------------- */

#define TCP      NEED_TCP
#define CLEAN    (NEED_TCP | NEED_CLEAN)
#define COUNTED  (NEED_TCP | NEED_ISOLATED)
#define DECLARES (NEED_TCP | NEED_CLEAN | NEED_ISOLATED)
#define AT_ONCE  (NEED_TCP | NEED_CLEAN | NEED_SHORT | NEED_HOLDER | NEED_KEPT)
#define ROLLING  (NEED_TCP | NEED_CLEAN | NEED_LONG | NEED_HOLDER | NEED_KEPT)

/* clang-format off */
const struct identity identities[] = {
	{ "every attempt has one outcome", "connections attempted", "sum of all outcomes",
	  "ledger", "ledger", ledger_attempted, outcomes_sum, NULL, 0, REACH_ONCE,
	  "a connection was lost or counted twice by the client" },
	{ "every accepted connection has one end", "connections accepted by the server", "server ends: clean, reset, other",
	  "ledger", "ledger", ledger_accepted, ends_told, NULL, TCP, REACH_ONCE,
	  "a connection was lost or counted twice by the server" },
	{ "requests: answered = asked", "requests begun by the clients", "whole replies read by the clients",
	  "ledger", "ledger", ledger_requests_attempted, ledger_requests_answered, NULL, NEED_CLEAN | NEED_READER, REACH_ONCE,
	  "replies are missing although every connection ended well" },
	{ "request bytes: sent = received", "bytes the clients' kernel took", "request bytes the server read",
	  "ledger", "ledger", ledger_request_bytes_sent, ledger_server_request_bytes, NULL, NEED_CLEAN, REACH_ONCE,
	  "data of the client was lost on the way" },
	{ "reply bytes: sent = received", "bytes the server's kernel took", "reply bytes the clients read",
	  "ledger", "ledger", ledger_server_reply_bytes, ledger_reply_bytes_received, NULL, NEED_CLEAN | NEED_READER, REACH_ONCE,
	  "data of the server was lost on the way" },

	{ "canary seen before the first connection", "canary read by the sniffer", "canary sent",
	  "sniffer", "sniffer", proven_start, one, NULL, 0, REACH_ONCE, "the capture may have begun too late" },
	{ "canary seen after the last packet", "canary read by the sniffer", "canary sent",
	  "sniffer", "sniffer", proven_end, one, NULL, 0, REACH_ONCE, "the capture may end too early" },
	{ "packets lost by the capture", "ps_drop of libpcap", "none may be lost",
	  "sniffer", "sniffer", dropped, zero, NULL, 0, REACH_ONCE, "raise witnesses.capture_buffer or lower the rate" },
	{ "packets lost by the interface", "ps_ifdrop of libpcap", "none may be lost",
	  "sniffer", "sniffer", if_dropped, zero, NULL, 0, REACH_ONCE, "the link of the lab was overrun" },
	{ "capture file is whole", "file holds a header for each packet", "capture file was kept",
	  "sniffer", "sniffer", file_whole, one, NULL, NEED_FILE, REACH_ONCE, "the disk is full, or the file was cut" },
	{ "every captured connection is classified", "connections captured", "sum of the teardown list",
	  "sniffer", "sniffer", flows, classified, NULL, TCP, REACH_ONCE, "the teardown list is full" },

	{ "connections established: ledger = capture", "connect() calls that succeeded", "captured SYN-ACKs without retransmissions",
	  "ledger", "sniffer", ledger_established, syn_acks, NULL, CLEAN, REACH_ONCE,
	  "a connection was missed by the capture, or made by somebody else" },
	{ "connections begun: ledger = kernel", "attempts that had a port and a route", "ActiveOpens of the client's kernel",
	  "ledger", "counters", network, active_opens, NULL, COUNTED, REACH_ONCE,
	  "another program used the namespace, or a connection is missing in the ledger" },
	{ "connections begun: capture = kernel", "captured SYNs without retransmissions", "ActiveOpens of the client's kernel",
	  "sniffer", "counters", syns, active_opens, NULL, COUNTED, REACH_ONCE, "packets are missing in the capture" },
	{ "connections answered: capture = kernel", "captured SYN-ACKs without retransmissions", "PassiveOpens of the server's kernel",
	  "sniffer", "counters", syn_acks, passive_opens, NULL, COUNTED, REACH_ONCE, "packets are missing in the capture" },
	{ "connections accepted: ledger = kernel", "connections accepted by the server", "PassiveOpens of the server's kernel",
	  "ledger", "counters", ledger_accepted, passive_opens, NULL, COUNTED, REACH_ONCE,
	  "connections were left in the accept queue" },

	{ "FINs: capture = declared", "captured FINs without retransmissions", "FINs the strategy sends x connections",
	  "sniffer", "strategy", fins, declared_fins, NULL, CLEAN, REACH_SIDE, "some connections were closed in another way" },
	{ "RSTs: capture = declared", "captured RSTs", "RSTs the strategy sends x connections",
	  "sniffer", "strategy", rsts, declared_rsts, NULL, CLEAN, REACH_SIDE, "some connections were closed in another way" },
	{ "RSTs: kernel = capture", "OutRsts of this side's kernel", "captured RSTs",
	  "counters", "sniffer", out_rsts, rsts, NULL, COUNTED, REACH_COUNTER, "RSTs are missing in the capture" },
	{ "teardowns: capture = declared", "captured connections of a declared class", "connections that ended as declared",
	  "sniffer", "strategy", classified_as_declared, healthy, NULL, CLEAN, REACH_ONCE,
	  "some connections were closed in another way; see teardowns" },

	{ "TIME_WAIT made: kernel = declared", "TW + TWKilled + TCPTimeWaitOverflow", "TIME_WAITs the strategy makes x connections",
	  "counters", "strategy", entered, declared_time_wait, NULL, DECLARES, REACH_COUNTER,
	  "the other end closed first, or a RST came in between" },
	{ "resets counted: kernel = declared", "EstabResets", "resets the strategy causes x connections",
	  "counters", "strategy", estab_resets, declared_estab_resets, NULL, DECLARES, REACH_COUNTER,
	  "a RST came in another state than the strategy intends" },
	{ "aborts with SO_LINGER: kernel = declared", "TCPAbortOnData", "aborts the strategy makes x connections",
	  "counters", "strategy", abort_on_data, declared_abort_on_data, NULL, DECLARES, REACH_COUNTER,
	  "the abort came too early or too late" },
	{ "closes with unread data: kernel = declared", "TCPAbortOnClose", "such closes of the strategy x connections",
	  "counters", "strategy", abort_on_close, declared_abort_on_close, NULL, DECLARES, REACH_COUNTER,
	  "an end closed before it had read everything" },
	{ "aborts with TCP_LINGER2: kernel = declared", "TCPAbortOnLinger", "such aborts of the strategy x connections",
	  "counters", "strategy", abort_on_linger, declared_abort_on_linger, NULL, DECLARES, REACH_COUNTER,
	  "the close came before FIN-WAIT-2" },

	{ "TIME_WAIT: capture = declared", "captured connections that leave TIME_WAIT here", "TIME_WAITs the strategy leaves x connections",
	  "sniffer", "strategy", holders, declared_holders, NULL, CLEAN, REACH_SIDE, "TIME_WAIT is at the wrong end" },
	{ "TIME_WAIT: kernel = samples", "TW + TWKilled + TCPTimeWaitOverflow, less those reopened", "highest sample of TIME_WAIT",
	  "counters", "sampler", entered_kept, peak, NULL, AT_ONCE | NEED_ISOLATED, REACH_COUNTER,
	  "TIME_WAITs ended early, or the sampler missed some" },
	{ "TIME_WAIT: capture = samples", "captured connections that leave TIME_WAIT here, less those reopened", "highest sample of TIME_WAIT",
	  "sniffer", "sampler", holders_kept, peak, peak_slack, AT_ONCE & ~(unsigned)NEED_HOLDER, REACH_SIDE,
	  "TIME_WAITs ended early, or the sampler missed some" },
	{ "TIME_WAIT peak: samples = capture", "highest sample of TIME_WAIT", "most captured to begin within a lifetime",
	  "sampler", "sniffer", peak, expected_peak, expected_slack, ROLLING, REACH_SIDE,
	  "TIME_WAITs lasted shorter or longer than 60 s and a timer step" },
	{ "TIME_WAIT peak: samples = rate x lifetime", "highest sample of TIME_WAIT", "connections per second x lifetime",
	  "sampler", "ledger", peak, little, little_slack, ROLLING, REACH_SIDE,
	  "the rate was uneven, or TIME_WAITs lasted shorter or longer" },

	{ "samples lost", "samples missed or not kept", "none may be lost",
	  "sampler", "sampler", samples_lost, zero, NULL, 0, REACH_ONCE, "lengthen witnesses.sample_period" },
	{ "samples: kept = reported", "samples in the series", "samples the sampler took",
	  "sampler", "sampler", samples_kept, samples_seen, NULL, 0, REACH_ONCE, "samples were lost on the way into the record" },
	{ "samples: reported = due", "samples taken and missed", "slots between the first and the last sample",
	  "sampler", "sampler", samples_told, samples_due, one, 0, REACH_ONCE, "samples are missing and nobody says so" },
};
/* clang-format on */

const size_t identities_count = sizeof(identities) / sizeof(identities[0]);

/* --- does a row apply? ----------------------------------------------------------------------- */

static bool is_tcp(const struct view *v, enum side side)
{
	(void)side;
	return !v->udp;
}

static bool is_clean(const struct view *v, enum side side)
{
	(void)side;
	return v->unexpected == 0;
}

static bool is_isolated(const struct view *v, enum side side)
{
	(void)side;
	return strcmp(v->r->isolation, "none") != 0 && strcmp(v->r->topology, "host") != 0;
}

static bool is_short(const struct view *v, enum side side)
{
	(void)side;
	return derive_is_short(v->r);
}

static bool is_long(const struct view *v, enum side side)
{
	(void)side;
	return !derive_is_short(v->r) && v->steady;
}

static bool is_holder(const struct view *v, enum side side)
{
	return sides_has(v->c->declared.time_wait, side);
}

static bool is_reader(const struct view *v, enum side side)
{
	(void)side;
	return v->c->declared.counters[SIDE_CLIENT].abort_on_close == 0;
}

static bool has_file(const struct view *v, enum side side)
{
	(void)side;
	return v->r->capture.file != NULL;
}

static bool is_kept(const struct view *v, enum side side)
{
	(void)side;
	return counter(v, SIDE_CLIENT, "TcpExtTWRecycled") <= 0 &&
	       counter(v, SIDE_SERVER, "TcpExtTWRecycled") <= 0 &&
	       counter(v, SIDE_CLIENT, "TcpExtTCPTimeWaitOverflow") <= 0 &&
	       counter(v, SIDE_SERVER, "TcpExtTCPTimeWaitOverflow") <= 0;
}

static const struct {
	unsigned need;
	bool (*holds)(const struct view *v, enum side side);
	const char *why_not;
} needs[] = {
	{ NEED_TCP, is_tcp, "no TCP" },
	{ NEED_CLEAN, is_clean, "some connections ended otherwise than declared" },
	{ NEED_ISOLATED, is_isolated, "the counters are the host's: other programs move them too" },
	{ NEED_SHORT, is_short, "the load outlasts a TIME_WAIT: they do not all exist at once" },
	{ NEED_LONG, is_long, "the load is shorter than a TIME_WAIT, or not steady" },
	{ NEED_HOLDER, is_holder, "the strategy leaves no TIME_WAIT here" },
	{ NEED_READER, is_reader, "the strategy closes without reading the reply" },
	{ NEED_FILE, has_file, "no capture file was kept" },
	{ NEED_KEPT, is_kept, "TIME_WAITs were recycled or refused by the kernel" },
};

const char *identity_why_not(const struct identity *id, const struct view *v, enum side side)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if ((id->needs & needs[i].need) && !needs[i].holds(v, side))
			return needs[i].why_not;
	return NULL;
}
