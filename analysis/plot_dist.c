/* The graph of latency by percentile. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/curve.h"
#include "analysis/plot_sheet.h"
#include "base/hist.h"
#include "base/num.h"

#define OVERLAY_MAX          7 /* more lines than that hide each other */
#define LATENCY_POINTS       300
#define LATENCY_POINTS_SMALL 100

/* x = -log10(1 - p): each nine takes the same room.  The k-th of n values stands at p = (k - 0.5) / n. */
static void percentile_curve(struct curve *c, const struct hist *h, size_t points)
{
	int64_t below = 0;

	for (size_t i = 0; i < HIST_BUCKETS && below < h->total; i++) {
		double us = (double)hist_bucket_high_ns(i) / 1e3;

		if (h->count[i] == 0)
			continue;
		if (below == 0)
			curve_add(c, 0, us);
		below += h->count[i];
		curve_add(c, -log10(1 - ((double)below - 0.5) / (double)h->total), us);
	}
	curve_thin(c, points);
}

struct latency_range {
	double low_us, high_us, x_end;
	int64_t fewest, most; /* values per case */
	size_t points;        /* per line */
};

static int write_latency(const struct record_case *c, size_t offset, const char *what,
			 struct latency_range *range, double *ret_last_us, struct plot_sheet *s)
{
	struct curve curve = { 0 };
	struct hist h;
	int status = digest_hist(c, offset, &h);

	if (status < 0)
		return status;
	percentile_curve(&curve, &h, range->points);
	s->no_memory |= curve.failed;
	plot_data_head(s, "%s, %s: -log10(1 - p), microseconds; n = %lld", c->name, what,
		       (long long)h.total);
	curve_write(&curve, s->data);
	*ret_last_us = NAN;
	if (curve.count > 0) {
		*ret_last_us = curve.y[curve.count - 1];
		range->low_us = fmin(range->low_us, fmax(curve.y[0], 1));
		range->high_us = fmax(range->high_us, *ret_last_us);
		range->x_end = fmax(range->x_end, curve.x[curve.count - 1]);
		range->most = h.total > range->most ? h.total : range->most;
		range->fewest = h.total < range->fewest ? h.total : range->fewest;
	}
	curve_release(&curve);
	hist_release(&h);
	return 0;
}

static void var_labels(struct plot_sheet *s, const double *last_us, size_t count,
		       const struct latency_range *range)
{
	double decades = log10(range->high_us / range->low_us), at[OVERLAY_MAX];

	for (size_t i = 0; i < count; i++)
		if (i < OVERLAY_MAX)
			at[i] = log10(last_us[i] / range->low_us) / decades;
		else
			plot_item_real(s, "label_at", i + 1, -1);
	plot_var_spread(s, "label_at", at, count < OVERLAY_MAX ? count : OVERLAY_MAX, 0.058);
}

/* Whole decades would leave half the picture empty: 1, 2 and 5 are round enough. */
static double round_down(double v)
{
	double decade = pow(10, floor(log10(v)));

	return v >= 5 * decade ? 5 * decade : v >= 2 * decade ? 2 * decade : decade;
}

static double round_up(double v)
{
	double decade = pow(10, floor(log10(v)));

	return v <= 2 * decade ? 2 * decade : v <= 5 * decade ? 5 * decade : 10 * decade;
}

static void var_latency(const struct plot_set *set, struct plot_sheet *s,
			struct latency_range *range)
{
	struct plot_grid g = plot_grid(set->count > OVERLAY_MAX ? set->count : 3);
	char few[32], text[400];

	range->low_us = round_down(range->low_us);
	range->high_us = round_up(range->high_us);
	plot_var_text(s, "x_label", "share of requests that were at least this fast");
	plot_var_real(s, "y_low", range->low_us);
	plot_var_real(s, "y_high", range->high_us);
	plot_var_real(s, "x_end", fmax(range->x_end, 1) * 1.01);
	plot_var_real(s, "overlay", set->count <= OVERLAY_MAX);
	plot_var_real(s, "columns", (double)g.columns);
	plot_var_real(s, "rows", set->count > OVERLAY_MAX ? (double)g.rows : 1);
	plot_var_real(s, "width", (double)g.width_px);
	if (set->count <= OVERLAY_MAX)
		plot_var_real(s, "panel_height", 360);
	(void)snprintf(
		text, sizeof(text),
		"Thick = response time, from the scheduled start, so that waiting is counted; "
		"thin = service time, from the actual start. %s values per case%s: "
		"the last ten of them lie beyond %.4g %%.",
		num_format_grouped(range->fewest, few, sizeof(few)),
		range->fewest == range->most ? "" : " or more",
		100 * (1 - 10.0 / (double)(range->fewest > 10 ? range->fewest : 10)));
	plot_var_subtitle(s, text, g.chars);
}

int plot_fill_latency(const struct plot_set *set, struct plot_sheet *s)
{
	struct latency_range range = { .low_us = INFINITY,
				       .fewest = INT64_MAX,
				       .points = set->count <= OVERLAY_MAX ? LATENCY_POINTS
									   : LATENCY_POINTS_SMALL };
	double *last_us = calloc(set->count, sizeof(*last_us)), unused;
	int status = last_us ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->count && status == 0; i++) {
		const struct record_case *c = set->item[i].c;

		status = write_latency(c, offsetof(struct record_repeat, response), "response",
				       &range, &last_us[i], s);
		if (status == 0)
			status = write_latency(c, offsetof(struct record_repeat, service),
					       "service", &range, &unused, s);
	}
	if (status == 0 && range.most == 0)
		status = plot_nothing(s, "the record has no latencies");
	if (status == 0) {
		(void)plot_var_names(set, s, 26);
		plot_var_array(s, "label_at", set->count);
		var_latency(set, s, &range);
		var_labels(s, last_us, set->count, &range);
	}
	free(last_us);
	return status;
}
