/*
 * flow_age: the live connections of the flow table by age.  Private to it.
 *
 * A packet does not move its connection: that would touch both neighbours.  When one comes to the
 * head and turns out to have been busy since, it goes to the end instead.
 */
#ifndef TWBENCH_CAPTURE_FLOW_AGE_H
#define TWBENCH_CAPTURE_FLOW_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/flow_live.h"
#include "capture/flow_store.h"

enum { LIST_HALF_OPEN, LIST_CLOSED, LIST_OPEN, LIST_COUNT, LIST_NONE = LIST_COUNT };

struct age_list {
	uint32_t oldest, newest;
};

static inline uint8_t age_list_of(const struct live *l)
{
	return live_is_closed(l) ? LIST_CLOSED : live_is_half_open(l) ? LIST_HALF_OPEN : LIST_OPEN;
}

static inline void age_remove(struct age_list *lists, struct store *s, uint32_t place)
{
	struct place *p = &s->place[place];
	struct age_list *list = &lists[p->list];

	if (p->older != NOWHERE)
		s->place[p->older].newer = p->newer;
	else
		list->oldest = p->newer;
	if (p->newer != NOWHERE)
		s->place[p->newer].older = p->older;
	else
		list->newest = p->older;
	p->list = LIST_NONE;
}

static inline void age_append(struct age_list *lists, struct store *s, uint32_t place, uint8_t to)
{
	struct place *p = &s->place[place];
	struct age_list *list = &lists[to];

	p->list = to & 3u;
	p->at_ns = store_last_ns(s, place);
	p->form &= 7 & ~FORM_BUSY;
	p->newer = NOWHERE;
	p->older = list->newest;
	if (list->newest != NOWHERE)
		s->place[list->newest].newer = place;
	else
		list->oldest = place;
	list->newest = place;
}

/* To the end of its own list. */
static inline void age_renew(struct age_list *lists, struct store *s, uint32_t place)
{
	uint8_t list = (uint8_t)s->place[place].list;

	age_remove(lists, s, place);
	age_append(lists, s, place, list);
}

#endif
