#include "analysis/plot_sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/labels.h"
#include "base/utf8.h"

int plot_nothing(struct plot_sheet *sheet, const char *why)
{
	(void)snprintf(sheet->why_not, sheet->why_size, "%s", why);
	return 1;
}

void plot_data_head(struct plot_sheet *s, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	(void)fprintf(s->data, "# %s\n", line);
}

void plot_quote(const char *text, FILE *out)
{
	(void)fputc('\'', out);
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			(void)fputs("''", out);
		else
			(void)fputc((unsigned char)*p < ' ' || *p == 127 ? '?' : *p, out);
	}
	(void)fputc('\'', out);
}

/* Always with a point: gnuplot divides integers as integers. */
static void write_real(double value, FILE *out)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.10g", value);
	(void)fprintf(out, "%s%s\n", isfinite(value) ? text : "NaN",
		      isfinite(value) && !strpbrk(text, ".e") ? ".0" : "");
}

void plot_var_real(struct plot_sheet *s, const char *name, double value)
{
	(void)fprintf(s->vars, "%s = ", name);
	write_real(value, s->vars);
}

void plot_var_text(struct plot_sheet *s, const char *name, const char *text)
{
	(void)fprintf(s->vars, "%s = ", name);
	plot_quote(text, s->vars);
	(void)fputc('\n', s->vars);
}

void plot_var_array(struct plot_sheet *s, const char *name, size_t count)
{
	(void)fprintf(s->vars, "array %s[%zu]\n", name, count ? count : 1);
}

void plot_item_real(struct plot_sheet *s, const char *name, size_t index, double value)
{
	(void)fprintf(s->vars, "%s[%zu] = ", name, index);
	write_real(value, s->vars);
}

void plot_item_text(struct plot_sheet *s, const char *name, size_t index, const char *text)
{
	(void)fprintf(s->vars, "%s[%zu] = ", name, index);
	plot_quote(text, s->vars);
	(void)fputc('\n', s->vars);
}

size_t plot_var_names(const struct plot_set *set, struct plot_sheet *s, size_t chars)
{
	const char **name = calloc(set->count ? set->count : 1, sizeof(*name));
	struct label *label;
	size_t longest = 0;

	for (size_t i = 0; name && i < set->count; i++)
		name[i] = set->item[i].c->name;
	label = name ? labels_make(name, set->count, chars) : NULL;
	s->no_memory |= !label;
	plot_var_real(s, "cases", (double)set->count);
	plot_var_array(s, "name", set->count);
	for (size_t i = 0; label && i < set->count; i++) {
		size_t length = utf8_chars(label[i].text);

		plot_item_text(s, "name", i + 1, label[i].text);
		longest = length > longest ? length : longest;
	}
	free(label);
	free(name);
	return longest;
}

/* At a blank, unless it groups digits: "1 600". */
static bool may_break(const char *p)
{
	return p[0] == ' ' && !(p[-1] >= '0' && p[-1] <= '9' && p[1] >= '0' && p[1] <= '9');
}

void plot_var_subtitle(struct plot_sheet *s, const char *text, size_t chars)
{
	char line[512];
	size_t lines = 0;

	plot_var_array(s, "subtitle", 3);
	while (*text && lines < 3) {
		size_t end = utf8_prefix(text, chars);

		if (text[end])
			while (end > 0 && !may_break(text + end))
				end--;
		if (end == 0) /* one word longer than the line */
			end = utf8_prefix(text, chars);
		(void)snprintf(line, sizeof(line), "%.*s", (int)end, text);
		plot_item_text(s, "subtitle", ++lines, line);
		text += end;
		text += strspn(text, " ");
	}
	plot_var_real(s, "subtitles", (double)lines);
}

struct end_label {
	size_t index;
	double at; /* where the line ends, then where its label stands */
};

static int compare_ends(const void *a, const void *b)
{
	const struct end_label *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* In the order in which the lines end. */
static void spread_labels(struct end_label *label, size_t count, double apart)
{
	double over;

	qsort(label, count, sizeof(*label), compare_ends);
	for (size_t i = 1; i < count; i++)
		if (label[i].at < label[i - 1].at + apart)
			label[i].at = label[i - 1].at + apart;
	over = count > 0 ? label[count - 1].at - 1 : 0;
	for (size_t i = count; over > 0 && i-- > 0;) {
		double limit = i + 1 < count ? label[i + 1].at - apart : 1;

		if (label[i].at > limit)
			label[i].at = limit;
	}
}

void plot_var_spread(struct plot_sheet *s, const char *name, const double *at, size_t count,
		     double apart)
{
	struct end_label *label = calloc(count ? count : 1, sizeof(*label));
	size_t n = 0;

	s->no_memory |= !label;
	for (size_t i = 0; i < count; i++)
		if (label && isfinite(at[i]))
			label[n++] = (struct end_label){ i, at[i] };
		else
			plot_item_real(s, name, i + 1, -1);
	if (label)
		spread_labels(label, n, apart);
	for (size_t i = 0; i < n; i++)
		plot_item_real(s, name, label[i].index + 1, label[i].at);
	free(label);
}

double plot_tic_step(double top, double tics)
{
	double step = 1;

	for (;;) {
		static const double parts[] = { 1, 2, 5 };

		for (size_t i = 0; i < 3; i++)
			if (top <= step * parts[i] * tics)
				return step * parts[i];
		step *= 10;
	}
}

double plot_second_step(double top, double tics)
{
	static const double steps[] = {
		0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (top <= steps[i] * tics)
			return steps[i];
	return 3600 * plot_tic_step(top / 3600, tics);
}

struct plot_grid plot_grid(size_t panels)
{
	static const size_t width_px[] = { 0, 720, 900, 1000, 1200, 1200 };
	struct plot_grid g = { 0 };

	g.rows = (panels + 4) / 5;
	g.columns = (panels + g.rows - 1) / g.rows;
	g.width_px = width_px[g.columns];
	g.chars = (g.width_px - 100) * 10 / 73;
	return g;
}
