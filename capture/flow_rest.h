/*
 * flow_rest: a connection at rest: `struct live` in as few bytes as its values need.
 *
 * Private to the flow table.  Exact for every value that a connection can have: what was packed
 * comes back bit for bit, but for what the table keeps itself (last_ns, place).  A field is stored
 * as its difference from what it mostly is, given those before it, and not at all if that is none.
 */
#ifndef TWBENCH_CAPTURE_FLOW_REST_H
#define TWBENCH_CAPTURE_FLOW_REST_H

#include <stddef.h>
#include <stdint.h>

#include "capture/flow_live.h"

#define REST_BYTES_MAX 656 /* no connection takes more; flow_rest.c counts */

struct rest {
	const uint8_t *bytes; /* within room */
	size_t count;
	uint8_t room[REST_BYTES_MAX];
};

void rest_pack(const struct live *l, struct rest *ret);

/* Everything but `place`.  `bytes` came from rest_pack(), `last_ns` was that connection's. */
void rest_unpack(const uint8_t *bytes, int64_t last_ns, struct live *ret);

/* The number alone; the first 10 bytes are looked at. */
uint64_t rest_number(const uint8_t *bytes);

#endif
