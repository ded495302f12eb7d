/*
 * straight: the co-located engine: one thread is client and server of its own connections, in
 * straight-line calls.  Nothing wakes, polls or allocates, so that the kernel's own work is what is left
 * to measure.  It saturates, or starts at the times of a schedule: then one start at a time, so that one
 * that must wait for the connection before is late, and counted so.
 *
 * The wire shows what the event engine's shows: the same rows of the strategy table are run, except
 * those that must wait for the peer while the peer's thread would be this one (strategy.event_only).
 * Each thread has its own block of destination ports, and so its own listeners: accept() on the
 * port just connected to gives the other end.  Sockets of both namespaces live in one thread: a
 * socket stays in the namespace where it was made, an accepted one in its listener's.
 */
#ifndef TWBENCH_BENCH_STRAIGHT_H
#define TWBENCH_BENCH_STRAIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "bench/client.h"
#include "bench/lab.h"

struct straight;

/*
 * Listen in the server's namespace, start the threads in the client's (the caller ends there).
 * o->threads is cut to the number of destination ports.  0 or negative errno with *err.
 */
int straight_start(const struct client_options *o, const struct lab *lab, struct straight **ret,
		   struct err *err);

bool straight_is_done(const struct straight *s);

/* Wait for the threads, add what both ends saw to `r`, free. */
void straight_finish(struct straight *s, struct record_repeat *r);

#endif
