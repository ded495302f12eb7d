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

static void add_stay(struct cell_flows *c, int side, int64_t from_ns, int64_t to_ns)
{
	if (c->count[side] == c->capacity[side]) {
		size_t capacity = c->capacity[side] ? c->capacity[side] * 2 : 4096;
		struct stay *more = realloc(c->stay[side], capacity * sizeof(*more));

		if (!more) {
			c->lost++;
			return;
		}
		c->stay[side] = more;
		c->capacity[side] = capacity;
	}
	c->stay[side][c->count[side]++] =
		(struct stay){ .from_ns = from_ns, .to_ns = to_ns >= 0 ? to_ns : INT64_MAX };
}

/* A RST in TIME_WAIT ends it (RFC 1337); else a new SYN may. */
static int64_t early_end(const struct flow *f, bool assassinated)
{
	if (assassinated)
		return f->dir[0].rst_ns > f->dir[1].rst_ns ? f->dir[0].rst_ns : f->dir[1].rst_ns;
	return f->reopened_ns;
}

/*
 * Such a RST answers a segment that a later one overtook on another processor and that met no socket any
 * more: after both FINs have been acknowledged nothing is left to reset, nor after the other end's RST,
 * which is never answered itself (RFC 9293 3.5.2).
 */
static bool is_late(const struct flow *f, int side)
{
	int64_t rst_ns = f->dir[side].rst_ns, other_ns = f->dir[!side].rst_ns;

	if (other_ns >= 0 && rst_ns > other_ns)
		return true;
	return f->dir[0].fin_acked_plain_ns >= 0 && f->dir[1].fin_acked_plain_ns >= 0 &&
	       rst_ns >= f->dir[0].fin_acked_plain_ns && rst_ns >= f->dir[1].fin_acked_plain_ns;
}

/* One RST ends a connection; another of the same end answers a segment that came too late for it. */
static uint32_t late_resets(const struct flow *f, int side)
{
	if (f->dir[side].rst == 0)
		return 0;
	return is_late(f, side) ? f->dir[side].rst : f->dir[side].rst - 1;
}

void cell_flows_add(void *arg, const struct flow *f)
{
	struct cell_flows *c = arg;
	struct record_capture *out = &c->r->capture;
	struct teardown t = c->classify(f);
	bool assassinated = t.assassinated && !c->rfc1337;

	out->flows++;
	for (int side = 0; side < SIDE_COUNT; side++) {
		out->fin[side] += f->dir[side].fin;
		out->fin_retrans[side] += f->dir[side].fin_retrans;
		out->rst[side] += f->dir[side].rst;
		out->rst_late[side] += late_resets(f, side);
		if (t.time_wait_ns[side] < 0)
			continue;
		add_stay(c, side, t.time_wait_ns[side], early_end(f, assassinated));
		c->assassinated[side] += assassinated;
		c->reopened[side] += !assassinated && f->reopened_ns >= 0;
	}
	add_teardown(c->r, &t);
}

static int compare_begin(const void *x, const void *y)
{
	const struct stay *a = x, *b = y;

	return (a->from_ns > b->from_ns) - (a->from_ns < b->from_ns);
}

struct change {
	int64_t t_ns;
	int by;
};

static int compare_change(const void *x, const void *y)
{
	const struct change *a = x, *b = y;

	if (a->t_ns != b->t_ns)
		return (a->t_ns > b->t_ns) - (a->t_ns < b->t_ns);
	return a->by - b->by;
}

/* Walk over beginnings and ends in order; RECORD_NONE without the memory to do it. */
static int64_t most_at_once(const struct stay *stay, size_t n, int64_t lifetime_ns)
{
	struct change *change = malloc((2 * n + 1) * sizeof(*change));
	int64_t now = 0, most = 0;

	if (!change)
		return RECORD_NONE;
	for (size_t i = 0; i < n; i++) {
		int64_t end_ns = stay[i].from_ns + lifetime_ns;

		end_ns = stay[i].to_ns < end_ns ? stay[i].to_ns : end_ns;
		change[2 * i] = (struct change){ stay[i].from_ns, 1 };
		change[2 * i + 1] = (struct change){ end_ns, -1 };
	}
	qsort(change, 2 * n, sizeof(*change), compare_change);
	for (size_t i = 0; i < 2 * n; i++) {
		now += change[i].by;
		most = now > most ? now : most;
	}
	free(change);
	return most;
}

void cell_flows_finish(struct cell_flows *c)
{
	if (c->lost > 0)
		return;
	for (int side = 0; side < SIDE_COUNT; side++) {
		struct record_time_wait *out = &c->r->time_wait[side];

		out->expected_peak =
			most_at_once(c->stay[side], c->count[side], TIME_WAIT_SHORTEST_NS);
		out->expected_peak_high =
			most_at_once(c->stay[side], c->count[side],
				     TIME_WAIT_SHORTEST_NS + c->timer_step_ns);
		out->reopened = c->reopened[side];
		out->assassinated = c->assassinated[side];
	}
}

/* --- lifetimes ------------------------------------------------------------------------------- */

struct lifetimes {
	int64_t n, sum_ns, min_ns, max_ns;
};

static void add_lifetime(struct lifetimes *l, int64_t ns)
{
	l->min_ns = l->n == 0 || ns < l->min_ns ? ns : l->min_ns;
	l->max_ns = l->n == 0 || ns > l->max_ns ? ns : l->max_ns;
	l->sum_ns += ns;
	l->n++;
}

static size_t skip_ended_early(const struct stay *stay, size_t at, size_t n)
{
	while (at < n && stay[at].to_ns != INT64_MAX)
		at++;
	return at;
}

static int compare_times(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/*
 * How many had expired by each sample: begun less ended early less still there.  A close that the
 * sample just missed looks like an expiry for a moment, so an expiry counts only when no later
 * sample takes it back.  The array is the caller's to free; NULL: no memory.
 */
static int64_t *count_expired(const struct cell_flows *c, int side, int64_t origin_ns)
{
	const struct series *s = &c->r->series;
	const struct stay *stay = c->stay[side];
	size_t n = c->count[side], begun = 0, ended = 0, early = 0;
	int64_t *expired = calloc(s->count + 1, sizeof(*expired));
	int64_t *end = malloc((n + 1) * sizeof(*end));

	for (size_t i = 0; end && i < n; i++)
		if (stay[i].to_ns != INT64_MAX)
			end[early++] = stay[i].to_ns;
	if (end)
		qsort(end, early, sizeof(*end), compare_times);
	for (size_t i = 0; expired && end && i < s->count; i++) {
		int64_t now_ns = origin_ns + s->t_ns[i];

		while (begun < n && stay[begun].from_ns <= now_ns)
			begun++;
		while (ended < early && end[ended] <= now_ns)
			ended++;
		expired[i] = (int64_t)(begun - ended) - series_count(s, i, side, COL_TIME_WAIT);
	}
	if (!end) {
		free(expired);
		expired = NULL;
	}
	for (size_t i = s->count; expired && i-- > 1;)
		if (expired[i - 1] > expired[i])
			expired[i - 1] = expired[i];
	free(end);
	return expired;
}

/* The k-th to begin is the k-th to expire: all timers are set alike. */
static struct lifetimes pair(const struct cell_flows *c, int side, int64_t origin_ns,
			     const int64_t *expired)
{
	const struct series *s = &c->r->series;
	const struct stay *stay = c->stay[side];
	size_t n = c->count[side], at = skip_ended_early(stay, 0, n);
	struct lifetimes l = { 0 };

	for (size_t i = 0; i < s->count; i++)
		while (l.n < expired[i] && at < n) {
			add_lifetime(&l, origin_ns + s->t_ns[i] - stay[at].from_ns);
			at = skip_ended_early(stay, at + 1, n);
		}
	return l;
}

static void side_lifetimes(const struct cell_flows *c, int side, int64_t origin_ns,
			   int64_t resolution_ns)
{
	struct record_time_wait *out = &c->r->time_wait[side];
	int64_t *expired;
	struct lifetimes l;

	qsort(c->stay[side], c->count[side], sizeof(struct stay), compare_begin);
	expired = count_expired(c, side, origin_ns);
	if (!expired)
		return;
	l = pair(c, side, origin_ns, expired);
	free(expired);
	out->lifetime_n = l.n;
	if (l.n == 0)
		return;
	out->lifetime_min_ns = l.min_ns;
	out->lifetime_mean_ns = l.sum_ns / l.n;
	out->lifetime_max_ns = l.max_ns;
	out->lifetime_resolution_ns = resolution_ns;
}

/* Beyond tcp_max_tw_buckets there is no TIME_WAIT, and the capture cannot tell which: then it would
 * look as if they had ended at once. */
static bool has_overflowed(const struct record_repeat *r, int side)
{
	enum side at = r->shared_namespace ? SIDE_CLIENT : (enum side)side;

	return record_counter_delta(r, at, "TcpExtTCPTimeWaitOverflow") > 0;
}

void cell_flows_lifetimes(const struct cell_flows *c, int64_t origin_ns, int64_t resolution_ns)
{
	if (c->lost > 0 || c->r->capture.flows == RECORD_NONE)
		return;
	for (int side = 0; side < SIDE_COUNT; side++)
		if (c->count[side] == 0)
			c->r->time_wait[side].lifetime_n = 0;
		else if (!has_overflowed(c->r, side))
			side_lifetimes(c, side, origin_ns, resolution_ns);
}

void cell_flows_release(struct cell_flows *c)
{
	for (int side = 0; side < SIDE_COUNT; side++) {
		free(c->stay[side]);
		c->stay[side] = NULL;
	}
}
