#include "base/record_fields_macros.h"

#include <math.h>
#include <string.h>

#include "base/hist.h"

/*
 * The field table.  These words are the public documentation: results/README.md and `twbench list
 * fields` print them as they stand.  `source` begins with the witness that saw the value, or with
 * what else it comes from.  The order is the order of the file.
 */

static const struct field_list list_cases = { SCOPE_CASE, sizeof(struct record_case),
					      offsetof(struct record, case_count), 4096, true };
static const struct field_list list_repeats = { SCOPE_REPEAT, sizeof(struct record_repeat),
						offsetof(struct record_case, repeat_count), 1000,
						true };
static const struct field_list list_errnos = {
	SCOPE_ERRNO, sizeof(struct record_errno), offsetof(struct record_repeat, errno_count),
	sizeof(((struct record_repeat *)0)->errnos) / sizeof(struct record_errno), false
};
static const struct field_list list_teardowns = { SCOPE_TEARDOWN, sizeof(struct record_teardown),
						  offsetof(struct record_repeat, teardown_count),
						  sizeof(((struct record_repeat *)0)->teardown) /
							  sizeof(struct record_teardown),
						  false };
static const struct field_list list_counters_client = {
	SCOPE_COUNTER, sizeof(struct record_counter),
	offsetof(struct record_repeat, counters[SIDE_CLIENT].count), 4096, true
};
static const struct field_list list_counters_server = {
	SCOPE_COUNTER, sizeof(struct record_counter),
	offsetof(struct record_repeat, counters[SIDE_SERVER].count), 4096, true
};
static const struct field_list list_witnesses = {
	SCOPE_WITNESS, sizeof(struct record_witness), offsetof(struct record_repeat, witness_count),
	sizeof(((struct record_repeat *)0)->witness) / sizeof(struct record_witness), false
};
static const struct field_list list_checks = {
	SCOPE_CHECK, sizeof(struct record_check), offsetof(struct record_repeat, check_count),
	sizeof(((struct record_repeat *)0)->check) / sizeof(struct record_check), false
};
static const struct field_list list_sysctls = { SCOPE_SYSCTL, sizeof(struct record_sysctl),
						offsetof(struct record_repeat, sysctl_count), 1024,
						true };
static const struct field_list list_expectations = { SCOPE_EXPECTATION,
						     sizeof(struct record_expectation),
						     offsetof(struct record, expectation_count),
						     4096, true };
static const struct field_list list_tuning = { SCOPE_TUNING, sizeof(struct record_tuning),
					       offsetof(struct record, tuning_count), 1024, true };
static const struct field_list list_effects = { SCOPE_EFFECT, sizeof(struct record_effect),
						offsetof(struct record, effect_count), 65536,
						true };

const struct field record_fields[] = {
#include "base/record_fields_run.inc"
#include "base/record_fields_repeat.inc"
#include "base/record_fields_lists.inc"
#include "base/record_fields_verdicts.inc"
};

const size_t record_fields_count = sizeof(record_fields) / sizeof(record_fields[0]);

static const char *const scope_keys[SCOPE_COUNT] = {
	[SCOPE_RUN] = "run",           [SCOPE_CASE] = "case",
	[SCOPE_REPEAT] = "repeat",     [SCOPE_ERRNO] = "errno",
	[SCOPE_TEARDOWN] = "teardown", [SCOPE_COUNTER] = "counter",
	[SCOPE_WITNESS] = "witness",   [SCOPE_CHECK] = "check",
	[SCOPE_SYSCTL] = "sysctl",     [SCOPE_EXPECTATION] = "expectation",
	[SCOPE_TUNING] = "tuning",     [SCOPE_EFFECT] = "effect",
};

static const char *const type_keys[] = {
	[FIELD_INT] = "integer",  [FIELD_SMALL] = "integer", [FIELD_REAL] = "number",
	[FIELD_BOOL] = "boolean", [FIELD_TEXT] = "string",   [FIELD_STRING] = "string",
	[FIELD_KEY] = "string",   [FIELD_SIDES] = "string",  [FIELD_OUTCOME] = "string",
	[FIELD_CLASS] = "string", [FIELD_HIST] = "integer",  [FIELD_LIST] = "array",
	[FIELD_MAP] = "object",   [FIELD_CUSTOM] = "custom",
};

const char *record_scope_key(enum field_scope scope)
{
	return scope_keys[scope];
}

const char *record_field_type_key(const struct field *f)
{
	if (f->type == FIELD_CUSTOM)
		return f->codec->type;
	if (f->type == FIELD_HIST && (f->stat == STAT_SUM || f->stat == STAT_MEAN))
		return "number";
	return type_keys[f->type];
}

const struct field *scope_fields(enum field_scope scope, size_t *ret_count)
{
	const struct field *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < record_fields_count; i++) {
		if (record_fields[i].scope != scope)
			continue;
		if (!first)
			first = &record_fields[i];
		count++;
	}
	*ret_count = count;
	return first;
}

const struct field *record_field_find(enum field_scope scope, const char *path)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(f[i].path, path) == 0)
			return &f[i];
	return NULL;
}

bool record_field_is_metric(const struct field *f)
{
	if (f->scope != SCOPE_REPEAT)
		return false;
	return f->type == FIELD_INT || f->type == FIELD_REAL || f->type == FIELD_BOOL ||
	       f->type == FIELD_HIST;
}

double hist_stat_value(const struct hist *h, enum hist_stat stat)
{
	static const double quantile[] = {
		[STAT_P50] = 0.5, [STAT_P90] = 0.9, [STAT_P99] = 0.99, [STAT_P999] = 0.999
	};
	int64_t v;

	switch (stat) {
	case STAT_COUNT:
		return (double)h->total;
	case STAT_CLAMPED:
		return (double)h->clamped;
	case STAT_SUM:
		return h->sum_ns;
	case STAT_MEAN:
		return h->total ? h->sum_ns / (double)h->total : NAN;
	case STAT_MIN:
		return h->total ? (double)h->min_ns : NAN;
	case STAT_MAX:
		return h->total ? (double)h->max_ns : NAN;
	default:
		v = h->count ? hist_quantile_ns(h, quantile[stat]) : -1;
		return v < 0 ? NAN : (double)v;
	}
}

double record_field_number(const struct field *f, const void *object)
{
	const void *p = field_at(f, object);

	switch (f->type) {
	case FIELD_INT:
		return *(const int64_t *)p == RECORD_NONE ? NAN : (double)*(const int64_t *)p;
	case FIELD_SMALL:
		return *(const int8_t *)p;
	case FIELD_REAL:
		return *(const double *)p;
	case FIELD_BOOL:
		return *(const bool *)p ? 1 : 0;
	case FIELD_HIST:
		return hist_stat_value(p, (enum hist_stat)f->stat);
	default:
		return NAN;
	}
}
