/*
 * flow_store: where the live connections of the flow table are kept.  Private to it.
 *
 * Each has a place, which stays the same.  Those that are busy are at work: a whole `struct live`.
 * The others rest: packed (capture/flow_rest.h) into their place, and what that has no room for
 * into a chain of cells.  All memory is taken at once, for the worst case; untouched pages cost
 * nothing.
 */
#ifndef TWBENCH_CAPTURE_FLOW_STORE_H
#define TWBENCH_CAPTURE_FLOW_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/flow_live.h"

#define NOWHERE     UINT32_MAX
#define PLACE_BYTES 96 /* so that most connections need no cell */
#define PLACE_ROOM  (PLACE_BYTES - 17)

enum { FORM_WORK = 1, FORM_LONG = 2, FORM_BUSY = 4 }; /* place.form; 0: packed, no more to say */

struct place {
	uint32_t newer, older; /* in its list (capture/flow_age.h), or the next free one */
	int64_t at_ns; /* at work: last_ns when it was put in its list; packed: last_ns */
	unsigned list : 2, form : 3;
	uint8_t room[PLACE_ROOM]; /* packed, or where in `work` it is */
};

struct cell;

struct store {
	struct place *place;
	struct live *work;
	struct cell *cell;
	uint32_t max, touched, free_place;
	uint32_t work_max, work_touched, free_work, hand;
	uint32_t cell_touched, free_cell;
};

/* `work_max`: so many at work at most; at least 2.  Returns 0 or -ENOMEM. */
int store_init(struct store *s, size_t max, size_t work_max);
void store_release(struct store *s);

/* Best effort: memory for the first `ready` connections is made present now. */
void store_make_present(struct store *s, size_t ready);

/* A place, in no list and without a connection; NOWHERE when all are taken. */
uint32_t store_take(struct store *s);
void store_give(struct store *s, uint32_t place);

/*
 * Who is at work stays there until the next store_begin() or store_wake(), which may put any to
 * rest but `keep`.
 */
struct live *store_begin(struct store *s, uint32_t place, int64_t now_ns);
struct live *store_wake_up(struct store *s, uint32_t place, uint32_t keep, int64_t now_ns);

/* Where it is, at work or in *room. */
const struct live *store_look(const struct store *s, uint32_t place, struct live *room);

uint64_t store_number(const struct store *s, uint32_t place);

static inline uint32_t store_work_of(const struct place *p)
{
	uint32_t w;

	memcpy(&w, p->room, sizeof(w));
	return w;
}

static inline struct live *store_wake(struct store *s, uint32_t place, uint32_t keep,
				      int64_t now_ns)
{
	const struct place *p = &s->place[place];

	return p->form & FORM_WORK ? &s->work[store_work_of(p)]
				   : store_wake_up(s, place, keep, now_ns);
}

static inline int64_t store_last_ns(const struct store *s, uint32_t place)
{
	const struct place *p = &s->place[place];

	return p->form & FORM_WORK ? s->work[store_work_of(p)].last_ns : p->at_ns;
}

/* Since it was put in its list. */
static inline bool store_was_busy(const struct store *s, uint32_t place)
{
	const struct place *p = &s->place[place];

	return p->form & FORM_WORK ? s->work[store_work_of(p)].last_ns != p->at_ns
				   : p->form & FORM_BUSY;
}

#endif
