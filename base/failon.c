#include "base/failon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cmd.h"
#include "base/err.h"

static const struct {
	const char *word;
	unsigned bit;
	int status;
} verdicts[] = {
	{ "fail", FAIL_ON_FAIL, EXIT_EXPECTATION },
	{ "invalid", FAIL_ON_INVALID, EXIT_UNTRUSTWORTHY },
	{ "skip", FAIL_ON_SKIP, EXIT_SKIPPED },
	{ "no-effect", FAIL_ON_NO_EFFECT, -1 }, /* decided where effects are known */
};
#define VERDICTS (sizeof(verdicts) / sizeof(verdicts[0]))

int fail_on_parse(const char *list, unsigned *ret, struct err *err)
{
	unsigned set = 0;

	if (!list) {
		*ret = FAIL_ON_DEFAULT;
		return 0;
	}
	for (const char *p = list; strcmp(list, "none") != 0;) {
		size_t n = strcspn(p, ","), i = 0;

		while (i < VERDICTS &&
		       (strlen(verdicts[i].word) != n || memcmp(verdicts[i].word, p, n) != 0))
			i++;
		if (i == VERDICTS)
			return err_set(err, -EINVAL,
				       "--fail-on: '%.*s' is not one of fail, invalid, skip, "
				       "no-effect, none",
				       (int)n, p);
		set |= verdicts[i].bit;
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	*ret = set;
	return 0;
}

int fail_on_status(unsigned fail_on, int status)
{
	for (size_t i = 0; i < VERDICTS; i++)
		if (verdicts[i].status == status && !(fail_on & verdicts[i].bit))
			return EXIT_PASS;
	return status;
}
