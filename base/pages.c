#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/roomy.h"

#define PAGE_BYTES  4096u
#define LARGE_BYTES ((size_t)2 << 20)
#define SMALL_BYTES ((size_t)64 << 10) /* up to here the heap is cheaper, and guarded by sanitizers */
#define LINE_BYTES  64u
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

void *pages_new(size_t bytes)
{
	size_t whole = (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
	void *at;

	if (bytes <= SMALL_BYTES) {
		at = aligned_alloc(LINE_BYTES, whole);
		return at ? memset(at, 0, whole) : NULL;
	}
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void pages_free(void *at, size_t bytes)
{
	if (at && bytes <= SMALL_BYTES)
		free(at);
	else if (at)
		(void)munmap(at, bytes); /* fails only on nonsense */
}

void pages_make_present(void *at, size_t bytes)
{
	size_t before = -(uintptr_t)at % PAGE_BYTES;

	if (bytes > before) /* since Linux 5.14 */
		(void)madvise((char *)at + before, bytes - before, MADV_POPULATE_WRITE);
}

void pages_prefer_large(void *at, size_t bytes)
{
	if (bytes > LARGE_BYTES)
		roomy_prefer_large((char *)at + LARGE_BYTES, bytes - LARGE_BYTES);
}
