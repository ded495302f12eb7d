/* The graphs of `twbench analyze`. */
#include "analysis/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/curve.h"
#include "analysis/plot_files.h"
#include "analysis/plot_sheet.h"
#include "analysis/theme.h"
#include "base/err.h"
#include "base/mono.h"
#include "base/num.h"
#include "base/version.h"

#define WIDTH_PX       900
#define SUBTITLE_CHARS 108
#define HOSTS_SHOWN    6

/* What a graph is filled from. */
struct graph_source {
	const struct tally *tally;
	int64_t first_ns, last_ns;
};

/* --- TIME_WAIT by host ------------------------------------------------------------------------ */

static double time_s(const struct graph_source *g, int64_t t_ns)
{
	return (double)(t_ns - g->first_ns) / (double)NS_PER_S;
}

/* One index: seconds and sockets.  Returns the last second at which anything changed. */
static double write_host(const struct graph_source *g, const struct tw_host *host,
			 struct plot_sheet *s)
{
	const struct tw_hosts *h = &g->tally->hosts;
	struct curve c = { 0 };
	double last = 0;
	int64_t held = 0;

	curve_add(&c, 0, 0);
	for (size_t i = 0; i < TW_BINS; i++) {
		int64_t now = tw_host_step(host, i, held);
		double x = time_s(g, h->origin_ns + (int64_t)i * h->width_ns);

		if (now == held)
			continue;
		curve_add(&c, x < 0 ? 0 : x, (double)now);
		held = now;
		last = x;
	}
	curve_write(&c, s->data);
	s->no_memory = s->no_memory || c.failed;
	curve_release(&c);
	return last;
}

static int fill_hosts(const struct graph_source *g, struct plot_sheet *s)
{
	const struct tw_hosts *h = &g->tally->hosts;
	size_t shown = h->count < HOSTS_SHOWN ? h->count : HOSTS_SHOWN;
	char addr[ENDPOINT_TEXT_SIZE], text[256], count[32], lifetime[32];
	double end = time_s(g, g->last_ns);

	if (h->all.count == 0)
		return plot_nothing(s, "nobody was left in TIME_WAIT");
	plot_var_array(s, "name", shown);
	plot_var_array(s, "dashes", shown);
	for (size_t i = 0; i < shown; i++) {
		plot_data_head(s, "seconds, TIME_WAIT of %s",
			       endpoint_format_addr(&h->host[i].addr, addr, sizeof(addr)));
		end = fmax(end, write_host(g, &h->host[i], s));
		(void)snprintf(text, sizeof(text), "%s (at most %s)", addr,
			       num_format_grouped(h->host[i].peak, count, sizeof(count)));
		plot_item_text(s, "name", i + 1, text);
		plot_item_real(s, "dashes", i + 1, (double)(i + 1));
	}
	plot_var_real(s, "hosts", (double)shown);
	plot_var_real(s, "captured", time_s(g, g->last_ns));
	plot_var_real(s, "x_end", end > 0 ? end : 1);
	plot_var_real(s, "x_step", plot_second_step(end > 0 ? end : 1, 8));
	plot_var_real(s, "y_top", (1.08 + 0.075 * (double)shown) * (double)h->host[0].peak);
	plot_var_text(s, "x_label", "seconds since the first packet");
	(void)snprintf(text, sizeof(text),
		       "As the teardowns imply, if each lasts %s unless a RST or a SYN ends it. "
		       "The capture "
		       "goes as far as the shade; the rest is what follows from it.",
		       num_format_duration(g->tally->lifetime_ns, lifetime, sizeof(lifetime)));
	plot_var_subtitle(s, text, SUBTITLE_CHARS);
	return 0;
}

/* --- classes ---------------------------------------------------------------------------------- */

static uint64_t class_total(const struct tally *t, int class)
{
	uint64_t sum = 0;

	for (int h = 0; h < SIDES_COUNT; h++)
		sum += t->class[class][h];
	return sum;
}

static int fill_classes(const struct graph_source *g, struct plot_sheet *s)
{
	const struct tally *t = g->tally;
	double longest = 0;
	size_t bars = 0;
	char text[64];

	if (t->connections == 0)
		return plot_nothing(s, "the capture has no connection");
	plot_var_array(s, "name", TEARDOWN_CLASS_COUNT);
	plot_var_array(s, "beside", TEARDOWN_CLASS_COUNT);
	plot_data_head(s, "row, share of the connections in percent");
	for (int c = 0; c < TEARDOWN_CLASS_COUNT; c++) {
		uint64_t sum = class_total(t, c);
		double share = 100.0 * (double)sum / (double)t->connections;

		if (sum == 0)
			continue;
		(void)fprintf(s->data, "%zu %.10g\n", ++bars, share);
		plot_item_text(s, "name", bars, teardown_class_key((enum teardown_class)c));
		plot_item_text(s, "beside", bars,
			       num_format_grouped((int64_t)sum, text, sizeof(text)));
		longest = fmax(longest, share);
	}
	plot_var_real(s, "bars", (double)bars);
	plot_var_real(s, "x_end", longest);
	plot_var_text(s, "x_label", "share of the connections");
	plot_var_subtitle(
		s,
		"Connections by the FIN and RST sequence that ended them; the number counts them.",
		SUBTITLE_CHARS);
	return 0;
}

/* --- close delay ------------------------------------------------------------------------------ */

static void write_share(const struct hist *h, const char *what, struct plot_sheet *s)
{
	struct curve c = { 0 };
	int64_t seen = 0;

	plot_data_head(s, "log10 of ns, percent that took at most so long: %s", what);
	for (size_t i = 0; i < HIST_BUCKETS && seen < h->total; i++) {
		double x = log10(fmax(1, (double)hist_bucket_high_ns(i)));

		if (h->count[i] == 0)
			continue;
		if (seen == 0)
			curve_add(&c, x, 0); /* it rises from the axis */
		seen += h->count[i];
		curve_add(&c, x, 100.0 * (double)seen / (double)h->total);
	}
	curve_thin(&c, CURVE_POINTS_MAX);
	curve_write(&c, s->data);
	s->no_memory = s->no_memory || c.failed;
	curve_release(&c);
}

static int fill_delay(const struct graph_source *g, struct plot_sheet *s)
{
	const struct hist *delay = &g->tally->close_delay, *close = &g->tally->close;
	int64_t low = delay->min_ns < close->min_ns ? delay->min_ns : close->min_ns;
	int64_t high = delay->max_ns > close->max_ns ? delay->max_ns : close->max_ns;

	if (delay->total == 0 && close->total == 0)
		return plot_nothing(s, "no connection was closed after payload");
	write_share(delay, "last payload to first FIN or RST", s);
	write_share(close, "first FIN to the end of the close", s);
	plot_var_real(s, "x_low", pow(10, floor(log10(low < 1 ? 1 : (double)low))));
	plot_var_real(s, "x_high", pow(10, ceil(log10(high < 10 ? 10 : (double)high + 1))));
	plot_var_text(s, "x_label", "time");
	plot_var_subtitle(s, "Share of the connections that took at most so long.", SUBTITLE_CHARS);
	return 0;
}

/* --- the graphs ------------------------------------------------------------------------------- */

static const struct graph {
	const char *name, *title;
	int (*fill)(const struct graph_source *g, struct plot_sheet *s);
} graphs[] = {
	{ "tw-by-host", "TIME_WAIT held by each host over time", fill_hosts },
	{ "classes", "How the connections ended", fill_classes },
	{ "close-delay", "How long closes took (left is quicker)", fill_delay },
};

static int write_script(const struct graph *g, const char *name, const char *vars, int dirfd,
			struct err *err)
{
	const char *part[] = { "style", "wide", "page", g->name, "close" };
	char file[64];
	FILE *out;
	int code = 0;

	(void)snprintf(file, sizeof(file), "%s.gp", g->name);
	out = plot_create(dirfd, file, err);
	if (!out)
		return -EIO;
	(void)fprintf(out, "# Draw it again:  gnuplot %s\n\n", file);
	theme_write_gnuplot(THEME_LIGHT, out);
	(void)fprintf(out, "graph = '%s'\ntitle = '%s'\nwidth = %d.\nabout_host = ", g->name,
		      g->title, WIDTH_PX);
	plot_quote(name, out);
	(void)fprintf(out, "\nabout_run = 'twbench analyze %s'\n%s", version_text, vars);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]) && code == 0; i++)
		code = plot_write_part(part[i], out);
	if (code != 0)
		(void)err_set(err, code, "graph '%s': its script is not in this program", g->name);
	return plot_finish(out, file, err) != 0 ? -EIO : code;
}

/* Data and script.  0; 1: there is nothing to draw, which leaves no files. */
static int write_sources(const struct graph_source *source, const struct graph *g, const char *name,
			 int dirfd, struct err *err)
{
	char file[64], *vars = NULL, why[160];
	struct plot_sheet sheet = { .why_not = why, .why_size = sizeof(why) };
	size_t vars_size;
	int code = -ENOMEM;

	(void)snprintf(file, sizeof(file), "%s.dat", g->name);
	sheet.data = plot_create(dirfd, file, err);
	if (!sheet.data)
		return -EIO;
	sheet.vars = open_memstream(&vars, &vars_size);
	if (sheet.vars)
		code = g->fill(source, &sheet);
	if (sheet.vars && fclose(sheet.vars) != 0)
		code = -ENOMEM;
	if (code == 0 && sheet.no_memory)
		code = -ENOMEM;
	if (plot_finish(sheet.data, file, err) != 0)
		code = -EIO;
	if (code == -ENOMEM)
		(void)err_set(err, code, "no memory for graph '%s'", g->name);
	if (code == 0)
		code = write_script(g, name, vars, dirfd, err);
	if (code != 0)
		(void)unlinkat(dirfd, file, 0); /* nothing worth keeping in it */
	free(vars);
	return code;
}

int tally_plot(const struct tally *t, const struct tally_source *s, const char *name,
	       const char *dir, struct err *err)
{
	struct graph_source source = { .tally = t, .first_ns = s->first_ns, .last_ns = s->last_ns };
	int code = plot_make_dirs(dir, err), dirfd = -1;

	if (code != 0)
		return code;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_errno(err, "open directory '%s'", dir);
	for (size_t i = 0; i < sizeof(graphs) / sizeof(graphs[0]) && code >= 0; i++) {
		code = write_sources(&source, &graphs[i], name, dirfd, err);
		if (code == 0)
			code = plot_draw(graphs[i].name, "svg", dirfd, err);
		if (code == 0)
			code = plot_draw(graphs[i].name, "png", dirfd, err);
	}
	(void)close(dirfd); /* a directory */
	return code < 0 ? code : 0;
}
