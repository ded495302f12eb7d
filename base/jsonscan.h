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
#include <stdint.h>

struct err;
struct json_column;

/* What is left of a text for cJSON. */
struct jsonscan_rest {
	const char *under; /* keys, "a.b": columns below them are taken out; NULL: none */
	char *text;        /* room for the whole text; comments are dropped from it */
	size_t size;
	struct json_column **column; /* in the order of the text; each left JSONSCAN_COLUMN there */
	size_t count;
};

#define JSONSCAN_COLUMN "\xff" /* a string that no text holds: it is no UTF-8 */

/*
 * Check `size` bytes of text and fill *rest.  Returns 0, or -EINVAL with *err
 * "line 3, column 7: expected ':', found '1'", or -ENOMEM; the columns are the caller's either way.
 */
int jsonscan_check(const char *text, size_t size, struct jsonscan_rest *rest, struct err *err);

/* Set *err to "line L, column C: <what>" for the key number `nth` (from 0, in order of the text)
 * of a text that was checked.  Returns -EINVAL. */
int jsonscan_key_fault(const char *text, size_t size, size_t nth, const char *what,
		       struct err *err);

/* The line, from 1, of the key or array element number `nth` (both counted, from 0, as above). */
size_t jsonscan_line(const char *text, size_t size, size_t nth);

#endif
