#include "analysis/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/curve.h"
#include "analysis/digest.h"
#include "analysis/gnuplot.h"
#include "analysis/plot_sheet.h"
#include "base/err.h"
#include "tests/sample_record.h"
#include "tests/test.h"

/* --- files ---------------------------------------------------------------------------------------- */

struct path {
	char text[512];
};

static struct path path_in(const char *dir, const char *name)
{
	struct path p;

	(void)snprintf(p.text, sizeof(p.text), "%s/%s", dir, name);
	return p;
}

/* The text of a file, "" if there is none; free it. */
static char *slurp(const char *dir, const char *name)
{
	FILE *f = fopen(path_in(dir, name).text, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f || getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	if (f)
		(void)fclose(f);
	return text;
}

static bool exists(const char *dir, const char *name)
{
	return access(path_in(dir, name).text, F_OK) == 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_tree(const char *dir)
{
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_program(const char *dir, const char *text)
{
	FILE *f = fopen(path_in(dir, "gnuplot").text, "we");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0 ||
	    chmod(path_in(dir, "gnuplot").text, 0755) != 0)
		abort();
}

/* --- known numbers --------------------------------------------------------------------------------- */

/* Index `n` of a data file: its curve; release it. */
static struct curve read_index(const char *text, int n)
{
	struct curve c = { 0 };
	int index = 0, blank = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		double x, y;

		if (*line == '\n') {
			if (++blank == 2)
				index++;
			if (blank == 2)
				blank = 0;
		} else if (index == n && sscanf(line, "%lf %lf", &x, &y) == 2) {
			curve_add(&c, x, y);
		}
		if (!strchr(line, '\n'))
			break;
	}
	return c;
}

static void test_data(const char *dir)
{
	char *text = slurp(dir, "tw-by-strategy.dat"), *latency = slurp(dir, "latency.dat");
	char *teardowns = slurp(dir, "teardowns.dat"), *script = slurp(dir, "tw-by-strategy.gp");
	struct curve c = read_index(text, 0), model = read_index(text, 2),
		     abort = read_index(text, 6);
	struct curve slow = read_index(latency, 0);
	double back = 0;

	is_int(curve_top(&c), SAMPLE_CONNECTIONS, "client-fin climbs to every connection it made");
	ok(c.count > 0 && c.y[c.count - 1] == 0, "... and drains to none");
	ok(c.count > 0 && fabs(c.x[0] + 0.05) < 1e-9, "time counts from the start of the load");
	is_int(model.count >= 4 ? llround(model.y[1]) : -1, 1600,
	       "the model climbs to rate x time");
	ok(model.count >= 4 && fabs(model.x[3] - model.x[1] - model.x[2]) < 1e-6,
	   "... and is gone one lifetime after the load");
	is_int(abort.count > 0 ? llround(curve_top(&abort)) : -1, 0, "client-rst leaves none");
	for (size_t i = 1; i < slow.count; i++)
		back += slow.y[i] < slow.y[i - 1] || slow.x[i] < slow.x[i - 1];
	ok(slow.count > 10 && back == 0, "latency never falls as the percentile climbs");
	ok(strstr(teardowns, "# abort: row, from, to\n3 0 100\n") != NULL,
	   "client-rst, the third row, is all aborts");
	ok(strstr(script, "note[1] = 'the client waits, peak 1 600'\n") != NULL, "the script knows the peak");
	ok(strstr(script, "name[1] = 'client-fin'\n") != NULL, "... and the name");
	curve_release(&c);
	curve_release(&model);
	curve_release(&abort);
	curve_release(&slow);
	free(text);
	free(latency);
	free(teardowns);
	free(script);
}

static const struct plot_result *result_of(const struct plot_result *r, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].name, name) == 0)
			return &r[i];
	return NULL;
}

static void test_without_gnuplot(const struct record *r, const char *dir)
{
	struct path sub = path_in(dir, "deep/plots");
	struct plot_options o = { .dir = sub.text };
	struct plot_result res[PLOT_MAX];
	const struct plot_result *tw, *outcomes;
	size_t n = 0;
	char version[32];
	struct err err;

	(void)setenv("PATH", "/nonexistent", 1);
	plot_gnuplot_version(version, sizeof(version));
	is_str(version, "", "no gnuplot has no version");
	is_int(plot_record(r, &o, res, &n, &err), 0, "plotting without gnuplot is no error");
	tw = result_of(res, n, "tw-by-strategy");
	ok(tw && tw->file[0] == '\0' && strstr(tw->why_not, "gnuplot"), "the result says why: %s",
	   tw ? tw->why_not : "");
	ok(exists(o.dir, "tw-by-strategy.gp") && exists(o.dir, "tw-by-strategy.dat"),
	   "script and data are there");
	ok(!exists(o.dir, "tw-by-strategy.svg"), "and no picture");
	outcomes = result_of(res, n, "outcomes");
	ok(outcomes && strstr(outcomes->why_not, "as its strategy declares"),
	   "a graph with nothing to show says so");
	ok(!exists(o.dir, "outcomes.gp"), "... and leaves no script");
	test_data(o.dir);
	o.only = "no-such-graph";
	is_int(plot_record(r, &o, res, &n, &err), -EINVAL, "an unknown graph is refused");
	ok(strstr(err.text, "'no-such-graph'") != NULL, "... by name");
}

/* A repeat that failed before anything was seen. */
static void test_unknown(const char *dir)
{
	struct path sub = path_in(dir, "unknown");
	struct plot_options o = { .dir = sub.text };
	struct plot_result res[PLOT_MAX];
	size_t n = 0, told = 0;
	struct record r;
	struct err err;

	record_init(&r);
	if (!record_add_case(&r) || !record_add_repeat(&r.cases[0]))
		abort();
	is_int(plot_record(&r, &o, res, &n, &err), 0, "a record that knows nothing is no error");
	for (size_t i = 0; i < n; i++)
		told += res[i].file[0] == '\0' && res[i].why_not[0] &&
			!strstr(res[i].why_not, "gnuplot");
	is_int(told, n, "... and each graph says what it lacks");
	record_release(&r);
}

/* --- thinning -------------------------------------------------------------------------------------- */

static void test_thin(void)
{
	struct curve c = { 0 };
	bool spike = false, dip = false, ascending = true;

	for (int i = 0; i < 100000; i++)
		curve_add(&c, i, i == 31337 ? 1e6 : i == 77777 ? -5 : i % 100);
	curve_thin(&c, CURVE_POINTS_MAX);
	ok(c.count <= CURVE_POINTS_MAX && c.count > CURVE_POINTS_MAX / 4, "thinned to %zu points",
	   c.count);
	for (size_t i = 0; i < c.count; i++) {
		spike |= c.x[i] == 31337 && c.y[i] == 1e6;
		dip |= c.x[i] == 77777 && c.y[i] == -5;
		ascending &= i == 0 || c.x[i] > c.x[i - 1];
	}
	ok(spike && dip, "the highest and the lowest point survive where they were");
	ok(ascending, "points stay in order");
	ok(c.x[0] == 0 && c.x[c.count - 1] == 99999, "both ends survive");
	curve_release(&c);
	for (int i = 0; i < 8; i++)
		curve_add(&c, i, i);
	curve_thin(&c, 8);
	is_int(c.count, 8, "what fits is left alone");
	curve_step(&c);
	is_int(c.count, 15, "steps have a corner for each change");
	ok(c.x[1] == 1 && c.y[1] == 0 && c.x[2] == 1 && c.y[2] == 1,
	   "... first the old value, then the new");
	curve_release(&c);
	curve_thin(&c, 8);
	is_int(c.count, 0, "an empty curve stays empty");
}

static double count_of(const struct series *s, size_t row, int column)
{
	return series_count(s, row, SIDE_CLIENT, column);
}

/* Samples thinned on their way are those that thinning all of them leaves. */
static void test_thin_samples(size_t rows, size_t limit)
{
	struct curve all = { 0 }, some = { 0 };
	struct series s;
	bool same = true;

	if (!ok(series_init(&s, rows) == 0, "room for %zu samples", rows))
		return;
	for (size_t i = 0; i < rows; i++) {
		struct series_row row = { .t_ns = (int64_t)(i * i) };

		row.count[SIDE_CLIENT][COL_TIME_WAIT] = i == 313 ? 9999 : (int32_t)(1 + i * 37 % 101);
		(void)series_add(&s, &row);
		curve_add(&all, (double)(row.t_ns - 5) / 1e9, row.count[SIDE_CLIENT][COL_TIME_WAIT]);
	}
	s.last_ns += 1000; /* nothing changed until then */
	curve_add(&all, (double)(s.last_ns - 5) / 1e9, all.y[all.count - 1]);
	curve_thin(&all, limit);
	curve_from_series(&some, &(struct curve_source){ &s, 5, INT64_MAX, count_of, COL_TIME_WAIT, limit });
	is_int((int64_t)some.count, (int64_t)all.count, "%zu samples to at most %zu points", rows, limit);
	for (size_t i = 0; same && i < all.count && i < some.count; i++)
		same = all.x[i] == some.x[i] && all.y[i] == some.y[i];
	ok(same, "the same points");
	curve_release(&all);
	curve_release(&some);
	series_release(&s);
}

/* --- failing gnuplots ------------------------------------------------------------------------------ */

static const struct {
	const char *what, *program, *why;
} broken[] = {
	{ "stops half way",
	  "#!/bin/sh\neval \"$3\"\necho '<svg' >\"$output\"\necho 'line 7: oops' >&2\nexit 1\n",
	  "line 7: oops" },
	{ "leaves half a picture and says all is well",
	  "#!/bin/sh\neval \"$3\"\necho '<svg' >\"$output\"\n", "only 5 bytes" },
	{ "makes nothing", "#!/bin/sh\nexit 0\n", "cannot find" },
	{ "is killed", "#!/bin/sh\nkill -9 $$\n", "signal 9" },
};

static void test_broken(const struct record *r, const char *dir)
{
	struct path bin = path_in(dir, "bin");
	struct path sub = path_in(dir, "broken");
	struct plot_options o = { .dir = sub.text, .only = "teardowns" };

	(void)mkdir(bin.text, 0755);
	(void)setenv("PATH", bin.text, 1);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct plot_result res[PLOT_MAX];
		struct err err;
		size_t n = 0;
		FILE *old;

		write_program(bin.text, broken[i].program);
		(void)mkdir(o.dir, 0755);
		old = fopen(path_in(o.dir, "teardowns.svg").text, "we");
		if (!old || fclose(old) != 0)
			abort();
		is_int(plot_record(r, &o, res, &n, &err), 0, "a gnuplot that %s", broken[i].what);
		ok(n == 1 && strstr(res[0].why_not, broken[i].why), "... is reported: %s",
		   res[0].why_not);
		ok(!exists(o.dir, "teardowns.svg") && !exists(o.dir, ".teardowns.svg.part"),
		   "... and leaves no picture, neither half nor old");
	}
}

static void test_time_limit(const char *dir)
{
	struct path bin = path_in(dir, "bin");
	const char *argv[] = { "gnuplot", NULL };
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char said[64];
	struct err err = { .text = "" };

	write_program(bin.text, "#!/bin/sh\nread forever <&1\nwhile :; do :; done\n");
	is_int(gnuplot_run(dirfd, argv, 50, said, sizeof(said), &err), -ETIMEDOUT,
	       "one that does not end is killed");
	ok(strstr(err.text, "50 ms") != NULL, "... with the limit named");
	write_program(
		path_in(dir, "bin").text,
		"#!/bin/sh\ni=0\nwhile [ $i -lt 999 ]; do echo 0123456789; i=$((i+1)); done\n");
	is_int(gnuplot_run(dirfd, argv, 10000, said, sizeof(said), &err), 0,
	       "one that talks much is heard out");
	is_int(strlen(said), sizeof(said) - 1, "... as far as there is room");
	(void)close(dirfd);
}

/* --- the real one ---------------------------------------------------------------------------------- */

static bool whole(const char *dir, const char *graph)
{
	char name[64], *svg, *png;
	bool good;

	(void)snprintf(name, sizeof(name), "%s.svg", graph);
	svg = slurp(dir, name);
	(void)snprintf(name, sizeof(name), "%s.png", graph);
	png = slurp(dir, name);
	good = strstr(svg, "</svg>") && memcmp(png, "\x89PNG", 4) == 0;
	free(svg);
	free(png);
	return good;
}

#define PNG_ALWAYS "teardowns"

/* A gnuplot that, having drawn x.gp, says in x.FORMAT.said what is left of arrows, objects and labels.  A
 * PNG takes it a fifth of a second: it draws one, and only in the long run the others, not just some bytes. */
static void write_telling(const char *bin, const char *path)
{
	char program[2048];

	(void)snprintf(program, sizeof(program),
		       "#!/bin/sh\neval \"$3\"\nfor script; do :; done\nPATH='%s'\n"
		       "case $format$script in png" PNG_ALWAYS ".gp) ;; png*) [ \"$TEST_WHOLE\" ] || {\n"
		       "printf '\\211PNG' >\"$output\"; exec head -c 9999 /dev/zero >>\"$output\"; } ;; esac\n"
		       "exec gnuplot \"$@\" -e 'show arrow; show object; show label' "
		       ">\"${script%%.gp}.$format.said\" 2>&1\n",
		       path);
	write_program(bin, program);
}

/* The foot of a page is a plot: arrows and labels of the last panel would be drawn again, over the sheet. */
static void check_foot(const char *dir, const char *graph)
{
	static const char *const formats[] = { "svg", "png" };

	for (size_t i = 0; i < 2; i++) {
		char name[80], *said;

		if (i == 1 && !test_whole() && strcmp(graph, PNG_ALWAYS) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s.%s.said", graph, formats[i]);
		said = slurp(dir, name);
		ok(!strstr(said, "arrow ") && !strstr(said, "object ") && !strstr(said, "label 2") &&
			   strstr(said, "label 1"),
		   "%s as %s ends with the label of its axis and nothing else", graph, formats[i]);
		free(said);
	}
}

/* All graphs; names as bad as a scenario can make them must neither run anything nor break a picture. */
static void test_hostile(struct record *r, const char *dir, const char *path)
{
	struct path sub = path_in(dir, "hostile"), bin = path_in(dir, "bin");
	struct plot_options o = { .dir = sub.text, .theme = THEME_DARK };
	struct plot_result res[PLOT_MAX];
	struct err err;
	size_t n = 0, drawn = 0;
	char *svg;

	r->cases[0].repeat[0].ledger.first_no_port_ns = 500000000; /* an arrow in "ports" */
	(void)snprintf(r->cases[0].name, sizeof(r->cases[0].name), "x'.system('touch pwned').'");
	(void)snprintf(r->cases[2].name, sizeof(r->cases[2].name), "<&>%%d{_^@x}");
	(void)snprintf(r->cases[1].name, sizeof(r->cases[1].name),
		       "`touch pwned`\n\nset output {_^}@\"\\");
	write_telling(bin.text, path);
	(void)setenv("PATH", bin.text, 1);
	is_int(plot_record(r, &o, res, &n, &err), 0, "hostile names are drawn");
	(void)setenv("PATH", path, 1);
	for (size_t i = 0; i < n; i++) {
		char temporary[80];

		if (!res[i].file[0])
			continue;
		drawn += whole(o.dir, res[i].name);
		(void)snprintf(temporary, sizeof(temporary), ".%s.part", res[i].file);
		ok(!exists(o.dir, temporary), "%s: nothing temporary is left", res[i].file);
		check_foot(o.dir, res[i].name);
	}
	is_int(drawn, n - 3, "... in every graph but 'outcomes' and those of a sweep, which have nothing to show");
	is_str(result_of(res, n, "teardowns")->file, "teardowns.svg", "the result names the picture");
	ok(!exists(o.dir, "pwned"), "... and run nothing");
	svg = slurp(o.dir, "tw-by-strategy.svg");
	ok(strstr(svg, "&lt;&amp;") && strstr(svg, "%d{_^@x}"), "... and are escaped as text");
	free(svg);
}

/* A script alone, as it was left where there was no gnuplot. */
static void test_script(struct record *r, const char *dir, const char *path)
{
	const char *argv[] = { "gnuplot", "-d", "teardowns.gp", NULL };
	struct path sub = path_in(dir, "script");
	struct plot_options o = { .dir = sub.text, .only = "teardowns", .theme = THEME_PRINT };
	struct plot_result res[PLOT_MAX];
	struct err err = { .text = "" };
	char said[256], *svg;
	size_t n = 0;
	int dirfd;

	(void)setenv("PATH", "/nonexistent", 1);
	is_int(plot_record(r, &o, res, &n, &err), 0, "a script without a picture");
	(void)setenv("PATH", path, 1);
	dirfd = open(o.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_int(gnuplot_run(dirfd, argv, 10000, said, sizeof(said), &err), 0,
	       "the script runs by itself %s", err.text);
	svg = slurp(o.dir, "teardowns.svg");
	ok(strstr(svg, "</svg>") != NULL, "... and makes the picture");
	free(svg);
	(void)close(dirfd);
}

static void test_real(struct record *r, const char *dir, const char *path)
{
	char version[32];

	plot_gnuplot_version(version, sizeof(version));
	if (version[0] == '\0') {
		test_skip("pictures", "gnuplot is not installed");
		return;
	}
	ok(version[0] >= '5' && strchr(version, '.'), "gnuplot has a version: %s", version);
	test_script(r, dir, path);
	test_hostile(r, dir, path);
}

/* --- small things ---------------------------------------------------------------------------------- */

static void test_quote(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	plot_quote("a'b`c\n\033[\"\\", f);
	(void)fclose(f);
	is_str(text, "'a''b`c??[\"\\'", "single quotes are doubled, control characters replaced");
	free(text);
}

static void test_digest(void)
{
	is_int(digest_timer_step_ns(250), 2048000000, "timer step at HZ=250");
	is_int(digest_timer_step_ns(1000), 4096000000, "... at 1000");
	is_int(digest_timer_step_ns(300), 1706666666, "... at 300");
	is_int(digest_timer_step_ns(100), 5120000000, "... at 100");
	is_int(digest_timer_step_ns(RECORD_NONE), RECORD_NONE, "... unknown");
	is_int(llround(plot_tic_step(1600, 5)), 500, "tics of counts are round");
	is_int(llround(plot_tic_step(3, 5)), 1, "... and whole");
	is_int(llround(plot_second_step(71, 3)), 30, "tics of seconds are round as seconds");
}

int main(void)
{
	char dir[] = "/tmp/plot_test.XXXXXX", *path = strdup(getenv("PATH"));
	struct record r;

	if (!mkdtemp(dir) || !path)
		abort();
	test_thin();
	test_thin_samples(9, 10);
	test_thin_samples(10, 10);
	test_thin_samples(11, 4);
	test_thin_samples(20000, 400);
	test_quote();
	test_digest();
	sample_record(&r, 1);
	test_without_gnuplot(&r, dir);
	test_unknown(dir);
	test_broken(&r, dir);
	test_time_limit(dir);
	(void)setenv("PATH", path, 1);
	test_real(&r, dir, path);
	record_release(&r);
	remove_tree(dir);
	free(path);
	return test_done();
}
