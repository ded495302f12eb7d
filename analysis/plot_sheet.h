/*
 * plot_sheet: what a graph is made of: a record seen as cases to draw, the data file, and the
 * variables at the head of its script.  Private to analysis/plot*.c.
 *
 * A graph is one row of the table in plot.c: name, title, the parts of its script (files of
 * analysis/plots/) and the function that fills its sheet.
 */
#ifndef TWBENCH_ANALYSIS_PLOT_SHEET_H
#define TWBENCH_ANALYSIS_PLOT_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/digest.h"
#include "analysis/plot.h"
#include "base/record.h"

struct comparison;

struct plot_case {
	const struct record_case *c;
	const struct record_repeat *shown; /* drawn over time; never NULL */
};

struct plot_set {
	const struct record *record;
	struct plot_case *item; /* cases with at least one repeat */
	size_t count;
	double lifetime_s; /* to forecast with */
	enum plot_theme theme;
	const struct comparison *comparison; /* of plot_comparison alone */
};

struct plot_sheet {
	FILE *data;    /* NAME.dat: indexes parted by two blank lines */
	FILE *vars;    /* gnuplot assignments */
	char *why_not; /* set by a filler that has nothing to draw */
	size_t why_size;
	bool no_memory; /* points are missing */
};

/* Fill a sheet.  0; 1 when the record lacks what it takes, with why_not; -ENOMEM. */
typedef int plot_fill(const struct plot_set *set, struct plot_sheet *sheet);

plot_fill plot_fill_tw_by_strategy, plot_fill_tw_by_side, plot_fill_states, plot_fill_ports;
plot_fill plot_fill_latency;
plot_fill plot_fill_teardowns, plot_fill_outcomes, plot_fill_cost;
plot_fill plot_fill_exhaustion_map, plot_fill_connect_by_ports;
plot_fill plot_fill_compare;

int plot_nothing(struct plot_sheet *sheet, const char *why); /* returns 1 */

/* The comment line before an index of the data file; control characters become '?'. */
void plot_data_head(struct plot_sheet *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* --- variables of the script ------------------------------------------------------------------- */

/* A single-quoted gnuplot string: nothing in it is evaluated, control characters become '?'. */
void plot_quote(const char *text, FILE *out);

void plot_var_real(struct plot_sheet *s, const char *name, double value);
void plot_var_text(struct plot_sheet *s, const char *name, const char *text);

/* name[index] = ...; plot_var_array() declares it with room for `count` (at least 1). */
void plot_var_array(struct plot_sheet *s, const char *name, size_t count);
void plot_item_real(struct plot_sheet *s, const char *name, size_t index, double value);
void plot_item_text(struct plot_sheet *s, const char *name, size_t index, const char *text);

/* The labels of the cases as `name[1..]`; returns the characters of the longest. */
size_t plot_var_names(const struct plot_set *set, struct plot_sheet *s, size_t chars);

/* subtitle[1..2] and subtitles: `text` broken at a blank so that `chars` characters fit on a line. */
void plot_var_subtitle(struct plot_sheet *s, const char *text, size_t chars);

/*
 * name[i]: where on the axis (0 to 1) the label of the line that ends at `at` stands, so that all are
 * `apart`; -1 for one that ends nowhere (NAN).
 */
void plot_var_spread(struct plot_sheet *s, const char *name, const double *at, size_t count,
		     double apart);

/* A step for tics of a count axis: 1, 2, 5, 10 ... so that about `tics` of them reach `top`. */
double plot_tic_step(double top, double tics);

/* The same for an axis of seconds: 15, 30 and 60 are round there. */
double plot_second_step(double top, double tics);

/* columns, rows and characters per line for a grid of `panels`. */
struct plot_grid {
	size_t columns, rows, width_px, chars;
};
struct plot_grid plot_grid(size_t panels);

#endif
