#include "base/teardown.h"

#include <string.h>

static const struct {
	const char *key, *help;
} classes[TEARDOWN_CLASS_COUNT] = {
	[TEARDOWN_ORDERLY_3] = { "orderly-3",
				 "both FINs acknowledged; the second FIN carried the ACK of the first" },
	[TEARDOWN_ORDERLY_4] = { "orderly-4",
				 "both FINs acknowledged; the first FIN was acknowledged on its own" },
	[TEARDOWN_HALF_CLOSE] = { "half-close",
				  "both FINs acknowledged; payload flowed towards the first closer after its FIN" },
	[TEARDOWN_SIMULTANEOUS] = { "simultaneous",
				    "the FINs crossed: neither acknowledged the other (RFC 9293 figure 13)" },
	[TEARDOWN_ABORT] = { "abort", "the initiator reset an open connection; no FIN before" },
	[TEARDOWN_ABORT_BY_RESPONDER] = { "abort-by-responder",
					  "the responder reset an open connection; no FIN before" },
	[TEARDOWN_RESET_AFTER_FIN] = { "reset-after-fin", "one FIN, then a RST instead of the second FIN" },
	[TEARDOWN_RESET_AFTER_BOTH_FINS] = { "reset-after-both-fins", "a RST after both ends had sent a FIN" },
	[TEARDOWN_LATE_DATA_RESET] = { "late-data-reset",
				       "payload met an end that had closed, which answered with a RST" },
	[TEARDOWN_FIN_UNANSWERED] = { "fin-unanswered",
				      "no FIN or RST came back for the first FIN, or no ACK for the second, "
				      "before the capture ended" },
	[TEARDOWN_REFUSED] = { "refused", "the SYN was answered by a RST" },
	[TEARDOWN_CONNECT_TIMEOUT] = { "connect-timeout", "the SYN was never answered" },
	[TEARDOWN_NEVER_CLOSED] = { "never-closed", "no FIN and no RST before the capture ended" },
	[TEARDOWN_REUSED_IN_TIME_WAIT] = { "reused-in-time-wait",
					   "closed in order; a new SYN on the 4-tuple ended its TIME-WAIT early" },
	[TEARDOWN_PARTIAL] = { "partial", "the capture began inside the connection and shows too little" },
};

const char *initiator_by_key(enum initiator_by b)
{
	static const char *const keys[] = { "syn", "syn-ack", "port", "first-seen" };

	return keys[b];
}

const char *syn_answer_key(enum syn_answer a)
{
	static const char *const keys[] = { NULL, "accepted", "challenged", "refused" };

	return keys[a];
}

const char *teardown_class_key(enum teardown_class c)
{
	return classes[c].key;
}

const char *teardown_class_help(enum teardown_class c)
{
	return classes[c].help;
}

enum teardown_class teardown_class_from_key(const char *key)
{
	for (int i = 0; i < TEARDOWN_CLASS_COUNT; i++)
		if (strcmp(classes[i].key, key) == 0)
			return (enum teardown_class)i;
	return TEARDOWN_CLASS_COUNT;
}

/* Did a RST take the connection from the end `dir` before `t_ns`?  Its own always does. */
static bool reset_before(const struct flow *f, int dir, int64_t t_ns)
{
	const struct flow_dir *self = &f->dir[dir], *peer = &f->dir[!dir];

	return (self->rst_ns >= 0 && self->rst_ns < t_ns) ||
	       (peer->rst_ns >= 0 && peer->rst_ns < t_ns && peer->rst_exact);
}

int64_t flow_time_wait_ns(const struct flow *f, int dir)
{
	const struct flow_dir *self = &f->dir[dir], *peer = &f->dir[!dir];
	bool active = f->first_fin == dir || f->fins_crossed;
	int64_t entered_ns;

	if (!active || self->fin_ns < 0 || peer->fin_ns < 0)
		return -1;
	entered_ns = self->fin_acked_plain_ns > peer->fin_ns ? self->fin_acked_plain_ns : peer->fin_ns;
	if (reset_before(f, dir, entered_ns))
		return -1;
	if (self->fin_acked_plain_ns >= 0 && peer->fin_acked_plain_ns >= 0)
		return entered_ns;
	/* A RST where the last ACK was due says that nothing was there to send it. */
	return self->rst_ns >= 0 ? -1 : TIME_WAIT_UNKNOWN;
}
