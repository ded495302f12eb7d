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

void curve_from_series(struct curve *c, const struct series *s, int64_t zero_ns, int64_t end_ns,
		       curve_of_row *of, int arg)
{
	int64_t last_ns = s->last_ns < end_ns ? s->last_ns : end_ns;
	double value = NAN;

	for (size_t i = 0; i < s->count && s->t_ns[i] <= end_ns; i++) {
		struct series_row row = series_row(s, i);

		value = of(&row, arg);
		curve_add(c, (double)(s->t_ns[i] - zero_ns) / 1e9, value);
	}
	if (c->count > 0 && c->x[c->count - 1] < (double)(last_ns - zero_ns) / 1e9)
		curve_add(c, (double)(last_ns - zero_ns) / 1e9, value);
}
