#include "analysis/classify.h"

#include <stddef.h>

/* --- what the rules ask ---------------------------------------------------------------------- */

static bool both_fins(const struct flow *f)
{
	return f->dir[0].fin_ns >= 0 && f->dir[1].fin_ns >= 0;
}

static int64_t second_fin_ns(const struct flow *f)
{
	return f->dir[0].fin_ns > f->dir[1].fin_ns ? f->dir[0].fin_ns : f->dir[1].fin_ns;
}

static bool both_fins_acked(const struct flow *f)
{
	return both_fins(f) && f->dir[0].fin_acked_plain_ns >= 0 &&
	       f->dir[1].fin_acked_plain_ns >= 0;
}

static bool one_way(const struct flow *f)
{
	return f->dir[0].packets == 0 || f->dir[1].packets == 0;
}

/* --- the rules, one per class ---------------------------------------------------------------- */

static bool is_refused(const struct flow *f)
{
	return f->dir[0].syn > 0 && f->dir[1].syn == 0 && f->first_rst == 1 && f->first_fin < 0 &&
	       f->dir[1].packets == f->dir[1].rst;
}

static bool is_connect_timeout(const struct flow *f)
{
	return f->dir[0].syn > 0 && f->dir[0].packets == f->dir[0].syn && f->dir[1].packets == 0;
}

static bool is_reused(const struct flow *f)
{
	return f->reopened_ns >= 0 && both_fins_acked(f) &&
	       (f->syn_answer == SYN_ANSWER_ACCEPTED || f->rst_in_time_wait);
}

static bool is_late_data_reset(const struct flow *f)
{
	return f->late_data_rst;
}

static bool is_reset_after_both_fins(const struct flow *f)
{
	return both_fins(f) && f->rst_after_fin && f->first_rst >= 0 &&
	       f->dir[f->first_rst].rst_ns >= second_fin_ns(f);
}

static bool is_simultaneous(const struct flow *f)
{
	return both_fins(f) && f->fins_crossed && (f->first_rst < 0 || both_fins_acked(f));
}

static bool is_half_close(const struct flow *f)
{
	return both_fins_acked(f) && f->data_after_fin_bytes > 0;
}

static bool is_orderly_3(const struct flow *f)
{
	return both_fins_acked(f) && f->first_fin >= 0 && f->dir[f->first_fin].fin_acked_by_fin;
}

static bool is_orderly_4(const struct flow *f)
{
	return both_fins_acked(f);
}

static bool is_reset_after_fin(const struct flow *f)
{
	return f->rst_after_fin && f->first_fin >= 0 && f->first_rst >= 0 &&
	       f->dir[f->first_rst].rst_ns >= f->dir[f->first_fin].fin_ns;
}

/*
 * Began inside: a lone FIN may be the second one, and a lone RST may follow FINs, unless payload
 * shows that the connection was open.  And of a connection seen one way only nothing can be said.
 */
static bool is_partial(const struct flow *f)
{
	bool payload = f->dir[0].last_data_ns >= 0 || f->dir[1].last_data_ns >= 0;

	if (f->first_rst >= 0)
		return f->began_inside && !payload;
	return (f->began_inside && !both_fins(f)) || one_way(f);
}

static bool is_abort(const struct flow *f)
{
	return f->first_rst == 0;
}

static bool is_abort_by_responder(const struct flow *f)
{
	return f->first_rst == 1;
}

static bool is_fin_unanswered(const struct flow *f)
{
	return f->first_fin >= 0;
}

static bool is_never_closed(const struct flow *f)
{
	(void)f; /* what no other rule takes */
	return true;
}

/* First match wins.  A RST between FINs that were acknowledged all the same was ignored. */
static const struct {
	enum teardown_class class;
	bool (*matches)(const struct flow *f);
} rules[] = {
	{ TEARDOWN_REFUSED, is_refused },
	{ TEARDOWN_CONNECT_TIMEOUT, is_connect_timeout },
	{ TEARDOWN_REUSED_IN_TIME_WAIT, is_reused },
	{ TEARDOWN_LATE_DATA_RESET, is_late_data_reset },
	{ TEARDOWN_RESET_AFTER_BOTH_FINS, is_reset_after_both_fins },
	{ TEARDOWN_SIMULTANEOUS, is_simultaneous },
	{ TEARDOWN_HALF_CLOSE, is_half_close },
	{ TEARDOWN_ORDERLY_3, is_orderly_3 },
	{ TEARDOWN_ORDERLY_4, is_orderly_4 },
	{ TEARDOWN_RESET_AFTER_FIN, is_reset_after_fin },
	{ TEARDOWN_PARTIAL, is_partial },
	{ TEARDOWN_ABORT, is_abort },
	{ TEARDOWN_ABORT_BY_RESPONDER, is_abort_by_responder },
	{ TEARDOWN_FIN_UNANSWERED, is_fin_unanswered },
	{ TEARDOWN_NEVER_CLOSED, is_never_closed },
};

static enum teardown_class class_of(const struct flow *f)
{
	size_t i = 0;

	while (!rules[i].matches(f)) /* the last rule takes all */
		i++;
	return rules[i].class;
}

/* --- who, and who waits ---------------------------------------------------------------------- */

/* Direction 0 is sent by the client. */
static enum sides side_of(int8_t dir)
{
	return dir < 0 ? SIDES_NONE : dir == 0 ? SIDES_CLIENT : SIDES_SERVER;
}

static enum sides holder_of(const struct teardown *t, const int64_t entered_ns[SIDE_COUNT])
{
	bool client = entered_ns[SIDE_CLIENT] >= 0, server = entered_ns[SIDE_SERVER] >= 0;

	if (t->class == TEARDOWN_PARTIAL || entered_ns[SIDE_CLIENT] == TIME_WAIT_UNKNOWN ||
	    entered_ns[SIDE_SERVER] == TIME_WAIT_UNKNOWN)
		return SIDES_UNKNOWN;
	return client && server ? SIDES_BOTH
	       : client         ? SIDES_CLIENT
	       : server         ? SIDES_SERVER
				: SIDES_NONE;
}

struct teardown classify(const struct flow *f)
{
	int64_t entered_ns[SIDE_COUNT] = { flow_time_wait_ns(f, 0), flow_time_wait_ns(f, 1) };
	struct teardown t = {
		.class = class_of(f),
		.first_fin = f->fins_crossed ? SIDES_BOTH : side_of(f->first_fin),
		.first_rst = side_of(f->first_rst),
		.assassinated = f->rst_in_time_wait,
	};

	t.holder = holder_of(&t, entered_ns);
	for (int side = 0; side < SIDE_COUNT; side++)
		t.time_wait_ns[side] = entered_ns[side] >= 0 ? entered_ns[side] : -1;
	return t;
}
