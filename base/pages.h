/*
 * pages: large memory, of which the untouched part costs nothing.
 *
 * Each page that is touched for the first time is a fault; where the need is known, asking for many
 * at once is several times cheaper.
 */
#ifndef TWBENCH_BASE_PAGES_H
#define TWBENCH_BASE_PAGES_H

#include <stddef.h>

/* Zeroed, at the start of a cache line; NULL: no memory.  Give it back with the same size. */
void *pages_new(size_t bytes);
void pages_free(void *at, size_t bytes); /* NULL is nothing */

/* Best effort: whole pages within `bytes` from `at` on are made present now (madvise(2)). */
void pages_make_present(void *at, size_t bytes);

/*
 * Best effort: from the second 2 MB on in pages of 2 MB, which are fewer to fault in and to look up.
 * What stays smaller is spared the clearing of a whole one.
 */
void pages_prefer_large(void *at, size_t bytes);

#endif
