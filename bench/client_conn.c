#include "bench/client_thread.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mono.h"
#include "bench/http_client.h"
#include "bench/protocol.h"

/* --- closing --------------------------------------------------------------------------------- */

static void read_on(struct client_thread *t, struct conn *c);

static void go_idle(struct client_thread *t, struct conn *c)
{
	int64_t now_ns = mono_now_ns();

	client_record_latency(t, c, now_ns);
	t->ledger.reply_bytes_received += c->received_bytes;
	t->in_flight--;
	client_deadline_drop(t, c);
	c->phase = CONN_IDLE;
	client_free_again(t, c);
}

/* What the strategy wants next, once the reply is complete. */
static void follow(struct client_thread *t, struct conn *c, enum conn_next next)
{
	c->next = (uint8_t)next;
	switch (next) {
	case NEXT_DONE:
		client_conn_finish(t, c, OUTCOME_OK, 0);
		break;
	case NEXT_WRITE:
		go_idle(t, c);
		break;
	case NEXT_BLOCK:
		client_deadline_drop(t, c);
		c->phase = CONN_BLOCKED;
		closer_put(t->closer, c, t->back);
		break;
	case NEXT_EVENT:
		c->phase = CONN_CLOSING;
		client_deadline_set(t, c, mono_now_ns());
		if (t->strategy->on_event(c) == NEXT_DONE)
			client_conn_finish(t, c, OUTCOME_OK, 0);
		break;
	case NEXT_EOF:
	case NEXT_READ:
		c->phase = CONN_CLOSING;
		client_deadline_set(t, c, mono_now_ns());
		read_on(t, c);
		break;
	}
}

static void reply_complete(struct client_thread *t, struct conn *c)
{
	c->requests_left--;
	follow(t, c, t->strategy->on_reply ? t->strategy->on_reply(c) : NEXT_EOF);
}

static void end_of_file(struct client_thread *t, struct conn *c)
{
	if (c->phase == CONN_READING && c->reply_bytes >= 0 && c->received_bytes < c->reply_bytes)
		client_conn_finish(t, c, OUTCOME_SHORT_REPLY, 0);
	else if (c->phase == CONN_READING && c->reply_bytes < 0)
		client_conn_finish(t, c, OUTCOME_SHORT_REPLY, 0); /* HTTP: the head never came */
	else if (t->strategy->on_eof)
		follow(t, c, t->strategy->on_eof(c));
	else
		follow(t, c, conn_close(c));
}

/* --- reading --------------------------------------------------------------------------------- */

static bool reply_is_right(const struct client_thread *t, const struct conn *c, size_t n)
{
	return t->spec->http || memcmp(t->receive, protocol_pattern(c->received_bytes), n) == 0;
}

/* Read until the reply is complete, the socket is empty, or it ends. */
static void read_on(struct client_thread *t, struct conn *c)
{
	for (;;) {
		ssize_t n;

		if (c->phase == CONN_READING && c->reply_bytes < 0) {
			int code =
				http_client_head(c->fd, t->receive, RECEIVE_BYTES, &c->reply_bytes);

			if (code == -EAGAIN)
				return;
			if (code < 0) {
				if (code == -EBADMSG)
					client_conn_finish(t, c, OUTCOME_WRONG_REPLY, 0);
				else
					client_conn_fail(t, c, -code);
				return;
			}
			if (c->reply_bytes > 0)
				t->ledger.reply_bytes_asked += c->reply_bytes;
		}
		n = recv(c->fd, t->receive, RECEIVE_BYTES, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			client_conn_fail(t, c, errno);
		else if (n == 0)
			end_of_file(t, c);
		if (n <= 0)
			return;
		if (c->phase != CONN_READING || c->received_bytes + n > c->reply_bytes ||
		    !reply_is_right(t, c, (size_t)n)) {
			c->received_bytes += n;
			client_conn_finish(t, c, OUTCOME_WRONG_REPLY, 0);
			return;
		}
		c->received_bytes += n;
		if (c->received_bytes == c->reply_bytes) {
			reply_complete(t, c);
			return;
		}
	}
}

/* --- sending --------------------------------------------------------------------------------- */

/* What epoll shall look for, if it does not yet. */
static void watch(struct client_thread *t, struct conn *c, uint32_t events)
{
	struct epoll_event e = { .events = events | EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c };

	if (c->watched == e.events)
		return;
	if (epoll_ctl(t->epoll_fd, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e) != 0)
		client_conn_fail(t, c, errno);
	else
		c->watched = e.events;
}

/* Room to send is looked for only by those who wait for it: a fresh socket always has it, and every
 * connection would begin with an event that says so. */
static uint32_t events_wanted(const struct client_thread *t)
{
	return t->strategy->on_event ? EPOLLOUT : 0; /* changes of state show as room to send */
}

static void request_sent(struct client_thread *t, struct conn *c, int64_t now_ns)
{
	c->phase = CONN_READING;
	client_deadline_set(t, c, now_ns);
	if (t->strategy->on_sent)
		(void)t->strategy->on_sent(c); /* always NEXT_READ */
	watch(t, c, events_wanted(t));
}

/* The text of the request in t->request: the same every time it is written, so that a partial write
 * can go on from there. */
static void write_request(struct client_thread *t, const struct conn *c)
{
	struct request r = { .action = t->strategy->server_action,
			     .reply_bytes = c->reply_bytes,
			     .think_us = t->spec->think_ns / NS_PER_US };

	if (t->spec->http)
		(void)http_client_request(t->spec, t->strategy, t->request, PROTOCOL_REQUEST_MAX);
	else
		(void)protocol_encode(&r, c->request_bytes, t->request);
}

static void make_request(struct client_thread *t, struct conn *c)
{
	int64_t size = size_dist_pick(&t->spec->request_bytes, &t->random);

	c->sent_bytes = 0;
	c->received_bytes = 0;
	if (t->spec->http) {
		c->request_bytes = (uint32_t)http_client_request(t->spec, t->strategy, t->request,
								 PROTOCOL_REQUEST_MAX);
		c->reply_bytes = -1; /* the head of the reply will say */
		return;
	}
	struct request r = { .action = t->strategy->server_action,
			     .reply_bytes = size_dist_pick(&t->spec->reply_bytes, &t->random),
			     .think_us = t->spec->think_ns / NS_PER_US };

	c->reply_bytes = r.reply_bytes;
	c->request_bytes = (uint32_t)protocol_encode(&r, (size_t)size, t->request);
}

/* A request is asked for once there is a connection to ask on. */
static void count_asked(struct client_thread *t, const struct conn *c)
{
	if (!t->spec->http)
		t->ledger.reply_bytes_asked += c->reply_bytes;
}

/* Send what is left of the request.  0, or an errno. */
static int send_some(struct client_thread *t, struct conn *c)
{
	while (c->sent_bytes < c->request_bytes) {
		ssize_t n = send(c->fd, t->request + c->sent_bytes,
				 c->request_bytes - c->sent_bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		c->sent_bytes += (uint32_t)n;
		t->ledger.request_bytes_sent += n;
	}
	return 0;
}

static void send_on(struct client_thread *t, struct conn *c, int64_t now_ns)
{
	int code = send_some(t, c);

	if (code == 0)
		request_sent(t, c, now_ns);
	else if (code == EAGAIN)
		watch(t, c, EPOLLOUT);
	else
		client_conn_fail(t, c, code);
}

static void send_next(struct client_thread *t, struct conn *c, int64_t now_ns)
{
	make_request(t, c);
	count_asked(t, c);
	c->phase = CONN_SENDING;
	send_on(t, c, now_ns);
}

/* --- connecting ------------------------------------------------------------------------------ */

static void note_established(struct client_thread *t, struct conn *c, int64_t now_ns)
{
	c->established = true;
	c->phase = CONN_SENDING;
	t->ledger.established++;
	hist_record(&t->connect, now_ns - c->connect_ns);
	count_asked(t, c);
}

static void established(struct client_thread *t, struct conn *c)
{
	int number = 0;
	socklen_t size = sizeof(number);
	int64_t now_ns = mono_now_ns();

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &number, &size) != 0 || number != 0) {
		client_conn_fail(t, c, number ? number : errno);
		return;
	}
	note_established(t, c, now_ns);
	write_request(t, c);
	send_on(t, c, now_ns);
}

/*
 * On a short path the SYN-ACK is back before connect() returns, EINPROGRESS or not: so the request
 * is tried at once, and most connections never wait for an event that says they are established.
 */
static void send_first(struct client_thread *t, struct conn *c)
{
	int64_t now_ns = mono_now_ns();
	int code;

	make_request(t, c);
	code = send_some(t, c);
	if (code == EAGAIN && c->sent_bytes == 0) {
		client_deadline_set(t, c, c->start_ns);
		watch(t, c, EPOLLOUT);
		return;
	}
	if (code != 0 && code != EAGAIN) {
		client_conn_fail(t, c, code);
		return;
	}
	note_established(t, c, now_ns);
	if (code == 0) {
		request_sent(t, c, now_ns);
		return;
	}
	client_deadline_set(t, c, now_ns);
	watch(t, c, EPOLLOUT);
}

/* Returns 0, or the errno that ended the attempt. */
static int open_socket(struct client_thread *t, struct conn *c)
{
	bool stream = !t->strategy->udp;
	struct sockaddr_storage sa;
	struct endpoint to;
	socklen_t size;
	int code;

	c->fd = socket(t->ports.server.family == 6 ? AF_INET6 : AF_INET,
		       (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	if (stream)
		conn_send_at_once(c->fd, &t->spec->request_bytes, t->spec->http);
	code = ports_assign(&t->ports, c->fd, stream, &to);
	if (code != 0)
		return code;
	size = endpoint_to_sockaddr(&to, &sa);
	if (connect(c->fd, (struct sockaddr *)&sa, size) != 0 && errno != EINPROGRESS)
		return errno;
	return 0;
}

static void count_start(struct client_thread *t, struct conn *c, int64_t intended_ns,
			int64_t now_ns)
{
	int64_t late_ns = now_ns - intended_ns;

	c->intended_ns = intended_ns;
	c->start_ns = now_ns;
	t->in_flight++;
	t->ledger.requests_attempted++;
	SHARED_ADD(t->shared->requests, 1);
	if (t->spec->shape != LOAD_SATURATE)
		hist_record(&t->start_error, late_ns > 0 ? late_ns : 0);
	ledger_count_lateness(&t->ledger, late_ns);
	if (!t->first_start_ns)
		t->first_start_ns = now_ns;
	t->last_start_ns = now_ns;
}

void client_conn_begin(struct client_thread *t, struct conn *c, int64_t intended_ns, int64_t now_ns)
{
	int code;

	count_start(t, c, intended_ns, now_ns);
	if (c->phase == CONN_IDLE) {
		send_next(t, c, now_ns);
		return;
	}
	t->ledger.attempted++;
	SHARED_ADD(t->shared->attempted, 1);
	if (++t->open > t->ledger.in_flight_peak)
		t->ledger.in_flight_peak = t->open;
	c->established = false;
	c->watched = 0;
	c->reply_bytes = c->received_bytes = 0;
	c->requests_left =
		t->strategy->many_requests ? (uint32_t)t->spec->requests_per_connection : 1;
	c->connect_ns = now_ns;
	c->phase = CONN_CONNECTING;
	code = open_socket(t, c);
	if (code != 0)
		client_conn_fail(t, c, code);
	else
		send_first(t, c);
}

/* --- events ---------------------------------------------------------------------------------- */

static void event_connecting(struct client_thread *t, struct conn *c, uint32_t events)
{
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		established(t, c);
}

static void event_sending(struct client_thread *t, struct conn *c, uint32_t events)
{
	if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	write_request(t, c);
	send_on(t, c, mono_now_ns());
}

static void event_reading(struct client_thread *t, struct conn *c, uint32_t events)
{
	if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)))
		return;
	if (t->strategy->on_readable && !(events & (EPOLLERR | EPOLLHUP))) {
		enum conn_next next = t->strategy->on_readable(c);

		if (next != NEXT_READ) {
			c->requests_left--;
			follow(t, c, next);
		}
		return;
	}
	read_on(t, c);
}

static void event_closing(struct client_thread *t, struct conn *c, uint32_t events)
{
	int number = 0;
	socklen_t size = sizeof(number);

	if (c->next != NEXT_EVENT) {
		event_reading(t, c, events);
		return;
	}
	if ((events & (EPOLLERR | EPOLLHUP)) &&
	    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &number, &size) == 0 && number != 0)
		client_conn_fail(t, c, number);
	else if (t->strategy->on_event(c) == NEXT_DONE)
		client_conn_finish(t, c, OUTCOME_OK, 0);
}

/* The server ended an idle connection; nothing was under way. */
static void event_idle(struct client_thread *t, struct conn *c, uint32_t events)
{
	if (events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
		client_leave_idle(t, c);
		client_conn_retire(t, c);
	}
}

void client_conn_event(struct client_thread *t, struct conn *c, uint32_t events)
{
	static void (*const handler[CONN_PHASE_COUNT])(struct client_thread *, struct conn *,
						       uint32_t) = {
		[CONN_CONNECTING] = event_connecting,
		[CONN_SENDING] = event_sending,
		[CONN_READING] = event_reading,
		[CONN_CLOSING] = event_closing,
		[CONN_IDLE] = event_idle,
	};

	if (handler[c->phase]) /* none: it ended earlier in this batch of events */
		handler[c->phase](t, c, events);
}

void client_conn_timeout(struct client_thread *t, struct conn *c)
{
	static const enum outcome by_phase[CONN_PHASE_COUNT] = {
		[CONN_CONNECTING] = OUTCOME_CONNECT_TIMEOUT,
		[CONN_SENDING] = OUTCOME_REPLY_TIMEOUT,
		[CONN_READING] = OUTCOME_REPLY_TIMEOUT,
		[CONN_CLOSING] = OUTCOME_CLOSE_TIMEOUT,
	};

	client_conn_finish(t, c, by_phase[c->phase], 0);
}

void client_conn_closed(struct client_thread *t, struct conn *c)
{
	client_conn_finish(t, c, OUTCOME_OK, 0);
}

void client_conn_interrupt(struct client_thread *t, struct conn *c)
{
	client_conn_finish(t, c, OUTCOME_INTERRUPTED, 0);
}

void client_conn_retire(struct client_thread *t, struct conn *c)
{
	client_conn_finish(t, c, OUTCOME_OK, 0);
}
