/* The graph of a comparison: relative change of each metric with its interval. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/labels.h"
#include "analysis/plot_sheet.h"

#define ROWS_MAX   60
#define NAME_CHARS 52
#define CASE_CHARS_MIN 12
#define CHANGE_MAX 300.0 /* per cent; what is more is drawn at the edge */

/* Kinds of rows are indexes of the data file: nothing shown, better, worse or different. */
static int kind_of(const struct compare_row *r)
{
	if (r->verdict == COMPARE_BETTER)
		return 1;
	return r->verdict == COMPARE_WORSE || r->verdict == COMPARE_DIFFERS ? 2 : 0;
}

static bool is_drawn(const struct compare_row *r)
{
	return isfinite(r->relative) && r->verdict != COMPARE_SAME;
}

static double per_cent(const struct compare_row *r, double value)
{
	double x = 100 * value / fabs(r->a);

	return fmax(fmin(x, CHANGE_MAX), -CHANGE_MAX);
}

struct extent {
	double low, high;
	size_t rows;
};

static void write_kind(const struct comparison *c, struct plot_sheet *s, int kind,
		       struct extent *ret)
{
	size_t row = 0;

	plot_data_head(s, "row, change in per cent, its interval");
	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < c->pair[i].count && row < ROWS_MAX; k++) {
			const struct compare_row *r = &c->pair[i].row[k];

			if (!is_drawn(r))
				continue;
			row++;
			if (kind_of(r) != kind)
				continue;
			(void)fprintf(s->data, "%zu %.6g %.6g %.6g\n", row, per_cent(r, r->change),
				      per_cent(r, r->low), per_cent(r, r->high));
			ret->low = fmin(ret->low, per_cent(r, r->low));
			ret->high = fmax(ret->high, per_cent(r, r->high));
		}
	ret->rows = row;
	(void)fputs("\n\n", s->data);
}

/* What the longest path of a metric leaves of a row's name. */
static size_t case_chars(const struct comparison *c)
{
	size_t longest = 0;

	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < c->pair[i].count; k++)
			if (is_drawn(&c->pair[i].row[k]) &&
			    strlen(c->pair[i].row[k].metric->path) > longest)
				longest = strlen(c->pair[i].row[k].metric->path);
	return longest + 1 + CASE_CHARS_MIN < NAME_CHARS ? NAME_CHARS - longest - 1 : CASE_CHARS_MIN;
}

/* Free it; NULL without memory. */
static struct label *case_labels(const struct comparison *c)
{
	const char **name = calloc(c->count ? c->count : 1, sizeof(*name));
	struct label *label;

	for (size_t i = 0; name && i < c->count; i++)
		name[i] = c->pair[i].a->name;
	label = name ? labels_make(name, c->count, case_chars(c)) : NULL;
	free(name);
	return label;
}

static int write_names(const struct comparison *c, struct plot_sheet *s, size_t rows)
{
	size_t row = 0, name_chars = 0, note_chars = 0;
	struct label *label = case_labels(c);
	char name[256], note[64];

	if (!label)
		return -ENOMEM;
	plot_var_array(s, "name", rows);
	plot_var_array(s, "note", rows);
	plot_var_array(s, "news", rows);
	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < c->pair[i].count && row < rows; k++) {
			const struct compare_row *r = &c->pair[i].row[k];

			if (!is_drawn(r))
				continue;
			(void)snprintf(name, sizeof(name), "%s %s", label[i].text, r->metric->path);
			(void)snprintf(note, sizeof(note), "%s (%+.1f %%)",
				       compare_verdict_words(r->verdict), 100 * r->relative);
			plot_item_text(s, "name", ++row, name);
			plot_item_text(s, "note", row, note);
			plot_item_real(s, "news", row, kind_of(r));
			name_chars = strlen(name) > name_chars ? strlen(name) : name_chars;
			note_chars = strlen(note) > note_chars ? strlen(note) : note_chars;
		}
	free(label);
	plot_var_real(s, "cases", (double)rows);
	plot_var_real(s, "name_chars", (double)name_chars);
	plot_var_real(s, "note_chars", (double)note_chars);
	return 0;
}

int plot_fill_compare(const struct plot_set *set, struct plot_sheet *s)
{
	const struct comparison *c = set->comparison;
	struct extent e = { -1, 1, 0 };
	char text[512];
	double step;

	for (int kind = 0; kind < 3; kind++)
		write_kind(c, s, kind, &e);
	if (e.rows == 0)
		return plot_nothing(s, "no metric varies, or none can be decided");
	step = plot_tic_step(e.high - e.low, 8);
	plot_var_real(s, "width", 1000);
	plot_var_text(s, "x_label", "change of the median, B against A, with its 95 % interval");
	plot_var_real(s, "x_low", floor(e.low / step) * step);
	plot_var_real(s, "x_end", ceil(e.high / step) * step);
	plot_var_real(s, "x_step", step);
	(void)snprintf(text, sizeof(text), "A: %s   B: %s", c->a->run_id ? c->a->run_id : "?",
		       c->b->run_id ? c->b->run_id : "?");
	plot_var_subtitle(s, text, 118);
	return write_names(c, s, e.rows);
}
