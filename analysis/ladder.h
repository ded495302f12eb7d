/*
 * ladder: one connection as RFC 9293 draws it: a line per segment, the state of each end beside it.
 *
 * States follow from what was captured, as if each segment arrived at once; of FINs that crossed each
 * arrives after the other was sent.  Long runs of payload and plain ACKs are shown by their first
 * and last few.  Sequence numbers count from the first one of their direction.
 */
#ifndef TWBENCH_ANALYSIS_LADDER_H
#define TWBENCH_ANALYSIS_LADDER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/conn_fields.h"

#define LADDER_STEPS_MAX 1024 /* further segments are counted, not shown */

/* TCP flags, as in the header. */
enum { LADDER_FIN = 1, LADDER_SYN = 2, LADDER_RST = 4, LADDER_ACK = 16 };

struct ladder_step {
	int64_t t_ns;
	int dir; /* 0: sent by the initiator */
	uint32_t seq, ack, payload_bytes;
	uint8_t flags;
	uint64_t skipped, skipped_bytes; /* if not 0: in place of so many segments */
};

struct ladder {
	struct ladder_step step[LADDER_STEPS_MAX];
	size_t count;
	size_t run; /* plain segments at the end of `step` */
	uint64_t lost;
};

/* Add the next segment; skipped and skipped_bytes are ignored. */
void ladder_add(struct ladder *l, const struct ladder_step *s);

/* The same row in text and as a picture (SVG). */
void ladder_print(const struct ladder *l, const struct conn *c, FILE *out);
void ladder_svg(const struct ladder *l, const struct conn *c, FILE *out);

#endif
