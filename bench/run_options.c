#include "bench/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static char *keep(struct run_overrides *o, const char *a, const char *b)
{
	char *text = NULL;

	if (o->text_count == OVERRIDES_MAX || asprintf(&text, "%s%s", a, b) < 0)
		return NULL;
	o->text[o->text_count++] = text;
	return text;
}

static int add(struct run_overrides *o, const char *key, const char *value, struct err *err)
{
	if (!key || o->count == OVERRIDES_MAX)
		return err_set(err, -ENOMEM, "no room for more options");
	o->item[o->count++] = (struct override){ .key = key, .value = value };
	return 0;
}

/* "KEY=VALUE" with `prefix` before the key. */
static int add_pair(struct run_overrides *o, const char *option, const char *prefix, const char *pair,
		    struct err *err)
{
	const char *equals = strchr(pair, '=');
	char *key;

	if (!equals || equals == pair)
		return err_set(err, -EINVAL, "--%s: '%s' is not KEY=VALUE", option, pair);
	key = keep(o, prefix, pair);
	if (key)
		key[strlen(prefix) + (size_t)(equals - pair)] = '\0';
	return add(o, key, equals + 1, err);
}

int run_overrides_make(const struct args *a, struct run_overrides *ret, struct err *err)
{
	*ret = (struct run_overrides){ 0 };
	for (int i = 0; i < a->given_count; i++) {
		const struct opt *opt = a->given[i].opt;
		const char *value = a->given[i].value;
		int code = 0;

		if (opt->key)
			code = add(ret, opt->key, value, err);
		else if (strcmp(opt->name, "set") == 0)
			code = add_pair(ret, "set", "", value, err);
		else if (strcmp(opt->name, "sysctl") == 0)
			code = add_pair(ret, "sysctl", "tuning.sysctl.", value, err);
		if (code != 0)
			return code;
	}
	return 0;
}

void run_overrides_release(struct run_overrides *o)
{
	for (size_t i = 0; i < o->text_count; i++)
		free(o->text[i]);
	o->text_count = o->count = 0;
}

int run_isolation(const struct args *a, enum isolation *ret, struct err *err)
{
	static const struct {
		const char *word;
		enum isolation isolation;
	} words[] = {
		{ "auto", ISOLATION_AUTO }, { "userns", ISOLATION_USERNS }, { "netns", ISOLATION_NETNS },
	};
	const char *word = args_get(a, "isolation");

	*ret = ISOLATION_AUTO;
	if (!word)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0) {
			*ret = words[i].isolation;
			return 0;
		}
	return err_set(err, -EINVAL, "--isolation: '%s' is not one of auto, userns, netns", word);
}
