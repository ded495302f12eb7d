/*
 * results: where a run's files go.
 *
 * Nothing is visible under its final name before it is whole: captures are written to unnamed
 * files (O_TMPFILE), the run's directory is built as "<id>.partial" and renamed, `latest` is
 * replaced by rename.  A run of several batches notes what is finished between them: when it is killed,
 * it leaves a ".partial" directory with a valid record, which the next run gives its final name, and
 * which --resume goes on from.  A ".partial" directory without a record, and that nobody holds, the
 * next run takes away.  Earlier runs are never touched.
 */
#ifndef TWBENCH_BENCH_RESULTS_H
#define TWBENCH_BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

struct err;

struct results {
	char root[256];           /* "results" */
	char id[128];             /* "20261122T134700Z-close-strategies-7f3a" */
	char path[512];           /* root/id, once committed */
	int root_fd;
	int partial_fd;           /* root/id.partial, locked; -1: not made yet */
	size_t *noted;            /* repeats of each case that a checkpoint wrote */
	/* Files made from the record alone, to stand beside it from the start; NULL: none. */
	int (*pages)(const struct record *record, const char *dir, struct err *err);
	struct results_capture {
		size_t case_index;
		int64_t repeat;
		int fd;
	} *capture;
	size_t capture_count;
};

/* Make or open the directory, check that it can be written, choose the id.  0 or negative errno
 * with *err; release with results_release in any case. */
int results_open(struct results *r, const char *root, const char *scenario_name, struct err *err);
void results_release(struct results *r);

/* An unnamed file for the capture of (case, repeat), or -1 (then none is kept).  Owned by `r`. */
int results_capture_fd(struct results *r, size_t case_index, int64_t repeat);

/* Keep the capture file of (case, repeat) of an earlier run.  False: it is gone. */
bool results_keep_capture(struct results *r, size_t case_index, int64_t repeat, const char *path);

/* Set the name that the capture of a finished repeat will have, or none: before the checks, which ask
 * whether a file was kept. */
void results_name_capture(const struct results *r, size_t case_index, const struct record_case *c,
			  struct record_repeat *repeat);

/* Note what is finished so far.  0 or negative errno with *err. */
int results_checkpoint(struct results *r, const struct record *record, struct err *err);

/* Where a run that was killed lies by now: `path` itself, or with or without ".partial".  Free it;
 * NULL: no memory. */
char *results_find(const char *path);

/*
 * Write run.json, pages, captures, samples.csv and .hgrm files, rename, point `latest` at it.
 * 0 or negative errno (-ENOSPC ...) with *err; then nothing new is left.
 */
int results_commit(struct results *r, const struct record *record, struct err *err);

/* Replace run.json of a committed run. */
int results_save_record(const struct results *r, const struct record *record, struct err *err);

#endif
