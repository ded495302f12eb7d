/*
 * formats: every form a finished record can be printed in, by name: one table for `report --format`.
 */
#ifndef TWBENCH_ANALYSIS_FORMATS_H
#define TWBENCH_ANALYSIS_FORMATS_H

#include <stdio.h>

#include "base/record.h"

struct err;

/*
 * Write the formats of a comma list, "junit,ktap": into `dir` (made if missing), each under its own
 * name and only when whole; or, `dir` NULL, the one format to `out`.  "github" also appends the summary
 * to the file that $GITHUB_STEP_SUMMARY names, and prints its annotations on `out` when
 * $GITHUB_ACTIONS is true.  0; -EINVAL with *err for an unknown name or for several to one stream;
 * another negative errno.
 */
int formats_write(const struct record *r, const char *list, const char *dir, FILE *out,
		  struct err *err);

#endif
