#include "analysis/report_chart.h"

#include <stdio.h>
#include <string.h>

#include "analysis/digest.h"

#define LEVELS 8

static int64_t zero_of(const struct record_repeat *rep)
{
	return rep->load_begin_ns == RECORD_NONE ? 0 : rep->load_begin_ns;
}

void report_chart_init(struct report_chart *c, const struct record *r, size_t columns, bool unicode)
{
	*c = (struct report_chart){
		.span_ns = 1, .top = 1, .columns = columns, .unicode = unicode
	};
	for (size_t i = 0; i < r->case_count; i++) {
		const struct record_repeat *rep = digest_shown(&r->cases[i]);

		if (!rep)
			continue;
		if (rep->series.count > 0 && rep->series.last_ns - zero_of(rep) > c->span_ns)
			c->span_ns = rep->series.last_ns - zero_of(rep);
		for (size_t j = 0; j < rep->series.count; j++)
			for (int s = 0; s < SIDE_COUNT; s++)
				if (series_count(&rep->series, j, s, COL_TIME_WAIT) > c->top)
					c->top = series_count(&rep->series, j, s, COL_TIME_WAIT);
	}
}

/* The highest count in [from, to); -1 where nothing was sampled. */
static int64_t highest(const struct series *s, enum side side, int64_t from_ns, int64_t to_ns)
{
	size_t low = series_until(s, from_ns);
	bool held = low > 0 && from_ns <= s->last_ns;
	int64_t high = held ? series_count(s, low - 1, (int)side, COL_TIME_WAIT) : -1;

	while (low > 0 && s->t_ns[low - 1] == from_ns)
		low--; /* the first row at `from`, if there is one */
	for (; low < s->count && s->t_ns[low] < to_ns; low++)
		if (series_count(s, low, (int)side, COL_TIME_WAIT) > high)
			high = series_count(s, low, (int)side, COL_TIME_WAIT);
	return high;
}

static const char *glyph(const struct report_chart *c, int64_t n)
{
	static const char *const blocks[LEVELS + 1] = { "\u00b7", "\u2581", "\u2582",
							"\u2583", "\u2584", "\u2585",
							"\u2586", "\u2587", "\u2588" };
	static const char *const ascii[LEVELS + 1] = {
		"_", ".", ":", "-", "=", "+", "*", "#", "@"
	};
	int64_t level = (n * LEVELS + c->top - 1) / c->top;

	if (n < 0)
		return " ";
	return (c->unicode ? blocks : ascii)[level > LEVELS ? LEVELS : level];
}

const char *report_chart_row(const struct report_chart *c, const struct record_repeat *rep,
			     enum side side, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < c->columns; i++) {
		int64_t from_ns = zero_of(rep) +
				  (int64_t)((double)c->span_ns * (double)i / (double)c->columns);
		int64_t to_ns = zero_of(rep) + (int64_t)((double)c->span_ns * (double)(i + 1) /
							 (double)c->columns);
		const char *g = glyph(c, highest(&rep->series, side, from_ns, to_ns));

		if (used + strlen(g) >= size)
			break;
		(void)snprintf(buf + used, size - used, "%s", g);
		used += strlen(g);
	}
	return buf;
}
