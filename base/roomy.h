/*
 * roomy: memory for a hundred megabytes that will all be used.  Its pages are asked for in large ones:
 * on a virtual machine the faults of small ones take longer than the work on them.
 */
#ifndef TWBENCH_BASE_ROOMY_H
#define TWBENCH_BASE_ROOMY_H

#include <stddef.h>

/* As malloc and calloc; free with free. */
void *roomy_malloc(size_t size);
void *roomy_calloc(size_t count, size_t size);

/* The same for memory that is there: the whole large pages within it.  Best effort (madvise(2)). */
void roomy_prefer_large(void *at, size_t bytes);

#endif
