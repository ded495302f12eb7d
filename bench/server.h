/*
 * server: the bundled mock server.  It speaks the one-shot command protocol and plain HTTP/1.1 on
 * the same TCP ports, and the command protocol over UDP.
 *
 * Owns its threads between start and stop; each has its own listeners (SO_REUSEPORT) and event
 * loop.  How a connection is closed stands in the request (bench/protocol.h); for HTTP it is
 * `http_action`.  Its ledger counts what became of every accepted connection.
 */
#ifndef TWBENCH_BENCH_SERVER_H
#define TWBENCH_BENCH_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "base/tuple.h"
#include "bench/protocol.h"

struct err;
struct server;

struct server_options {
	struct endpoint address;     /* its port is the first of `ports` */
	uint32_t ports;              /* how many, one after the other */
	int threads;
	bool pinned;                 /* thread i to CPU i, which chooses it (bench/affinity.h); or, */
	bool aside;                  /* if so, to the CPUs after those of as many client threads: */
	int client_threads;          /* a client that spins shall not share one */
	int backlog;                 /* of each listener; cut by net.core.somaxconn */
	bool udp;                    /* answer datagrams too */
	char http_action;            /* enum server_action when the client does not want to keep the connection */
	int64_t http_reply_bytes;    /* for a path other than /bytes/N */
};

/* Listen and start, in the caller's network namespace.  0 or negative errno with *err. */
int server_start(const struct server_options *o, struct server **ret, struct err *err);

/* Live numbers, for `twbench serve`. */
struct server_now {
	int64_t accepted, open, requests;
};
void server_now(const struct server *s, struct server_now *ret);

/* Close everything and free; adds the ledger of the server's side to `r` (NULL: nobody asks). */
void server_stop(struct server *s, struct record_repeat *r);

#endif
