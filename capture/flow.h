/*
 * flow: segments -> one `struct flow` (base/teardown.h) per connection.  Pure, bounded memory.
 *
 * A table of live connections; a connection leaves it, through the callback, when it is over: both
 * FINs acknowledged (or a RST) and `linger_ns` of capture time past, a new SYN on its 4-tuple,
 * eviction of the oldest when the table is full (counted), or flow_table_finish().  Segments may
 * be slightly out of order in time (kernel-facts: capture).  One thread at a time.
 */
#ifndef TWBENCH_CAPTURE_FLOW_H
#define TWBENCH_CAPTURE_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/teardown.h"

struct segment;
struct flow_table;

/* Called once per connection; `f` is valid during the call only. */
typedef void flow_done_fn(void *arg, const struct flow *f);

struct flow_options {
	size_t max_flows;      /* live connections kept at most (0: 1,048,576) */
	int64_t linger_ns;     /* how long a closed connection is kept, to see late segments and reuse (0: 60 s) */
	uint16_t server_port;  /* if not 0: the endpoint with this port is the responder, whatever was seen */
	flow_done_fn *done;
	void *arg;
};

struct flow_stats {
	uint64_t segments, flows, evicted, duplicates;
	uint64_t live, live_peak;
};

/* NULL: no memory. */
struct flow_table *flow_table_new(const struct flow_options *options);
void flow_table_free(struct flow_table *t); /* without callbacks; NULL is fine */

void flow_table_add(struct flow_table *t, const struct segment *s);

/* Hand out all that is left, oldest first. */
void flow_table_finish(struct flow_table *t);

void flow_table_stats(const struct flow_table *t, struct flow_stats *ret);

#endif
