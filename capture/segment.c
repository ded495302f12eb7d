#include "capture/segment.h"

#include <stddef.h>
#include <stdbool.h>
#include <string.h>

#include "capture/cursor.h"
#include "capture/segment_link.h"

/* --- network layer: each fills the addresses and leaves the cursor at the transport header --- */

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_IP4 = 4, /* in IP: RFC 2003 */
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IP6 = 41, /* in IP: RFC 4213 */
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_AH = 51,
	PROTO_DESTINATION = 60,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

#define EXTENSIONS_MAX    16
#define LINKTYPE_ETHERNET 1

/* RFC 1071: an intact header sums up to 0xffff. */
static bool ip4_is_intact(const uint8_t *p, uint32_t header_bytes)
{
	uint32_t sum = 0;

	for (uint32_t at = 0; at < header_bytes; at += 2)
		sum += be16(p + at);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

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
	st = need(c, header_bytes);
	/* Longer than its frame, and intact: a tool cut it and left no word of that in the file. */
	if (st == SEGMENT_OK && total_bytes > c->wire - c->at && ip4_is_intact(p, header_bytes))
		c->wire = c->at + total_bytes;
	if (st == SEGMENT_OK)
		st = narrow(c, total_bytes);
	if (st != SEGMENT_OK)
		return st;
	s->ip_id = be16(p + 4);
	s->tuple.a.family = s->tuple.b.family = 4;
	memcpy(s->tuple.a.addr, p + 12, 4);
	memcpy(s->tuple.b.addr, p + 16, 4);
	if (be16(p + 6) & 0x1fff)
		return SEGMENT_FRAGMENT;
	s->goes_on = be16(p + 6) & 0x2000;
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

static enum segment_status skip_extensions(struct cursor *c, struct segment *s, uint8_t *proto)
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
		s->goes_on |= *proto == PROTO_FRAGMENT && (be16(p + 2) & 1);
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
	return skip_extensions(c, s, ret_proto);
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

/* --- tunnels, one level deep ------------------------------------------------------------------ */

enum { PORT_VXLAN = 4789, PORT_VXLAN_OLD = 8472, PORT_GENEVE = 6081 };

/* RFC 2784, 2890.  Version 1 is PPTP's and carries PPP. */
static enum segment_status open_gre(struct cursor *c, uint16_t *type)
{
	enum segment_status st = need(c, 4);
	uint16_t flags;
	uint32_t bytes = 4;

	if (st != SEGMENT_OK)
		return st;
	flags = be16(c->bytes + c->at);
	*type = be16(c->bytes + c->at + 2);
	if ((flags & 7) != 0 || flags & 0x4000) /* another version; source routes */
		return SEGMENT_NOT;
	bytes += flags & 0x8000 ? 4 : 0; /* checksum */
	bytes += flags & 0x2000 ? 4 : 0; /* key */
	bytes += flags & 0x1000 ? 4 : 0; /* sequence number */
	if (*type == ETHER_ERSPAN || *type == ETHER_ERSPAN_3) {
		/* Type I has no header of its own, and no sequence number either. */
		bytes += *type == ETHER_ERSPAN_3 ? 12 : flags & 0x1000 ? 8 : 0;
		*type = ETHER_BRIDGED;
	}
	return skip(c, bytes);
}

static enum segment_status open_ip(struct cursor *c, uint16_t *type)
{
	(void)c;
	*type = ETHER_BY_VERSION;
	return SEGMENT_OK;
}

/* RFC 7348, 8926: behind a UDP header, told by the port and by what must be 0. */
static enum segment_status open_udp(struct cursor *c, uint16_t *type)
{
	const uint8_t *p = c->bytes + c->at;
	enum segment_status st = need(c, 16);
	uint16_t port;

	if (st != SEGMENT_OK)
		return SEGMENT_NOT;
	port = be16(p + 2);
	*type = ETHER_BRIDGED;
	if ((port == PORT_VXLAN || port == PORT_VXLAN_OLD) && p[8] == 8 && p[15] == 0)
		return skip(c, 16);
	if (port == PORT_GENEVE && p[8] >> 6 == 0) {
		*type = be16(p + 10);
		return skip(c, 16 + (p[8] & 63u) * 4);
	}
	return SEGMENT_NOT;
}

static enum segment_status open_nothing(struct cursor *c, uint16_t *type)
{
	(void)c, (void)type;
	return SEGMENT_NOT;
}

static enum segment_status decode_transport(uint8_t proto, struct cursor *c, struct segment *s)
{
	return proto == PROTO_TCP   ? decode_tcp(c, s)
	       : proto == PROTO_UDP ? decode_udp(c, s)
				    : SEGMENT_NOT;
}

/* What is within a tunnel, if `proto` is one; SEGMENT_NOT if not. */
static enum segment_status decode_tunnel(uint8_t proto, struct cursor *c, struct segment *s)
{
	enum segment_status (*open)(struct cursor *, uint16_t *) =
		proto == PROTO_GRE                         ? open_gre
		: proto == PROTO_IP4 || proto == PROTO_IP6 ? open_ip
		: proto == PROTO_UDP                       ? open_udp
							   : open_nothing;
	uint16_t type = ETHER_OTHER;
	uint8_t inner = 0;
	enum segment_status st = open(c, &type);

	if (st == SEGMENT_OK && type == ETHER_BRIDGED)
		st = link_ethernet(c, &type);
	if (st == SEGMENT_OK)
		st = link_tags(c, &type);
	if (st == SEGMENT_OK)
		st = decode_ip(type, c, s, &inner);
	return st == SEGMENT_OK ? decode_transport(inner, c, s) : st;
}

enum segment_status segment_decode_layers(int linktype, const uint8_t *bytes, uint32_t caplen,
					  uint32_t wirelen, struct segment *ret)
{
	struct cursor c = { bytes, 0, caplen < wirelen ? caplen : wirelen, wirelen };
	struct segment s = { 0 }, outer;
	enum segment_status st, inner;
	uint16_t type = ETHER_OTHER;
	struct cursor tunnel;
	uint8_t proto = 0;

	st = link_decode(linktype, &c, &type);
	if (st == SEGMENT_OK)
		st = link_tags(&c, &type);
	if (st == SEGMENT_OK)
		st = decode_ip(type, &c, &s, &proto);
	if (st != SEGMENT_OK)
		return st;
	tunnel = c;
	outer = s;
	st = decode_transport(proto, &c, &s);
	if (st == SEGMENT_OK) {
		*ret = s;
		return st;
	}
	inner = decode_tunnel(proto, &tunnel, &outer);
	if (st == SEGMENT_NOT || inner == SEGMENT_OK) {
		st = inner;
		s = outer;
	}
	if (st == SEGMENT_OK || st == SEGMENT_UDP)
		*ret = s;
	return st;
}

/* --- what nearly every packet is --------------------------------------------------------------- */

static void plain_end(struct endpoint *ret, const uint8_t *addr, const uint8_t *port)
{
	*ret = (struct endpoint){ .port = be16(port), .family = 4 };
	memcpy(ret->addr, addr, 4);
}

/* Ethernet, IPv4 without options, TCP, whole.  False: not that, and *ret is as it was. */
static inline bool decode_plain(const uint8_t *bytes, uint32_t cap, uint32_t wire,
				struct segment *ret)
{
	static const uint8_t timestamps[] = { OPTION_NOP, OPTION_NOP, OPTION_TIMESTAMPS, 10 };
	const uint8_t *ip = bytes + 14, *tcp = ip + 20;
	uint32_t total_bytes, header_bytes, options_bytes;

	if (cap < 54 || be16(bytes + 12) != ETHER_IP4 || ip[0] != 0x45 || ip[9] != PROTO_TCP ||
	    be16(ip + 6) & 0x3fff)
		return false;
	total_bytes = be16(ip + 2);
	header_bytes = (tcp[12] >> 4) * 4u;
	if (total_bytes > wire - 14 || header_bytes < 20 || total_bytes < 20 + header_bytes)
		return false;
	ret->t_ns = 0;
	plain_end(&ret->tuple.a, ip + 12, tcp);
	plain_end(&ret->tuple.b, ip + 16, tcp + 2);
	ret->seq = be32(tcp + 4);
	ret->ack = be32(tcp + 8);
	ret->payload_bytes = total_bytes - 20 - header_bytes;
	ret->ts_value = ret->ts_echo = 0;
	ret->window = be16(tcp + 14);
	ret->ip_id = be16(ip + 4);
	ret->flags = tcp[13] & 63;
	ret->has_timestamps = ret->goes_on = false;
	options_bytes = (cap - 34 < header_bytes ? cap - 34 : header_bytes) - 20;
	if (options_bytes == 12 && memcmp(tcp + 20, timestamps, sizeof(timestamps)) == 0) {
		ret->ts_value = be32(tcp + 24);
		ret->ts_echo = be32(tcp + 28);
		ret->has_timestamps = true;
	} else {
		decode_options(tcp + 20, options_bytes, ret);
	}
	return true;
}

enum segment_status segment_decode(int linktype, const uint8_t *bytes, uint32_t caplen,
				   uint32_t wirelen, struct segment *ret)
{
	if (linktype == LINKTYPE_ETHERNET &&
	    decode_plain(bytes, caplen < wirelen ? caplen : wirelen, wirelen, ret))
		return SEGMENT_OK;
	return segment_decode_layers(linktype, bytes, caplen, wirelen, ret);
}
