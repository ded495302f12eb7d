#include "bench/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mono.h"
#include "base/num.h"
#include "base/utf8.h"

#define REDRAW_NS (100 * NS_PER_MS)
#define LINE_NS (10 * NS_PER_S)
#define BAR_CELLS 20
#define SAMPLES 24 /* of the little curve */

struct progress {
	const struct plan *plan;
	bool terminal, quiet, colour, unicode;
	int lines;              /* drawn last time, to be drawn over */
	int64_t begin_ns, next_ns, next_sample_ns;
	int32_t curve[2][SAMPLES];
	int samples;
	int64_t ended_attempted, ended_failed; /* by labs that are done */
};

/* One sum over the labs that run now; attempted and failed of those before, too. */
struct totals {
	int64_t attempted, failed, ports_used, ports_capacity;
	int64_t time_wait[SIDE_COUNT];
	double wanted_per_s, done_per_s;
	int waiting, loading, draining;
};

struct progress *progress_new(const struct plan *plan, bool quiet)
{
	struct progress *p = calloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	if (!p)
		return NULL;
	p->plan = plan;
	p->quiet = quiet;
	p->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	p->colour = p->terminal && !getenv("NO_COLOR");
	p->unicode = utf8_shown();
	p->begin_ns = mono_now_ns();
	p->next_ns = p->begin_ns + (p->terminal ? 0 : LINE_NS);
	return p;
}

void progress_free(struct progress *p)
{
	free(p);
}

/* --- sums ------------------------------------------------------------------------------------ */

static void add_rate(struct totals *t, const struct progress_row *r, int64_t now_ns)
{
	int64_t begin_ns = SHARED_GET(r->shared->load_begin_ns);
	double seconds = begin_ns ? (double)(now_ns - begin_ns) / 1e9 : 0;

	if (SHARED_GET(r->shared->phase) != CELL_LOAD || seconds < 0.05)
		return;
	if (!isnan(r->plan->rate_per_s))
		t->wanted_per_s += r->plan->rate_per_s *
				   (double)r->plan->spec->requests_per_connection;
	t->done_per_s += (double)SHARED_GET(r->shared->requests) / seconds;
}

static struct totals sum_rows(const struct progress *p, const struct progress_row *row, size_t rows)
{
	struct totals t = { .attempted = p->ended_attempted, .failed = p->ended_failed };
	int64_t now_ns = mono_now_ns();

	for (size_t i = 0; i < rows; i++) {
		const struct cell_shared *s = row[i].shared;
		int phase = SHARED_GET(s->phase);

		t.attempted += SHARED_GET(s->attempted);
		t.failed += SHARED_GET(s->failed);
		for (int side = 0; side < SIDE_COUNT; side++)
			t.time_wait[side] += SHARED_GET(s->time_wait[side]);
		if (SHARED_GET(s->ports_capacity) > 0 &&
		    SHARED_GET(s->ports_used) * (t.ports_capacity ? t.ports_capacity : 1) >=
			    t.ports_used * SHARED_GET(s->ports_capacity)) {
			t.ports_used = SHARED_GET(s->ports_used); /* of the lab that is nearest to its end */
			t.ports_capacity = SHARED_GET(s->ports_capacity);
		}
		t.waiting += phase <= CELL_READY;
		t.loading += phase == CELL_LOAD || phase == CELL_SETTLE;
		t.draining += phase == CELL_DRAIN;
		add_rate(&t, &row[i], now_ns);
	}
	return t;
}

/* --- drawing --------------------------------------------------------------------------------- */

static void bar(char *buf, size_t size, double share, bool unicode)
{
	int full = (int)(share * BAR_CELLS + 0.5);
	size_t at = 0;

	full = full < 0 ? 0 : full > BAR_CELLS ? BAR_CELLS : full;
	buf[0] = '\0';
	for (int i = 0; i < BAR_CELLS && at + 4 < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s",
				       !unicode ? i < full ? "#" : "." : i < full ? "█" : "░");
}

static void curve(const struct progress *p, int side, char *buf, size_t size)
{
	static const char *const steps[2][8] = { { ".", ":", "-", "=", "+", "*", "#", "@" },
						 { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" } };
	const char *const *step = steps[p->unicode];
	int32_t most = 1;
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < p->samples; i++)
		most = p->curve[side][i] > most ? p->curve[side][i] : most;
	for (int i = 0; i < p->samples && at + 4 < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s",
				       step[(int64_t)p->curve[side][i] * 7 / most]);
}

static void push_sample(struct progress *p, const struct totals *t, int64_t now_ns)
{
	if (now_ns < p->next_sample_ns)
		return;
	p->next_sample_ns = now_ns + NS_PER_S;
	if (p->samples == SAMPLES) {
		for (int s = 0; s < 2; s++)
			memmove(p->curve[s], p->curve[s] + 1, (SAMPLES - 1) * sizeof(p->curve[s][0]));
		p->samples--;
	}
	for (int s = 0; s < 2; s++)
		p->curve[s][p->samples] = (int32_t)t->time_wait[s];
	p->samples++;
}

static void left_text(const struct progress *p, int64_t now_ns, char *buf, size_t size)
{
	int64_t left_s = (p->plan->wall_ns - (now_ns - p->begin_ns)) / NS_PER_S;

	if (left_s < 0)
		(void)snprintf(buf, size, "any moment");
	else
		(void)snprintf(buf, size, "%lld:%02lld left", (long long)left_s / 60,
			       (long long)left_s % 60);
}

static void redraw(struct progress *p, const struct totals *t, size_t rows, size_t done, size_t total)
{
	char line[BAR_CELLS * 3 + 8], curves[2][SAMPLES * 3 + 8], left[32], n[4][32];
	const char *bold = p->colour ? "\033[1m" : "", *plain = p->colour ? "\033[0m" : "";
	const char *red = p->colour && t->failed ? "\033[31m" : "";
	int64_t now_ns = mono_now_ns();
	double share = p->plan->wall_ns > 0
			       ? (double)(now_ns - p->begin_ns) / (double)p->plan->wall_ns
			       : 0;

	push_sample(p, t, now_ns);
	left_text(p, now_ns, left, sizeof(left));
	bar(line, sizeof(line), share, p->unicode);
	if (p->lines)
		fprintf(stderr, "\033[%dA", p->lines);
	fprintf(stderr, "\033[2K %scases%s      %zu of %zu done, %zu running (%d load, %d drain)  %s  %s\n",
		bold, plain, done, total, rows, t->loading, t->draining, line, left);
	fprintf(stderr, "\033[2K %srate%s       %.0f/s wanted  %.0f/s done   connections %s   %sfailed %lld%s\n",
		bold, plain, t->wanted_per_s, t->done_per_s,
		num_format_grouped(t->attempted, n[0], sizeof(n[0])), red, (long long)t->failed,
		red[0] ? plain : "");
	for (int s = 0; s < 2; s++)
		curve(p, s, curves[s], sizeof(curves[s]));
	fprintf(stderr, "\033[2K %sTIME_WAIT%s  client %s %s   server %s %s\n", bold, plain,
		num_format_grouped(t->time_wait[SIDE_CLIENT], n[1], sizeof(n[1])), curves[0],
		num_format_grouped(t->time_wait[SIDE_SERVER], n[2], sizeof(n[2])), curves[1]);
	bar(line, sizeof(line),
	    t->ports_capacity ? (double)t->ports_used / (double)t->ports_capacity : 0,
	    p->unicode);
	fprintf(stderr, "\033[2K %sports%s      %s %s of %s in the fullest lab\n", bold, plain, line,
		num_format_grouped(t->ports_used, n[1], sizeof(n[1])),
		num_format_grouped(t->ports_capacity, n[3], sizeof(n[3])));
	p->lines = 4;
}

static void quiet_line(struct progress *p, const struct totals *t, size_t done, size_t total)
{
	char left[32];

	left_text(p, mono_now_ns(), left, sizeof(left));
	fprintf(stderr,
		"twbench: %zu of %zu labs done; connections %lld, failed %lld; TIME_WAIT client %lld, server %lld; %s\n",
		done, total, (long long)t->attempted, (long long)t->failed,
		(long long)t->time_wait[SIDE_CLIENT], (long long)t->time_wait[SIDE_SERVER], left);
}

void progress_lab_done(struct progress *p, const struct cell_shared *s)
{
	p->ended_attempted += SHARED_GET(s->attempted);
	p->ended_failed += SHARED_GET(s->failed);
}

void progress_show(struct progress *p, const struct progress_row *row, size_t rows, size_t done,
		   size_t total)
{
	int64_t now_ns = mono_now_ns();
	struct totals t;

	if (p->quiet || now_ns < p->next_ns || rows == 0)
		return;
	p->next_ns = now_ns + (p->terminal ? REDRAW_NS : LINE_NS);
	t = sum_rows(p, row, rows);
	if (p->terminal)
		redraw(p, &t, rows, done, total);
	else
		quiet_line(p, &t, done, total);
}

void progress_end(struct progress *p)
{
	if (!p || !p->lines)
		return;
	fprintf(stderr, "\033[%dA\033[J", p->lines);
	p->lines = 0;
}
