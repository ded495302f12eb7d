/* conn_table: the table of keys of a connection.  Private to analysis/conn_*.c. */
#ifndef TWBENCH_ANALYSIS_CONN_TABLE_H
#define TWBENCH_ANALYSIS_CONN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

enum conn_kind { CONN_INT, CONN_BOOL, CONN_SECONDS, CONN_TEXT };

struct conn_field {
	const char *key;
	enum conn_kind kind;
	bool pair, nullable; /* pair: an object of "src" and "dst" */
	int64_t (*number)(const struct conn *c, int dir);
	const char *(*text)(const struct conn *c, int dir, char *buf, size_t size);
	const char *const *words; /* all that a text can be, NULL at the end; NULL: anything */
	const char *meaning;
};

extern const struct conn_field conn_fields[];
extern const size_t conn_fields_count;

#endif
