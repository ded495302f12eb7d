/*
 * holes: which stretches of payload below the highest number of a direction have not been seen.  Pure.
 *
 * A few at most: of more the oldest is forgotten, and what fills it counts as seen before.  Numbers
 * are compared modulo 2^32.
 */
#ifndef TWBENCH_CAPTURE_HOLES_H
#define TWBENCH_CAPTURE_HOLES_H

#include <stdint.h>

#define HOLES_MAX 4

struct hole {
	uint32_t from, to;
};

/* Zeroed: none. */
struct holes {
	uint32_t count;
	struct hole hole[HOLES_MAX]; /* in the order in which they came about */
};

/* The bytes from `from` to before `to` were skipped: all above what was seen before. */
void holes_add(struct holes *h, uint32_t from, uint32_t to);

/* The bytes from `from` to before `to` came: how many of them were missing. */
uint32_t holes_fill(struct holes *h, uint32_t from, uint32_t to);

#endif
