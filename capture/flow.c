#include "capture/flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mono.h"
#include "base/tuple_hash.h"
#include "capture/flow_age.h"
#include "capture/flow_ahead.h"
#include "capture/flow_gone.h"
#include "capture/flow_live.h"
#include "capture/flow_slots.h"
#include "capture/flow_store.h"
#include "capture/segment.h"

#define DEFAULT_FLOWS     (UINT64_C(1) << 20)
#define MAX_FLOWS         (UINT64_C(1) << 28) /* so that places and cells are 32 bits */
#define DEFAULT_WORKING   (UINT64_C(1) << 14)
#define DEFAULT_LINGER_NS (60 * NS_PER_S)
#define LOOKS             16
#define HANDSHAKE_NS      (3 * NS_PER_S) /* longer than the first retransmission of a SYN takes */

/* Times are clamped to 0 .. this, so that no difference of two overflows. */
#define TIME_MAX_NS (INT64_MAX / 2)

struct flow_table {
	struct flow_options options;
	struct store store;
	struct slots slots;
	struct age_list lists[LIST_COUNT];
	struct gone gone;
	int64_t now_ns;    /* latest time seen */
	int64_t expire_ns; /* until then no closed connection has to leave */
	uint64_t key;
	struct flow_stats stats;
};

/* --- memory ---------------------------------------------------------------------------------- */

struct flow_table *flow_table_new(const struct flow_options *options)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	size_t max, working;

	if (!t)
		return NULL;
	t->options = *options;
	if (t->options.linger_ns == 0)
		t->options.linger_ns = DEFAULT_LINGER_NS;
	max = options->max_flows > 0 ? options->max_flows : DEFAULT_FLOWS;
	if (max < 2) /* one, and the one that it replaces */
		max = 2;
	if (max > MAX_FLOWS)
		max = MAX_FLOWS;
	working = options->working_flows > 0 ? options->working_flows : DEFAULT_WORKING;
	for (int i = 0; i < LIST_COUNT; i++)
		t->lists[i] = (struct age_list){ NOWHERE, NOWHERE };
	/* Without entropy the key is merely guessable; counting goes on. */
	(void)!getrandom(&t->key, sizeof(t->key), GRND_NONBLOCK);
	if (store_init(&t->store, max, working) != 0 ||
	    slots_init(&t->slots, max, options->ready_flows) != 0 ||
	    gone_init(&t->gone, max) != 0) {
		flow_table_free(t);
		return NULL;
	}
	store_make_present(&t->store, options->ready_flows);
	return t;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	store_release(&t->store);
	slots_release(&t->slots);
	free(t->gone.word);
	free(t);
}

static inline struct live *at_work(struct flow_table *t, uint32_t place, uint32_t keep)
{
	return store_wake(&t->store, place, keep, t->now_ns);
}

/* --- handing out ----------------------------------------------------------------------------- */

static void hand_out_one(struct flow_table *t, const struct live *l, uint32_t place,
			 bool capture_ended)
{
	struct flow f;

	live_report(l, &f);
	f.ended_inside = capture_ended && !live_is_closed(l);
	t->stats.live--;
	store_give(&t->store, place);
	if (t->options.done)
		t->options.done(t->options.arg, &f);
}

/* One that is in no list and no slot. */
static void hand_out_loose(struct flow_table *t, uint32_t place)
{
	struct live room;

	hand_out_one(t, store_look(&t->store, place, &room), place, false);
}

/* The connection that `l` replaced has nothing more to come. */
static void settle_before(struct flow_table *t, uint32_t before)
{
	if (before != NOWHERE)
		hand_out_loose(t, before);
}

static uint32_t hash_of(const struct flow_table *t, const struct tuple *tuple)
{
	return (uint32_t)tuple_hash_undirected(tuple, t->key);
}

static void unlink_place(struct flow_table *t, uint32_t place, const struct tuple *tuple)
{
	age_remove(t->lists, &t->store, place);
	slots_remove(&t->slots, hash_of(t, tuple), place);
}

static void hand_out(struct flow_table *t, uint32_t place)
{
	struct live room;
	const struct live *l = store_look(&t->store, place, &room);

	unlink_place(t, place, &l->tuple);
	settle_before(t, l->before);
	hand_out_one(t, l, place, false);
}

/* The head of a list that has not been busy since it was queued; NOWHERE if the list is empty. */
static uint32_t idle_head(struct flow_table *t, int list)
{
	for (;;) {
		uint32_t place = t->lists[list].oldest;

		if (place == NOWHERE || !store_was_busy(&t->store, place))
			return place;
		age_renew(t->lists, &t->store, place);
	}
}

static void expire(struct flow_table *t)
{
	int looks = 0;

	while (t->now_ns > t->expire_ns) {
		uint32_t place = idle_head(t, LIST_CLOSED);
		int64_t end_ns = t->now_ns + t->options.linger_ns;

		if (place != NOWHERE)
			end_ns = store_last_ns(&t->store, place) + t->options.linger_ns;
		if (place != NOWHERE && store_last_ns(&t->store, place) > t->now_ns) {
			/* From before the clock was set back: nobody has to wait behind it. */
			age_renew(t->lists, &t->store, place);
			if (++looks == LOOKS)
				return; /* the next packet goes on */
			continue;
		}
		if (t->now_ns <= end_ns) {
			t->expire_ns = end_ns;
			return;
		}
		hand_out(t, place);
	}
}

/* No disorder of packets is as large as that: the clock was, or the time of one packet was nonsense. */
static void set_back(struct flow_table *t, int64_t now_ns)
{
	t->now_ns = now_ns;
	t->expire_ns = 0;
}

/* Of the first few of a list the one that has been silent longest; those that were busy go back. */
static uint32_t silent_longest(struct flow_table *t, int list)
{
	uint32_t place = t->lists[list].oldest, best = place;

	for (int i = 0; i < LOOKS && place != NOWHERE; i++) {
		if (store_last_ns(&t->store, place) < store_last_ns(&t->store, best))
			best = place;
		if (!store_was_busy(&t->store, place))
			break; /* idle since it was queued: those behind it were queued later */
		place = t->store.place[place].newer;
	}
	for (int i = 0; i < LOOKS && place != NOWHERE; i++) {
		place = t->lists[list].oldest;
		if (!store_was_busy(&t->store, place))
			break;
		age_renew(t->lists, &t->store, place);
	}
	return best;
}

static void count_evicted(struct flow_table *t, const struct live *l)
{
	uint8_t list = age_list_of(l);

	t->stats.evicted_half_open += list == LIST_HALF_OPEN;
	t->stats.evicted_open += list == LIST_OPEN;
	t->stats.evicted++;
	if (list == LIST_HALF_OPEN)
		gone_add(&t->gone, &l->tuple);
}

/* More than a handshake of this 4-tuple was seen: if one was put out before, that was no flood. */
static void note_went_on(struct flow_table *t, const struct tuple *tuple)
{
	if (t->stats.evicted_half_open == 0 || !gone_take(&t->gone, tuple))
		return;
	t->stats.evicted_half_open--;
	t->stats.evicted_open++;
}

/* Nobody waits for a SYN of a flood; a handshake that is under way is not put out for a closed one. */
static uint32_t victim(struct flow_table *t)
{
	uint32_t half = silent_longest(t, LIST_HALF_OPEN), closed;

	if (half != NOWHERE && t->now_ns - store_last_ns(&t->store, half) > HANDSHAKE_NS)
		return half;
	closed = silent_longest(t, LIST_CLOSED);
	if (closed != NOWHERE)
		return closed;
	return half != NOWHERE ? half : silent_longest(t, LIST_OPEN); /* there is one somewhere */
}

static void evict(struct flow_table *t)
{
	uint32_t place = victim(t);
	struct live room, old_room;
	const struct live *l = store_look(&t->store, place, &room), *old;

	unlink_place(t, place, &l->tuple);
	count_evicted(t, l);
	if (l->before != NOWHERE) {
		old = store_look(&t->store, l->before, &old_room);
		count_evicted(t, old);
		hand_out_one(t, old, l->before, true);
	}
	hand_out_one(t, l, place, true);
}

/* --- segments -------------------------------------------------------------------------------- */

/* Begin a connection that replaces `before`, already unlinked (or NOWHERE).  Returns its place. */
static uint32_t begin(struct flow_table *t, const struct segment *s, uint32_t hash, uint32_t before)
{
	uint32_t place = store_take(&t->store);
	struct live *l;

	if (place == NOWHERE) {
		evict(t); /* max_flows >= 2 and at most one is unlinked here: there is a victim */
		place = store_take(&t->store);
	}
	l = store_begin(&t->store, place, t->now_ns);
	live_begin(l, s, t->options.server_port, ++t->stats.flows);
	l->place = place;
	l->before = before;
	slots_add(&t->slots, hash, place, t->stats.live);
	age_append(t->lists, &t->store, place, LIST_HALF_OPEN);
	if (++t->stats.live > t->stats.live_peak)
		t->stats.live_peak = t->stats.live;
	return place;
}

/*
 * A new SYN (or the answer to one that was missed) on the 4-tuple of `place`: the old connection
 * steps back until that SYN is answered.  An older SYN that was not is over: this one meets what
 * that had met.
 */
static uint32_t replace(struct flow_table *t, uint32_t place, const struct segment *s,
			uint32_t hash)
{
	uint32_t before = at_work(t, place, NOWHERE)->before, next;
	struct live *l;
	int64_t since_ns;

	age_remove(t->lists, &t->store, place);
	slots_remove(&t->slots, hash, place);
	if (before == NOWHERE)
		before = place;
	else
		hand_out_loose(t, place);
	since_ns = live_meet_syn(at_work(t, before, NOWHERE), s->t_ns);
	next = begin(t, s, hash, before);
	l = at_work(t, next, NOWHERE);
	l->reused_ports = true;
	if (since_ns >= 0)
		l->reused_after_ns = s->t_ns > since_ns ? s->t_ns - since_ns : 0;
	return next;
}

/* Does this SYN or SYN-ACK begin another connection, being of neither of the two? */
static bool is_new(struct flow_table *t, const struct live *l, int dir, const struct segment *s)
{
	return live_is_another(l, dir, s) &&
	       (l->before == NOWHERE || !live_knows_syn(at_work(t, l->before, l->place), s));
}

/* A SYN still waits for its answer: which of the two connections is the segment part of? */
static struct live *owner_of(struct flow_table *t, struct live *l, int dir, const struct segment *s)
{
	struct live *old = at_work(t, l->before, l->place);
	bool rst = s->flags & TCP_RST;

	if (live_knows_syn(old, s) && live_is_another(l, dir, s))
		return old;
	if (live_answers_syn(l, dir, s)) {
		live_note_syn_answer(old, rst ? SYN_ANSWER_REFUSED : SYN_ANSWER_ACCEPTED);
		settle_before(t, l->before);
		l->before = NOWHERE;
	} else if (!(s->flags & TCP_SYN)) {
		if (dir != l->opener)
			live_note_syn_answer(old, rst ? SYN_ANSWER_REFUSED : SYN_ANSWER_CHALLENGED);
		return old;
	}
	return l;
}

/* Is the slot's connection that of the segment?  Then so is *ret_dir its direction. */
static inline bool is_of(struct flow_table *t, const struct slot *slot, const struct segment *s,
			 uint32_t hash, int *ret_dir)
{
	if (slot->hash != hash)
		return false;
	*ret_dir = live_direction(at_work(t, slot->place - 1, NOWHERE), s);
	return *ret_dir >= 0;
}

/* The connection of the segment, and the segment's direction; NOWHERE: it has none yet. */
static inline uint32_t find(struct flow_table *t, const struct segment *s, uint32_t hash,
			    int *ret_dir)
{
	const struct slot *slot = t->slots.slot;
	struct slot *recent = slots_recent(&t->slots, hash);

	if (recent->place != 0 && is_of(t, recent, s, hash, ret_dir))
		return recent->place - 1;
	for (uint32_t i = hash & t->slots.mask; slot[i].place != 0; i = slots_next(&t->slots, i)) {
		if (!is_of(t, &slot[i], s, hash, ret_dir))
			continue;
		*recent = slot[i];
		return slot[i].place - 1;
	}
	return NOWHERE;
}

static void keep_time(struct flow_table *t, int64_t t_ns)
{
	if (t_ns > t->now_ns)
		t->now_ns = t_ns;
	else if (t->now_ns - t_ns > t->options.linger_ns)
		set_back(t, t_ns);
}

static void add(struct flow_table *t, const struct segment *s, uint32_t hash)
{
	uint32_t place;
	struct live *l, *owner;
	uint8_t list;
	int dir = 0;

	t->stats.segments++;
	keep_time(t, s->t_ns);
	expire(t);
	place = find(t, s, hash, &dir);
	if (place == NOWHERE) {
		place = begin(t, s, hash, NOWHERE);
		dir = live_direction(at_work(t, place, NOWHERE), s);
	} else if (s->flags & TCP_SYN && is_new(t, at_work(t, place, NOWHERE), dir, s)) {
		place = replace(t, place, s, hash);
		dir = live_direction(at_work(t, place, NOWHERE), s);
	}
	owner = l = at_work(t, place, NOWHERE);
	if (l->before != NOWHERE) {
		owner = owner_of(t, l, dir, s);
		dir = live_direction(owner, s);
	}
	if (!live_add(owner, dir, s))
		t->stats.duplicates++;
	else if (t->options.seen)
		t->options.seen(t->options.arg, s, owner->number, dir);
	list = age_list_of(l);
	if (t->store.place[place].list != list) {
		if (t->store.place[place].list == LIST_HALF_OPEN)
			note_went_on(t, &l->tuple);
		age_remove(t->lists, &t->store, place);
		age_append(t->lists, &t->store, place, list);
	}
}

static int64_t in_range(int64_t t_ns)
{
	return t_ns < 0 ? 0 : t_ns > TIME_MAX_NS ? TIME_MAX_NS : t_ns;
}

void flow_table_add(struct flow_table *t, const struct segment *segment)
{
	struct segment s = *segment;

	flow_table_add_many(t, &s, 1);
}

void flow_table_add_many(struct flow_table *t, struct segment *s, size_t count)
{
	uint32_t hash[FLOW_BATCH];

	for (size_t i = 0; i < count; i++) {
		s[i].t_ns = in_range(s[i].t_ns);
		hash[i] = hash_of(t, &s[i].tuple);
	}
	if (count > 1)
		ahead_fetch(&t->slots, &t->store, hash, count);
	for (size_t i = 0; i < count; i++)
		add(t, &s[i], hash[i]);
}

/* --- the end --------------------------------------------------------------------------------- */

/* Nothing is linked any more: a place has its connection's number where its links were. */
static void keep_number(struct place *p, uint64_t number)
{
	p->newer = (uint32_t)(number >> 32);
	p->older = (uint32_t)number;
}

static int by_number(const void *x, const void *y, void *arg)
{
	const struct place *places = arg;
	const struct place *a = &places[*(const uint32_t *)x], *b = &places[*(const uint32_t *)y];

	if (a->newer != b->newer)
		return a->newer < b->newer ? -1 : 1;
	return (a->older > b->older) - (a->older < b->older);
}

/*
 * Unlink all: one by one each would touch its neighbours and a slot, wherever they are.  The places
 * that were in a list go where the slots were.  Returns their number.
 */
static size_t gather(struct flow_table *t, uint32_t *ret)
{
	bool sorted = true;
	size_t count = 0;
	uint64_t last = 0;

	for (uint32_t p = 0; p < t->store.touched; p++) {
		uint64_t number;

		if (t->store.place[p].list == LIST_NONE)
			continue;
		number = store_number(&t->store, p);
		sorted = sorted && last < number;
		last = number;
		keep_number(&t->store.place[p], number);
		t->store.place[p].list = LIST_NONE;
		ret[count++] = p;
	}
	if (!sorted)
		qsort_r(ret, count, sizeof(*ret), by_number, t->store.place);
	return count;
}

void flow_table_finish(struct flow_table *t)
{
	uint32_t *left = &t->slots.slot->hash; /* a slot, and so two of these, for each */
	size_t count = gather(t, left);

	for (int i = 0; i < LIST_COUNT; i++)
		t->lists[i] = (struct age_list){ NOWHERE, NOWHERE };
	for (size_t i = 0; i < count; i++) {
		struct live room;
		const struct live *l = store_look(&t->store, left[i], &room);

		settle_before(t, l->before);
		hand_out_one(t, l, left[i], true);
	}
	slots_clear(&t->slots);
}

void flow_table_stats(const struct flow_table *t, struct flow_stats *ret)
{
	*ret = t->stats;
}
