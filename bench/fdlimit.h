/*
 * fdlimit: how many descriptors this process may have.
 */
#ifndef TWBENCH_BENCH_FDLIMIT_H
#define TWBENCH_BENCH_FDLIMIT_H

#include <stdint.h>

/*
 * Raise RLIMIT_NOFILE of this process, and of those it forks, as far as it may be: the soft limit to
 * the hard one, and with CAP_SYS_RESOURCE the hard one to fs.nr_open.  Returns the soft limit.
 */
int64_t fdlimit_raise(void);

#endif
