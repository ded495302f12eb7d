#include "base/roomy.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LARGE ((size_t)2 << 20)

void roomy_prefer_large(void *at, size_t bytes)
{
	size_t skip = (LARGE - (uintptr_t)at % LARGE) % LARGE;

	if (bytes >= skip + LARGE) /* a hint: without large pages nothing is lost but time */
		(void)madvise((char *)at + skip, (bytes - skip) / LARGE * LARGE, MADV_HUGEPAGE);
}

static void *in_large_pages(void *p, size_t size)
{
	if (p)
		roomy_prefer_large(p, size);
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
