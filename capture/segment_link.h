/*
 * segment_link: what lies before the IP header, by link type.  Private to capture/segment*.c.
 * Sources: https://www.tcpdump.org/linktypes.html; IEEE 802.1Q, 802.2, 802.11; RFC 1661, 2427, 2516,
 * 3032.
 */
#ifndef TWBENCH_CAPTURE_SEGMENT_LINK_H
#define TWBENCH_CAPTURE_SEGMENT_LINK_H

#include <stdint.h>

#include "capture/segment.h"

struct cursor;

enum {
	ETHER_IP4 = 0x0800,
	ETHER_BRIDGED = 0x6558, /* an Ethernet frame within a tunnel */
	ETHER_VLAN = 0x8100,
	ETHER_IP6 = 0x86dd,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTICAST = 0x8848,
	ETHER_PPPOE = 0x8864,
	ETHER_QINQ = 0x88a8,
	ETHER_ERSPAN = 0x88be,
	ETHER_ERSPAN_3 = 0x22eb,
	ETHER_QINQ_OLD = 0x9100,
	ETHER_BY_VERSION = 0, /* ours: no EtherType, the IP version nibble tells */
	ETHER_OTHER = 1,      /* ours: something that is not IP */
};

/* Step over the link layer's header; `linktype` is a DLT_* value. */
enum segment_status link_decode(int linktype, struct cursor *c, uint16_t *ret_type);

/* Step over an Ethernet header. */
enum segment_status link_ethernet(struct cursor *c, uint16_t *ret_type);

/* Step over VLAN tags, PPPoE and MPLS labels, up to the type of what they carry. */
enum segment_status link_tags(struct cursor *c, uint16_t *type);

#endif
