/*
 * plot: a record -> data files, gnuplot scripts, SVG and PNG.
 *
 * One script per graph in analysis/plots/ (embedded as assets); scripts and data stay beside the
 * pictures so that anyone can restyle them.  gnuplot is run as a program; each picture is made
 * under a temporary name, checked and renamed.  Without gnuplot the data and scripts are still written.
 */
#ifndef TWBENCH_ANALYSIS_PLOT_H
#define TWBENCH_ANALYSIS_PLOT_H

#include <stddef.h>
#include <stdio.h>

#include "base/record.h"

struct err;

enum plot_theme { THEME_LIGHT, THEME_DARK, THEME_PRINT, THEME_COUNT };
const char *plot_theme_key(enum plot_theme t);

struct plot_options {
	const char *dir; /* made if missing: "results/latest/plots" */
	enum plot_theme theme;
	const char *only; /* one graph by name; NULL: all that the record can fill */
};

/* The result of one graph. */
struct plot_result {
	const char *name, *title; /* static */
	char file[64];            /* "tw-by-strategy.svg"; empty when not drawn */
	char why_not[160];
};
#define PLOT_MAX 16

/* Draw.  0 (each graph's own failure is in its result) or negative errno with *err. */
int plot_record(const struct record *r, const struct plot_options *o,
		struct plot_result ret[PLOT_MAX], size_t *ret_count, struct err *err);

/* The graph of a comparison, "compare".  0 or negative errno with *err, as above. */
struct comparison;
int plot_comparison(const struct comparison *c, const struct plot_options *o,
		    struct plot_result *ret, struct err *err);

/* Is there a gnuplot?  Its version into buf, or 0 length. */
void plot_gnuplot_version(char *buf, size_t size);

/* name and what it shows, one line each. */
void plot_list(FILE *out);

#endif
