/*
 * flow_ahead: what the next few segments will need is asked of the memory before their turn comes.
 * Private to the flow table.  It changes nothing but how soon.
 */
#ifndef TWBENCH_CAPTURE_FLOW_AHEAD_H
#define TWBENCH_CAPTURE_FLOW_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "capture/flow.h"
#include "capture/flow_slots.h"
#include "capture/flow_store.h"

/* For the connections of up to FLOW_BATCH hashes: each of the three is needed to find the next. */
/* Inlined: to gcc a function that only fetches ahead does nothing, and a call of it is left out. */
__attribute__((always_inline)) static inline void ahead_fetch(struct slots *slots,
							      const struct store *store,
							      const uint32_t *hash, size_t count)
{
	uint32_t place[FLOW_BATCH];

	for (size_t i = 0; i < count; i++) {
		const struct slot *recent = slots_recent(slots, hash[i]);

		place[i] = recent->hash == hash[i] ? recent->place : 0;
		if (place[i] != 0)
			continue;
		/* A new one passes over some slots before a free one. */
		__builtin_prefetch(&slots->slot[hash[i] & slots->mask]);
		__builtin_prefetch((const char *)&slots->slot[hash[i] & slots->mask] + 64);
	}
	for (size_t i = 0; i < count; i++) {
		const struct slot *home = &slots->slot[hash[i] & slots->mask];

		if (place[i] == 0 && home->hash == hash[i])
			place[i] = home->place;
		if (place[i] == 0)
			continue;
		__builtin_prefetch(&store->place[place[i] - 1], 1);
		__builtin_prefetch((const char *)&store->place[place[i] - 1] + 64, 1);
	}
	for (size_t i = 0; i < count; i++) {
		const struct place *p = &store->place[place[i] - 1];

		if (place[i] == 0 || !(p->form & FORM_WORK))
			continue;
		__builtin_prefetch(&store->work[store_work_of(p)], 1);
		__builtin_prefetch((const char *)&store->work[store_work_of(p)] + 64, 1);
	}
}

#endif
