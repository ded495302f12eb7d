/*
 * cell_flows: captured connections -> the sums that go into the record.  Runs on the sniffer's
 * thread until it has stopped.
 */
#ifndef TWBENCH_BENCH_CELL_FLOWS_H
#define TWBENCH_BENCH_CELL_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

struct cell_flows {
	struct record_repeat *r;
	struct teardown (*classify)(const struct flow *f);
	int64_t *enter_ns[SIDE_COUNT];   /* when each TIME_WAIT began, mono */
	size_t enter_count[SIDE_COUNT], enter_capacity[SIDE_COUNT];
	int64_t enter_lost;              /* no memory to keep them: nothing is derived then */
};

/* The callback for the flow table; `arg` is a struct cell_flows. */
void cell_flows_add(void *arg, const struct flow *f);

/* Derive the peak of TIME_WAIT that the captured teardowns imply, without any sample: the most that
 * began within one shortest lifetime (60 s, include/net/tcp.h TCP_TIMEWAIT_LEN). */
void cell_flows_finish(struct cell_flows *c);
void cell_flows_release(struct cell_flows *c);

#endif
