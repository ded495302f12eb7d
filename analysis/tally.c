#include "analysis/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- resets by cause: first match wins -------------------------------------------------------- */

static bool refused(const struct conn *c)
{
	return c->teardown.class == TEARDOWN_REFUSED;
}

static bool assassinated(const struct conn *c)
{
	return c->teardown.assassinated;
}

static bool late_data(const struct conn *c)
{
	return c->flow->late_data_rst;
}

static bool half_open(const struct conn *c)
{
	return c->flow->first_rst == 0 && c->flow->established_ns < 0 && !c->flow->began_inside;
}

static bool after_both(const struct conn *c)
{
	return c->teardown.class == TEARDOWN_RESET_AFTER_BOTH_FINS;
}

static bool after_own_fin(const struct conn *c)
{
	return c->teardown.class == TEARDOWN_RESET_AFTER_FIN &&
	       c->flow->first_rst == c->flow->first_fin;
}

static bool after_peer_fin(const struct conn *c)
{
	return c->teardown.class == TEARDOWN_RESET_AFTER_FIN;
}

static bool abort_by_initiator(const struct conn *c)
{
	return c->teardown.class == TEARDOWN_ABORT;
}

static bool abort_by_responder(const struct conn *c)
{
	return c->teardown.class == TEARDOWN_ABORT_BY_RESPONDER;
}

static bool ignored(const struct conn *c)
{
	return c->teardown.holder != SIDES_UNKNOWN && c->teardown.holder != SIDES_NONE;
}

static bool any(const struct conn *c)
{
	(void)c;
	return true;
}

static const struct {
	const char *name;
	bool (*matches)(const struct conn *c);
} causes[] = {
	{ "SYN refused", refused },
	{ "TIME-WAIT assassinated (RFC 1337)", assassinated },
	{ "payload met an end that was gone", late_data },
	{ "initiator gave up half-open", half_open },
	{ "after both FINs", after_both },
	{ "closed, then reset by the same end", after_own_fin },
	{ "FIN answered by a reset", after_peer_fin },
	{ "abort by the initiator", abort_by_initiator },
	{ "abort by the responder", abort_by_responder },
	{ "ignored: the close went on in order", ignored },
	{ "too little seen to tell", any },
};
#define CAUSES (sizeof(causes) / sizeof(causes[0]))
_Static_assert(CAUSES <= TALLY_CAUSES_MAX, "more causes than room for their counts");

const char *tally_cause(size_t i)
{
	return i < CAUSES ? causes[i].name : NULL;
}

static void add_cause(struct tally *t, const struct conn *c)
{
	size_t i = 0;

	if (c->flow->first_rst < 0)
		return;
	while (!causes[i].matches(c)) /* the last takes all */
		i++;
	t->cause[i]++;
}

/* --- the slowest: a heap whose root is the one to go ------------------------------------------ */

static bool slower(const struct tally_close *x, const struct tally_close *y)
{
	return x->close_ns != y->close_ns ? x->close_ns > y->close_ns : x->number < y->number;
}

static void swap(struct tally_close *x, struct tally_close *y)
{
	struct tally_close keep = *x;

	*x = *y;
	*y = keep;
}

static void sift_down(struct tally_close *heap, size_t count)
{
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= count)
			return;
		if (child + 1 < count && slower(&heap[child], &heap[child + 1]))
			child++;
		if (!slower(&heap[i], &heap[child]))
			return;
		swap(&heap[i], &heap[child]);
		i = child;
	}
}

static void add_slow(struct tally *t, const struct conn *c, int64_t close_ns)
{
	struct tally_close new = { .src = c->flow->src,
				   .dst = c->flow->dst,
				   .number = c->flow->number,
				   .close_ns = close_ns,
				   .first_ns = c->flow->first_ns,
				   .file = c->file,
				   .class = c->teardown.class,
				   .first_fin = c->flow->first_fin };

	if (t->slow_count < t->top) {
		size_t i = t->slow_count++;

		t->slow[i] = new;
		for (; i > 0 && slower(&t->slow[(i - 1) / 2], &t->slow[i]); i = (i - 1) / 2)
			swap(&t->slow[(i - 1) / 2], &t->slow[i]);
	} else if (slower(&new, &t->slow[0])) {
		t->slow[0] = new;
		sift_down(t->slow, t->slow_count);
	}
}

static int by_slowness(const void *x, const void *y)
{
	return slower(x, y) ? -1 : slower(y, x);
}

/* --- the outside ------------------------------------------------------------------------------ */

int tally_init(struct tally *t, int64_t lifetime_ns, size_t top)
{
	*t = (struct tally){ .lifetime_ns = lifetime_ns, .top = top };
	t->slow = calloc(top, sizeof(*t->slow));
	if (t->slow && hist_init(&t->close_delay) == 0 && hist_init(&t->close) == 0 &&
	    tw_hosts_init(&t->hosts) == 0)
		return 0;
	tally_release(t);
	return -ENOMEM;
}

void tally_release(struct tally *t)
{
	free(t->slow);
	hist_release(&t->close_delay);
	hist_release(&t->close);
	tw_hosts_release(&t->hosts);
	*t = (struct tally){ 0 };
}

static void add_time_wait(struct tally *t, const struct conn *c, int dir)
{
	static const enum tw_how how[] = { [TIME_WAIT_EXPIRES] = TW_EXPIRED,
					   [TIME_WAIT_ENDED_BY_RST] = TW_BY_RST,
					   [TIME_WAIT_ENDED_BY_SYN] = TW_BY_SYN };
	int64_t from_ns, until_ns;
	enum time_wait_end end;

	if (conn_time_wait(c, dir, &from_ns, &until_ns, &end))
		tw_hosts_add(&t->hosts, dir == 0 ? &c->flow->src : &c->flow->dst, from_ns, until_ns,
			     how[end]);
}

void tally_add(struct tally *t, const struct conn *c)
{
	int64_t delay_ns = conn_close_delay_ns(c), close_ns = conn_close_ns(c);

	t->connections++;
	t->class[c->teardown.class][c->teardown.holder]++;
	t->began_inside += c->flow->began_inside;
	t->ended_inside += c->flow->ended_inside;
	t->reused += c->flow->reused_ports;
	add_cause(t, c);
	add_time_wait(t, c, 0);
	add_time_wait(t, c, 1);
	if (delay_ns >= 0)
		hist_record(&t->close_delay, delay_ns);
	if (close_ns < 0)
		return;
	hist_record(&t->close, close_ns);
	add_slow(t, c, close_ns);
}

void tally_finish(struct tally *t, int64_t end_ns)
{
	qsort(t->slow, t->slow_count, sizeof(*t->slow), by_slowness);
	tw_hosts_finish(&t->hosts, end_ns);
}
