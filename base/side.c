#include "base/side.h"

#include <string.h>

static const char *const side_keys[SIDE_COUNT] = { "client", "server" };
static const char *const sides_keys[SIDES_COUNT] = { "none", "client", "server", "both", "unknown" };

const char *side_key(enum side s)
{
	return side_keys[s];
}

const char *sides_key(enum sides s)
{
	return sides_keys[s];
}

enum sides sides_from_key(const char *key)
{
	for (int i = 0; i < SIDES_COUNT; i++)
		if (strcmp(sides_keys[i], key) == 0)
			return (enum sides)i;
	return SIDES_COUNT;
}

int sides_has(enum sides s, enum side side)
{
	return s == SIDES_BOTH || (s == SIDES_CLIENT && side == SIDE_CLIENT) ||
	       (s == SIDES_SERVER && side == SIDE_SERVER);
}
