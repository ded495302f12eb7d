/*
 * curve: points of one line of a graph, and thinning them without losing what the eye looks for.
 */
#ifndef TWBENCH_ANALYSIS_CURVE_H
#define TWBENCH_ANALYSIS_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/series.h"

#define CURVE_POINTS_MAX 2000 /* per line in a data file */

struct curve {
	double *x, *y;
	size_t count, capacity;
	bool failed; /* out of memory: points are missing */
};

void curve_release(struct curve *c);
void curve_add(struct curve *c, double x, double y); /* sets `failed` when out of memory */

/* Highest y; 0 when empty. */
double curve_top(const struct curve *c);

/*
 * Thin to at most `limit` (>= 4) points: x is cut into limit/4 equal stretches and of each the
 * first, lowest, highest and last point stay.  Extremes and both ends therefore survive exactly.
 */
void curve_thin(struct curve *c, size_t limit);

/* Turn each change into a corner, "until then the old, from then the new", for areas: one polygon in place
 * of one per point.  Doubles the points. */
void curve_step(struct curve *c);

/* "x y" lines, then the two blank lines that end a gnuplot index.  An empty curve becomes one undefined
 * point, so that index numbers hold. */
void curve_write(const struct curve *c, FILE *out);

/* What a line over time shows of a row of samples. */
typedef double curve_of_row(const struct series *s, size_t row, int arg);

/* Fill `c` from samples: x in seconds since `zero_ns`, rows after `end_ns` left out, the count that holds
 * at the last sample repeated there; thinned as by curve_thin(), but without a copy of millions. */
struct curve_source {
	const struct series *series;
	int64_t zero_ns, end_ns;
	curve_of_row *of;
	int arg;
	size_t limit; /* of points */
};
void curve_from_series(struct curve *c, const struct curve_source *from);

#endif
