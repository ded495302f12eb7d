/*
 * Bytes -> any struct flow, unlikely ones and contradictions too -> classify.  Whatever it is: a class and a holder that
 * agree with the moments told, the same when the clock is shifted, and mirrored when the ends are.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *at;
	size_t left;
};

static uint8_t take(struct bytes *b)
{
	if (b->left == 0)
		return 0;
	b->left--;
	return *b->at++;
}

/* Few different moments, so that some are the same; 0 is never. */
static int64_t take_time(struct bytes *b)
{
	return take(b) % 16 - 1;
}

/* The flow table tells of no ACK without its FIN, nor before it. */
static int64_t not_before(int64_t acked_ns, int64_t fin_ns)
{
	return acked_ns < 0 || fin_ns < 0 ? -1 : acked_ns < fin_ns ? fin_ns : acked_ns;
}

static struct flow_dir take_dir(struct bytes *b)
{
	struct flow_dir d = {
		.fin_ns = take_time(b),
		.fin_last_ns = take_time(b),
		.fin_acked_ns = take_time(b),
		.fin_acked_plain_ns = take_time(b),
		.rst_ns = take_time(b),
		.last_data_ns = take_time(b),
		.packets = take(b) % 4,
		.syn = take(b) % 4,
		.rst = take(b) % 4,
	};
	uint8_t bits = take(b);

	d.fin = d.fin_ns >= 0;
	d.fin_acked_ns = not_before(d.fin_acked_ns, d.fin_ns);
	d.fin_acked_plain_ns = not_before(d.fin_acked_plain_ns, d.fin_ns);
	d.fin_acked_by_fin = bits & 1;
	d.rst_exact = bits & 2;
	return d;
}

static struct flow take_flow(struct bytes *b)
{
	struct flow f = { .dir = { take_dir(b), take_dir(b) } };
	uint8_t bits = take(b);

	f.reopened_ns = take_time(b);
	f.rst_in_time_wait_ns = take_time(b);
	f.data_after_fin_bytes = take(b) % 2;
	f.first_fin = (int8_t)(take(b) % 3 - 1);
	f.first_rst = (int8_t)(take(b) % 3 - 1);
	f.syn_answer = take(b) % (SYN_ANSWER_REFUSED + 1);
	f.fins_crossed = bits & 1;
	f.rst_after_fin = bits & 2;
	f.late_data_rst = bits & 4;
	f.rst_in_time_wait = bits & 8;
	f.began_inside = bits & 16;
	f.ended_inside = bits & 32;
	return f;
}

static void check_times(const struct flow *f, const struct teardown *t)
{
	for (int side = 0; side < SIDE_COUNT; side++) {
		int64_t ns = t->time_wait_ns[side];

		assert(ns >= -1);
		if (ns < 0)
			continue;
		assert(ns >= f->dir[0].fin_ns && ns >= f->dir[1].fin_ns);
		assert(f->dir[0].fin > 0 && f->dir[1].fin > 0);
		assert(f->dir[0].fin_acked_plain_ns >= 0 && f->dir[1].fin_acked_plain_ns >= 0);
	}
}

static void check_holder(const struct teardown *t)
{
	bool client = t->time_wait_ns[SIDE_CLIENT] >= 0, server = t->time_wait_ns[SIDE_SERVER] >= 0;

	assert(t->class != TEARDOWN_PARTIAL || t->holder == SIDES_UNKNOWN);
	if (t->holder == SIDES_UNKNOWN)
		return;
	assert(client == (t->holder == SIDES_CLIENT || t->holder == SIDES_BOTH));
	assert(server == (t->holder == SIDES_SERVER || t->holder == SIDES_BOTH));
}

/* What the name of a class says about the connection. */
static void check_class(const struct flow *f, const struct teardown *t)
{
	bool fins = f->dir[0].fin > 0 && f->dir[1].fin > 0;

	assert(t->class < TEARDOWN_CLASS_COUNT);
	switch (t->class) {
	case TEARDOWN_REUSED_IN_TIME_WAIT:
		assert(f->reopened_ns >= 0 && fins);
		break;
	case TEARDOWN_ORDERLY_3:
	case TEARDOWN_ORDERLY_4:
	case TEARDOWN_HALF_CLOSE:
	case TEARDOWN_SIMULTANEOUS:
	case TEARDOWN_RESET_AFTER_BOTH_FINS:
		assert(fins);
		break;
	case TEARDOWN_REFUSED:
		assert(t->first_rst == SIDES_SERVER && f->first_fin < 0);
		break;
	case TEARDOWN_ABORT:
		assert(t->first_rst == SIDES_CLIENT);
		break;
	case TEARDOWN_ABORT_BY_RESPONDER:
		assert(t->first_rst == SIDES_SERVER);
		break;
	case TEARDOWN_CONNECT_TIMEOUT:
		assert(f->dir[1].packets == 0);
		break;
	case TEARDOWN_NEVER_CLOSED:
		assert(f->first_fin < 0 && f->first_rst < 0);
		break;
	default:
		break;
	}
}

static void shift(int64_t *ns)
{
	*ns += *ns >= 0 ? 1000 : 0;
}

static void check_shifted(struct flow f, const struct teardown *t)
{
	struct teardown later;

	for (int d = 0; d < 2; d++) {
		shift(&f.dir[d].fin_ns);
		shift(&f.dir[d].fin_last_ns);
		shift(&f.dir[d].fin_acked_ns);
		shift(&f.dir[d].fin_acked_plain_ns);
		shift(&f.dir[d].rst_ns);
		shift(&f.dir[d].last_data_ns);
	}
	shift(&f.reopened_ns);
	shift(&f.rst_in_time_wait_ns);
	later = classify(&f);
	assert(later.class == t->class && later.holder == t->holder);
}

static enum sides mirrored(enum sides s)
{
	return s == SIDES_CLIENT ? SIDES_SERVER : s == SIDES_SERVER ? SIDES_CLIENT : s;
}

/* Who began matters to two classes, and to the names of two. */
static void check_mirrored(struct flow f, const struct teardown *t)
{
	struct flow_dir first = f.dir[0];
	struct teardown m;
	enum teardown_class class = t->class == TEARDOWN_ABORT ? TEARDOWN_ABORT_BY_RESPONDER
				    : t->class == TEARDOWN_ABORT_BY_RESPONDER ? TEARDOWN_ABORT
									      : t->class;

	f.dir[0] = f.dir[1];
	f.dir[1] = first;
	f.first_fin = (int8_t)(f.first_fin < 0 ? -1 : !f.first_fin);
	f.first_rst = (int8_t)(f.first_rst < 0 ? -1 : !f.first_rst);
	m = classify(&f);
	assert(m.first_fin == mirrored(t->first_fin) && m.first_rst == mirrored(t->first_rst));
	assert(m.time_wait_ns[0] == t->time_wait_ns[1] && m.time_wait_ns[1] == t->time_wait_ns[0]);
	if (class == TEARDOWN_REFUSED || class == TEARDOWN_CONNECT_TIMEOUT ||
	    m.class == TEARDOWN_REFUSED || m.class == TEARDOWN_CONNECT_TIMEOUT)
		return;
	assert(m.class == class && m.holder == mirrored(t->holder));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	struct flow f = take_flow(&b);
	struct teardown t = classify(&f);

	check_times(&f, &t);
	check_holder(&t);
	check_class(&f, &t);
	check_shifted(f, &t);
	check_mirrored(f, &t);
	return 0;
}
