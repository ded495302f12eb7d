#include "bench/plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/arrival.h"

#define SECOND_NS      INT64_C(1000000000)
#define TIME_WAIT_NS   (60 * SECOND_NS) /* TCP_TIMEWAIT_LEN, include/net/tcp.h */
#define REUSE_DELAY_NS SECOND_NS        /* tcp_tw_reuse_delay, default */
#define STARTUP_NS     SECOND_NS        /* namespaces, threads, first socket */
#define HZ_COARSEST    100
#define WINDOW_SAMPLES 512
#define FDS_OVERHEAD   64
#define EHASH_MIN      1024
#define EHASH_MAX      1048576 /* 8 MB; the chains of a million TIME_WAITs stay short */
#define BATCH_RATE_MAX 4000.0 /* attempts per second of all cases that run at the same time */
#define BATCH_LABS_MAX 16
#define ALONE_RATE     1000.0  /* of a case that runs out of ports */
#define THREAD_RATE    20000.0 /* what one client thread is trusted with */

/*
 * kernel/time/timer.c: level n of the wheel begins at 63 * 8^(n-1) jiffies and has steps of 8^n;
 * expiry is rounded up to the next step.
 */
void plan_lifetime(int64_t hz, int64_t *low, int64_t *mean, int64_t *high, int64_t *step)
{
	int64_t rate = hz > 0 ? hz : HZ_COARSEST;
	int64_t jiffies = TIME_WAIT_NS / SECOND_NS * rate, jiffies_per_step = 1;

	while (jiffies >= 63 * jiffies_per_step)
		jiffies_per_step *= 8;
	*step = jiffies_per_step * SECOND_NS / rate;
	*low = TIME_WAIT_NS;
	*mean = TIME_WAIT_NS + *step / 2;
	*high = TIME_WAIT_NS + *step;
}

/* --- arrivals -------------------------------------------------------------------------------- */

static double requests_per_s(const struct case_spec *c)
{
	return c->shape == LOAD_POLL
		       ? (double)c->clients * (double)c->burst * 1e9 / (double)c->interval_ns
		       : c->rate_per_s;
}

/* Requests started until `t_ns`, whatever the limits. */
static double requests_until(const struct case_spec *c, double t_ns)
{
	double n = 0;

	if (t_ns <= 0)
		return 0;
	if (c->shape != LOAD_STEPS)
		return requests_per_s(c) * fmin(t_ns, (double)c->duration_ns) / 1e9;
	for (int64_t i = 0; i < c->step_count && t_ns > 0; i++) {
		const struct load_step *s = &c->step[i];
		double whole = (double)s->duration_ns, part = fmin(t_ns, whole);
		double rate = s->from_per_s + (s->to_per_s - s->from_per_s) * part / whole;

		n += (s->from_per_s + rate) / 2 * part / 1e9;
		t_ns -= part;
	}
	return n;
}

/* When the load ends: at its duration, or when the limit of connections is reached. */
static int64_t load_ns(const struct case_spec *c)
{
	double low = 0, high = (double)c->duration_ns;

	if (c->connections == 0 || c->shape == LOAD_SATURATE ||
	    requests_until(c, high) <= (double)c->connections)
		return c->duration_ns;
	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (requests_until(c, middle) < (double)c->connections)
			low = middle;
		else
			high = middle;
	}
	return (int64_t)high;
}

/* The most connections started within any `window_ns` of the load. */
static double window_peak(const struct plan_case *p, double window_ns)
{
	double peak = 0, k = (double)p->spec->requests_per_connection;

	for (int i = 1; i <= WINDOW_SAMPLES; i++) {
		double t = (double)p->load_ns * i / WINDOW_SAMPLES;

		peak = fmax(peak,
			    requests_until(p->spec, t) - requests_until(p->spec, t - window_ns));
	}
	return fmin(ceil(peak / k - 1e-6), (double)p->attempts);
}

/* --- one case -------------------------------------------------------------------------------- */

static const char *sysctl_value(const struct case_spec *c, const char *key)
{
	for (int64_t i = 0; i < c->sysctl_count; i++)
		if (strcmp(c->sysctl[i].key, key) == 0)
			return c->sysctl[i].value;
	return NULL;
}

static bool sysctl_is(const struct case_spec *c, const char *key, const char *value)
{
	const char *found = sysctl_value(c, key);

	return found && strcmp(found, value) == 0;
}

/* Local ports of one address, as the case's sysctl has them. */
static int64_t ports_of_range(const struct case_spec *c, const struct plan_host *host)
{
	const char *range = sysctl_value(c, "net.ipv4.ip_local_port_range");
	int64_t low = host->port_low, high = host->port_high;
	char first[16] = "";
	struct err ignored;

	if (range) {
		size_t len = strcspn(range, " \t-");

		(void)snprintf(first, sizeof(first), "%.*s", (int)len, range);
		range += len + strspn(range + len, " \t-");
		if (num_parse_int(first, 1, 65535, &low, &ignored) < 0 ||
		    num_parse_int(range, low, 65535, &high, &ignored) < 0)
			return -1;
	}
	return high - low + 1;
}

/*
 * How long the client cannot use a 4-tuple again after its connection: not at all if it holds no
 * TIME_WAIT, or if it binds the port itself with SO_REUSEADDR and timestamps are
 * on; one second where tcp_tw_reuse lets connect() take a TIME_WAIT; else all of it.
 */
static int64_t tuple_hold_ns(const struct case_spec *c, int64_t lifetime_ns)
{
	bool timestamps = !sysctl_is(c, "net.ipv4.tcp_timestamps", "0");
	bool reuse = c->topology == TOPOLOGY_LO ? !sysctl_is(c, "net.ipv4.tcp_tw_reuse", "0")
						: sysctl_is(c, "net.ipv4.tcp_tw_reuse", "1");

	if (!sides_has(c->strategy->declared.time_wait, SIDE_CLIENT))
		return 0;
	if (!timestamps)
		return lifetime_ns;
	if (c->ports == PORTS_EXPLICIT)
		return 0;
	return reuse ? REUSE_DELAY_NS : lifetime_ns;
}

static void plan_attempts(struct plan_case *p)
{
	const struct case_spec *c = p->spec;
	double k = (double)c->requests_per_connection;

	p->load_ns = load_ns(c);
	if (c->shape == LOAD_SATURATE) {
		p->rate_per_s = NAN;
		p->attempts = c->connections > 0 ? (int64_t)((double)c->connections / k) : -1;
		return;
	}
	p->attempts = (int64_t)ceil(arrival_expected(c) / k - 1e-6);
	p->rate_per_s = requests_until(c, (double)p->load_ns) / k / ((double)p->load_ns / 1e9);
}

static void plan_ports(struct plan_case *p, const struct plan_host *host, int64_t lifetime_ns)
{
	const struct case_spec *c = p->spec;
	int64_t range = ports_of_range(c, host), hold = tuple_hold_ns(c, lifetime_ns);
	double in_flight = (double)c->think_ns;

	p->ports_available = range < 0 ? -1 : range * c->sources * c->destinations;
	if (c->shape == LOAD_SATURATE) {
		p->ports_needed = hold > 0 ? -1 : c->clients;
		return;
	}
	p->ports_needed = (int64_t)window_peak(p, (double)hold + in_flight);
	if (p->ports_needed < 1)
		p->ports_needed = 1;
}

/* Little's law, with the mean lifetime once the load lasts longer than that. */
static void plan_time_wait(struct plan_case *p, int64_t mean_ns)
{
	for (int side = 0; side < SIDE_COUNT; side++) {
		bool holds = sides_has(p->spec->strategy->declared.time_wait, (enum side)side);

		if (!holds)
			p->time_wait_peak[side] = 0;
		else if (p->spec->shape == LOAD_SATURATE) /* as fast as may be: all of them, or unknown */
			p->time_wait_peak[side] = p->attempts;
		else
			p->time_wait_peak[side] = (int64_t)window_peak(p, (double)mean_ns);
		/* One TIME_WAIT per 4-tuple: ports bound it on either side. */
		if (p->ports_available > 0 && p->time_wait_peak[side] > p->ports_available)
			p->time_wait_peak[side] = p->ports_available;
	}
}

/*
 * tcp_child_ehash_entries also sets the new namespace's tcp_max_tw_buckets, to half of it: so the
 * table is at least twice the sockets of a side, those still open included.
 */
static uint32_t choose_ehash(const struct plan_case *p)
{
	int64_t sockets = 0;
	uint32_t entries = EHASH_MIN;

	for (int side = 0; side < SIDE_COUNT; side++) {
		int64_t n = p->time_wait_peak[side];

		if (n < 0)
			n = p->ports_available > 0 ? p->ports_available : EHASH_MAX;
		/* On lo both sides share a namespace. */
		if (p->spec->topology == TOPOLOGY_LO || p->spec->topology == TOPOLOGY_LO_ALIAS)
			sockets += n;
		else if (n > sockets)
			sockets = n;
	}
	sockets += p->spec->clients;
	while (entries < EHASH_MAX && (int64_t)entries < 2 * sockets)
		entries *= 2;
	return entries;
}

static int choose_threads(const struct plan_case *p, const struct plan_host *host)
{
	int64_t wanted = p->spec->threads;

	if (wanted == 0)
		wanted = isnan(p->rate_per_s) ? host->cpus
					      : (int64_t)ceil(p->rate_per_s / THREAD_RATE);
	if (p->spec->threads == 0 && wanted > host->cpus)
		wanted = host->cpus;
	return wanted < 1 ? 1 : (int)wanted;
}

/* The clients' table; that of one server thread may come to hold as many. */
static void plan_fds(struct plan_case *p)
{
	int64_t open = p->spec->clients;

	if (p->attempts >= 0 && p->attempts < open)
		open = p->attempts;
	p->fds = open + FDS_OVERHEAD;
}

static void plan_wall(struct plan_case *p, int64_t high_ns)
{
	int64_t drain = high_ns;

	if (!p->spec->drain || p->spec->strategy->declared.time_wait == SIDES_NONE)
		drain = 0;
	if (drain > p->spec->drain_max_ns)
		drain = p->spec->drain_max_ns;
	p->wall_ns = STARTUP_NS + p->load_ns + drain;
}

static void check_fit(struct plan_case *p, const struct plan_host *host)
{
	char a[32], b[32];

	p->fits = true;
	if (p->fds > host->fd_limit) {
		p->fits = false;
		(void)snprintf(p->why_not, sizeof(p->why_not),
			       "needs %s file descriptors, the hard limit is %s: raise it (ulimit "
			       "-Hn) or lower load.clients",
			       num_format_grouped(p->fds, a, sizeof(a)),
			       num_format_grouped(host->fd_limit, b, sizeof(b)));
	} else if (p->ports_available >= 0 && p->ports_needed > p->ports_available &&
		   !p->spec->exhaustion_expected) {
		p->fits = false;
		(void)snprintf(
			p->why_not, sizeof(p->why_not),
			"needs %s ports at once and has %s: lower the load, set "
			"addressing.sources to %lld, or say exhaustion_expected",
			num_format_grouped(p->ports_needed, a, sizeof(a)),
			num_format_grouped(p->ports_available, b, sizeof(b)),
			(long long)((p->ports_needed * p->spec->sources + p->ports_available - 1) /
				    p->ports_available));
	}
}

static void plan_one(struct plan_case *p, const struct case_spec *c, const struct plan_host *host)
{
	int64_t low, mean, high, step;

	plan_lifetime(host->config_hz, &low, &mean, &high, &step);
	*p = (struct plan_case){ .spec = c };
	plan_attempts(p);
	plan_ports(p, host, high);
	plan_time_wait(p, mean);
	p->ehash_entries = choose_ehash(p);
	p->client_threads = choose_threads(p, host);
	plan_fds(p);
	plan_wall(p, high);
	check_fit(p, host);
}

/* --- all cases ------------------------------------------------------------------------------- */

/* A case whose load the machine must have for itself. */
static bool runs_alone(const struct plan_case *p)
{
	return isnan(p->rate_per_s) || p->rate_per_s > BATCH_RATE_MAX ||
	       p->spec->engine != ENGINE_EVENT ||
	       p->spec->topology == TOPOLOGY_HOST ||
	       (p->spec->exhaustion_expected && p->rate_per_s > ALONE_RATE);
}

/* Cases fill batches in order; none goes back past a later one, so that the order is kept. */
static void choose_batches(struct plan *plan)
{
	double rate = 0;
	int labs = 0;
	bool closed = true;

	for (size_t i = 0; i < plan->count; i++) {
		struct plan_case *p = &plan->item[i];
		bool alone = runs_alone(p);

		if (closed || alone || labs == BATCH_LABS_MAX ||
		    rate + p->rate_per_s > BATCH_RATE_MAX) {
			plan->batches++;
			rate = 0;
			labs = 0;
		}
		p->batch = plan->batches - 1;
		rate += p->rate_per_s;
		labs++;
		closed = alone;
	}
}

/* A round runs each batch once; a case that has its repeats no longer takes part. */
static void sum_wall(struct plan *plan)
{
	plan->wall_ns = 0;
	for (int64_t round = 0; round < plan->rounds; round++)
		for (int batch = 0; batch < plan->batches; batch++) {
			int64_t longest = 0;

			for (size_t i = 0; i < plan->count; i++) {
				const struct plan_case *p = &plan->item[i];

				if (p->batch == batch && p->spec->repeats > round &&
				    p->wall_ns > longest)
					longest = p->wall_ns;
			}
			plan->wall_ns += longest;
		}
}

int plan_make(const struct scenario *s, const struct plan_host *host, struct plan *ret,
	      struct err *err)
{
	struct plan plan = { .host = *host, .count = s->case_count };

	plan.item = calloc(s->case_count + 1, sizeof(*plan.item));
	if (!plan.item)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < s->case_count; i++) {
		struct plan_case *p = &plan.item[i];

		plan_one(p, &s->cases[i], host);
		if (!p->fits) {
			(void)err_set(err, -EINVAL, "scenario '%s': case '%.100s' %s", s->name,
				      s->cases[i].name, p->why_not);
			plan_release(&plan);
			return -EINVAL;
		}
		if (s->cases[i].repeats > plan.rounds)
			plan.rounds = s->cases[i].repeats;
	}
	choose_batches(&plan);
	sum_wall(&plan);
	*ret = plan;
	return 0;
}

void plan_order(const struct plan *p, int64_t seed, int64_t round, int *order)
{
	uint64_t state = ((uint64_t)seed << 20 ^ (uint64_t)round) * UINT64_C(0x9E3779B97F4A7C15) | 1;

	for (int i = 0; i < p->batches; i++)
		order[i] = i;
	for (int i = p->batches - 1; i > 0; i--) {
		int k = (int)(arrival_random(&state) * (i + 1)), was = order[i];

		order[i] = order[k];
		order[k] = was;
	}
}

void plan_release(struct plan *p)
{
	if (!p)
		return;
	free(p->item);
	memset(p, 0, sizeof(*p));
}
