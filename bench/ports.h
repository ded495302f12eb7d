/*
 * ports: which source address and port, and which destination port, a connection uses.
 *
 * PORTS_KERNEL: the kernel chooses at connect() (IP_BIND_ADDRESS_NO_PORT when the address is named).
 * PORTS_RANGE: the same with IP_LOCAL_PORT_RANGE set to the range that is already in force, which
 * makes the kernel search all of it instead of one parity first (the cliff at half the range).
 * PORTS_EXPLICIT: we walk through (source, port) pairs ourselves; SO_REUSEADDR.
 * Source: ip(7), net/ipv4/inet_hashtables.c __inet_hash_connect().
 */
#ifndef TWBENCH_BENCH_PORTS_H
#define TWBENCH_BENCH_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tuple.h"
#include "bench/scenario.h"

struct ports {
	enum port_policy policy;
	struct endpoint source, server;
	bool bind_source;
	uint32_t sources, destinations;
	uint32_t low, high;        /* of the range in force */
	uint64_t next, stride;     /* threads take turns: thread i of n uses i, i+n, ... */
};

void ports_init(struct ports *p, const struct case_spec *spec, const struct endpoint *source,
		const struct endpoint *server, bool bind_source);

/* Split the pairs among threads. */
void ports_share(struct ports *p, uint64_t thread, uint64_t threads);

/* What the next connection's socket needs before connect(), and where that goes. */
struct ports_choice {
	struct {
		int level, name, value;
	} option[2]; /* of setsockopt(2) */
	int options;
	bool bind; /* to `from` */
	struct endpoint from, to;
};

/* Choose for the next connection (`stream`) or datagram socket. */
void ports_choose(struct ports *p, bool stream, struct ports_choice *ret);

/* Choose and prepare `fd` (bind if the policy wants it) and say where to connect.  0 or the errno of the
 * call that failed (positive: it is data for the ledger). */
int ports_assign(struct ports *p, int fd, bool stream, struct endpoint *ret_destination);

#endif
