/* An expectation asked of a record. */
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/expect.h"
#include "analysis/stats.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"

/* --- which cases ----------------------------------------------------------------------------- */

static bool value_is(json *node, const char *want)
{
	char text[32];
	int64_t whole;
	double real;
	bool truth;

	if (json_string(node))
		return fnmatch(want, json_string(node), 0) == 0;
	if (json_int(node, &whole))
		(void)snprintf(text, sizeof(text), "%lld", (long long)whole);
	else if (json_real(node, &real))
		(void)snprintf(text, sizeof(text), "%.12g", real);
	else if (json_bool(node, &truth))
		(void)snprintf(text, sizeof(text), "%s", truth ? "true" : "false");
	else
		return false;
	return strcmp(text, want) == 0;
}

/* A key of the resolved case by its path, a sysctl, or the last word of a path. */
static json *param_find(json *params, const char *key)
{
	static const char sysctl[] = "tuning.sysctl.";
	json *found = json_path(params, key);

	if (!found && strncmp(key, sysctl, sizeof(sysctl) - 1) == 0)
		found = json_get(json_path(params, "tuning.sysctl"), key + sizeof(sysctl) - 1);
	if (!found)
		found = json_get(json_path(params, "tuning.sysctl"), key);
	for (json *n = json_first(params); n && !found; n = json_next(n))
		found = json_get(n, key);
	return found;
}

/* Does the case meet one condition?  *ret_known when it has such a key at all. */
static bool case_meets(const struct record_case *c, const struct expect_selector *s,
		       bool *ret_known)
{
	struct err ignored;
	json *params, *found;
	bool meets = false;

	if (strcmp(s->key, "case") == 0 || strcmp(s->key, "strategy") == 0) {
		*ret_known = true;
		return fnmatch(s->value, s->key[0] == 'c' ? c->name : c->strategy, 0) == 0;
	}
	params = c->params ? json_parse(c->params, strlen(c->params), &ignored) : NULL;
	found = param_find(params, s->key);
	if (found) {
		*ret_known = true;
		meets = value_is(found, s->value);
	}
	json_free(params);
	return meets;
}

static bool case_selected(const struct expect *e, const struct record_case *c)
{
	bool known;

	for (int i = 0; i < e->when_count; i++)
		if (!case_meets(c, &e->when[i], &known))
			return false;
	return true;
}

/* The cases of one row: `other` NULL when one case is enough. */
struct pair {
	const struct record_case *left, *right;
};

/* The case that `ref` means when "left" is at hand: the one with the same rest, or the only one. */
static const struct record_case *partner(const struct record *r, const char *ref, const char *rest)
{
	const struct record_case *only = NULL;
	const char *other;
	size_t answers = 0;

	for (size_t i = 0; i < r->case_count; i++) {
		if (!expect_case_answers(r->cases[i].name, ref, &other))
			continue;
		if (strcmp(other, rest) == 0)
			return &r->cases[i];
		only = &r->cases[i];
		answers++;
	}
	return answers == 1 ? only : NULL;
}

/* The i-th case, if the expectation is asked of it. */
static bool pair_at(const struct expect *e, const struct record *r, size_t i, struct pair *ret)
{
	const struct record_case *c = &r->cases[i];
	const char *rest = "";

	if (!case_selected(e, c))
		return false;
	if (e->left.case_ref[0] && !expect_case_answers(c->name, e->left.case_ref, &rest))
		return false;
	*ret = (struct pair){ .left = c, .right = c };
	if (e->right.metric && e->right.case_ref[0])
		ret->right = partner(r, e->right.case_ref, rest);
	return ret->right != NULL;
}

static bool any_answers(const struct record *r, const char *ref)
{
	const char *rest;

	for (size_t i = 0; i < r->case_count; i++)
		if (expect_case_answers(r->cases[i].name, ref, &rest))
			return true;
	return false;
}

int expect_bind(const struct expect *e, const struct record *r, struct err *err)
{
	const char *refs[] = { e->left.case_ref, e->right.case_ref };
	struct pair p;

	for (int i = 0; i < 2; i++)
		if (refs[i][0] && !any_answers(r, refs[i]))
			return err_set(err, -EINVAL, "'%s': there is no case '%s'", e->text,
				       refs[i]);
	for (int i = 0; i < e->when_count; i++) {
		bool known = false;

		for (size_t k = 0; k < r->case_count; k++)
			(void)case_meets(&r->cases[k], &e->when[i], &known);
		if (!known)
			return err_set(err, -EINVAL, "'%s': no case has a key '%s'", e->text,
				       e->when[i].key);
	}
	for (size_t i = 0; i < r->case_count; i++)
		if (pair_at(e, r, i, &p))
			return 0;
	return err_set(err, -EINVAL, "'%s': applies to no case", e->text);
}

/* --- values ---------------------------------------------------------------------------------- */

static bool counts(const struct record_repeat *r)
{
	return strcmp(r->status, "failed") != 0 && strcmp(r->status, "skipped") != 0;
}

static double value_of(const struct expect_term *t, const struct record_repeat *r)
{
	return t->factor * record_field_number(t->metric, r);
}

static double distance(const struct expect *e, double value, double limit)
{
	double off = fabs(value - limit);
	double tolerance = e->tolerance_percent ? fabs(limit) * e->tolerance / 100 : e->tolerance;

	switch (e->op) {
	case EXPECT_LT:
	case EXPECT_LE:
		return limit - value;
	case EXPECT_GT:
	case EXPECT_GE:
		return value - limit;
	case EXPECT_NE:
		return off;
	case EXPECT_NEAR:
		return tolerance - off;
	default:
		return -off;
	}
}

static bool holds(const struct expect *e, double margin)
{
	if (e->op == EXPECT_LT || e->op == EXPECT_GT || e->op == EXPECT_NE)
		return margin > 0;
	return margin >= 0;
}

static void set_verdict(struct record_expectation *row, bool pass)
{
	(void)snprintf(row->verdict, sizeof(row->verdict), "%s", pass ? "pass" : "fail");
}

static void set_unknown(const struct expect *e, struct record_expectation *row, const char *path,
			const char *case_name, long long repeat)
{
	if (e->or_null) {
		(void)snprintf(row->verdict, sizeof(row->verdict), "pass");
		(void)snprintf(row->note, sizeof(row->note), "%s is null, as allowed", path);
		return;
	}
	(void)snprintf(row->verdict, sizeof(row->verdict), "unknown");
	(void)snprintf(row->note, sizeof(row->note),
		       "cannot tell: %.80s is null in case '%.40s', repeat %lld", path, case_name,
		       repeat);
}

/* Hold one pair of values; the worst of all repeats stands in the row. */
static void hold(const struct expect *e, struct record_expectation *row, double value, double limit)
{
	double margin = distance(e, value, limit);

	if (row->repeats++ > 0 && !(margin < row->margin))
		return;
	row->value = value;
	row->limit = limit;
	row->margin = margin;
	set_verdict(row, holds(e, margin));
}

/* --- rules ----------------------------------------------------------------------------------- */

static void each_repeat(const struct expect *e, const struct record_case *c,
			struct record_expectation *row)
{
	(void)snprintf(row->rule, sizeof(row->rule), "every repeat");
	for (size_t i = 0; i < c->repeat_count; i++) {
		const struct record_repeat *r = &c->repeat[i];
		double value = value_of(&e->left, r);
		double limit = e->right.metric ? value_of(&e->right, r) : e->right.number;

		if (!counts(r) || (e->or_null && (isnan(value) || isnan(limit))))
			continue;
		if (isnan(value) || isnan(limit)) {
			set_unknown(e, row,
				    isnan(value) ? e->left.metric->path : e->right.metric->path,
				    c->name, (long long)r->index);
			row->value = row->margin = NAN;
			row->limit = e->right.number;
			return;
		}
		hold(e, row, value, limit);
	}
	if (row->verdict[0] == '\0' && c->repeat_count > 0)
		set_unknown(e, row, e->left.metric->path, c->name, (long long)c->repeat[0].index);
}

static void null_or_not(const struct expect *e, const struct record_case *c,
			struct record_expectation *row)
{
	bool want = e->op == EXPECT_NULL;

	(void)snprintf(row->rule, sizeof(row->rule), "every repeat");
	for (size_t i = 0; i < c->repeat_count; i++) {
		double value = value_of(&e->left, &c->repeat[i]);

		if (!counts(&c->repeat[i]))
			continue;
		row->repeats++;
		set_verdict(row, isnan(value) == want);
		if (!isnan(value))
			row->value = value;
		if (isnan(value) != want) {
			(void)snprintf(row->note, sizeof(row->note), "repeat %lld: %s",
				       (long long)c->repeat[i].index,
				       want ? "it has a value" : "it is null");
			return;
		}
	}
}

/* Quantile 0 and 1 are the least and the greatest. */
static double combine(const struct expect_term *t, double *x, size_t n)
{
	double sum = 0;

	stats_sort(x, n);
	switch (t->over) {
	case OVER_MEAN:
		for (size_t i = 0; i < n; i++)
			sum += x[i];
		return sum / (double)n;
	case OVER_MIN:
		return x[0];
	case OVER_MAX:
		return x[n - 1];
	case OVER_QUANTILE:
		return stats_quantile(x, n, t->quantile);
	default:
		return stats_quantile(x, n, 0.5);
	}
}

/* One number of all repeats; NAN with the row marked unknown when one is null. */
static double over_repeats(const struct expect *e, const struct expect_term *t,
			   const struct record_case *c, struct record_expectation *row)
{
	double *x, value = NAN;
	size_t n = 0;

	if (!t->metric)
		return t->number;
	x = calloc(c->repeat_count + 1, sizeof(*x));
	for (size_t i = 0; x && i < c->repeat_count; i++) {
		double v = value_of(t, &c->repeat[i]);

		if (!counts(&c->repeat[i]) || (isnan(v) && e->or_null))
			continue;
		if (isnan(v)) {
			set_unknown(e, row, t->metric->path, c->name,
				    (long long)c->repeat[i].index);
			goto out;
		}
		x[n++] = v;
	}
	if (n > 0)
		value = combine(t, x, n);
	else if (row->verdict[0] == '\0')
		set_unknown(e, row, t->metric->path, c->name, 1);
	if (t == &e->left)
		row->repeats = (int64_t)n;
out:
	free(x);
	return value;
}

static void name_rule(const struct expect_term *t, char *buf, size_t size)
{
	static const char *const words[] = { "median", "median", "mean", "least", "greatest", "" };

	if (t->over == OVER_QUANTILE)
		(void)snprintf(buf, size, "p%g of the repeats", t->quantile * 100);
	else
		(void)snprintf(buf, size, "%s of the repeats", words[t->over]);
}

static void combined(const struct expect *e, const struct pair *p, struct record_expectation *row)
{
	double value, limit;
	int64_t n;

	name_rule(&e->left, row->rule, sizeof(row->rule));
	value = over_repeats(e, &e->left, p->left, row);
	limit = over_repeats(e, &e->right, p->right, row);
	n = row->repeats;
	row->value = value;
	row->limit = limit;
	if (row->verdict[0] != '\0')
		return;
	row->repeats = 0;
	hold(e, row, value, limit);
	row->repeats = n;
}

static bool is_combined(const struct expect *e, const struct pair *p)
{
	return p->left != p->right || e->left.over != OVER_EACH ||
	       (e->right.metric && e->right.over != OVER_EACH);
}

static void evaluate_pair(const struct expect *e, const struct pair *p,
			  struct record_expectation *row)
{
	(void)snprintf(row->text, sizeof(row->text), "%s", e->text);
	(void)snprintf(row->unit, sizeof(row->unit), "%s", e->left.metric->unit);
	if (p->left == p->right)
		(void)snprintf(row->case_name, sizeof(row->case_name), "%s", p->left->name);
	else
		(void)snprintf(row->case_name, sizeof(row->case_name), "%s vs %s", p->left->name,
			       p->right->name);
	row->repeats = 0;
	if (e->op == EXPECT_NULL || e->op == EXPECT_NOT_NULL)
		null_or_not(e, p->left, row);
	else if (is_combined(e, p))
		combined(e, p, row);
	else
		each_repeat(e, p->left, row);
	if (row->verdict[0] == '\0') {
		(void)snprintf(row->verdict, sizeof(row->verdict), "unknown");
		(void)snprintf(row->note, sizeof(row->note), "cannot tell: no repeat was measured");
	}
}

int expect_evaluate(const struct expect *e, struct record *r, struct err *err)
{
	struct pair p;

	for (size_t i = 0; i < r->case_count; i++) {
		struct record_expectation *row;

		if (!pair_at(e, r, i, &p))
			continue;
		row = record_add_expectation(r);
		if (!row)
			return err_set(err, -ENOMEM, "no memory for an expectation");
		evaluate_pair(e, &p, row);
	}
	return 0;
}

size_t expect_failed(const struct record *r, const struct record_expectation **ret_first)
{
	const struct record_expectation *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < r->expectation_count; i++) {
		if (strcmp(r->expectation[i].verdict, "pass") == 0)
			continue;
		if (!first)
			first = &r->expectation[i];
		n++;
	}
	if (ret_first)
		*ret_first = first;
	return n;
}

/* --- for people ------------------------------------------------------------------------------ */

const char *expect_format(double value, const char *unit, char *buf, size_t size)
{
	static const struct {
		double least, by;
		const char *unit;
	} times[] = {
		{ 1e9, 1e9, "s" }, { 1e6, 1e6, "ms" }, { 1e3, 1e3, "\u00b5s" }, { 0, 1, "ns" }
	};
	char number[32];
	size_t i = 0;

	if (isnan(value)) {
		(void)snprintf(buf, size, "null");
	} else if (strcmp(unit, "ns") == 0) {
		while (fabs(value) < times[i].least)
			i++;
		(void)snprintf(buf, size, "%.4g %s", value / times[i].by, times[i].unit);
	} else if (value == floor(value) && fabs(value) < 1e15) {
		(void)snprintf(buf, size, "%s%s%s",
			       num_format_grouped((int64_t)value, number, sizeof(number)),
			       unit[0] ? " " : "", unit);
	} else {
		(void)snprintf(buf, size, "%.4g%s%s", value, unit[0] ? " " : "", unit);
	}
	return buf;
}
