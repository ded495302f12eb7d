#include "bench/straight_ring.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/strategy.h"
#include "bench/uring.h"

enum { FILE_CLIENT, FILE_SERVER, FILES };

struct ring {
	struct uring u;
	const struct script *script;
	char reply[RING_BYTES_MAX];
	char end[FILES]; /* where nothing is expected to arrive */
	bool open[FILES];
	bool told; /* how the server's end ended is in the ledger */
	size_t request_bytes;
};

/* --- what a chain is made of ------------------------------------------------------------------- */

enum step {
	STEP_NONE,
	SEND_REQUEST,
	READ_REQUEST,
	SEND_REPLY,
	READ_REPLY,
	CLIENT_SHUTS, /* shutdown(SHUT_WR) */
	CLIENT_READS_END,
	SERVER_READS_END,
	CLIENT_ABORTS, /* SO_LINGER {1,0}: its close() sends RST */
	SERVER_ABORTS,
	CLIENT_CLOSES,
	SERVER_CLOSES,
	STEP_COUNT
};

#define STEPS_MAX 10

/* The order of calls that straight_conn.c comes to for the same strategy. */
static const struct script {
	const char *strategy;
	enum step step[STEPS_MAX];
} scripts[] = {
	{ "client-fin",
	  { SEND_REQUEST, READ_REQUEST, SEND_REPLY, READ_REPLY, CLIENT_CLOSES, SERVER_READS_END, SERVER_CLOSES } },
	{ "server-fin",
	  { SEND_REQUEST, READ_REQUEST, SEND_REPLY, SERVER_CLOSES, READ_REPLY, CLIENT_READS_END, CLIENT_CLOSES } },
	{ "client-rst",
	  { SEND_REQUEST, READ_REQUEST, SEND_REPLY, READ_REPLY, CLIENT_ABORTS, CLIENT_CLOSES, SERVER_READS_END,
	    SERVER_CLOSES } },
	{ "server-rst",
	  { SEND_REQUEST, READ_REQUEST, SEND_REPLY, SERVER_ABORTS, SERVER_CLOSES, READ_REPLY, CLIENT_READS_END,
	    CLIENT_CLOSES } },
	{ "half-close",
	  { SEND_REQUEST, CLIENT_SHUTS, READ_REQUEST, SEND_REPLY, READ_REPLY, SERVER_READS_END, SERVER_CLOSES,
	    CLIENT_READS_END, CLIENT_CLOSES } },
	{ "unread-close",
	  { SEND_REQUEST, READ_REQUEST, SEND_REPLY, CLIENT_CLOSES, SERVER_READS_END, SERVER_CLOSES } },
};

static const struct script *script_of(const struct strategy *s)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (strcmp(scripts[i].strategy, s->name) == 0)
			return &scripts[i];
	return NULL;
}

bool ring_knows(const struct strategy *s)
{
	return script_of(s) != NULL;
}

/* --- putting steps into a chain ---------------------------------------------------------------- */

static void add_send_request(struct straight_thread *t, const struct pair *p, int file)
{
	(void)p;
	uring_send(&t->ring->u, file, t->request, t->ring->request_bytes);
}

static void add_read_request(struct straight_thread *t, const struct pair *p, int file)
{
	(void)p;
	uring_receive(&t->ring->u, file, t->receive, t->ring->request_bytes);
}

static void add_send_reply(struct straight_thread *t, const struct pair *p, int file)
{
	uring_send(&t->ring->u, file, protocol_pattern(0), (size_t)p->client.reply_bytes);
}

static void add_read_reply(struct straight_thread *t, const struct pair *p, int file)
{
	uring_receive(&t->ring->u, file, t->ring->reply, (size_t)p->client.reply_bytes);
}

static void add_shut_write(struct straight_thread *t, const struct pair *p, int file)
{
	(void)p;
	uring_shut_write(&t->ring->u, file);
}

static void add_read_end(struct straight_thread *t, const struct pair *p, int file)
{
	(void)p;
	uring_receive_end(&t->ring->u, file, &t->ring->end[file]);
}

static void add_abort(struct straight_thread *t, const struct pair *p, int file)
{
	static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	(void)p;
	uring_option(&t->ring->u, file, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void add_close(struct straight_thread *t, const struct pair *p, int file)
{
	(void)p;
	uring_shut(&t->ring->u, file);
}

/* --- what came of it --------------------------------------------------------------------------- */

/* The server's end met this errno, or 0 for an end that was no clean one. */
static void server_broke(struct straight_thread *t, int number)
{
	bool reset = number == ECONNRESET || number == EPIPE;

	t->ledger.server_reset += reset;
	t->ledger.server_other += !reset;
	t->ring->told = true;
}

static bool sent_request(struct straight_thread *t, struct pair *p, int result)
{
	(void)p;
	t->ledger.request_bytes_sent += result;
	return (size_t)result == t->ring->request_bytes;
}

static bool read_request(struct straight_thread *t, struct pair *p, int result)
{
	struct parser parser = { 0 };
	size_t used;

	t->ledger.server_request_bytes += result;
	return protocol_parse(&parser, t->receive, (size_t)result, &used) == PARSE_REQUEST &&
	       used == t->ring->request_bytes && parser.request.reply_bytes == p->client.reply_bytes &&
	       parser.request.action == t->strategy->server_action;
}

static bool sent_reply(struct straight_thread *t, struct pair *p, int result)
{
	t->ledger.server_reply_bytes += result;
	return result == p->client.reply_bytes;
}

static bool read_reply(struct straight_thread *t, struct pair *p, int result)
{
	p->client.received_bytes = result;
	if (result < p->client.reply_bytes)
		p->outcome = OUTCOME_SHORT_REPLY;
	else if (memcmp(t->ring->reply, protocol_pattern(0), (size_t)result) != 0)
		p->outcome = OUTCOME_WRONG_REPLY;
	return p->outcome == OUTCOME_OK;
}

static bool client_read_end(struct straight_thread *t, struct pair *p, int result)
{
	(void)t;
	if (result > 0)
		p->outcome = OUTCOME_WRONG_REPLY;
	return result == 0;
}

static bool server_read_end(struct straight_thread *t, struct pair *p, int result)
{
	(void)p;
	if (result > 0)
		server_broke(t, EPROTO);
	return result == 0;
}

static bool client_closed(struct straight_thread *t, struct pair *p, int result)
{
	(void)p, (void)result;
	t->ring->open[FILE_CLIENT] = false;
	return true;
}

static bool server_closed(struct straight_thread *t, struct pair *p, int result)
{
	(void)p, (void)result;
	t->ring->open[FILE_SERVER] = false;
	if (!t->ring->told)
		t->ledger.server_clean++;
	t->ring->told = true;
	return true;
}

/*
 * How a step gets into a chain, and how its result, 0 or more, is judged: false, it is not what the step is for.
 * Below 0 it is errno, which counts for the end that made the call.
 */
static const struct {
	void (*add)(struct straight_thread *t, const struct pair *p, int file);
	bool (*judge)(struct straight_thread *t, struct pair *p, int result);
	int file;
} steps[STEP_COUNT] = {
	[SEND_REQUEST] = { add_send_request, sent_request, FILE_CLIENT },
	[READ_REQUEST] = { add_read_request, read_request, FILE_SERVER },
	[SEND_REPLY] = { add_send_reply, sent_reply, FILE_SERVER },
	[READ_REPLY] = { add_read_reply, read_reply, FILE_CLIENT },
	[CLIENT_SHUTS] = { add_shut_write, NULL, FILE_CLIENT },
	[CLIENT_READS_END] = { add_read_end, client_read_end, FILE_CLIENT },
	[SERVER_READS_END] = { add_read_end, server_read_end, FILE_SERVER },
	[CLIENT_ABORTS] = { add_abort, NULL, FILE_CLIENT },
	[SERVER_ABORTS] = { add_abort, NULL, FILE_SERVER },
	[CLIENT_CLOSES] = { add_close, client_closed, FILE_CLIENT },
	[SERVER_CLOSES] = { add_close, server_closed, FILE_SERVER },
};

/* What a chain that was cut at this step comes to. */
static void broke_off(struct straight_thread *t, struct pair *p, int file, int result, bool late)
{
	int number = result < 0 ? -result : EPROTO;

	if (late && number == ECANCELED)
		number = EAGAIN; /* nothing came in time */
	if (file == FILE_SERVER && !t->ring->told)
		server_broke(t, number);
	if (file == FILE_CLIENT && result < 0)
		pair_fail(p, number);
	else if (file == FILE_SERVER && number != ECONNRESET && p->outcome == OUTCOME_OK)
		pair_fail(p, EAGAIN); /* the client got no reply, or not all of it */
}

static void judge(struct straight_thread *t, struct pair *p, bool late)
{
	const struct script *s = t->ring->script;

	for (unsigned i = 0; i < STEPS_MAX && s->step[i] != STEP_NONE; i++) {
		int result = t->ring->u.result[i + 1]; /* behind accept() */
		enum step k = s->step[i];

		if (result == -ECANCELED && !late)
			continue; /* what cut the chain is told already */
		if (result < 0 || (steps[k].judge && !steps[k].judge(t, p, result))) {
			broke_off(t, p, steps[k].file, result, late);
			late = false;
		}
	}
}

/* --- a connection ------------------------------------------------------------------------------ */

/* Close what a cut chain left open. */
static void close_rest(struct straight_thread *t)
{
	struct ring *r = t->ring;

	for (int file = 0; file < FILES; file++)
		if (r->open[file]) {
			uring_shut(&r->u, file);
			(void)uring_run(&r->u, t->spec->timeout_ns); /* it is gone, whatever close() says */
			r->open[file] = false;
			if (file == FILE_SERVER && !r->told)
				server_broke(t, 0);
		}
}

static bool no_delay(const struct straight_thread *t)
{
	return !conn_fits_segment(&t->spec->request_bytes);
}

/* 0 with the listener's number, or negative errno of what failed. */
static int64_t open_client(struct straight_thread *t, struct pair *p)
{
	struct uring *u = &t->ring->u;
	struct sockaddr_storage from, to;
	struct ports_choice c;
	static const int on = 1;
	unsigned n = 0;
	int late;

	ports_choose(&t->ports, true, &c);
	uring_socket(u, t->ports.server.family == 6 ? AF_INET6 : AF_INET, FILE_CLIENT);
	if (no_delay(t))
		uring_option(u, FILE_CLIENT, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (int i = 0; i < c.options; i++)
		uring_option(u, FILE_CLIENT, c.option[i].level, c.option[i].name, &c.option[i].value,
			     sizeof(c.option[i].value));
	if (c.bind)
		uring_bind(u, FILE_CLIENT, (struct sockaddr *)&from, endpoint_to_sockaddr(&c.from, &from));
	uring_connect(u, FILE_CLIENT, (struct sockaddr *)&to, endpoint_to_sockaddr(&c.to, &to));
	n = u->queued;
	late = uring_run(u, t->spec->timeout_ns);
	t->ring->open[FILE_CLIENT] = u->result[0] >= 0;
	for (unsigned i = 0; i < n; i++)
		if (u->result[i] < 0)
			return late == -ETIME ? -ETIMEDOUT : u->result[i];
	p->client.established = true;
	t->ledger.established++;
	hist_record(&t->connect, mono_now_ns() - p->client.connect_ns);
	return c.to.port - t->ports.server.port;
}

static void exchange(struct straight_thread *t, struct pair *p, int64_t listener)
{
	struct ring *r = t->ring;
	int code;

	t->ledger.requests_attempted++;
	r->request_bytes = pair_request(t, p);
	uring_accept(&r->u, t->listener[listener], FILE_SERVER);
	for (int i = 0; i < STEPS_MAX && r->script->step[i] != STEP_NONE; i++)
		steps[r->script->step[i]].add(t, p, steps[r->script->step[i]].file);
	code = uring_run(&r->u, t->spec->timeout_ns);
	r->open[FILE_SERVER] = r->u.result[0] >= 0;
	if (r->open[FILE_SERVER]) {
		t->ledger.accepted++;
		judge(t, p, code == -ETIME);
	} else {
		pair_fail(p, code == -ETIME ? EAGAIN : -r->u.result[0]);
	}
}

void ring_connection(struct straight_thread *t)
{
	struct pair p;
	int64_t listener;

	pair_begin(t, &p);
	t->ring->told = false;
	listener = open_client(t, &p);
	if (listener < 0) {
		t->ledger.requests_attempted++;
		pair_fail(&p, (int)-listener);
	} else {
		exchange(t, &p, listener);
	}
	close_rest(t);
	pair_end(t, &p);
}

/* --- life cycle -------------------------------------------------------------------------------- */

int ring_open(struct straight_thread *t, struct err *err)
{
	int code;

	t->ring = calloc(1, sizeof(*t->ring));
	if (!t->ring)
		return err_set(err, -ENOMEM, "no memory for an io_uring");
	t->ring->script = script_of(t->strategy);
	code = uring_open(&t->ring->u, FILES, err);
	return code < 0 ? err_wrap(err, "load.engine 'ring'"), code : 0;
}

void ring_close(struct straight_thread *t)
{
	if (t->ring)
		uring_close(&t->ring->u);
	free(t->ring);
	t->ring = NULL;
}
