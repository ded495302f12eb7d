/*
 * conn_fields: the row that `twbench analyze` writes for each connection: one table of keys makes
 * the JSON, the CSV, the JSON Schema and the list in the documentation.
 *
 * Keys are stable: none changes its meaning or goes away within a schema version.  src is the
 * initiator.  Times are seconds since 1970 with nine decimals, exact; what never happened is null.
 */
#ifndef TWBENCH_ANALYSIS_CONN_FIELDS_H
#define TWBENCH_ANALYSIS_CONN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/teardown.h"

/* A connection, what classify() says of it, and how long TIME-WAIT lasts where nothing ends it. */
struct conn {
	const struct flow *flow;
	struct teardown teardown;
	int64_t lifetime_ns;
	const char *file; /* the capture it is from, where several are read apart; NULL */
};

/* How a TIME-WAIT came to its end. */
enum time_wait_end { TIME_WAIT_EXPIRES, TIME_WAIT_ENDED_BY_RST, TIME_WAIT_ENDED_BY_SYN };

/* From when to when the end `dir` was in TIME-WAIT.  False: it was not, or none can tell. */
bool conn_time_wait(const struct conn *c, int dir, int64_t *ret_from_ns, int64_t *ret_until_ns,
		    enum time_wait_end *ret_end);

/* From the last payload to the first FIN (or the RST, if no FIN came); -1: neither or no payload. */
int64_t conn_close_delay_ns(const struct conn *c);

/* From the first FIN to what completed the close: both FINs acknowledged, or a RST; -1: neither. */
int64_t conn_close_ns(const struct conn *c);

/* One line: a JSON object, a row of CSV.  Both are built in `buf`; returns how long, without a NUL. */
#define CONN_LINE_MAX 8192
size_t conn_json(const struct conn *c, char buf[CONN_LINE_MAX]);
size_t conn_csv(const struct conn *c, char buf[CONN_LINE_MAX]);
size_t conn_csv_head(char buf[CONN_LINE_MAX]);

/* JSON Schema of a line, and the keys as a table of Markdown. */
void conn_write_schema(FILE *out);
void conn_write_fields_md(FILE *out);

#endif
