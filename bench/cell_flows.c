#include "bench/cell_flows.h"

#include <stdlib.h>

#include "base/mono.h"

#define TIME_WAIT_SHORTEST_NS (60 * NS_PER_S)

static void add_teardown(struct record_repeat *r, const struct teardown *t)
{
	int64_t room = (int64_t)(sizeof(r->teardown) / sizeof(r->teardown[0]));
	struct record_teardown *at;

	for (int64_t i = 0; i < r->teardown_count; i++) {
		at = &r->teardown[i];
		if (at->class == t->class && at->first_fin == t->first_fin &&
		    at->first_rst == t->first_rst && at->holder == t->holder) {
			at->count++;
			return;
		}
	}
	if (r->teardown_count == room)
		return; /* the sums over the list then miss `flows`: reconciliation says so */
	r->teardown[r->teardown_count++] =
		(struct record_teardown){ .class = t->class, .first_fin = t->first_fin,
					  .first_rst = t->first_rst, .holder = t->holder, .count = 1 };
}

static void add_entry(struct cell_flows *c, int side, int64_t t_ns)
{
	if (c->enter_count[side] == c->enter_capacity[side]) {
		size_t capacity = c->enter_capacity[side] ? c->enter_capacity[side] * 2 : 4096;
		int64_t *more = realloc(c->enter_ns[side], capacity * sizeof(*more));

		if (!more) {
			c->enter_lost++;
			return;
		}
		c->enter_ns[side] = more;
		c->enter_capacity[side] = capacity;
	}
	c->enter_ns[side][c->enter_count[side]++] = t_ns;
}

void cell_flows_add(void *arg, const struct flow *f)
{
	struct cell_flows *c = arg;
	struct record_capture *out = &c->r->capture;
	struct teardown t = c->classify(f);

	out->flows++;
	for (int side = 0; side < SIDE_COUNT; side++) {
		out->fin[side] += f->dir[side].fin;
		out->fin_retrans[side] += f->dir[side].fin_retrans;
		out->rst[side] += f->dir[side].rst;
		if (t.time_wait_ns[side] >= 0)
			add_entry(c, side, t.time_wait_ns[side]);
	}
	add_teardown(c->r, &t);
}

static int compare_times(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static int64_t most_within(int64_t *t, size_t n, int64_t window_ns)
{
	size_t oldest = 0, most = 0;

	qsort(t, n, sizeof(*t), compare_times);
	for (size_t i = 0; i < n; i++) {
		while (t[i] - t[oldest] >= window_ns)
			oldest++;
		if (i - oldest + 1 > most)
			most = i - oldest + 1;
	}
	return (int64_t)most;
}

void cell_flows_finish(struct cell_flows *c)
{
	if (c->enter_lost > 0)
		return;
	for (int side = 0; side < SIDE_COUNT; side++)
		c->r->time_wait[side].expected_peak =
			c->enter_count[side] ? most_within(c->enter_ns[side], c->enter_count[side],
							   TIME_WAIT_SHORTEST_NS)
					     : 0;
}

void cell_flows_release(struct cell_flows *c)
{
	for (int side = 0; side < SIDE_COUNT; side++) {
		free(c->enter_ns[side]);
		c->enter_ns[side] = NULL;
	}
}
