/*
 * report_html_tables: the tables at the end of report.html: repeats, witnesses, checks, sysctls, host.
 * Folded, because few readers want all of them and those who do want every row.
 */
#ifndef TWBENCH_ANALYSIS_REPORT_HTML_TABLES_H
#define TWBENCH_ANALYSIS_REPORT_HTML_TABLES_H

#include <stdio.h>

#include "base/record.h"

void report_html_tables(const struct record *r, FILE *out);

#endif
