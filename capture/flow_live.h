/*
 * flow_live: what is remembered of one connection while it lives, and what each segment does to it.
 *
 * The private half of the flow table (capture/flow.c): no memory management, no lookup.  All
 * sequence numbers are compared modulo 2^32.
 */
#ifndef TWBENCH_CAPTURE_FLOW_LIVE_H
#define TWBENCH_CAPTURE_FLOW_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/teardown.h"

struct segment;

struct live_dir {
	int64_t fin_ns, fin_acked_ns, fin_acked_plain_ns, rst_ns, last_data_ns; /* -1: never */
	int64_t last_ns; /* the last packet this way ... */
	uint64_t print;  /* ... and its fingerprint; 0: could not be told from a copy */
	uint64_t payload_bytes;
	uint32_t isn;      /* if has_isn */
	uint32_t next;     /* highest sequence number sent, plus 1; if has_next */
	uint32_t data_end; /* the same of payload alone; if data_packets */
	uint32_t ack;      /* highest acknowledgement sent; if has_ack */
	uint32_t fin_seq;  /* of the FIN itself; if fin */
	uint32_t fin_ack;  /* what the first FIN's own segment acknowledged; if fin */
	uint32_t syn_ts;   /* timestamp of the first SYN */
	uint32_t packets, syn, fin, rst, data_packets, data_retrans, last_ack_repeats;
	bool has_isn, has_next, has_ack, timestamps, rst_exact, fin_acked_by_fin;
};

struct live {
	struct tuple tuple; /* a is the initiator */
	struct live_dir dir[2];
	uint64_t number;
	int64_t first_ns, last_ns, established_ns, reused_after_ns, reopened_ns;
	uint64_t data_after_fin_bytes;
	uint32_t duplicates;
	uint32_t hash; /* the rest is the table's: where the connection is linked */
	uint32_t newer, older, before;
	int8_t first_fin, first_rst;
	uint8_t initiator_by;
	uint8_t opener; /* direction of the first SYN */
	bool rst_after_fin, late_data_rst, rst_in_time_wait, began_inside;
	bool closed_list;
};

/* Begin with the first segment seen (live_add() it next).  `server_port` as in flow_options. */
void live_begin(struct live *l, const struct segment *s, uint16_t server_port, uint64_t number);

/* 0 or 1 if the segment is of this 4-tuple, else -1. */
int live_direction(const struct live *l, const struct segment *s);

/* Account for a segment sent in direction `dir`.  False: the capture had delivered it before. */
bool live_add(struct live *l, int dir, const struct segment *s);

/* Both FINs acknowledged, or reset. */
bool live_is_closed(const struct live *l);

/* Does this SYN or SYN-ACK open another connection on the same 4-tuple? */
bool live_is_another(const struct live *l, int dir, const struct segment *s);

/* Is the segment part of the handshake of `l`, or proof that it was answered? */
bool live_answers_syn(const struct live *l, int dir, const struct segment *s);

/* The next connection's SYN arrived: note it if an end is in TIME-WAIT.  Since when; -1: none. */
int64_t live_meet_syn(struct live *l, int64_t syn_ns);

/* The row to hand out. */
void live_report(const struct live *l, struct flow *ret);

#endif
