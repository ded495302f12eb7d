/*
 * straight_ring: the straight engine's connections through io_uring: what a connection takes between two
 * looks at the clock is one chain of requests, and one system call.  Private to the straight engine.
 *
 * The segments are the same, in the same order, as of the plain calls: each request of a chain runs when the
 * one before it is done.  What is spared is the way into the kernel and back, ten times per connection; it
 * pays where that is dear, in a virtual machine above all.
 */
#ifndef TWBENCH_BENCH_STRAIGHT_RING_H
#define TWBENCH_BENCH_STRAIGHT_RING_H

#include <stdbool.h>

#include "bench/straight_conn.h"

#define RING_BYTES_MAX 16384 /* of a request or reply: it must fit in what a socket holds unread */

/* Is there a chain that does what this strategy does? */
bool ring_knows(const struct strategy *s);

/* Makes t->ring.  0, or negative errno with *err: no io_uring here, or too old a one. */
int ring_open(struct straight_thread *t, struct err *err);
void ring_close(struct straight_thread *t);

/* As straight_connection(). */
void ring_connection(struct straight_thread *t);

#endif
