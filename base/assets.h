/*
 * assets: the data files that travel inside the program (scenarios, schemas, graph scripts), so that it
 * works from any directory and after `make install`.  The table is made by the Makefile.
 */
#ifndef TWBENCH_BASE_ASSETS_H
#define TWBENCH_BASE_ASSETS_H

#include <stddef.h>

struct asset {
	const char *name; /* path in the source tree: "fixtures/scenarios/seed.json" */
	const char *data; /* `size` bytes, then a NUL that is not counted */
	size_t size;
};

extern const struct asset assets[];
extern const size_t assets_count;

/* NULL if there is none of that name. */
const struct asset *asset_find(const char *name);

#endif
