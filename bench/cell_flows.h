/*
 * cell_flows: captured connections -> the sums that go into the record.  Runs on the sniffer's
 * thread until it has stopped.
 */
#ifndef TWBENCH_BENCH_CELL_FLOWS_H
#define TWBENCH_BENCH_CELL_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

struct cell_flows {
	struct record_repeat *r;
	struct teardown (*classify)(const struct flow *f);
	bool rfc1337;                    /* tcp_rfc1337 is set: a RST ends no TIME_WAIT */
	int64_t timer_step_ns;           /* a TIME_WAIT may last so much longer than 60 s (plan_lifetime) */
	struct stay {
		int64_t from_ns, to_ns;  /* TIME_WAIT, mono; to_ns: ended by a SYN or RST, else INT64_MAX */
	} *stay[SIDE_COUNT];
	size_t count[SIDE_COUNT], capacity[SIDE_COUNT];
	int64_t reopened[SIDE_COUNT], assassinated[SIDE_COUNT];
	int64_t lost;                    /* no memory to keep them: nothing is derived then */
};

/* The callback for the flow table; `arg` is a struct cell_flows. */
void cell_flows_add(void *arg, const struct flow *f);

/*
 * What the captured teardowns imply without any sample: the peak of TIME_WAIT, if each lasts its
 * shortest (60 s: include/net/tcp.h TCP_TIMEWAIT_LEN) or its longest; how many a new SYN ended early, and how many a RST.
 */
void cell_flows_finish(struct cell_flows *c);

/*
 * Lifetimes, from wire and samples together: what began (wire) less what is still there (samples) has
 * expired, and the k-th to begin is the k-th to expire.  Works while others begin; TIME_WAITs that
 * ended early are left out.  Exact to `resolution_ns`, the longest gap between samples.
 */
void cell_flows_lifetimes(const struct cell_flows *c, int64_t origin_ns,
			  int64_t resolution_ns);

void cell_flows_release(struct cell_flows *c);

#endif
