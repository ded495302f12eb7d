#include "bench/strategy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/tcpstate.h"
#include "bench/conn.h"
#include "bench/protocol.h"

/* --- steps of the client -------------------------------------------------------------------- */

static enum conn_next shut_write(struct conn *c)
{
	(void)shutdown(c->fd, SHUT_WR); /* fails only if the peer has reset: the next read says so */
	return NEXT_READ;
}

static enum conn_next shut_write_then_watch(struct conn *c)
{
	(void)shutdown(c->fd, SHUT_WR); /* as above */
	return NEXT_EVENT;
}

static enum conn_next shut_write_then_drain(struct conn *c)
{
	(void)shutdown(c->fd, SHUT_WR); /* as above */
	return NEXT_EOF;
}

static enum conn_next linger2_then_close(struct conn *c)
{
	int one_s = 1;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_LINGER2, &one_s, sizeof(one_s)); /* cannot fail */
	return conn_close(c);
}

static enum conn_next linger_timed(struct conn *c)
{
	struct linger linger = { .l_onoff = 1, .l_linger = c->linger_s };

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)); /* cannot fail */
	return NEXT_BLOCK;
}

/* close() with the whole reply unread: RFC 1122 4.2.2.13 and RFC 2525 2.17 want a RST. */
static enum conn_next close_unread(struct conn *c)
{
	int waiting = 0;

	if (ioctl(c->fd, FIONREAD, &waiting) != 0 || waiting < c->reply_bytes)
		return NEXT_READ; /* not all of it is here yet */
	c->received_bytes = waiting;
	return conn_close(c);
}

/*
 * RST out of CLOSE-WAIT.  The FIN is acknowledged on its own first (TCP_QUICKACK sends an ACK that
 * is due): otherwise the RST might meet the peer in FIN-WAIT-1, and which it met could not be told.
 */
static enum conn_next reset_from_close_wait(struct conn *c)
{
	int on = 1;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on)); /* cannot fail */
	return conn_reset(c);
}

/* The FIN has been acknowledged (FIN-WAIT-2): now abort instead of waiting for the peer's. */
static enum conn_next linger2_in_fin_wait2(struct conn *c)
{
	int never = -1;

	if (conn_tcp_state(c) != TCPSTATE_FIN_WAIT2)
		return NEXT_EVENT;
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_LINGER2, &never, sizeof(never)); /* cannot fail */
	return conn_close(c);
}

static enum conn_next reset_in_fin_wait2(struct conn *c)
{
	return conn_tcp_state(c) == TCPSTATE_FIN_WAIT2 ? conn_reset(c) : NEXT_EVENT;
}

/* connect(AF_UNSPEC): tcp_disconnect() sends a RST that no abort counter counts. */
static enum conn_next disconnect(struct conn *c)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	(void)connect(c->fd, &unspec, sizeof(unspec)); /* cannot fail on a TCP socket */
	return conn_close(c);
}

static enum conn_next shut_both(struct conn *c)
{
	(void)shutdown(c->fd, SHUT_RDWR); /* fails only if the peer has reset */
	return conn_close(c);
}

static enum conn_next next_request(struct conn *c)
{
	return c->requests_left > 0 ? NEXT_WRITE : conn_close(c);
}

/* --- the table ------------------------------------------------------------------------------ */

#define ORDERLY (CLASS_BIT(TEARDOWN_ORDERLY_3) | CLASS_BIT(TEARDOWN_ORDERLY_4))

/* clang-format off */
const struct strategy strategies[] = {
	{ .name = "client-fin", .core = true,
	  .summary = "the client closes first: close() as soon as it has the reply",
	  .verdict = "TIME_WAIT and its port stay with the client",
	  .source = "RFC 9293 figure 12; net/ipv4/tcp.c tcp_close()",
	  .server_action = ACTION_EOF, .on_reply = conn_close,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, ORDERLY,
			{ { .time_wait = 1 }, { 0 } } } },
	{ .name = "server-fin", .core = true,
	  .summary = "the server closes first; the client reads to end of file, then closes",
	  .verdict = "TIME_WAIT moves to the server; the client's ports are free at once",
	  .source = "RFC 9293 figure 12, roles exchanged",
	  .server_action = ACTION_FIN,
	  .declared = { OUTCOME_OK, SIDES_SERVER, SIDES_NONE, SIDES_SERVER, ORDERLY,
			{ { 0 }, { .time_wait = 1 } } } },
	{ .name = "client-rst", .core = true,
	  .summary = "the client aborts: SO_LINGER {1,0} and close()",
	  .verdict = "no TIME_WAIT; the server sees ECONNRESET, unsent data is lost",
	  .source = "RFC 9293 3.10.5 ABORT; socket(7) SO_LINGER",
	  .server_action = ACTION_EOF, .on_reply = conn_reset,
	  .declared = { OUTCOME_OK, SIDES_NONE, SIDES_CLIENT, SIDES_NONE, CLASS_BIT(TEARDOWN_ABORT),
			{ { .out_rsts = 1, .estab_resets = 1, .abort_on_data = 1 },
			  { .estab_resets = 1 } } } },
	{ .name = "server-rst", .core = true,
	  .summary = "the server aborts after its reply: SO_LINGER {1,0} and close()",
	  .verdict = "no TIME_WAIT; the client sees ECONNRESET, long replies are cut",
	  .source = "RFC 9293 3.10.5 ABORT",
	  .server_action = ACTION_RST,
	  .declared = { OUTCOME_RESET_AFTER_REPLY, SIDES_NONE, SIDES_SERVER, SIDES_NONE,
			CLASS_BIT(TEARDOWN_ABORT_BY_RESPONDER),
			{ { .estab_resets = 1 },
			  { .out_rsts = 1, .estab_resets = 1, .abort_on_data = 1 } } } },
	{ .name = "half-close", .core = true,
	  .summary = "the client shuts its sending side after the request, reads to end of file, closes",
	  .verdict = "as client-fin, and no byte can be lost either way",
	  .source = "RFC 1122 4.2.2.13; RFC 9293 3.6",
	  .server_action = ACTION_EOF, .on_sent = shut_write,
	  /* orderly when the reply overtakes the FIN: nothing then flows after it */
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT,
			CLASS_BIT(TEARDOWN_HALF_CLOSE) | ORDERLY,
			{ { .time_wait = 1 }, { 0 } } } },
	{ .name = "simultaneous", .core = true, .wire_rule = WIRE_CROSS_FINS,
	  .event_only = true,
	  .summary = "both close at once: the relay holds each FIN until both are on the wire",
	  .verdict = "TIME_WAIT at both ends for one connection",
	  .source = "RFC 9293 figure 13",
	  .server_action = ACTION_FIN, .on_reply = conn_close,
	  .declared = { OUTCOME_OK, SIDES_BOTH, SIDES_NONE, SIDES_BOTH,
			CLASS_BIT(TEARDOWN_SIMULTANEOUS),
			{ { .time_wait = 1 }, { .time_wait = 1 } } } },
	{ .name = "linger-timed", .core = true,
	  .event_only = true,
	  .summary = "SO_LINGER {1,n}: close() blocks until the FIN is acknowledged, at most n seconds",
	  .verdict = "TIME_WAIT as client-fin, and a thread that waits in close()",
	  .source = "socket(7) SO_LINGER; net/ipv4/tcp.c tcp_close() timeout",
	  .server_action = ACTION_EOF, .on_reply = linger_timed,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, ORDERLY,
			{ { .time_wait = 1 }, { 0 } } } },
	{ .name = "unread-close", .core = true,
	  .summary = "the client closes without reading the reply",
	  .verdict = "an abort by accident: the server sees ECONNRESET",
	  .source = "RFC 1122 4.2.2.13; RFC 2525 2.17",
	  .server_action = ACTION_EOF, .on_readable = close_unread,
	  .declared = { OUTCOME_OK, SIDES_NONE, SIDES_CLIENT, SIDES_NONE, CLASS_BIT(TEARDOWN_ABORT),
			{ { .out_rsts = 1, .estab_resets = 1, .abort_on_close = 1 },
			  { .estab_resets = 1 } } } },
	{ .name = "linger2-abort", .core = true,
	  .event_only = true,
	  .summary = "the client shuts down, waits for the ACK of its FIN, then aborts (TCP_LINGER2 < 0)",
	  .verdict = "no TIME_WAIT, and what the client sent did arrive; later data is refused",
	  .source = "tcp(7) TCP_LINGER2; net/ipv4/tcp.c __tcp_close()",
	  .server_action = ACTION_KEEP, .on_reply = shut_write_then_watch,
	  .on_event = linger2_in_fin_wait2,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE,
			CLASS_BIT(TEARDOWN_RESET_AFTER_FIN),
			{ { .out_rsts = 1, .abort_on_linger = 1 }, { .estab_resets = 1 } } } },
	{ .name = "passive-abort", .core = true,
	  .summary = "the server closes first; the client answers its FIN with a RST",
	  .verdict = "no TIME_WAIT at either end: the RST deletes the server's",
	  .source = "RFC 9293 3.10.7.4 and 3.5.2; HAProxy does it towards servers",
	  .server_action = ACTION_FIN, .on_eof = reset_from_close_wait,
	  .declared = { OUTCOME_OK, SIDES_SERVER, SIDES_CLIENT, SIDES_NONE,
			CLASS_BIT(TEARDOWN_RESET_AFTER_FIN),
			{ { .out_rsts = 1, .estab_resets = 1, .abort_on_data = 1 },
			  { .time_wait = 1 } } } },
	{ .name = "disconnect", .core = true,
	  .summary = "the client dissolves the association: connect(AF_UNSPEC), then close()",
	  .verdict = "as client-rst, and no abort counter moves",
	  .source = "connect(2); net/ipv4/tcp.c tcp_disconnect()",
	  .server_action = ACTION_EOF, .on_reply = disconnect,
	  .declared = { OUTCOME_OK, SIDES_NONE, SIDES_CLIENT, SIDES_NONE, CLASS_BIT(TEARDOWN_ABORT),
			{ { .out_rsts = 1, .estab_resets = 1 }, { .estab_resets = 1 } } } },
	{ .name = "keepalive", .core = true, .many_requests = true,
	  .summary = "k requests on each connection, then the client closes first",
	  .verdict = "one TIME_WAIT for k requests: the cure that costs nothing",
	  .source = "RFC 9112 9.3",
	  .server_action = ACTION_EOF, .on_reply = next_request,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, ORDERLY,
			{ { .time_wait = 1 }, { 0 } } } },
	{ .name = "udp", .core = true, .udp = true,
	  .event_only = true,
	  .summary = "one datagram each way, no connection",
	  .verdict = "no state at all, and no promise of delivery",
	  .source = "RFC 768",
	  .server_action = ACTION_EOF, .on_reply = conn_close,
	  .declared = { OUTCOME_OK, SIDES_NONE, SIDES_NONE, SIDES_NONE, 0, { { 0 }, { 0 } } } },
	{ .name = "shutdown-rst",
	  .event_only = true,
	  .summary = "the client shuts down, waits for the ACK of its FIN, then aborts (SO_LINGER {1,0})",
	  .verdict = "no TIME_WAIT; the server reads a clean end of file and may never notice",
	  .source = "net/ipv4/tcp.c __tcp_close()",
	  .server_action = ACTION_KEEP, .on_reply = shut_write_then_watch,
	  .on_event = reset_in_fin_wait2,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE,
			CLASS_BIT(TEARDOWN_RESET_AFTER_FIN),
			{ { .out_rsts = 1, .abort_on_data = 1 }, { .estab_resets = 1 } } } },
	{ .name = "late-linger",
	  .event_only = true,
	  .summary = "the client shuts down, reads to end of file, then sets SO_LINGER {1,0} and closes",
	  .verdict = "as client-fin: TIME_WAIT has begun already, and SO_LINGER comes too late",
	  .source = "net/ipv4/tcp_input.c tcp_fin(); socket(7) SO_LINGER",
	  .server_action = ACTION_EOF, .on_reply = shut_write_then_drain, .on_eof = conn_reset,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, ORDERLY,
			{ { .time_wait = 1 }, { 0 } } } },
	{ .name = "linger2",
	  .summary = "the client sets TCP_LINGER2 to 1 s and closes first",
	  .verdict = "as client-fin: TCP_LINGER2 bounds FIN-WAIT-2, and leaves TIME_WAIT as it is",
	  .source = "tcp(7) TCP_LINGER2; net/ipv4/tcp.c tcp_fin_time()",
	  .server_action = ACTION_EOF, .on_reply = linger2_then_close,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, ORDERLY,
			{ { .time_wait = 1 }, { 0 } } } },
	{ .name = "server-keeps", .event_only = true,
	  .summary = "the client closes first, and the server never closes",
	  .verdict = "the orphan waits in FIN-WAIT-2 for tcp_fin_timeout; no TIME_WAIT ever begins",
	  .source = "net/ipv4/tcp.c __tcp_close(); ip-sysctl.rst tcp_fin_timeout",
	  .server_action = ACTION_KEEP, .on_reply = conn_close,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_NONE,
			CLASS_BIT(TEARDOWN_FIN_UNANSWERED), { { .time_wait = 1 }, { 0 } } } },
	{ .name = "fin-lost", .event_only = true,
	  .summary = "the client closes first, and the server's kernel hears none of its FINs",
	  .verdict = "the orphan repeats its FIN from FIN-WAIT-1, as often as tcp_orphan_retries says",
	  .source = "net/ipv4/tcp_timer.c tcp_write_timeout(); ip-sysctl.rst tcp_orphan_retries",
	  .server_action = ACTION_DEAF, .on_reply = conn_close,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_NONE,
			CLASS_BIT(TEARDOWN_FIN_UNANSWERED), { { 0 }, { 0 } } } },
	{ .name = "fin-again", .wire_rule = WIRE_REPEAT_FIN, .event_only = true,
	  .summary = "the client closes first; the relay delivers the server's FIN again, which draws a RST",
	  .verdict = "TIME_WAIT is assassinated: it ends at once, unless tcp_rfc1337 is set",
	  .source = "RFC 1337; net/ipv4/tcp_minisocks.c tcp_timewait_state_process()",
	  .server_action = ACTION_EOF, .on_reply = conn_close,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT,
			CLASS_BIT(TEARDOWN_RESET_AFTER_BOTH_FINS), { { .time_wait = 1 }, { 0 } } } },
	{ .name = "shutdown-both",
	  .summary = "the client calls shutdown(SHUT_RDWR), then close()",
	  .verdict = "as client-fin: shutdown() changes nothing about TIME_WAIT",
	  .source = "shutdown(2)",
	  .server_action = ACTION_EOF, .on_reply = shut_both,
	  .declared = { OUTCOME_OK, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, ORDERLY,
			{ { .time_wait = 1 }, { 0 } } } },
};
/* clang-format on */
const size_t strategies_count = sizeof(strategies) / sizeof(strategies[0]);

const struct strategy *strategy_find(const char *name)
{
	for (size_t i = 0; i < strategies_count; i++)
		if (strcmp(strategies[i].name, name) == 0)
			return &strategies[i];
	return NULL;
}
