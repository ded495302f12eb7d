#include "capture/flow_store.h"

#include <errno.h>
#include <string.h>

#include "base/mono.h"
#include "base/pages.h"
#include "capture/flow_rest.h"

#define CELL_ROOM 36
#define HEAD_ROOM (PLACE_ROOM - sizeof(uint32_t)) /* what a place holds beside its first cell */
#define CELLS_MAX ((REST_BYTES_MAX - HEAD_ROOM + CELL_ROOM - 1) / CELL_ROOM) /* of a connection */
#define WORK_LOOKS     8
#define IDLE_NS   (100 * NS_PER_MS) /* who is silent that long may well rest */

struct cell {
	uint32_t next;
	uint8_t room[CELL_ROOM];
};

_Static_assert(sizeof(struct place) == PLACE_BYTES, "no padding");

/* --- memory ----------------------------------------------------------------------------------- */

int store_init(struct store *s, size_t max, size_t work_max)
{
	if (work_max > max)
		work_max = max;
	if (work_max < 2)
		work_max = 2;
	*s = (struct store){ .max = (uint32_t)max,
			     .work_max = (uint32_t)work_max,
			     .free_place = NOWHERE,
			     .free_work = NOWHERE,
			     .free_cell = NOWHERE };
	s->place = pages_new(max * sizeof(*s->place));
	s->work = pages_new(work_max * sizeof(*s->work));
	s->cell = pages_new(max * CELLS_MAX * sizeof(*s->cell));
	if (!s->place || !s->work || !s->cell) {
		store_release(s);
		return -ENOMEM;
	}
	pages_prefer_large(s->place, max * sizeof(*s->place));
	pages_prefer_large(s->cell, max * CELLS_MAX * sizeof(*s->cell));
	return 0;
}

void store_release(struct store *s)
{
	pages_free(s->place, s->max * sizeof(*s->place));
	pages_free(s->work, s->work_max * sizeof(*s->work));
	pages_free(s->cell, (size_t)s->max * CELLS_MAX * sizeof(*s->cell));
	*s = (struct store){ 0 };
}

void store_make_present(struct store *s, size_t ready)
{
	size_t count = ready < s->max ? ready : s->max;

	pages_make_present(s->place, count * sizeof(*s->place));
	pages_make_present(s->cell, count * sizeof(*s->cell)); /* one each: more than most need */
	pages_make_present(s->work, (count < s->work_max ? count : s->work_max) * sizeof(*s->work));
}

uint32_t store_take(struct store *s)
{
	uint32_t place = s->free_place;

	if (place != NOWHERE)
		s->free_place = s->place[place].newer;
	else if (s->touched < s->max)
		place = s->touched++;
	return place;
}

/* --- packed ----------------------------------------------------------------------------------- */

static uint32_t take_cell(struct store *s)
{
	uint32_t cell = s->free_cell;

	if (cell == NOWHERE)
		return s->cell_touched++; /* there are enough for all */
	s->free_cell = s->cell[cell].next;
	return cell;
}

static void give_cells(struct store *s, const struct place *p)
{
	uint32_t first, last;

	if (!(p->form & FORM_LONG))
		return;
	memcpy(&first, p->room + HEAD_ROOM, sizeof(first));
	for (last = first; s->cell[last].next != NOWHERE;)
		last = s->cell[last].next;
	s->cell[last].next = s->free_cell;
	s->free_cell = first;
}

static void write_cells(struct store *s, struct place *p, const uint8_t *bytes, size_t count)
{
	uint32_t cell = take_cell(s);

	memcpy(p->room + HEAD_ROOM, &cell, sizeof(cell));
	for (;;) {
		struct cell *c = &s->cell[cell];
		size_t n = count < CELL_ROOM ? count : CELL_ROOM;

		memcpy(c->room, bytes, n);
		bytes += n;
		count -= n;
		c->next = cell = count > 0 ? take_cell(s) : NOWHERE;
		if (cell == NOWHERE)
			return;
	}
}

static void put_to_rest(struct store *s, uint32_t work)
{
	const struct live *l = &s->work[work];
	struct place *p = &s->place[l->place];
	struct rest packed;

	p->form = l->last_ns != p->at_ns ? FORM_BUSY : 0;
	p->at_ns = l->last_ns;
	rest_pack(l, &packed);
	if (packed.count <= PLACE_ROOM) {
		memcpy(p->room, packed.bytes, packed.count);
		return;
	}
	p->form |= FORM_LONG;
	memcpy(p->room, packed.bytes, HEAD_ROOM);
	write_cells(s, p, packed.bytes + HEAD_ROOM, packed.count - HEAD_ROOM);
}

static void unpack(const struct store *s, const struct place *p, struct live *ret)
{
	uint8_t bytes[HEAD_ROOM + CELLS_MAX * CELL_ROOM], *at = bytes + HEAD_ROOM;
	uint32_t cell;

	if (!(p->form & FORM_LONG)) {
		rest_unpack(p->room, p->at_ns, ret);
		return;
	}
	memcpy(bytes, p->room, HEAD_ROOM);
	memcpy(&cell, p->room + HEAD_ROOM, sizeof(cell));
	for (; cell != NOWHERE; cell = s->cell[cell].next, at += CELL_ROOM)
		memcpy(at, s->cell[cell].room, CELL_ROOM);
	rest_unpack(bytes, p->at_ns, ret);
}

/* --- at work ---------------------------------------------------------------------------------- */

static uint32_t next_at_work(struct store *s)
{
	uint32_t work = s->hand;

	s->hand = work + 1 < s->work_touched ? work + 1 : 0;
	return work;
}

/* Somewhere to work: who has closed or is idle makes room, or if there is none nearby, anyone. */
static uint32_t take_work(struct store *s, uint32_t keep, int64_t now_ns)
{
	uint32_t work = s->free_work;

	if (work != NOWHERE) {
		s->free_work = s->work[work].before;
		return work;
	}
	for (uint32_t i = 0; i < WORK_LOOKS && i < s->work_touched; i++) {
		const struct live *l = &s->work[work = next_at_work(s)];

		if (l->place != keep && (live_is_closed(l) || now_ns - l->last_ns > IDLE_NS)) {
			put_to_rest(s, work);
			return work;
		}
	}
	if (s->work_touched < s->work_max)
		return s->work_touched++;
	do {
		work = next_at_work(s);
	} while (s->work[work].place == keep);
	put_to_rest(s, work);
	return work;
}

static struct live *set_to_work(struct store *s, uint32_t place, uint32_t work)
{
	memcpy(s->place[place].room, &work, sizeof(work));
	s->place[place].form = FORM_WORK;
	s->work[work].place = place;
	return &s->work[work];
}

struct live *store_begin(struct store *s, uint32_t place, int64_t now_ns)
{
	return set_to_work(s, place, take_work(s, NOWHERE, now_ns));
}

struct live *store_wake_up(struct store *s, uint32_t place, uint32_t keep, int64_t now_ns)
{
	uint32_t work = take_work(s, keep, now_ns);
	struct place *p = &s->place[place];

	unpack(s, p, &s->work[work]);
	give_cells(s, p);
	if (p->form & FORM_BUSY)
		p->at_ns--; /* anything but last_ns, which comes no more before it */
	return set_to_work(s, place, work);
}

const struct live *store_look(const struct store *s, uint32_t place, struct live *room)
{
	const struct place *p = &s->place[place];

	if (p->form & FORM_WORK)
		return &s->work[store_work_of(p)];
	unpack(s, p, room);
	return room;
}

uint64_t store_number(const struct store *s, uint32_t place)
{
	const struct place *p = &s->place[place];

	return p->form & FORM_WORK ? s->work[store_work_of(p)].number : rest_number(p->room);
}

void store_give(struct store *s, uint32_t place)
{
	struct place *p = &s->place[place];

	if (p->form & FORM_WORK) {
		uint32_t work = store_work_of(p);

		s->work[work].before = s->free_work;
		s->free_work = work;
	} else {
		give_cells(s, p);
	}
	p->newer = s->free_place;
	s->free_place = place;
}
