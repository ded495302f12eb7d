/*
 * A sequence of segments between few ports, 6 bytes each: ports, flags, seq, ack, length, time.
 * However they come: each connection is handed out once, rows do not contradict themselves, every
 * one has a class, and all are the same when next to all are kept packed.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/classify.h"
#include "analysis/conn_fields.h"
#include "analysis/ladder.h"
#include "analysis/tally.h"
#include "base/mono.h"
#include "capture/flow.h"
#include "capture/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Memory that was freed is kept from use for a while, but not 256 MB of it: each run takes some. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

struct seen {
	uint64_t flows, packets, duplicates, told;
	uint64_t rows; /* a hash of them, in their order */
	struct tally tally;
	struct ladder ladder; /* of the first connection */
	FILE *null;
};

static uint64_t hash(uint64_t h, const void *bytes, size_t count)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < count; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static void check_dir(const struct flow_dir *d)
{
	assert((d->fin > 0) == (d->fin_ns >= 0));
	assert(d->rst_ns < 0 || d->rst > 0);
	assert(d->fin_acked_ns < 0 || d->fin > 0);
	assert(d->fin_acked_plain_ns < 0 || d->fin_acked_ns >= 0);
	assert(d->syn_retrans <= d->syn && d->fin_retrans <= d->fin);
	assert(d->data_retrans <= d->data_packets && d->data_packets <= d->packets);
}

/* All of it but the padding. */
static uint64_t hash_flow(uint64_t h, const struct flow *f)
{
	h = hash(h, f, offsetof(struct flow, dir));
	for (int d = 0; d < 2; d++)
		h = hash(h, &f->dir[d], offsetof(struct flow_dir, timestamps) + 1);
	return hash(h, &f->data_after_fin_bytes,
		    offsetof(struct flow, ended_inside) + 1 -
			    offsetof(struct flow, data_after_fin_bytes));
}

static void check_text(struct seen *seen, const struct conn *c)
{
	char line[CONN_LINE_MAX];

	assert(conn_json(c, line) < CONN_LINE_MAX / 2);
	assert(conn_csv(c, line) < CONN_LINE_MAX / 2);
	tally_add(&seen->tally, c);
	if (c->flow->number == 1) {
		ladder_print(&seen->ladder, c, seen->null);
		ladder_svg(&seen->ladder, c, seen->null);
	}
}

static void check(void *arg, const struct flow *f)
{
	struct seen *seen = arg;
	struct teardown t = classify(f);
	struct conn c = { .flow = f, .teardown = t, .lifetime_ns = 60 * NS_PER_S };

	seen->flows++;
	seen->rows = hash_flow(seen->rows, f);
	seen->packets += f->dir[0].packets + f->dir[1].packets;
	seen->duplicates += f->capture_duplicates;
	check_dir(&f->dir[0]);
	check_dir(&f->dir[1]);
	assert(f->first_ns <= f->last_ns);
	assert((f->first_fin < 0) == (f->dir[0].fin + f->dir[1].fin == 0));
	assert((f->first_rst < 0) == (f->dir[0].rst_ns < 0 && f->dir[1].rst_ns < 0));
	assert(t.class < TEARDOWN_CLASS_COUNT);
	assert(t.holder < SIDES_COUNT);
	assert(!t.assassinated || t.time_wait_ns[0] >= 0 || t.time_wait_ns[1] >= 0 ||
	       t.first_rst != SIDES_NONE);
	if (seen->null)
		check_text(seen, &c);
}

static void step(void *arg, const struct segment *s, uint64_t number, int dir)
{
	struct seen *seen = arg;

	seen->told++;
	if (number == 1)
		ladder_add(&seen->ladder, &(struct ladder_step){ .t_ns = s->t_ns,
								 .dir = dir,
								 .seq = s->seq,
								 .ack = s->ack,
								 .payload_bytes = s->payload_bytes,
								 .flags = s->flags });
}

static struct segment segment_of(const uint8_t *p, int64_t *t_ns)
{
	struct segment s = { .tuple = { .a = { .family = 4 }, .b = { .family = 4 } } };

	s.tuple.a.port = (uint16_t)(p[0] & 7);
	s.tuple.b.port = (uint16_t)(p[0] >> 3 & 7);
	s.flags = p[1] & 63;
	s.seq = ((uint32_t)(p[2] & 0xf0) << 24) | ((p[2] & 15u) * 50);
	s.ack = ((uint32_t)(p[3] & 0xf0) << 24) | ((p[3] & 15u) * 50 + (p[1] >> 7));
	s.payload_bytes = (p[4] & 7) * 50u;
	s.ip_id = p[4] >> 3;
	if (p[5] >= 253) /* far away, either way, and a TIME-WAIT on */
		*t_ns = p[5] == 253   ? INT64_MAX / 2
			: p[5] == 254 ? INT64_MIN / 2
				      : *t_ns + 61 * NS_PER_S;
	else
		*t_ns += (p[5] - 8) * NS_PER_US;
	s.t_ns = *t_ns;
	return s;
}

static void run(struct seen *seen, struct flow_options o, const uint8_t *data, size_t size)
{
	struct flow_table *t;
	struct flow_stats st;
	int64_t t_ns = NS_PER_S;

	seen->flows = seen->packets = seen->duplicates = seen->told = seen->rows = 0;
	seen->ladder.count = seen->ladder.run = seen->ladder.lost = 0;
	o.seen = step;
	o.done = check;
	o.arg = seen;
	t = flow_table_new(&o);
	if (!t)
		return;
	for (size_t at = 0; at + 6 <= size; at += 6) {
		struct segment s = segment_of(data + at, &t_ns);

		flow_table_add(t, &s);
	}
	flow_table_finish(t);
	flow_table_stats(t, &st);
	assert(st.live == 0 && st.flows == seen->flows && st.evicted <= st.flows);
	assert(st.segments == seen->packets + seen->duplicates &&
	       st.duplicates == seen->duplicates);
	assert(st.live_peak <= (o.max_flows < 2 ? 2 : o.max_flows));
	assert(seen->told == seen->packets);
	seen->rows = hash(seen->rows, &st, sizeof(st));
	flow_table_free(t);
	if (seen->null) {
		tally_finish(&seen->tally, t_ns);
		assert(seen->tally.connections == seen->flows);
	}
}

/* What is slow: now and then, by the input alone, so that what fails fails again. */
static bool has_turn(const uint8_t *data, size_t size)
{
	return (hash(0, data, size) >> 32) % 128 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seen seen; /* large */
	struct flow_options o = { .max_flows = size & 7, .server_port = size & 8 ? 3 : 0 };
	uint64_t rows;

	o.max_flows = o.max_flows ? o.max_flows : 16;
	run(&seen, o, data, size);
	rows = seen.rows;
	if (has_turn(data, size) && tally_init(&seen.tally, 60 * NS_PER_S, 3) == 0)
		seen.null = fopen("/dev/null", "we");
	o.working_flows = 2;
	run(&seen, o, data, size);
	assert(seen.rows == rows);
	tally_release(&seen.tally);
	if (seen.null)
		(void)fclose(seen.null); /* nothing was kept */
	seen.null = NULL;
	return 0;
}
