/* target: "HOST:PORT" or "[v6]:PORT" of a server that is not ours. */
#ifndef TWBENCH_BENCH_TARGET_H
#define TWBENCH_BENCH_TARGET_H

#include "base/tuple.h"

struct err;

/* Resolve; the first TCP address wins.  0 or -EINVAL with *err. */
int target_resolve(const char *text, struct endpoint *ret, struct err *err);

#endif
