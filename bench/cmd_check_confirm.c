/* --confirm: what failed is run once more, alone, and only what fails again stays failed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/expect.h"
#include "base/err.h"
#include "bench/cmd_check.h"

/* --- which cases ----------------------------------------------------------------------------- */

static void mark(const struct record *r, const char *name, bool *which)
{
	for (size_t i = 0; i < r->case_count; i++)
		if (strcmp(r->cases[i].name, name) == 0)
			which[i] = true;
}

/* "A", or "A vs B". */
static void mark_expectation(const struct record *r, const char *names, bool *which)
{
	const char *vs = strstr(names, " vs ");
	char left[264];

	(void)snprintf(left, sizeof(left), "%.*s", (int)(vs ? (size_t)(vs - names) : strlen(names)),
		       names);
	mark(r, left, which);
	if (vs)
		mark(r, vs + 4, which);
}

static const char *variant_of(const struct check *c, const char *tuning)
{
	for (size_t i = 0; c->alone && i < c->setting_count; i++)
		if (strcmp(c->setting[i].sysctl.key, tuning) == 0)
			return c->setting[i].name;
	return VARIANT_TUNED;
}

static void mark_effect(const struct check *c, const struct record *r,
			const struct record_effect *e, bool *which)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "%s.%s", VARIANT_PLAIN, e->case_name);
	mark(r, name, which);
	(void)snprintf(name, sizeof(name), "%s.%s", variant_of(c, e->tuning), e->case_name);
	mark(r, name, which);
}

static size_t mark_failed(const struct check *c, const struct record *r, bool *which)
{
	size_t n = 0;

	for (size_t i = 0; i < r->expectation_count; i++)
		if (strcmp(r->expectation[i].verdict, "pass") != 0) {
			mark_expectation(r, r->expectation[i].case_name, which);
			n++;
		}
	for (size_t i = 0; i < r->effect_count; i++)
		if (strcmp(r->effect[i].verdict, "worse") == 0) {
			mark_effect(c, r, &r->effect[i], which);
			n++;
		}
	return n;
}

/* --- what is left ---------------------------------------------------------------------------- */

static const struct record_expectation *same_row(const struct record *r,
						 const struct record_expectation *x)
{
	for (size_t i = 0; i < r->expectation_count; i++)
		if (strcmp(r->expectation[i].text, x->text) == 0 &&
		    strcmp(r->expectation[i].case_name, x->case_name) == 0)
			return &r->expectation[i];
	return NULL;
}

static void weigh_expectations(struct record *first, const struct record *second)
{
	for (size_t i = 0; i < first->expectation_count; i++) {
		struct record_expectation *x = &first->expectation[i];
		const struct record_expectation *again = same_row(second, x);
		char value[64];

		if (strcmp(x->verdict, "pass") == 0 || !again)
			continue;
		expect_format(again->value, again->unit, value, sizeof(value));
		if (strcmp(again->verdict, "pass") != 0) {
			(void)snprintf(x->note, sizeof(x->note), "failed again when run again: %s",
				       value);
			continue;
		}
		(void)snprintf(x->verdict, sizeof(x->verdict), "pass");
		(void)snprintf(x->note, sizeof(x->note),
			       "failed once and was met when run again: %s", value);
	}
}

static bool is_worse_again(const struct record *second, const struct record_effect *e)
{
	for (size_t i = 0; i < second->effect_count; i++) {
		const struct record_effect *x = &second->effect[i];

		if (strcmp(x->tuning, e->tuning) == 0 && strcmp(x->case_name, e->case_name) == 0 &&
		    strcmp(x->metric, e->metric) == 0)
			return strcmp(x->verdict, "worse") == 0;
	}
	return false;
}

static const struct record_case *case_named(const struct record *r, const char *variant,
					    const char *base)
{
	const char *rest;

	for (size_t i = 0; i < r->case_count; i++)
		if (expect_case_answers(r->cases[i].name, variant, &rest) &&
		    strcmp(rest, base) == 0)
			return &r->cases[i];
	return NULL;
}

static int weigh_effects(const struct check *c, struct record *first, struct record *second,
			 struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < first->effect_count && code == 0; i++) {
		struct record_effect *e = &first->effect[i];
		const struct record_case *plain, *tuned;

		if (strcmp(e->verdict, "worse") != 0)
			continue;
		plain = case_named(second, VARIANT_PLAIN, e->case_name);
		tuned = case_named(second, variant_of(c, e->tuning), e->case_name);
		if (!plain || !tuned)
			continue;
		code = check_effects(c, second, e->tuning, plain, tuned, err);
		if (code == 0 && !is_worse_again(second, e)) {
			(void)snprintf(e->verdict, sizeof(e->verdict), "no-evidence");
			(void)snprintf(e->note, sizeof(e->note),
				       "worse once, but not when it was run again");
		}
	}
	return code;
}

/* The second repeats follow the first in the record: what was measured is kept. */
static void keep_repeats(struct record *first, struct record *second)
{
	for (size_t i = 0; i < second->case_count; i++) {
		struct record_case *from = &second->cases[i], *to = NULL;
		int64_t last = 0;

		for (size_t k = 0; k < first->case_count; k++)
			if (strcmp(first->cases[k].name, from->name) == 0)
				to = &first->cases[k];
		for (size_t k = 0; to && k < to->repeat_count; k++)
			last = to->repeat[k].index > last ? to->repeat[k].index : last;
		for (size_t k = 0; to && k < from->repeat_count; k++) {
			struct record_repeat *r = record_add_repeat(to);

			if (!r)
				return;
			record_repeat_release(r);
			*r = from->repeat[k];
			r->index += last;
			memset(&from->repeat[k], 0, sizeof(from->repeat[k])); /* given away */
		}
	}
}

int check_confirm(struct measurement *m, struct err *err)
{
	const struct check *c = m->arg;
	bool *which = calloc(m->record.case_count + 1, sizeof(*which));
	struct measurement again = { .results = { .root_fd = -1, .partial_fd = -1 } };
	int code = 0;

	if (!which)
		return err_set(err, -ENOMEM, "no memory to confirm");
	if (m->signal || mark_failed(c, &m->record, which) == 0)
		goto out;
	code = measure_again(m, which, &again, err);
	for (size_t i = 0; i < m->expect_count && code == 0; i++)
		code = expect_evaluate(&m->expect[i], &again.record, err);
	if (code == 0)
		weigh_expectations(&m->record, &again.record);
	if (code == 0)
		code = weigh_effects(c, &m->record, &again.record, err);
	if (code == 0) {
		check_judge_keys(m);
		keep_repeats(&m->record, &again.record);
	}
	m->signal = again.signal;
	measure_release(&again);
out:
	free(which);
	return code;
}
