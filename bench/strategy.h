/*
 * strategy: the table of close strategies.  One row is one way of closing: its name, what each end
 * does, and what the wire, the counters and the application must show (struct declared).
 *
 * Adding a strategy is adding a row: it then appears in `twbench list strategies`, in scenario
 * validation, in the documentation, and in a test that asks the kernel to confirm it.
 */
#ifndef TWBENCH_BENCH_STRATEGY_H
#define TWBENCH_BENCH_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/declared.h"
#include "bench/wire.h"

struct conn; /* bench/conn.h: one connection at the client */

/* What the client waits for next. */
enum conn_next {
	NEXT_READ,    /* bytes, end of file or an error */
	NEXT_EOF,     /* the reply is complete; wait for the server's FIN */
	NEXT_WRITE,   /* the next request on the same connection, when it is due */
	NEXT_EVENT,   /* any change of state: on_event is called */
	NEXT_BLOCK,   /* close() may block: hand the socket to a closer thread */
	NEXT_DONE     /* the socket is closed; the outcome is final */
};

typedef enum conn_next conn_step(struct conn *c);

struct strategy {
	const char *name;      /* "client-fin" */
	const char *summary;   /* one line: who does what */
	const char *verdict;   /* one line: what it means for who uses it */
	const char *source;    /* RFC section, kernel file, or row of the literature */
	bool core;             /* part of the default run */
	bool udp;              /* no connection at all */
	enum wire_rule wire_rule; /* only the relay can provoke it; WIRE_PASS: no relay is needed */
	bool event_only;       /* its close waits for the peer: not for the straight engine */
	bool many_requests;    /* uses load.requests_per_connection */
	char server_action;    /* what the server does after its reply (bench/protocol.h) */
	conn_step *on_sent;    /* the whole request is written; NULL: NEXT_READ */
	conn_step *on_reply;   /* the whole reply is read; NULL: NEXT_EOF */
	conn_step *on_readable;/* reply bytes are there, unread; NULL: read them */
	conn_step *on_eof;     /* the server's FIN came after the whole reply; NULL: close() */
	conn_step *on_event;   /* for NEXT_EVENT */
	struct declared declared;
};

extern const struct strategy strategies[];
extern const size_t strategies_count;

/* NULL if there is none of that name. */
const struct strategy *strategy_find(const char *name);

#endif
