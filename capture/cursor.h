/* cursor: checked reading of a packet's bytes.  Private to capture/segment*.c. */
#ifndef TWBENCH_CAPTURE_CURSOR_H
#define TWBENCH_CAPTURE_CURSOR_H

#include <stdint.h>

#include "capture/segment.h"

/*
 * What is left of a packet.  `cap` is where the captured bytes end, `wire` where the packet did;
 * at <= cap <= wire always holds, because nothing moves `at` without need() having agreed.
 */
struct cursor {
	const uint8_t *bytes;
	uint32_t at, cap, wire;
};

/* Every read is preceded by this: may the next `n` bytes be read? */
static inline enum segment_status need(const struct cursor *c, uint32_t n)
{
	if (n > c->wire - c->at)
		return SEGMENT_BAD;
	if (n > c->cap - c->at)
		return SEGMENT_CUT;
	return SEGMENT_OK;
}

static inline enum segment_status skip(struct cursor *c, uint32_t n)
{
	enum segment_status st = need(c, n);

	if (st == SEGMENT_OK)
		c->at += n;
	return st;
}

/* The packet is over `n` bytes from here, whatever pads it on the wire. */
static inline enum segment_status narrow(struct cursor *c, uint32_t n)
{
	if (n > c->wire - c->at)
		return SEGMENT_BAD;
	c->wire = c->at + n;
	if (c->cap > c->wire)
		c->cap = c->wire;
	return SEGMENT_OK;
}

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static inline uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p + 2) << 16 | le16(p);
}

#endif
