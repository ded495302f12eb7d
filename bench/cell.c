#include "bench/cell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/cell_witness.h"
#include "bench/client.h"
#include "bench/server.h"
#include "bench/straight.h"
#include "bench/target.h"
#include "bench/wire.h"

#define START_DELAY_NS (50 * NS_PER_MS) /* threads are up well before the first intended start */
#define GO_POLL_NS (2 * NS_PER_MS)
#define SETTLE_SLACK_NS (5 * NS_PER_S)
#define SERVER_BACKLOG 65535 /* cut by somaxconn, which the lab raises */

struct cell {
	const struct cell_options *o;
	const struct case_spec *spec;
	struct record_repeat *r;
	int64_t origin_ns;          /* mono: 0 of this repeat */
	struct lab lab;
	struct endpoint server_at;
	struct server *server;
	struct client *client;
	struct straight *straight; /* instead of server and client */
	struct wire *wire;
	uint64_t wire_moved;        /* frames, when it was last asked */
	struct cell_witness witness;
};

/* Does one end never close? */
static bool is_silent(const struct cell *c)
{
	return declared_unanswered(&c->spec->strategy->declared);
}

static bool stop_asked(const struct cell *c)
{
	return SHARED_GET(c->o->shared->stop) != STOP_NO;
}

static int64_t since_start(const struct cell *c)
{
	return mono_now_ns() - c->origin_ns;
}

/* --- setting up ------------------------------------------------------------------------------ */

/* After the lab: a change of credentials clears the setting (kernel/cred.c commit_creds). */
static void die_with_parent(const struct cell_options *o)
{
	if (o->parent_pid == 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail: a valid signal */
	if (getppid() != o->parent_pid)
		_exit(EXIT_FAILURE); /* it died before we could say so */
}

static int enter_lab(struct cell *c, struct err *err)
{
	struct lab_options o = { .topology = c->spec->topology,
				 .isolation = c->o->isolation,
				 .family = (int)c->spec->family,
				 .sources = (uint32_t)c->spec->sources,
				 .sysctl = c->spec->sysctl,
				 .sysctl_count = (size_t)c->spec->sysctl_count,
				 .ehash_entries = c->o->ehash_entries };
	int code = lab_enter(&c->lab, &o, err);

	if (code != 0)
		return code;
	die_with_parent(c->o);
	(void)snprintf(c->r->topology, sizeof(c->r->topology), "%s", topology_key(c->lab.topology));
	(void)snprintf(c->r->isolation, sizeof(c->r->isolation), "%s",
		       isolation_key(c->lab.isolation));
	c->r->shared_namespace = c->lab.shared;
	c->r->mtu = c->lab.mtu > 0 ? c->lab.mtu : RECORD_NONE;
	c->r->ehash_entries = c->lab.ehash_entries == -1 ? RECORD_NONE : c->lab.ehash_entries;
	c->r->parallel_labs = c->o->parallel_labs;
	if (c->lab.topology == TOPOLOGY_HOST)
		return target_resolve(c->spec->host, &c->server_at, err);
	c->server_at = c->lab.server;
	c->server_at.port = (uint16_t)c->spec->server_port;
	return 0;
}

static int start_server(struct cell *c, struct err *err)
{
	struct server_options o = { .address = c->server_at,
				    .ports = (uint32_t)c->spec->destinations,
				    .threads = c->o->server_threads,
				    .pinned = c->o->pinned,
				    .aside = c->o->aside,
				    .client_threads = c->o->client_threads,
				    .backlog = SERVER_BACKLOG,
				    .udp = c->spec->strategy->udp,
				    .http_action = ACTION_FIN,
				    .http_reply_bytes = c->spec->reply_bytes.range[0].low };
	int code;

	if (c->lab.topology == TOPOLOGY_HOST || c->spec->engine != ENGINE_EVENT)
		return 0; /* the server is not ours, or the engine is its own */
	code = lab_join(&c->lab, LAB_NS_SERVER, err);
	return code ? code : server_start(&o, &c->server, err);
}

static int start_wire(struct cell *c, struct err *err)
{
	struct wire_options o = { .interface = { c->lab.relay_interface[0],
						 c->lab.relay_interface[1] },
				  .rule = c->spec->strategy->wire_rule,
				  .cpu = -1 };
	int code;

	if (c->lab.topology != TOPOLOGY_WIRE)
		return 0;
	code = lab_join(&c->lab, LAB_NS_RELAY, err);
	return code ? code : wire_start(&o, &c->wire, err);
}

static int start_client(struct cell *c, struct err *err)
{
	struct client_options o = { .spec = c->spec,
				    .source = c->lab.client,
				    .server = c->server_at,
				    .bind_source = c->lab.topology == TOPOLOGY_LO_ALIAS,
				    .threads = c->o->client_threads,
				    .pinned = c->o->pinned,
				    .start_ns = mono_now_ns() + START_DELAY_NS,
				    .shared = c->o->shared };
	int code = lab_join(&c->lab, LAB_NS_CLIENT, err);

	if (code != 0)
		return code;
	SHARED_SET(c->o->shared->load_begin_ns, o.start_ns);
	c->r->load_begin_ns = o.start_ns - c->origin_ns;
	if (c->spec->engine != ENGINE_EVENT)
		return straight_start(&o, &c->lab, &c->straight, err);
	return client_start(&o, &c->client, err);
}

static void wait_for_go(struct cell *c)
{
	SHARED_SET(c->o->shared->phase, CELL_READY);
	while (c->o->wait_for_go && !SHARED_GET(c->o->shared->go) && !stop_asked(c))
		mono_sleep_until(mono_now_ns() + GO_POLL_NS);
}

static int set_up(struct cell *c, struct err *err)
{
	int code;

	SHARED_SET(c->o->shared->phase, CELL_SETUP);
	code = enter_lab(c, err);
	if (code == 0)
		code = start_wire(c, err);
	if (code == 0)
		code = start_server(c, err);
	if (code == 0)
		code = cell_witness_open(&c->witness, c->o, &c->lab, c->r, err);
	if (code != 0)
		return code;
	wait_for_go(c);
	c->origin_ns = mono_now_ns();
	c->r->started_ns = c->origin_ns - c->o->run_start_ns;
	return cell_witness_start(&c->witness, c->server_at.port, c->origin_ns, err);
}

/* --- while it runs --------------------------------------------------------------------------- */

static void show_progress(struct cell *c, const struct sampler_now *now)
{
	int64_t used = (int64_t)now->time_wait[SIDE_CLIENT] + now->open[SIDE_CLIENT];

	for (int i = 0; i < SIDE_COUNT; i++)
		SHARED_SET(c->o->shared->time_wait[i], now->time_wait[i]);
	SHARED_SET(c->o->shared->ports_used, used);
}

typedef bool done_fn(struct cell *c, const struct sampler_now *now);

static bool load_is_done(struct cell *c, const struct sampler_now *now)
{
	(void)now;
	return c->straight ? straight_is_done(c->straight) : client_is_done(c->client);
}

/* ... and a relay that still has something to deliver may end some of these. */
static bool only_time_wait(struct cell *c, const struct sampler_now *now)
{
	return (!c->wire || wire_is_quiet(c->wire, &c->wire_moved)) && now->open[SIDE_CLIENT] == 0 && now->open[SIDE_SERVER] == 0;
}

/* Of connections whose server never closes: what the client's kernel waits for will not come. */
static bool only_silence(struct cell *c, const struct sampler_now *now)
{
	return c->spec->strategy->server_action == ACTION_DEAF || now->fin_wait1[SIDE_CLIENT] == 0;
}

static bool nothing_left(struct cell *c, const struct sampler_now *now)
{
	return stop_asked(c) || (now->time_wait[SIDE_CLIENT] == 0 && now->time_wait[SIDE_SERVER] == 0 &&
				 only_time_wait(c, now));
}

/* One more sample, then `done` is asked again; until it says yes, `deadline_ns` or a second Ctrl-C. */
static bool wait_until(struct cell *c, done_fn *done, int64_t deadline_ns)
{
	struct sampler_now now;
	bool dump = done == only_time_wait || done == only_silence;

	for (;;) {
		int64_t slice_ns = mono_now_ns() + 4 * c->spec->sample_period_ns + NS_PER_S;

		if (cell_witness_fresh(&c->witness, dump, slice_ns, &now) == 0)
			show_progress(c, &now);
		/* Dumps are dear beside many TIME_WAITs: only when none is left, look for the rest. */
		dump = done == only_time_wait || done == only_silence ||
		       (done == nothing_left && now.time_wait[SIDE_CLIENT] == 0 &&
			now.time_wait[SIDE_SERVER] == 0);
		if (done(c, &now))
			return true;
		if (mono_now_ns() >= deadline_ns ||
		    SHARED_GET(c->o->shared->stop) == STOP_NOW)
			return false;
	}
}

static int run_load(struct cell *c, struct err *err)
{
	int64_t end_ns;
	int code = start_client(c, err);

	if (code != 0)
		return code;
	SHARED_SET(c->o->shared->phase, CELL_LOAD);
	(void)wait_until(c, load_is_done, INT64_MAX);
	if (c->straight) /* both wait for their threads when told to stop now */
		straight_finish(c->straight, c->r);
	else
		client_finish(c->client, c->r);
	end_ns = mono_now_ns();
	c->r->load_end_ns = c->r->load_begin_ns + c->r->ledger.load_ns;

	SHARED_SET(c->o->shared->phase, CELL_SETTLE);
	if (c->lab.topology != TOPOLOGY_HOST)
		(void)wait_until(c, is_silent(c) ? only_silence : only_time_wait,
				 end_ns + c->spec->timeout_ns + SETTLE_SLACK_NS);
	c->r->ledger.settle_ns = since_start(c) - c->r->load_end_ns;
	return 0;
}

static void drain(struct cell *c)
{
	if (is_silent(c) || !c->spec->drain || !c->spec->sampler || stop_asked(c)) /* nobody would see it end */
		return;
	SHARED_SET(c->o->shared->phase, CELL_DRAIN);
	(void)wait_until(c, nothing_left, mono_now_ns() + c->spec->drain_max_ns);
}

/* --- taking down ----------------------------------------------------------------------------- */

static void stop_server(struct cell *c)
{
	server_stop(c->server, c->r);
	c->server = NULL;
}

static void stop_wire(struct cell *c)
{
	struct wire_report w;
	struct record_witness *out;

	if (!c->wire)
		return;
	wire_stop(c->wire, &w);
	c->wire = NULL;
	c->r->cost.wire_cpu_ns = w.cpu_ns;
	out = cell_witness_add(c->r, "wire");
	if (!out)
		return;
	out->seen = (int64_t)(w.frames[0] + w.frames[1]);
	out->lost = (int64_t)w.lost;
	out->cpu_ns = w.cpu_ns;
	(void)snprintf(out->note, sizeof(out->note),
		       "relay: %llu pairs of FINs crossed, %llu frames passed late, %llu FINs repeated, %llu not held",
		       (unsigned long long)w.released_pairs, (unsigned long long)w.released_late,
		       (unsigned long long)w.repeated, (unsigned long long)w.hold_overflow);
}

static void note_costs(struct cell *c)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_SELF, &ru); /* cannot fail: valid who, valid address */
	c->r->cost.worker_cpu_ns =
		((int64_t)ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * NS_PER_S +
		((int64_t)ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * NS_PER_US;
	c->r->cost.peak_rss_bytes = ru.ru_maxrss * 1024;
	c->r->cost.wall_ns = since_start(c);
}

static void note_status(struct cell *c)
{
	bool stopped = stop_asked(c);

	(void)snprintf(c->r->status, sizeof(c->r->status), "%s", stopped ? "interrupted" : "ok");
	if (stopped)
		c->r->reason = strdup("stopped by a signal");
}

int cell_run(const struct cell_options *o, struct record_repeat *ret, struct err *err)
{
	struct cell c = { .o = o, .spec = o->spec, .r = ret, .origin_ns = mono_now_ns() };
	int code;

	cell_witness_init(&c.witness);
	die_with_parent(o);
	code = set_up(&c, err);
	if (code == 0)
		code = run_load(&c, err);
	if (code == 0)
		code = cell_witness_after_load(&c.witness, err);
	if (c.server && !is_silent(&c))
		stop_server(&c);
	stop_wire(&c);
	if (code == 0)
		drain(&c);
	cell_witness_stop(&c.witness);
	if (c.server) /* whose FINs, late as they are, nobody shall see */
		stop_server(&c);
	note_costs(&c);
	note_status(&c);
	SHARED_SET(o->shared->phase, CELL_DONE);
	return code;
}
