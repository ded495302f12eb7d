/*
 * null_witness: what watching the wire costs the sender of a packet, measured: datagrams are sent over the
 * lab's link without a capture, then with one that nobody reads.  What the difference does not hold,
 * reading, is the sniffer's own CPU time.
 */
#ifndef TWBENCH_BENCH_NULL_WITNESS_H
#define TWBENCH_BENCH_NULL_WITNESS_H

#include <stdint.h>

#include "bench/lab.h"

struct err;

/*
 * CPU time of one datagram, ns, by the median of a few bursts.  To be called in the client's namespace,
 * before anything is counted: the datagrams go to a port where nobody listens.  0 or negative errno
 * with *err, and then neither number is set.
 */
int null_witness_measure(const struct lab *lab, int64_t *ret_unwatched_ns, int64_t *ret_watched_ns,
			 struct err *err);

#endif
