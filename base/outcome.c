#include "base/outcome.h"

#include <string.h>

static const struct {
	const char *key, *help;
} outcomes[OUTCOME_COUNT] = {
	[OUTCOME_OK] = { "ok", "exchange complete, close clean" },
	[OUTCOME_REFUSED] = { "refused", "nobody listened (ECONNREFUSED)" },
	[OUTCOME_NO_PORT] = { "no_port", "local ports ran out (EADDRNOTAVAIL, EADDRINUSE)" },
	[OUTCOME_NO_RESOURCE] = { "no_resource",
				  "no descriptor or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM)" },
	[OUTCOME_UNREACHABLE] = { "unreachable",
				  "no way there (ENETUNREACH, EHOSTUNREACH, EACCES, EPERM)" },
	[OUTCOME_CONNECT_TIMEOUT] = { "connect_timeout", "no answer to the SYN in time" },
	[OUTCOME_REPLY_TIMEOUT] = { "reply_timeout", "connected, but the reply was not complete in time" },
	[OUTCOME_CLOSE_TIMEOUT] = { "close_timeout", "reply complete, but the close did not finish in time" },
	[OUTCOME_RESET_BEFORE_REPLY] = { "reset_before_reply", "reset before the first byte of the reply" },
	[OUTCOME_RESET_IN_REPLY] = { "reset_in_reply", "reset within the reply: bytes are missing" },
	[OUTCOME_RESET_AFTER_REPLY] = { "reset_after_reply", "reset after the whole reply" },
	[OUTCOME_SHORT_REPLY] = { "short_reply", "clean end of file, but bytes are missing" },
	[OUTCOME_WRONG_REPLY] = { "wrong_reply", "more bytes than asked for, or other ones" },
	[OUTCOME_OTHER] = { "other", "another errno" },
	[OUTCOME_INTERRUPTED] = { "interrupted", "still open when the run was stopped" },
};

const char *outcome_key(enum outcome o)
{
	return outcomes[o].key;
}

const char *outcome_help(enum outcome o)
{
	return outcomes[o].help;
}

enum outcome outcome_from_key(const char *key)
{
	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (strcmp(outcomes[i].key, key) == 0)
			return (enum outcome)i;
	return OUTCOME_COUNT;
}
