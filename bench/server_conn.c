#include "bench/server_thread.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mono.h"

#define HTTP_HEAD_BYTES 8192

/* --- endings --------------------------------------------------------------------------------- */

enum ending { ENDED_CLEAN, ENDED_RESET, ENDED_OTHER };

static void unlink_thinker(struct server_thread *t, const struct sconn *c)
{
	for (struct sconn **at = &t->thinkers; *at; at = &(*at)->link)
		if (*at == c) {
			*at = c->link;
			return;
		}
}

static void end(struct server_thread *t, struct sconn *c, enum ending how)
{
	(void)close(c->watched.fd); /* sends what the strategy wants; nothing to learn from it */
	c->watched.fd = -1;
	if (c->thinking)
		unlink_thinker(t, c);
	free(c->head);
	if (c->all_previous)
		c->all_previous->all_next = c->all_next;
	else
		t->all = c->all_next;
	if (c->all_next)
		c->all_next->all_previous = c->all_previous;
	t->clean += how == ENDED_CLEAN;
	t->reset += how == ENDED_RESET;
	t->other += how == ENDED_OTHER;
	atomic_fetch_sub_explicit(&t->open, 1, memory_order_relaxed);
	c->link = t->free;
	t->free = c;
}

static void fail(struct server_thread *t, struct sconn *c, int number)
{
	end(t, c, number == ECONNRESET || number == EPIPE ? ENDED_RESET : ENDED_OTHER);
}

static void reset_now(struct server_thread *t, struct sconn *c)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(c->watched.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)); /* cannot fail */
	end(t, c, ENDED_CLEAN);
}

/* --- after the reply, after the client's FIN ---------------------------------------------------- */

/* Returns false when the connection is gone. */
static bool after_reply(struct server_thread *t, struct sconn *c)
{
	if (c->action == ACTION_RST) {
		reset_now(t, c);
		return false;
	}
	if (c->action == ACTION_FIN) {
		end(t, c, ENDED_CLEAN);
		return false;
	}
	if (c->peer_closed && c->action == ACTION_EOF) {
		end(t, c, ENDED_CLEAN);
		return false;
	}
	return true;
}

static void peer_closed(struct server_thread *t, struct sconn *c)
{
	c->peer_closed = true;
	if (c->thinking || c->reply_left > 0 || c->action == ACTION_KEEP || c->action == ACTION_DEAF)
		return;
	end(t, c, c->parser.length > 0 ? ENDED_OTHER : ENDED_CLEAN);
}

/* --- replying -------------------------------------------------------------------------------- */

/* Send what is left of the reply.  False when the connection is gone. */
static bool send_reply(struct server_thread *t, struct sconn *c)
{
	while (c->reply_left > 0) {
		size_t size = c->reply_left < PROTOCOL_CHUNK ? (size_t)c->reply_left : PROTOCOL_CHUNK;
		ssize_t n = send(c->watched.fd, protocol_pattern(c->reply_at), size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			c->waiting_for_room = true;
			return true;
		}
		if (n < 0) {
			fail(t, c, errno);
			return false;
		}
		c->reply_left -= n;
		c->reply_at += n;
		t->reply_bytes += n;
	}
	c->waiting_for_room = false;
	return after_reply(t, c);
}

static bool begin_reply(struct server_thread *t, struct sconn *c)
{
	c->reply_left = c->parser.request.reply_bytes;
	c->reply_at = 0;
	return send_reply(t, c);
}

/* From now on the kernel drops the client's FINs before TCP sees them; all else comes through. */
static bool go_deaf(struct server_thread *t, struct sconn *c)
{
	static const struct sock_filter no_fin[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct tcphdr, th_flags)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TH_FIN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog filter = { sizeof(no_fin) / sizeof(no_fin[0]),
					   (struct sock_filter *)(uintptr_t)no_fin };

	if (setsockopt(c->watched.fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0)
		return true;
	end(t, c, ENDED_OTHER);
	return false;
}

static bool think(struct server_thread *t, struct sconn *c)
{
	struct sconn **at = &t->thinkers;

	c->thinking = true;
	c->wake_ns = mono_now_ns() + c->parser.request.think_us * NS_PER_US;
	while (*at && (*at)->wake_ns <= c->wake_ns)
		at = &(*at)->link;
	c->link = *at;
	*at = c;
	return true;
}

/* --- requests -------------------------------------------------------------------------------- */

static bool command(struct server_thread *t, struct sconn *c, const char **bytes, size_t *size)
{
	size_t used;
	enum parse_status status = protocol_parse(&c->parser, *bytes, *size, &used);

	*bytes += used;
	*size -= used;
	t->request_bytes += (int64_t)used;
	if (status == PARSE_MORE)
		return true;
	if (status == PARSE_BAD) {
		end(t, c, ENDED_OTHER);
		return false;
	}
	atomic_fetch_add_explicit(&t->requests, 1, memory_order_relaxed);
	c->action = c->parser.request.action;
	if (c->action == ACTION_DEAF && !go_deaf(t, c))
		return false;
	return c->parser.request.think_us > 0 ? think(t, c) : begin_reply(t, c);
}

/* Keep a head in pieces until it is whole. */
static enum parse_status gather_head(struct server_thread *t, struct sconn *c, const char **bytes,
				     size_t *size, struct http_request *request)
{
	const struct server_options *o = t->o;
	size_t take = *size, had = c->head_bytes;
	enum parse_status status;

	if (had == 0) {
		status = protocol_http_parse(*bytes, *size, o->http_reply_bytes, request);
		if (status != PARSE_MORE) {
			take = status == PARSE_REQUEST ? request->header_bytes : *size;
			*bytes += take;
			*size -= take;
			return status;
		}
	}
	if (!c->head)
		c->head = malloc(HTTP_HEAD_BYTES);
	if (!c->head)
		return PARSE_BAD;
	if (take > HTTP_HEAD_BYTES - had)
		take = HTTP_HEAD_BYTES - had;
	memcpy(c->head + had, *bytes, take);
	c->head_bytes += (uint32_t)take;
	status = protocol_http_parse(c->head, c->head_bytes, o->http_reply_bytes, request);
	if (status == PARSE_REQUEST) {
		take = request->header_bytes - had;
		c->head_bytes = 0;
	} else if (c->head_bytes == HTTP_HEAD_BYTES) {
		status = PARSE_BAD;
	}
	*bytes += take;
	*size -= take;
	return status;
}

/* Head and body in one send() where they fit: two segments would be another teardown. */
static bool http_answer(struct server_thread *t, struct sconn *c, const struct http_request *request)
{
	char buf[4096];
	size_t head = protocol_http_answer(request, buf, sizeof(buf));
	int64_t body = request->head_only ? 0 : request->reply_bytes;
	size_t first = (size_t)body < sizeof(buf) - head ? (size_t)body : sizeof(buf) - head;
	ssize_t n;

	memcpy(buf + head, protocol_pattern(0), first);
	n = send(c->watched.fd, buf, head + first, MSG_NOSIGNAL);
	if (n != (ssize_t)(head + first)) {
		/* A fresh send buffer holds this; one that does not belongs to a client that never reads. */
		fail(t, c, n < 0 ? errno : EPIPE);
		return false;
	}
	t->reply_bytes += n;
	c->reply_at = (int64_t)first;
	c->reply_left = body - (int64_t)first;
	return send_reply(t, c);
}

static bool http(struct server_thread *t, struct sconn *c, const char **bytes, size_t *size)
{
	struct http_request request;

	if (c->body_left > 0) {
		size_t skip = (int64_t)*size < c->body_left ? *size : (size_t)c->body_left;

		c->body_left -= (int64_t)skip;
		*bytes += skip;
		*size -= skip;
		return true;
	}
	switch (gather_head(t, c, bytes, size, &request)) {
	case PARSE_MORE:
		return true;
	case PARSE_BAD:
		end(t, c, ENDED_OTHER);
		return false;
	case PARSE_REQUEST:
		break;
	}
	atomic_fetch_add_explicit(&t->requests, 1, memory_order_relaxed);
	c->body_left = request.content_bytes;
	c->action = request.keep_alive ? ACTION_EOF : t->o->http_action;
	return http_answer(t, c, &request);
}

static bool busy(const struct sconn *c)
{
	return c->thinking || c->reply_left > 0;
}

/* False when the connection is gone. */
static bool take_bytes(struct server_thread *t, struct sconn *c, const char *bytes, size_t size)
{
	if (!c->is_http && c->parser.length == 0 && !c->action && protocol_is_http(bytes, size))
		c->is_http = true;
	while (size > 0) {
		if (busy(c)) { /* a request on top of an unfinished reply: no client of ours does it */
			end(t, c, ENDED_OTHER);
			return false;
		}
		if (!(c->is_http ? http : command)(t, c, &bytes, &size))
			return false;
	}
	return true;
}

/* `all`: the FIN is known to be there, so read up to it; no other edge will come. */
static void read_all(struct server_thread *t, struct sconn *c, bool all)
{
	while (!c->peer_closed && !busy(c)) {
		ssize_t n = recv(c->watched.fd, t->receive, SERVER_RECEIVE_BYTES, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			fail(t, c, errno);
			return;
		}
		if (n == 0) {
			peer_closed(t, c);
			return;
		}
		if (!take_bytes(t, c, t->receive, (size_t)n))
			return;
		if (n < SERVER_RECEIVE_BYTES && !all)
			return; /* drained; an edge will come with more, or with the FIN */
	}
}

/* --- events ---------------------------------------------------------------------------------- */

static struct sconn *conn_take(struct server_thread *t)
{
	struct sconn *c = t->free;

	if (c)
		t->free = c->link;
	else
		c = malloc(sizeof(*c));
	return c;
}

void server_conn_accept(struct server_thread *t, int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	struct sconn *c = conn_take(t);

	atomic_fetch_add_explicit(&t->accepted, 1, memory_order_relaxed);
	if (!c) {
		t->other++;
		(void)close(fd); /* no memory: the client sees a close */
		return;
	}
	*c = (struct sconn){ .watched = { WATCH_CONN, fd }, .all_next = t->all };
	if (t->all)
		t->all->all_previous = c;
	t->all = c;
	atomic_fetch_add_explicit(&t->open, 1, memory_order_relaxed);
	/* The request is mostly here before accept() is: who closes after the reply is never watched. */
	read_all(t, c, false);
	if (c->watched.fd < 0)
		return;
	e.data.ptr = c;
	if (epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
		end(t, c, ENDED_OTHER);
}

void server_conn_event(struct server_thread *t, struct sconn *c, uint32_t events)
{
	int number = 0;
	socklen_t size = sizeof(number);

	if (c->waiting_for_room && (events & EPOLLOUT)) {
		if (!send_reply(t, c))
			return;
		events |= EPOLLIN | EPOLLRDHUP; /* what came meanwhile has not been read */
	}
	if (events & (EPOLLERR | EPOLLHUP)) {
		/* A reset: unread bytes of the client do not matter any more. */
		(void)getsockopt(c->watched.fd, SOL_SOCKET, SO_ERROR, &number, &size);
		if (number != 0 || (events & EPOLLERR)) {
			fail(t, c, number ? number : ECONNRESET);
			return;
		}
	}
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
		read_all(t, c, events & (EPOLLRDHUP | EPOLLHUP));
}

int64_t server_conn_wake(struct server_thread *t, int64_t now_ns)
{
	while (t->thinkers && t->thinkers->wake_ns <= now_ns) {
		struct sconn *c = t->thinkers;

		t->thinkers = c->link;
		c->thinking = false;
		if (begin_reply(t, c))
			read_all(t, c, true);
	}
	return t->thinkers ? t->thinkers->wake_ns : INT64_MAX;
}

void server_conn_drop(struct server_thread *t, struct sconn *c)
{
	end(t, c, ENDED_OTHER);
}

void server_datagrams(struct server_thread *t, int fd)
{
	for (;;) {
		struct sockaddr_storage from;
		socklen_t from_size = sizeof(from);
		struct parser p = { 0 };
		size_t used;
		ssize_t n = recvfrom(fd, t->receive, SERVER_RECEIVE_BYTES, 0,
				     (struct sockaddr *)&from, &from_size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* EAGAIN; an ICMP error concerns one client, which has gone */
		if (protocol_parse(&p, t->receive, (size_t)n, &used) != PARSE_REQUEST ||
		    p.request.reply_bytes > PROTOCOL_DATAGRAM_MAX) {
			t->other++;
			continue;
		}
		t->request_bytes += n;
		atomic_fetch_add_explicit(&t->requests, 1, memory_order_relaxed);
		n = sendto(fd, protocol_pattern(0), (size_t)p.request.reply_bytes, MSG_NOSIGNAL,
			   (struct sockaddr *)&from, from_size);
		if (n >= 0)
			t->reply_bytes += n;
	}
}
