/* parallel: the same work on many things, some at a time. */
#ifndef TWBENCH_BENCH_PARALLEL_H
#define TWBENCH_BENCH_PARALLEL_H

#include <stddef.h>

struct err;

/*
 * Call work(arg, i) for each i below `count`, on `threads` threads (the caller's is one of them).
 * Returns 0 when all are done, or negative errno with *err if a thread could not be started; those
 * that could have then done all of it, too.
 */
int parallel_each(size_t count, unsigned threads, void (*work)(void *arg, size_t i), void *arg,
		  struct err *err);

#endif
