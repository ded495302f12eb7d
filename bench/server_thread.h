/*
 * server_thread: one thread's state, shared by server.c (listeners, threads, sums) and
 * server_conn.c (what happens to a connection).  Private to these two.
 */
#ifndef TWBENCH_BENCH_SERVER_THREAD_H
#define TWBENCH_BENCH_SERVER_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "bench/protocol.h"
#include "bench/server.h"

#define SERVER_RECEIVE_BYTES 65536

/* What an epoll event points to: the first member of every kind. */
enum watch_kind { WATCH_LISTENER, WATCH_DATAGRAM, WATCH_CONN, WATCH_STOP };
struct watched {
	enum watch_kind kind;
	int fd;
};

struct sconn {
	struct watched watched;
	struct parser parser;
	char action;            /* of the newest request */
	bool peer_closed;       /* its FIN has been read */
	bool is_http, http_keep;
	bool thinking;
	bool waiting_for_room;  /* the send buffer was full */
	int64_t reply_left, reply_at; /* of the reply under way */
	int64_t body_left;      /* HTTP: of a request's body, to be skipped */
	int64_t wake_ns;        /* when thinking ends */
	char *head;             /* HTTP: a head that is not complete yet */
	uint32_t head_bytes;
	struct sconn *link;     /* free list, or thinkers in order of wake_ns */
	struct sconn *all_next, *all_previous;
};

struct server_thread {
	sem_t *apart; /* posted when the thread has its own table of descriptors */
	const struct server_options *o;
	pthread_t thread;
	int epoll_fd, index;
	struct watched *listener, *datagram;
	struct watched stop;
	struct sconn *free, *all, *thinkers;
	char *receive;
	_Atomic int64_t accepted, open, requests;
	int64_t accept_errors, clean, reset, other, request_bytes, reply_bytes, cpu_ns;
};

/* A connection was accepted: `fd` is taken. */
void server_conn_accept(struct server_thread *t, int fd);
void server_conn_event(struct server_thread *t, struct sconn *c, uint32_t events);

/* Those that have thought long enough; returns the next wake-up time, or INT64_MAX. */
int64_t server_conn_wake(struct server_thread *t, int64_t now_ns);

/* The run is over: close without counting it as clean. */
void server_conn_drop(struct server_thread *t, struct sconn *c);

/* Answer what waits on a UDP socket. */
void server_datagrams(struct server_thread *t, int fd);

#endif
