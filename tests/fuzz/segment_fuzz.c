/* Bytes of a packet.  First byte: link type; second: how much longer than captured it was. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int linktypes[] = { 1, 276, 113, 0, 108, 12, 228, 9999 };
	struct segment s = { 0 };
	enum segment_status st;
	uint32_t caplen, wirelen;

	if (size < 2)
		return 0;
	caplen = (uint32_t)(size - 2);
	wirelen = caplen + data[1] * 64u;
	st = segment_decode(linktypes[data[0] & 7], data + 2, caplen, wirelen, &s);
	assert(st < SEGMENT_STATUS_COUNT);
	if (st != SEGMENT_OK && st != SEGMENT_UDP)
		return 0;
	assert(s.tuple.a.family == 4 || s.tuple.a.family == 6);
	assert(s.tuple.a.family == s.tuple.b.family);
	assert(s.payload_bytes < wirelen);
	return 0;
}
