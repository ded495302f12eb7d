/*
 * conn: one connection at the client, and the steps a strategy may take with it.
 *
 * A connection belongs to one client thread.  Steps never print and never fail as a program: what
 * the kernel answers becomes the outcome.  A strategy's step (bench/strategy.c) acts on the socket
 * and says what to wait for; bench/client.c does the waiting.
 */
#ifndef TWBENCH_BENCH_CONN_H
#define TWBENCH_BENCH_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "bench/strategy.h"

enum conn_phase {
	CONN_FREE,       /* no socket */
	CONN_CONNECTING,
	CONN_SENDING,
	CONN_READING,
	CONN_CLOSING,    /* the reply is complete; the close is under way */
	CONN_IDLE,       /* keepalive: open, between two requests */
	CONN_BLOCKED,    /* a closer thread has the socket */
	CONN_PHASE_COUNT
};

struct conn {
	const struct strategy *strategy;
	int fd;
	uint8_t phase;           /* enum conn_phase */
	uint8_t next;            /* enum conn_next while CLOSING */
	bool established;
	uint32_t watched;        /* what epoll looks for; 0: not watched yet */
	int err_number;          /* errno behind the outcome, 0 if none */
	enum outcome outcome;    /* valid once the socket is gone */
	int64_t intended_ns;     /* when the request now under way was meant to start */
	int64_t start_ns;        /* when it did */
	int64_t connect_ns;      /* connect() called */
	int64_t deadline_ns;     /* of this phase */
	int64_t reply_bytes, received_bytes; /* of this request */
	uint32_t request_bytes, sent_bytes;
	uint32_t requests_left;  /* on this connection, this one included */
	uint32_t pending;        /* poll: connections that wait until this client is free */
	uint64_t visits;         /* poll: connections begun so far */
	int32_t linger_s;
	struct conn *newer, *older; /* list by deadline */
	struct conn *link;       /* free, idle or closed list */
	void *owner;             /* the client thread, for the closer */
};

struct size_dist;

/*
 * What is sent on a fresh client socket shall not wait for ACKs of what was sent before (TCP_NODELAY,
 * RFC 9293 3.7.4): a call to the system that requests of one segment, one at a time, have no need of.
 */
bool conn_fits_segment(const struct size_dist *bytes); /* whatever is drawn from it */
void conn_send_at_once(int fd, const struct size_dist *bytes, bool http);

/* close(), no option set: FIN, or RST if there is unread input.  Returns NEXT_DONE. */
enum conn_next conn_close(struct conn *c);

/* SO_LINGER {1,0} and close(): RST. */
enum conn_next conn_reset(struct conn *c);

/* The state the kernel has the socket in (TCP_INFO), or -1. */
int conn_tcp_state(const struct conn *c);

#endif
