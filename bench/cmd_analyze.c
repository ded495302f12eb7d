/*
 * cmd_analyze: how every connection of a capture ended.  Joins the reading (capture/) with the
 * judging and the writing (analysis/).
 */
#include "bench/cmd_analyze.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/classify.h"
#include "analysis/ladder.h"
#include "analysis/tally.h"
#include "base/commands.h"
#include "base/err.h"
#include "base/mono.h"

#define LIFETIME_DEFAULT_NS (60 * NS_PER_S)
#define TOP_DEFAULT         10
#define FLOWS_DEFAULT       (INT64_C(1) << 20)
#define FLOWS_MAX           (INT64_C(1) << 28)
#define OUT_BYTES           (256 * 1024)

/* --- options ---------------------------------------------------------------------------------- */

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

static int get_files(const struct args *args, struct err *err)
{
	int standard_input = 0;

	for (int i = 0; i < args->rest_count; i++)
		standard_input += strcmp(args->rest[i], "-") == 0;
	if (standard_input > 1)
		return err_set(err, -EINVAL, "'-' is given %d times, but can be read once", standard_input);
	if (args_has(args, "interface") && args->rest_count > 0)
		return err_set(err, -EINVAL, "give files or --interface, not both");
	if (!args_has(args, "interface") && args->rest_count == 0)
		return err_set(err, -EINVAL,
			       "give a capture file, '-' for standard input, or --interface");
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
		code = args_duration(args, "lifetime", NS_PER_MS, ANALYZE_TIME_MAX_NS, &a->lifetime_ns, err);
	if (code == 0)
		code = args_int(args, "top", 1, TALLY_TOP_MAX, &a->top, err);
	if (code == 0)
		code = args_int(args, "max-connections", 1, FLOWS_MAX, &a->max_flows, err);
	if (code == 0)
		code = args_int(args, "ladder", 1, INT64_MAX, &a->ladder_number, err);
	if (code == 0 && args_has(args, "each") && a->output == OUTPUT_LADDER)
		return err_set(err, -EINVAL, "--ladder and --each: give one file");
	if (code == 0)
		code = get_files(args, err);
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
	analyze_write_head(a);
	if (a->tally)
		tally_finish(a->tally, r->last_ns);
	if (a->output == OUTPUT_TABLE)
		tally_print(a->tally, &source, a->out);
	else if (a->output == OUTPUT_LADDER)
		code = write_ladder(a, r, err);
	if (code == 0 && a->plots)
		code = tally_plot(a->tally, &source, name, a->plots, err);
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

static int analyze(struct analysis *a, const struct args *args, struct err *err)
{
	struct sniffer_report r = { 0 };
	int code;

	if (a->output == OUTPUT_LADDER) {
		a->ladder = calloc(1, sizeof(*a->ladder));
		if (!a->ladder)
			return err_set(err, -ENOMEM, "no memory for the ladder");
	}
	if (a->output == OUTPUT_TABLE || a->plots) {
		a->tally = calloc(1, sizeof(*a->tally));
		if (!a->tally || tally_init(a->tally, a->lifetime_ns, (size_t)a->top) != 0)
			return err_set(err, -ENOMEM, "no memory for the sums");
	}
	code = analyze_read(a, args, &r, err);
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
	if (a.tally)
		tally_release(a.tally);
	free(a.tally);
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
