#include "bench/client_thread.h"

#include <errno.h>

#include "base/mono.h"
#include "bench/ledger.h"

/* --- deadlines ------------------------------------------------------------------------------- */

void client_deadline_drop(struct client_thread *t, struct conn *c)
{
	if (!c->deadline_ns)
		return;
	if (c->older)
		c->older->newer = c->newer;
	else
		t->oldest = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		t->newest = c->older;
	c->deadline_ns = 0;
}

void client_deadline_set(struct client_thread *t, struct conn *c, int64_t now_ns)
{
	client_deadline_drop(t, c);
	c->deadline_ns = now_ns + t->spec->timeout_ns;
	c->older = t->newest;
	c->newer = NULL;
	if (t->newest)
		t->newest->newer = c;
	else
		t->oldest = c;
	t->newest = c;
}

/* --- endings --------------------------------------------------------------------------------- */

void client_record_latency(struct client_thread *t, const struct conn *c, int64_t now_ns)
{
	t->ledger.requests_answered++;
	hist_record(&t->response, now_ns - c->intended_ns);
	hist_record(&t->service, now_ns - c->start_ns);
}

static void note_no_port(struct client_thread *t, const struct conn *c, int64_t now_ns)
{
	if (t->ledger.first_no_port_ns != RECORD_NONE)
		return;
	t->ledger.first_no_port_ns = now_ns - t->begin_ns;
	t->ledger.first_no_port_nth = SHARED_GET(t->shared->attempted) - 1;
	t->ledger.first_no_port_late_ns = c->start_ns - c->intended_ns;
}

void client_conn_finish(struct client_thread *t, struct conn *c, enum outcome outcome, int err_number)
{
	int64_t now_ns = mono_now_ns();
	bool was_idle = c->phase == CONN_IDLE;

	if (c->fd >= 0)
		(void)conn_close(c);
	client_deadline_drop(t, c);
	t->ledger.by_outcome[outcome]++;
	if (outcome == OUTCOME_NO_PORT)
		note_no_port(t, c, now_ns);
	if (err_number > 0 && err_number < LEDGER_ERRNOS)
		t->errnos[err_number]++;
	if (!was_idle) {
		t->in_flight--;
		if (outcome == t->strategy->declared.outcome)
			client_record_latency(t, c, now_ns);
		t->ledger.reply_bytes_received += c->received_bytes;
	}
	if (outcome != t->strategy->declared.outcome)
		SHARED_ADD(t->shared->failed, 1);
	SHARED_ADD(t->shared->ended, 1);
	t->open--;
	c->phase = CONN_FREE;
	c->outcome = outcome;
	client_free_again(t, c);
}

static enum outcome reset_outcome(const struct conn *c)
{
	if (c->phase == CONN_CLOSING || (c->reply_bytes > 0 && c->received_bytes >= c->reply_bytes))
		return OUTCOME_RESET_AFTER_REPLY;
	return c->received_bytes > 0 ? OUTCOME_RESET_IN_REPLY : OUTCOME_RESET_BEFORE_REPLY;
}

static enum outcome outcome_of_errno(const struct conn *c, int number)
{
	if (number == ECONNRESET || number == EPIPE)
		return reset_outcome(c);
	if (number == ETIMEDOUT)
		return c->established ? OUTCOME_REPLY_TIMEOUT : OUTCOME_CONNECT_TIMEOUT;
	return ledger_outcome(number);
}

void client_conn_fail(struct client_thread *t, struct conn *c, int number)
{
	client_conn_finish(t, c, outcome_of_errno(c, number), number);
}
