/* The kinds of values that are lists: size distributions and load steps. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/scenario_keys.h"

#define TYPE(t)     (1U << JSON_##t)
#define RATE_MAX    1e6
#define STEP_MIN_NS INT64_C(10000000)
#define STEP_MAX_NS INT64_C(3600000000000)
#define WEIGHT_MIN  1e-6
#define WEIGHT_MAX  1e6

/* Members of a list's element are few; unknown ones are refused like keys. */
static int check_members(json *object, const char *const *words, size_t count, struct err *err)
{
	for (json *n = json_first(object); n; n = json_next(n)) {
		size_t i = 0;

		while (i < count && strcmp(words[i], json_key(n)) != 0)
			i++;
		if (i < count)
			continue;
		const char *near = num_nearest(json_key(n), words, count, sizeof(words[0]));

		(void)err_set(err, -EINVAL, "%.64s: unknown key%s%s%s", json_key(n),
			      near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
		err_at(err, n);
		return -EINVAL;
	}
	return 0;
}

/* A value given by the command line as JSON: '[{"bytes": ...}]'.  Free with json_free. */
static json *parse_inline(const char *text, struct err *err)
{
	return json_parse(text, strlen(text), err);
}

/* --- sizes ----------------------------------------------------------------------------------- */

static int range_read(const struct scenario_key *k, const char *text, struct size_range *ret,
		      struct err *err)
{
	const char *dots = strstr(text, "..");
	char low[32];
	int r;

	if (!dots) {
		r = num_parse_int(text, k->min, k->max, &ret->low, err);
		ret->high = ret->low;
		return r;
	}
	if ((size_t)(dots - text) >= sizeof(low))
		return err_set(err, -EINVAL, "'%.64s' is not a range of sizes", text);
	memcpy(low, text, (size_t)(dots - text));
	low[dots - text] = '\0';
	r = num_parse_int(low, k->min, k->max, &ret->low, err);
	if (r == 0)
		r = num_parse_int(dots + 2, k->min, k->max, &ret->high, err);
	if (r == 0 && ret->low > ret->high)
		r = err_set(err, -EINVAL, "'%.64s': the low end is above the high end", text);
	return r;
}

static int weighted_read(const struct scenario_key *k, json *node, struct size_range *ret,
			 struct err *err)
{
	static const char *const members[] = { "bytes", "weight" };
	struct scenario_value bytes, weight;
	int r;

	if (json_type(node) != JSON_OBJECT)
		return err_set(err, -EINVAL,
			       "must be an object of \"bytes\" and \"weight\", not %s",
			       json_type_name(node));
	r = check_members(node, members, 2, err);
	if (r < 0)
		return r;
	if (!json_get(node, "bytes"))
		return err_set(err, -EINVAL, "\"bytes\" is missing");
	scenario_value_init(&bytes, json_get(node, "bytes"));
	if (!bytes.text || json_type(bytes.node) == JSON_BOOL)
		r = err_set(err, -EINVAL, "bytes: must be a size or a range, not %s",
			    json_type_name(bytes.node));
	else
		r = range_read(k, bytes.text, ret, err);
	if (r < 0)
		err_at(err, bytes.node);
	ret->weight = 1;
	if (r < 0 || !json_get(node, "weight"))
		return r;
	scenario_value_init(&weight, json_get(node, "weight"));
	if (json_type(weight.node) != JSON_NUMBER) {
		r = err_set(err, -EINVAL, "weight: must be a number, not %s",
			    json_type_name(weight.node));
	} else {
		r = num_parse_real(weight.text, WEIGHT_MIN, WEIGHT_MAX, &ret->weight, err);
		if (r < 0)
			err_wrap(err, "weight");
	}
	if (r < 0)
		err_at(err, weight.node);
	return r;
}

static int sizes_read_list(const struct scenario_key *k, json *list, struct size_dist *ret,
			   struct err *err)
{
	struct size_dist d = { .count = 0 };

	for (json *n = json_first(list); n; n = json_next(n)) {
		if (d.count == SIZE_RANGES_MAX)
			return err_set(err, -EINVAL, "has more than %d ranges", SIZE_RANGES_MAX);
		int r = weighted_read(k, n, &d.range[d.count++], err);

		if (r < 0) {
			err_at(err, n);
			err_wrap(err, "range %d", d.count);
			return r;
		}
	}
	if (d.count == 0)
		return err_set(err, -EINVAL, "is an empty list");
	*ret = d;
	return 0;
}

static int sizes_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		      struct err *err)
{
	struct size_dist d = { .count = 1, .range[0].weight = 1 };
	json *parsed = NULL, *list = v->node;
	int r;

	if (!v->node && v->text[0] == '[') {
		list = parsed = parse_inline(v->text, err);
		if (!parsed)
			return -EINVAL;
	}
	if (list && json_type(list) == JSON_ARRAY)
		r = sizes_read_list(k, list, &d, err);
	else
		r = range_read(k, v->text, &d.range[0], err);
	if (r == 0)
		*(struct size_dist *)field = d;
	json_free(parsed);
	return r;
}

static void range_write(const struct size_range *s, struct jsonw *w)
{
	char text[48];

	if (s->low == s->high) {
		jsonw_int(w, s->low);
		return;
	}
	(void)snprintf(text, sizeof(text), "%lld..%lld", (long long)s->low, (long long)s->high);
	jsonw_string(w, text);
}

static void sizes_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	const struct size_dist *d = field;

	(void)k;
	if (d->count == 1) {
		range_write(&d->range[0], w);
		return;
	}
	jsonw_array(w);
	for (int i = 0; i < d->count; i++) {
		jsonw_object_flat(w);
		jsonw_key(w, "bytes");
		range_write(&d->range[i], w);
		jsonw_key(w, "weight");
		jsonw_real(w, d->range[i].weight);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void range_schema(struct jsonw *w)
{
	jsonw_key(w, "type");
	jsonw_array_flat(w);
	jsonw_string(w, "integer");
	jsonw_string(w, "string");
	jsonw_array_end(w);
	jsonw_key(w, "minimum");
	jsonw_int(w, 1);
	jsonw_key(w, "pattern");
	jsonw_string(w, "^[0-9]+([kM]i?)?(\\.\\.[0-9]+([kM]i?)?)?$");
}

static void schema_open_object(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_key(w, "type");
	jsonw_string(w, "object");
	jsonw_key(w, "additionalProperties");
	jsonw_bool(w, false);
}

static void schema_list(struct jsonw *w, int64_t max)
{
	jsonw_key(w, "type");
	jsonw_string(w, "array");
	jsonw_key(w, "minItems");
	jsonw_int(w, 1);
	if (max > 0) {
		jsonw_key(w, "maxItems");
		jsonw_int(w, max);
	}
	jsonw_key(w, "items");
}

static void sizes_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	jsonw_key(w, "anyOf");
	jsonw_array(w);
	jsonw_object_flat(w);
	range_schema(w);
	jsonw_object_end(w);
	jsonw_object(w);
	schema_list(w, SIZE_RANGES_MAX);
	schema_open_object(w);
	jsonw_key(w, "required");
	jsonw_array_flat(w);
	jsonw_string(w, "bytes");
	jsonw_array_end(w);
	jsonw_key(w, "properties");
	jsonw_object(w);
	jsonw_key(w, "bytes");
	jsonw_object_flat(w);
	range_schema(w);
	jsonw_object_end(w);
	jsonw_key(w, "weight");
	jsonw_object_flat(w);
	jsonw_key(w, "type");
	jsonw_string(w, "number");
	jsonw_key(w, "minimum");
	jsonw_real(w, WEIGHT_MIN);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_array_end(w);
}

static void sizes_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)snprintf(
		buf, size,
		"bytes (%lld to %lld), a range \"40..60\", or a list of {\"bytes\", \"weight\"}",
		(long long)k->min, (long long)k->max);
}

const struct scenario_kind scenario_kind_sizes = { TYPE(NUMBER) | TYPE(STRING) | TYPE(ARRAY),
						   sizes_read, sizes_write, sizes_schema,
						   sizes_describe };

/* --- steps ----------------------------------------------------------------------------------- */

static const char *const step_members[] = { "rate", "from", "to", "duration" };

static int member_text(json *step, const char *member, struct scenario_value *v, struct err *err)
{
	json *node = json_get(step, member);

	if (!node)
		return err_set(err, -EINVAL, "\"%s\" is missing", member);
	scenario_value_init(v, node);
	if (v->text && json_type(node) != JSON_BOOL)
		return 0;
	(void)err_set(err, -EINVAL, "%s: must be a number or a string, not %s", member,
		      json_type_name(node));
	err_at(err, node);
	return -EINVAL;
}

static int step_rate(json *step, const char *member, double *ret, struct err *err)
{
	struct scenario_value v;
	int r = member_text(step, member, &v, err);

	if (r < 0)
		return r;
	r = num_parse_rate(v.text, 0, RATE_MAX, ret, err);
	if (r < 0) {
		err_at(err, v.node);
		err_wrap(err, "%s", member);
	} else if (*ret == 0) {
		*ret = 0; /* "-0" is in range; written, it would read back as 0 */
	}
	return r;
}

static int step_read(json *step, struct load_step *ret, struct err *err)
{
	struct scenario_value v;
	int r;

	if (json_type(step) != JSON_OBJECT)
		return err_set(err, -EINVAL, "must be an object, not %s", json_type_name(step));
	r = check_members(step, step_members, 4, err);
	if (r < 0)
		return r;
	if (json_get(step, "rate")) {
		if (json_get(step, "from") || json_get(step, "to"))
			return err_set(err, -EINVAL, "\"rate\" stands for \"from\" and \"to\"");
		r = step_rate(step, "rate", &ret->from_per_s, err);
		ret->to_per_s = ret->from_per_s;
	} else {
		r = step_rate(step, "from", &ret->from_per_s, err);
		if (r == 0)
			r = step_rate(step, "to", &ret->to_per_s, err);
	}
	if (r == 0)
		r = member_text(step, "duration", &v, err);
	if (r < 0)
		return r;
	r = num_parse_duration(v.text, STEP_MIN_NS, STEP_MAX_NS, &ret->duration_ns, err);
	if (r < 0) {
		err_at(err, v.node);
		err_wrap(err, "duration");
	}
	return r;
}

static int steps_read_list(json *list, struct case_spec *c, struct err *err)
{
	struct load_step step[LOAD_STEPS_MAX];
	int64_t count = 0;

	if (json_type(list) != JSON_ARRAY)
		return err_set(err, -EINVAL, "must be a list, not %s", json_type_name(list));
	for (json *n = json_first(list); n; n = json_next(n)) {
		if (count == LOAD_STEPS_MAX)
			return err_set(err, -EINVAL, "has more than %d steps", LOAD_STEPS_MAX);
		int r = step_read(n, &step[count++], err);

		if (r < 0) {
			err_at(err, n);
			err_wrap(err, "step %lld", (long long)count);
			return r;
		}
	}
	if (count == 0)
		return err_set(err, -EINVAL, "is an empty list");
	memcpy(c->step, step, (size_t)count * sizeof(step[0]));
	c->step_count = count;
	return 0;
}

/* The field is an array and its count: `field` leads back to the case. */
static int steps_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		      struct err *err)
{
	struct case_spec *c = (void *)((char *)field - k->offset);
	json *parsed;
	int r;

	if (v->node)
		return steps_read_list(v->node, c, err);
	parsed = parse_inline(v->text, err);
	if (!parsed)
		return -EINVAL;
	r = steps_read_list(parsed, c, err);
	json_free(parsed);
	return r;
}

static void steps_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	const struct case_spec *c = (const void *)((const char *)field - k->offset);
	char text[32];

	jsonw_array(w);
	for (int64_t i = 0; i < c->step_count; i++) {
		jsonw_object_flat(w);
		jsonw_key(w, "from");
		jsonw_real(w, c->step[i].from_per_s);
		jsonw_key(w, "to");
		jsonw_real(w, c->step[i].to_per_s);
		jsonw_key(w, "duration");
		jsonw_string(w, num_format_duration(c->step[i].duration_ns, text, sizeof(text)));
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void steps_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	schema_list(w, LOAD_STEPS_MAX);
	schema_open_object(w);
	jsonw_key(w, "required");
	jsonw_array_flat(w);
	jsonw_string(w, "duration");
	jsonw_array_end(w);
	jsonw_key(w, "properties");
	jsonw_object(w);
	for (size_t i = 0; i < sizeof(step_members) / sizeof(step_members[0]); i++) {
		bool rate = strcmp(step_members[i], "duration") != 0;

		jsonw_key(w, step_members[i]);
		jsonw_object_flat(w);
		jsonw_key(w, "type");
		jsonw_array_flat(w);
		jsonw_string(w, "string");
		if (rate)
			jsonw_string(w, "number");
		jsonw_array_end(w);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void steps_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)k;
	(void)snprintf(buf, size, "a list of {\"from\", \"to\", \"duration\"}");
}

const struct scenario_kind scenario_kind_steps = { TYPE(ARRAY), steps_read, steps_write,
						   steps_schema, steps_describe };
