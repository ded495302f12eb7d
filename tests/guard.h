/*
 * guard: input that ends at an unmapped page, so that reading one byte too far crashes without
 * any sanitizer (the trick is picohttpparser's).
 */
#ifndef TWBENCH_TESTS_GUARD_H
#define TWBENCH_TESTS_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	uint8_t *map, *end;
	size_t map_size;
};

/* Room for `size` bytes.  Free with guard_free. */
static void guard_open(struct guard *g, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (size + page) / page * page;

	g->map_size = room + page;
	g->map = mmap(NULL, g->map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->map == MAP_FAILED || mprotect(g->map + room, page, PROT_NONE) != 0)
		abort();
	g->end = g->map + room;
}

/* A copy whose last byte is the last of its page; it stands until the next one. */
static uint8_t *guard_put(struct guard *g, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(g->end - size, bytes, size);
	return g->end - size;
}

/* Both.  Free with guard_free. */
static inline uint8_t *guard_copy(struct guard *g, const void *bytes, size_t size)
{
	guard_open(g, size);
	return guard_put(g, bytes, size);
}

static void guard_free(struct guard *g)
{
	munmap(g->map, g->map_size);
}

#endif
