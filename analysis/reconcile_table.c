#include "analysis/reconcile_table.h"

#include <string.h>

#include "analysis/derive.h"

/* One side of an identity that is a single expression of the view and the side. */
#define TERM(name, expression)                                                                     \
	static int64_t name(const struct view *v, enum side side)                                  \
	{                                                                                          \
		(void)v;                                                                           \
		(void)side;                                                                        \
		return expression;                                                                 \
	}

/* --- sums that know the unknown -------------------------------------------------------------- */

static int64_t minus(int64_t a, int64_t b)
{
	return a == RECORD_NONE || b == RECORD_NONE ? RECORD_NONE : a - b;
}

static int64_t plus(int64_t a, int64_t b)
{
	return a == RECORD_NONE || b == RECORD_NONE ? RECORD_NONE : a + b;
}

TERM(zero, 0)
TERM(one, 1)

/* --- ledger ---------------------------------------------------------------------------------- */

TERM(ledger_attempted, v->r->ledger.attempted)
TERM(ledger_established, v->r->ledger.established)
TERM(ledger_accepted, v->r->ledger.accepted)
TERM(ledger_requests_attempted, v->r->ledger.requests_attempted)
TERM(ledger_requests_answered, v->r->ledger.requests_answered)
TERM(ledger_request_bytes_sent, v->r->ledger.request_bytes_sent)
TERM(ledger_server_request_bytes, v->r->ledger.server_request_bytes)
TERM(ledger_reply_bytes_received, v->r->ledger.reply_bytes_received)
TERM(ledger_server_reply_bytes, v->r->ledger.server_reply_bytes)

static int64_t outcomes_sum(const struct view *v, enum side side)
{
	int64_t sum = 0;

	(void)side;
	for (int o = 0; o < OUTCOME_COUNT; o++)
		sum = plus(sum, v->r->ledger.by_outcome[o]);
	return sum;
}

TERM(network, v->network)

static int64_t ends_told(const struct view *v, enum side side)
{
	const struct record_ledger *l = &v->r->ledger;

	(void)side;
	return plus(plus(l->server_clean, l->server_reset), l->server_other);
}

/* What never had a port was never asked. */
static int64_t requests_asked(const struct view *v, enum side side)
{
	return minus(ledger_requests_attempted(v, side), minus(v->r->ledger.attempted, network(v, side)));
}

/* --- capture --------------------------------------------------------------------------------- */

TERM(syns, minus(v->r->capture.syn, v->r->capture.syn_retrans))
TERM(syn_acks, minus(v->r->capture.syn_ack, v->r->capture.syn_ack_retrans))
TERM(fins, minus(v->r->capture.fin[side], v->r->capture.fin_retrans[side]))
TERM(rsts, v->r->capture.rst[side])
TERM(closing_rsts, minus(v->r->capture.rst[side], v->r->capture.rst_late[side]))
TERM(flows, v->r->capture.flows)

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

TERM(holders, derive_holders(v->r, side))
TERM(dropped, v->r->capture.dropped)
TERM(if_dropped, v->r->capture.if_dropped)

static int64_t seen_by_sniffer(const struct view *v, bool seen)
{
	return v->r->capture.packets == RECORD_NONE ? RECORD_NONE : seen;
}

TERM(proven_start, seen_by_sniffer(v, v->r->capture.proven_start))
TERM(proven_end, seen_by_sniffer(v, v->r->capture.proven_end))

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

TERM(out_rsts, counter(v, side, "TcpOutRsts"))
TERM(estab_resets, counter(v, side, "TcpEstabResets"))
TERM(abort_on_data, counter(v, side, "TcpExtTCPAbortOnData"))
TERM(abort_on_close, counter(v, side, "TcpExtTCPAbortOnClose"))
TERM(abort_on_linger, counter(v, side, "TcpExtTCPAbortOnLinger"))
TERM(active_opens, counter(v, SIDE_CLIENT, "TcpActiveOpens"))
TERM(passive_opens, record_counter_delta(v->r, v->r->shared_namespace ? SIDE_CLIENT : SIDE_SERVER,
					 "TcpPassiveOpens"))
TERM(entered,
     plus(counter(v, side, "TcpExtTW"),
	  plus(counter(v, side, "TcpExtTWKilled"), counter(v, side, "TcpExtTCPTimeWaitOverflow"))))

/* UDP: a request goes one way, its reply the other. */
TERM(datagrams_sent,
     side == SIDE_CLIENT ? requests_asked(v, side) : ledger_requests_answered(v, side))
TERM(datagrams_received,
     side == SIDE_CLIENT ? ledger_requests_answered(v, side) : requests_asked(v, side))
TERM(udp_out, counter(v, side, "UdpOutDatagrams"))
TERM(udp_in, counter(v, side, "UdpInDatagrams"))

/* --- declared -------------------------------------------------------------------------------- */

TERM(declared_time_wait, v->c->declared.counters[side].time_wait * v->healthy)
/*
 * A minisock that a RST is to remove is only made once close() has let go of the socket: where the ACK
 * and the RST both come before that, the full socket takes them and none is made (net/ipv4/tcp.c
 * __tcp_close(): the backlog is run before the socket is orphaned).  On a quiet machine none lacks; on a busy one a few may.
 */
static int64_t transient_slack(const struct view *v, enum side side)
{
	int64_t made = declared_time_wait(v, side);

	return made > 0 && !sides_has(v->c->declared.time_wait, side) ? 3 + made / 1000 : 0;
}

TERM(declared_estab_resets, v->c->declared.counters[side].estab_resets * v->healthy)
TERM(declared_abort_on_data, v->c->declared.counters[side].abort_on_data * v->healthy)
TERM(declared_abort_on_close, v->c->declared.counters[side].abort_on_close * v->healthy)
TERM(declared_abort_on_linger, v->c->declared.counters[side].abort_on_linger * v->healthy)
TERM(declared_holders, sides_has(v->c->declared.time_wait, side) * v->healthy)
TERM(declared_rsts, sides_has(v->c->declared.rst_from, side) * v->healthy)

/* Without a RST both ends send one FIN; where a RST follows, or nothing, only who closed first did. */
static int64_t declared_fins(const struct view *v, enum side side)
{
	const struct declared *d = &v->c->declared;

	if (d->first_fin == SIDES_NONE)
		return 0;
	return ((d->rst_from == SIDES_NONE && !declared_unanswered(d)) || sides_has(d->first_fin, side)) * v->healthy;
}

TERM(healthy, v->healthy)

/* --- sampler --------------------------------------------------------------------------------- */

static const struct record_witness *sampler(const struct view *v)
{
	for (int64_t i = 0; i < v->r->witness_count; i++)
		if (strncmp(v->r->witness[i].name, "sampler", 7) == 0 && v->r->witness[i].present)
			return &v->r->witness[i];
	return NULL;
}

TERM(samples_seen, sampler(v) ? sampler(v)->seen : RECORD_NONE)
TERM(samples_lost, sampler(v) ? sampler(v)->lost : RECORD_NONE)
TERM(samples_kept, v->r->series.taken)

static int64_t samples_due(const struct view *v, enum side side)
{
	const struct series *s = &v->r->series;
	int64_t period = derive_period_ns(v->r);

	(void)side;
	if (!sampler(v) || s->count == 0 || s->last_ns == RECORD_NONE || period == RECORD_NONE)
		return RECORD_NONE;
	return (s->last_ns - s->t_ns[0] + period / 2) / period + 1;
}

/* A missed sample costs resolution, not truth: the peak is checked against capture and counters.
 * One in twenty is tolerated, and ten in a run too short for that to say much. */
static int64_t samples_spare(const struct view *v, enum side side)
{
	int64_t seen = samples_seen(v, side);

	return seen == RECORD_NONE || seen < 200 ? 10 : seen / 20;
}

/* Those missed before the first and after the last sample are in no slot between the two. */
static int64_t samples_outside(const struct view *v, enum side side)
{
	int64_t lost = samples_lost(v, side);

	return lost == RECORD_NONE ? 1 : lost + 1;
}

/* What changes and changes back within a second would be missed; TIME_WAIT lasts sixty. */
TERM(longest_gap_ms,
     sampler(v) && sampler(v)->max_gap_ns != RECORD_NONE ? sampler(v)->max_gap_ns / 1000000 : RECORD_NONE)
TERM(period_ms, derive_period_ns(v->r) == RECORD_NONE ? RECORD_NONE : derive_period_ns(v->r) / 1000000)

static int64_t gap_spare(const struct view *v, enum side side)
{
	return 1000 + period_ms(v, side) / 2;
}

TERM(samples_told, plus(samples_seen(v, side), samples_lost(v, side)))
TERM(peak, v->r->time_wait[side].peak)

/* A SYN on the 4-tuple (RFC 6191) or a RST (RFC 1337) ended some early; only the wire shows it. */
TERM(ended_early, plus(v->r->time_wait[side].reopened, v->r->time_wait[side].assassinated))
TERM(entered_kept, minus(entered(v, side), ended_early(v, side)))
TERM(holders_kept, minus(derive_holders(v->r, side), ended_early(v, side)))

/* The samples may have seen them before the RST came. */
static int64_t assassinated(const struct view *v, enum side side)
{
	int64_t n = v->r->time_wait[side].assassinated;

	return n == RECORD_NONE ? 0 : n;
}

/* A late RST changes the class of its connection, whatever the strategy did. */
static int64_t late_resets(const struct view *v, enum side side)
{
	int64_t n = plus(v->r->capture.rst_late[SIDE_CLIENT], v->r->capture.rst_late[SIDE_SERVER]);

	(void)side;
	return n == RECORD_NONE ? 0 : n;
}

/* A close that passes FIN-WAIT-2 without ending in TIME_WAIT: sockstat and the dump that tells the
 * two apart are not read at one instant, so those in flight may be taken for TIME_WAIT. */
static int64_t peak_slack(const struct view *v, enum side side)
{
	if (!v->c->declared.counters[side].time_wait || sides_has(v->c->declared.time_wait, side))
		return assassinated(v, side);
	return v->r->ledger.in_flight_peak > 0 ? v->r->ledger.in_flight_peak : 1;
}

/* Between the peak that 60 s make and the one that 60 s and a timer step make: its middle, and half. */
static int64_t half_range(const struct view *v, enum side side)
{
	const struct record_time_wait *t = &v->r->time_wait[side];

	if (t->expected_peak == RECORD_NONE)
		return RECORD_NONE;
	if (t->expected_peak_high == RECORD_NONE)
		return t->expected_peak * (DERIVE_STEP_MAX_NS / 2) / DERIVE_LIFETIME_NS;
	return (t->expected_peak_high - t->expected_peak + 1) / 2;
}

TERM(expected_peak, plus(v->r->time_wait[side].expected_peak, half_range(v, side)))

/* ... and what begins within two sampling periods is seen late or early. */
static int64_t expected_slack(const struct view *v, enum side side)
{
	int64_t period = derive_period_ns(v->r), expected = v->r->time_wait[side].expected_peak;

	if (expected == RECORD_NONE || period == RECORD_NONE)
		return 0;
	return half_range(v, side) + 2 + 2 * expected * period / DERIVE_LIFETIME_NS;
}

static int64_t load_rate_peak(const struct view *v, int64_t lifetime_ns, enum side side)
{
	int64_t load_ns = minus(v->r->load_end_ns, v->r->load_begin_ns),
		n = declared_holders(v, side);

	if (load_ns == RECORD_NONE || load_ns <= 0)
		return RECORD_NONE;
	return (int64_t)((double)n * (double)lifetime_ns / (double)load_ns);
}

TERM(little, load_rate_peak(v, DERIVE_LIFETIME_NS + DERIVE_STEP_MAX_NS / 2, side))

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
#define ENDED    (NEED_TCP | NEED_CLEAN | NEED_ANSWERED)
#define DECLARES (ENDED | NEED_ISOLATED)
#define AT_ONCE  (NEED_TCP | NEED_CLEAN | NEED_SHORT | NEED_HOLDER | NEED_KEPT)
#define ROLLING  (NEED_TCP | NEED_CLEAN | NEED_LONG | NEED_HOLDER | NEED_KEPT)

#define DATAGRAMS (NEED_UDP | NEED_SNMP | NEED_CLEAN | NEED_ISOLATED)

/* clang-format off */
const struct identity identities[] = {
	{ "every attempt has one outcome", "connections attempted", "sum of all outcomes",
	  "ledger", "ledger", ledger_attempted, outcomes_sum, NULL, 0, REACH_ONCE,
	  "a connection was lost or counted twice by the client" },
	{ "every accepted connection has one end", "connections accepted by the server",
	  "server ends: clean, reset, other",
	  "ledger", "ledger", ledger_accepted, ends_told, NULL, TCP, REACH_ONCE,
	  "a connection was lost or counted twice by the server" },
	{ "requests: answered = asked", "requests begun, less those without a port",
	  "whole replies read by the clients",
	  "ledger", "ledger", requests_asked, ledger_requests_answered, NULL,
	  NEED_CLEAN | NEED_READER, REACH_ONCE,
	  "replies are missing although every connection ended well" },
	{ "request bytes: sent = received", "bytes the clients' kernel took",
	  "request bytes the server read",
	  "ledger", "ledger", ledger_request_bytes_sent, ledger_server_request_bytes, NULL,
	  NEED_CLEAN, REACH_ONCE,
	  "data of the client was lost on the way" },
	{ "reply bytes: sent = received", "bytes the server's kernel took",
	  "reply bytes the clients read",
	  "ledger", "ledger", ledger_server_reply_bytes, ledger_reply_bytes_received, NULL,
	  NEED_CLEAN | NEED_READER, REACH_ONCE,
	  "data of the server was lost on the way" },

	{ "canary seen before the first connection", "canary read by the sniffer", "canary sent",
	  "sniffer", "sniffer", proven_start, one, NULL, 0, REACH_ONCE,
	  "the capture may have begun too late" },
	{ "canary seen after the last packet", "canary read by the sniffer", "canary sent",
	  "sniffer", "sniffer", proven_end, one, NULL, 0, REACH_ONCE,
	  "the capture may end too early" },
	{ "packets lost by the capture", "ps_drop of libpcap", "none may be lost",
	  "sniffer", "sniffer", dropped, zero, NULL, 0, REACH_ONCE,
	  "raise witnesses.capture_buffer or lower the rate" },
	{ "packets lost by the interface", "ps_ifdrop of libpcap", "none may be lost",
	  "sniffer", "sniffer", if_dropped, zero, NULL, 0, REACH_ONCE,
	  "the link of the lab was overrun" },
	{ "capture file is whole", "file holds a header for each packet", "capture file was kept",
	  "sniffer", "sniffer", file_whole, one, NULL, NEED_FILE, REACH_ONCE,
	  "the disk is full, or the file was cut" },
	{ "every captured connection is classified", "connections captured",
	  "sum of the teardown list",
	  "sniffer", "sniffer", flows, classified, NULL, TCP, REACH_ONCE,
	  "the teardown list is full" },

	{ "connections established: ledger = capture", "connect() calls that succeeded",
	  "captured SYN-ACKs without retransmissions",
	  "ledger", "sniffer", ledger_established, syn_acks, NULL, CLEAN, REACH_ONCE,
	  "a connection was missed by the capture, or made by somebody else" },
	{ "connections begun: ledger = kernel", "attempts that had a port and a route",
	  "ActiveOpens of the client's kernel",
	  "ledger", "counters", network, active_opens, NULL, COUNTED, REACH_ONCE,
	  "another program used the namespace, or a connection is missing in the ledger" },
	{ "connections begun: capture = kernel", "captured SYNs without retransmissions",
	  "ActiveOpens of the client's kernel",
	  "sniffer", "counters", syns, active_opens, NULL, COUNTED, REACH_ONCE,
	  "packets are missing in the capture" },
	{ "connections answered: capture = kernel", "captured SYN-ACKs without retransmissions",
	  "PassiveOpens of the server's kernel",
	  "sniffer", "counters", syn_acks, passive_opens, NULL, COUNTED | NEED_ROOM, REACH_ONCE,
	  "packets are missing in the capture" },
	{ "connections accepted: ledger = kernel", "connections accepted by the server",
	  "PassiveOpens of the server's kernel",
	  "ledger", "counters", ledger_accepted, passive_opens, NULL, COUNTED | NEED_ROOM, REACH_ONCE,
	  "connections were left in the accept queue" },

	{ "datagrams sent: ledger = kernel", "requests, or replies, by the clients' ledger",
	  "UdpOutDatagrams",
	  "ledger", "counters", datagrams_sent, udp_out, NULL, DATAGRAMS, REACH_COUNTER,
	  "another program used the namespace, or a datagram is missing in the ledger" },
	{ "datagrams received: ledger = kernel", "replies, or requests, by the clients' ledger",
	  "UdpInDatagrams",
	  "ledger", "counters", datagrams_received, udp_in, NULL, DATAGRAMS, REACH_COUNTER,
	  "another program used the namespace, or a datagram is missing in the ledger" },
	{ "no connection: capture", "captured connections", "a datagram makes none",
	  "sniffer", "strategy", flows, zero, NULL, NEED_UDP, REACH_ONCE,
	  "another program used the namespace" },

	{ "FINs: capture = declared", "captured FINs without retransmissions",
	  "FINs the strategy sends x connections",
	  "sniffer", "strategy", fins, declared_fins, NULL, CLEAN, REACH_SIDE,
	  "some connections were closed in another way" },
	{ "RSTs: capture = declared", "captured RSTs but for those that met a TIME_WAIT",
	  "RSTs the strategy sends x connections",
	  "sniffer", "strategy", closing_rsts, declared_rsts, NULL, ENDED, REACH_SIDE,
	  "some connections were closed in another way" },
	{ "RSTs: kernel = capture", "OutRsts of this side's kernel", "captured RSTs",
	  "counters", "sniffer", out_rsts, rsts, NULL, COUNTED, REACH_COUNTER,
	  "RSTs are missing in the capture" },
	{ "teardowns: capture = declared", "captured connections of a declared class",
	  "connections that ended as declared",
	  "sniffer", "strategy", classified_as_declared, healthy, late_resets, ENDED,
	  REACH_ONCE,
	  "some connections were closed in another way; see teardowns" },

	{ "TIME_WAIT made: kernel = declared", "TW + TWKilled + TCPTimeWaitOverflow",
	  "TIME_WAITs the strategy makes x connections",
	  "counters", "strategy", entered, declared_time_wait, transient_slack, DECLARES,
	  REACH_COUNTER,
	  "the other end closed first, or a RST came in between" },
	{ "resets counted: kernel = declared", "EstabResets",
	  "resets the strategy causes x connections",
	  "counters", "strategy", estab_resets, declared_estab_resets, NULL, DECLARES,
	  REACH_COUNTER,
	  "a RST came in another state than the strategy intends" },
	{ "aborts with SO_LINGER: kernel = declared", "TCPAbortOnData",
	  "aborts the strategy makes x connections",
	  "counters", "strategy", abort_on_data, declared_abort_on_data, NULL, DECLARES,
	  REACH_COUNTER,
	  "the abort came too early or too late" },
	{ "closes with unread data: kernel = declared", "TCPAbortOnClose",
	  "such closes of the strategy x connections",
	  "counters", "strategy", abort_on_close, declared_abort_on_close, NULL, DECLARES,
	  REACH_COUNTER,
	  "an end closed before it had read everything" },
	{ "aborts with TCP_LINGER2: kernel = declared", "TCPAbortOnLinger",
	  "such aborts of the strategy x connections",
	  "counters", "strategy", abort_on_linger, declared_abort_on_linger, NULL, DECLARES,
	  REACH_COUNTER,
	  "the close came before FIN-WAIT-2" },

	{ "TIME_WAIT: capture = declared", "captured connections that leave TIME_WAIT here",
	  "TIME_WAITs the strategy leaves x connections",
	  "sniffer", "strategy", holders, declared_holders, NULL, CLEAN, REACH_SIDE,
	  "TIME_WAIT is at the wrong end" },
	{ "TIME_WAIT: kernel = samples", "TW + TWKilled + TCPTimeWaitOverflow, less those reopened",
	  "highest sample of TIME_WAIT",
	  "sniffer", "sampler", entered_kept, peak, assassinated, AT_ONCE | NEED_ISOLATED,
	  REACH_COUNTER,
	  "TIME_WAITs ended early, or the sampler missed some" },
	{ "TIME_WAIT: capture = samples",
	  "captured connections that leave TIME_WAIT here, less those reopened",
	  "highest sample of TIME_WAIT",
	  "sniffer", "sampler", holders_kept, peak, peak_slack, AT_ONCE & ~(unsigned)NEED_HOLDER,
	  REACH_SIDE,
	  "TIME_WAITs ended early, or the sampler missed some" },
	{ "TIME_WAIT peak: samples = capture", "highest sample of TIME_WAIT",
	  "most captured to begin within a lifetime",
	  "sampler", "sniffer", peak, expected_peak, expected_slack, ROLLING, REACH_SIDE,
	  "TIME_WAITs lasted shorter or longer than 60 s and a timer step" },
	{ "TIME_WAIT peak: samples = rate x lifetime", "highest sample of TIME_WAIT",
	  "connections per second x lifetime",
	  "sampler", "ledger", peak, little, little_slack, ROLLING | NEED_CLOSED, REACH_SIDE,
	  "the rate was uneven, or TIME_WAITs lasted shorter or longer" },

	{ "samples lost", "samples missed or not kept", "at most one in twenty, or ten",
	  "sampler", "sampler", samples_lost, zero, samples_spare, 0, REACH_ONCE,
	  "lengthen witnesses.sample_period" },
	{ "longest time without a sample", "milliseconds between two samples at the most",
	  "milliseconds of a sampling period",
	  "sampler", "sampler", longest_gap_ms, period_ms, gap_spare, 0, REACH_ONCE,
	  "the machine stood still, or was too busy" },
	{ "samples: kept = reported", "samples in the series", "samples the sampler took",
	  "sampler", "sampler", samples_kept, samples_seen, NULL, 0, REACH_ONCE,
	  "samples were lost on the way into the record" },
	{ "samples: reported = due", "samples taken and missed",
	  "slots between the first and the last sample",
	  "sampler", "sampler", samples_told, samples_due, samples_outside, 0, REACH_ONCE,
	  "samples are missing and nobody says so" },
};
/* clang-format on */

const size_t identities_count = sizeof(identities) / sizeof(identities[0]);
