/* Connections at rest: packed exactly, in few bytes, and found again whatever is packed when. */
#include "capture/flow_rest.h"

#include <stddef.h>

#include "capture/flow.h"
#include "capture/flow_store.h"
#include "tests/guard.h"
#include "tests/packets.h"
#include "tests/test.h"

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x * UINT64_C(0x2545f4914f6cdd1d) >> 7;
}

/* Bytes that do not take all values: a new flag that is not here fails the test. */
static const struct {
	size_t at;
	uint8_t count;
	int8_t least;
} flags[] = {
	{ offsetof(struct live, has_isn), 2, 0 },
	{ offsetof(struct live, has_isn) + 1, 2, 0 },
	{ offsetof(struct live, has_next), 2, 0 },
	{ offsetof(struct live, has_next) + 1, 2, 0 },
	{ offsetof(struct live, has_ack), 2, 0 },
	{ offsetof(struct live, has_ack) + 1, 2, 0 },
	{ offsetof(struct live, has_fin), 2, 0 },
	{ offsetof(struct live, has_fin) + 1, 2, 0 },
	{ offsetof(struct live, fin_afloat), 2, 0 },
	{ offsetof(struct live, fin_afloat) + 1, 2, 0 },
	{ offsetof(struct live, closed), 2, 0 },
	{ offsetof(struct live, established), 2, 0 },
	{ offsetof(struct live, first_fin), 3, -1 },
	{ offsetof(struct live, first_rst), 3, -1 },
	{ offsetof(struct live, opener), 2, 0 },
	{ offsetof(struct live, initiator_by), 4, 0 },
	{ offsetof(struct live, syn_answer), 4, 0 },
	{ offsetof(struct live, rst_after_fin), 2, 0 },
	{ offsetof(struct live, late_data_rst), 2, 0 },
	{ offsetof(struct live, rst_in_time_wait), 2, 0 },
	{ offsetof(struct live, began_inside), 2, 0 },
	{ offsetof(struct live, reused_ports), 2, 0 },
	{ offsetof(struct live, more[0].isn_told), 2, 0 },
	{ offsetof(struct live, more[1].isn_told), 2, 0 },
	{ offsetof(struct live, more[0].timestamps), 2, 0 },
	{ offsetof(struct live, more[1].timestamps), 2, 0 },
	{ offsetof(struct live, more[0].rst_exact), 2, 0 },
	{ offsetof(struct live, more[1].rst_exact), 2, 0 },
	{ offsetof(struct live, more[0].fin_acked_by_fin), 2, 0 },
	{ offsetof(struct live, more[1].fin_acked_by_fin), 2, 0 },
};

/* Of four bytes each: of no width a value is rarer than 1 in 16, neighbours are often equal. */
static void randomise(struct live *l, uint64_t *x)
{
	uint8_t *bytes = (uint8_t *)l;
	uint32_t before = 0;

	for (size_t at = 0; at < sizeof(*l); at += sizeof(before)) {
		uint64_t r = next_random(x);
		uint32_t v =
			r & 1 ? 0 - (uint32_t)(r >> 1 & 1) : (uint32_t)(r >> 8) >> (r >> 3 & 31);

		v = r >> 50 & 1 ? before + (uint32_t)(r >> 51 & 3) - 1 : v;
		memcpy(bytes + at, &v, sizeof(v));
		before = v;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		bytes[flags[i].at] =
			(uint8_t)(next_random(x) % flags[i].count + (uint64_t)flags[i].least);
	memset(l->spare, 0, sizeof(l->spare));
	if (next_random(x) & 1) {
		l->tuple.a = (struct endpoint){ .port = l->tuple.a.port, .family = 4 };
		l->tuple.b = (struct endpoint){ .port = l->tuple.b.port, .family = 4 };
		l->tuple.a.addr[0] = l->tuple.b.addr[3] = (uint8_t)next_random(x);
	}
}

static void test_exact(void)
{
	static struct live l, back;
	const int connections = test_whole() ? 100000 : 10000;
	size_t longest = 0, wrong = 0, numbers = 0;
	uint64_t x = 88172645463325252;
	struct guard g;

	guard_open(&g, REST_BYTES_MAX);
	for (int i = 0; i < connections; i++) {
		struct rest packed;
		const uint8_t *bytes;

		randomise(&l, &x);
		rest_pack(&l, &packed);
		longest = packed.count > longest ? packed.count : longest;
		bytes = guard_put(&g, packed.bytes, packed.count);
		memset(&back, i & 1 ? 0xff : 0, sizeof(back));
		rest_unpack(bytes, l.last_ns, &back);
		back.place = l.place;
		wrong += memcmp(&l, &back, sizeof(l)) != 0;
		numbers += rest_number(bytes) != l.number;
	}
	is_int(wrong, 0, "%d connections of random values came back as they were", connections);
	is_int(numbers, 0, "... their numbers, too, by themselves");
	ok(longest > 300 && longest <= REST_BYTES_MAX, "the longest took %zu bytes", longest);
	guard_free(&g);
}

struct told {
	struct live live;
	bool begun;
};

static void tell(void *arg, const struct segment *s)
{
	struct told *t = arg;

	if (!t->begun)
		live_begin(&t->live, s, 0, 1000000);
	t->begun = true;
	(void)live_add(&t->live, live_direction(&t->live, s), s);
}

/* The promise of 128 bytes a connection rests on this. */
static void test_few_bytes(void)
{
	static const char *const talks[] = { "c:S", TALK_OPEN, TALK_ASK "c:F. s:F. c:.",
					     TALK_ASK "s:F. c:. c:F. s:.", TALK_ASK "c:R." };

	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		struct told told = { .begun = false };
		struct rest packed;
		struct talk t;

		talk_init(&t, 40000, tell, &told);
		t.timestamps = true;
		talk(&t, talks[i]);
		rest_pack(&told.live, &packed);
		ok(packed.count <= PLACE_ROOM, "%s: packed into %zu bytes", talks[i], packed.count);
	}
}

/* --- the table -------------------------------------------------------------------------------- */

#define ROWS 8192

struct rows {
	struct flow flow[ROWS];
	size_t count;
	struct flow_stats stats;
};

static void keep(void *arg, const struct flow *f)
{
	struct rows *r = arg;

	if (r->count < ROWS)
		r->flow[r->count] = *f;
	r->count++;
}

static void random_segment(struct segment *s, uint64_t *x, int64_t *t_ns)
{
	static const uint8_t kinds[] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK,
					 TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST };
	uint64_t r = next_random(x);

	*s = (struct segment){ .tuple = { .a = { .family = 4 }, .b = { .family = 4 } } };
	s->tuple.a.port = (uint16_t)(r & 63);
	s->tuple.b.port = 5000;
	if (r >> 6 & 1)
		s->tuple = tuple_reverse(&s->tuple);
	s->flags = kinds[(r >> 8) % sizeof(kinds)];
	s->seq = (uint32_t)(r >> 16 & 3);
	s->ack = (uint32_t)(r >> 18 & 3);
	s->payload_bytes = (uint32_t)(r >> 20 & 1);
	s->ip_id = (uint16_t)(r >> 24 & 3);
	*t_ns += (int64_t)(r >> 30 & 0xfffff) * 4;
	s->t_ns = *t_ns - (r >> 51 & 15 ? 0 : 5 * NS_PER_MS);
}

static void run(struct rows *r, size_t working)
{
	struct flow_options o = { .max_flows = 40,
				  .working_flows = working,
				  .linger_ns = 200 * NS_PER_MS,
				  .done = keep,
				  .arg = r };
	struct flow_table *t = flow_table_new(&o);
	uint64_t x = 1181783497276652981;
	int64_t t_ns = NS_PER_S;

	r->count = 0;
	for (int i = 0; i < 7000; i++) {
		struct segment s;

		random_segment(&s, &x, &t_ns);
		flow_table_add(t, &s);
	}
	flow_table_finish(t);
	flow_table_stats(t, &r->stats);
	flow_table_free(t);
}

static bool same_flow(const struct flow *x, const struct flow *y)
{
	return x->number == y->number && x->first_ns == y->first_ns && x->last_ns == y->last_ns &&
	       memcmp(&x->src, &y->src, sizeof(x->src)) == 0 &&
	       memcmp(x->dir, y->dir, offsetof(struct flow_dir, fin_acked_by_fin)) == 0 &&
	       x->capture_duplicates == y->capture_duplicates && x->first_fin == y->first_fin &&
	       x->syn_answer == y->syn_answer && x->reopened_ns == y->reopened_ns &&
	       x->reused_after_ns == y->reused_after_ns && x->ended_inside == y->ended_inside;
}

static void test_table(void)
{
	static struct rows all, few;
	size_t differ = 0;

	run(&all, 0);
	ok(all.count > 1000 && all.count < ROWS, "%zu connections of random segments", all.count);
	ok(all.stats.evicted > 100 && all.stats.evicted < all.count - 100,
	   "... %d put out for want of room", (int)all.stats.evicted);
	for (size_t working = 2; working < 10; working += 3) {
		run(&few, working);
		for (size_t i = 0; i < ROWS && i < all.count && i < few.count; i++)
			differ += !same_flow(&all.flow[i], &few.flow[i]);
		ok(few.count == all.count && differ == 0 &&
			   memcmp(&all.stats, &few.stats, sizeof(all.stats)) == 0,
		   "... are the same with %zu not packed", working);
	}
}

/* More than the slots that a table begins with. */
static void test_many(void)
{
	static struct rows r;
	struct flow_options o = { .max_flows = 300000, .done = keep, .arg = &r };
	struct flow_table *t = flow_table_new(&o);
	struct segment s = { .tuple = { .a = { .family = 4 }, .b = { .family = 4, .port = 80 } },
			     .flags = TCP_SYN };

	r.count = 0;
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 250000; i++) {
			s.tuple.a.port = (uint16_t)i;
			s.tuple.a.addr[0] = (uint8_t)(i >> 16);
			s.t_ns += 1000;
			flow_table_add(t, &s);
		}
		s.seq++;
		s.flags = TCP_ACK;
	}
	flow_table_stats(t, &r.stats);
	is_int(r.stats.flows, 250000, "each of many is found again");
	flow_table_finish(t);
	flow_table_stats(t, &r.stats);
	ok(r.count == 250000 && r.stats.live == 0, "... and handed out");
	ok(r.flow[0].number == 1 && r.flow[ROWS - 1].number == ROWS, "... in order");
	is_int(r.flow[0].dir[0].packets, 2, "... with all its packets");
	flow_table_free(t);
}

int main(void)
{
	test_exact();
	test_few_bytes();
	test_table();
	test_many();
	return test_done();
}
