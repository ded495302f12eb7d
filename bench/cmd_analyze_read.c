/* Reading for `analyze`: each connection is judged and written as soon as it is over. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/classify.h"
#include "analysis/conn_fields.h"
#include "analysis/ladder.h"
#include "analysis/tally.h"
#include "base/err.h"
#include "base/mono.h"
#include "base/signals.h"
#include "bench/cmd_analyze.h"
#include "bench/parallel.h"
#include "capture/segment.h"

#define JOBS_MAX 64

/* One stream of packets: all files, or with --each one of them. */
struct reading {
	struct analysis *a;
	const char *file; /* NULL: all */
};

/* --- one connection --------------------------------------------------------------------------- */

static void write_line(struct analysis *a, const char *line, size_t n)
{
	if (fwrite(line, 1, n, a->out) != n)
		a->stop = 1;
}

void analyze_write_head(struct analysis *a)
{
	char line[CONN_LINE_MAX];

	if (a->output == OUTPUT_CSV && !a->head)
		write_line(a, line, conn_csv_head(line));
	a->head = true;
}

static void on_flow(void *arg, const struct flow *f)
{
	const struct reading *r = arg;
	struct analysis *a = r->a;
	struct conn c = {
		.flow = f, .teardown = classify(f), .lifetime_ns = a->lifetime_ns, .file = r->file
	};
	char line[CONN_LINE_MAX];
	size_t n = a->output == OUTPUT_JSON  ? conn_json(&c, line)
		   : a->output == OUTPUT_CSV ? conn_csv(&c, line)
					     : 0;

	(void)pthread_mutex_lock(&a->lock); /* a plain one: cannot fail */
	analyze_write_head(a);
	if (a->tally)
		tally_add(a->tally, &c);
	if (n > 0)
		write_line(a, line, n);
	if (a->output == OUTPUT_LADDER && (int64_t)f->number == a->ladder_number) {
		a->ladder_flow = *f;
		a->ladder_found = true;
	}
	(void)pthread_mutex_unlock(&a->lock);
}

static void on_segment(void *arg, const struct segment *s, uint64_t number, int dir)
{
	const struct reading *r = arg;

	if ((int64_t)number == r->a->ladder_number)
		ladder_add(r->a->ladder, &(struct ladder_step){ .t_ns = s->t_ns,
								.dir = dir,
								.seq = s->seq,
								.ack = s->ack,
								.payload_bytes = s->payload_bytes,
								.flags = s->flags });
}

static struct flow_options flow_options(struct reading *r)
{
	const struct analysis *a = r->a;

	return (struct flow_options){
		.max_flows = (size_t)a->max_flows,
		.linger_ns = a->lifetime_ns,
		.done = on_flow,
		.seen = a->output == OUTPUT_LADDER ? on_segment : NULL,
		.arg = r,
	};
}

/* --- reading ---------------------------------------------------------------------------------- */

/* What cannot be opened is the user's to mend. */
static int user_code(int code)
{
	return code == -ENOENT || code == -EACCES || code == -EISDIR || code == -ENOTDIR ? -EINVAL
											 : code;
}

static int read_files(struct analysis *a, const struct args *args, struct sniffer_report *r,
		      struct err *err)
{
	struct reading reading = { .a = a };
	struct sniffer_files in = { .path = (const char *const *)args->rest,
				    .count = (size_t)args->rest_count,
				    .filter = a->filter,
				    .flow = flow_options(&reading),
				    .stop = &a->stop };

	return user_code(sniffer_read_files(&in, r, err));
}

/* --each: the files have nothing to do with each other. */
struct each {
	struct analysis *a;
	const char *const *path;
	struct sniffer_report *sum;
	struct err *err; /* of the first that failed */
	int code;
};

static void add_report(struct sniffer_report *sum, const struct sniffer_report *r)
{
	if (r->packets > 0) {
		sum->first_ns = sum->packets == 0 || r->first_ns < sum->first_ns ? r->first_ns
										 : sum->first_ns;
		sum->last_ns = r->last_ns > sum->last_ns ? r->last_ns : sum->last_ns;
	}
	sum->packets += r->packets;
	sum->tcp_packets += r->tcp_packets;
	sum->udp_packets += r->udp_packets;
	sum->cut += r->cut;
	sum->bad += r->bad;
	sum->fragments += r->fragments;
	sum->filtered += r->filtered;
	sum->unknown_link += r->unknown_link;
	sum->flow.duplicates += r->flow.duplicates;
	sum->flow.evicted += r->flow.evicted;
	sum->flow.evicted_open += r->flow.evicted_open;
	sum->flow.evicted_half_open += r->flow.evicted_half_open;
	sum->broken_files += r->broken_files;
	if (!sum->broken[0])
		memcpy(sum->broken, r->broken, sizeof(sum->broken));
}

static void read_one(void *arg, size_t i)
{
	struct each *e = arg;
	struct reading reading = { .a = e->a, .file = e->path[i] };
	struct sniffer_files in = { .path = &e->path[i],
				    .count = 1,
				    .filter = e->a->filter,
				    .flow = flow_options(&reading),
				    .stop = &e->a->stop };
	struct sniffer_report r;
	struct err err;
	int code = user_code(sniffer_read_files(&in, &r, &err));

	(void)pthread_mutex_lock(&e->a->lock); /* as above */
	if (code == 0)
		add_report(e->sum, &r);
	if (code != 0 && e->code == 0) {
		e->code = code;
		*e->err = err;
	}
	(void)pthread_mutex_unlock(&e->a->lock);
}

static int read_each(struct analysis *a, const struct args *args, struct sniffer_report *r,
		     struct err *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t jobs = cpus > 0 ? cpus : 1;
	struct each e = { .a = a, .path = (const char *const *)args->rest, .sum = r, .err = err };
	int code = args_int(args, "jobs", 1, JOBS_MAX, &jobs, err);

	if (code == 0)
		code = parallel_each((size_t)args->rest_count, (unsigned)jobs, read_one, &e, err);
	return code ? code : e.code;
}

static int watch(struct analysis *a, const struct args *args, struct sniffer_report *r,
		 struct err *err)
{
	struct reading reading = { .a = a };
	struct sniffer_options o = { .interface = args_get(args, "interface"),
				     .capture_fd = -1,
				     .cpu = -1,
				     .wall_clock = true,
				     .filter = a->filter,
				     .flow = flow_options(&reading) };
	int64_t duration_ns = 0;
	struct sniffer *s;
	struct timespec limit;
	sigset_t set;
	int code = args_duration(args, "duration", NS_PER_MS, ANALYZE_TIME_MAX_NS, &duration_ns, err);

	if (code != 0)
		return code;
	code = signals_hold(&set, NULL, err);
	if (code == 0)
		code = sniffer_start(&o, &s, err);
	if (code != 0)
		return code;
	limit = (struct timespec){ .tv_sec = duration_ns / NS_PER_S,
				   .tv_nsec = duration_ns % NS_PER_S };
	while (sigtimedwait(&set, NULL, duration_ns > 0 ? &limit : NULL) < 0 && errno == EINTR)
		;
	sniffer_stop(s, r);
	return 0;
}

int analyze_read(struct analysis *a, const struct args *args, struct sniffer_report *r,
		 struct err *err)
{
	if (args_has(args, "interface"))
		return watch(a, args, r, err);
	return args_has(args, "each") ? read_each(a, args, r, err) : read_files(a, args, r, err);
}
