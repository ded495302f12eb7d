#include "capture/segment_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "capture/cursor.h"

#define TAGS_MAX      8 /* VLAN tags or MPLS labels: more is an attack, not a network */
#define LINKTYPE_NONE (-1)

/* Have a header of `bytes`, read the EtherType in it and step over it. */
static enum segment_status ethertype_at(struct cursor *c, uint32_t bytes, uint32_t type_at,
					uint16_t *ret_type)
{
	enum segment_status st = need(c, bytes);

	if (st != SEGMENT_OK)
		return st;
	*ret_type = be16(c->bytes + c->at + type_at);
	c->at += bytes;
	return SEGMENT_OK;
}

/* IEEE 802.2: only SNAP carries an EtherType. */
static enum segment_status link_llc(struct cursor *c, uint16_t *ret_type)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 3 };
	enum segment_status st = need(c, 3);

	*ret_type = ETHER_OTHER;
	if (st != SEGMENT_OK || memcmp(c->bytes + c->at, snap, sizeof(snap)) != 0)
		return st;
	return ethertype_at(c, 8, 6, ret_type);
}

enum segment_status link_ethernet(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = ethertype_at(c, 14, 12, ret_type);

	/* Below 1536 it is the length of an 802.3 frame. */
	return st == SEGMENT_OK && *ret_type < 1536 ? link_llc(c, ret_type) : st;
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
	/* AF_INET; AF_INET6 of Linux, BSDs, macOS */
	static const uint32_t known[] = { 2, 10, 24, 28, 30 };
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

/* --- PPP and what resembles it --------------------------------------------------------------- */

/* The protocol field: one byte if its first is odd. */
static enum segment_status ppp_protocol(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = need(c, 1);
	uint16_t protocol;

	if (st != SEGMENT_OK)
		return st;
	protocol = c->bytes[c->at];
	if (protocol & 1)
		c->at++;
	else
		st = ethertype_at(c, 2, 0, &protocol);
	*ret_type = protocol == 0x21 ? ETHER_IP4 : protocol == 0x57 ? ETHER_IP6 : ETHER_OTHER;
	return st;
}

/* Address and control (ff 03) may have been compressed away. */
static enum segment_status link_ppp(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = need(c, 2);

	if (st == SEGMENT_OK && c->bytes[c->at] == 0xff && c->bytes[c->at + 1] == 3)
		c->at += 2;
	else if (st == SEGMENT_OK && (c->bytes[c->at] == 0x0f || c->bytes[c->at] == 0x8f))
		return ethertype_at(c, 4, 2,
				    ret_type); /* Cisco's HDLC, which the same link types hold */
	return st == SEGMENT_OK ? ppp_protocol(c, ret_type) : st;
}

/* pppd writes the direction in place of the address. */
static enum segment_status link_pppd(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 2);

	return st == SEGMENT_OK ? ppp_protocol(c, ret_type) : st;
}

static enum segment_status link_ppp_with_direction(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 1);

	return st == SEGMENT_OK ? link_ppp(c, ret_type) : st;
}

static enum segment_status link_pppoe(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 6);

	return st == SEGMENT_OK ? ppp_protocol(c, ret_type) : st;
}

static enum segment_status link_hdlc(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 4, 2, ret_type);
}

/* RFC 2427: address bytes up to one whose lowest bit is set, control, protocol identifier. */
static enum segment_status link_frame_relay(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st;

	do {
		st = skip(c, 1);
	} while (st == SEGMENT_OK && !(c->bytes[c->at - 1] & 1));
	if (st == SEGMENT_OK)
		st = skip(c, 2);
	if (st != SEGMENT_OK)
		return st;
	*ret_type = c->bytes[c->at - 1] == 0xcc   ? ETHER_IP4
		    : c->bytes[c->at - 1] == 0x8e ? ETHER_IP6
						  : ETHER_OTHER;
	return SEGMENT_OK;
}

/* --- 802.11 ---------------------------------------------------------------------------------- */

/* A data frame that is not encrypted; all others carry no IP that can be read. */
static enum segment_status link_wifi(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = need(c, 2);
	uint8_t control, flags;
	uint32_t bytes = 24;

	if (st != SEGMENT_OK)
		return st;
	control = c->bytes[c->at];
	flags = c->bytes[c->at + 1];
	*ret_type = ETHER_OTHER;
	if ((control & 0x0c) != 8 || control & 0x40 || flags & 0x40) /* not data; no data; secret */
		return SEGMENT_OK;
	bytes += (flags & 3) == 3 ? 6 : 0; /* four addresses */
	if (control & 0x80)                /* quality of service; then "order" means HT control */
		bytes += flags & 0x80 ? 6 : 2;
	st = skip(c, bytes);
	return st == SEGMENT_OK ? link_llc(c, ret_type) : st;
}

static enum segment_status link_radiotap(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = need(c, 4);

	if (st == SEGMENT_OK)
		st = skip(c, le16(c->bytes + c->at + 2));
	return st == SEGMENT_OK ? link_wifi(c, ret_type) : st;
}

static enum segment_status link_prism(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 144);

	return st == SEGMENT_OK ? link_wifi(c, ret_type) : st;
}

static enum segment_status link_avs(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = need(c, 8);

	if (st == SEGMENT_OK)
		st = skip(c, be32(c->bytes + c->at + 4));
	return st == SEGMENT_OK ? link_wifi(c, ret_type) : st;
}

/* --- others ---------------------------------------------------------------------------------- */

static enum segment_status link_fddi(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 13);

	return st == SEGMENT_OK ? link_llc(c, ret_type) : st;
}

/* The first bit of the source address announces a route. */
static enum segment_status link_token_ring(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 14);

	if (st == SEGMENT_OK && c->bytes[c->at - 6] & 0x80) {
		st = need(c, 1);
		if (st == SEGMENT_OK)
			st = skip(c, c->bytes[c->at] & 31);
	}
	return st == SEGMENT_OK ? link_llc(c, ret_type) : st;
}

static enum segment_status link_fibre_channel(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 16);

	return st == SEGMENT_OK ? link_llc(c, ret_type) : st;
}

static enum segment_status link_sunatm(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 4);

	return st == SEGMENT_OK ? link_llc(c, ret_type) : st;
}

static enum segment_status link_firewire(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 18, 16, ret_type);
}

static enum segment_status link_infiniband(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 44, 40, ret_type);
}

static enum segment_status link_mpls(struct cursor *c, uint16_t *ret_type)
{
	(void)c;
	*ret_type = ETHER_MPLS;
	return SEGMENT_OK;
}

static enum segment_status link_enc(struct cursor *c, uint16_t *ret_type)
{
	*ret_type = ETHER_BY_VERSION;
	return skip(c, 12);
}

static enum segment_status link_ipnet(struct cursor *c, uint16_t *ret_type)
{
	*ret_type = ETHER_BY_VERSION;
	return skip(c, 24);
}

static enum segment_status link_slip(struct cursor *c, uint16_t *ret_type)
{
	*ret_type = ETHER_BY_VERSION;
	return skip(c, 16);
}

static enum segment_status link_pflog(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = need(c, 1);

	*ret_type = ETHER_BY_VERSION;
	return st == SEGMENT_OK ? skip(c, (c->bytes[c->at] + 3u) & ~3u) : st;
}

/* Attributes of length, type and value, in the byte order of a machine that is mostly little-endian. */
static enum segment_status link_nflog(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 4);

	*ret_type = ETHER_BY_VERSION;
	while (st == SEGMENT_OK) {
		uint32_t bytes;

		st = need(c, 4);
		if (st != SEGMENT_OK)
			break;
		bytes = le16(c->bytes + c->at);
		if (bytes < 4)
			return SEGMENT_BAD;
		if ((le16(c->bytes + c->at + 2) & 0x7fff) == 9) /* the packet */
			return skip(c, 4);
		st = skip(c, (bytes + 3) & ~3u);
	}
	return st == SEGMENT_BAD ? SEGMENT_NOT : st;
}

static enum segment_status link_netanalyzer(struct cursor *c, uint16_t *ret_type)
{
	enum segment_status st = skip(c, 4);

	return st == SEGMENT_OK ? link_ethernet(c, ret_type) : st;
}

/* Switches of Marvell and Broadcom put a tag between the addresses and the EtherType. */
static enum segment_status link_dsa(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 18, 16, ret_type);
}

static enum segment_status link_edsa(struct cursor *c, uint16_t *ret_type)
{
	return ethertype_at(c, 22, 20, ret_type);
}

static const struct link {
	int linktype;
	enum segment_status (*decode)(struct cursor *c, uint16_t *ret_type);
} links[] = {
	{ 1, link_ethernet },             /* DLT_EN10MB */
	{ 276, link_sll2 },               /* DLT_LINUX_SLL2 */
	{ 113, link_sll },                /* DLT_LINUX_SLL */
	{ 0, link_null },                 /* DLT_NULL */
	{ 108, link_null },               /* DLT_LOOP: the same, in network order */
	{ 12, link_raw },                 /* DLT_RAW on most systems */
	{ 14, link_raw },                 /* DLT_RAW on OpenBSD */
	{ 101, link_raw },                /* LINKTYPE_RAW, as files spell it */
	{ 228, link_raw },                /* DLT_IPV4 */
	{ 229, link_raw },                /* DLT_IPV6 */
	{ 9, link_ppp },                  /* DLT_PPP */
	{ 50, link_ppp },                 /* DLT_PPP_SERIAL */
	{ 51, link_pppoe },               /* DLT_PPP_ETHER */
	{ 166, link_pppd },               /* DLT_PPP_PPPD */
	{ 204, link_ppp_with_direction }, /* DLT_PPP_WITH_DIR */
	{ 104, link_hdlc },               /* DLT_C_HDLC */
	{ 107, link_frame_relay },        /* DLT_FRELAY */
	{ 105, link_wifi },               /* DLT_IEEE802_11 */
	{ 127, link_radiotap },           /* DLT_IEEE802_11_RADIO */
	{ 119, link_prism },              /* DLT_PRISM_HEADER */
	{ 163, link_avs },                /* DLT_IEEE802_11_RADIO_AVS */
	{ 10, link_fddi },                /* DLT_FDDI */
	{ 6, link_token_ring },           /* DLT_IEEE802 */
	{ 122, link_fibre_channel },      /* DLT_IP_OVER_FC */
	{ 11, link_llc },                 /* DLT_ATM_RFC1483 */
	{ 100, link_llc },                /* LINKTYPE_ATM_RFC1483, as files spell it */
	{ 123, link_sunatm },             /* DLT_SUNATM */
	{ 138, link_firewire },           /* DLT_APPLE_IP_OVER_IEEE1394 */
	{ 242, link_infiniband },         /* DLT_IPOIB */
	{ 219, link_mpls },               /* DLT_MPLS */
	{ 109, link_enc },                /* DLT_ENC */
	{ 226, link_ipnet },              /* DLT_IPNET */
	{ 8, link_slip },                 /* DLT_SLIP */
	{ 117, link_pflog },              /* DLT_PFLOG */
	{ 239, link_nflog },              /* DLT_NFLOG */
	{ 240, link_netanalyzer },        /* DLT_NETANALYZER */
	{ 284, link_dsa },                /* DLT_DSA_TAG_DSA */
	{ 281, link_dsa },                /* DLT_DSA_TAG_BRCM */
	{ 285, link_edsa },               /* DLT_DSA_TAG_EDSA */
	{ 282, link_netanalyzer }, /* DLT_DSA_TAG_BRCM_PREPEND: four bytes before the frame */
};

static const struct link *link_of(int linktype)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].linktype == linktype)
			return &links[i];
	return NULL;
}

/* A header that names another link type: PPI and Apple's PKTAP.  LINKTYPE_NONE: not one of them. */
static int wrapped(int linktype, struct cursor *c, enum segment_status *ret)
{
	const uint8_t *p = c->bytes + c->at;
	int inner;

	if (linktype == 192) { /* DLT_PPI */
		*ret = need(c, 8);
		if (*ret != SEGMENT_OK)
			return LINKTYPE_NONE;
		inner = (int)(le32(p + 4) & 0xffff);
		*ret = skip(c, le16(p + 2));
		return inner;
	}
	if (linktype == 149 || linktype == 258) { /* DLT_PKTAP: DLT_USER2 on macOS */
		*ret = need(c, 12);
		if (*ret != SEGMENT_OK)
			return LINKTYPE_NONE;
		inner = (int)(le32(p + 8) & 0xffff);
		*ret = skip(c, le32(p));
		return inner;
	}
	*ret = SEGMENT_OK;
	return linktype;
}

bool segment_knows(int linktype)
{
	return link_of(linktype) || linktype == 192 || linktype == 149 || linktype == 258;
}

enum segment_status link_decode(int linktype, struct cursor *c, uint16_t *ret_type)
{
	const struct link *link = link_of(linktype);
	enum segment_status st = SEGMENT_OK;

	if (!link)
		link = link_of(wrapped(linktype, c, &st));
	if (st != SEGMENT_OK)
		return st;
	return link ? link->decode(c, ret_type) : SEGMENT_NOT;
}

/* Labels end at the bottom-of-stack bit; the payload type is then a guess by its version. */
static enum segment_status skip_mpls(struct cursor *c)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		enum segment_status st = skip(c, 4);

		if (st != SEGMENT_OK)
			return st;
		if (c->bytes[c->at - 2] & 1)
			return SEGMENT_OK;
	}
	return SEGMENT_BAD;
}

enum segment_status link_tags(struct cursor *c, uint16_t *type)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		enum segment_status st;

		if (*type == ETHER_MPLS || *type == ETHER_MPLS_MULTICAST) {
			*type = ETHER_BY_VERSION;
			return skip_mpls(c);
		}
		if (*type == ETHER_PPPOE)
			return link_pppoe(c, type);
		if (*type != ETHER_VLAN && *type != ETHER_QINQ && *type != ETHER_QINQ_OLD)
			return SEGMENT_OK;
		st = ethertype_at(c, 4, 2, type);
		if (st == SEGMENT_OK && *type < 1536)
			st = link_llc(c, type);
		if (st != SEGMENT_OK)
			return st;
	}
	return SEGMENT_BAD;
}
