/* What the repeats say of the settings under test. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/expect.h"
#include "base/err.h"
#include "base/failon.h"
#include "bench/cmd_check.h"

#define ALL_TOGETHER "all"

static const struct record_case *find_case(const struct record *r, const char *variant,
					   const char *base)
{
	const char *rest;

	for (size_t i = 0; i < r->case_count; i++)
		if (expect_case_answers(r->cases[i].name, variant, &rest) &&
		    strcmp(rest, base) == 0)
			return &r->cases[i];
	return NULL;
}

/* --- effects --------------------------------------------------------------------------------- */

/* How full a state gets is what a setting is for, or what it leads to; neither good nor bad. */
static bool is_neutral(const struct field *f)
{
	size_t n = strlen(f->path);

	return n > 5 && (strcmp(f->path + n - 5, ".peak") == 0 || strcmp(f->path + n - 5, "_peak") == 0);
}

static int add_effect(struct record *r, const char *tuning, const char *base,
		      const struct compare_row *row)
{
	struct record_effect *e = record_add_effect(r);
	enum compare_verdict v = row->verdict;

	if (!e)
		return -ENOMEM;
	if (is_neutral(row->metric) && (v == COMPARE_BETTER || v == COMPARE_WORSE))
		v = COMPARE_DIFFERS;
	(void)snprintf(e->tuning, sizeof(e->tuning), "%s", tuning);
	(void)snprintf(e->case_name, sizeof(e->case_name), "%s", base);
	(void)snprintf(e->metric, sizeof(e->metric), "%s", row->metric->path);
	(void)snprintf(e->unit, sizeof(e->unit), "%s", row->metric->unit);
	(void)snprintf(e->verdict, sizeof(e->verdict), "%s", compare_verdict_key(v));
	(void)snprintf(e->note, sizeof(e->note), "%s", row->note);
	e->plain = row->a;
	e->tuned = row->b;
	e->change = row->change;
	e->low = row->low;
	e->high = row->high;
	e->p = row->p;
	e->plain_n = (int64_t)row->na;
	e->tuned_n = (int64_t)row->nb;
	e->exact = row->exact;
	return 0;
}

int check_effects(const struct check *c, struct record *record, const char *tuning,
		  const struct record_case *plain, const struct record_case *tuned, struct err *err)
{
	struct compare_row row[COMPARE_METRICS_MAX];
	struct compare_options o;
	size_t count = 0;
	const char *base = "";
	int code;

	compare_defaults(&o);
	o.timings = true; /* the repeats were interleaved */
	o.level = c->level;
	o.min_effect = c->min_effect;
	(void)expect_case_answers(plain->name, VARIANT_PLAIN, &base);
	code = compare_case(plain, tuned, &o, row, &count, err);
	for (size_t i = 0; i < count && code == 0; i++)
		if (add_effect(record, tuning, base, &row[i]) < 0)
			code = err_set(err, -ENOMEM, "no memory for effects");
	return code;
}

static int effects_of(const struct check *c, struct record *r, const char *tuning,
		      const char *variant, struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < r->case_count && code == 0; i++) {
		const struct record_case *tuned;
		const char *base;

		if (!expect_case_answers(r->cases[i].name, VARIANT_PLAIN, &base))
			continue;
		tuned = find_case(r, variant, base);
		if (tuned)
			code = check_effects(c, r, tuning, &r->cases[i], tuned, err);
	}
	return code;
}

/* --- keys ------------------------------------------------------------------------------------ */

struct tally {
	size_t better, worse, differs, decided, undecided;
	size_t outcomes_better, outcomes_worse; /* of these, how connections ended */
	const struct record_effect *worst_outcome;
	const struct record_effect *worst, *best;
};

/* A connection closed without its TIME_WAIT did not end as it should, either. */
static bool is_outcome(const struct record_effect *e)
{
	return strncmp(e->metric, "ledger.outcomes.", 16) == 0 || strstr(e->metric, ".overflowed");
}

static struct tally tally_of(const struct record *r, const char *tuning)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < r->effect_count; i++) {
		const struct record_effect *e = &r->effect[i];

		if (strcmp(e->tuning, tuning) != 0)
			continue;
		if (strcmp(e->verdict, "undecided") == 0) {
			t.undecided++;
			continue;
		}
		t.decided++;
		if (strcmp(e->verdict, "better") == 0) {
			t.best = t.better++ ? t.best : e;
			t.outcomes_better += is_outcome(e);
		} else if (strcmp(e->verdict, "worse") == 0) {
			t.worst = t.worse++ ? t.worst : e;
			if (is_outcome(e))
				t.worst_outcome = t.outcomes_worse++ ? t.worst_outcome : e;
		} else if (strcmp(e->verdict, "differs") == 0) {
			t.differs++;
			t.best = t.best ? t.best : e;
		}
	}
	t.worst = t.worst_outcome ? t.worst_outcome : t.worst;
	return t;
}

/* Faster answers do not make up for connections that fail: those who fail are not among the slow. */
static bool is_harm(const struct tally *t)
{
	return t->worse && (!t->better || (t->outcomes_worse && !t->outcomes_better));
}

static const char *verdict_of(const struct tally *t)
{
	if (t->decided == 0)
		return "not-tested";
	if (is_harm(t))
		return "hurts";
	if (t->better && t->worse)
		return "mixed";
	if (t->better)
		return "helps";
	return t->differs ? "changes" : "no-effect";
}

static void describe(const struct record_effect *e, char *buf, size_t size)
{
	char plain[64], tuned[64];

	(void)snprintf(buf, size, "%s %s without, %s with", e->metric,
		       expect_format(e->plain, e->unit, plain, sizeof(plain)),
		       expect_format(e->tuned, e->unit, tuned, sizeof(tuned)));
}

static bool any_effect(const struct tally *t)
{
	return t->better || t->worse || t->differs;
}

static bool any_alone(const struct check *c, const struct record *r)
{
	for (size_t i = 0; i < c->setting_count; i++) {
		struct tally t = tally_of(r, c->setting[i].sysctl.key);

		if (any_effect(&t))
			return true;
	}
	return false;
}

static void judge_key(const struct check *c, const struct record *r, const struct check_key *k,
		      struct record_tuning *t)
{
	const char *tuning = c->alone || c->setting_count == 1 ? k->sysctl.key : ALL_TOGETHER;
	struct tally tally = tally_of(r, tuning), all = tally_of(r, ALL_TOGETHER);
	const char *verdict = verdict_of(&tally);
	const struct record_effect *shown = tally.worst ? tally.worst : tally.best;

	if (!c->alone && c->setting_count > 1)
		verdict = "not-tested";
	(void)snprintf(t->verdict, sizeof(t->verdict), "%s", verdict);
	if (k->note[0])
		(void)snprintf(t->note, sizeof(t->note), "%.300s", k->note);
	else if (!c->alone && c->setting_count > 1)
		(void)snprintf(t->note, sizeof(t->note),
			       "tested only together with %zu others: more than %d are not tried "
			       "one by one",
			       c->setting_count - 1, CHECK_ALONE_MAX);
	else if (shown)
		describe(shown, t->note, sizeof(t->note));
	else if (tally.decided == 0)
		(void)snprintf(t->note, sizeof(t->note), "too few repeats to decide");
	else if (c->alone && any_effect(&all) && !any_alone(c, r))
		(void)snprintf(t->note, sizeof(t->note),
			       "alone; only together with the others something changes");
	else if (tally.undecided)
		(void)snprintf(t->note, sizeof(t->note), "%zu metrics could not be decided",
			       tally.undecided);
}

static char *plain_value(const struct record *r, const char *key)
{
	for (size_t i = 0; i < r->case_count; i++) {
		const char *base;
		const struct record_repeat *p = r->cases[i].repeat;

		if (!expect_case_answers(r->cases[i].name, VARIANT_PLAIN, &base) || !p)
			continue;
		for (size_t k = 0; k < p->sysctl_count; k++)
			if (strcmp(p->sysctl[k].key, key) == 0 && p->sysctl[k].value)
				return strdup(p->sysctl[k].value);
	}
	return NULL;
}

void check_judge_keys(struct measurement *m)
{
	const struct check *c = m->arg;
	struct record *r = &m->record;

	for (size_t i = 0; i < r->tuning_count && i < c->key_count; i++) {
		r->tuning[i].note[0] = '\0';
		if (c->key[i].testable) {
			judge_key(c, r, &c->key[i], &r->tuning[i]);
			continue;
		}
		(void)snprintf(r->tuning[i].verdict, sizeof(r->tuning[i].verdict), "not-tested");
		(void)snprintf(r->tuning[i].note, sizeof(r->tuning[i].note), "%.300s",
			       c->key[i].note);
	}
}

static int add_keys(const struct check *c, struct record *r, struct err *err)
{
	for (size_t i = 0; i < c->key_count; i++) {
		struct record_tuning *t = record_add_tuning(r);

		if (!t)
			return err_set(err, -ENOMEM, "no memory for settings");
		(void)snprintf(t->key, sizeof(t->key), "%s", c->key[i].sysctl.key);
		t->value = strdup(c->key[i].sysctl.value);
		t->plain_value = plain_value(r, c->key[i].sysctl.key);
		t->file = strdup(c->key[i].file);
		t->line = c->key[i].line;
		t->mistake = c->key[i].mistake;
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

int check_conclude(struct measurement *m, struct err *err)
{
	struct check *c = m->arg;
	struct record *r = &m->record;
	int code = add_keys(c, r, err);

	if (code == 0 && c->setting_count > 0)
		code = effects_of(c, r, ALL_TOGETHER, VARIANT_TUNED, err);
	for (size_t i = 0; i < c->setting_count && code == 0; i++) {
		const char *variant = c->alone ? c->setting[i].name : VARIANT_TUNED;

		if (c->alone || c->setting_count == 1)
			code = effects_of(c, r, c->setting[i].sysctl.key, variant, err);
	}
	if (code == 0)
		check_judge_keys(m);
	return code;
}

static const struct record_tuning *first_of(const struct record *r, const char *verdict)
{
	for (size_t i = 0; i < r->tuning_count; i++)
		if (verdict ? strcmp(r->tuning[i].verdict, verdict) == 0 : r->tuning[i].mistake)
			return &r->tuning[i];
	return NULL;
}

static const char *blame(struct check *c, const struct record_tuning *t, const char *what)
{
	(void)snprintf(c->verdict, sizeof(c->verdict), "%.200s:%lld: %s %s%s%.200s", t->file,
		       (long long)t->line, t->key, what, t->note[0] ? ": " : "", t->note);
	return c->verdict;
}

const char *check_verdict(const struct measurement *m)
{
	struct check *c = m->arg;
	const struct record_tuning *mistake = first_of(&m->record, NULL);
	const struct record_tuning *hurts = first_of(&m->record, "hurts");
	const struct record_tuning *idle = first_of(&m->record, "no-effect");
	struct tally all = tally_of(&m->record, ALL_TOGETHER);

	if (mistake)
		return blame(c, mistake, "is a mistake");
	if (hurts)
		return blame(c, hurts, "hurts");
	if (is_harm(&all)) {
		char text[200];

		describe(all.worst, text, sizeof(text));
		(void)snprintf(c->verdict, sizeof(c->verdict), "together they hurt: %s", text);
		return c->verdict;
	}
	if (idle && (m->fail_on & FAIL_ON_NO_EFFECT))
		return blame(c, idle, "has no measurable effect");
	return NULL;
}
