#include "analysis/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/compare.h"
#include "analysis/gnuplot.h"
#include "analysis/plot_files.h"
#include "analysis/plot_sheet.h"
#include "analysis/theme.h"
#include "base/err.h"

static const struct graph {
	const char *name, *title, *help;
	const char *frame; /* the script part that lays the page out */
	const char *body;  /* one that several graphs share, after their own; NULL: none */
	plot_fill *fill;
} graphs[] = {
	{ "tw-by-strategy", "TIME_WAIT sockets over time, by strategy (lower is better)",
	  "TIME_WAIT over time, one panel per case, against rate x time", "panels", NULL,
	  plot_fill_tw_by_strategy },
	{ "tw-by-side", "TIME_WAIT at each end over time (lower is better)",
	  "TIME_WAIT at the client and at the server, with the drain", "panels", NULL,
	  plot_fill_tw_by_side },
	{ "states", "Open and closing sockets by TCP state", "TCP states per side during the load",
	  "panels", NULL, plot_fill_states },
	{ "latency", "Latency by percentile (lower is better)",
	  "response and service time from the median to the rarest", "panels", NULL,
	  plot_fill_latency },
	{ "teardowns", "What the close looked like on the wire",
	  "share of teardown classes, as captured", "bars", "stacked", plot_fill_teardowns },
	{ "ports", "Local ports in use, against those there are (lower is better)",
	  "ports held by the client, and when they ran out", "panels", NULL, plot_fill_ports },
	{ "outcomes", "How connections ended for the client (as declared is better)",
	  "outcomes by case, when any connection failed", "bars", "stacked", plot_fill_outcomes },
	{ "cost", "CPU time per request, by part (lower is better)",
	  "CPU of client, server and witnesses per request", "bars", "stacked", plot_fill_cost },
	{ "exhaustion-map", "Seconds until the local ports ran out (more is better)",
	  "time to exhaustion over rate and port range, of a sweep over both", "heat", NULL,
	  plot_fill_exhaustion_map },
	{ "connect-by-ports", "What connect() costs as the ports fill up (lower is better)",
	  "median of connect() over the ports in use, a curve per port range", "family", NULL,
	  plot_fill_connect_by_ports },
};

static const struct graph compare_graph = {
	"compare", "What changed from A to B", "relative change of every metric, with its interval",
	"rows",    NULL,                       plot_fill_compare
};
#define GRAPHS (sizeof(graphs) / sizeof(graphs[0]))
_Static_assert(GRAPHS <= PLOT_MAX, "more graphs than results");

/* --- script --------------------------------------------------------------------------------------- */

/* Two lines for the foot of the page: where it was measured, and in which run. */
static void write_provenance(const struct record *r, FILE *out)
{
	char hz[32] = "", topology[64], reuse[64], text[512];
	size_t repeats = digest_repeats(r);

	if (r->host.config_hz != RECORD_NONE)
		(void)snprintf(hz, sizeof(hz), " \u00b7 HZ=%lld", (long long)r->host.config_hz);
	digest_topology(r, topology, sizeof(topology));
	digest_sysctl(r, "net.ipv4.tcp_tw_reuse", reuse, sizeof(reuse));
	(void)snprintf(
		text, sizeof(text), "Linux %s %s%s \u00b7 %s%s%s \u00b7 %zu repeat%s",
		r->host.kernel_release ? r->host.kernel_release : "?",
		r->host.arch ? r->host.arch : "", hz, topology[0] ? topology : "topology unknown",
		reuse[0] ? " \u00b7 tcp_tw_reuse=" : "", reuse, repeats, repeats == 1 ? "" : "s");
	(void)fputs("about_host = ", out);
	plot_quote(text, out);
	(void)snprintf(text, sizeof(text), "run %s \u00b7 twbench %s", r->run_id ? r->run_id : "?",
		       r->tool_version ? r->tool_version : "?");
	(void)fputs("\nabout_run = ", out);
	plot_quote(text, out);
	(void)fputc('\n', out);
}

static int write_script(const struct plot_set *set, const struct graph *g, const char *vars,
			FILE *out)
{
	const char *part[] = { "style", g->frame, "page", g->name, g->body, "close" };
	int status = 0;

	(void)fprintf(out,
		      "# %s: %s\n"
		      "# Draw it again:  gnuplot %s.gp    or    gnuplot -e \"format='png'\" %s.gp\n"
		      "\n# ---- the record's part, made by twbench\n",
		      g->name, g->help, g->name, g->name);
	theme_write_gnuplot(set->theme, out);
	(void)fprintf(out, "graph = '%s'\ntitle = '%s'\n", g->name, g->title);
	write_provenance(set->record, out);
	(void)fputs(vars, out);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]) && status == 0; i++)
		if (part[i])
			status = plot_write_part(part[i], out);
	return status;
}

/* --- one graph ------------------------------------------------------------------------------------ */

/* Data and script.  0, 1 when there is nothing to draw, or negative errno with *err. */
static int write_sources(const struct plot_set *set, const struct graph *g, int dirfd,
			 struct plot_result *ret, struct err *err)
{
	char data_name[64], script_name[64], *vars = NULL;
	struct plot_sheet sheet = { .why_not = ret->why_not, .why_size = sizeof(ret->why_not) };
	size_t vars_size;
	FILE *script = NULL;
	int status = -ENOMEM;

	(void)snprintf(data_name, sizeof(data_name), "%s.dat", g->name);
	(void)snprintf(script_name, sizeof(script_name), "%s.gp", g->name);
	sheet.data = plot_create(dirfd, data_name, err);
	if (!sheet.data)
		return -EIO;
	sheet.vars = open_memstream(&vars, &vars_size);
	if (sheet.vars)
		status = g->fill(set, &sheet);
	if (status == 0 && sheet.no_memory)
		status = -ENOMEM;
	if (sheet.vars && fclose(sheet.vars) != 0)
		status = -ENOMEM;
	if (status < 0)
		(void)err_set(err, status, "graph '%s': %s", g->name, strerror(-status));
	if (plot_finish(sheet.data, data_name, err) < 0)
		status = -EIO;
	if (status != 0) {
		(void)unlinkat(dirfd, data_name, 0);   /* nothing worth keeping in it */
		(void)unlinkat(dirfd, script_name, 0); /* one of an earlier run would mislead */
		goto out;
	}
	script = plot_create(dirfd, script_name, err);
	status = script ? write_script(set, g, vars, script) : -EIO;
	if (status == -ENOENT)
		(void)err_set(err, status, "graph '%s': its script is not in this program",
			      g->name);
	if (script && plot_finish(script, script_name, err) < 0)
		status = -EIO;
out:
	free(vars);
	return status;
}

struct drawing {
	const char *graph, *format;
	int dirfd, status;
	struct err err;
};

static void *draw(void *arg)
{
	struct drawing *d = arg;

	d->status = plot_draw(d->graph, d->format, d->dirfd, &d->err);
	return NULL;
}

/* Both pictures at once: gnuplot takes longer than all that is done before it. */
static int draw_both(const struct graph *g, int dirfd, struct err *err)
{
	struct drawing svg = { .graph = g->name, .format = "svg", .dirfd = dirfd };
	struct drawing png = { .graph = g->name, .format = "png", .dirfd = dirfd };
	pthread_t thread;
	bool beside = pthread_create(&thread, NULL, draw, &png) == 0;

	(void)draw(&svg);
	if (beside)
		(void)pthread_join(thread, NULL); /* it is ours and was not joined */
	else
		(void)draw(&png);
	if (svg.status == 0 && png.status == 0)
		return 0;
	*err = svg.status < 0 ? svg.err : png.err;
	return svg.status < 0 ? svg.status : png.status;
}

static void plot_graph(const struct plot_set *set, const struct graph *g, int dirfd,
		       struct plot_result *ret)
{
	struct err err = { .text = "" };
	int status;

	*ret = (struct plot_result){ .name = g->name, .title = g->title };
	status = write_sources(set, g, dirfd, ret, &err);
	if (status == 0)
		status = draw_both(g, dirfd, &err);
	if (status == 0)
		(void)snprintf(ret->file, sizeof(ret->file), "%s.svg", g->name);
	if (status < 0)
		(void)snprintf(ret->why_not, sizeof(ret->why_not), "%.159s", err.text);
}

/* --- interface ------------------------------------------------------------------------------------ */

static int set_init(struct plot_set *set, const struct record *r, enum plot_theme theme)
{
	*set = (struct plot_set){ .record = r, .theme = theme };
	set->item = calloc(r->case_count ? r->case_count : 1, sizeof(*set->item));
	if (!set->item)
		return -ENOMEM;
	for (size_t i = 0; i < r->case_count; i++) {
		const struct record_repeat *shown = digest_shown(&r->cases[i]);

		if (shown)
			set->item[set->count++] = (struct plot_case){ &r->cases[i], shown };
	}
	set->lifetime_s = (double)digest_forecast_ns(r) / 1e9;
	return 0;
}

static bool graph_named(const char *name)
{
	for (size_t i = 0; i < GRAPHS; i++)
		if (strcmp(name, graphs[i].name) == 0)
			return true;
	return false;
}

static int open_dir(const char *dir, struct err *err)
{
	int status = plot_make_dirs(dir, err), dirfd;

	if (status < 0)
		return status;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd < 0 ? err_errno(err, "open directory '%s'", dir) : dirfd;
}

int plot_comparison(const struct comparison *c, const struct plot_options *o,
		    struct plot_result *ret, struct err *err)
{
	struct plot_set set = { .record = c->b, .theme = o->theme, .comparison = c };
	int dirfd = open_dir(o->dir, err);

	if (dirfd < 0)
		return dirfd;
	plot_graph(&set, &compare_graph, dirfd, ret);
	(void)close(dirfd); /* a directory */
	return 0;
}

int plot_record(const struct record *r, const struct plot_options *o,
		struct plot_result ret[PLOT_MAX], size_t *ret_count, struct err *err)
{
	struct plot_set set = { 0 };
	int dirfd, status = 0;
	size_t n = 0;

	if (o->only && !graph_named(o->only))
		return err_set(err, -EINVAL, "no graph is called '%s'", o->only);
	dirfd = open_dir(o->dir, err);
	if (dirfd < 0)
		return dirfd;
	if (set_init(&set, r, o->theme) < 0) {
		status = err_set(err, -ENOMEM, "no memory for graphs");
		goto out;
	}
	for (size_t i = 0; i < GRAPHS; i++) {
		if (o->only && strcmp(o->only, graphs[i].name) != 0)
			continue;
		if (set.count > 0)
			plot_graph(&set, &graphs[i], dirfd, &ret[n++]);
		else
			ret[n++] = (struct plot_result){ .name = graphs[i].name,
							 .title = graphs[i].title,
							 .why_not = "the record has no case" };
	}
	*ret_count = n;
out:
	free(set.item);
	(void)close(dirfd); /* a directory */
	return status;
}

void plot_gnuplot_version(char *buf, size_t size)
{
	const char *argv[] = { "gnuplot", "--version", NULL };
	struct err err;
	int dirfd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* "gnuplot 5.4 patchlevel 4" -> "5.4.4" */
	char said[128] = "", major[32] = "", patch[32] = "";

	buf[0] = '\0';
	if (dirfd < 0)
		return;
	if (gnuplot_run(dirfd, argv, 5000, said, sizeof(said), &err) == 0 &&
	    sscanf(said, "gnuplot %31s patchlevel %31s", major, patch) == 2)
		(void)snprintf(buf, size, "%s.%s", major, patch);
	(void)close(dirfd);
}

void plot_list(FILE *out)
{
	for (size_t i = 0; i < GRAPHS; i++)
		(void)fprintf(out, "%-16s %s\n", graphs[i].name, graphs[i].help);
}
