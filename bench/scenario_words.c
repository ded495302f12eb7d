/* The words a key of a scenario may be set to, for those who complete what a person types. */
#include <string.h>

#include "bench/scenario_keys.h"

const char *scenario_key_path(size_t i)
{
	return i < scenario_keys_count ? scenario_keys[i].path : NULL;
}

static const char *strategy_word(size_t i)
{
	static const char *const sets[] = { "core", "all" };

	if (i < strategies_count)
		return strategies[i].name;
	i -= strategies_count;
	return i < sizeof(sets) / sizeof(sets[0]) ? sets[i] : NULL;
}

const char *scenario_key_word(const char *path, size_t i)
{
	static const char *const truth[] = { "true", "false" };
	const struct scenario_key *k = scenario_key_find(path);

	if (!k)
		return NULL;
	if (k->kind == &scenario_kind_strategy)
		return strategy_word(i);
	if (k->kind == &scenario_kind_bool)
		return i < sizeof(truth) / sizeof(truth[0]) ? truth[i] : NULL;
	return k->word ? k->word((int)i) : NULL;
}
