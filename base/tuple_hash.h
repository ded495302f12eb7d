/*
 * tuple_hash: hash of a 4-tuple, equal for both directions of a connection; keyed, so that hostile
 * captures cannot aim.
 *
 * The halves of a 128-bit product folded onto each other, with a secret factor for each endpoint
 * (the mixing step of wyhash: Wang, https://github.com/wangyi-fudan/wyhash), and their sum once
 * more.  No branch depends on the direction.
 */
#ifndef TWBENCH_BASE_TUPLE_HASH_H
#define TWBENCH_BASE_TUPLE_HASH_H

#include <stdint.h>
#include <string.h>

#include "base/tuple.h"

static inline uint64_t tuple_hash_fold(uint64_t x, uint64_t y)
{
#ifdef __SIZEOF_INT128__
	__extension__ unsigned __int128 product = (unsigned __int128)x * y;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t a = x >> 32, b = (uint32_t)x, c = y >> 32, d = (uint32_t)y;
	uint64_t middle = a * d + (b * d >> 32), other = b * c + (uint32_t)middle;

	return x * y ^ (a * c + (middle >> 32) + (other >> 32));
#endif
}

static inline uint64_t tuple_hash_end(const struct endpoint *e, uint64_t key)
{
	const uint64_t secret = key >> 32 ^ key << 32 ^ UINT64_C(0x243f6a8885a308d3); /* of pi */
	const uint64_t factor = key ^ UINT64_C(0x13198a2e03707344);
	uint64_t port = (uint64_t)e->port << 32 | (uint64_t)e->family << 48, high, low;
	uint32_t four;

	if (e->family == 4) {
		memcpy(&four, e->addr, sizeof(four));
		return tuple_hash_fold((port | four) ^ secret, factor);
	}
	memcpy(&high, e->addr, sizeof(high));
	memcpy(&low, e->addr + sizeof(high), sizeof(low));
	high = tuple_hash_fold(high ^ secret, factor);
	return tuple_hash_fold(tuple_hash_fold(low ^ high, factor) ^ port ^ secret, factor);
}

static inline uint64_t tuple_hash_undirected(const struct tuple *t, uint64_t key)
{
	uint64_t both = tuple_hash_end(&t->a, key) + tuple_hash_end(&t->b, key);

	return tuple_hash_fold(both ^ key, UINT64_C(0xa4093822299f31d1)); /* odd, of pi */
}

#endif
