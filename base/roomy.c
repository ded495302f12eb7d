#include "base/roomy.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LARGE ((size_t)2 << 20)

static void *in_large_pages(void *p, size_t size)
{
	size_t skip = p ? (LARGE - (uintptr_t)p % LARGE) % LARGE : 0;

	if (p && size >= skip + LARGE) /* a hint: without large pages nothing is lost but time */
		(void)madvise((char *)p + skip, (size - skip) / LARGE * LARGE, MADV_HUGEPAGE);
	return p;
}

void *roomy_malloc(size_t size)
{
	return in_large_pages(malloc(size), size);
}

void *roomy_calloc(size_t count, size_t size)
{
	return in_large_pages(calloc(count, size), count * size); /* NULL when that overflows */
}
