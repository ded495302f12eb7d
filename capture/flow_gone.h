/*
 * flow_gone: which 4-tuples the flow table put out before their handshake was over.  Private to it.
 *
 * A set that may take a stranger for one of its own, the more often the more it holds, and never
 * the other way round: bits, at the place that a hash says.  The hash has no key, so that the same
 * capture always gives the same answer.
 */
#ifndef TWBENCH_CAPTURE_FLOW_GONE_H
#define TWBENCH_CAPTURE_FLOW_GONE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/tuple_hash.h"

#define GONE_BITS_LEAST  (UINT64_C(1) << 16)
#define GONE_BITS_A_FLOW 32

struct gone {
	uint64_t *word;
	uint64_t mask; /* of bits */
};

/* For a table of up to `max` connections.  Returns 0 or -1: no memory. */
static inline int gone_init(struct gone *g, uint64_t max)
{
	uint64_t bits = GONE_BITS_LEAST;

	while (bits < max * GONE_BITS_A_FLOW)
		bits *= 2;
	g->mask = bits - 1;
	g->word = calloc(bits / 64, sizeof(*g->word)); /* untouched pages cost nothing */
	return g->word ? 0 : -1;
}

static inline void gone_add(struct gone *g, const struct tuple *t)
{
	uint64_t bit = tuple_hash_undirected(t, 0) & g->mask;

	g->word[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Is it one of them?  Now no longer. */
static inline bool gone_take(struct gone *g, const struct tuple *t)
{
	uint64_t bit = tuple_hash_undirected(t, 0) & g->mask, one = UINT64_C(1) << bit % 64;
	bool was = g->word[bit / 64] & one;

	g->word[bit / 64] &= ~one;
	return was;
}

#endif
