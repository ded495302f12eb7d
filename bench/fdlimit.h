/*
 * fdlimit: how many descriptors this process, or one of its threads, may have.
 */
#ifndef TWBENCH_BENCH_FDLIMIT_H
#define TWBENCH_BENCH_FDLIMIT_H

#include <stdint.h>

/*
 * Raise RLIMIT_NOFILE of this process, and of those it forks, as far as it may be: the soft limit to
 * the hard one, and with CAP_SYS_RESOURCE the hard one to fs.nr_open.  Returns the soft limit.
 */
int64_t fdlimit_raise(void);

/*
 * Give the calling thread a table of descriptors of its own (unshare(2), CLONE_FILES): the limit counts
 * for it alone, and its calls share no lock and no reference count with other threads.  What it opens
 * is closed with it; what was open until now stays open in both tables.  Where a seccomp filter
 * forbids that, the table stays a common one, and accept() or socket() says when it is full.
 */
void fdlimit_own_table(void);

#endif
