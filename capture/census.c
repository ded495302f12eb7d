#include "capture/census.h"

#include <string.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/tcpstate.h"
#include "capture/counters.h"
#include "capture/diag.h"
#include "capture/sampler.h"

#define REFERENCE_PERIOD_NS NS_PER_S
#define SHARED_SHARE        5   /* dumps may take one part in so many of the time */
#define DUMP_SHARE          250 /* ... where sockstat tells TIME_WAIT without them, */
#define RARE_SHARE          60  /* and once they would be rarer than ... */
#define RARE_NS             (3 * NS_PER_S)

/* COL_COUNT: in no column. */
static const enum series_column column_of[TCPSTATE_COUNT] = {
	[0] = COL_COUNT,
	[TCPSTATE_ESTABLISHED] = COL_ESTABLISHED,
	[TCPSTATE_SYN_SENT] = COL_SYN_SENT,
	[TCPSTATE_SYN_RECV] = COL_SYN_RECV,
	[TCPSTATE_FIN_WAIT1] = COL_FIN_WAIT1,
	[TCPSTATE_FIN_WAIT2] = COL_FIN_WAIT2,
	[TCPSTATE_TIME_WAIT] = COL_TIME_WAIT,
	[TCPSTATE_CLOSE] = COL_COUNT,
	[TCPSTATE_CLOSE_WAIT] = COL_CLOSE_WAIT,
	[TCPSTATE_LAST_ACK] = COL_LAST_ACK,
	[TCPSTATE_LISTEN] = COL_COUNT,
	[TCPSTATE_CLOSING] = COL_CLOSING,
	[TCPSTATE_NEW_SYN_RECV] = COL_SYN_RECV,
};

#define TIMER_SLACK_NS (20 * NS_PER_MS) /* two jiffies at HZ=100 */

/* The counts of one dump. */
struct tally {
	const struct sampler_options *options;
	enum side side; /* whose namespace it is, unless it is shared */
	int32_t count[SIDE_COUNT][COL_COUNT];
	int64_t time_wait, fin_wait2_minisocks; /* of the namespace, nobody's included */
	int64_t begin_ns;                       /* of the dump */
};

void census_init(struct census *c, const struct sampler_options *options)
{
	*c = (struct census){ .options = options,
			      .dumped_ns = INT64_MIN,
			      .reference_ns = INT64_MIN / 2,
			      .dump_every = 1,
			      .split = SPLIT_UNKNOWN };
}

static int64_t gap_ns(int64_t cost_ns, bool needed)
{
	int64_t wide_ns = cost_ns * DUMP_SHARE, rare_ns = cost_ns * RARE_SHARE;

	if (needed)
		return cost_ns * SHARED_SHARE;
	if (wide_ns <= RARE_NS)
		return wide_ns;
	return rare_ns > RARE_NS ? rare_ns : RARE_NS;
}

int64_t census_dump_every(int64_t cost_ns, int64_t period_ns, bool needed)
{
	int64_t every = (gap_ns(cost_ns, needed) + period_ns - 1) / period_ns;

	return every > 1 ? every : 1;
}

/* Whose socket it is; SIDE_COUNT: nobody's. */
static enum side side_of(const struct tally *t, const struct diag_socket *s)
{
	const struct sampler_options *o = t->options;

	if (!o->shared)
		return t->side;
	if (s->sport >= o->server_port_low && s->sport <= o->server_port_high)
		return SIDE_SERVER;
	if (s->dport >= o->server_port_low && s->dport <= o->server_port_high)
		return SIDE_CLIENT;
	return SIDE_COUNT;
}

/* Its timer tells when a TIME_WAIT began: 60 s before it runs out (include/net/tcp.h). */
static bool is_older(const struct tally *t, const struct diag_socket *s)
{
	int64_t began_ns = t->begin_ns + (int64_t)s->expires_ms * NS_PER_MS - 60 * NS_PER_S;

	return t->options->only_since_ns > 0 &&
	       began_ns < t->options->only_since_ns - TIMER_SLACK_NS;
}

static void tally_socket(void *arg, const struct diag_socket *s)
{
	struct tally *t = arg;
	enum series_column column = s->state < TCPSTATE_COUNT ? column_of[s->state] : COL_COUNT;
	enum side side = side_of(t, s);

	if (column == COL_FIN_WAIT2 && s->timer == DIAG_TIMER_MINISOCK) {
		column = COL_FIN_WAIT2_ORPHAN;
		t->fin_wait2_minisocks++;
	}
	if (column == COL_TIME_WAIT) {
		t->time_wait++;
		if (is_older(t, s))
			return;
	}
	if (column < COL_COUNT && side < SIDE_COUNT)
		t->count[side][column]++;
}

static int32_t count_from(int64_t n)
{
	if (n < 0)
		return 0;
	return n < INT32_MAX ? (int32_t)n : INT32_MAX;
}

static int read_tw(const struct census *c, enum side ns, int64_t *ret_tw, struct err *err)
{
	int64_t inuse;
	int r = counter_read_sockstat(&c->options->files[ns], ret_tw, &inuse);

	return r < 0 ? err_set(err, r, "cannot read sockstat: %s", strerror(-r)) : 0;
}

/* Segments received, to tell whether the table stood still; INT64_MIN if that cannot be told. */
static int64_t read_segments(const struct census *c, enum side ns)
{
	int64_t n;

	return counter_read_in_segs(&c->options->files[ns], &n) == 0 ? n : INT64_MIN;
}

/* Whose the TIME_WAITs of a shared namespace are. */
static enum census_split split_of(const struct tally *t)
{
	int32_t client = t->count[SIDE_CLIENT][COL_TIME_WAIT];
	int32_t server = t->count[SIDE_SERVER][COL_TIME_WAIT];

	if (t->time_wait == 0)
		return SPLIT_NONE;
	if (client == t->time_wait)
		return SPLIT_CLIENT;
	return server == t->time_wait ? SPLIT_SERVER : SPLIT_UNKNOWN;
}

/* Put the tally where it belongs in the row; `tw` as read after the dump. */
static void row_from_tally(struct series_row *row, const struct tally *t, int64_t tw)
{
	if (t->options->shared) {
		memcpy(row->count, t->count, sizeof(row->count));
		return;
	}
	memcpy(row->count[t->side], t->count[t->side], sizeof(row->count[t->side]));
	if (!t->options->orphans)
		row->count[t->side][COL_TIME_WAIT] = count_from(tw - t->fin_wait2_minisocks);
}

/* Does TIME_WAIT itself hang on the dumps? */
static bool is_needed(const struct census *c)
{
	return c->options->orphans || (c->options->shared && c->split == SPLIT_UNKNOWN);
}

/* What one would cost now: under load the next is many times as dear as the one before. */
static int64_t dump_cost_ns(const struct census *c)
{
	return (int64_t)(c->walk_ns * (double)(c->tw + CENSUS_BUCKETS));
}

static int64_t dump_every(const struct census *c)
{
	return census_dump_every(dump_cost_ns(c), c->options->period_ns, is_needed(c) || c->hurry);
}

static void note_dump(struct census *c, int64_t cost_ns, bool interrupted)
{
	c->dumps++;
	c->dump_sum_ns += cost_ns;
	if (cost_ns > c->dump_max_ns)
		c->dump_max_ns = cost_ns;
	if (interrupted)
		c->interrupted++;
}

/*
 * Dump one namespace into *t, `tw` read before and after.  A reference dump is compared with tw if
 * nothing moved meanwhile; *reference becomes false if it would be too dear.
 */
static int dump(struct census *c, enum side ns, bool *reference, struct tally *t, int64_t *ret_tw,
		struct err *err)
{
	int64_t begin_ns = mono_now_ns(), segments = INT64_MIN, before, after;
	bool full, interrupted = false;
	int r = read_tw(c, ns, &before, err);

	if (r < 0)
		return r;
	*reference = *reference && before < CENSUS_REFERENCE_MAX;
	full = c->options->shared || c->options->orphans || *reference;
	t->begin_ns = begin_ns;
	if (*reference)
		segments = read_segments(c, ns);
	r = diag_dump(c->options->diag_fd[ns], full ? DIAG_ALL_STATES : DIAG_NOT_TIME_WAIT,
		      tally_socket, t, &interrupted, err);
	if (r == 0)
		r = read_tw(c, ns, &after, err);
	if (r < 0)
		return r;
	note_dump(c, mono_now_ns() - begin_ns, interrupted || t->fin_wait2_minisocks > after);
	if (segments != INT64_MIN && before == after && segments == read_segments(c, ns)) {
		c->compared++;
		if (t->time_wait + t->fin_wait2_minisocks != after)
			c->disagreements++;
	}
	*ret_tw = after;
	return 0;
}

/* Count one namespace by sockstat alone; all but TIME_WAIT keeps its last value. */
static int count_by_tw(struct census *c, enum side ns, struct series_row *row, struct err *err)
{
	int64_t tw;
	int r = read_tw(c, ns, &tw, err);

	if (r < 0)
		return r;
	c->tw += tw;
	row->count[ns][COL_TIME_WAIT] = count_from(tw - row->count[ns][COL_FIN_WAIT2_ORPHAN]);
	return 0;
}

/* The same for a shared one, as far as it is known whose they are. */
static int count_shared_by_tw(struct census *c, struct series_row *row, struct err *err)
{
	int64_t tw, minisocks = 0;
	int r = read_tw(c, SIDE_CLIENT, &tw, err);

	if (r < 0)
		return r;
	c->tw = tw;
	for (int side = 0; side < SIDE_COUNT; side++)
		minisocks += row->count[side][COL_FIN_WAIT2_ORPHAN];
	if (c->split == SPLIT_CLIENT || c->split == SPLIT_SERVER)
		row->count[c->split][COL_TIME_WAIT] = count_from(tw - minisocks);
	if (c->split == SPLIT_NONE && tw > minisocks) /* the first: whose? */
		c->hurry = true;
	return 0;
}

static int count_between_dumps(struct census *c, struct series_row *row, struct err *err)
{
	int r = 0;

	if (c->options->orphans)
		return 0;
	if (c->options->shared)
		return count_shared_by_tw(c, row, err);
	c->tw = 0;
	for (int ns = 0; ns < SIDE_COUNT && r == 0; ns++)
		r = count_by_tw(c, (enum side)ns, row, err);
	return r;
}

/* Dumps are thinned out by the CPU they cost; one dear dump does not rule long. */
static void note_cost(struct census *c, int64_t cost_ns)
{
	double walk_ns = (double)cost_ns / (double)(c->tw + CENSUS_BUCKETS);

	c->walk_ns = c->walk_ns > 0 ? c->walk_ns + (walk_ns - c->walk_ns) / 4 : walk_ns;
}

/* A sample with a dump that began at now_ns is taken. */
static void note_taken(struct census *c, int64_t now_ns)
{
	if (c->dumped_ns != INT64_MIN && c->since + 1 > c->dump_every)
		c->dump_every = c->since + 1;
	c->since = 0;
	c->hurry = false;
	c->dumped_ns = now_ns;
}

static int take_with_dump(struct census *c, int64_t now_ns, struct series_row *row, struct err *err)
{
	const struct sampler_options *o = c->options;
	bool due = now_ns - c->reference_ns >= REFERENCE_PERIOD_NS, dearer = false;
	int64_t begin_ns = mono_thread_cpu_now_ns(), cpu_ns, tw, sum = 0;

	for (int i = 0; i < (o->shared ? 1 : SIDE_COUNT); i++) {
		enum side ns = (enum side)i;
		struct tally t = { .options = o, .side = ns };
		bool reference = due;
		int r = dump(c, ns, &reference, &t, &tw, err);

		if (r < 0)
			return r;
		sum += tw;
		row_from_tally(row, &t, tw);
		if (o->shared)
			c->split = split_of(&t);
		dearer = dearer || (reference && !o->shared && !o->orphans && t.time_wait > 0);
	}
	if (due)
		c->reference_ns = now_ns;
	c->tw = sum;
	cpu_ns = mono_thread_cpu_now_ns() - begin_ns;
	c->dump_cpu_ns += cpu_ns;
	/* A reference dump is rare: it shall not thin out the others, but it stands for one of them. */
	if (!dearer)
		note_cost(c, cpu_ns);
	note_taken(c, now_ns);
	return 0;
}

int census_take(struct census *c, int64_t now_ns, bool dump, struct err *err)
{
	struct series_row row = c->row;
	int r = 0;

	if (dump || c->since + 1 >= dump_every(c)) {
		r = take_with_dump(c, now_ns, &row, err);
	} else {
		c->since++;
		r = count_between_dumps(c, &row, err);
	}
	if (r < 0)
		return r;
	row.t_ns = now_ns - c->options->origin_ns;
	c->row = row;
	return 0;
}
