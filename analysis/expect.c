/* Reading an expectation; analysis/expect_eval.c asks it of a record. */
#include "analysis/expect.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"

#define PIECE 256

static const struct {
	const char *text;
	enum expect_op op;
} operators[] = {
	/* the longer ones first */
	{ "<=", EXPECT_LE },   { ">=", EXPECT_GE }, { "==", EXPECT_EQ }, { "!=", EXPECT_NE },
	{ "~=", EXPECT_NEAR }, { "<", EXPECT_LT },  { ">", EXPECT_GT },
};
#define OPERATORS (sizeof(operators) / sizeof(operators[0]))

static const struct {
	const char *word;
	enum expect_over over;
} functions[] = {
	{ "median", OVER_MEDIAN }, { "mean", OVER_MEAN }, { "min", OVER_MIN },
	{ "max", OVER_MAX },       { "each", OVER_EACH },
};
#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

const char *expect_op_text(enum expect_op op)
{
	for (size_t i = 0; i < OPERATORS; i++)
		if (operators[i].op == op)
			return operators[i].text;
	return op == EXPECT_NULL ? "is null" : "is not null";
}

bool expect_case_answers(const char *name, const char *ref, const char **ret_rest)
{
	size_t n = strlen(ref);

	if (n == 0 || strncmp(name, ref, n) != 0 || (name[n] != '\0' && name[n] != '.'))
		return false;
	*ret_rest = name[n] == '.' ? name + n + 1 : name + n;
	return true;
}

/* --- pieces of text -------------------------------------------------------------------------- */

/* Copy [from, to) without the blanks around it.  0, or -EINVAL when it is too long. */
static int cut(char *piece, size_t size, const char *from, const char *to, struct err *err)
{
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	if ((size_t)(to - from) >= size)
		return err_set(err, -EINVAL, "'%.40s...' is too long", from);
	memcpy(piece, from, (size_t)(to - from));
	piece[to - from] = '\0';
	return 0;
}

/* Take `word` and the blank before it off the end. */
static bool take_end(char *text, const char *word)
{
	size_t n = strlen(text), m = strlen(word);

	if (n <= m || strcmp(text + n - m, word) != 0 || !isspace((unsigned char)text[n - m - 1]))
		return false;
	for (n -= m; n > 0 && isspace((unsigned char)text[n - 1]); n--)
		;
	text[n] = '\0';
	return true;
}

/* --- metrics --------------------------------------------------------------------------------- */

static const struct field *metric_find(const char *path)
{
	const struct field *f = record_field_find(SCOPE_REPEAT, path);

	return f && record_field_is_metric(f) ? f : NULL;
}

static const char *metric_nearest(const char *word)
{
	const char *paths[512];
	size_t count = 0;

	for (size_t i = 0; i < record_fields_count && count < 512; i++)
		if (record_field_is_metric(&record_fields[i]))
			paths[count++] = record_fields[i].path;
	/* What stands before a dot may be a case. */
	for (const char *p = word; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		const char *near = num_nearest(p, paths, count, sizeof(paths[0]));

		if (near)
			return near;
	}
	return NULL;
}

/* "[CASE.]METRIC": names of cases hold dots, so the first split that leaves a metric wins. */
static int parse_metric(struct expect_term *t, const char *text, struct err *err)
{
	const char *near;

	for (const char *p = text; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		t->metric = metric_find(p);
		if (!t->metric)
			continue;
		if (p == text)
			return 0;
		return cut(t->case_ref, sizeof(t->case_ref), text, p - 1, err);
	}
	near = metric_nearest(text);
	if (near)
		return err_set(err, -EINVAL, "there is no metric '%.100s' (did you mean '%s'?)",
			       text, near);
	return err_set(err, -EINVAL,
		       "there is no metric '%.100s' (`twbench list metrics` shows all)", text);
}

/* "p99" -> 0.99 */
static bool quantile_word(const char *word, double *ret)
{
	struct err ignored;

	if (word[0] != 'p' || num_parse_real(word + 1, 0, 100, ret, &ignored) < 0)
		return false;
	*ret /= 100;
	return true;
}

static int parse_call(struct expect_term *t, const char *text, const char *open, struct err *err)
{
	char word[PIECE], inner[PIECE];
	const char *close = strrchr(text, ')');
	int r = cut(word, sizeof(word), text, open, err);

	if (r == 0 && (!close || close[1] != '\0' || close < open))
		r = err_set(err, -EINVAL, "'%.100s': the ')' is missing or not at the end", text);
	if (r == 0)
		r = cut(inner, sizeof(inner), open + 1, close, err);
	if (r < 0)
		return r;
	if (quantile_word(word, &t->quantile)) {
		t->over = OVER_QUANTILE;
		return parse_metric(t, inner, err);
	}
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (strcmp(word, functions[i].word) == 0) {
			t->over = functions[i].over;
			return parse_metric(t, inner, err);
		}
	return err_set(err, -EINVAL, "'%.40s' is not one of median, mean, min, max, each, pNN",
		       word);
}

static int parse_term(struct expect_term *t, const char *text, struct err *err)
{
	const char *open = strchr(text, '(');

	if (text[0] == '\0')
		return err_set(err, -EINVAL, "a metric is missing");
	return open ? parse_call(t, text, open, err) : parse_metric(t, text, err);
}

/* --- numbers --------------------------------------------------------------------------------- */

/* A number in the unit of `metric`. */
static int parse_number(const struct field *metric, const char *text, double *ret, struct err *err)
{
	bool negative = text[0] == '-';
	const char *digits = text + negative;
	struct err ignored;
	int64_t whole = 0;
	double real = 0;
	int r;

	if (strcmp(metric->unit, "ns") == 0) {
		r = strcmp(digits, "0") == 0
			    ? 0
			    : num_parse_duration(digits, 0, INT64_MAX / 4, &whole, err);
		real = (double)whole;
	} else if (strcmp(metric->unit, "1/s") == 0) {
		r = num_parse_rate(digits, 0, 1e15, &real, err);
	} else if (num_parse_int(digits, 0, INT64_MAX / 4, &whole, &ignored) == 0) {
		r = 0;
		real = (double)whole;
	} else {
		r = num_parse_real(digits, 0, 1e18, &real, err);
	}
	if (r == 0)
		*ret = negative ? -real : real;
	return r;
}

static bool starts_number(const char *text)
{
	text += text[0] == '-';
	return isdigit((unsigned char)text[0]) || text[0] == '.';
}

/* "2 * METRIC", "1.5x", "60s", "METRIC"; nothing stands for 1x. */
static int parse_right(struct expect *e, const char *text, bool versus, struct err *err)
{
	struct expect_term *t = &e->right;
	const char *star = strchr(text, '*');
	char piece[PIECE];
	size_t n = strlen(text);
	int r;

	if (versus && (n == 0 || (starts_number(text) && text[n - 1] == 'x'))) {
		t->metric = e->left.metric;
		if (n == 0)
			return 0;
		r = cut(piece, sizeof(piece), text, text + n - 1, err);
		return r < 0 ? r : num_parse_real(piece, 0, 1e12, &t->factor, err);
	}
	if (n == 0)
		return err_set(err, -EINVAL, "there is nothing after '%s'", expect_op_text(e->op));
	if (starts_number(text) && star) {
		r = cut(piece, sizeof(piece), text, star, err);
		if (r == 0)
			r = num_parse_real(piece, 0, 1e12, &t->factor, err);
		if (r == 0)
			r = cut(piece, sizeof(piece), star + 1, text + n, err);
		return r < 0 ? r : parse_term(t, piece, err);
	}
	if (starts_number(text))
		return parse_number(e->left.metric, text, &t->number, err);
	return parse_term(t, text, err);
}

/* "x +- y" of "~=". */
static int take_tolerance(struct expect *e, char *text, struct err *err)
{
	char *sign = strstr(text, "+-"), piece[PIECE];
	size_t n;
	int r;

	if (e->op != EXPECT_NEAR)
		return sign ? err_set(err, -EINVAL, "a tolerance goes with '~=', not with '%s'", expect_op_text(e->op)) : 0;
	if (!sign)
		return err_set(err, -EINVAL, "'~=' needs a tolerance: ~= 61s +- 3%%");
	r = cut(piece, sizeof(piece), sign + 2, sign + strlen(sign), err);
	n = strlen(piece);
	if (r == 0 && n > 1 && piece[n - 1] == '%') {
		piece[n - 1] = '\0';
		e->tolerance_percent = true;
		r = num_parse_real(piece, 0, 1e6, &e->tolerance, err);
	} else if (r == 0) {
		r = parse_number(e->left.metric, piece, &e->tolerance, err);
	}
	if (r < 0)
		err_wrap(err, "tolerance");
	while (sign > text && isspace((unsigned char)sign[-1]))
		sign--;
	*sign = '\0';
	return r;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* "key=value, key=value" */
static int parse_when(struct expect *e, const char *from, const char *to, struct err *err)
{
	while (from < to) {
		const char *comma = memchr(from, ',', (size_t)(to - from));
		const char *end = comma ? comma : to;
		const char *equals = memchr(from, '=', (size_t)(end - from));
		struct expect_selector *s = &e->when[e->when_count];
		int r;

		if (e->when_count == EXPECT_SELECTORS_MAX)
			return err_set(err, -EINVAL, "more than %d conditions",
				       EXPECT_SELECTORS_MAX);
		if (!equals)
			return err_set(err, -EINVAL, "when: '%.*s' is not KEY=VALUE",
				       (int)(end - from), from);
		r = cut(s->key, sizeof(s->key), from, equals, err);
		if (r == 0)
			r = cut(s->value, sizeof(s->value), equals + 1, end, err);
		if (r < 0)
			return r;
		e->when_count++;
		from = comma ? comma + 1 : to;
	}
	return e->when_count ? 0 : err_set(err, -EINVAL, "when: a condition is missing");
}

/* The colon that ends a prefix: a blank follows it. */
static const char *prefix_end(const char *text)
{
	for (const char *p = text; (p = strchr(p, ':')) != NULL; p++)
		if (isspace((unsigned char)p[1]))
			return p;
	return NULL;
}

/* "when ...:" and "A vs B:". */
static int parse_prefixes(struct expect *e, const char **text, bool *ret_versus, struct err *err)
{
	const char *p = *text + strspn(*text, " \t"), *colon = prefix_end(p), *vs;
	int r = 0;

	if (colon && strncmp(p, "when ", 5) == 0) {
		r = parse_when(e, p + 5, colon, err);
		p = colon + 1;
		p += strspn(p, " \t");
		colon = prefix_end(p);
	}
	vs = strstr(p, " vs ");
	if (r == 0 && colon && vs && vs < colon) {
		r = cut(e->left.case_ref, sizeof(e->left.case_ref), p, vs, err);
		if (r == 0)
			r = cut(e->right.case_ref, sizeof(e->right.case_ref), vs + 4, colon, err);
		if (r == 0 && (!e->left.case_ref[0] || !e->right.case_ref[0]))
			r = err_set(err, -EINVAL, "'vs' stands between two cases");
		*ret_versus = true;
		p = colon + 1;
	}
	*text = p;
	return r;
}

static const char *find_operator(const char *text, size_t *ret)
{
	for (const char *p = text; *p; p++)
		for (size_t i = 0; i < OPERATORS; i++)
			if (strncmp(p, operators[i].text, strlen(operators[i].text)) == 0) {
				*ret = i;
				return p;
			}
	return NULL;
}

/* Counts can be compared with each other, whatever they count; times, rates and bytes only with their
 * like. */
static size_t dimension(const struct field *f)
{
	static const char *const units[] = { "ns", "1/s", "bytes", "socket seconds" };
	size_t i = 0;

	while (i < sizeof(units) / sizeof(units[0]) && strcmp(units[i], f->unit) != 0)
		i++;
	return i;
}

static int parse_comparison(struct expect *e, char *body, bool versus, struct err *err)
{
	char left[PIECE], right[PIECE];
	const char *at;
	size_t op;
	int r;

	e->or_null = take_end(body, "or null");
	if (take_end(body, "is not null"))
		e->op = EXPECT_NOT_NULL;
	else if (take_end(body, "is null"))
		e->op = EXPECT_NULL;
	if (e->op == EXPECT_NULL || e->op == EXPECT_NOT_NULL) {
		if (versus || e->or_null)
			return err_set(err, -EINVAL, "'%s' is asked of one metric",
				       expect_op_text(e->op));
		return parse_term(&e->left, body, err);
	}
	at = find_operator(body, &op);
	if (!at)
		return err_set(err, -EINVAL,
			       "there is no comparison: <, <=, >, >=, ==, !=, ~= or 'is null'");
	e->op = operators[op].op;
	r = cut(left, sizeof(left), body, at, err);
	if (r == 0)
		r = cut(right, sizeof(right), at + strlen(operators[op].text), at + strlen(at),
			err);
	if (r == 0)
		r = parse_term(&e->left, left, err);
	if (r == 0)
		r = take_tolerance(e, right, err);
	if (r == 0)
		r = parse_right(e, right, versus, err);
	if (r == 0 && e->right.metric && dimension(e->right.metric) != dimension(e->left.metric))
		r = err_set(err, -EINVAL, "%s is in %s and %s in %s", e->left.metric->path,
			    e->left.metric->unit[0] ? e->left.metric->unit : "no unit",
			    e->right.metric->path,
			    e->right.metric->unit[0] ? e->right.metric->unit : "no unit");
	return r;
}

int expect_parse(struct expect *e, const char *text, struct err *err)
{
	struct expect made = {
		.op = EXPECT_OP_COUNT, .left.factor = 1, .right.factor = 1, .right.number = NAN
	};
	bool versus = false;
	const char *rest = made.text;
	char body[PIECE];
	int r = cut(made.text, sizeof(made.text), text, text + strlen(text), err);

	if (r == 0)
		r = parse_prefixes(&made, &rest, &versus, err);
	if (r == 0)
		r = cut(body, sizeof(body), rest, rest + strlen(rest), err);
	if (r == 0)
		r = parse_comparison(&made, body, versus, err);
	if (r < 0) {
		err_wrap(err, "'%.120s'", text);
		return -EINVAL;
	}
	*e = made;
	return 0;
}
