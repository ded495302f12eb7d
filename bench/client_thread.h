/*
 * client_thread: one thread's state, shared by client.c (schedule, threads, sums), client_conn.c
 * (what happens to a connection), client_end.c (how it ends) and client_free.c (who is free).  Private to
 * these.
 */
#ifndef TWBENCH_BENCH_CLIENT_THREAD_H
#define TWBENCH_BENCH_CLIENT_THREAD_H

#include <pthread.h>

#include "base/hist.h"
#include "base/record.h"
#include "base/wake.h"
#include "bench/arrival.h"
#include "bench/client.h"
#include "bench/closer.h"
#include "bench/conn.h"
#include "bench/ledger.h"
#include "bench/ports.h"

#define RECEIVE_BYTES 65536

struct client_thread {
	struct client *client;
	const struct case_spec *spec;
	const struct strategy *strategy;
	struct cell_shared *shared;
	pthread_t thread;
	int index, epoll_fd;
	struct closer *closer;
	struct closer_return *back;

	struct conn *conn;            /* every simulated client of this thread */
	int64_t conn_count;
	struct conn *free, *idle;     /* stacks by conn->link; idle holds open keepalive connections */
	struct conn *ready;           /* free again, with work waiting */
	struct conn *oldest, *newest; /* by deadline: all share one timeout, so the list is sorted */
	int64_t in_flight, open;      /* requests under way; sockets held */

	struct arrival arrival;
	struct wake wake;
	bool have_arrival, stopping;
	int64_t arrival_ns, arrival_client;
	int64_t starts, starts_max;   /* saturate: share of the connections limit */
	int64_t begin_ns, end_ns;     /* of the schedule, mono */
	int64_t first_start_ns, last_start_ns;
	uint64_t random;
	struct ports ports;

	struct record_ledger ledger;
	int64_t errnos[LEDGER_ERRNOS];
	struct hist response, service, connect, start_error;
	char *request, *receive;
	int64_t cpu_user_ns, cpu_system_ns;
};

/* Begin a connection, or the next request on an idle one, now.  Both times are mono. */
void client_conn_begin(struct client_thread *t, struct conn *c, int64_t intended_ns, int64_t now_ns);

/* What epoll said about it. */
void client_conn_event(struct client_thread *t, struct conn *c, uint32_t events);

/* Its phase took too long, a closer has closed it, or the run is being stopped. */
void client_conn_timeout(struct client_thread *t, struct conn *c);
void client_conn_closed(struct client_thread *t, struct conn *c);
void client_conn_interrupt(struct client_thread *t, struct conn *c);

/* Close an idle keepalive connection in the strategy's way at the end of the load. */
void client_conn_retire(struct client_thread *t, struct conn *c);

/* --- client_end.c --- */

/* All share one timeout, so the list stays sorted by appending. */
void client_deadline_set(struct client_thread *t, struct conn *c, int64_t now_ns);
void client_deadline_drop(struct client_thread *t, struct conn *c);

/* The request has been answered and its application is done with it. */
void client_record_latency(struct client_thread *t, const struct conn *c, int64_t now_ns);

/* The connection is over: one outcome, and the client is free for its next visit. */
void client_conn_finish(struct client_thread *t, struct conn *c, enum outcome outcome, int err_number);

/* ... by an errno. */
void client_conn_fail(struct client_thread *t, struct conn *c, int number);

/* --- client_free.c: who is free, by stacks through conn->link --- */

void client_push(struct conn **stack, struct conn *c);
struct conn *client_pop(struct conn **stack); /* NULL: empty */

/* A simulated client has nothing to do any more, or not at once: into the list where it belongs. */
void client_free_again(struct client_thread *t, struct conn *c);

/* The server ended an idle connection while it lay in the stack of idle ones. */
void client_leave_idle(struct client_thread *t, const struct conn *c);

#endif
