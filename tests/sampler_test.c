#include "capture/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/tcpstate.h"
#include "capture/census.h"
#include "capture/diag.h"
#include "tests/netns.h"
#include "tests/test.h"

#define PORT        5000
#define BUCKETS     1024            /* tcp_max_tw_buckets is half of it */
#define PATIENCE_NS (20 * NS_PER_S) /* for what comes at once, unless the machine stands still */

/* A namespace with a listener, and what the sampler needs of it. */
struct world {
	int ns, listener, diag;
	struct counter_files files;
};

static bool world_open(struct world *w)
{
	struct err err;

	w->ns = netns_here();
	w->listener = netns_listen(NETNS_ADDR, PORT, 64);
	w->diag = diag_open(&err);
	return w->ns >= 0 && w->listener >= 0 && w->diag >= 0 &&
	       counter_files_open(&w->files, &err) == 0;
}

static void world_close(struct world *w)
{
	(void)close(w->ns);
	(void)close(w->listener);
	(void)close(w->diag);
	counter_files_close(&w->files);
}

/* n connections that `first` (0 client, 1 server) closes first; the other closes too if `polite`,
 * else keeps its descriptor until the process ends. */
static bool connections(const struct world *w, int n, int first, bool polite)
{
	for (int i = 0; i < n; i++) {
		int fd[2];

		if (!netns_pair(w->listener, NETNS_ADDR, PORT, fd))
			return false;
		if (polite ? !netns_close_pair(fd, first)
			   : close(fd[first]) != 0 || !netns_ack_fin(fd[!first]))
			return false;
	}
	return true;
}

static void count_socket(void *arg, const struct diag_socket *s)
{
	(void)s;
	++*(int *)arg;
}

/* Wait until nobody in this namespace is in FIN-WAIT-1, or patience ends. */
static bool settled(void)
{
	int64_t deadline_ns = mono_now_ns() + PATIENCE_NS;
	struct err err;
	bool interrupted;
	int n = 1, fd = diag_open(&err), r = 0;

	while (fd >= 0 && r == 0 && n > 0 && mono_now_ns() < deadline_ns) {
		n = 0;
		r = diag_dump(fd, 1u << TCPSTATE_FIN_WAIT1, count_socket, &n, &interrupted, &err);
	}
	if (fd >= 0)
		(void)close(fd);
	return n == 0 && r == 0;
}

static struct sampler_options options_of(const struct world *client, const struct world *server,
					 int64_t period_ns)
{
	return (struct sampler_options){ .period_ns = period_ns,
					 .origin_ns = mono_now_ns(),
					 .capacity = 10000,
					 .diag_fd = { client->diag, server->diag },
					 .files = { client->files, server->files },
					 .shared = client == server,
					 .server_port_low = PORT,
					 .server_port_high = PORT,
					 .cpu = -1 };
}

/* Wait until the client's side has so many TIME_WAITs and other sockets, or patience ends. */
static void wait_for(struct sampler *s, int side, int32_t time_wait, int32_t open,
		     struct sampler_now *now)
{
	int64_t deadline_ns = mono_now_ns() + PATIENCE_NS;
	int r;

	do
		r = sampler_wait_fresh(s, deadline_ns, now);
	while (r == 0 && (now->time_wait[side] != time_wait || now->open[side] != open));
}

static int32_t last_count(const struct series *s, enum side side, enum series_column column)
{
	return series_count(s, s->count - 1, (int)side, (int)column);
}

static bool in_time_order(const struct series *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (s->t_ns[i] < s->t_ns[i - 1])
			return false;
	return s->count > 0 && s->t_ns[0] >= 0;
}

static void check_report(const struct series *s, const struct sampler_report *r, int namespaces)
{
	ok(r->taken > 0 && r->taken + r->missed == r->expected,
	   "taken %" PRId64 " + missed %" PRId64 " = expected %" PRId64, r->taken, r->missed,
	   r->expected);
	is_int(r->error, 0, "no error");
	is_int(r->rows_lost, 0, "no row lost");
	is_int(s->taken, r->taken, "the series saw each sample");
	ok(in_time_order(s), "%zu rows in time order", s->count);
	ok(r->dumps > 0 && r->dumps <= namespaces * r->taken && r->interrupted <= r->dumps &&
		   r->compared <= r->dumps,
	   "%" PRId64 " dumps, %" PRId64 " compared", r->dumps, r->compared);
	ok(r->dump_mean_ns > 0 && r->dump_mean_ns <= r->dump_max_ns, "cost of dumps");
	ok(r->compared > 0, "a full dump was compared with tw");
	is_int(r->disagreements, 0, "dumps and tw agree");
	ok(r->max_lag_ns >= 0 && r->cpu_ns >= 0, "lag and CPU");
}

/* --- one namespace for both ends ------------------------------------------------------------- */

static void test_shared(struct world *w)
{
	struct sampler_options o = options_of(w, w, 2 * NS_PER_MS);
	struct sampler *s;
	struct sampler_now now;
	struct series series;
	struct sampler_report report;
	struct err err;

	is_int(sampler_start(&o, &s, &err), 0, "start, one namespace");
	is_int(sampler_wait_fresh(s, mono_now_ns() + PATIENCE_NS, &now), 0, "a first look");
	ok(connections(w, 200, 0, true), "200 connections, closed by the client");
	wait_for(s, SIDE_CLIENT, 200, 0, &now);
	is_int(now.time_wait[SIDE_CLIENT], 200, "TIME_WAIT at the client");
	is_int(now.time_wait[SIDE_SERVER], 0, "... and none at the server");
	ok(connections(w, 30, 0, false) && settled(), "30 that the server does not close");
	ok(connections(w, 10, 1, true), "10 closed by the server");
	wait_for(s, SIDE_CLIENT, 200, 30, &now);
	wait_for(s, SIDE_SERVER, 10, 30, &now);
	is_int(now.time_wait[SIDE_CLIENT], 200, "orphans in FIN-WAIT-2 are no TIME_WAIT");
	is_int(now.open[SIDE_CLIENT], 30, "... they are open");
	is_int(now.time_wait[SIDE_SERVER], 10, "TIME_WAIT at the server");
	is_int(now.open[SIDE_SERVER], 30, "its listener does not count");
	sampler_stop(s, &series, &report);
	is_int(last_count(&series, SIDE_CLIENT, COL_FIN_WAIT2_ORPHAN), 30, "client: orphans");
	is_int(last_count(&series, SIDE_CLIENT, COL_FIN_WAIT2), 0,
	       "client: FIN-WAIT-2 with a descriptor");
	is_int(last_count(&series, SIDE_SERVER, COL_CLOSE_WAIT), 30, "server: CLOSE-WAIT");
	check_report(&series, &report, 1);
	series_release(&series);
}

/* --- a namespace per side -------------------------------------------------------------------- */

/* Both ends of a connection live in one namespace here, so its counts are of both. */
static void test_apart(struct world *a, struct world *b)
{
	struct sampler_options o = options_of(a, b, 2 * NS_PER_MS);
	struct sampler *s;
	struct sampler_now now;
	struct series series;
	struct sampler_report report;
	struct err err;
	int half[2];

	is_int(sampler_start(&o, &s, &err), 0, "start, two namespaces");
	is_int(sampler_wait_fresh(s, mono_now_ns() + PATIENCE_NS, &now), 0, "a first look");
	ok(setns(a->ns, CLONE_NEWNET) == 0 && connections(a, 150, 0, true) &&
		   connections(a, 20, 0, false) && settled(),
	   "in the first: 150 closed, 20 orphans");
	ok(setns(b->ns, CLONE_NEWNET) == 0 && connections(b, 40, 1, true) &&
		   netns_pair(b->listener, NETNS_ADDR, PORT, half) &&
		   shutdown(half[0], SHUT_WR) == 0 && netns_ack_fin(half[1]) && settled(),
	   "in the second: 40 closed, one half closed");
	wait_for(s, SIDE_CLIENT, 150, 40, &now);
	wait_for(s, SIDE_SERVER, 40, 2, &now);
	is_int(now.time_wait[SIDE_CLIENT], 150, "first: TIME_WAIT proper, from tw");
	is_int(now.open[SIDE_CLIENT], 40, "first: the rest");
	is_int(now.time_wait[SIDE_SERVER], 40, "second: TIME_WAIT");
	is_int(now.open[SIDE_SERVER], 2, "second: the rest");
	sampler_stop(s, &series, &report);
	is_int(last_count(&series, SIDE_CLIENT, COL_FIN_WAIT2_ORPHAN), 20, "first: orphans");
	is_int(last_count(&series, SIDE_CLIENT, COL_CLOSE_WAIT), 20, "first: their peers");
	is_int(last_count(&series, SIDE_SERVER, COL_FIN_WAIT2), 1,
	       "second: a FIN-WAIT-2 that is held is no orphan");
	is_int(last_count(&series, SIDE_SERVER, COL_FIN_WAIT2_ORPHAN), 0, "second: no orphan");
	check_report(&series, &report, 2);
	series_release(&series);
}

/* --- waiting, stopping, failing -------------------------------------------------------------- */

struct reader {
	struct sampler *s;
	atomic_bool stop;
	int64_t torn, reads;
};

/* `taken` and `t_ns` may only grow, and together. */
static void *read_now(void *arg)
{
	struct reader *r = arg;
	struct sampler_now last = { 0 }, now;

	while (!atomic_load(&r->stop)) {
		sampler_now(r->s, &now);
		if (now.taken < last.taken || (now.taken > last.taken) != (now.t_ns > last.t_ns))
			r->torn++;
		last = now;
		r->reads++;
	}
	return NULL;
}

static void test_readers(struct world *w)
{
	struct sampler_options o = options_of(w, w, NS_PER_MS);
	struct reader reader = { 0 };
	struct series series;
	struct sampler_report report;
	struct sampler_now now;
	struct err err;
	pthread_t thread;
	int64_t called_ns;
	int bad = 0;

	is_int(sampler_start(&o, &reader.s, &err), 0, "start, with a reader");
	is_int(pthread_create(&thread, NULL, read_now, &reader), 0, "reader");
	for (int i = 0; i < 20; i++) {
		called_ns = mono_now_ns();
		if (sampler_wait_fresh(reader.s, called_ns + PATIENCE_NS, &now) != 0 ||
		    now.t_ns <= called_ns - o.origin_ns)
			bad++;
	}
	is_int(bad, 0, "20 times: fresh means begun after the call");
	atomic_store(&reader.stop, true);
	(void)pthread_join(thread, NULL);
	ok(reader.reads > 0 && reader.torn == 0, "no torn read");
	sampler_stop(reader.s, &series, &report);
	check_report(&series, &report, 1);
	series_release(&series);
}

static void test_long_period(struct world *w)
{
	struct sampler_options o = options_of(w, w, 60 * NS_PER_S);
	struct sampler *s;
	struct sampler_now now = { .taken = -1 };
	struct series series;
	struct sampler_report report;
	struct err err;
	int64_t begin_ns = mono_now_ns();

	is_int(sampler_start(&o, &s, &err), 0, "start, one sample a minute");
	do
		sampler_now(s, &now);
	while (now.taken == 0 && mono_now_ns() - begin_ns < PATIENCE_NS);
	is_int(now.taken, 1, "the first sample is taken at once");
	is_int(sampler_wait_fresh(s, mono_now_ns() + 5 * NS_PER_MS, &now), -ETIMEDOUT,
	       "no fresh one in time");
	sampler_stop(s, &series, &report);
	ok(mono_now_ns() - begin_ns < 30 * NS_PER_S, "stop does not wait for the next slot");
	ok(report.expected == 1 && report.taken == 1 && series.count >= 1,
	   "one sample in the series");
	series_release(&series);
}

static void test_failing(struct world *w)
{
	struct sampler_options o = options_of(w, w, NS_PER_MS), bad;
	struct sampler *s;
	struct sampler_now now;
	struct series series;
	struct sampler_report report;
	struct err err;

	o.diag_fd[0] = w->listener; /* not a netlink socket */
	is_int(sampler_start(&o, &s, &err), 0, "start, with a descriptor that cannot be dumped");
	is_int(sampler_wait_fresh(s, mono_now_ns() + 10 * NS_PER_MS, &now), -ETIMEDOUT,
	       "nothing fresh comes");
	sampler_stop(s, &series, &report);
	ok(report.error == EPIPE && report.taken == 0 && report.missed == report.expected &&
		   report.missed > 0,
	   "all missed, and why (errno %d)", report.error);
	series_release(&series);

	o = options_of(w, w, NS_PER_MS);
	bad = o, bad.period_ns = NS_PER_MS - 1;
	is_int(sampler_start(&bad, &s, &err), -EINVAL, "period: %s", err.text);
	bad = o, bad.capacity = 0;
	is_int(sampler_start(&bad, &s, &err), -EINVAL, "capacity: %s", err.text);
	bad = o, bad.server_port_low = PORT + 1;
	is_int(sampler_start(&bad, &s, &err), -EINVAL, "ports: %s", err.text);
	bad = o, bad.cpu = 1000000;
	is_int(sampler_start(&bad, &s, &err), -EINVAL, "cpu: %s", err.text);
	bad = o, bad.cpu = CPU_SETSIZE - 1;
	is_int(sampler_start(&bad, &s, &err), -EINVAL, "cpu: %s", err.text);
}

/* Rows that do not fit are counted, samples go on. */
static void test_full(struct world *w)
{
	struct sampler_options o = options_of(w, w, NS_PER_MS);
	struct sampler *s;
	struct sampler_now now;
	struct series series;
	struct sampler_report report;
	struct err err;
	int pair[2];

	o.capacity = 1;
	is_int(sampler_start(&o, &s, &err), 0, "start, with room for one row");
	is_int(sampler_wait_fresh(s, mono_now_ns() + PATIENCE_NS, &now), 0, "a sample");
	ok(netns_pair(w->listener, NETNS_ADDR, PORT, pair), "a change");
	is_int(sampler_wait_fresh(s, mono_now_ns() + PATIENCE_NS, &now), 0, "another sample");
	sampler_stop(s, &series, &report);
	ok(report.rows_lost > 0 && report.rows_lost < report.taken, "lost rows are counted");
	ok(netns_close_pair(pair, 0), "closed");
	series_release(&series);
}

static void test_dump_every(void)
{
	is_int(census_dump_every(0, NS_PER_MS, true), 1,
	       "dumps that cost nothing are never thinned out");
	is_int(census_dump_every(NS_PER_MS / 5, NS_PER_MS, true), 1, "a fifth of the period: each");
	is_int(census_dump_every(NS_PER_MS / 5 + 1, NS_PER_MS, true), 2, "more: every second");
	is_int(census_dump_every(2 * NS_PER_MS, NS_PER_MS, true), 10, "two periods: every tenth");
	is_int(census_dump_every(NS_PER_MS, 100 * NS_PER_MS, false), 3, "apart: 1 part in 250");
	is_int(census_dump_every(20 * NS_PER_MS, 100 * NS_PER_MS, false), 30, "rather every 3 s");
	is_int(census_dump_every(60 * NS_PER_MS, 100 * NS_PER_MS, false), 36,
	       "but no more than 1 in 60");
}

/* --- thinning -------------------------------------------------------------------------------- */

static void costs(struct census *c, int64_t dump_ns)
{
	c->walk_ns = (double)dump_ns / (double)(c->tw + CENSUS_BUCKETS);
}

/* With the cost of a dump told to be high, tw alone is read in between, and wait_fresh waits. */
static void test_thinned(struct world *a, struct world *b)
{
	struct sampler_options o = options_of(a, b, NS_PER_MS);
	struct census c;
	struct err err;
	int64_t now_ns = o.origin_ns;
	int64_t cpu_ns = mono_thread_cpu_now_ns();
	int32_t before;

	census_init(&c, &o);
	is_int(census_take(&c, now_ns, false, &err), 0, "first sample: a reference dump");
	ok(c.walk_ns == 0, "... whose cost does not count");
	is_int(c.dumps, 2, "... one per namespace");
	before = c.row.count[SIDE_SERVER][COL_TIME_WAIT];
	costs(&c, 11 * NS_PER_US); /* every third */
	ok(setns(b->ns, CLONE_NEWNET) == 0 && connections(b, 5, 0, true), "5 connections more");
	is_int(census_take(&c, now_ns + NS_PER_MS, false, &err), 0, "a sample without a dump");
	is_int(c.dumps, 2, "... indeed");
	is_int(c.row.count[SIDE_SERVER][COL_TIME_WAIT], before + 5, "TIME_WAIT is fresh");
	is_int(c.row.t_ns, NS_PER_MS, "its time");
	is_int(c.dumped_ns, now_ns, "the last dump was before");
	is_int(census_take(&c, now_ns + 2 * NS_PER_MS, false, &err), 0, "another one");
	is_int(census_take(&c, now_ns + 3 * NS_PER_MS, false, &err), 0, "then a dump again");
	ok(c.dumps == 4 && c.dumped_ns == now_ns + 3 * NS_PER_MS, "... indeed");
	ok(c.walk_ns > 0 && c.walk_ns * (double)(c.tw + CENSUS_BUCKETS) <
				    (double)(mono_thread_cpu_now_ns() - cpu_ns),
	   "... whose cost counts, in CPU of this thread");
	is_int(c.row.count[SIDE_SERVER][COL_TIME_WAIT], before + 5, "TIME_WAIT as before");
}

/* A dump that was cheap is dear when there are many more to walk over. */
static void test_grown(struct world *a, struct world *b)
{
	struct sampler_options o = options_of(a, b, 100 * NS_PER_MS);
	struct census c;
	struct err err;

	census_init(&c, &o);
	is_int(census_take(&c, o.origin_ns, true, &err), 0, "a dump");
	costs(&c, 300 * NS_PER_US);
	c.tw += 6 * CENSUS_BUCKETS;
	is_int(census_take(&c, o.origin_ns + 1, false, &err), 0, "240,000 TIME_WAITs later");
	is_int(c.dumps, 2, "... no dump");
	ok(c.tw < CENSUS_BUCKETS, "in truth there are no more");
	is_int(census_take(&c, o.origin_ns + 2, false, &err), 0, "at the next sample");
	is_int(c.dumps, 4, "... one is cheap enough for each");
	ok(c.dump_every >= 2, "the widest gap is told");
}

/* One namespace for both ends: between dumps tw counts on for the end that had all of them. */
static void test_split(struct world *w)
{
	struct sampler_options o = options_of(w, w, 100 * NS_PER_MS);
	struct census c;
	struct err err;

	census_init(&c, &o);
	ok(setns(w->ns, CLONE_NEWNET) == 0, "in an empty one");
	is_int(census_take(&c, o.origin_ns, true, &err), 0, "a dump");
	is_int(c.split, SPLIT_NONE, "no TIME_WAIT");
	ok(connections(w, 5, 0, true), "5 connections, closed by the client");
	costs(&c, 10 * NS_PER_MS);
	is_int(census_take(&c, o.origin_ns + 1, false, &err), 0, "no dump, but tw has moved");
	ok(c.hurry, "... so that one will soon come");
	is_int(c.row.count[SIDE_CLIENT][COL_TIME_WAIT], 0, "... until then nobody knows whose");
	is_int(census_take(&c, o.origin_ns + 2, true, &err), 0, "a dump");
	is_int(c.split, SPLIT_CLIENT, "all are the client's");
	ok(connections(w, 7, 0, true), "7 more");
	costs(&c, 10 * NS_PER_MS);
	is_int(census_take(&c, o.origin_ns + 3, false, &err), 0, "no dump");
	is_int(c.row.count[SIDE_CLIENT][COL_TIME_WAIT], 12, "the client's, by tw");
	is_int(c.row.count[SIDE_SERVER][COL_TIME_WAIT], 0, "the server's");
	ok(!c.hurry, "no hurry");
	ok(connections(w, 3, 1, true), "3 closed by the server");
	is_int(census_take(&c, o.origin_ns + 4, true, &err), 0, "a dump");
	is_int(c.split, SPLIT_UNKNOWN, "both have some");
	ok(connections(w, 2, 0, true), "2 more");
	costs(&c, 50 * NS_PER_MS);
	is_int(census_take(&c, o.origin_ns + 5, false, &err), 0, "no dump");
	is_int(c.row.count[SIDE_CLIENT][COL_TIME_WAIT], 12, "tw is not split by guess");
	is_int(census_take(&c, o.origin_ns + 6, true, &err), 0, "a dump");
	is_int(c.row.count[SIDE_CLIENT][COL_TIME_WAIT], 14, "the client's");
	is_int(c.row.count[SIDE_SERVER][COL_TIME_WAIT], 3, "the server's");
}

/* A sockstat that is not of the namespace dumped, as an old kernel's host-wide `tw` would be. */
static void test_contradictions(const struct world *full, const struct world *empty)
{
	struct sampler_options o = options_of(full, empty, NS_PER_MS);
	struct census c;
	struct err err;

	o.files[SIDE_CLIENT] = empty->files;
	census_init(&c, &o);
	is_int(census_take(&c, o.origin_ns, false, &err), 0, "a sample with another sockstat");
	is_int(c.compared, 2, "both were compared");
	is_int(c.disagreements, 1, "one disagrees");
	is_int(c.interrupted, 1, "more minisocks than tw");
	is_int(c.row.count[SIDE_CLIENT][COL_TIME_WAIT], 0, "no less than none");
	is_int(c.row.count[SIDE_CLIENT][COL_FIN_WAIT2_ORPHAN], 20, "the orphans as dumped");
}

int main(void)
{
	const char *why = netns_enter(BUCKETS);
	struct world a = { 0 }, b = { 0 };

	test_dump_every();
	if (why) {
		test_skip("sampling of live namespaces", why);
		return test_done();
	}
	ok(world_open(&a), "a namespace");
	test_shared(&a);
	test_readers(&a);
	test_long_period(&a);
	test_failing(&a);
	test_full(&a);
	ok(unshare(CLONE_NEWNET) == 0 && netns_lo_up() && world_open(&b), "a second namespace");
	world_close(&a);
	a = b;
	ok(unshare(CLONE_NEWNET) == 0 && netns_lo_up() && world_open(&b), "a third namespace");
	test_apart(&a, &b);
	test_thinned(&a, &b);
	test_grown(&a, &b);
	world_close(&b);
	ok(unshare(CLONE_NEWNET) == 0 && netns_lo_up() && world_open(&b), "an empty namespace");
	test_contradictions(&a, &b);
	test_split(&b);
	world_close(&a);
	world_close(&b);
	return test_done();
}
