#include "capture/pcapread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mono.h"

#define CAPLEN_MAX    262144u /* libpcap's MAXIMUM_SNAPLEN */
#define RECORD_BYTES  16u
#define MAGIC_US      UINT32_C(0xa1b2c3d4)
#define MAGIC_NS      UINT32_C(0xa1b23c4d)
#define MAGIC_ORDER   UINT32_C(0x1a2b3c4d)
#define LINKTYPE_MASK UINT32_C(0x03ffffff) /* the rest tells of frame check sequences */

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_PACKET = 6,
};
#define BLOCK_SECTION UINT32_C(0x0a0d0d0a)

enum { BLOCK_OPTION_END = 0, BLOCK_OPTION_RESOLUTION = 9, BLOCK_OPTION_OFFSET = 14 };

static uint32_t word_at(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static uint16_t half_at(const uint8_t *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap16(v) : v;
}

/* --- beginning ------------------------------------------------------------------------------- */

static bool is_magic(uint32_t v)
{
	return v == MAGIC_US || v == MAGIC_NS;
}

bool pcapread_knows(const uint8_t *header)
{
	bool swapped = is_magic(__builtin_bswap32(word_at(header, false)));
	uint32_t order = word_at(header + 8, false);

	if (word_at(header, false) == BLOCK_SECTION)
		return order == MAGIC_ORDER || __builtin_bswap32(order) == MAGIC_ORDER;
	if (!swapped && !is_magic(word_at(header, false)))
		return false;
	return half_at(header + 4, swapped) == 2 && half_at(header + 6, swapped) == 4;
}

int pcapread_init(struct pcapread *r, int fd, const uint8_t *header)
{
	*r = (struct pcapread){ .ng = word_at(header, false) == BLOCK_SECTION };
	r->interface = calloc(r->ng ? PCAPREAD_INTERFACES_MAX : 1, sizeof(*r->interface));
	if (!r->interface || filebuf_init(&r->in, fd, header, PCAPREAD_HEADER_BYTES) != 0) {
		pcapread_release(r);
		return -ENOMEM;
	}
	if (r->ng)
		return 0; /* the header is a block like any other */
	r->swapped = !is_magic(word_at(header, false));
	r->interface_count = 1;
	*r->interface = (struct pcapread_interface){
		.linktype = (int)(word_at(header + 20, r->swapped) & LINKTYPE_MASK),
		.snaplen = word_at(header + 16, r->swapped),
		.per_s = word_at(header, r->swapped) == MAGIC_NS ? NS_PER_S : NS_PER_S / NS_PER_US,
	};
	r->unit_ns = NS_PER_S / r->interface->per_s;
	r->in.at = PCAPREAD_HEADER_BYTES;
	return 0;
}

void pcapread_release(struct pcapread *r)
{
	if (!r)
		return;
	free(r->interface);
	r->interface = NULL;
	filebuf_release(&r->in);
}

/* --- endings --------------------------------------------------------------------------------- */

static bool stop(struct pcapread *r)
{
	r->in.ended = true;
	r->in.at = r->in.end;
	return false;
}

/* The file has no `want` bytes more.  That is its end if it has none at all and `at_border`. */
static bool stop_short(struct pcapread *r, const char *what, size_t want, bool at_border)
{
	size_t left = r->in.end - r->in.at;

	if (r->in.error)
		(void)snprintf(r->broken, sizeof(r->broken), "cannot read on: %s",
			       strerror(r->in.error));
	else if (left > 0 || !at_border)
		(void)snprintf(r->broken, sizeof(r->broken),
			       "the file ends within %s: %zu of %zu bytes", what, left, want);
	return stop(r);
}

static bool stop_nonsense(struct pcapread *r, const char *what, uint32_t value)
{
	(void)snprintf(r->broken, sizeof(r->broken), "nonsense in the file: %s %u", what, value);
	return stop(r);
}

/* --- pcap ------------------------------------------------------------------------------------ */

static bool next_plain(struct pcapread *r, struct pcapread_packet *ret)
{
	const uint8_t *p;
	uint32_t caplen;

	if (!filebuf_have(&r->in, RECORD_BYTES))
		return stop_short(r, "a packet's header", RECORD_BYTES, true);
	caplen = word_at(r->in.bytes + r->in.at + 8, r->swapped);
	if (caplen > CAPLEN_MAX)
		return stop_nonsense(r, "a packet's length of", caplen);
	if (!filebuf_have(&r->in, RECORD_BYTES + caplen))
		return stop_short(r, "a packet", RECORD_BYTES + caplen, false);
	p = r->in.bytes + r->in.at;
	*ret = (struct pcapread_packet){
		.t_ns = word_at(p, r->swapped) * NS_PER_S + word_at(p + 4, r->swapped) * r->unit_ns,
		.bytes = p + RECORD_BYTES,
		.caplen = caplen,
		.wirelen = word_at(p + 12, r->swapped),
		.linktype = r->interface->linktype,
	};
	r->in.at += RECORD_BYTES + caplen;
	return true;
}

/* --- pcapng ---------------------------------------------------------------------------------- */

/* Units of the interface's clock -> ns, without overflow on the way. */
static int64_t to_ns(const struct pcapread_interface *i, uint64_t units)
{
	uint64_t s, rest, ns;

	if (i->per_s < 0) {
		unsigned power = (unsigned)-i->per_s;

		s = power < 64 ? units >> power : 0;
		rest = power < 64 ? units & ((UINT64_C(1) << power) - 1) : units;
		if (power > 30) {
			rest = power - 30 < 64 ? rest >> (power - 30) : 0;
			power = 30;
		}
		ns = rest * (uint64_t)NS_PER_S >> power;
	} else {
		uint64_t per_s = (uint64_t)i->per_s;

		s = units / per_s;
		rest = units % per_s;
		ns = per_s > (uint64_t)NS_PER_S ? rest / (per_s / (uint64_t)NS_PER_S)
						: rest * ((uint64_t)NS_PER_S / per_s);
	}
	if (s > (uint64_t)(INT64_MAX / NS_PER_S / 2)) /* no clock shows such a year */
		s = (uint64_t)(INT64_MAX / NS_PER_S / 2);
	return ((int64_t)s + i->offset_s) * NS_PER_S + (int64_t)ns;
}

/* if_tsresol: a power of 10, or with the highest bit set of 2. */
static int64_t resolution(uint8_t v)
{
	int64_t per_s = 1;

	if (v & 0x80)
		return (v & 0x7f) == 0 ? 1 : -(int64_t)(v & 0x7f);
	for (int i = 0; i < v && i < 18; i++)
		per_s *= 10;
	return per_s;
}

static void read_options(const struct pcapread *r, const uint8_t *p, size_t n,
			 struct pcapread_interface *i)
{
	while (n >= 4) {
		uint16_t code = half_at(p, r->swapped), bytes = half_at(p + 2, r->swapped);
		size_t padded = (bytes + 3u) & ~3u;

		if (code == BLOCK_OPTION_END || padded > n - 4)
			return;
		if (code == BLOCK_OPTION_RESOLUTION && bytes == 1)
			i->per_s = resolution(p[4]);
		if (code == BLOCK_OPTION_OFFSET && bytes == 8) /* within some 70 years either way */
			i->offset_s = (int32_t)word_at(p + (r->swapped ? 8 : 4), r->swapped);
		p += 4 + padded;
		n -= 4 + padded;
	}
}

static bool add_interface(struct pcapread *r, const uint8_t *body, size_t n)
{
	struct pcapread_interface *i = &r->interface[r->interface_count];

	if (n < 8)
		return stop_nonsense(r, "an interface's description of", (uint32_t)n);
	if (r->interface_count == PCAPREAD_INTERFACES_MAX)
		return stop_nonsense(r, "more interfaces than", PCAPREAD_INTERFACES_MAX);
	*i = (struct pcapread_interface){ .linktype = half_at(body, r->swapped),
					  .snaplen = word_at(body + 4, r->swapped),
					  .per_s = NS_PER_S / NS_PER_US };
	read_options(r, body + 8, n - 8, i);
	r->interface_count++;
	return true;
}

/* Enhanced and obsolete packet blocks differ in how they number the interface. */
static bool read_packet(struct pcapread *r, uint32_t type, const uint8_t *body, size_t n,
			struct pcapread_packet *ret)
{
	const struct pcapread_interface *i;
	uint32_t number, caplen;

	if (n < 20)
		return stop_nonsense(r, "a packet's block of", (uint32_t)n);
	number = type == BLOCK_PACKET ? word_at(body, r->swapped) : half_at(body, r->swapped);
	caplen = word_at(body + 12, r->swapped);
	if (number >= r->interface_count)
		return stop_nonsense(r, "a packet of interface", number);
	if (caplen > n - 20)
		return stop_nonsense(r, "a packet's length of", caplen);
	i = &r->interface[number];
	r->last_ns = to_ns(i, (uint64_t)word_at(body + 4, r->swapped) << 32 |
				      word_at(body + 8, r->swapped));
	*ret = (struct pcapread_packet){ .t_ns = r->last_ns,
					 .bytes = body + 20,
					 .caplen = caplen,
					 .wirelen = word_at(body + 16, r->swapped),
					 .linktype = i->linktype };
	return true;
}

/* No time and no captured length: the one is the last, the other follows from the block. */
static bool read_simple(struct pcapread *r, const uint8_t *body, size_t n,
			struct pcapread_packet *ret)
{
	uint32_t wirelen, caplen;

	if (n < 4 || r->interface_count == 0)
		return stop_nonsense(r, "a simple packet's block of", (uint32_t)n);
	wirelen = word_at(body, r->swapped);
	caplen = wirelen < n - 4 ? wirelen : (uint32_t)n - 4;
	if (r->interface->snaplen > 0 && caplen > r->interface->snaplen)
		caplen = r->interface->snaplen;
	*ret = (struct pcapread_packet){ .t_ns = r->last_ns,
					 .bytes = body + 4,
					 .caplen = caplen,
					 .wirelen = wirelen,
					 .linktype = r->interface->linktype };
	return true;
}

/* Type and length of the next block, whose byte order a section header changes. */
static bool read_block_head(struct pcapread *r, uint32_t *ret_type, uint32_t *ret_bytes)
{
	const uint8_t *p;

	if (!filebuf_have(&r->in, 12))
		return stop_short(r, "a block's header", 12, true);
	p = r->in.bytes + r->in.at;
	if (word_at(p, false) == BLOCK_SECTION) {
		r->swapped = word_at(p + 8, false) != MAGIC_ORDER;
		if (word_at(p + 8, r->swapped) != MAGIC_ORDER)
			return stop_nonsense(r, "a byte order of", word_at(p + 8, false));
		r->interface_count = 0;
	}
	*ret_type = word_at(p, r->swapped);
	*ret_bytes = word_at(p + 4, r->swapped);
	if (*ret_bytes < 12 || *ret_bytes % 4 != 0)
		return stop_nonsense(r, "a block's length of", *ret_bytes);
	return true;
}

static bool next_ng(struct pcapread *r, struct pcapread_packet *ret)
{
	uint32_t type = 0, bytes = 0;

	while (read_block_head(r, &type, &bytes)) {
		bool packet = type == BLOCK_PACKET || type == BLOCK_PACKET_OLD ||
			      type == BLOCK_PACKET_SIMPLE;
		const uint8_t *body;

		if (!packet && type != BLOCK_INTERFACE) {
			if (!filebuf_skip(&r->in, bytes))
				return stop_short(r, "a block", bytes, false);
			continue;
		}
		if (bytes > FILEBUF_BYTES)
			return stop_nonsense(r, "a block's length of", bytes);
		if (!filebuf_have(&r->in, bytes))
			return stop_short(r, "a block", bytes, false);
		body = r->in.bytes + r->in.at + 8;
		r->in.at += bytes;
		if (type == BLOCK_PACKET_SIMPLE)
			return read_simple(r, body, bytes - 12, ret);
		if (packet)
			return read_packet(r, type, body, bytes - 12, ret);
		if (!add_interface(r, body, bytes - 12))
			return false;
	}
	return false;
}

bool pcapread_next(struct pcapread *r, struct pcapread_packet *ret)
{
	return r->ng ? next_ng(r, ret) : next_plain(r, ret);
}
