/*
 * closer: threads that may block in close(), because SO_LINGER {1,n} makes close() wait.
 *
 * An event loop hands a connection in and goes on; the connection comes back through the loop's own
 * list and eventfd when close() has returned.  The pool is as large as given; connections wait in
 * line for a thread when all are blocked (that wait is part of the latency: it is what this strategy
 * costs).
 */
#ifndef TWBENCH_BENCH_CLOSER_H
#define TWBENCH_BENCH_CLOSER_H

struct closer;
struct closer_return;
struct conn;
struct err;

/* NULL with *err: no memory, no threads. */
struct closer *closer_new(int threads, struct err *err);
void closer_free(struct closer *c); /* waits for what is under way; NULL is fine */

/* Where a loop gets its connections back. */
struct closer_return *closer_return_new(struct err *err);
void closer_return_free(struct closer_return *r);
int closer_return_fd(const struct closer_return *r);                 /* readable when there is one */
struct conn *closer_return_take(struct closer_return *r);            /* a list by conn->link, or NULL */

/* Close conn->fd in the pool; then put it on `back`. */
void closer_put(struct closer *c, struct conn *conn, struct closer_return *back);

#endif
