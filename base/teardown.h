/*
 * teardown: the FIN/RST sequence of one connection: what the wire showed, and what follows.
 *
 * `struct flow` is the row the flow table (capture/flow.c) makes from segments; `struct teardown`
 * is what analysis/classify.c concludes from it.  src is the initiator.  Direction 0 is
 * src -> dst, 1 is dst -> src; "who" fields hold a direction or -1 for nobody.
 * Times are ns in the clock of the capture; -1 where the thing never happened.
 */
#ifndef TWBENCH_BASE_TEARDOWN_H
#define TWBENCH_BASE_TEARDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/side.h"
#include "base/tuple.h"

/* Who must be the initiator, and how we know: the SYN, the SYN-ACK, the better-known port, or
 * merely who was seen first. */
enum initiator_by { INITIATOR_SYN, INITIATOR_SYN_ACK, INITIATOR_PORT, INITIATOR_FIRST_SEEN };

/* What became of the SYN that met this connection's TIME-WAIT. */
enum syn_answer {
	SYN_ANSWER_NONE,       /* no SYN came, or nothing answered it */
	SYN_ANSWER_ACCEPTED,   /* a SYN-ACK: the 4-tuple was reused */
	SYN_ANSWER_CHALLENGED, /* an ACK of the old connection; the SYN's sender answers by a RST */
	SYN_ANSWER_REFUSED,    /* a RST */
};

struct flow_dir {
	int64_t fin_ns;            /* first FIN sent this way ... */
	int64_t fin_last_ns;       /* ... and the last one: it makes a TIME-WAIT begin anew */
	int64_t fin_acked_ns;      /* first segment of the other direction that acknowledged it */
	int64_t fin_acked_plain_ns; /* ... that was no RST: only such an ACK moves FIN-WAIT-1 on */
	int64_t rst_ns;            /* first RST sent this way since it was established, if it was */
	int64_t last_data_ns;      /* last segment with payload */
	uint64_t payload_bytes;    /* distinct bytes seen: no retransmissions, no holes of the capture */
	uint32_t packets;
	uint32_t syn, syn_retrans; /* all SYNs, of which repeats (SYN-ACKs for direction 1) */
	uint32_t fin, fin_retrans; /* all FINs, of which repeats */
	uint32_t rst;
	uint32_t data_packets, data_retrans;
	uint32_t last_ack_repeats; /* ACKs of the peer's FIN after the first */
	uint32_t seq_first;        /* initial sequence number, if the SYN was seen */
	bool fin_acked_by_fin;     /* the first ACK of this FIN rode on the other FIN */
	bool rst_exact;            /* first RST was at the peer's rcv_nxt, as far as seen */
	bool timestamps;           /* the timestamp option was in the SYN */
};

struct flow {
	struct endpoint src, dst;
	uint64_t number;            /* 1, 2, 3 ... in order of first packet */
	int64_t first_ns, last_ns;
	struct flow_dir dir[2];
	uint64_t data_after_fin_bytes; /* sent to an end that had already sent its FIN */
	int64_t data_before_close_ns; /* last segment with payload, either way, before any FIN or RST */
	int64_t established_ns;     /* ACK of the SYN-ACK */
	int64_t reopened_ns;        /* a SYN of a new incarnation ended this one's TIME-WAIT then; -1: none */
	int64_t rst_in_time_wait_ns; /* when the first RST of rst_in_time_wait came; -1 */
	int64_t reused_after_ns;    /* this 4-tuple's last TIME-WAIT began so long before; -1: not reused */
	uint32_t capture_duplicates; /* packets the capture itself delivered twice */
	int8_t first_fin, first_rst; /* direction, -1 nobody */
	uint8_t initiator_by;
	uint8_t syn_answer;         /* enum syn_answer */
	bool reused_ports;          /* the 4-tuple had another connection before, within memory */
	bool fins_crossed;          /* neither FIN acknowledged the other */
	bool rst_after_fin;         /* a RST followed a FIN of either side */
	bool late_data_rst;         /* data met a closed end, which answered by a RST without ACK */
	bool rst_in_time_wait;      /* a RST, exact, arrived at an end in TIME-WAIT (RFC 1337) */
	bool began_inside;          /* no SYN seen: the capture began within */
	bool ended_inside;          /* still open when the capture ended */
};

#define TIME_WAIT_UNKNOWN INT64_C(-2)

/*
 * When the end that sends in direction `dir` entered TIME-WAIT, as the wire shows it: it sent its FIN
 * without having seen the other, its FIN was acknowledged by no RST, and it acknowledged the other
 * FIN.  That moment is the later of the other FIN and the ACK of its own.  -1: it did not.
 * TIME_WAIT_UNKNOWN: both FINs are there, but not the ACKs that would tell.
 */
int64_t flow_time_wait_ns(const struct flow *f, int dir);

/* The closed vocabulary; definitions in results/README.md, from classify's table. */
enum teardown_class {
	TEARDOWN_ORDERLY_3,
	TEARDOWN_ORDERLY_4,
	TEARDOWN_HALF_CLOSE,
	TEARDOWN_SIMULTANEOUS,
	TEARDOWN_ABORT,
	TEARDOWN_ABORT_BY_RESPONDER,
	TEARDOWN_RESET_AFTER_FIN,
	TEARDOWN_RESET_AFTER_BOTH_FINS,
	TEARDOWN_LATE_DATA_RESET,
	TEARDOWN_FIN_UNANSWERED,
	TEARDOWN_REFUSED,
	TEARDOWN_CONNECT_TIMEOUT,
	TEARDOWN_NEVER_CLOSED,
	TEARDOWN_REUSED_IN_TIME_WAIT,
	TEARDOWN_PARTIAL,
	TEARDOWN_CLASS_COUNT
};

struct teardown {
	enum teardown_class class;
	enum sides first_fin;         /* none, client, server; both when they crossed */
	enum sides first_rst;         /* none, client, server */
	enum sides holder;            /* who entered TIME-WAIT proper, at the end of the connection */
	int64_t time_wait_ns[SIDE_COUNT]; /* when each side entered TIME-WAIT; -1 never */
	bool assassinated;            /* a RST met TIME-WAIT and ended it, unless tcp_rfc1337 is set */
};

const char *initiator_by_key(enum initiator_by b); /* "syn", "syn-ack", "port", "first-seen" */
const char *syn_answer_key(enum syn_answer a);      /* "accepted" ...; NULL for none */

const char *teardown_class_key(enum teardown_class c);  /* "orderly-3" */
const char *teardown_class_help(enum teardown_class c); /* its definition, one sentence */
enum teardown_class teardown_class_from_key(const char *key); /* TEARDOWN_CLASS_COUNT if none */

#endif
