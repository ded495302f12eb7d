#include "analysis/ci.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/expect.h"
#include "analysis/say.h"
#include "analysis/stats.h"

#define DRAWS 1000

static struct ci_item *next_item(struct ci_item *all, size_t *count, const char *suite)
{
	struct ci_item *i = &all[(*count)++];

	*i = (struct ci_item){ .suite = suite, .seconds = NAN, .line = RECORD_NONE };
	return i;
}

static enum ci_result repeat_result(const char *status)
{
	if (strcmp(status, "ok") == 0)
		return CI_PASS;
	return strcmp(status, "skipped") == 0 ? CI_SKIP : CI_ERROR;
}

static void add_repeats(const struct record *r, struct ci_item *all, size_t *count)
{
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t k = 0; k < r->cases[i].repeat_count; k++) {
			const struct record_repeat *rep = &r->cases[i].repeat[k];
			struct ci_item *item = next_item(all, count, "witnesses");

			(void)snprintf(item->name, sizeof(item->name),
				       "%s, repeat %lld: the witnesses agree", r->cases[i].name,
				       (long long)rep->index);
			item->result = repeat_result(rep->status);
			if (item->result != CI_PASS)
				(void)snprintf(item->message, sizeof(item->message), "%s: %s",
					       rep->status[0] ? rep->status : "did not end",
					       rep->reason ? rep->reason : "no reason is known");
			if (rep->cost.wall_ns != RECORD_NONE)
				item->seconds = (double)rep->cost.wall_ns / 1e9;
		}
}

static void add_expectations(const struct record *r, struct ci_item *all, size_t *count)
{
	for (size_t i = 0; i < r->expectation_count; i++) {
		const struct record_expectation *x = &r->expectation[i];
		struct ci_item *item = next_item(all, count, "expectations");
		char value[64], limit[64], margin[64];

		(void)snprintf(item->name, sizeof(item->name), "%s [%s]", x->text, x->case_name);
		item->result = strcmp(x->verdict, "pass") == 0 ? CI_PASS : CI_FAIL;
		(void)snprintf(item->message, sizeof(item->message),
			       "%s: value %s, limit %s, margin %s (%s)%s%s", x->verdict,
			       expect_format(x->value, x->unit, value, sizeof(value)),
			       expect_format(x->limit, x->unit, limit, sizeof(limit)),
			       expect_format(x->margin, x->unit, margin, sizeof(margin)), x->rule,
			       x->note[0] ? "; " : "", x->note);
	}
}

static enum ci_result tuning_result(const struct record_tuning *t)
{
	if (t->mistake || strcmp(t->verdict, "hurts") == 0)
		return CI_FAIL;
	return strcmp(t->verdict, "not-tested") == 0 ? CI_SKIP : CI_PASS;
}

static void add_tuning(const struct record *r, struct ci_item *all, size_t *count)
{
	for (size_t i = 0; i < r->tuning_count; i++) {
		const struct record_tuning *t = &r->tuning[i];
		struct ci_item *item = next_item(all, count, "tuning");

		(void)snprintf(item->name, sizeof(item->name), "%s = %.300s", t->key,
			       t->value ? t->value : "?");
		(void)snprintf(item->message, sizeof(item->message), "%s%s%s", say_setting(t),
			       t->note[0] ? ": " : "", t->note);
		item->result = tuning_result(t);
		item->file = t->file;
		item->line = t->line;
	}
}

int ci_items(const struct record *r, struct ci_item **ret, size_t *ret_count)
{
	size_t room = r->expectation_count + r->tuning_count + 1, count = 0;
	struct ci_item *all;

	for (size_t i = 0; i < r->case_count; i++)
		room += r->cases[i].repeat_count;
	all = calloc(room, sizeof(*all));
	if (!all)
		return -ENOMEM;
	add_repeats(r, all, &count);
	add_expectations(r, all, &count);
	add_tuning(r, all, &count);
	if (count == 0) {
		struct ci_item *item = next_item(all, &count, "witnesses");

		(void)snprintf(item->name, sizeof(item->name), "the scenario runs");
		item->result = strcmp(r->status, "skipped") == 0 ? CI_SKIP : CI_ERROR;
		(void)snprintf(item->message, sizeof(item->message), "%s",
			       r->exit_reason ? r->exit_reason : "nothing was measured");
	}
	*ret = all;
	*ret_count = count;
	return 0;
}

int ci_value(const struct record_case *c, const struct field *f, struct ci_value *ret)
{
	double *x = calloc(c->repeat_count + 1, sizeof(*x));
	struct stats_interval i;

	*ret = (struct ci_value){ .median = NAN };
	if (!x)
		return -ENOMEM;
	for (size_t k = 0; k < c->repeat_count; k++) {
		double v = record_field_number(f, &c->repeat[k]);

		if (!isnan(v) && strcmp(c->repeat[k].status, "failed") != 0)
			x[ret->n++] = v;
	}
	if (ret->n > 0) {
		i = stats_median_interval(x, ret->n, 0.95, DRAWS, 42);
		ret->median = stats_median(x, ret->n);
		ret->low = i.low;
		ret->high = i.high;
	}
	free(x);
	return 0;
}
