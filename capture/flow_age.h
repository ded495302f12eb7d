/*
 * flow_age: the live connections of the flow table by age.  Private to capture/flow.c.
 *
 * A packet does not move its connection: that would touch both neighbours.  When one comes to the
 * head and turns out to have been busy since, it goes to the end instead.
 */
#ifndef TWBENCH_CAPTURE_FLOW_AGE_H
#define TWBENCH_CAPTURE_FLOW_AGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "capture/flow_live.h"

#define NOWHERE UINT32_MAX

struct age_list {
	uint32_t oldest, newest;
};

enum { LIST_HALF_OPEN, LIST_CLOSED, LIST_OPEN, LIST_COUNT, LIST_NONE = LIST_COUNT };

static inline uint8_t age_list_of(const struct live *l)
{
	return live_is_closed(l) ? LIST_CLOSED : live_is_half_open(l) ? LIST_HALF_OPEN : LIST_OPEN;
}

static inline void age_remove(struct age_list *lists, struct live *pool, uint32_t place)
{
	struct live *l = &pool[place];
	struct age_list *list = &lists[l->list];

	if (l->older != NOWHERE)
		pool[l->older].newer = l->newer;
	else
		list->oldest = l->newer;
	if (l->newer != NOWHERE)
		pool[l->newer].older = l->older;
	else
		list->newest = l->older;
	l->list = LIST_NONE;
}

static inline void age_append(struct age_list *lists, struct live *pool, uint32_t place)
{
	struct live *l = &pool[place];
	struct age_list *list;

	l->list = age_list_of(l);
	l->queued_ns = l->last_ns;
	list = &lists[l->list];
	l->newer = NOWHERE;
	l->older = list->newest;
	if (list->newest != NOWHERE)
		pool[list->newest].newer = place;
	else
		list->oldest = place;
	list->newest = place;
}

struct age_order {
	uint64_t number;
	uint32_t place;
};

static inline int age_compare(const void *x, const void *y)
{
	uint64_t a = ((const struct age_order *)x)->number, b = ((const struct age_order *)y)->number;

	return (a > b) - (a < b);
}

/* All of the first `touched` that are in a list, in order of their first packets.  Returns their number. */
static inline size_t age_gather(const struct live *pool, uint32_t touched, struct age_order *ret)
{
	bool sorted = true;
	size_t count = 0;

	for (uint32_t p = 0; p < touched; p++) {
		if (pool[p].list == LIST_NONE)
			continue;
		ret[count] = (struct age_order){ pool[p].number, p };
		sorted = sorted && (count == 0 || ret[count - 1].number < ret[count].number);
		count++;
	}
	if (!sorted)
		qsort(ret, count, sizeof(*ret), age_compare);
	return count;
}

#endif
