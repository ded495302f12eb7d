#include "analysis/compare_say.h"

#include <math.h>
#include <string.h>

#include "analysis/expect.h"
#include "base/json.h"

static void put_line(void *to, const char *text)
{
	FILE *out = to;

	(void)fputs("  ", out);
	for (; *text; text++)
		(void)fputc((unsigned char)*text < ' ' ? '?' : *text, out);
	(void)fputc('\n', out);
}

static void put_row(const struct compare_row *r, FILE *out)
{
	char a[48], b[48], change[64] = "", p[64] = "";
	const char *unit = r->metric->unit;

	if (isfinite(r->relative))
		(void)snprintf(change, sizeof(change), "%+.1f %% [%+.1f, %+.1f]", 100 * r->relative,
			       100 * r->low / fabs(r->a), 100 * r->high / fabs(r->a));
	if (!isnan(r->p))
		(void)snprintf(p, sizeof(p), "p=%.3g", r->p);
	else if (r->exact)
		(void)snprintf(p, sizeof(p), "exact");
	(void)fprintf(out, "  %-36s %20s %20s  %-26s %-9s %s%s%s\n", r->metric->path,
		      expect_format(r->a, unit, a, sizeof(a)),
		      expect_format(r->b, unit, b, sizeof(b)), change, p,
		      compare_verdict_words(r->verdict), r->note[0] ? ": " : "", r->note);
}

static void put_pair(const struct compare_pair *p, bool all, FILE *out)
{
	size_t same = 0;

	(void)fprintf(out, "\n%s: %zu and %zu repeats\n", p->a->name, p->a->repeat_count,
		      p->b->repeat_count);
	if (p->drawn)
		(void)fputs("  a random load and two seeds: counts are tested, not compared exactly\n",
			    out);
	for (size_t i = 0; i < p->count; i++) {
		same += p->row[i].verdict == COMPARE_SAME;
		if (all || p->row[i].verdict != COMPARE_SAME)
			put_row(&p->row[i], out);
	}
	if (same && !all)
		(void)fprintf(out,
			      "  %zu more are counted exactly and the same (--all shows them)\n",
			      same);
}

static void put_name(const char *which, const struct record *r, FILE *out)
{
	(void)fprintf(out, "%s: %s (%s, %s)\n", which, r->run_id ? r->run_id : "?",
		      r->host.kernel_release ? r->host.kernel_release : "?",
		      r->status[0] ? r->status : "unknown");
}

static void count_line(void *to, const char *text)
{
	(void)text;
	++*(size_t *)to;
}

static bool any_difference(const struct comparison *c)
{
	size_t n = 0;

	compare_differences(c->a, c->b, count_line, &n);
	return n > 0;
}

void compare_say_text(const struct comparison *c, const struct compare_options *o, bool all,
		      FILE *out)
{
	put_name("A", c->a, out);
	put_name("B", c->b, out);
	(void)fputs("differences that are no result:\n", out);
	if (!any_difference(c))
		(void)fputs("  none\n", out);
	compare_differences(c->a, c->b, put_line, out);
	(void)fprintf(out, "\n%-38s %20s %20s  %s\n", "medians", "A", "B",
		      "change [95 % interval]");
	for (size_t i = 0; i < c->count; i++)
		put_pair(&c->pair[i], all, out);
	(void)fputc('\n', out);
	for (int v = 0; v < COMPARE_VERDICT_COUNT; v++)
		(void)fprintf(out, "%s%s: %zu", v ? ", " : "",
			      compare_verdict_words((enum compare_verdict)v), c->by_verdict[v]);
	(void)fprintf(out,
		      "\nlevel %g: the chance that anything at all is wrongly called better or "
		      "worse in a case\n",
		      o->level);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_line(void *to, const char *text)
{
	jsonw_string(to, text);
}

static void member_real(struct jsonw *w, const char *key, double v)
{
	jsonw_key(w, key);
	jsonw_real(w, v);
}

static void json_row(const struct compare_row *r, struct jsonw *w)
{
	jsonw_object_flat(w);
	jsonw_key(w, "metric");
	jsonw_string(w, r->metric->path);
	jsonw_key(w, "unit");
	jsonw_string(w, r->metric->unit);
	member_real(w, "a", r->a);
	member_real(w, "b", r->b);
	member_real(w, "change", r->change);
	member_real(w, "low", r->low);
	member_real(w, "high", r->high);
	member_real(w, "relative", r->relative);
	member_real(w, "p", r->p);
	member_real(w, "adjusted_p", r->adjusted);
	jsonw_key(w, "a_repeats");
	jsonw_int(w, (int64_t)r->na);
	jsonw_key(w, "b_repeats");
	jsonw_int(w, (int64_t)r->nb);
	jsonw_key(w, "exact");
	jsonw_bool(w, r->exact);
	jsonw_key(w, "verdict");
	jsonw_string(w, compare_verdict_key(r->verdict));
	jsonw_key(w, "note");
	jsonw_string(w, r->note);
	jsonw_object_end(w);
}

void compare_say_json_begin(struct jsonw *w, const struct compare_options *o, FILE *out)
{
	jsonw_init(w, out);
	jsonw_object(w);
	jsonw_key(w, "schema");
	jsonw_string(w, "twbench.comparison/1");
	member_real(w, "level", o->level);
	jsonw_key(w, "comparisons");
	jsonw_array(w);
}

void compare_say_json_end(struct jsonw *w)
{
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_end(w);
}

void compare_say_json(struct jsonw *w, const struct comparison *c)
{
	jsonw_object(w);
	jsonw_key(w, "a");
	jsonw_string(w, c->a->run_id);
	jsonw_key(w, "b");
	jsonw_string(w, c->b->run_id);
	jsonw_key(w, "differences");
	jsonw_array(w);
	compare_differences(c->a, c->b, json_line, w);
	jsonw_array_end(w);
	jsonw_key(w, "cases");
	jsonw_object(w);
	for (size_t i = 0; i < c->count; i++) {
		jsonw_key(w, c->pair[i].a->name);
		jsonw_array(w);
		for (size_t k = 0; k < c->pair[i].count; k++)
			json_row(&c->pair[i].row[k], w);
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
	jsonw_object_end(w);
}
