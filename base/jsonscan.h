/*
 * jsonscan: is this text JSON as we take it, and if not, on which line and why?
 *
 * Runs before cJSON, which is lax (01, control characters, \u0000, NaN, trailing text) and points
 * beside the fault.  Grammar: RFC 8259 plus comments; see base/json.h for what is refused.  Only base/json.c
 * uses it.
 */
#ifndef TWBENCH_BASE_JSONSCAN_H
#define TWBENCH_BASE_JSONSCAN_H

#include <stddef.h>

struct err;

/*
 * Check `size` bytes of text.  `blanked` holds a copy of them, in which comments are overwritten
 * by blanks.  Returns 0, or -EINVAL with *err "line 3, column 7: expected ':', found '1'".
 */
int jsonscan_check(const char *text, size_t size, char *blanked, struct err *err);

/* Set *err to "line L, column C: <what>" for the key number `nth` (from 0, in order of the text)
 * of a text that was checked.  Returns -EINVAL. */
int jsonscan_key_fault(const char *text, size_t size, size_t nth, const char *what,
		       struct err *err);

/* The line of that key, from 1. */
size_t jsonscan_key_line(const char *text, size_t size, size_t nth);

#endif
