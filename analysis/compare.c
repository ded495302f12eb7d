#include "analysis/compare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"
#include "base/err.h"
#include "base/num.h"

#define DRAWS 2000

static const struct {
	const char *key, *words;
} verdicts[COMPARE_VERDICT_COUNT] = {
	[COMPARE_BETTER] = { "better", "better" },
	[COMPARE_WORSE] = { "worse", "WORSE" },
	[COMPARE_DIFFERS] = { "differs", "differs" },
	[COMPARE_SAME] = { "same", "the same" },
	[COMPARE_NOTHING] = { "no-evidence", "no evidence" },
	[COMPARE_UNDECIDED] = { "undecided", "cannot decide" },
};

const char *compare_verdict_key(enum compare_verdict v)
{
	return verdicts[v].key;
}

const char *compare_verdict_words(enum compare_verdict v)
{
	return verdicts[v].words;
}

/* --- metrics --------------------------------------------------------------------------------- */

/* What users of connections care about, and from which change on it is worth a word. */
static const struct {
	const char *path;
	double min_effect;
} defaults[] = {
	{ "ledger.outcomes.ok", 0.02 },
	{ "ledger.outcomes.no_port", 0.02 },
	{ "ledger.outcomes.reset_in_reply", 0.02 },
	{ "ledger.outcomes.short_reply", 0.02 },
	{ "ledger.outcomes.connect_timeout", 0.02 },
	{ "ledger.first_no_port_ns", 0.05 },
	{ "time_wait.client.peak", 0.02 },
	{ "time_wait.server.peak", 0.02 },
	{ "time_wait.client.lifetime.mean_ns", 0.02 },
	{ "time_wait.server.lifetime.mean_ns", 0.02 },
	{ "time_wait.client.recycled", 0.02 },
	{ "time_wait.client.overflowed", 0.02 },
	{ "time_wait.server.overflowed", 0.02 },
	{ "closing.client.fin_wait1_peak", 0.05 },
	{ "closing.server.fin_wait1_peak", 0.05 },
	{ "closing.client.fin_wait2_peak", 0.05 },
	{ "closing.server.fin_wait2_peak", 0.05 },
	{ "latency.connect.p50_ns", 0.25 },
	{ "latency.response.p50_ns", 0.25 },
	{ "latency.response.p99_ns", 0.50 },
};
#define DEFAULTS            (sizeof(defaults) / sizeof(defaults[0]))
#define MIN_EFFECT_TIMES    0.25 /* of a latency nobody has thought about */
#define MIN_EFFECT_ELSEWISE 0.02

void compare_defaults(struct compare_options *o)
{
	*o = (struct compare_options){ .level = 0.05, .min_effect = NAN, .seed = 42 };
	for (size_t i = 0; i < DEFAULTS; i++)
		o->metric[o->metric_count++] = record_field_find(SCOPE_REPEAT, defaults[i].path);
}

int compare_add_metric(struct compare_options *o, const char *path, bool *fresh, struct err *err)
{
	const struct field *f = record_field_find(SCOPE_REPEAT, path);
	const char *paths[512], *near;
	size_t count = 0;

	if (f && record_field_is_metric(f)) {
		if (*fresh)
			o->metric_count = 0;
		*fresh = false;
		if (o->metric_count == COMPARE_METRICS_MAX)
			return err_set(err, -EINVAL, "more than %d metrics", COMPARE_METRICS_MAX);
		o->metric[o->metric_count++] = f;
		return 0;
	}
	for (size_t i = 0; i < record_fields_count && count < 512; i++)
		if (record_field_is_metric(&record_fields[i]))
			paths[count++] = record_fields[i].path;
	near = num_nearest(path, paths, count, sizeof(paths[0]));
	return err_set(err, -EINVAL, "there is no metric '%.100s'%s%s%s", path,
		       near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

double compare_min_effect(const struct compare_options *o, const struct field *f)
{
	if (!isnan(o->min_effect))
		return o->min_effect;
	for (size_t i = 0; i < DEFAULTS; i++)
		if (strcmp(defaults[i].path, f->path) == 0)
			return defaults[i].min_effect;
	return strcmp(f->unit, "ns") == 0 ? MIN_EFFECT_TIMES : MIN_EFFECT_ELSEWISE;
}

/* --- one case -------------------------------------------------------------------------------- */

/* The values of one metric on both sides. */
struct sample {
	double *x, *y; /* room for every repeat */
	size_t nx, ny, nulls_x, nulls_y;
};

static bool counts(const struct record_repeat *r)
{
	return strcmp(r->status, "failed") != 0 && strcmp(r->status, "skipped") != 0 &&
	       strcmp(r->status, "interrupted") != 0;
}

static size_t collect(const struct record_case *c, const struct field *f, double *to,
		      size_t *ret_nulls)
{
	size_t n = 0;

	*ret_nulls = 0;
	for (size_t i = 0; i < c->repeat_count; i++) {
		double v = record_field_number(f, &c->repeat[i]);

		if (!counts(&c->repeat[i]))
			continue;
		if (isnan(v))
			++*ret_nulls;
		else
			to[n++] = v;
	}
	return n;
}

static bool constant(const double *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (x[i] != x[0])
			return false;
	return true;
}

static enum compare_verdict direction(const struct field *f, double change)
{
	if (f->better == 0)
		return COMPARE_DIFFERS;
	return (change > 0) == (f->better > 0) ? COMPARE_BETTER : COMPARE_WORSE;
}

static void measure(struct compare_row *row, const struct sample *s, uint64_t seed)
{
	struct stats_interval i =
		stats_change_interval(s->x, s->nx, s->y, s->ny, 0.95, DRAWS, seed);

	row->na = s->nx;
	row->nb = s->ny;
	row->a = stats_median(s->x, s->nx);
	row->b = stats_median(s->y, s->ny);
	row->change = row->b - row->a;
	row->relative = row->a != 0 ? row->change / fabs(row->a) : NAN;
	row->low = i.low;
	row->high = i.high;
	row->p = row->adjusted = NAN;
}

/* A change from nothing is large, whatever its size. */
static bool is_large(const struct compare_options *o, const struct compare_row *row)
{
	if (isnan(row->relative))
		return row->change != 0;
	return fabs(row->relative) >= compare_min_effect(o, row->metric);
}

/* A sample may miss a peak; ledger, packets and counters do not miss. */
static bool is_sampled(const struct field *f)
{
	return strncmp(f->source, "sampler", 7) == 0 || strcmp(f->unit, "ns") == 0;
}

/* What depends on how busy the machine was. */
static bool is_timing(const struct field *f)
{
	return strncmp(f->path, "latency.", 8) == 0 || strncmp(f->path, "cost.", 5) == 0;
}

/* What can be said without a test.  False: a test is needed. */
static bool without_test(const struct compare_options *o, struct compare_row *row,
			 const struct sample *s)
{
	row->verdict = COMPARE_UNDECIDED;
	if (s->nx < COMPARE_REPEATS_MIN || s->ny < COMPARE_REPEATS_MIN || s->nulls_x ||
	    s->nulls_y) {
		if (s->nulls_x || s->nulls_y)
			(void)snprintf(row->note, sizeof(row->note), "null in %zu and %zu repeats",
				       s->nulls_x, s->nulls_y);
		else
			(void)snprintf(row->note, sizeof(row->note),
				       "%zu and %zu repeats; %d are needed on each side", s->nx,
				       s->ny, COMPARE_REPEATS_MIN);
		return true;
	}
	if (is_timing(row->metric) && !o->timings) {
		(void)snprintf(row->note, sizeof(row->note), "the runs were not interleaved");
		return true;
	}
	row->exact = constant(s->x, s->nx) && constant(s->y, s->ny) &&
		     (!o->drawn || row->change == 0);
	if (!row->exact)
		return false;
	if (row->change == 0) {
		row->verdict = COMPARE_SAME;
	} else if (is_sampled(row->metric) && !is_large(o, row)) {
		row->verdict = COMPARE_NOTHING;
		(void)snprintf(row->note, sizeof(row->note), "below the minimum effect of %.3g %%",
			       100 * compare_min_effect(o, row->metric));
	} else {
		row->verdict = direction(row->metric, row->change);
	}
	return true;
}

static void conclude(const struct compare_options *o, struct compare_row *row, double least)
{
	if (o->drawn)
		(void)snprintf(row->note, sizeof(row->note), "tested: the seeds differ");
	if (least > o->level) {
		row->verdict = COMPARE_UNDECIDED;
		(void)snprintf(row->note, sizeof(row->note),
			       "%zu and %zu repeats cannot reach the level of %g", row->na, row->nb,
			       o->level);
	} else if (row->adjusted > o->level) {
		row->verdict = COMPARE_NOTHING;
	} else if (!is_large(o, row)) {
		row->verdict = COMPARE_NOTHING;
		(void)snprintf(row->note, sizeof(row->note), "below the minimum effect of %.3g %%",
			       100 * compare_min_effect(o, row->metric));
	} else {
		row->verdict = direction(row->metric, row->change);
	}
}

/* The rows of one family: those that need a test, on the same repeats. */
struct tests {
	double *value; /* row by row, nx + ny each */
	size_t row[COMPARE_METRICS_MAX];
	size_t count, nx, ny;
};

static int test_family(const struct compare_options *o, const struct tests *t,
		       struct compare_row *row, struct err *err)
{
	double adjusted[COMPARE_METRICS_MAX], least[COMPARE_METRICS_MAX];

	if (t->count == 0)
		return 0;
	if (stats_family(t->value, t->count, t->nx, t->ny, o->seed, adjusted, least) < 0)
		return err_set(err, -ENOMEM, "no memory to compare");
	for (size_t i = 0; i < t->count; i++) {
		const double *v = t->value + i * (t->nx + t->ny);
		struct compare_row *r = &row[t->row[i]];

		r->p = stats_mann_whitney(v, t->nx, v + t->nx, t->ny);
		r->adjusted = adjusted[i];
		conclude(o, r, least[i]);
	}
	return 0;
}

int compare_case(const struct record_case *a, const struct record_case *b,
		 const struct compare_options *o, struct compare_row *row, size_t *ret_count,
		 struct err *err)
{
	size_t all = a->repeat_count + b->repeat_count, n = 0;
	struct tests t = { .value = calloc(o->metric_count * all + 1, sizeof(*t.value)) };
	struct sample s = { .x = calloc(all + 1, sizeof(*s.x)),
			    .y = calloc(all + 1, sizeof(*s.y)) };
	int code = -ENOMEM;

	*ret_count = 0;
	if (!t.value || !s.x || !s.y) {
		(void)err_set(err, -ENOMEM, "no memory to compare");
		goto out;
	}
	for (size_t i = 0; i < o->metric_count; i++) {
		s.nx = collect(a, o->metric[i], s.x, &s.nulls_x);
		s.ny = collect(b, o->metric[i], s.y, &s.nulls_y);
		if (s.nx + s.ny == 0)
			continue;
		row[n] = (struct compare_row){ .metric = o->metric[i] };
		measure(&row[n], &s, o->seed);
		if (!without_test(o, &row[n], &s)) {
			double *v = t.value + t.count * (s.nx + s.ny);

			memcpy(v, s.x, s.nx * sizeof(*v));
			memcpy(v + s.nx, s.y, s.ny * sizeof(*v));
			t.nx = s.nx;
			t.ny = s.ny;
			t.row[t.count++] = n;
		}
		n++;
	}
	*ret_count = n;
	code = test_family(o, &t, row, err);
out:
	free(t.value);
	free(s.x);
	free(s.y);
	return code;
}
