/*
 * gnuplot: run the program of that name, found in PATH, without a shell.
 */
#ifndef TWBENCH_ANALYSIS_GNUPLOT_H
#define TWBENCH_ANALYSIS_GNUPLOT_H

#include <stddef.h>

struct err;

/*
 * Run gnuplot with `argv` (argv[0] is "gnuplot", NULL at the end) in directory `dirfd`, for at most
 * `limit_ms`.  What it says on stdout and stderr is kept in `said`, cut to `size`.
 * Returns 0 when it ended with status 0; -ENOENT when there is none; -ETIMEDOUT when it had to be killed;
 * -EIO with *err for any other end.
 */
int gnuplot_run(int dirfd, const char *const argv[], int limit_ms, char *said, size_t size,
		struct err *err);

#endif
