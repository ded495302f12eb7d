/*
 * outputs: all that is made from a record and stands beside it: graphs, summary.txt, summary.md,
 * report.html, and the table on the terminal.
 */
#ifndef TWBENCH_ANALYSIS_OUTPUTS_H
#define TWBENCH_ANALYSIS_OUTPUTS_H

#include <stdbool.h>
#include <stdio.h>

#include "analysis/report.h"
#include "base/record.h"

struct err;

struct outputs_options {
	const char *dir;  /* the run's directory */
	bool plots;
	FILE *text;       /* the table goes there too; NULL: nowhere */
};

/* summary.txt and summary.md.  0 or negative errno with *err. */
int outputs_summaries(const struct record *r, const char *dir, struct err *err);

/* The table, the graphs, report.html.  0 or negative errno with *err; graphs that could not be drawn are named in the text, not an error. */
int outputs_write(const struct record *r, const struct outputs_options *o, struct err *err);

/* What the terminal behind `out` can show; plain text of 100 columns when it is none. */
struct report_style outputs_terminal_style(FILE *out);

#endif
