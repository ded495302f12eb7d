/*
 * flow: segments -> one `struct flow` (base/teardown.h) per connection.  Pure, bounded memory.
 *
 * A table of live connections; a connection leaves it, through the callback, when it is over: both
 * FINs acknowledged (or a RST) and `linger_ns` of capture time past, a new SYN on its 4-tuple that
 * was answered, eviction when the table is full (counted), or flow_table_finish().  Eviction takes
 * one that has long been silent (a queue with a second chance): those whose handshake is not over
 * and that were silent for seconds, closed connections, others whose handshake is not over, open ones.  Segments may be out of order in time; one that
 * is older than the newest by more than `linger_ns` sets the clock back.  One thread at a time.
 *
 * A new SYN is one whose initial sequence number differs from the one that this connection began
 * with.  Until it is answered, what else is sent on the 4-tuple (the ACK of a TIME-WAIT that it
 * met, the RST that answers this) still belongs to the old connection.
 */
#ifndef TWBENCH_CAPTURE_FLOW_H
#define TWBENCH_CAPTURE_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/teardown.h"

struct segment;
struct flow_table;

/* Called for each segment with the number of its connection, copies made by the capture
 * left out; `dir` is 0 if the initiator sent it, else 1. */
typedef void flow_seen_fn(void *arg, const struct segment *s, uint64_t number, int dir);

/* Called once per connection; `f` is valid during the call only. */
typedef void flow_done_fn(void *arg, const struct flow *f);

struct flow_options {
	size_t max_flows;     /* live connections kept at most (0: 1,048,576; at least 2 are) */
	size_t ready_flows;   /* for so many memory is made present now, not while packets come */
	size_t working_flows; /* of these so many are not packed (0: 16,384; at least 2) */
	int64_t linger_ns;    /* closed ones are kept so long, for late segments, reuse (0: 60 s) */
	uint16_t server_port; /* if not 0: who has this port is the responder, whatever was seen */
	flow_done_fn *done;
	flow_seen_fn *seen; /* NULL: nobody wants to know */
	void *arg;          /* of both */
};

struct flow_stats {
	uint64_t segments; /* all that were given */
	uint64_t flows;    /* connections begun */
	uint64_t evicted;  /* handed out early for want of room ... */
	uint64_t evicted_open; /* ... while open, or in a handshake that then went on: what follows
				* begins another, partial flow; or ... */
	uint64_t evicted_half_open; /* ... before its handshake was over, and it never was: a flood */
	uint64_t duplicates; /* segments that the capture delivered twice, sum over the flows */
	uint64_t live, live_peak;
};

/* Takes all memory at once (untouched pages cost nothing).  NULL: no memory. */
struct flow_table *flow_table_new(const struct flow_options *options);
void flow_table_free(struct flow_table *t); /* without callbacks; NULL is fine */

/* Account for one segment; may call `done` for connections that are over. */
void flow_table_add(struct flow_table *t, const struct segment *s);

/* The same for up to FLOW_BATCH segments, several times faster; times out of range are cut in `s`. */
#define FLOW_BATCH 32
void flow_table_add_many(struct flow_table *t, struct segment *s, size_t count);

/* Hand out all that is left, in order of their first packets. */
void flow_table_finish(struct flow_table *t);

void flow_table_stats(const struct flow_table *t, struct flow_stats *ret);

#endif
