/* Bytes of a packet.  First byte: link type; second: how much longer than captured it was. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "capture/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int linktypes[] = { 1,   276, 113, 0,   108, 12,  228, 9999, 9,   50,
					 51,  166, 204, 104, 107, 105, 127, 119,  163, 10,
					 6,   122, 11,  123, 138, 242, 219, 109,  226, 8,
					 117, 239, 240, 192, 149, 258, 229, 14,   100, 101 };
	struct segment s = { 0 }, by_layers = { 0 };
	enum segment_status st;
	int linktype;
	uint32_t caplen, wirelen;

	if (size < 2)
		return 0;
	caplen = (uint32_t)(size - 2);
	wirelen = caplen + data[1] * 64u;
	linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(linktypes[0]))];
	st = segment_decode(linktype, data + 2, caplen, wirelen, &s);
	assert(st == segment_decode_layers(linktype, data + 2, caplen, wirelen, &by_layers));
	assert(memcmp(&s, &by_layers, offsetof(struct segment, goes_on) + 1) == 0); /* no padding */
	assert(st < SEGMENT_STATUS_COUNT);
	if (st == SEGMENT_OK && data[0] < 8)
		assert(segment_knows(linktypes[data[0]]));
	if (st != SEGMENT_OK && st != SEGMENT_UDP)
		return 0;
	assert(s.tuple.a.family == 4 || s.tuple.a.family == 6);
	assert(s.tuple.a.family == s.tuple.b.family);
	assert(s.payload_bytes < wirelen || s.payload_bytes < UINT16_MAX);
	return 0;
}
