#include "capture/segment.h"

#include <stddef.h>
#include <string.h>

/*
 * What is left of a packet.  `cap` is where the captured bytes end, `wire` where the packet did;
 * at <= cap <= wire always holds, because nothing moves `at` without need() having agreed.
 */
struct cursor {
	const uint8_t *bytes;
	uint32_t at, cap, wire;
};

/* Every read is preceded by this: may the next `n` bytes be read? */
static enum segment_status need(const struct cursor *c, uint32_t n)
{
	if (n > c->wire - c->at)
		return SEGMENT_BAD;
	if (n > c->cap - c->at)
		return SEGMENT_CUT;
	return SEGMENT_OK;
}

/* The packet is over `n` bytes from here, whatever pads it on the wire. */
static enum segment_status narrow(struct cursor *c, uint32_t n)
{
	if (n > c->wire - c->at)
		return SEGMENT_BAD;
	c->wire = c->at + n;
	if (c->cap > c->wire)
		c->cap = c->wire;
	return SEGMENT_OK;
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* --- link layer: each finds the EtherType and leaves the cursor behind its header ------------ */

enum {
	ETHER_IP4 = 0x0800,
	ETHER_VLAN = 0x8100,
	ETHER_IP6 = 0x86dd,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTICAST = 0x8848,
	ETHER_QINQ = 0x88a8,
	ETHER_QINQ_OLD = 0x9100,
	ETHER_BY_VERSION = 0, /* ours: no EtherType, the IP version nibble tells */
	ETHER_OTHER = 1,      /* ours: something that is not IP */
};

#define TAGS_MAX 8 /* VLAN tags or MPLS labels: more is an attack, not a network */

static enum segment_status ethertype_at(struct cursor *c, uint32_t header_bytes, uint32_t type_at,
					uint16_t *ret_type)
{
	enum segment_status st = need(c, header_bytes);

	if (st != SEGMENT_OK)
		return st;
	*ret_type = be16(c->bytes + c->at + type_at);
	c->at += header_bytes;
	return SEGMENT_OK;
}

static enum segment_status link_ethernet(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 14, 12, ret_type);
}

static enum segment_status link_sll(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 16, 14, ret_type);
}

static enum segment_status link_sll2(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 20, 0, ret_type);
}

static enum segment_status link_raw(struct cursor *c, uint16_t *ret_type)
{
	(void)c; /* no header of its own */
	*ret_type = ETHER_BY_VERSION;
	return SEGMENT_OK;
}

/* Four bytes hold the AF_* of the machine that captured, in its byte order. */
static enum segment_status link_null(struct cursor *c, uint16_t *ret_type)
{
	static const uint32_t known[] = { 2, 10, 24, 28,
					  30 }; /* AF_INET; AF_INET6 of Linux, BSDs, macOS */
	enum segment_status st = need(c, 4);
	uint32_t family;

	if (st != SEGMENT_OK)
		return st;
	family = be32(c->bytes + c->at);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	c->at += 4;
	*ret_type = ETHER_OTHER;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (family == known[i])
			*ret_type = ETHER_BY_VERSION;
	return SEGMENT_OK;
}

static const struct {
	int linktype;
	enum segment_status (*decode)(struct cursor *c, uint16_t *ret_type);
} links[] = {
	{ 1, link_ethernet }, /* DLT_EN10MB */
	{ 276, link_sll2 },   /* DLT_LINUX_SLL2 */
	{ 113, link_sll },    /* DLT_LINUX_SLL */
	{ 0, link_null },     /* DLT_NULL */
	{ 108, link_null },   /* DLT_LOOP: the same, in network order */
	{ 12, link_raw },     /* DLT_RAW on most systems */
	{ 14, link_raw },     /* DLT_RAW on OpenBSD */
	{ 101, link_raw },    /* LINKTYPE_RAW, as files spell it */
	{ 228, link_raw },    /* DLT_IPV4 */
	{ 229, link_raw },    /* DLT_IPV6 */
};

bool segment_knows(int linktype)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].linktype == linktype)
			return true;
	return false;
}

static enum segment_status decode_link(int linktype, struct cursor *c, uint16_t *ret_type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].linktype == linktype)
			return links[i].decode(c, ret_type);
	return SEGMENT_NOT;
}

/* Labels end at the bottom-of-stack bit; the payload type is then a guess by its version. */
static enum segment_status skip_mpls(struct cursor *c)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		enum segment_status st = need(c, 4);

		if (st != SEGMENT_OK)
			return st;
		c->at += 4;
		if (c->bytes[c->at - 2] & 1)
			return SEGMENT_OK;
	}
	return SEGMENT_BAD;
}

static enum segment_status skip_tags(struct cursor *c, uint16_t *type)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		enum segment_status st;

		if (*type == ETHER_MPLS || *type == ETHER_MPLS_MULTICAST) {
			*type = ETHER_BY_VERSION;
			return skip_mpls(c);
		}
		if (*type != ETHER_VLAN && *type != ETHER_QINQ && *type != ETHER_QINQ_OLD)
			return SEGMENT_OK;
		st = ethertype_at(c, 4, 2, type);
		if (st != SEGMENT_OK)
			return st;
	}
	return SEGMENT_BAD;
}

/* --- network layer: each fills the addresses and leaves the cursor at the transport header --- */

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_DESTINATION = 60,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

#define EXTENSIONS_MAX 16

static enum segment_status decode_ip4(struct cursor *c, struct segment *s, uint8_t *ret_proto)
{
	const uint8_t *p = c->bytes + c->at;
	enum segment_status st = need(c, 20);
	uint32_t header_bytes, total_bytes;

	if (st != SEGMENT_OK)
		return st;
	header_bytes = (p[0] & 15u) * 4;
	total_bytes = be16(p + 2);
	if (total_bytes == 0)
		total_bytes = c->wire - c->at;
	if (p[0] >> 4 != 4 || header_bytes < 20 || header_bytes > total_bytes)
		return SEGMENT_BAD;
	st = narrow(c, total_bytes);
	if (st == SEGMENT_OK)
		st = need(c, header_bytes);
	if (st != SEGMENT_OK)
		return st;
	s->ip_id = be16(p + 4);
	s->tuple.a.family = s->tuple.b.family = 4;
	memcpy(s->tuple.a.addr, p + 12, 4);
	memcpy(s->tuple.b.addr, p + 16, 4);
	if (be16(p + 6) & 0x1fff)
		return SEGMENT_FRAGMENT;
	*ret_proto = p[9];
	c->at += header_bytes;
	return SEGMENT_OK;
}

/* How long the extension header `proto` at `p` is (8 bytes of it are there); 0: it is none. */
static uint32_t extension_bytes(uint8_t proto, const uint8_t *p)
{
	switch (proto) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return (p[1] + 1u) * 8;
	case PROTO_AH:
		return (p[1] + 2u) * 4;
	case PROTO_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

static bool is_extension(uint8_t proto)
{
	static const uint8_t zero[8];

	return extension_bytes(proto, zero) != 0;
}

static enum segment_status skip_extensions(struct cursor *c, uint8_t *proto)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		const uint8_t *p = c->bytes + c->at;
		enum segment_status st;
		uint32_t bytes;

		if (!is_extension(*proto))
			return SEGMENT_OK;
		st = need(c, 8);
		if (st != SEGMENT_OK)
			return st;
		if (*proto == PROTO_FRAGMENT && (be16(p + 2) & 0xfff8))
			return SEGMENT_FRAGMENT;
		bytes = extension_bytes(*proto, p);
		st = need(c, bytes);
		if (st != SEGMENT_OK)
			return st;
		*proto = p[0];
		c->at += bytes;
	}
	return SEGMENT_BAD;
}

static enum segment_status decode_ip6(struct cursor *c, struct segment *s, uint8_t *ret_proto)
{
	const uint8_t *p = c->bytes + c->at;
	enum segment_status st = need(c, 40);
	uint32_t payload_bytes;

	if (st != SEGMENT_OK)
		return st;
	if (p[0] >> 4 != 6)
		return SEGMENT_BAD;
	payload_bytes = be16(p + 4);
	if (payload_bytes > 0)
		st = narrow(c, 40 + payload_bytes);
	if (st != SEGMENT_OK)
		return st;
	s->tuple.a.family = s->tuple.b.family = 6;
	memcpy(s->tuple.a.addr, p + 8, 16);
	memcpy(s->tuple.b.addr, p + 24, 16);
	*ret_proto = p[6];
	c->at += 40;
	return skip_extensions(c, ret_proto);
}

static enum segment_status decode_ip(uint16_t type, struct cursor *c, struct segment *s,
				     uint8_t *ret_proto)
{
	if (type == ETHER_BY_VERSION) {
		enum segment_status st = need(c, 1);

		if (st != SEGMENT_OK)
			return st;
		type = c->bytes[c->at] >> 4 == 4   ? ETHER_IP4
		       : c->bytes[c->at] >> 4 == 6 ? ETHER_IP6
						   : ETHER_OTHER;
	}
	if (type == ETHER_IP4)
		return decode_ip4(c, s, ret_proto);
	if (type == ETHER_IP6)
		return decode_ip6(c, s, ret_proto);
	return SEGMENT_NOT;
}

/* --- transport layer ------------------------------------------------------------------------- */

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_TIMESTAMPS = 8 };

/* Look for timestamps in `n` bytes of options.  Nonsense ends the search: they decide nothing. */
static void decode_options(const uint8_t *p, uint32_t n, struct segment *s)
{
	for (uint32_t at = 0; at < n && p[at] != OPTION_END;) {
		if (p[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (n - at < 2 || p[at + 1] < 2 || p[at + 1] > n - at)
			return;
		if (p[at] == OPTION_TIMESTAMPS && p[at + 1] == 10) {
			s->ts_value = be32(p + at + 2);
			s->ts_echo = be32(p + at + 6);
			s->has_timestamps = true;
			return;
		}
		at += p[at + 1];
	}
}

static enum segment_status decode_tcp(struct cursor *c, struct segment *s)
{
	const uint8_t *p = c->bytes + c->at;
	enum segment_status st = need(c, 20);
	uint32_t header_bytes, captured_bytes;

	if (st != SEGMENT_OK)
		return st;
	header_bytes = (p[12] >> 4) * 4u;
	if (header_bytes < 20 || header_bytes > c->wire - c->at)
		return SEGMENT_BAD;
	s->tuple.a.port = be16(p);
	s->tuple.b.port = be16(p + 2);
	s->seq = be32(p + 4);
	s->ack = be32(p + 8);
	s->flags = p[13] & 63;
	s->window = be16(p + 14);
	s->payload_bytes = c->wire - c->at - header_bytes;
	captured_bytes = c->cap - c->at;
	decode_options(p + 20, (captured_bytes < header_bytes ? captured_bytes : header_bytes) - 20,
		       s);
	return SEGMENT_OK;
}

static enum segment_status decode_udp(struct cursor *c, struct segment *s)
{
	const uint8_t *p = c->bytes + c->at;
	enum segment_status st = need(c, 8);
	uint32_t bytes;

	if (st != SEGMENT_OK)
		return st;
	bytes = be16(p + 4);
	if (bytes == 0) /* RFC 2675: too long to say */
		bytes = c->wire - c->at;
	if (bytes < 8 || bytes > c->wire - c->at)
		return SEGMENT_BAD;
	s->tuple.a.port = be16(p);
	s->tuple.b.port = be16(p + 2);
	s->payload_bytes = bytes - 8;
	return SEGMENT_UDP;
}

enum segment_status segment_decode(int linktype, const uint8_t *bytes, uint32_t caplen,
				   uint32_t wirelen, struct segment *ret)
{
	struct cursor c = { bytes, 0, caplen < wirelen ? caplen : wirelen, wirelen };
	struct segment s = { 0 };
	enum segment_status st;
	uint16_t type = ETHER_OTHER;
	uint8_t proto = 0;

	st = decode_link(linktype, &c, &type);
	if (st == SEGMENT_OK)
		st = skip_tags(&c, &type);
	if (st == SEGMENT_OK)
		st = decode_ip(type, &c, &s, &proto);
	if (st != SEGMENT_OK)
		return st;
	st = proto == PROTO_TCP   ? decode_tcp(&c, &s)
	     : proto == PROTO_UDP ? decode_udp(&c, &s)
				  : SEGMENT_NOT;
	if (st == SEGMENT_OK || st == SEGMENT_UDP)
		*ret = s;
	return st;
}
