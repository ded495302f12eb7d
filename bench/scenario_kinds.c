/* The kinds of scalar values a scenario key can have; see bench/scenario_lists.c for the others. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/scenario_keys.h"

#define TYPE(t)  (1U << JSON_##t)
#define RATE_MIN 0.001
#define RATE_MAX 1e6

_Static_assert(sizeof(enum load_shape) == sizeof(unsigned), "words are stored as unsigned");

static void schema_type(struct jsonw *w, const char *a, const char *b)
{
	jsonw_key(w, "type");
	if (!b) {
		jsonw_string(w, a);
		return;
	}
	jsonw_array_flat(w);
	jsonw_string(w, a);
	jsonw_string(w, b);
	jsonw_array_end(w);
}

static void schema_pattern(struct jsonw *w, const char *pattern)
{
	jsonw_key(w, "pattern");
	jsonw_string(w, pattern);
}

/* --- integer --------------------------------------------------------------------------------- */

static int int_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		    struct err *err)
{
	return num_parse_int(v->text, k->min, k->max, field, err);
}

static void int_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	(void)k;
	jsonw_int(w, *(const int64_t *)field);
}

static void int_schema(const struct scenario_key *k, struct jsonw *w)
{
	schema_type(w, "integer", "string");
	jsonw_key(w, "minimum");
	jsonw_int(w, k->min);
	jsonw_key(w, "maximum");
	jsonw_int(w, k->max);
	schema_pattern(w, "^[0-9]+([kM]i?)?$");
}

static void int_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)snprintf(buf, size, "an integer (%lld to %lld)", (long long)k->min,
		       (long long)k->max);
}

const struct scenario_kind scenario_kind_int = { TYPE(NUMBER) | TYPE(STRING), int_read, int_write,
						 int_schema, int_describe };

/* --- duration -------------------------------------------------------------------------------- */

static int duration_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
			 struct err *err)
{
	return num_parse_duration(v->text, k->min, k->max, field, err);
}

static void duration_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	char text[32];

	(void)k;
	jsonw_string(w, num_format_duration(*(const int64_t *)field, text, sizeof(text)));
}

static void duration_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	schema_type(w, "string", NULL);
	schema_pattern(w, "^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h)$");
}

static void duration_describe(const struct scenario_key *k, char *buf, size_t size)
{
	char min[32], max[32];

	(void)snprintf(buf, size, "a duration with its unit (%s to %s)",
		       num_format_duration(k->min, min, sizeof(min)),
		       num_format_duration(k->max, max, sizeof(max)));
}

/* A bare number is let through to num.c, which says that the unit is missing. */
const struct scenario_kind scenario_kind_duration = { TYPE(NUMBER) | TYPE(STRING), duration_read,
						      duration_write, duration_schema,
						      duration_describe };

/* --- rate ------------------------------------------------------------------------------------ */

static int rate_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		     struct err *err)
{
	(void)k;
	return num_parse_rate(v->text, RATE_MIN, RATE_MAX, field, err);
}

static void rate_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	(void)k;
	jsonw_real(w, *(const double *)field);
}

static void rate_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	schema_type(w, "number", "string");
	jsonw_key(w, "minimum");
	jsonw_real(w, RATE_MIN);
	jsonw_key(w, "maximum");
	jsonw_real(w, RATE_MAX);
	schema_pattern(w, "^[0-9]+(\\.[0-9]+)?(/s)?$");
}

static void rate_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)k;
	(void)snprintf(buf, size, "a rate (%g/s to %.0f/s)", RATE_MIN, RATE_MAX);
}

const struct scenario_kind scenario_kind_rate = { TYPE(NUMBER) | TYPE(STRING), rate_read,
						  rate_write, rate_schema, rate_describe };

/* --- word ------------------------------------------------------------------------------------ */

static void word_describe(const struct scenario_key *k, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "one of");

	for (int i = 0; k->word(i) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s %s", i > 0 ? "," : "",
					 k->word(i));
}

static int word_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		     struct err *err)
{
	char words[200];

	for (unsigned i = 0; k->word((int)i); i++)
		if (strcmp(k->word((int)i), v->text) == 0) {
			memcpy(field, &i, sizeof(i));
			return 0;
		}
	word_describe(k, words, sizeof(words));
	return err_set(err, -EINVAL, "'%.64s' is not %s", v->text, words);
}

static void word_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	unsigned i;

	memcpy(&i, field, sizeof(i));
	jsonw_string(w, k->word((int)i));
}

static void word_schema(const struct scenario_key *k, struct jsonw *w)
{
	jsonw_key(w, "enum");
	jsonw_array_flat(w);
	for (int i = 0; k->word(i); i++)
		jsonw_string(w, k->word(i));
	jsonw_array_end(w);
}

const struct scenario_kind scenario_kind_word = { TYPE(STRING), word_read, word_write, word_schema,
						  word_describe };

/* --- address family: an integer with a hole -------------------------------------------------- */

static int family_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		       struct err *err)
{
	struct err unused;

	if (num_parse_int(v->text, k->min, k->max, field, &unused) < 0 || *(int64_t *)field == 5)
		return err_set(err, -EINVAL, "'%.64s' is not an address family (4 or 6)", v->text);
	return 0;
}

static void family_schema(const struct scenario_key *k, struct jsonw *w)
{
	jsonw_key(w, "enum");
	jsonw_array_flat(w);
	jsonw_int(w, k->min);
	jsonw_int(w, k->max);
	jsonw_array_end(w);
}

static void family_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%lld or %lld", (long long)k->min, (long long)k->max);
}

const struct scenario_kind scenario_kind_family = { TYPE(NUMBER), family_read, int_write,
						    family_schema, family_describe };

/* --- truth ----------------------------------------------------------------------------------- */

static int bool_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		     struct err *err)
{
	(void)k;
	if (strcmp(v->text, "true") != 0 && strcmp(v->text, "false") != 0)
		return err_set(err, -EINVAL, "'%.64s' is not true or false", v->text);
	*(bool *)field = v->text[0] == 't';
	return 0;
}

static void bool_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	(void)k;
	jsonw_bool(w, *(const bool *)field);
}

static void bool_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	schema_type(w, "boolean", NULL);
}

static void bool_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)k;
	(void)snprintf(buf, size, "true or false");
}

const struct scenario_kind scenario_kind_bool = { TYPE(BOOL), bool_read, bool_write, bool_schema,
						  bool_describe };

/* --- text ------------------------------------------------------------------------------------ */

static int text_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		     struct err *err)
{
	size_t len = strlen(v->text);

	if (len == 0)
		return err_set(err, -EINVAL, "is empty");
	if (len >= (size_t)k->max)
		return err_set(err, -EINVAL, "is longer than %lld bytes", (long long)k->max - 1);
	memcpy(field, v->text, len + 1);
	return 0;
}

static void text_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	(void)k;
	jsonw_string(w, field);
}

static void text_schema(const struct scenario_key *k, struct jsonw *w)
{
	schema_type(w, "string", NULL);
	jsonw_key(w, "minLength");
	jsonw_int(w, 1);
	jsonw_key(w, "maxLength");
	jsonw_int(w, k->max - 1);
}

static void text_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)snprintf(buf, size, "a string of at most %lld bytes", (long long)k->max - 1);
}

const struct scenario_kind scenario_kind_text = { TYPE(STRING), text_read, text_write, text_schema,
						  text_describe };

/* --- strategy -------------------------------------------------------------------------------- */

static int strategy_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
			 struct err *err)
{
	const struct strategy *s = strategy_find(v->text);
	const char *near;

	(void)k;
	if (s) {
		*(const struct strategy **)field = s;
		return 0;
	}
	near = num_nearest(v->text, &strategies[0].name, strategies_count, sizeof(strategies[0]));
	if (near)
		return err_set(err, -EINVAL, "'%.64s' is no strategy (did you mean '%s'?)", v->text,
			       near);
	return err_set(err, -EINVAL, "'%.64s' is no strategy (`twbench list strategies` shows all)",
		       v->text);
}

static void strategy_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	(void)k;
	jsonw_string(w, (*(const struct strategy *const *)field)->name);
}

static void strategy_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	jsonw_key(w, "enum");
	jsonw_array(w);
	jsonw_string(w, "core");
	jsonw_string(w, "all");
	for (size_t i = 0; i < strategies_count; i++)
		jsonw_string(w, strategies[i].name);
	jsonw_array_end(w);
}

static void strategy_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)k;
	(void)snprintf(buf, size, "the name of a strategy");
}

const struct scenario_kind scenario_kind_strategy = { TYPE(STRING), strategy_read, strategy_write,
						      strategy_schema, strategy_describe };
