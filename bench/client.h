/*
 * client: N simulated clients: arrivals, source ports, connections, outcomes, latencies.
 *
 * Owns its threads between start and finish; each has its own event loop, connections, ledger and
 * histograms, which finish() adds up.  Capacity is taken at start; nothing allocates while it
 * runs.  A client that finds its server gone or its ports used up goes on and counts.
 *
 * Times: response counts from the intended start, service from the actual one; both end when the
 * application is done with the request (reply read and, for the last of a connection, close
 * finished as the strategy wants it).
 */
#ifndef TWBENCH_BENCH_CLIENT_H
#define TWBENCH_BENCH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "bench/lab.h"
#include "bench/scenario.h"
#include "bench/shared.h"

struct client;

struct client_options {
	const struct case_spec *spec; /* must outlive the client */
	struct endpoint source;       /* first source address, port 0; family 0: the kernel chooses */
	struct endpoint server;       /* its port is the first of spec->destinations */
	bool bind_source;             /* name the source even when there is only one */
	int threads;
	bool pinned;                  /* thread i to CPU i (bench/affinity.h) */
	int64_t start_ns;             /* mono: when the schedule's 0 is */
	struct cell_shared *shared;   /* progress and stop */
};

/* Start the threads; they inherit the caller's network namespace.  0 or negative errno with *err. */
int client_start(const struct client_options *o, struct client **ret, struct err *err);

/* Have all threads finished (schedule over, every connection at its end)? */
bool client_is_done(const struct client *c);

/* Wait for the threads, add their ledgers, histograms and errnos to `r`, free. */
void client_finish(struct client *c, struct record_repeat *r);

#endif
