/*
 * num: numbers as people write them, with a range, and back to text.
 *
 * Integers accept k/M (1000) and Ki/Mi (1024); durations need a unit (ns us ms s m h); rates are per
 * second, "200/s" or "200".  Nothing is rounded silently and no trailing text is accepted.
 * On failure the text of *err starts with the quoted value: "'abc' is not an integer (1 to 100000)".
 */
#ifndef TWBENCH_BASE_NUM_H
#define TWBENCH_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

struct err;

/* "10k" -> 10000.  Returns 0 or -EINVAL. */
int num_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err);

/* "250ms", "1.5s" -> ns.  Range in ns, printed as durations.  Returns 0 or -EINVAL. */
int num_parse_duration(const char *text, int64_t min_ns, int64_t max_ns, int64_t *ret_ns,
		       struct err *err);

/* "166.7/s" or "166.7" -> events per second.  Returns 0 or -EINVAL. */
int num_parse_rate(const char *text, double min, double max, double *ret, struct err *err);

/* A plain finite decimal number, "0.5".  Returns 0 or -EINVAL. */
int num_parse_real(const char *text, double min, double max, double *ret, struct err *err);

/* 28232 -> "28 232": groups of three parted by a blank (the SI way).  Returns buf. */
const char *num_format_grouped(int64_t value, char *buf, size_t size);

/* 1500000000 -> "1.5s", 100000000 -> "100ms"; the shortest exact text with a whole part before the
 * point, which num_parse_duration() reads back.  Returns buf. */
const char *num_format_duration(int64_t ns, char *buf, size_t size);

/* Edit distance (letters changed, dropped, added, neighbours swapped), for "did you mean"; cheap for short words
 * and low limits: above `limit` any number that is too. */
int num_edit_distance(const char *a, const char *b, int limit);

/* The nearest of `count` words at stride bytes apart (each a `const char *`), or NULL if none is near. */
const char *num_nearest(const char *word, const void *words, size_t count, size_t stride);

#endif
