/*
 * results_files: the files of one repeat, and removing what was begun.  Private to results.c.
 */
#ifndef TWBENCH_BENCH_RESULTS_FILES_H
#define TWBENCH_BENCH_RESULTS_FILES_H

#include "base/record.h"

struct err;

/* cases/<case>/r<n>/{capture.pcap,samples.csv,response.hgrm,service.hgrm} below `dir`.  Takes the
 * capture from the unnamed file `capture_fd` (-1: none).  0 or negative errno with *err. */
int results_write_repeat(int dir, const struct record_case *c, const struct record_repeat *r,
			 int capture_fd, struct err *err);

/* Remove `name` below `dir` with all it holds; only for directories this program has made. */
void results_remove_tree(int dir, const char *name);

#endif
