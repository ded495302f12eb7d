/* The graphs of a sweep: time to exhaustion over rate and port range, connect() over ports in use. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/labels.h"
#include "analysis/plot_sheet.h"
#include "analysis/stats.h"
#include "analysis/theme.h"
#include "base/utf8.h"

#define VALUES_MAX 16
#define CURVE_NAME_CHARS 40
#define CURVES_MAX 14 /* two rounds of colours, told apart by their dashes */

/* --- medians of a case ----------------------------------------------------------------------- */

typedef double of_repeat(const struct record_repeat *r);

/* NAN when no repeat has it. */
static double median_of(const struct record_case *c, of_repeat *value)
{
	double *x = calloc(c->repeat_count + 1, sizeof(*x)), m;
	size_t n = 0;

	for (size_t i = 0; x && i < c->repeat_count; i++)
		if (!isnan(value(&c->repeat[i])))
			x[n++] = value(&c->repeat[i]);
	m = stats_median(x, n);
	free(x);
	return m;
}

static double until_no_port_s(const struct record_repeat *r)
{
	return r->ledger.first_no_port_ns == RECORD_NONE ? NAN
							 : (double)r->ledger.first_no_port_ns / 1e9;
}

static double of_load_s(const struct record_repeat *r)
{
	return r->load_begin_ns == RECORD_NONE || r->load_end_ns == RECORD_NONE
		       ? NAN
		       : (double)(r->load_end_ns - r->load_begin_ns) / 1e9;
}

static double capacity(const struct record_repeat *r)
{
	return r->ports.capacity == RECORD_NONE ? NAN : (double)r->ports.capacity;
}

static double ports_used(const struct record_repeat *r)
{
	if (r->ports.capacity == RECORD_NONE || r->ports.capacity <= 0 ||
	    r->ports.peak_used == RECORD_NONE)
		return NAN;
	return fmin(100.0 * (double)r->ports.peak_used / (double)r->ports.capacity, 100);
}

static double connect_us(const struct record_repeat *r)
{
	int64_t ns = r->connect.total > 0 ? hist_quantile_ns(&r->connect, 0.5) : -1;

	return ns < 0 ? NAN : (double)ns / 1e3;
}

/* --- a heat map ------------------------------------------------------------------------------ */

/* The distinct values of one axis, rising. */
struct axis {
	double value[VALUES_MAX];
	size_t count;
};

static void axis_add(struct axis *a, double v)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->value[i] == v)
			return;
	if (isnan(v) || a->count == VALUES_MAX)
		return;
	a->value[a->count++] = v;
	stats_sort(a->value, a->count);
}

static size_t axis_place(const struct axis *a, double v)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->value[i] == v)
			return i + 1;
	return 0;
}

static void write_axis(struct plot_sheet *s, const char *names, const struct axis *a,
		       const char *unit)
{
	char text[48];

	plot_var_array(s, names, a->count);
	for (size_t i = 0; i < a->count; i++) {
		(void)snprintf(text, sizeof(text), "%.6g%s", a->value[i], unit);
		plot_item_text(s, names, i + 1, text);
	}
}

/* For how long the ports were asked for: beyond it nothing is known. */
static double watched_s(const struct record_case *c)
{
	double load_s = median_of(c, of_load_s);

	return isnan(load_s) ? 0 : load_s;
}

/* Each cell once; returns the longest time, 0 when no case ran out of ports. */
static double write_cells(const struct plot_set *set, struct plot_sheet *s, const struct axis *x,
			  const struct axis *y, const char *strategy)
{
	bool taken[VALUES_MAX + 1][VALUES_MAX + 1] = { { false } };
	double longest = 0;

	plot_data_head(s, "place of the rate, place of the ports, seconds, label");
	for (size_t i = 0; i < set->count; i++) {
		const struct record_case *c = set->item[i].c;
		size_t column = axis_place(x, c->rate_per_s);
		size_t row = axis_place(y, median_of(c, capacity));
		double seconds = median_of(c, until_no_port_s);

		if (strcmp(c->strategy, strategy) != 0 || !column || !row || taken[row][column])
			continue;
		taken[row][column] = true;
		if (isnan(seconds))
			(void)fprintf(s->data, "%zu %zu -1 \"> %.3g s\"\n", column, row, watched_s(c));
		else
			(void)fprintf(s->data, "%zu %zu %.6g \"%.3g s\"\n", column, row, seconds,
				      seconds);
		longest = seconds > longest ? seconds : longest;
	}
	return longest;
}

/* The strategy most worth a map: the first that ever ran out. */
static const char *exhausted_strategy(const struct plot_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (!isnan(median_of(set->item[i].c, until_no_port_s)))
			return set->item[i].c->strategy;
	return NULL;
}

int plot_fill_exhaustion_map(const struct plot_set *set, struct plot_sheet *s)
{
	const char *strategy = exhausted_strategy(set);
	struct axis x = { .count = 0 }, y = { .count = 0 };
	char text[256];

	for (size_t i = 0; strategy && i < set->count; i++)
		if (strcmp(set->item[i].c->strategy, strategy) == 0) {
			axis_add(&x, set->item[i].c->rate_per_s);
			axis_add(&y, median_of(set->item[i].c, capacity));
		}
	if (x.count < 2 || y.count < 2)
		return plot_nothing(s, "no sweep over rate and port range that ran out of ports");
	plot_var_real(s, "z_end", fmax(write_cells(set, s, &x, &y, strategy), 0.001));
	plot_var_real(s, "width", 1000);
	plot_var_real(s, "columns", (double)x.count);
	plot_var_real(s, "rows", (double)y.count);
	plot_var_text(s, "x_label", "connections asked for per second");
	plot_var_text(s, "y_label", "local ports");
	write_axis(s, "x_name", &x, "/s");
	write_axis(s, "y_name", &y, "");
	(void)snprintf(text, sizeof(text),
		       "Strategy %s, median of the repeats. Expected: ports / rate, as long as "
		       "that is less than a TIME_WAIT.",
		       strategy);
	plot_var_subtitle(s, text, 118);
	return 0;
}

/* --- a family of curves ---------------------------------------------------------------------- */

struct point {
	double used, us;
};

/* A curve: one strategy with one number of ports, and all else but the load that the names tell. */
struct curve_key {
	char name[192];
};

static void key_of(const struct record_case *c, struct curve_key *ret)
{
	/* How much was asked for is what moves along a curve; the range shows as the number of ports. */
	static const char *const load[] = { "rate", "connections", "duration",
					    "ip_local_port_range", NULL };
	char rest[sizeof(c->name) + 32];

	(void)snprintf(ret->name, sizeof(ret->name), "%s, %.0f ports%s", c->strategy,
		       median_of(c, capacity),
		       label_rest(c->name, load, rest, sizeof(rest)));
}

static bool in_curve(const struct record_case *c, const struct curve_key *k)
{
	struct curve_key own;

	key_of(c, &own);
	return strcmp(own.name, k->name) == 0;
}

static int by_use(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return (x->used > y->used) - (x->used < y->used);
}

static size_t collect(const struct plot_set *set, const struct curve_key *k, struct point *to)
{
	size_t n = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct record_case *c = set->item[i].c;
		struct point p = { median_of(c, ports_used), median_of(c, connect_us) };

		if (!isnan(p.used) && !isnan(p.us) && in_curve(c, k))
			to[n++] = p;
	}
	qsort(to, n, sizeof(*to), by_use);
	return n;
}

/* Three loads that filled the ports differently make a curve. */
static bool is_curve(const struct point *p, size_t n)
{
	size_t distinct = n > 0;

	for (size_t i = 1; i < n; i++)
		distinct += p[i].used - p[i - 1].used >= 1;
	return distinct >= 3;
}

static bool is_first(const struct plot_set *set, size_t i, const struct curve_key *k)
{
	for (size_t j = 0; j < i; j++)
		if (in_curve(set->item[j].c, k))
			return false;
	return true;
}

struct family {
	size_t curves, name_chars;
	double low, high, end_us[CURVES_MAX];
};

static void write_curve(struct plot_sheet *s, struct family *f, const struct curve_key *k,
			const struct point *p, size_t n)
{
	char name[sizeof(k->name)];

	label_shorten(k->name, CURVE_NAME_CHARS, name, sizeof(name));
	plot_data_head(s, "%s: per cent of the ports in use, median of connect() in us", k->name);
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(s->data, "%.6g %.6g\n", p[i].used, p[i].us);
		f->low = fmin(f->low, p[i].us);
		f->high = fmax(f->high, p[i].us);
	}
	(void)fputs("\n\n", s->data);
	f->end_us[f->curves++] = p[n - 1].us;
	plot_item_text(s, "name", f->curves, name);
	plot_item_real(s, "end_x", f->curves, p[n - 1].used);
	plot_item_real(s, "end_y", f->curves, p[n - 1].us);
	f->name_chars = utf8_chars(name) > f->name_chars ? utf8_chars(name) : f->name_chars;
}

/* The axis, logarithmic, and each curve's name at its height. */
static void var_family(struct plot_sheet *s, const struct family *f)
{
	double low = fmax(f->low / 1.5, 0.1), high = f->high * 1.5, at[CURVES_MAX];

	for (size_t i = 0; i < f->curves; i++)
		at[i] = log(f->end_us[i] / low) / log(high / low);
	plot_var_array(s, "label_at", f->curves);
	plot_var_spread(s, "label_at", at, f->curves, 0.058);
	plot_var_real(s, "width", 1000);
	plot_var_real(s, "cases", (double)f->curves);
	plot_var_real(s, "name_chars", (double)f->name_chars);
	plot_var_real(s, "y_low", low);
	plot_var_real(s, "y_top", high);
}

int plot_fill_connect_by_ports(const struct plot_set *set, struct plot_sheet *s)
{
	struct point *point = calloc(set->count + 1, sizeof(*point));
	struct family f = { .low = HUGE_VAL };

	if (!point)
		return -ENOMEM;
	plot_var_array(s, "name", CURVES_MAX);
	plot_var_array(s, "end_x", CURVES_MAX);
	plot_var_array(s, "end_y", CURVES_MAX);
	for (size_t i = 0; i < set->count && f.curves < CURVES_MAX; i++) {
		struct curve_key k;
		size_t n = 0;

		key_of(set->item[i].c, &k);
		if (is_first(set, i, &k) && !isnan(median_of(set->item[i].c, capacity)))
			n = collect(set, &k, point);

		if (is_curve(point, n))
			write_curve(s, &f, &k, point, n);
	}
	free(point);
	if (f.curves == 0)
		return plot_nothing(s, "no strategy was run with three loads or more that filled "
				       "the same ports differently");
	var_family(s, &f);
	plot_var_text(s, "x_label", "highest share of the local ports in use");
	plot_var_text(s, "y_label", "median of connect(), µs");
	plot_var_subtitle(
		s,
		"Each point is a case. Past half of the range connect() no longer finds a "
		"port of its preferred parity at once.",
		118);
	return 0;
}
