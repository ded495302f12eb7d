/*
 * worker: one forked process that runs one cell, seen from its parent.
 */
#ifndef TWBENCH_BENCH_WORKER_H
#define TWBENCH_BENCH_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/record.h"
#include "bench/cell.h"

struct err;

struct worker {
	pid_t pid;                  /* 0: not running */
	int fd;                     /* its result; -1 when read to the end */
	char *text;                 /* what it has written so far */
	size_t size, capacity;
	struct cell_shared *shared; /* mapped by the parent, one per worker */
	size_t case_index;
	int64_t repeat;
};

/* Fork.  In the child cell_run() runs and the process ends.  0 or negative errno with *err. */
int worker_start(struct worker *w, const struct cell_options *o, struct err *err);

/* Read what is there.  1 at the end of the text, 0 if more may come, negative errno. */
int worker_read(struct worker *w);

/* Reap it and parse its result into *ret (initialised).  0; or the worker's own negative errno and
 * *err, when its lab or a witness could not be had; -EIO when it died or what it said makes no sense. */
int worker_finish(struct worker *w, struct record_repeat *ret, struct err *err);

#endif
