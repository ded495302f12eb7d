#include "bench/fdlimit.h"

#include <sched.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/lab.h"

#define UNLIMITED INT64_C(1073741816) /* fs.nr_open cannot be more */

int64_t fdlimit_raise(void)
{
	struct rlimit limit, most;
	struct err ignored;
	char text[32];
	int64_t open_max;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024; /* the least a limit is ever set to in practice */
	if (lab_sysctl_read("fs.nr_open", text, sizeof(text)) == 0 &&
	    num_parse_int(text, 1, UNLIMITED, &open_max, &ignored) == 0 &&
	    (rlim_t)open_max > limit.rlim_max) {
		most = (struct rlimit){ (rlim_t)open_max, (rlim_t)open_max };
		if (setrlimit(RLIMIT_NOFILE, &most) == 0)
			return open_max;
	}
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* up to the hard limit is always allowed */
	return limit.rlim_max > (rlim_t)UNLIMITED ? UNLIMITED : (int64_t)limit.rlim_max;
}

void fdlimit_own_table(void)
{
#ifndef __SANITIZE_THREAD__ /* it takes equal numbers for the same descriptor, and sees races */
	(void)unshare(CLONE_FILES); /* best effort: the header says so */
#endif
}
