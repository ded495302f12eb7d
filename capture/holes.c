#include "capture/holes.h"

#include <string.h>

static int32_t after_by(uint32_t x, uint32_t y)
{
	return (int32_t)(x - y);
}

static void forget(struct holes *h, uint32_t i)
{
	h->count--;
	memmove(&h->hole[i], &h->hole[i + 1], (h->count - i) * sizeof(*h->hole));
	h->hole[h->count] = (struct hole){ 0, 0 };
}

void holes_add(struct holes *h, uint32_t from, uint32_t to)
{
	if (h->count == HOLES_MAX)
		forget(h, 0);
	h->hole[h->count++] = (struct hole){ from, to };
}

/* Cut the part from `from` to `to` out of a hole that contains it. */
static void cut(struct holes *h, uint32_t i, uint32_t from, uint32_t to)
{
	struct hole old = h->hole[i];

	if (from == old.from && to == old.to) {
		forget(h, i);
	} else if (from == old.from) {
		h->hole[i].from = to;
	} else {
		h->hole[i].to = from;
		if (to != old.to)
			holes_add(h, to, old.to);
	}
}

uint32_t holes_fill(struct holes *h, uint32_t from, uint32_t to)
{
	uint32_t filled = 0;

	/* Downwards: cut() moves only those that were looked at. */
	for (uint32_t i = h->count; i-- > 0;) {
		uint32_t a = after_by(from, h->hole[i].from) > 0 ? from : h->hole[i].from;
		uint32_t b = after_by(to, h->hole[i].to) < 0 ? to : h->hole[i].to;

		if (after_by(b, a) <= 0)
			continue;
		filled += b - a;
		cut(h, i, a, b);
	}
	return filled;
}
