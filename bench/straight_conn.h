/*
 * straight_conn: one connection of the straight engine, both ends.  Private to it.
 */
#ifndef TWBENCH_BENCH_STRAIGHT_CONN_H
#define TWBENCH_BENCH_STRAIGHT_CONN_H

#include <pthread.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/record.h"
#include "base/wake.h"
#include "bench/arrival.h"
#include "bench/conn.h"
#include "bench/ledger.h"
#include "bench/ports.h"
#include "bench/protocol.h"
#include "bench/scenario.h"
#include "bench/shared.h"

#define STRAIGHT_RECEIVE_BYTES 65536

struct straight;
struct ring;

struct straight_thread {
	struct straight *straight;
	const struct case_spec *spec;
	const struct strategy *strategy;
	struct cell_shared *shared;
	pthread_t thread;
	int index;
	int *listener;                 /* one per destination port of this thread */
	struct ports ports;
	struct arrival arrival;
	struct wake wake;
	bool have_arrival;
	int64_t arrival_ns;
	int64_t begin_ns, end_ns, starts_max;
	int64_t intended_ns, last_ns;  /* of the latest start: when it was meant to be, when it was */
	int64_t cpu_ns;
	uint64_t random;
	struct record_ledger ledger;   /* of both ends */
	int64_t errnos[LEDGER_ERRNOS];
	struct hist response, service, connect, start_error;
	char *request, *receive;
	struct ring *ring; /* NULL: by plain system calls */
};

/* Both ends of the connection under way. */
struct pair {
	struct conn client;
	int server; /* -1 when its end is closed */
	int failed; /* errno that ended the client's part, 0: none */
	enum outcome outcome;
};

/* Make, use and close one connection; everything about it is in the ledger afterwards. */
void straight_connection(struct straight_thread *t);

/* --- what both ways of calling share ----------------------------------------------------------- */

void pair_begin(struct straight_thread *t, struct pair *p); /* count the attempt */
void pair_fail(struct pair *p, int number);                 /* the client's part ended with this errno */
void pair_end(struct straight_thread *t, struct pair *p);   /* count the outcome, and the time it took */

/* Write the next request into t->request; its length. */
size_t pair_request(struct straight_thread *t, struct pair *p);

#endif
