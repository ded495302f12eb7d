#include "bench/straight_conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mono.h"

/* --- the server's end ------------------------------------------------------------------------ */

static void server_close(struct straight_thread *t, struct pair *p)
{
	(void)close(p->server); /* sends what the strategy wants */
	p->server = -1;
	t->ledger.server_clean++;
}

static void server_fail(struct straight_thread *t, struct pair *p, int number)
{
	bool reset = number == ECONNRESET || number == EPIPE;

	(void)close(p->server); /* it is dead already, or worth nothing */
	p->server = -1;
	t->ledger.server_reset += reset;
	t->ledger.server_other += !reset;
}

static bool server_send(struct straight_thread *t, struct pair *p, int64_t size)
{
	int64_t at = 0;

	while (at < size) {
		size_t part = size - at < PROTOCOL_CHUNK ? (size_t)(size - at) : PROTOCOL_CHUNK;
		ssize_t n = send(p->server, protocol_pattern(at), part, MSG_NOSIGNAL);

		if (n < 0) {
			server_fail(t, p, errno);
			return false;
		}
		at += n;
		t->ledger.server_reply_bytes += n;
	}
	return true;
}

/* Read the request, answer it, and close if that is the server's part. */
static void serve(struct straight_thread *t, struct pair *p)
{
	struct parser parser = { 0 };
	enum parse_status status = PARSE_MORE;
	size_t used;

	while (status == PARSE_MORE) {
		ssize_t n = recv(p->server, t->receive, STRAIGHT_RECEIVE_BYTES, 0);

		if (n <= 0) {
			server_fail(t, p, n < 0 ? errno : 0);
			return;
		}
		t->ledger.server_request_bytes += n;
		status = protocol_parse(&parser, t->receive, (size_t)n, &used);
	}
	if (status == PARSE_BAD) {
		server_fail(t, p, EPROTO);
		return;
	}
	if (!server_send(t, p, parser.request.reply_bytes))
		return;
	if (parser.request.action == ACTION_RST) {
		struct linger linger = { .l_onoff = 1, .l_linger = 0 };

		(void)setsockopt(p->server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	if (parser.request.action != ACTION_EOF)
		server_close(t, p);
}

/* The client has closed: read its FIN or RST, then close. */
static void serve_end(struct straight_thread *t, struct pair *p)
{
	ssize_t n = recv(p->server, t->receive, STRAIGHT_RECEIVE_BYTES, 0);

	if (n == 0)
		server_close(t, p);
	else
		server_fail(t, p, n < 0 ? errno : EPROTO);
}

/* --- the client's end ------------------------------------------------------------------------ */

void pair_fail(struct pair *p, int number)
{
	const struct conn *c = &p->client;

	p->failed = number;
	if (number != ECONNRESET && number != EPIPE)
		p->outcome = number == EAGAIN ? OUTCOME_REPLY_TIMEOUT : ledger_outcome(number);
	else if (c->received_bytes >= c->reply_bytes)
		p->outcome = OUTCOME_RESET_AFTER_REPLY;
	else
		p->outcome = c->received_bytes > 0 ? OUTCOME_RESET_IN_REPLY : OUTCOME_RESET_BEFORE_REPLY;
}

static int64_t client_open(struct straight_thread *t, struct pair *p)
{
	struct timeval patience = { .tv_sec = (time_t)(t->spec->timeout_ns / NS_PER_S),
				    .tv_usec = (suseconds_t)(t->spec->timeout_ns % NS_PER_S / NS_PER_US) };
	struct conn *c = &p->client;
	struct endpoint to;
	struct sockaddr_storage sa;
	socklen_t size;
	int code;

	c->fd = socket(t->ports.server.family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	conn_send_at_once(c->fd, &t->spec->request_bytes, false);
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)); /* cannot fail */
	code = ports_assign(&t->ports, c->fd, true, &to);
	if (code != 0)
		return -code;
	size = endpoint_to_sockaddr(&to, &sa);
	if (connect(c->fd, (struct sockaddr *)&sa, size) != 0)
		return -errno;
	c->established = true;
	t->ledger.established++;
	hist_record(&t->connect, mono_now_ns() - c->connect_ns);
	return to.port - t->ports.server.port;
}

size_t pair_request(struct straight_thread *t, struct pair *p)
{
	struct request r = { .action = t->strategy->server_action,
			     .reply_bytes = size_dist_pick(&t->spec->reply_bytes, &t->random) };

	p->client.reply_bytes = r.reply_bytes;
	p->client.received_bytes = 0;
	t->ledger.reply_bytes_asked += r.reply_bytes;
	return protocol_encode(&r, (size_t)size_dist_pick(&t->spec->request_bytes, &t->random), t->request);
}

static bool client_send(struct straight_thread *t, struct pair *p)
{
	struct conn *c = &p->client;
	size_t size = pair_request(t, p);
	ssize_t n;

	n = send(c->fd, t->request, size, MSG_NOSIGNAL);
	if (n != (ssize_t)size) {
		pair_fail(p, n < 0 ? errno : EAGAIN);
		return false;
	}
	t->ledger.request_bytes_sent += n;
	if (t->strategy->on_sent)
		(void)t->strategy->on_sent(c); /* always NEXT_READ */
	return true;
}

static bool client_receive(struct straight_thread *t, struct pair *p)
{
	struct conn *c = &p->client;

	while (c->received_bytes < c->reply_bytes) {
		ssize_t n = recv(c->fd, t->receive, STRAIGHT_RECEIVE_BYTES, 0);

		if (n < 0) {
			pair_fail(p, errno);
			return false;
		}
		if (n == 0 || c->received_bytes + n > c->reply_bytes ||
		    memcmp(t->receive, protocol_pattern(c->received_bytes), (size_t)n) != 0) {
			p->outcome = n == 0 ? OUTCOME_SHORT_REPLY : OUTCOME_WRONG_REPLY;
			return false;
		}
		c->received_bytes += n;
	}
	return true;
}

/* The server's FIN, or what came instead. */
static void client_end_of_file(struct straight_thread *t, struct pair *p)
{
	ssize_t n = recv(p->client.fd, t->receive, STRAIGHT_RECEIVE_BYTES, 0);

	if (n < 0)
		pair_fail(p, errno);
	else if (n > 0)
		p->outcome = OUTCOME_WRONG_REPLY;
	else if (t->strategy->on_eof)
		(void)t->strategy->on_eof(&p->client); /* closes */
	else
		(void)conn_close(&p->client);
}

/* One request on the connection; what the strategy wants next, or NEXT_DONE after a failure. */
static enum conn_next exchange(struct straight_thread *t, struct pair *p)
{
	struct conn *c = &p->client;
	const struct strategy *s = t->strategy;

	t->ledger.requests_attempted++;
	if (!client_send(t, p))
		return NEXT_DONE;
	serve(t, p);
	if (s->on_readable && s->on_readable(c) == NEXT_DONE) {
		c->requests_left--;
		return NEXT_DONE;
	}
	if (!client_receive(t, p))
		return NEXT_DONE;
	c->requests_left--;
	return s->on_reply ? s->on_reply(c) : NEXT_EOF;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void answered(struct straight_thread *t, struct conn *c)
{
	int64_t now_ns = mono_now_ns();

	t->ledger.requests_answered++;
	t->ledger.reply_bytes_received += c->received_bytes;
	hist_record(&t->response, now_ns - c->intended_ns);
	hist_record(&t->service, now_ns - c->start_ns);
	c->intended_ns = c->start_ns = now_ns; /* of the next request on it */
	c->received_bytes = 0;
}

static void run_requests(struct straight_thread *t, struct pair *p)
{
	enum conn_next next = exchange(t, p);

	while (next == NEXT_WRITE && p->server >= 0) {
		answered(t, &p->client);
		next = exchange(t, p);
	}
	/* A half-close waits for a FIN that the server sends when it has read ours. */
	if (next == NEXT_EOF && p->server >= 0)
		serve_end(t, p);
	if (next == NEXT_EOF)
		client_end_of_file(t, p);
	if (p->client.fd >= 0)
		(void)conn_close(&p->client); /* only after a failure */
	if (p->server >= 0)
		serve_end(t, p);
}

void pair_end(struct straight_thread *t, struct pair *p)
{
	t->ledger.by_outcome[p->outcome]++;
	if (p->failed > 0 && p->failed < LEDGER_ERRNOS)
		t->errnos[p->failed]++;
	if (p->outcome == t->strategy->declared.outcome)
		answered(t, &p->client);
	else
		SHARED_ADD(t->shared->failed, 1);
	if (p->outcome == OUTCOME_NO_PORT && t->ledger.first_no_port_ns == RECORD_NONE) {
		t->ledger.first_no_port_ns = mono_now_ns() - t->begin_ns;
		t->ledger.first_no_port_nth = t->ledger.attempted - 1;
		t->ledger.first_no_port_late_ns = p->client.start_ns - p->client.intended_ns;
	}
}

void pair_begin(struct straight_thread *t, struct pair *p)
{
	*p = (struct pair){ .server = -1, .outcome = OUTCOME_OK, .client = { .fd = -1 } };
	p->client.strategy = t->strategy;
	p->client.requests_left =
		t->strategy->many_requests ? (uint32_t)t->spec->requests_per_connection : 1;
	p->client.intended_ns = t->intended_ns;
	p->client.connect_ns = p->client.start_ns = t->last_ns;
	t->ledger.attempted++;
	t->ledger.in_flight_peak = 1;
	SHARED_ADD(t->shared->attempted, 1);
	SHARED_ADD(t->shared->requests, 1);
}

void straight_connection(struct straight_thread *t)
{
	struct pair p;
	int64_t listener;

	pair_begin(t, &p);
	listener = client_open(t, &p);
	if (listener < 0) {
		t->ledger.requests_attempted++;
		pair_fail(&p, (int)-listener);
		if (p.client.fd >= 0)
			(void)conn_close(&p.client); /* it never became a connection */
		pair_end(t, &p);
		return;
	}
	p.server = accept4(t->listener[listener], NULL, NULL, SOCK_CLOEXEC);
	if (p.server < 0) {
		pair_fail(&p, errno);
		(void)conn_close(&p.client); /* nobody is at the other end */
	} else {
		t->ledger.accepted++;
		run_requests(t, &p);
	}
	pair_end(t, &p);
}
