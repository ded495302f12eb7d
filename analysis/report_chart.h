/*
 * report_chart: TIME_WAIT over time as a row of characters, for terminals.
 */
#ifndef TWBENCH_ANALYSIS_REPORT_CHART_H
#define TWBENCH_ANALYSIS_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

/* The window that all rows of a chart share: times since the load began, and the highest count. */
struct report_chart {
	int64_t span_ns;
	int64_t top;
	size_t columns;
	bool unicode;
};

void report_chart_init(struct report_chart *c, const struct record *r, size_t columns,
		       bool unicode);

/*
 * One side of one repeat: each column shows the highest count of its stretch of time, zero as a dot,
 * nothing where nothing was sampled.  buf needs 3 * columns + 1 bytes.  Returns buf.
 */
const char *report_chart_row(const struct report_chart *c, const struct record_repeat *rep,
			     enum side side, char *buf, size_t size);

#endif
