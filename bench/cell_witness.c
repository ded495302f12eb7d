#include "bench/cell_witness.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/affinity.h"
#include "bench/arrival.h"
#include "bench/cell_counters.h"
#include "bench/conn.h"
#include "bench/null_witness.h"
#include "capture/diag.h"

#define FLOWS_PER_S_MAX 50000.0 /* of a saturated load */
#define FLOWS_READY_MAX 400000.0 /* 200 MB */
#define CANARY_PATIENCE_NS (5 * NS_PER_S)
#define CANARY_AGAIN_NS (20 * NS_PER_MS)
#define LOOK_PAUSE_NS (20 * NS_PER_MS)
#define SERIES_SLACK_NS (60 * NS_PER_S)
#define SERIES_ROWS_MAX 4000000

struct record_witness *cell_witness_add(struct record_repeat *r, const char *name)
{
	struct record_witness *w;

	if (r->witness_count == (int64_t)(sizeof(r->witness) / sizeof(r->witness[0])))
		return NULL;
	w = &r->witness[r->witness_count++];
	*w = (struct record_witness){ .present = true, .seen = RECORD_NONE, .lost = RECORD_NONE,
				      .period_ns = RECORD_NONE, .max_lag_ns = RECORD_NONE,
				      .max_gap_ns = RECORD_NONE,
				      .cpu_ns = RECORD_NONE };
	(void)snprintf(w->name, sizeof(w->name), "%s", name);
	return w;
}

void cell_witness_init(struct cell_witness *w)
{
	*w = (struct cell_witness){ 0 };
	for (int i = 0; i < SIDE_COUNT; i++) {
		w->diag_fd[i] = -1;
		w->files[i] = (struct counter_files){ -1, -1, -1 };
	}
}

/* --- opening --------------------------------------------------------------------------------- */

static int open_in(struct cell_witness *w, int i, enum lab_ns ns, struct err *err)
{
	int code = lab_join(w->lab, ns, err);

	if (code != 0)
		return code;
	w->diag_fd[i] = diag_open(err);
	if (w->diag_fd[i] < 0)
		return w->diag_fd[i];
	return counter_files_open(&w->files[i], err);
}

static size_t series_rows(const struct case_spec *s)
{
	int64_t steps_ns = 0, span_ns, rows;

	for (int64_t i = 0; i < s->step_count; i++)
		steps_ns += s->step[i].duration_ns;
	span_ns = s->duration_ns + steps_ns + 3 * s->timeout_ns + (s->drain ? s->drain_max_ns : 0) +
		  SERIES_SLACK_NS;
	rows = span_ns / s->sample_period_ns + 16;
	return (size_t)(rows < SERIES_ROWS_MAX ? rows : SERIES_ROWS_MAX);
}

/* Off the CPUs of clients that must be on time; else wherever there is room. */
static int witness_cpu(const struct cell_witness *w)
{
	return w->o->pinned && w->o->aside ? affinity_cpu(w->o->client_threads) : -1;
}

static int start_sampler(struct cell_witness *w, uint16_t port, int64_t origin_ns, struct err *err)
{
	const struct case_spec *s = w->o->spec;

	w->sampling = (struct sampler_options){
		.period_ns = s->sample_period_ns,
		.origin_ns = origin_ns,
		.capacity = series_rows(s),
		.diag_fd = { w->diag_fd[0], w->diag_fd[1] },
		.files = { w->files[0], w->files[1] },
		.only_since_ns = w->lab->topology == TOPOLOGY_HOST ? origin_ns : 0,
		.shared = w->lab->shared || w->namespaces == 1,
		.orphans = declared_unanswered(&s->strategy->declared),
		.server_port_low = port,
		.server_port_high = (uint16_t)(port + s->destinations - 1),
		.cpu = witness_cpu(w),
	};

	census_init(&w->census, &w->sampling);
	return s->sampler ? sampler_start(&w->sampling, &w->sampler, err) : 0;
}

/* How many connections the load will make; NAN when it makes as many as it can. */
static double flows_expected(const struct case_spec *s)
{
	double n = arrival_expected(s);

	return isnan(n) && s->connections > 0 ? (double)s->connections : n;
}

/* Those that may be in the flow table at once, to have their memory ready. */
static size_t flows_ready(const struct case_spec *s)
{
	double most = fmin((double)s->duration_ns / 1e9 * FLOWS_PER_S_MAX, FLOWS_READY_MAX);

	return (size_t)fmin(flows_expected(s), most); /* the other one if one is NAN */
}

/* Room that is never too small: chance may double a load, and a wire plays again what was over. */
static size_t flows_max(const struct case_spec *s)
{
	double n = flows_expected(s);

	return n < FLOWS_READY_MAX ? (size_t)(2 * n) + 1000 : 0; /* 0: as many as a table has by default */
}

static bool is_captured(const struct cell_witness *w)
{
	return w->o->spec->capture != CAPTURE_OFF && w->lab->topology != TOPOLOGY_HOST;
}

static int start_sniffer(struct cell_witness *w, struct err *err)
{
	const struct case_spec *s = w->o->spec;
	struct sniffer_options o = {
		.interface = w->lab->interface[SIDE_CLIENT],
		.filter = SNIFFER_NO_FILTER,
		.small = conn_fits_segment(&s->request_bytes) && conn_fits_segment(&s->reply_bytes),
		.buffer_bytes = (int)s->capture_buffer_bytes,
		.capture_fd = s->capture == CAPTURE_KEEP ? w->o->capture_fd : -1,
		.cpu = witness_cpu(w),
		.flow = { .server_port = s->destinations == 1 ? (uint16_t)s->server_port : 0,
			  .done = cell_flows_add,
			  .arg = &w->flows },
	};

	o.flow.ready_flows = flows_ready(s);
	o.flow.max_flows = flows_max(s);
	if (!is_captured(w)) {
		(void)snprintf(w->sniffer_absent, sizeof(w->sniffer_absent), "%s",
			       s->capture == CAPTURE_OFF ? "witnesses.capture is off"
							 : "topology host: its links are not ours");
		return 0;
	}
	cell_capture_zero(&w->r->capture); /* from here on its thread counts there */
	return sniffer_start(&o, &w->sniffer, err);
}

/* --- canaries -------------------------------------------------------------------------------- */

static int send_canary(const struct cell_witness *w)
{
	struct endpoint to = w->lab->server;
	struct sockaddr_storage sa;
	socklen_t size;
	int fd, code = 0;

	to.port = SNIFFER_CANARY_PORT;
	size = endpoint_to_sockaddr(&to, &sa);
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, "canary", 6, MSG_NOSIGNAL, (struct sockaddr *)&sa, size) < 0)
		code = -errno;
	(void)close(fd); /* a datagram socket: nothing pends */
	return code;
}

/* Send canaries until the sniffer has read one more than before. */
static bool prove(const struct cell_witness *w)
{
	unsigned had = sniffer_canaries(w->sniffer);
	int64_t give_up_ns = mono_now_ns() + CANARY_PATIENCE_NS;

	while (mono_now_ns() < give_up_ns) {
		int64_t again_ns = mono_now_ns() + CANARY_AGAIN_NS;

		if (send_canary(w) != 0)
			return false;
		while (sniffer_canaries(w->sniffer) == had && mono_now_ns() < again_ns)
			mono_sleep_until(mono_now_ns() + NS_PER_MS);
		if (sniffer_canaries(w->sniffer) != had)
			return true;
	}
	return false;
}

int cell_witness_open(struct cell_witness *w, const struct cell_options *o, const struct lab *lab,
		      struct record_repeat *r, struct err *err)
{
	int code;

	w->o = o;
	w->lab = lab;
	w->r = r;
	w->namespaces = lab->shared || lab->topology == TOPOLOGY_HOST ? 1 : 2;
	w->flows = (struct cell_flows){ .r = r, .classify = o->classify,
					.timer_step_ns = o->timer_step_ns };
	code = w->namespaces == 2 ? open_in(w, SIDE_SERVER, LAB_NS_SERVER, err) : 0;
	if (code == 0)
		code = open_in(w, SIDE_CLIENT, LAB_NS_CLIENT, err);
	if (code == 0 && is_captured(w))
		code = null_witness_measure(lab, &r->cost.packet_unwatched_ns,
					    &r->cost.packet_watched_ns, err);
	if (code != 0)
		return code;
	cell_sysctls_read(lab, o->spec, r);
	w->flows.rfc1337 = cell_sysctl_is_set(r, "net.ipv4.tcp_rfc1337"); /* its thread reads it */
	code = start_sniffer(w, err);
	if (code != 0)
		return code;
	cell_ports_read(o->spec, r, o->shared);
	if (w->sniffer && !prove(w))
		return err_set(err, -EIO, "the sniffer on '%s' did not see its canary",
			       lab->interface[SIDE_CLIENT]);
	r->capture.proven_start = w->sniffer != NULL;
	return 0;
}

int cell_witness_start(struct cell_witness *w, uint16_t port, int64_t origin_ns, struct err *err)
{
	int code = start_sampler(w, port, origin_ns, err);

	w->origin_ns = origin_ns;
	if (code != 0)
		return code;
	for (int i = 0; i < w->namespaces; i++) {
		code = counter_set_read(&w->files[i], &w->before[i], err);
		if (code != 0)
			return code;
	}
	w->counted = true;
	return 0;
}

/* Looking again and again would be a sampler: once per pause, and only when asked to. */
static int look(struct cell_witness *w, bool dump, struct sampler_now *ret)
{
	const struct series_row *row = &w->census.row;
	int64_t now_ns = mono_now_ns();
	struct err err;

	*ret = (struct sampler_now){ 0 };
	mono_sleep_until(now_ns + LOOK_PAUSE_NS);
	if (!dump)
		return 0;
	if (census_take(&w->census, mono_now_ns(), true, &err) != 0)
		return -ETIMEDOUT;
	for (int side = 0; side < SIDE_COUNT; side++) {
		ret->fin_wait1[side] = row->count[side][COL_FIN_WAIT1];
		for (int c = 0; c < COL_COUNT; c++)
			*(c == COL_TIME_WAIT ? &ret->time_wait[side] : &ret->open[side]) +=
				row->count[side][c];
	}
	return 0;
}

int cell_witness_fresh(struct cell_witness *w, bool dump, int64_t deadline_ns,
		       struct sampler_now *ret)
{
	int code;

	if (!w->sampler)
		return look(w, dump, ret);
	code = dump ? sampler_wait_fresh(w->sampler, deadline_ns, ret)
		    : sampler_wait_next(w->sampler, deadline_ns, ret);
	if (code != 0)
		sampler_now(w->sampler, ret);
	return code;
}

/* --- closing --------------------------------------------------------------------------------- */

static void stop_sniffer(struct cell_witness *w)
{
	struct record_capture *c = &w->r->capture;
	struct record_witness *out = cell_witness_add(w->r, "sniffer");
	struct sniffer_report s;

	if (!w->sniffer) {
		if (out) {
			out->present = false;
			(void)snprintf(out->note, sizeof(out->note), "%s", w->sniffer_absent);
		}
		return;
	}
	c->proven_end = prove(w);
	sniffer_stop(w->sniffer, &s);
	w->sniffer = NULL;
	c->packets = (int64_t)s.packets;
	c->tcp_packets = (int64_t)s.tcp_packets;
	c->received = (int64_t)s.received;
	c->dropped = (int64_t)s.dropped;
	c->if_dropped = (int64_t)s.if_dropped;
	c->undecodable = (int64_t)s.undecodable;
	c->syn = (int64_t)s.syn;
	c->syn_retrans = (int64_t)s.syn_retrans;
	c->syn_ack = (int64_t)s.syn_ack;
	c->syn_ack_retrans = (int64_t)s.syn_ack_retrans;
	c->file_bytes = (int64_t)s.file_bytes;
	w->r->cost.sniffer_cpu_ns = s.cpu_ns;
	cell_flows_finish(&w->flows);
	if (!out)
		return;
	out->seen = (int64_t)s.packets;
	out->lost = (int64_t)(s.dropped + s.if_dropped);
	out->cpu_ns = s.cpu_ns;
	if (s.file_error)
		(void)snprintf(out->note, sizeof(out->note), "capture file incomplete: %s",
			       strerror(s.file_error));
	else if (s.flow.evicted_open > 0)
		(void)snprintf(out->note, sizeof(out->note),
			       "%llu open connections evicted from the flow table",
			       (unsigned long long)s.flow.evicted_open);
}

int cell_witness_after_load(struct cell_witness *w, struct err *err)
{
	for (int i = 0; i < w->namespaces; i++) {
		int code = counter_set_read(&w->files[i], &w->after[i], err);

		if (code != 0)
			return code;
		code = cell_counters_fill(&w->before[i], &w->after[i], &w->r->counters[i]);
		if (code != 0)
			return err_set(err, code, "no memory for counters");
	}
	stop_sniffer(w);
	return 0;
}

static void stop_sampler(struct cell_witness *w)
{
	struct record_witness *out = cell_witness_add(w->r, "sampler");
	struct sampler_report s;

	if (!w->sampler) {
		if (out) {
			out->present = false;
			(void)snprintf(out->note, sizeof(out->note), "witnesses.sampler is off");
		}
		return;
	}
	series_release(&w->r->series);
	sampler_stop(w->sampler, &w->r->series, &s);
	w->sampler = NULL;
	w->r->cost.sampler_cpu_ns = s.cpu_ns;
	w->r->cost.sampler_dumps_cpu_ns = s.dump_cpu_ns;
	if (!out)
		return;
	out->seen = s.taken;
	out->lost = s.missed + s.rows_lost;
	out->period_ns = w->o->spec->sample_period_ns;
	out->max_lag_ns = s.max_lag_ns;
	out->max_gap_ns = s.max_gap_ns;
	w->longest_gap_ns = s.max_gap_ns > out->period_ns ? s.max_gap_ns : out->period_ns;
	out->cpu_ns = s.cpu_ns;
	if (s.error)
		(void)snprintf(out->note, sizeof(out->note), "a read failed: %s", strerror(s.error));
	else
		(void)snprintf(out->note, sizeof(out->note),
			       "full dump every %lld samples, mean %lld us; %lld interrupted, %lld disagree",
			       (long long)s.dump_every, (long long)(s.dump_mean_ns / NS_PER_US),
			       (long long)s.interrupted, (long long)s.disagreements);
}

static void note_ledger_and_counters(struct cell_witness *w)
{
	struct record_witness *out = cell_witness_add(w->r, "ledger");

	if (out) {
		out->seen = w->r->ledger.attempted;
		out->lost = 0;
	}
	out = cell_witness_add(w->r, "counters");
	if (!out)
		return;
	out->present = w->counted;
	out->seen = 0;
	for (int i = 0; i < w->namespaces; i++)
		out->seen += (int64_t)w->after[i].count;
	out->lost = 0;
}

void cell_witness_stop(struct cell_witness *w)
{
	struct sniffer_report ignored;

	if (w->r && w->counted) {
		note_ledger_and_counters(w);
		stop_sampler(w);
	}
	if (w->r && w->r->series.count > 0) {
		cell_ports_peak(w->r);
		cell_flows_lifetimes(&w->flows, w->origin_ns, w->longest_gap_ns);
	}
	if (w->sniffer)
		sniffer_stop(w->sniffer, &ignored); /* the load never began */
	w->sniffer = NULL;
	for (int i = 0; i < SIDE_COUNT; i++) {
		counter_set_release(&w->before[i]);
		counter_set_release(&w->after[i]);
		counter_files_close(&w->files[i]);
		if (w->diag_fd[i] >= 0)
			(void)close(w->diag_fd[i]); /* netlink: nothing pends */
	}
	cell_flows_release(&w->flows);
}
