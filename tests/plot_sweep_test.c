/* The graphs of a sweep and of a comparison, from made-up records. */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/compare.h"
#include "analysis/plot.h"
#include "base/err.h"
#include "base/mono.h"
#include "tests/test.h"

static char dir[] = "/tmp/twbench-sweep-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static bool exists(const char *name)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 && st.st_size > 1000;
}

static int count_lines(const char *name, const char *needle)
{
	char path[256], line[512];
	int n = 0;
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		n += strstr(line, needle) != NULL;
	if (in)
		(void)fclose(in);
	return n;
}

/* rates x ports; the slowest on the widest range never runs out; `ok` connections each. */
static void sweep(struct record *r, int rates, int ranges, double ok_factor)
{
	record_init(r);
	for (int i = 0; i < rates; i++)
		for (int k = 0; k < ranges; k++) {
			struct record_case *c = record_add_case(r);
			int64_t rate = 100 * (i + 1), ports = 200 * (k + 1);

			(void)snprintf(c->name, sizeof(c->name), "r%d.p%d", i, k);
			(void)snprintf(c->strategy, sizeof(c->strategy), "client-fin");
			c->rate_per_s = (double)rate;
			for (int n = 0; n < 5; n++) {
				struct record_repeat *p = record_add_repeat(c);

				p->index = n + 1;
				(void)snprintf(p->status, sizeof(p->status), "ok");
				p->ports.capacity = ports;
				p->ports.peak_used = rate < ports ? rate : ports;
				p->ledger.by_outcome[OUTCOME_OK] =
					(int64_t)(ok_factor * (1000 + n));
				if (rate >= ports)
					p->ledger.first_no_port_ns = ports * NS_PER_S / rate;
				if (hist_reserve(&p->connect) < 0)
					abort();
				hist_record_n(&p->connect, 10000 + 100 * rate, 100);
			}
		}
}

static void draw(const struct record *r, const char *name, const char *want_why)
{
	struct plot_options o = { .dir = dir, .only = name };
	struct plot_result res[PLOT_MAX] = { 0 };
	struct err err;
	size_t n = 0;

	is_int(plot_record(r, &o, res, &n, &err), 0, "%s", name);
	if (want_why)
		is_str(res[0].why_not, want_why, "... says why there is none");
	else
		ok(res[0].file[0], "... is drawn %s", res[0].why_not);
}

int main(void)
{
	struct plot_result res = { 0 };
	struct plot_options o = { .dir = dir };
	struct compare_options options;
	struct comparison c = { 0 };
	struct record a, b;
	struct err err;
	char version[32];

	if (!mkdtemp(dir)) {
		printf("1..0 # SKIP cannot make a directory in /tmp\n");
		return 0;
	}
	plot_gnuplot_version(version, sizeof(version));
	sweep(&a, 1, 1, 1);
	draw(&a, "exhaustion-map", "no sweep over rate and port range that ran out of ports");
	draw(&a, "connect-by-ports",
	     "no strategy was run with three loads or more that filled the same ports differently");
	record_release(&a);
	sweep(&a, 4, 3, 1);
	sweep(&b, 4, 3, 0.9);
	if (version[0]) {
		draw(&a, "exhaustion-map", NULL);
		ok(exists("exhaustion-map.png"), "... as PNG, too");
		is_int(count_lines("exhaustion-map.dat", " -1 \"> "), 8,
		       "cells that did not run out while they were watched");
		is_int(count_lines("exhaustion-map.dat", " s\""), 12, "... and those that did");
		ok(count_lines("exhaustion-map.svg", " M971.9") +
				   count_lines("exhaustion-map.svg", " M972.0") >= 3,
		   "the rows go on to the margin of the sheet, 28 of 1000");
		draw(&a, "connect-by-ports", NULL);
		is_int(count_lines("connect-by-ports.dat", "# client-fin"), 2,
		       "a curve where three loads differ");
	} else {
		test_skip("sweeps are drawn", "gnuplot is not installed");
	}
	compare_defaults(&options);
	is_int(compare_records(&a, &b, &options, &c, &err), 0, "compared");
	is_int(plot_comparison(&c, &o, &res, &err), 0, "the comparison");
	if (version[0])
		ok(res.file[0] && exists("compare.svg"), "... is drawn %s", res.why_not);
	compare_release(&c);
	record_release(&a);
	record_release(&b);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return test_done();
}
