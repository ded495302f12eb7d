/* Every value of every vocabulary has a key of its own, which leads back to it. */
#include <ctype.h>
#include <stddef.h>

#include "base/outcome.h"
#include "base/series.h"
#include "base/side.h"
#include "base/tcpstate.h"
#include "base/teardown.h"
#include "tests/test.h"

static const char *key_of_side(int v)
{
	return side_key((enum side)v);
}

static const char *key_of_sides(int v)
{
	return sides_key((enum sides)v);
}

static int sides_of_key(const char *key)
{
	return (int)sides_from_key(key);
}

static const char *key_of_outcome(int v)
{
	return outcome_key((enum outcome)v);
}

static const char *help_of_outcome(int v)
{
	return outcome_help((enum outcome)v);
}

static int outcome_of_key(const char *key)
{
	return (int)outcome_from_key(key);
}

static const char *key_of_class(int v)
{
	return teardown_class_key((enum teardown_class)v);
}

static const char *help_of_class(int v)
{
	return teardown_class_help((enum teardown_class)v);
}

static int class_of_key(const char *key)
{
	return (int)teardown_class_from_key(key);
}

static const char *key_of_column(int v)
{
	return series_column_key((enum series_column)v);
}

static const struct vocabulary {
	const char *name;
	int first, count; /* values run from `first` to `count` - 1 */
	const char *(*key)(int);
	const char *(*help)(int);      /* NULL: it has none */
	int (*from_key)(const char *); /* NULL: nobody needs it; `count` for an unknown key */
} vocabularies[] = {
	{ "side", 0, SIDE_COUNT, key_of_side, NULL, NULL },
	{ "sides", 0, SIDES_COUNT, key_of_sides, NULL, sides_of_key },
	{ "outcome", 0, OUTCOME_COUNT, key_of_outcome, help_of_outcome, outcome_of_key },
	{ "teardown class", 0, TEARDOWN_CLASS_COUNT, key_of_class, help_of_class, class_of_key },
	{ "tcpstate", 1, TCPSTATE_COUNT, tcpstate_key, tcpstate_name, NULL },
	{ "series column", 0, COL_COUNT, key_of_column, NULL, NULL },
};

static bool is_key(const char *key)
{
	for (const char *p = key; p && *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_' &&
		    *p != '-')
			return false;
	return key && *key;
}

static void test_vocabulary(const struct vocabulary *v)
{
	for (int i = v->first; i < v->count; i++) {
		const char *key = v->key(i);

		if (!ok(is_key(key), "%s %d has a key: '%s'", v->name, i, key ? key : "(null)"))
			continue;
		for (int k = v->first; k < i; k++)
			if (strcmp(v->key(k), key) == 0)
				ok(false, "%s: '%s' stands for %d and %d", v->name, key, k, i);
		if (v->help)
			ok(v->help(i) && *v->help(i), "%s '%s' is explained", v->name, key);
		if (v->from_key)
			is_int(v->from_key(key), i, "%s '%s' leads back", v->name, key);
	}
	if (v->from_key) {
		is_int(v->from_key("no such"), v->count, "%s: unknown key", v->name);
		is_int(v->from_key(""), v->count, "%s: empty key", v->name);
	}
}

static void test_sides_has(void)
{
	static const struct {
		enum sides sides;
		int client, server;
	} rows[] = {
		{ SIDES_NONE, 0, 0 }, { SIDES_CLIENT, 1, 0 },  { SIDES_SERVER, 0, 1 },
		{ SIDES_BOTH, 1, 1 }, { SIDES_UNKNOWN, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_int(sides_has(rows[i].sides, SIDE_CLIENT), rows[i].client, "client in '%s'",
		       sides_key(rows[i].sides));
		is_int(sides_has(rows[i].sides, SIDE_SERVER), rows[i].server, "server in '%s'",
		       sides_key(rows[i].sides));
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++)
		test_vocabulary(&vocabularies[i]);
	test_sides_has();
	ok(tcpstate_key(0) == NULL && tcpstate_key(-1) == NULL &&
		   tcpstate_key(TCPSTATE_COUNT) == NULL,
	   "numbers that are no state have no key");
	ok(tcpstate_name(0) == NULL && tcpstate_name(TCPSTATE_COUNT) == NULL, "nor a name");
	return test_done();
}
