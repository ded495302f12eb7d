#include "analysis/curve.h"

#include <math.h>
#include <stdlib.h>

void curve_release(struct curve *c)
{
	if (!c)
		return;
	free(c->x);
	free(c->y);
	*c = (struct curve){ 0 };
}

static bool curve_grow(struct curve *c)
{
	size_t capacity = c->capacity ? c->capacity * 2 : 256;
	double *x = realloc(c->x, capacity * sizeof(*x));
	double *y;

	if (!x)
		return false;
	c->x = x;
	y = realloc(c->y, capacity * sizeof(*y));
	if (!y)
		return false;
	c->y = y;
	c->capacity = capacity;
	return true;
}

void curve_add(struct curve *c, double x, double y)
{
	if (c->count == c->capacity && !curve_grow(c)) {
		c->failed = true;
		return;
	}
	c->x[c->count] = x;
	c->y[c->count++] = y;
}

double curve_top(const struct curve *c)
{
	double top = 0;

	for (size_t i = 0; i < c->count; i++)
		if (c->y[i] > top)
			top = c->y[i];
	return top;
}

/* Of points [from, to): first, lowest, highest, last, in order and each once, moved to `at`. */
static size_t keep_extremes(struct curve *c, size_t from, size_t to, size_t at)
{
	size_t low = from, high = from;

	for (size_t i = from; i < to; i++) {
		if (c->y[i] < c->y[low])
			low = i;
		if (c->y[i] > c->y[high])
			high = i;
	}
	for (size_t i = from; i < to; i++) {
		if (i != from && i != low && i != high && i != to - 1)
			continue;
		c->x[at] = c->x[i];
		c->y[at++] = c->y[i];
	}
	return at;
}

void curve_thin(struct curve *c, size_t limit)
{
	size_t stretches = limit / 4, at = 0, from = 0;
	double width;

	if (c->count <= limit)
		return;
	width = (c->x[c->count - 1] - c->x[0]) / (double)stretches;
	for (size_t s = 1; s <= stretches && from < c->count; s++) {
		double end = c->x[0] + width * (double)s;
		size_t to = from;

		/* The last stretch takes the rest: rounding must not drop the last point. */
		while (to < c->count && (c->x[to] < end || s == stretches))
			to++;
		if (to > from)
			at = keep_extremes(c, from, to, at);
		from = to;
	}
	c->count = at;
}

void curve_step(struct curve *c)
{
	struct curve stepped = { 0 };

	for (size_t i = 0; i < c->count; i++) {
		if (i > 0)
			curve_add(&stepped, c->x[i], c->y[i - 1]);
		curve_add(&stepped, c->x[i], c->y[i]);
	}
	stepped.failed |= c->failed;
	curve_release(c);
	*c = stepped;
}

void curve_write(const struct curve *c, FILE *out)
{
	if (c->count == 0)
		(void)fputs("NaN NaN\n", out);
	for (size_t i = 0; i < c->count; i++)
		(void)fprintf(out, "%.10g %.10g\n", c->x[i], c->y[i]);
	(void)fputs("\n\n", out);
}

/* Points of a source: its rows and, if the last sample changed nothing, one for that. */
struct points {
	const struct curve_source *from;
	size_t rows, count;
	int64_t last_ns;
};

static double x_of(const struct points *p, size_t i)
{
	int64_t t_ns = i < p->rows ? p->from->series->t_ns[i] : p->last_ns;

	return (double)(t_ns - p->from->zero_ns) / 1e9;
}

static double y_of(const struct points *p, size_t i)
{
	return p->from->of(p->from->series, i < p->rows ? i : p->rows - 1, p->from->arg);
}

/* Of the points from `first` on and below x `end`: those that curve_thin() keeps.  Returns where the
 * next stretch begins. */
static size_t add_extremes(struct curve *c, const struct points *p, size_t first, double end)
{
	size_t low = first, high = first, i;
	double least = y_of(p, first), most = least;

	for (i = first; i < p->count && x_of(p, i) < end; i++) {
		double y = y_of(p, i);

		if (y < least) {
			least = y;
			low = i;
		}
		if (y > most) {
			most = y;
			high = i;
		}
	}
	if (i == first)
		return first;
	for (size_t k = 0, keep[4] = { first, low < high ? low : high, low < high ? high : low, i - 1 }; k < 4; k++)
		if (k == 0 || keep[k] != keep[k - 1])
			curve_add(c, x_of(p, keep[k]), y_of(p, keep[k]));
	return i;
}

void curve_from_series(struct curve *c, const struct curve_source *from)
{
	const struct series *s = from->series;
	struct points p = { .from = from, .rows = series_until(s, from->end_ns) };
	size_t stretches = from->limit / 4, at = 0;
	double width;

	p.last_ns = s->last_ns < from->end_ns ? s->last_ns : from->end_ns;
	p.count = p.rows + (p.rows > 0 && s->t_ns[p.rows - 1] < p.last_ns);
	if (p.count <= from->limit) {
		for (; at < p.count; at++)
			curve_add(c, x_of(&p, at), y_of(&p, at));
		return;
	}
	width = (x_of(&p, p.count - 1) - x_of(&p, 0)) / (double)stretches;
	for (size_t k = 1; k <= stretches && at < p.count; k++)
		at = add_extremes(c, &p, at,
				  k < stretches ? x_of(&p, 0) + width * (double)k : INFINITY);
}
