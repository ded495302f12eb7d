/* compare --confirm: what is worse in B is run once more, and only what is worse again stays so. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "base/err.h"
#include "bench/cmd_compare.h"
#include "bench/cmd_measure.h"
#include "bench/hostinfo.h"

static bool is_worse(const struct compare_pair *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->row[i].verdict == COMPARE_WORSE)
			return true;
	return false;
}

/* The scenario of B as it was resolved, on this machine. */
static int plan_again(struct measurement *m, const struct record *b, struct err *err)
{
	const char *other;
	int code;

	if (!b->scenario)
		return err_set(err, -EINVAL, "--confirm: the record of B holds no scenario");
	code = scenario_parse(b->scenario_name ? b->scenario_name : "B", b->scenario,
			      strlen(b->scenario), NULL, 0, &m->scenario, err);
	if (code == 0)
		code = measure_plan(m, err);
	if (code != 0)
		return code;
	hostinfo_read(&m->record.host, m->plan.host.config_hz);
	other = measure_other_host(&b->host, &m->record.host);
	if (other)
		return err_set(err, -EINVAL, "--confirm: B was measured with another %s", other);
	return measure_need_lab(m, err);
}

static size_t mark_worse(const struct comparison *c, const struct scenario *s, bool *which)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; is_worse(&c->pair[i]) && k < s->case_count; k++)
			if (strcmp(s->cases[k].name, c->pair[i].b->name) == 0) {
				which[k] = true;
				n++;
			}
	return n;
}

static bool is_trustworthy(const struct record_case *c)
{
	for (size_t i = 0; i < c->repeat_count; i++)
		if (strcmp(c->repeat[i].status, "ok") != 0)
			return false;
	return c->repeat_count > 0;
}

/* Excused is only what the second time decided otherwise. */
static void weigh(struct comparison *c, struct compare_row *row, const struct compare_row *again,
		  size_t count, bool trustworthy)
{
	const struct compare_row *other = NULL;

	for (size_t i = 0; i < count; i++)
		if (again[i].metric == row->metric)
			other = &again[i];
	if (!trustworthy || !other || other->verdict == COMPARE_UNDECIDED) {
		(void)snprintf(row->note, sizeof(row->note),
			       "run again, which decided nothing");
	} else if (other->verdict == COMPARE_WORSE) {
		(void)snprintf(row->note, sizeof(row->note), "worse again when run again: %g",
			       other->b);
	} else {
		row->verdict = COMPARE_NOTHING;
		c->by_verdict[COMPARE_WORSE]--;
		c->by_verdict[COMPARE_NOTHING]++;
		(void)snprintf(row->note, sizeof(row->note),
			       "worse once, but not when it was run again: %g", other->b);
	}
}

static int weigh_pair(struct comparison *c, struct compare_pair *p, const struct record *again,
		      const struct compare_options *o, struct err *err)
{
	struct compare_row row[COMPARE_METRICS_MAX];
	const struct record_case *b = NULL;
	size_t count = 0;
	int code;

	for (size_t i = 0; i < again->case_count; i++)
		if (strcmp(again->cases[i].name, p->b->name) == 0)
			b = &again->cases[i];
	if (!b)
		return 0; /* nothing was worse in it */
	code = compare_case(p->a, b, o, row, &count, err);
	for (size_t i = 0; i < p->count && code == 0; i++)
		if (p->row[i].verdict == COMPARE_WORSE)
			weigh(c, &p->row[i], row, count, is_trustworthy(b));
	return code;
}

int compare_confirm(const struct args *args, const struct compare_options *o, struct comparison *c,
		    struct err *err)
{
	struct measurement m, again = { .results = { .root_fd = -1, .partial_fd = -1 } };
	bool *which = NULL;
	int code;

	if (c->by_verdict[COMPARE_WORSE] == 0)
		return 0;
	code = measure_init(&m, args, err);
	if (code == 0)
		code = plan_again(&m, c->b, err);
	if (code != 0)
		goto out;
	which = calloc(m.scenario.case_count + 1, sizeof(*which));
	if (!which)
		code = err_set(err, -ENOMEM, "no memory to confirm");
	else if (mark_worse(c, &m.scenario, which) == 0)
		code = err_set(err, -EINVAL, "--confirm: B's scenario lacks the cases of its record");
	else
		code = measure_again(&m, which, &again, err);
	if (code == 0 && again.signal)
		code = again.signal == SIGTERM ? EXIT_SIGTERM : EXIT_SIGINT;
	for (size_t i = 0; i < c->count && code == 0; i++)
		code = weigh_pair(c, &c->pair[i], &again.record, o, err);
out:
	free(which);
	measure_release(&again);
	measure_release(&m);
	return code;
}
