#include "bench/wire_cross.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/tuple_hash.h"
#include "capture/segment.h"

#define LINK_ETHERNET 1 /* DLT_EN10MB */
#define NONE          UINT32_MAX

/* Half of the entries at most are kept frames; the other half remembers who has crossed. */
#define ENTRIES_PER_SLOT 2

enum entry_state { ENTRY_FREE, ENTRY_HELD, ENTRY_CROSSED };

struct entry {
	struct tuple tuple; /* as the kept FIN had it */
	int64_t deadline_ns;
	uint32_t next;           /* in its bucket, or among the free */
	uint32_t older, younger; /* in the queue of its state */
	uint32_t slot, size;     /* the kept frame */
	uint8_t state, from;
};

struct queue {
	uint32_t oldest, youngest;
};

struct cross {
	int64_t hold_max_ns;
	bool repeat;
	struct entry *entry;
	uint32_t entry_count, used_entries; /* beyond these, none was ever touched */
	uint32_t free_entry;
	uint32_t *bucket;
	uint32_t bucket_mask;
	uint8_t *slots; /* slot_count times WIRE_FRAME_BYTES; pages appear when first used */
	size_t slots_bytes;
	uint32_t *free_slot; /* a stack: what was used last is warm */
	uint32_t free_slot_count;
	struct queue queue[ENTRY_CROSSED + 1];
	struct cross_report report;
};

/* --- memory --------------------------------------------------------------------------------- */

static uint32_t power_of_two_from(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

static void reset(struct cross *c, uint32_t capacity)
{
	c->free_entry = NONE;
	for (uint32_t i = 0; i <= c->bucket_mask; i++)
		c->bucket[i] = NONE;
	for (uint32_t i = 0; i < capacity; i++)
		c->free_slot[i] = capacity - 1 - i;
	c->free_slot_count = capacity;
	for (int i = 0; i <= ENTRY_CROSSED; i++)
		c->queue[i] = (struct queue){ NONE, NONE };
}

int cross_new(uint32_t capacity, int64_t hold_max_ns, bool repeat, struct cross **ret,
	      struct err *err)
{
	struct cross *c = calloc(1, sizeof(*c));

	if (!c)
		goto no_memory;
	c->hold_max_ns = hold_max_ns;
	c->repeat = repeat;
	c->entry_count = capacity * ENTRIES_PER_SLOT;
	c->bucket_mask = power_of_two_from(c->entry_count) - 1;
	c->slots_bytes = (size_t)capacity * WIRE_FRAME_BYTES;
	c->entry = calloc(c->entry_count, sizeof(*c->entry));
	c->bucket = calloc((size_t)c->bucket_mask + 1, sizeof(*c->bucket));
	c->free_slot = calloc(capacity, sizeof(*c->free_slot));
	c->slots = mmap(NULL, c->slots_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->slots == MAP_FAILED)
		c->slots = NULL;
	if (!c->entry || !c->bucket || !c->free_slot || !c->slots)
		goto no_memory;
	reset(c, capacity);
	*ret = c;
	return 0;

no_memory:
	cross_free(c);
	return err_set(err, -ENOMEM, "no memory to hold %u frames", capacity);
}

void cross_free(struct cross *c)
{
	if (!c)
		return;
	if (c->slots)
		(void)munmap(c->slots, c->slots_bytes); /* it is our own mapping */
	free(c->free_slot);
	free(c->bucket);
	free(c->entry);
	free(c);
}

/* --- entries -------------------------------------------------------------------------------- */

static uint32_t *bucket_of(struct cross *c, const struct tuple *t)
{
	return &c->bucket[tuple_hash_undirected(t, 0) & c->bucket_mask];
}

static bool same_connection(const struct tuple *x, const struct tuple *y)
{
	struct tuple reversed = tuple_reverse(y);

	return memcmp(x, y, sizeof(*x)) == 0 || memcmp(x, &reversed, sizeof(*x)) == 0;
}

static struct entry *find(struct cross *c, const struct tuple *t)
{
	for (uint32_t i = *bucket_of(c, t); i != NONE; i = c->entry[i].next)
		if (same_connection(&c->entry[i].tuple, t))
			return &c->entry[i];
	return NULL;
}

static uint32_t index_of(const struct cross *c, const struct entry *e)
{
	return (uint32_t)(e - c->entry);
}

static void enqueue(struct cross *c, struct entry *e, enum entry_state state)
{
	struct queue *q = &c->queue[state];

	e->state = (uint8_t)state;
	e->older = q->youngest;
	e->younger = NONE;
	if (q->youngest != NONE)
		c->entry[q->youngest].younger = index_of(c, e);
	else
		q->oldest = index_of(c, e);
	q->youngest = index_of(c, e);
}

static void dequeue(struct cross *c, struct entry *e)
{
	struct queue *q = &c->queue[e->state];

	if (e->older != NONE)
		c->entry[e->older].younger = e->younger;
	else
		q->oldest = e->younger;
	if (e->younger != NONE)
		c->entry[e->younger].older = e->older;
	else
		q->youngest = e->older;
}

static void forget(struct cross *c, struct entry *e)
{
	uint32_t *at = bucket_of(c, &e->tuple);

	dequeue(c, e);
	while (*at != index_of(c, e))
		at = &c->entry[*at].next;
	*at = e->next;
	e->state = ENTRY_FREE;
	e->next = c->free_entry;
	c->free_entry = index_of(c, e);
}

/* An unused entry; if there is none, that of the connection that crossed longest ago. */
static struct entry *new_entry(struct cross *c)
{
	struct entry *e;

	if (c->free_entry == NONE && c->used_entries < c->entry_count)
		return &c->entry[c->used_entries++];
	if (c->free_entry == NONE)
		forget(c, &c->entry[c->queue[ENTRY_CROSSED].oldest]);
	e = &c->entry[c->free_entry];
	c->free_entry = e->next;
	return e;
}

/* --- the rule ------------------------------------------------------------------------------- */

static enum cross_verdict hold(struct cross *c, const struct cross_frame *f, const struct tuple *t,
			       int64_t now_ns)
{
	struct entry *e;
	uint32_t *bucket;

	if (c->free_slot_count == 0 || f->size > WIRE_FRAME_BYTES) {
		c->report.overflow++;
		return CROSS_PASS;
	}
	e = new_entry(c);
	bucket = bucket_of(c, t);
	e->tuple = *t;
	e->deadline_ns = now_ns + c->hold_max_ns;
	e->slot = c->free_slot[--c->free_slot_count];
	e->size = f->size;
	e->from = (uint8_t)f->from;
	e->next = *bucket;
	*bucket = index_of(c, e);
	memcpy(c->slots + (size_t)e->slot * WIRE_FRAME_BYTES, f->bytes, f->size);
	enqueue(c, e, ENTRY_HELD);
	c->report.held++;
	return c->repeat ? CROSS_PASS : CROSS_HOLD;
}

/* Give the kept frame out; its slot is free again, but untouched until the next call. */
static void release_frame(struct cross *c, struct entry *e, struct cross_frame *release)
{
	*release = (struct cross_frame){ c->slots + (size_t)e->slot * WIRE_FRAME_BYTES, e->size,
					 e->from };
	c->free_slot[c->free_slot_count++] = e->slot;
	dequeue(c, e);
	enqueue(c, e, ENTRY_CROSSED);
}

static enum cross_verdict judge_fin(struct cross *c, const struct cross_frame *f, struct entry *e,
				    struct cross_frame *release)
{
	if (e->state == ENTRY_CROSSED)
		return CROSS_PASS;
	if (e->from == f->from) {
		c->report.repeats_dropped++;
		return CROSS_DROP;
	}
	release_frame(c, e, release);
	c->report.released_pairs++;
	return CROSS_PASS;
}

enum cross_verdict cross_judge(struct cross *c, const struct cross_frame *frame, int64_t now_ns,
			       struct cross_frame *release)
{
	struct segment s;
	struct entry *e;
	uint32_t size = frame->size - WIRE_VNET_BYTES;

	release->bytes = NULL;
	if (frame->size <= WIRE_VNET_BYTES ||
	    segment_decode(LINK_ETHERNET, frame->bytes + WIRE_VNET_BYTES, size, size, &s) !=
		    SEGMENT_OK ||
	    !(s.flags & (TCP_FIN | TCP_SYN | TCP_RST)))
		return CROSS_PASS;
	e = find(c, &s.tuple);
	if (s.flags & (TCP_SYN | TCP_RST)) {
		if (e && e->state == ENTRY_HELD) {
			release_frame(c, e, release);
			c->report.released_late++;
		}
		if (c->repeat)
			release->bytes = NULL; /* it has passed already */
		if (e)
			forget(c, e);
		return CROSS_PASS;
	}
	if (c->repeat)
		return e || frame->from == 0 ? CROSS_PASS : hold(c, frame, &s.tuple, now_ns);
	return e ? judge_fin(c, frame, e, release) : hold(c, frame, &s.tuple, now_ns);
}

int64_t cross_deadline_ns(const struct cross *c)
{
	uint32_t oldest = c->queue[ENTRY_HELD].oldest;

	return oldest == NONE ? INT64_MAX : c->entry[oldest].deadline_ns;
}

bool cross_expire(struct cross *c, int64_t now_ns, struct cross_frame *release)
{
	if (c->queue[ENTRY_HELD].oldest == NONE || cross_deadline_ns(c) > now_ns)
		return false;
	release_frame(c, &c->entry[c->queue[ENTRY_HELD].oldest], release);
	*(c->repeat ? &c->report.repeated : &c->report.released_late) += 1;
	return true;
}

void cross_report(const struct cross *c, struct cross_report *ret)
{
	*ret = c->report;
}
