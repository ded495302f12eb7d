/*
 * flow_slots: the hash table of the flow table.  Private to it.
 *
 * Linear probing, deletion by shifting back.  It knows hashes and places only; the hash beside the
 * place spares a look at connections that differ.  Packets come in bursts: who was found last is
 * looked for first, in one place that is mostly right and stays in the fastest cache.
 */
#ifndef TWBENCH_CAPTURE_FLOW_SLOTS_H
#define TWBENCH_CAPTURE_FLOW_SLOTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/pages.h"

#define FIRST_MASK UINT32_C(0xffff)
#define SLOT_MOVES UINT32_C(0x80000000) /* while the table grows: not yet where it belongs */
#define RECENT     1024

struct slot {
	uint32_t hash;
	uint32_t place; /* plus 1; 0: free */
};

struct slots {
	struct slot *slot;
	uint32_t mask, mask_max; /* so many are in use: few stay in the cache; of so many */
	struct slot recent[RECENT];
};

/* Slots for so many places, three of four taken at most. */
static inline uint32_t slots_mask_for(size_t places)
{
	size_t count = 4;

	while (count * 3 < places * 4)
		count *= 2;
	return (uint32_t)(count - 1);
}

static inline void slots_make_present(struct slots *s, size_t from, size_t count)
{
	pages_make_present(&s->slot[from], count * sizeof(*s->slot));
}

/*
 * For up to `max` places, below 2^31; with `ready` of them it need not grow, and its memory is
 * present.  Returns 0 or -1: no memory.
 */
static inline int slots_init(struct slots *s, size_t max, size_t ready)
{
	uint32_t first = slots_mask_for(ready < max ? ready : max);

	s->mask_max = slots_mask_for(max);
	s->mask = s->mask_max < FIRST_MASK ? s->mask_max : FIRST_MASK;
	if (s->mask < first)
		s->mask = first;
	s->slot = pages_new(((size_t)s->mask_max + 1) * sizeof(*s->slot));
	if (!s->slot)
		return -1;
	pages_prefer_large(s->slot, ((size_t)s->mask_max + 1) * sizeof(*s->slot));
	if (ready > 0)
		slots_make_present(s, 0, (size_t)s->mask + 1);
	return 0;
}

static inline void slots_release(struct slots *s)
{
	pages_free(s->slot, ((size_t)s->mask_max + 1) * sizeof(*s->slot));
	s->slot = NULL;
}

static inline void slots_clear(struct slots *s)
{
	memset(s->slot, 0, ((size_t)s->mask + 1) * sizeof(*s->slot));
	memset(s->recent, 0, sizeof(s->recent));
}

static inline struct slot *slots_recent(struct slots *s, uint32_t hash)
{
	return &s->recent[hash % RECENT];
}

static inline uint32_t slots_next(const struct slots *s, uint32_t i)
{
	return (i + 1) & s->mask;
}

/* Move `from` to where it belongs; whom it puts out is next.  Every slot passed over stays taken. */
static inline void slots_settle(struct slots *s, uint32_t from)
{
	while (s->slot[from].place & SLOT_MOVES) {
		struct slot moved = s->slot[from];
		uint32_t to = moved.hash & s->mask;

		while (s->slot[to].place != 0 && !(s->slot[to].place & SLOT_MOVES))
			to = slots_next(s, to);
		s->slot[from] = s->slot[to];
		s->slot[to] = (struct slot){ moved.hash, moved.place & ~SLOT_MOVES };
	}
}

/* Use twice as many slots.  The new ones' pages at once: each would be asked for twice, first to read. */
static inline void slots_grow(struct slots *s)
{
	uint32_t old = s->mask;

	slots_make_present(s, (size_t)old + 1, (size_t)old + 1);
	for (uint32_t i = 0; i <= old; i++)
		if (s->slot[i].place != 0)
			s->slot[i].place |= SLOT_MOVES;
	s->mask = s->mask * 2 + 1;
	for (uint32_t i = 0; i <= old; i++)
		slots_settle(s, i);
}

/* One that is in no slot; `count` are. */
static inline void slots_add(struct slots *s, uint32_t hash, uint32_t place, size_t count)
{
	uint32_t i;

	if (count * 4 >= ((size_t)s->mask + 1) * 3 && s->mask < s->mask_max)
		slots_grow(s);
	for (i = hash & s->mask; s->slot[i].place != 0;)
		i = slots_next(s, i);
	s->slot[i] = (struct slot){ hash, place + 1 };
	*slots_recent(s, hash) = s->slot[i];
}

static inline void slots_remove(struct slots *s, uint32_t hash, uint32_t place)
{
	uint32_t hole = hash & s->mask;
	struct slot *recent = slots_recent(s, hash);

	if (recent->place == place + 1)
		recent->place = 0;
	while (s->slot[hole].place != place + 1)
		hole = slots_next(s, hole);
	for (uint32_t i = slots_next(s, hole); s->slot[i].place != 0; i = slots_next(s, i)) {
		uint32_t home = s->slot[i].hash & s->mask;

		/* Movable unless its home lies cyclically in (hole, i]. */
		if (((i - home) & s->mask) < ((i - hole) & s->mask))
			continue;
		s->slot[hole] = s->slot[i];
		hole = i;
	}
	s->slot[hole].place = 0;
}

#endif
