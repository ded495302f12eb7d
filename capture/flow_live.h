/*
 * flow_live: what is remembered of one connection while it lives, and what each segment does to it.
 *
 * The private half of the flow table (capture/flow.c): no memory management, no lookup.  All
 * sequence numbers are compared modulo 2^32.
 */
#ifndef TWBENCH_CAPTURE_FLOW_LIVE_H
#define TWBENCH_CAPTURE_FLOW_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/teardown.h"
#include "capture/holes.h"
#include "capture/segment.h"

#define LIVE_SYNS_MAX 8 /* Linux sends up to seven by default */

/* What every segment of a direction reads or writes ... */
struct live_dir {
	int64_t last_ns; /* the last packet this way ... */
	uint32_t print;  /* ... and its fingerprint; 0: could not be told from a copy */
	uint32_t next;   /* highest sequence number sent, plus 1; if has_next */
	uint32_t ack;    /* highest acknowledgement sent; if has_ack */
	uint32_t packets;
};

/* ... and what only payload, SYN, FIN and RST do. */
struct live_more {
	int64_t fin_ns, fin_last_ns, fin_acked_ns, fin_acked_plain_ns, rst_ns, last_data_ns;
	uint64_t payload_bytes;
	uint32_t isn;      /* if has_isn or isn_told */
	uint32_t isn_last; /* of the last SYN; another only where a SYN was answered twice */
	uint32_t data_end; /* highest sequence number of payload, plus 1; if data_packets */
	struct holes holes;
	uint32_t fin_seq; /* of the FIN itself; if fin */
	uint32_t fin_seq_last; /* of the last FIN: another only where one of them was forged */
	uint32_t rst_seq; /* if rst_ns >= 0 */
	uint32_t fin_ack; /* what the first FIN's own segment acknowledged; if fin */
	uint32_t syn_ts;  /* timestamp of the first SYN */
	uint32_t syn, fin, rst, data_packets, data_retrans, last_ack_repeats;
	bool isn_told; /* the SYN was not seen, but the SYN-ACK that answers it was */
	bool timestamps, rst_exact, fin_acked_by_fin;
};

/* The first 128 bytes are all that a plain segment touches: two lines of the cache.  There is no
 * padding: capture/flow_rest.c, which has a row for each field, counts the bytes. */
struct live {
	_Alignas(64) struct tuple tuple; /* a is the initiator */
	struct live_dir dir[2];
	int64_t last_ns;
	uint32_t place, before; /* the table's */
	uint32_t duplicates;
	bool has_isn[2], has_next[2], has_ack[2], has_fin[2];
	bool closed, established;
	int8_t first_fin, first_rst;
	uint8_t opener; /* direction of the first SYN */
	uint8_t initiator_by;
	uint8_t syn_answer;
	bool rst_after_fin, late_data_rst, rst_in_time_wait, began_inside, reused_ports;

	struct live_more more[2];
	uint64_t number;
	int64_t first_ns, established_ns, reused_after_ns, reopened_ns, rst_in_time_wait_ns;
	int64_t data_before_close_ns;
	uint64_t data_after_fin_bytes;
	bool fin_afloat[2]; /* fin_seq is the least it can be: its segment ends in a later fragment */
	uint8_t spare[14];  /* always 0 */
};
_Static_assert(offsetof(struct live, more) <= 128, "the hot part of a connection");

/* Begin with the first segment seen (live_add() it next).  `server_port` as in flow_options. */
void live_begin(struct live *l, const struct segment *s, uint16_t server_port, uint64_t number);

/* An endpoint is 20 bytes without holes: two and a half words, ports and family first. */
static inline bool live_same_end(const struct endpoint *x, const struct endpoint *y)
{
	uint64_t p[2], q[2];

	if (x->port != y->port || x->family != y->family)
		return false;
	memcpy(p, x->addr, sizeof(p));
	memcpy(q, y->addr, sizeof(q));
	return p[0] == q[0] && p[1] == q[1];
}

/* 0 or 1 if the segment is of this 4-tuple, else -1. */
static inline int live_direction(const struct live *l, const struct segment *s)
{
	if (live_same_end(&l->tuple.a, &s->tuple.a) && live_same_end(&l->tuple.b, &s->tuple.b))
		return 0;
	if (live_same_end(&l->tuple.a, &s->tuple.b) && live_same_end(&l->tuple.b, &s->tuple.a))
		return 1;
	return -1;
}

/* Account for a segment sent in direction `dir`.  False: the capture had delivered it before. */
bool live_add(struct live *l, int dir, const struct segment *s);

/* Both FINs acknowledged, or reset. */
static inline bool live_is_closed(const struct live *l)
{
	return l->closed;
}

/* A SYN, its answer, or both, and no more than a few segments either way: what a SYN flood leaves. */
static inline bool live_is_half_open(const struct live *l)
{
	const struct live_dir *opener = &l->dir[l->opener], *other = &l->dir[!l->opener];
	bool answered = l->has_isn[!l->opener];

	return !l->established && opener->packets <= LIVE_SYNS_MAX &&
	       other->packets <= LIVE_SYNS_MAX &&
	       (l->has_isn[l->opener] ? answered || other->packets == 0
				      : answered && opener->packets == 0);
}

/* Does this SYN or SYN-ACK open another connection on the same 4-tuple? */
bool live_is_another(const struct live *l, int dir, const struct segment *s);

/* Is this a SYN or SYN-ACK that `l` had before, or the answer that its SYN awaits? */
bool live_knows_syn(const struct live *l, const struct segment *s);

/* Is the segment part of the handshake of `l`, or proof that it was answered? */
bool live_answers_syn(const struct live *l, int dir, const struct segment *s);

/* The next connection's SYN arrived: note it if an end is in TIME-WAIT, and await the answer to this
 * one.  Since when; -1: none. */
int64_t live_meet_syn(struct live *l, int64_t syn_ns);

/*
 * A segment of this 4-tuple, but of no SYN's connection: if the end in TIME-WAIT sent it, it is
 * how the SYN was answered (enum syn_answer; the first answer stays).
 */
void live_note_syn_answer(struct live *l, int answer);

/* The row to hand out. */
void live_report(const struct live *l, struct flow *ret);

#endif
