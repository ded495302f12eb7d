/*
 * jsoncolumn: a flat array of plain whole numbers, 8 bytes each, where cJSON would take 64.
 *
 * Plain: digits with or without '-', at most 15 of them, so that a double holds them exactly and
 * no check of base/json.h is passed by.  Only base/json.c and base/jsonscan.c use it.
 */
#ifndef TWBENCH_BASE_JSONCOLUMN_H
#define TWBENCH_BASE_JSONCOLUMN_H

#include <stddef.h>
#include <stdint.h>

struct json_column {
	size_t count;
	int64_t value[];
};

/* The numbers behind a '[', up to the first ']' at `end`; free with free.  NULL when it is no column
 * and is to be read as any array, or with *ret = -ENOMEM. */
struct json_column *json_column_read(const char *p, const char *end, int *ret);

#endif
