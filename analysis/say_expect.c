/* The sentences about expectations and about settings under test. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/expect.h"
#include "analysis/say.h"

/* "no_port: 5 connections, wanted == 0: missed by 5 connections". */
static void one_expectation(const struct record_expectation *x, say_line *line, void *to)
{
	bool pass = strcmp(x->verdict, "pass") == 0;
	char value[64], limit[64], margin[64], text[1024];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "%s: %s [%s]",
			     pass                                 ? "met"
			     : strcmp(x->verdict, "unknown") == 0 ? "UNKNOWN"
								  : "MISSED",
			     x->text, x->case_name);
	if (!isnan(x->value) && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, ": %s",
				      expect_format(x->value, x->unit, value, sizeof(value)));
	if (!isnan(x->limit) && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, ", limit %s",
				      expect_format(x->limit, x->unit, limit, sizeof(limit)));
	if (!isnan(x->margin) && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, ", margin %s",
				      expect_format(x->margin, x->unit, margin, sizeof(margin)));
	if (x->rule[0] && !isnan(x->value) && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, " (%s, %lld)", x->rule,
				      (long long)x->repeats);
	if (x->note[0] && n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - n, "; %s", x->note);
	line(to, pass ? SAY_POINT : SAY_BAD, text);
}

void say_expectations(const struct record *r, say_line *line, void *to)
{
	char text[128];
	size_t failed = expect_failed(r, NULL);

	if (r->expectation_count == 0)
		return;
	line(to, SAY_HEAD, "Expectations");
	(void)snprintf(text, sizeof(text), "%zu of %zu met.", r->expectation_count - failed,
		       r->expectation_count);
	line(to, SAY_PLAIN, text);
	for (size_t i = 0; i < r->expectation_count; i++)
		one_expectation(&r->expectation[i], line, to);
}

/* --- settings under test --------------------------------------------------------------------- */

static const struct {
	const char *verdict, *words;
} verdicts[] = {
	{ "helps", "helps" },
	{ "hurts", "HURTS" },
	{ "mixed", "helps and hurts" },
	{ "changes", "changes something" },
	{ "no-effect", "no measurable effect" },
	{ "not-tested", "cannot be tested here" },
};

const char *say_setting(const struct record_tuning *t)
{
	if (t->mistake)
		return "a mistake";
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(verdicts[i].verdict, t->verdict) == 0)
			return verdicts[i].words;
	return "not decided";
}

static void one_effect(const struct record_effect *e, say_line *line, void *to)
{
	char plain[64], tuned[64], low[64], high[64], text[768], p[48] = "counted exactly";

	if (strcmp(e->verdict, "better") != 0 && strcmp(e->verdict, "worse") != 0 &&
	    strcmp(e->verdict, "differs") != 0)
		return;
	if (!e->exact)
		(void)snprintf(p, sizeof(p), "p = %.3g", e->p);
	(void)snprintf(text, sizeof(text),
		       "%s: %s in %s: %s without, %s with (change %s to %s; %s; %lld and %lld "
		       "repeats)",
		       e->verdict, e->metric, e->case_name,
		       expect_format(e->plain, e->unit, plain, sizeof(plain)),
		       expect_format(e->tuned, e->unit, tuned, sizeof(tuned)),
		       expect_format(e->low, e->unit, low, sizeof(low)),
		       expect_format(e->high, e->unit, high, sizeof(high)), p,
		       (long long)e->plain_n, (long long)e->tuned_n);
	line(to, strcmp(e->verdict, "worse") == 0 ? SAY_BAD : SAY_POINT, text);
}

static void effects_of(const struct record *r, const char *tuning, say_line *line, void *to)
{
	for (size_t i = 0; i < r->effect_count; i++)
		if (strcmp(r->effect[i].tuning, tuning) == 0)
			one_effect(&r->effect[i], line, to);
}

static void one_tuning(const struct record *r, const struct record_tuning *t, say_line *line,
		       void *to)
{
	char text[1024], where[320] = "";

	if (t->file)
		(void)snprintf(where, sizeof(where), "%.280s:%lld: ", t->file, (long long)t->line);
	(void)snprintf(text, sizeof(text), "%s%s = %s: %s%s%s", where, t->key,
		       t->value ? t->value : "?", say_setting(t), t->note[0] ? ": " : "",
		       t->note);
	line(to, t->mistake || strcmp(t->verdict, "hurts") == 0 ? SAY_BAD : SAY_POINT, text);
	effects_of(r, t->key, line, to);
}

void say_tuning(const struct record *r, say_line *line, void *to)
{
	if (r->tuning_count == 0)
		return;
	line(to, SAY_HEAD, "Settings under test");
	for (size_t i = 0; i < r->tuning_count; i++)
		one_tuning(r, &r->tuning[i], line, to);
	line(to, SAY_PLAIN, "All of them together:");
	effects_of(r, "all", line, to);
}
