/*
 * report: a record as text: the table at the end of a run, summary.txt, summary.md, report.html.
 * Pure functions of the record; report_html also reads the SVG files that plot made.
 */
#ifndef TWBENCH_ANALYSIS_REPORT_H
#define TWBENCH_ANALYSIS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analysis/plot.h"
#include "base/record.h"

struct report_style {
	bool colour;  /* ANSI colours allowed */
	bool unicode; /* block characters allowed */
	int columns;  /* width of the terminal; 0: 100 */
};

/* Table of strategies, terminal chart of TIME_WAIT over time, measured lifetime, witnesses' verdict, what next. */
void report_text(const struct record *r, const struct report_style *style, FILE *out);
void report_markdown(const struct record *r, FILE *out);

/* One self-contained file; graphs inline from `plot_dir`. */
void report_html(const struct record *r, const char *plot_dir, const struct plot_result *plots,
		 size_t plot_count, FILE *out);

#endif
