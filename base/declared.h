/*
 * declared: what one row of the strategy table promises of every healthy connection.
 *
 * Kept in base because three read it: the run (bench/strategy.c holds the table), the record (a
 * copy travels with each case) and reconciliation (which must not know bench/).
 */
#ifndef TWBENCH_BASE_DECLARED_H
#define TWBENCH_BASE_DECLARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/side.h"
#include "base/teardown.h"

/* Counter increments at one side per healthy connection (names of net/ipv4/proc.c). */
struct declared_counters {
	int8_t time_wait;        /* TW + TWKilled + TCPTimeWaitOverflow: minisocks made */
	int8_t out_rsts;         /* OutRsts */
	int8_t estab_resets;     /* EstabResets */
	int8_t abort_on_data;    /* TCPAbortOnData */
	int8_t abort_on_close;   /* TCPAbortOnClose */
	int8_t abort_on_linger;  /* TCPAbortOnLinger */
};

struct declared {
	enum outcome outcome;    /* what the client's application is told */
	enum sides first_fin;
	enum sides rst_from;     /* who sends a RST; SIDES_NONE: no RST crosses the wire */
	enum sides time_wait;    /* who holds TIME_WAIT when all is over */
	uint32_t classes;        /* bit set over enum teardown_class: what the wire may show */
	struct declared_counters counters[SIDE_COUNT];
};

#define CLASS_BIT(c) (UINT32_C(1) << (c))

/* Does one end never close?  How such a connection ends, and when, is up to the other end's kernel. */
static inline bool declared_unanswered(const struct declared *d)
{
	return d->classes & CLASS_BIT(TEARDOWN_FIN_UNANSWERED);
}

#endif
