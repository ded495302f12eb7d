/*
 * flow_guess: what a field of a connection mostly is, given others.  Private to capture/flow_rest.c.
 *
 * Any guess will do: a bad one costs bytes.  `d` is the direction whose field it is.
 */
#ifndef TWBENCH_CAPTURE_FLOW_GUESS_H
#define TWBENCH_CAPTURE_FLOW_GUESS_H

#include <stdint.h>

#include "capture/flow_live.h"

static inline uint64_t zero(const struct live *l, int d)
{
	(void)l, (void)d;
	return 0;
}

static inline uint64_t never(const struct live *l, int d)
{
	(void)l, (void)d;
	return UINT64_MAX; /* a time of -1, a place of NOWHERE */
}

static inline uint64_t first(const struct live *l, int d)
{
	(void)d;
	return (uint64_t)l->first_ns;
}

static inline uint64_t last(const struct live *l, int d)
{
	(void)d;
	return (uint64_t)l->last_ns;
}

/* The ACK of the first FIN rides on the second; that of the second ends the connection. */
static inline uint64_t second_fin(const struct live *l, int d)
{
	return (uint64_t)(l->more[d].fin_ns < l->more[!d].fin_ns ? l->more[!d].fin_ns : l->last_ns);
}

static inline uint64_t own_fin(const struct live *l, int d)
{
	return (uint64_t)(l->more[d].fin_ns >= 0 ? l->more[d].fin_ns : l->last_ns);
}

static inline uint64_t fin_time(const struct live *l, int d)
{
	return (uint64_t)l->more[d].fin_ns;
}

static inline uint64_t acked_time(const struct live *l, int d)
{
	return (uint64_t)l->more[d].fin_acked_ns;
}

static inline uint64_t newest_data(const struct live *l, int d)
{
	int64_t x = l->more[d].last_data_ns, y = l->more[!d].last_data_ns;

	return (uint64_t)(x > y ? x : y);
}

static inline uint64_t own_isn(const struct live *l, int d)
{
	return l->more[d].isn;
}

static inline uint64_t peer_next(const struct live *l, int d)
{
	return l->has_ack[d] ? l->dir[!d].next : 0;
}

static inline uint64_t fin_place(const struct live *l, int d)
{
	return l->has_fin[d] ? l->dir[d].next - 1 : 0;
}

static inline uint64_t fin_peer(const struct live *l, int d)
{
	return l->has_fin[d] ? l->dir[!d].next : 0;
}

static inline uint64_t same_fin(const struct live *l, int d)
{
	return l->more[d].fin_seq;
}

static inline uint64_t data_place(const struct live *l, int d)
{
	return l->more[d].payload_bytes > 0 ? l->dir[d].next - l->has_fin[d] : 0;
}

static inline uint64_t rst_place(const struct live *l, int d)
{
	return l->more[d].rst_ns >= 0 ? l->dir[d].next : 0;
}

/* Of the end of a hole: where it begins. */
#define HOLE_GUESS(i)                                                                              \
	static inline uint64_t hole_##i(const struct live *l, int d)                               \
	{                                                                                          \
		return l->more[d].holes.hole[i].from;                                              \
	}
HOLE_GUESS(0)
HOLE_GUESS(1)
HOLE_GUESS(2)
HOLE_GUESS(3)
#undef HOLE_GUESS

static inline uint64_t any_isn(const struct live *l, int d)
{
	return l->has_isn[d];
}

static inline uint64_t any_fin(const struct live *l, int d)
{
	return l->has_fin[d];
}

static inline uint64_t any_data(const struct live *l, int d)
{
	return l->more[d].payload_bytes > 0;
}

#endif
