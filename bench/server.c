#include "bench/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/affinity.h"
#include "bench/fdlimit.h"
#include "bench/ledger.h"
#include "bench/server_thread.h"

#define EVENTS_AT_ONCE 256
#define ACCEPTS_AT_ONCE 64
#define DATAGRAM_ROOM_BYTES (4 << 20)

struct server {
	struct server_options o;
	int threads;
	int stop_fd;
	sem_t apart; /* one for each thread with a table of its own */
	struct server_thread thread[];
};

static void accept_all(struct server_thread *t, int listener)
{
	for (int n = 0; n < ACCEPTS_AT_ONCE; n++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			server_conn_accept(t, fd);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR && errno != ECONNABORTED) {
			t->accept_errors++; /* EMFILE and its like: level-triggered, so tried again */
			return;
		}
	}
}

/* Returns false when told to stop. */
static bool handle(struct server_thread *t, const struct epoll_event *e)
{
	struct watched *w = e->data.ptr;

	switch (w->kind) {
	case WATCH_LISTENER:
		accept_all(t, w->fd);
		return true;
	case WATCH_DATAGRAM:
		server_datagrams(t, w->fd);
		return true;
	case WATCH_CONN:
		if (w->fd >= 0) /* it may have ended earlier in this batch */
			server_conn_event(t, e->data.ptr, e->events);
		return true;
	case WATCH_STOP:
		return false;
	}
	return true;
}

static void *server_main(void *arg)
{
	struct server_thread *t = arg;
	struct epoll_event event[EVENTS_AT_ONCE];
	int64_t user_ns, system_ns;
	bool go = true;

	mono_thread_plain_priority();
	fdlimit_own_table();
	(void)sem_post(t->apart); /* cannot fail: once for each thread */
	if (t->o->pinned)
		affinity_pin(t->index + (t->o->aside ? t->o->client_threads : 0));
	while (go) {
		int64_t now_ns = mono_now_ns();
		int64_t wake_ns = server_conn_wake(t, now_ns);
		int64_t wait_ns = wake_ns == INT64_MAX ? -1 : wake_ns - now_ns;
		struct timespec ts = { .tv_sec = (time_t)(wait_ns / NS_PER_S),
				       .tv_nsec = (long)(wait_ns % NS_PER_S) };
		int n = epoll_pwait2(t->epoll_fd, event, EVENTS_AT_ONCE, wait_ns < 0 ? NULL : &ts, NULL);

		for (int i = 0; i < n; i++)
			go = handle(t, &event[i]) && go;
	}
	while (t->all)
		server_conn_drop(t, t->all);
	mono_thread_cpu_ns(&user_ns, &system_ns);
	t->cpu_ns = user_ns + system_ns;
	return NULL;
}

/* --- sockets --------------------------------------------------------------------------------- */

static int watch(int epoll_fd, struct watched *w)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = w };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, w->fd, &e) == 0 ? 0 : -errno;
}

/* A socket bound to port number `i` of the server's. */
static int open_socket(const struct server_options *o, uint32_t i, int type, struct err *err)
{
	struct endpoint at = o->address;
	char text[ENDPOINT_TEXT_SIZE];
	struct sockaddr_storage sa;
	socklen_t size;
	int fd, on = 1, room = DATAGRAM_ROOM_BYTES;

	at.port = (uint16_t)(at.port + i);
	size = endpoint_to_sockaddr(&at, &sa);
	fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, "make a server socket");
	/* Accepted sockets inherit it: a reply of several segments shall not wait for ACKs. */
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* cannot fail */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&sa, size) != 0 ||
	    (type == SOCK_STREAM && listen(fd, o->backlog) != 0)) {
		int code = err_errno(err, "listen on %s", endpoint_format(&at, text, sizeof(text)));

		(void)close(fd); /* nothing was sent */
		return code;
	}
	if (type == SOCK_DGRAM) /* as much as rmem_max allows: datagrams wait for a busy processor */
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

static int open_all(struct server_thread *t, struct watched **ret, enum watch_kind kind,
		    struct err *err)
{
	const struct server_options *o = t->o;

	*ret = calloc(o->ports, sizeof(**ret));
	if (!*ret)
		return err_set(err, -ENOMEM, "no memory for %u listeners", o->ports);
	for (uint32_t i = 0; i < o->ports; i++)
		(*ret)[i].fd = -1;
	for (uint32_t i = 0; i < o->ports; i++) {
		int code;

		(*ret)[i].kind = kind;
		(*ret)[i].fd = open_socket(o, i, kind == WATCH_LISTENER ? SOCK_STREAM : SOCK_DGRAM, err);
		if ((*ret)[i].fd < 0)
			return (*ret)[i].fd;
		code = watch(t->epoll_fd, &(*ret)[i]);
		if (code != 0)
			return err_set(err, code, "cannot watch a listener: %s", strerror(-code));
	}
	return 0;
}

static void close_all(struct watched *w, uint32_t count)
{
	for (uint32_t i = 0; w && i < count; i++)
		if (w[i].fd >= 0)
			(void)close(w[i].fd); /* a listener: its queue is refused by RST */
	free(w);
}

static void thread_release(struct server_thread *t)
{
	close_all(t->listener, t->o->ports);
	close_all(t->datagram, t->o->ports);
	if (t->epoll_fd >= 0)
		(void)close(t->epoll_fd); /* nothing is written to it */
	while (t->free) {
		struct sconn *c = t->free;

		t->free = c->link;
		free(c);
	}
	free(t->receive);
}

static int thread_init(struct server *s, int index, struct err *err)
{
	struct server_thread *t = &s->thread[index];
	int code;

	t->o = &s->o;
	t->index = index;
	t->apart = &s->apart;
	t->stop = (struct watched){ WATCH_STOP, s->stop_fd };
	t->receive = malloc(SERVER_RECEIVE_BYTES);
	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!t->receive || t->epoll_fd < 0)
		return err_set(err, -ENOMEM, "no memory or descriptor for a server thread");
	code = watch(t->epoll_fd, &t->stop);
	if (code != 0)
		return err_set(err, code, "cannot watch the stop descriptor: %s", strerror(-code));
	code = open_all(t, &t->listener, WATCH_LISTENER, err);
	/* The group is chosen for by its first member's program, once all are in it. */
	for (uint32_t i = 0; code == 0 && s->o.pinned && !s->o.aside && index == s->threads - 1 && i < s->o.ports; i++)
		affinity_steer(t->listener[i].fd, (uint32_t)s->threads);
	if (code == 0 && s->o.udp)
		code = open_all(t, &t->datagram, WATCH_DATAGRAM, err);
	return code;
}

/* --- life cycle ------------------------------------------------------------------------------ */

/* A socket that the caller makes before would stay open in the thread's table when it closes it. */
static void wait_until_apart(struct server *s)
{
	while (sem_wait(&s->apart) != 0) {
		/* a signal came */
	}
}

static void stop_threads(struct server *s, int started)
{
	uint64_t one = 1;

	/* An eventfd stays readable until it is read, and nobody reads it: all threads see it. */
	if (write(s->stop_fd, &one, sizeof(one)) < 0)
		abort(); /* a fresh eventfd takes one: anything else is our bug */
	for (int i = 0; i < started; i++)
		pthread_join(s->thread[i].thread, NULL);
}

static void server_free(struct server *s)
{
	for (int i = 0; i < s->threads; i++)
		if (s->thread[i].o)
			thread_release(&s->thread[i]);
	(void)close(s->stop_fd); /* nothing to lose */
	(void)sem_destroy(&s->apart); /* cannot fail: nobody waits */
	free(s);
}

int server_start(const struct server_options *o, struct server **ret, struct err *err)
{
	struct server *s = calloc(1, sizeof(*s) + (size_t)o->threads * sizeof(s->thread[0]));
	int code = 0, started = 0;

	if (!s)
		return err_set(err, -ENOMEM, "no memory for server threads");
	s->o = *o;
	s->threads = o->threads;
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->stop_fd < 0) {
		code = err_errno(err, "make an eventfd");
		free(s);
		return code;
	}
	(void)sem_init(&s->apart, 0, 0); /* cannot fail: a small value, one process */
	for (int i = 0; i < s->threads; i++)
		s->thread[i].epoll_fd = -1;
	for (int i = 0; code == 0 && i < s->threads; i++)
		code = thread_init(s, i, err);
	for (; code == 0 && started < s->threads; started++) {
		code = -pthread_create(&s->thread[started].thread, NULL, server_main,
				       &s->thread[started]);
		if (code != 0)
			err_set(err, code, "cannot start a server thread: %s", strerror(-code));
		else
			wait_until_apart(s);
	}
	if (code == 0) {
		*ret = s;
		return 0;
	}
	stop_threads(s, started > 0 ? started - 1 : 0);
	server_free(s);
	return code;
}

void server_now(const struct server *s, struct server_now *ret)
{
	*ret = (struct server_now){ 0 };
	for (int i = 0; i < s->threads; i++) {
		const struct server_thread *t = &s->thread[i];

		ret->accepted += atomic_load_explicit(&t->accepted, memory_order_relaxed);
		ret->open += atomic_load_explicit(&t->open, memory_order_relaxed);
		ret->requests += atomic_load_explicit(&t->requests, memory_order_relaxed);
	}
}

void server_stop(struct server *s, struct record_repeat *r)
{
	stop_threads(s, s->threads);
	for (int i = 0; r && i < s->threads; i++) {
		struct server_thread *t = &s->thread[i];

		ledger_add_to(&r->ledger.accepted, atomic_load(&t->accepted));
		ledger_add_to(&r->ledger.accept_errors, t->accept_errors);
		ledger_add_to(&r->ledger.server_clean, t->clean);
		ledger_add_to(&r->ledger.server_reset, t->reset);
		ledger_add_to(&r->ledger.server_other, t->other);
		ledger_add_to(&r->ledger.server_request_bytes, t->request_bytes);
		ledger_add_to(&r->ledger.server_reply_bytes, t->reply_bytes);
		ledger_add_to(&r->cost.server_cpu_ns, t->cpu_ns);
	}
	server_free(s);
}
