/*
 * wake: being awake at a moment, on a machine that wakes sleepers late.
 *
 * How late differs by machine and by minute: a guest whose processor was given away meanwhile is woken ten
 * times later than who has it to himself.  So whoever must be on time asks to be woken earlier by as much as it
 * was late lately, and waits out the rest awake.
 */
#ifndef TWBENCH_BASE_WAKE_H
#define TWBENCH_BASE_WAKE_H

#include <stdint.h>

#include "base/mono.h"

#define WAKE_AHEAD_MIN_NS (20 * NS_PER_US)
#define WAKE_AHEAD_MAX_NS (500 * NS_PER_US) /* who was later was not woken late, but had no processor */

struct wake {
	int64_t ahead_ns; /* how long before the moment to be woken, ns */
	int64_t awake_ns; /* what was waited awake in all, ns: CPU time that is nobody's but the clock's */
};

void wake_init(struct wake *w);

/* It was woken `late_ns` after it had asked to be. */
void wake_learn(struct wake *w, int64_t late_ns);

/* It looked at the clock twice and only waited in between, awake. */
void wake_waited(struct wake *w, int64_t from_ns, int64_t to_ns);

/* Of a thread's CPU time what is not waiting awake, ns. */
int64_t wake_less(const struct wake *w, int64_t cpu_ns);

#endif
