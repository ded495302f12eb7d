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
	uint8_t *map;
	size_t map_size;
};

/* A copy of `size` bytes whose last byte is the last of its page.  Free with guard_free. */
static uint8_t *guard_copy(struct guard *g, const void *bytes, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (size + page) / page * page;

	g->map_size = room + page;
	g->map = mmap(NULL, g->map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->map == MAP_FAILED || mprotect(g->map + room, page, PROT_NONE) != 0)
		abort();
	if (size > 0)
		memcpy(g->map + room - size, bytes, size);
	return g->map + room - size;
}

static void guard_free(struct guard *g)
{
	munmap(g->map, g->map_size);
}

#endif
