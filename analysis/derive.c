#include "analysis/derive.h"

#include <math.h>
#include <string.h>

#include "base/series.h"

static int32_t time_wait(const struct series *s, size_t i, int side)
{
	return series_count(s, i, side, COL_TIME_WAIT);
}

/* What the samples and counters give again; what only the captured packets gave is kept. */
static void forget(struct record_time_wait *t)
{
	t->peak = t->peak_ns = t->entered = t->recycled = t->overflowed = RECORD_NONE;
	t->drained_ns = t->left = RECORD_NONE;
	t->socket_seconds = NAN;
}

/* --- samples --------------------------------------------------------------------------------- */

static void from_samples(const struct series *s, int side, struct record_time_wait *t)
{
	double integral = 0;

	t->peak = 0;
	for (size_t i = 0; i < s->count; i++) {
		int32_t now = time_wait(s, i, side);

		if (i > 0)
			integral += (double)time_wait(s, i - 1, side) *
				    (double)(s->t_ns[i] - s->t_ns[i - 1]) / 1e9;
		if (now > t->peak) {
			t->peak = now;
			t->peak_ns = s->t_ns[i];
			t->drained_ns = RECORD_NONE;
		}
		if (now == 0 && t->peak > 0 && t->drained_ns == RECORD_NONE)
			t->drained_ns = s->t_ns[i];
	}
	t->left = time_wait(s, s->count - 1, side);
	t->socket_seconds = integral;
}

static int64_t peak_of(const struct series *s, int side, enum series_column a, enum series_column b)
{
	int64_t peak = 0;

	if (!s->column[side][a] && !s->column[side][b])
		return 0;
	for (size_t i = 0; i < s->count; i++) {
		int64_t now = (int64_t)series_count(s, i, side, (int)a) +
			      (b == a ? 0 : series_count(s, i, side, (int)b));

		if (now > peak)
			peak = now;
	}
	return peak;
}

static void find_closing(const struct series *s, int side, struct record_closing *c)
{
	c->fin_wait1_peak = peak_of(s, side, COL_FIN_WAIT1, COL_FIN_WAIT1);
	c->fin_wait2_peak = peak_of(s, side, COL_FIN_WAIT2, COL_FIN_WAIT2_ORPHAN);
	c->close_wait_peak = peak_of(s, side, COL_CLOSE_WAIT, COL_CLOSE_WAIT);
}

int64_t derive_period_ns(const struct record_repeat *r)
{
	int64_t least = RECORD_NONE;

	for (int64_t i = 0; i < r->witness_count; i++)
		if (strncmp(r->witness[i].name, "sampler", 7) == 0 && r->witness[i].period_ns > 0)
			return r->witness[i].period_ns;
	for (size_t i = 1; i < r->series.count; i++) {
		int64_t gap = r->series.t_ns[i] - r->series.t_ns[i - 1];

		if (gap > 0 && (least == RECORD_NONE || gap < least))
			least = gap;
	}
	return least;
}

int64_t derive_sample_gap_ns(const struct record_repeat *r)
{
	int64_t longest = derive_period_ns(r);

	for (int64_t i = 0; i < r->witness_count; i++)
		if (strncmp(r->witness[i].name, "sampler", 7) == 0 &&
		    r->witness[i].max_gap_ns > longest)
			longest = r->witness[i].max_gap_ns;
	return longest;
}

/* --- lifetimes ------------------------------------------------------------------------------- */

/* Did every TIME_WAIT exist at the same moment?  Otherwise entries and expiries hide each other. */
static bool all_at_once(const struct record_repeat *r, const struct record_time_wait *t)
{
	if (r->shared_namespace || t->entered == RECORD_NONE)
		return derive_is_short(r);
	return t->peak == t->entered;
}

struct pairing {
	int64_t n, min_ns, max_ns;
	double sum_ns;
};

static void pair(struct pairing *p, int64_t lifetime_ns, int64_t n)
{
	if (p->n == 0 || lifetime_ns < p->min_ns)
		p->min_ns = lifetime_ns;
	if (p->n == 0 || lifetime_ns > p->max_ns)
		p->max_ns = lifetime_ns;
	p->sum_ns += (double)lifetime_ns * (double)n;
	p->n += n;
}

/* The next rise above the highest count so far: how many entered, and when. */
struct entries {
	const struct series *s;
	size_t next;
	int32_t highest;
	int64_t left, t_ns;
};

static void entries_refill(struct entries *e, int side)
{
	while (e->left == 0 && e->next < e->s->count) {
		size_t at = e->next++;
		int32_t now = time_wait(e->s, at, side);

		if (now <= e->highest)
			continue;
		e->left = now - e->highest;
		e->highest = now;
		e->t_ns = e->s->t_ns[at];
	}
}

/* Timers of equal length end in the order they began: the k-th expiry is the k-th entry's.  Highest
 * count so far and lowest since the peak smooth out samples that caught a socket between states. */
static struct pairing pair_all(const struct series *s, int side, const struct record_time_wait *t)
{
	struct pairing p = { 0, 0, 0, 0 };
	struct entries e = { .s = s };
	int64_t lowest = t->peak;

	for (size_t i = 0; i < s->count; i++) {
		int64_t now = time_wait(s, i, side);

		if (s->t_ns[i] <= t->peak_ns)
			continue;
		while (now < lowest) {
			int64_t n;

			entries_refill(&e, side);
			n = e.left < lowest - now ? e.left : lowest - now;
			pair(&p, s->t_ns[i] - e.t_ns, n);
			e.left -= n;
			lowest -= n;
		}
	}
	return p;
}

/* The kernel counts a minisock when it is made; whether it came to TIME_WAIT shows on the wire only. */
static bool all_held(const struct record_repeat *r, int side, const struct record_time_wait *t)
{
	int64_t holders = derive_holders(r, (enum side)side);

	return holders != RECORD_NONE && holders == t->entered;
}

static void find_lifetimes(const struct record_repeat *r, int side, struct record_time_wait *t)
{
	struct pairing p;

	t->lifetime_n = 0;
	if (t->peak == 0 || t->recycled > 0 || t->overflowed > 0 || t->reopened > 0 ||
	    t->assassinated > 0)
		return; /* none, or not all ended by their timer */
	if (all_at_once(r, t)) {
		p = pair_all(&r->series, side, t);
		if (p.n == 0)
			return;
		t->lifetime_min_ns = p.min_ns;
		t->lifetime_max_ns = p.max_ns;
		t->lifetime_mean_ns = (int64_t)llround(p.sum_ns / (double)p.n);
		t->lifetime_n = p.n;
	} else if (t->left == 0 && t->entered > 0 && all_held(r, side, t)) {
		/* Drained: the integral is the sum of the lifetimes, overlap or not. */
		t->lifetime_mean_ns =
			(int64_t)llround(t->socket_seconds * 1e9 / (double)t->entered);
		t->lifetime_n = t->entered;
	} else {
		return;
	}
	t->lifetime_resolution_ns = derive_sample_gap_ns(r);
}

/* --- counters and capture -------------------------------------------------------------------- */

static int64_t sum3(int64_t a, int64_t b, int64_t c)
{
	return a == RECORD_NONE || b == RECORD_NONE || c == RECORD_NONE ? RECORD_NONE : a + b + c;
}

/* In a shared namespace the numbers are of both ends and stand at the client; in the host's they are
 * of all its programs, and say nothing of this run. */
static void from_counters(const struct record_repeat *r, enum side side, struct record_time_wait *t)
{
	if ((r->shared_namespace && side == SIDE_SERVER) || strcmp(r->topology, "host") == 0)
		return;
	t->recycled = record_counter_delta(r, side, "TcpExtTWRecycled");
	t->overflowed = record_counter_delta(r, side, "TcpExtTCPTimeWaitOverflow");
	t->entered = sum3(record_counter_delta(r, side, "TcpExtTW"),
			  record_counter_delta(r, side, "TcpExtTWKilled"), t->overflowed);
}

int64_t derive_holders(const struct record_repeat *r, enum side side)
{
	int64_t sum = 0;

	if (r->capture.flows == RECORD_NONE)
		return RECORD_NONE;
	for (int64_t i = 0; i < r->teardown_count; i++)
		sum += sides_has(r->teardown[i].holder, side) ? r->teardown[i].count : 0;
	return sum;
}

bool derive_is_short(const struct record_repeat *r)
{
	if (r->load_begin_ns == RECORD_NONE || r->load_end_ns == RECORD_NONE ||
	    r->ledger.settle_ns == RECORD_NONE)
		return false;
	return r->load_end_ns - r->load_begin_ns + r->ledger.settle_ns < DERIVE_LIFETIME_NS;
}

int64_t derive_peak(const int64_t *entry_ns, size_t count, int64_t lifetime_ns)
{
	size_t oldest = 0, most = 0;

	for (size_t i = 0; i < count; i++) {
		while (entry_ns[i] - entry_ns[oldest] >= lifetime_ns)
			oldest++;
		if (i - oldest + 1 > most)
			most = i - oldest + 1;
	}
	return (int64_t)most;
}

static int64_t less_ended_early(const struct record_time_wait *t, int64_t holders)
{
	if (holders == RECORD_NONE || t->reopened == RECORD_NONE || t->assassinated == RECORD_NONE)
		return RECORD_NONE;
	return holders - t->reopened - t->assassinated;
}

bool derive_is_watched(const struct record_repeat *r, enum side side)
{
	return side == SIDE_CLIENT || strcmp(r->topology, "host") != 0;
}

void derive(struct record_repeat *r)
{
	for (int side = 0; side < SIDE_COUNT; side++) {
		struct record_time_wait *t = &r->time_wait[side];

		forget(t);
		from_counters(r, (enum side)side, t);
		if (t->expected_peak == RECORD_NONE && derive_is_short(r) && t->recycled <= 0)
			t->expected_peak = less_ended_early(t, derive_holders(r, (enum side)side));
		if (r->series.count == 0 || !derive_is_watched(r, (enum side)side))
			continue;
		from_samples(&r->series, side, t);
		find_closing(&r->series, side, &r->closing[side]);
		if (t->lifetime_n == RECORD_NONE)
			find_lifetimes(r, side, t);
	}
}
