/*
 * cmd_analyze: how every connection of a capture ended.  Joins the reading (capture/) with the
 * judging and the writing (analysis/).
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/classify.h"
#include "analysis/conn_fields.h"
#include "analysis/ladder.h"
#include "analysis/tally.h"
#include "base/cmd.h"
#include "base/commands.h"
#include "base/err.h"
#include "base/mono.h"
#include "base/num.h"
#include "bench/parallel.h"
#include "capture/segment.h"
#include "capture/sniffer.h"

#define LIFETIME_DEFAULT_NS (60 * NS_PER_S)
#define LIFETIME_MAX_NS     (3600 * NS_PER_S)
#define TOP_DEFAULT         10
#define FLOWS_DEFAULT       (INT64_C(1) << 20)
#define FLOWS_MAX           (INT64_C(1) << 28)
#define JOBS_MAX            64
#define OUT_BYTES           (256 * 1024)

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_LADDER };

struct analysis {
	enum output output;
	int64_t lifetime_ns, top, max_flows, ladder_number;
	const char *svg, *plots, *filter;
	bool head;    /* of CSV, is written */
	bool tallies; /* somebody reads the sums */
	FILE *out;
	struct tally tally;
	struct ladder *ladder;
	struct flow ladder_flow;
	bool ladder_found;
	volatile sig_atomic_t stop; /* nobody reads the output any more */
	pthread_mutex_t lock;       /* of all that is written or summed up */
};

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

/* Not before the input has proved to be one. */
static void write_head(struct analysis *a)
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
	write_head(a);
	if (a->tallies)
		tally_add(&a->tally, &c);
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

/* --- options ---------------------------------------------------------------------------------- */

static int get_duration(const struct args *args, const char *name, int64_t *value, struct err *err)
{
	const char *text = args_get(args, name);
	int code = 0;

	if (text)
		code = num_parse_duration(text, NS_PER_MS, LIFETIME_MAX_NS, value, err);
	if (code != 0)
		err_wrap(err, "--%s", name);
	return code;
}

static int get_int(const struct args *args, const char *name, int64_t max, int64_t *value,
		   struct err *err)
{
	const char *text = args_get(args, name);
	int code = text ? num_parse_int(text, 1, max, value, err) : 0;

	if (code != 0)
		err_wrap(err, "--%s", name);
	return code;
}

/* An option that would do nothing is a mistake. */
static int get_partners(const struct args *args, struct err *err)
{
	static const char *const with[][2] = { { "svg", "ladder" },
					       { "duration", "interface" },
					       { "jobs", "each" } };

	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		if (args_has(args, with[i][0]) && !args_has(args, with[i][1]))
			return err_set(err, -EINVAL, "--%s goes with --%s", with[i][0], with[i][1]);
	return 0;
}

static int get_output(const struct args *args, struct analysis *a, struct err *err)
{
	static const struct {
		const char *option;
		enum output output;
	} outputs[] = { { "json", OUTPUT_JSON },
			{ "csv", OUTPUT_CSV },
			{ "ladder", OUTPUT_LADDER } };
	const char *chosen = NULL;

	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		if (!args_has(args, outputs[i].option))
			continue;
		if (chosen)
			return err_set(err, -EINVAL, "--%s and --%s: one at a time", chosen,
				       outputs[i].option);
		chosen = outputs[i].option;
		a->output = outputs[i].output;
	}
	return get_partners(args, err);
}

static int get_options(const struct args *args, struct analysis *a, struct err *err)
{
	int code;

	*a = (struct analysis){ .lifetime_ns = LIFETIME_DEFAULT_NS,
				.top = TOP_DEFAULT,
				.max_flows = FLOWS_DEFAULT,
				.svg = args_get(args, "svg"),
				.plots = args_get(args, "plots"),
				.filter = args_get(args, "filter"),
				.out = stdout };
	code = get_output(args, a, err);
	if (code == 0)
		code = get_duration(args, "lifetime", &a->lifetime_ns, err);
	if (code == 0)
		code = get_int(args, "top", TALLY_TOP_MAX, &a->top, err);
	if (code == 0)
		code = get_int(args, "max-connections", FLOWS_MAX, &a->max_flows, err);
	if (code == 0)
		code = get_int(args, "ladder", INT64_MAX, &a->ladder_number, err);
	a->tallies = a->output == OUTPUT_TABLE || a->plots;
	if (code == 0 && args_has(args, "each") && a->output == OUTPUT_LADDER)
		return err_set(err, -EINVAL, "--ladder and --each: give one file");
	if (code == 0 && args_has(args, "interface") && args->rest_count > 0)
		return err_set(err, -EINVAL, "give files or --interface, not both");
	if (code == 0 && !args_has(args, "interface") && args->rest_count == 0)
		return err_set(err, -EINVAL,
			       "give a capture file, '-' for standard input, or --interface");
	return code;
}

/* --- what comes out at the end ---------------------------------------------------------------- */

static struct tally_source source_of(const struct sniffer_report *r)
{
	return (struct tally_source){
		.packets = r->packets,
		.tcp_packets = r->tcp_packets,
		.udp_packets = r->udp_packets,
		.fragments = r->fragments,
		.cut = r->cut,
		.bad = r->bad,
		.filtered = r->filtered,
		.unknown_link = r->unknown_link,
		.duplicates = r->flow.duplicates,
		.evicted = r->flow.evicted,
		.evicted_open = r->flow.evicted_open,
		.evicted_half_open = r->flow.evicted_half_open,
		.first_ns = r->first_ns,
		.last_ns = r->last_ns,
		.broken = r->broken,
		.broken_files = r->broken_files,
	};
}

static int write_ladder(const struct analysis *a, const struct sniffer_report *r, struct err *err)
{
	struct conn c = { .flow = &a->ladder_flow, .lifetime_ns = a->lifetime_ns };
	FILE *svg;
	bool bad;

	if (!a->ladder_found)
		return err_set(err, -EINVAL,
			       "--ladder: there is no connection %lld, the last is %llu",
			       (long long)a->ladder_number, (unsigned long long)r->flow.flows);
	c.teardown = classify(&a->ladder_flow);
	if (!a->svg) {
		ladder_print(a->ladder, &c, a->out);
		return 0;
	}
	svg = strcmp(a->svg, "-") == 0 ? a->out : fopen(a->svg, "we");
	if (!svg)
		return err_errno(err, "create '%s'", a->svg);
	ladder_svg(a->ladder, &c, svg);
	if (svg == a->out)
		return 0;
	bad = ferror(svg);
	if (fclose(svg) != 0 || bad)
		return err_errno(err, "write '%s'", a->svg);
	return 0;
}

/* What graphs name as their source. */
static void name_source(const struct args *args, char *buf, size_t size)
{
	const char *interface = args_get(args, "interface");

	if (interface)
		(void)snprintf(buf, size, "interface %s", interface);
	else if (args->rest_count == 1)
		(void)snprintf(buf, size, "%s", args->rest[0]);
	else
		(void)snprintf(buf, size, "%s and %d more", args->rest[0], args->rest_count - 1);
}

/* Exit status, or negative errno with *err. */
static int finish(struct analysis *a, const struct sniffer_report *r, const struct args *args,
		  struct err *err)
{
	struct tally_source source = source_of(r);
	char name[256];
	int code = 0;

	name_source(args, name, sizeof(name));
	write_head(a);
	if (a->tallies)
		tally_finish(&a->tally, r->last_ns);
	if (a->output == OUTPUT_TABLE)
		tally_print(&a->tally, &source, a->out);
	else if (a->output == OUTPUT_LADDER)
		code = write_ladder(a, r, err);
	if (code == 0 && a->plots)
		code = tally_plot(&a->tally, &source, name, a->plots, err);
	if (code != 0)
		return code;
	if (r->broken[0])
		fprintf(stderr, "twbench analyze: read up to the cut: %s\n", r->broken);
	if (r->flow.evicted_open > 0)
		fprintf(stderr,
			"twbench analyze: put out for want of room (--max-connections) and not over: %llu\n",
			(unsigned long long)r->flow.evicted_open);
	return r->broken[0] || r->flow.evicted_open > 0 ? EXIT_UNTRUSTWORTHY : EXIT_PASS;
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
	int code = get_int(args, "jobs", JOBS_MAX, &jobs, err);

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
	int code = get_duration(args, "duration", &duration_ns, err);

	if (code != 0)
		return code;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return err_errno(err, "block signals");
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

static int analyze(struct analysis *a, const struct args *args, struct err *err)
{
	struct sniffer_report r = { 0 };
	int code;

	if (a->output == OUTPUT_LADDER) {
		a->ladder = calloc(1, sizeof(*a->ladder));
		if (!a->ladder)
			return err_set(err, -ENOMEM, "no memory for the ladder");
	}
	if (a->tallies && tally_init(&a->tally, a->lifetime_ns, (size_t)a->top) != 0)
		return err_set(err, -ENOMEM, "no memory for the sums");
	if (args_has(args, "interface"))
		code = watch(a, args, &r, err);
	else if (args_has(args, "each"))
		code = read_each(a, args, &r, err);
	else
		code = read_files(a, args, &r, err);
	return code == 0 ? finish(a, &r, args, err) : code;
}

static int analyze_main(const struct args *args, struct err *err)
{
	struct analysis a;
	int code = get_options(args, &a, err);

	if (code != 0)
		return code;
	(void)pthread_mutex_init(&a.lock, NULL); /* cannot fail in glibc */
	/* Larger than stdio's own: a line per connection adds up. */
	(void)setvbuf(stdout, NULL, _IOFBF, OUT_BYTES);
	code = analyze(&a, args, err);
	(void)pthread_mutex_destroy(&a.lock); /* nobody holds it */
	free(a.ladder);
	if (a.tallies)
		tally_release(&a.tally);
	return code;
}

static const struct opt options[] = {
	{ "interface", 'i', "IFACE", NULL, "capture there instead, until SIGINT" },
	{ "duration", 'd', "TIME", NULL, "... or for so long" },
	{ "filter", 'f', "EXPR", NULL, "only packets that match, in libpcap's language" },
	{ "each", 0, NULL, NULL, "files are unrelated: read each by itself, several at a time" },
	{ "jobs", 'j', "N", NULL, "... so many at a time (default: one per CPU)" },
	{ "json", 0, NULL, NULL, "a line of JSON per connection (twbench list connection-schema)" },
	{ "csv", 0, NULL, NULL, "the same, comma-separated" },
	{ "ladder", 0, "N", NULL, "draw connection N as RFC 9293 does" },
	{ "svg", 0, "FILE", NULL, "... into an SVG file ('-': standard output)" },
	{ "plots", 0, "DIR", NULL, "graphs: TIME_WAIT per host over time, classes, close delay" },
	{ "lifetime", 0, "TIME", NULL, "how long TIME_WAIT lasts (default: 60s)" },
	{ "top", 'n', "N", NULL, "how many hosts and closes are listed (default: 10)" },
	{ "max-connections", 0, "N", NULL, "live ones remembered at most (default: 1048576)" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_analyze = {
	.name = "analyze",
	.args = "FILE... | -i IFACE",
	.summary = "how every connection in a capture ended, and who was left in TIME_WAIT",
	.run = analyze_main,
	.opts = options,
	.more = "Files are read as one stream, merged by time; '-' is standard input.  A file that\n"
		"breaks off is read up to there, and the exit status is 3.\n",
};
