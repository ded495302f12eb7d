#include "capture/flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mono.h"
#include "capture/flow_age.h"
#include "capture/flow_live.h"
#include "capture/segment.h"

#define DEFAULT_FLOWS     (UINT64_C(1) << 20)
#define MAX_FLOWS         (UINT64_C(1) << 28) /* so that places are 32 bits */
#define DEFAULT_LINGER_NS (60 * NS_PER_S)
#define LOOKS             16
#define HANDSHAKE_NS      (3 * NS_PER_S) /* longer than the first retransmission of a SYN takes */
#define FIRST_MASK        UINT32_C(0xffff)
#define PAGE_BYTES        UINT64_C(4096)

/* Times are clamped to 0 .. this, so that no difference of two overflows. */
#define TIME_MAX_NS (INT64_MAX / 2)

/* A place of the hash table; the hash beside the index spares a look at those that differ. */
struct slot {
	uint32_t hash;
	uint32_t place; /* in the pool, plus 1; 0: free */
};

struct flow_table {
	struct flow_options options;
	struct live *pool;       /* max_flows; never touched beyond `touched` */
	struct slot *slots;      /* a power of two, at least twice max_flows ... */
	uint32_t mask, mask_max; /* ... of which so many are in use: few stay in the cache */
	uint32_t touched;
	uint32_t free_place; /* chained by `newer` */
	struct age_list lists[LIST_COUNT];
	int64_t now_ns;    /* latest time seen */
	int64_t expire_ns; /* until then no closed connection has to leave */
	uint64_t key;
	struct flow_stats stats;
};

/* --- memory ---------------------------------------------------------------------------------- */

static size_t round_up(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

struct flow_table *flow_table_new(const struct flow_options *options)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	size_t slots = 4;

	if (!t)
		return NULL;
	t->options = *options;
	if (t->options.max_flows == 0)
		t->options.max_flows = DEFAULT_FLOWS;
	if (t->options.max_flows < 2) /* one, and the one that it replaces */
		t->options.max_flows = 2;
	if (t->options.max_flows > MAX_FLOWS)
		t->options.max_flows = MAX_FLOWS;
	if (t->options.linger_ns == 0)
		t->options.linger_ns = DEFAULT_LINGER_NS;
	while (slots < 2 * t->options.max_flows)
		slots *= 2;
	t->mask_max = (uint32_t)(slots - 1);
	t->mask = t->mask_max < FIRST_MASK ? t->mask_max : FIRST_MASK;
	t->free_place = NOWHERE;
	for (int i = 0; i < LIST_COUNT; i++)
		t->lists[i] = (struct age_list){ NOWHERE, NOWHERE };
	/* Without entropy the key is merely guessable; counting goes on. */
	(void)!getrandom(&t->key, sizeof(t->key), GRND_NONBLOCK);
	t->slots = calloc(slots, sizeof(*t->slots));
	t->pool = aligned_alloc(PAGE_BYTES, round_up(t->options.max_flows * sizeof(*t->pool)));
	if (t->pool)
		live_make_present(t->pool, t->options.max_flows, t->options.ready_flows);
	if (!t->slots || !t->pool) {
		flow_table_free(t);
		return NULL;
	}
	return t;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	free(t->pool);
	free(t->slots);
	free(t);
}

/* A place in the pool; NOWHERE when all are taken. */
static uint32_t take_place(struct flow_table *t)
{
	uint32_t place = t->free_place;

	if (place != NOWHERE) {
		t->free_place = t->pool[place].newer;
		return place;
	}
	return t->touched < t->options.max_flows ? t->touched++ : NOWHERE;
}

static void give_place(struct flow_table *t, uint32_t place)
{
	t->pool[place].newer = t->free_place;
	t->free_place = place;
}

/* --- hash table: linear probing, deletion by shifting back ----------------------------------- */

/* The slot of the connection `s` belongs to and the direction of `s`, or the free one where it would
 * go. */
static inline uint32_t find_slot(const struct flow_table *t, const struct segment *s, uint32_t hash,
				 int *ret_dir)
{
	uint32_t i = hash & t->mask;

	for (; t->slots[i].place != 0; i = (i + 1) & t->mask) {
		if (t->slots[i].hash != hash)
			continue;
		*ret_dir = live_direction(&t->pool[t->slots[i].place - 1], s);
		if (*ret_dir >= 0)
			break;
	}
	return i;
}

/* Where a connection that is in no slot goes. */
static uint32_t free_slot(const struct flow_table *t, uint32_t hash)
{
	uint32_t i = hash & t->mask;

	while (t->slots[i].place != 0)
		i = (i + 1) & t->mask;
	return i;
}

/* Use twice as many slots; every linked connection has one. */
static void grow(struct flow_table *t)
{
	memset(t->slots, 0, ((size_t)t->mask + 1) * sizeof(*t->slots));
	t->mask = t->mask * 2 + 1;
	for (int i = 0; i < LIST_COUNT; i++)
		for (uint32_t p = t->lists[i].oldest; p != NOWHERE; p = t->pool[p].newer)
			t->slots[free_slot(t, t->pool[p].hash)] =
				(struct slot){ t->pool[p].hash, p + 1 };
}

static void clear_slot(struct flow_table *t, uint32_t hole)
{
	for (uint32_t i = (hole + 1) & t->mask; t->slots[i].place != 0; i = (i + 1) & t->mask) {
		uint32_t home = t->slots[i].hash & t->mask;

		/* Movable unless its home lies cyclically in (hole, i]. */
		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole].place = 0;
}

static void unhash(struct flow_table *t, uint32_t place)
{
	uint32_t i = t->pool[place].hash & t->mask;

	while (t->slots[i].place != place + 1)
		i = (i + 1) & t->mask;
	clear_slot(t, i);
}

/* --- handing out ----------------------------------------------------------------------------- */

static void hand_out_one(struct flow_table *t, uint32_t place, bool capture_ended)
{
	const struct live *l = &t->pool[place];
	struct flow f;

	live_report(l, &f);
	f.ended_inside = capture_ended && !live_is_closed(l);
	t->stats.live--;
	give_place(t, place);
	if (t->options.done)
		t->options.done(t->options.arg, &f);
}

/* The connection that `l` replaced has nothing more to come. */
static void settle_before(struct flow_table *t, struct live *l)
{
	uint32_t before = l->before;

	l->before = NOWHERE;
	if (before != NOWHERE)
		hand_out_one(t, before, false);
}

static void unlink_place(struct flow_table *t, uint32_t place)
{
	age_remove(t->lists, t->pool, place);
	unhash(t, place);
}

static void hand_out(struct flow_table *t, uint32_t place, bool capture_ended)
{
	unlink_place(t, place);
	settle_before(t, &t->pool[place]);
	hand_out_one(t, place, capture_ended);
}

/* The head of a list that has not been busy since it was queued; NOWHERE if the list is empty. */
static uint32_t idle_head(struct flow_table *t, int list)
{
	for (;;) {
		uint32_t place = t->lists[list].oldest;

		if (place == NOWHERE || t->pool[place].queued_ns == t->pool[place].last_ns)
			return place;
		age_remove(t->lists, t->pool, place);
		age_append(t->lists, t->pool, place);
	}
}

static void expire(struct flow_table *t)
{
	int looks = 0;

	while (t->now_ns > t->expire_ns) {
		uint32_t place = idle_head(t, LIST_CLOSED);
		int64_t end_ns = t->now_ns + t->options.linger_ns;

		if (place != NOWHERE)
			end_ns = t->pool[place].last_ns + t->options.linger_ns;
		if (place != NOWHERE && t->pool[place].last_ns > t->now_ns) {
			/* From before the clock was set back: nobody has to wait behind it. */
			age_remove(t->lists, t->pool, place);
			age_append(t->lists, t->pool, place);
			if (++looks == LOOKS)
				return; /* the next packet goes on */
			continue;
		}
		if (t->now_ns <= end_ns) {
			t->expire_ns = end_ns;
			return;
		}
		hand_out(t, place, false);
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
		struct live *l = &t->pool[place];

		if (l->last_ns < t->pool[best].last_ns)
			best = place;
		if (l->queued_ns == l->last_ns)
			break; /* idle since it was queued: those behind it were queued later */
		place = l->newer;
	}
	for (int i = 0; i < LOOKS && place != NOWHERE; i++) {
		place = t->lists[list].oldest;
		if (t->pool[place].queued_ns == t->pool[place].last_ns)
			break;
		age_remove(t->lists, t->pool, place);
		age_append(t->lists, t->pool, place);
	}
	return best;
}

static void count_evicted(struct flow_table *t, uint32_t place)
{
	uint8_t list = age_list_of(&t->pool[place]);

	t->stats.evicted_half_open += list == LIST_HALF_OPEN;
	t->stats.evicted_open += list == LIST_OPEN;
	t->stats.evicted++;
}

/* Nobody waits for a SYN of a flood; a handshake that is under way is not put out for a closed one. */
static uint32_t victim(struct flow_table *t)
{
	uint32_t half = silent_longest(t, LIST_HALF_OPEN), closed;

	if (half != NOWHERE && t->now_ns - t->pool[half].last_ns > HANDSHAKE_NS)
		return half;
	closed = silent_longest(t, LIST_CLOSED);
	if (closed != NOWHERE)
		return closed;
	return half != NOWHERE ? half : silent_longest(t, LIST_OPEN); /* there is one somewhere */
}

static void evict(struct flow_table *t)
{
	uint32_t place = victim(t), before = t->pool[place].before;

	count_evicted(t, place);
	if (before != NOWHERE) {
		count_evicted(t, before);
		t->pool[place].before = NOWHERE;
		hand_out_one(t, before, true);
	}
	hand_out(t, place, true);
}

/* --- segments -------------------------------------------------------------------------------- */

/* Begin a connection that replaces `before`, already unlinked (or NOWHERE).  Returns its place. */
static uint32_t begin(struct flow_table *t, const struct segment *s, uint32_t hash, uint32_t before)
{
	uint32_t place = take_place(t);
	struct live *l;

	if (place == NOWHERE) {
		evict(t); /* max_flows >= 2 and at most one is unlinked here: there is a victim */
		place = take_place(t);
	}
	l = &t->pool[place];
	live_begin(l, s, t->options.server_port, ++t->stats.flows);
	l->hash = hash;
	l->before = before;
	if (2 * t->stats.live >= t->mask && t->mask < t->mask_max)
		grow(t);
	t->slots[free_slot(t, hash)] = (struct slot){ hash, place + 1 };
	age_append(t->lists, t->pool, place);
	if (++t->stats.live > t->stats.live_peak)
		t->stats.live_peak = t->stats.live;
	return place;
}

/*
 * A new SYN (or the answer to one that was missed) on the 4-tuple of `place`: the old connection
 * steps back until that SYN is answered.  An older SYN that was not is over: this one meets what
 * that had met.
 */
static uint32_t replace(struct flow_table *t, uint32_t place, const struct segment *s)
{
	uint32_t hash = t->pool[place].hash, before = t->pool[place].before, next;
	int64_t since_ns;

	unlink_place(t, place);
	if (before == NOWHERE)
		before = place;
	else
		hand_out_one(t, place, false);
	since_ns = live_meet_syn(&t->pool[before], s->t_ns);
	next = begin(t, s, hash, before);
	t->pool[next].reused_ports = true;
	if (since_ns >= 0)
		t->pool[next].reused_after_ns = s->t_ns > since_ns ? s->t_ns - since_ns : 0;
	return next;
}

/* Does this SYN or SYN-ACK begin another connection, being of neither of the two? */
static bool is_new(struct flow_table *t, const struct live *l, int dir, const struct segment *s)
{
	return live_is_another(l, dir, s) &&
	       (l->before == NOWHERE || !live_knows_syn(&t->pool[l->before], s));
}

/* A SYN still waits for its answer: which of the two connections is the segment part of? */
static struct live *owner_of(struct flow_table *t, struct live *l, int dir, const struct segment *s)
{
	struct live *old = &t->pool[l->before];
	bool rst = s->flags & TCP_RST;

	if (live_knows_syn(old, s) && live_is_another(l, dir, s))
		return old;
	if (live_answers_syn(l, dir, s)) {
		live_note_syn_answer(old, rst ? SYN_ANSWER_REFUSED : SYN_ANSWER_ACCEPTED);
		settle_before(t, l);
	} else if (!(s->flags & TCP_SYN)) {
		if (dir != l->opener)
			live_note_syn_answer(old, rst ? SYN_ANSWER_REFUSED : SYN_ANSWER_CHALLENGED);
		return old;
	}
	return l;
}

static void add(struct flow_table *t, const struct segment *s, uint32_t hash)
{
	uint32_t slot, place;
	struct live *l;
	int dir = 0;

	t->stats.segments++;
	if (s->t_ns > t->now_ns)
		t->now_ns = s->t_ns;
	else if (t->now_ns - s->t_ns > t->options.linger_ns)
		set_back(t, s->t_ns);
	expire(t);
	slot = find_slot(t, s, hash, &dir);
	if (t->slots[slot].place == 0) {
		place = begin(t, s, hash, NOWHERE);
		dir = live_direction(&t->pool[place], s);
	} else {
		place = t->slots[slot].place - 1;
		if (s->flags & TCP_SYN && is_new(t, &t->pool[place], dir, s)) {
			place = replace(t, place, s);
			dir = live_direction(&t->pool[place], s);
		}
	}
	l = &t->pool[place];
	if (l->before != NOWHERE) {
		l = owner_of(t, l, dir, s);
		dir = live_direction(l, s);
	}
	if (!live_add(l, dir, s))
		t->stats.duplicates++;
	else if (t->options.seen)
		t->options.seen(t->options.arg, s, l->number, dir);
	l = &t->pool[place];
	if (l->list != age_list_of(l)) {
		age_remove(t->lists, t->pool, place);
		age_append(t->lists, t->pool, place);
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

/* Three rounds over the segments, so that the memory of each is under way when it is its turn. */
void flow_table_add_many(struct flow_table *t, struct segment *s, size_t count)
{
	uint32_t hash[FLOW_BATCH];

	for (size_t i = 0; i < count; i++) {
		s[i].t_ns = in_range(s[i].t_ns);
		hash[i] = (uint32_t)tuple_hash_undirected(&s[i].tuple, t->key);
		__builtin_prefetch(&t->slots[hash[i] & t->mask]);
	}
	for (size_t i = 0; i < count && count > 1; i++) {
		uint32_t place = t->slots[hash[i] & t->mask].place;

		if (place == 0)
			continue;
		__builtin_prefetch(&t->pool[place - 1], 1);
		__builtin_prefetch((const char *)&t->pool[place - 1] + 64, 1);
	}
	for (size_t i = 0; i < count; i++)
		add(t, &s[i], hash[i]);
}

/* Unlink all at once: one by one each would touch its neighbours and a slot, wherever they are. */
static void unlink_all(struct flow_table *t)
{
	for (int i = 0; i < LIST_COUNT; i++)
		t->lists[i] = (struct age_list){ NOWHERE, NOWHERE };
	memset(t->slots, 0, ((size_t)t->mask + 1) * sizeof(*t->slots));
}

void flow_table_finish(struct flow_table *t)
{
	struct age_order *left = malloc(t->stats.live * sizeof(*left) + 1);
	size_t count = left ? age_gather(t->pool, t->touched, left) : 0;

	if (left)
		unlink_all(t);
	for (size_t i = 0; i < count; i++) {
		t->pool[left[i].place].list = LIST_NONE;
		settle_before(t, &t->pool[left[i].place]);
		hand_out_one(t, left[i].place, true);
	}
	free(left);
	/* Without memory to sort: as they come. */
	for (int i = 0; i < LIST_COUNT; i++)
		while (t->lists[i].oldest != NOWHERE)
			hand_out(t, t->lists[i].oldest, true);
}

void flow_table_stats(const struct flow_table *t, struct flow_stats *ret)
{
	*ret = t->stats;
}
