/*
 * segment: bytes of a captured packet -> struct segment.  Pure; never reads past `caplen`.
 *
 * Link types: the table in capture/segment_link.c (Ethernet with VLAN, QinQ, PPPoE, MPLS; raw IP,
 * null, Linux SLL and SLL2, PPP, 802.11 and more).  IPv4 with options, IPv6 with extension headers;
 * GRE, IP in IP, VXLAN and Geneve one level deep: what they carry is what counts.
 * Source: RFC 791, 8200, 9293, 7323;
 * https://www.tcpdump.org/linktypes.html
 */
#ifndef TWBENCH_CAPTURE_SEGMENT_H
#define TWBENCH_CAPTURE_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tuple.h"

enum segment_status {
	SEGMENT_OK,  /* a TCP segment; its fixed header is complete, options may be cut short */
	SEGMENT_UDP, /* a UDP datagram: tuple and payload_bytes are set */
	SEGMENT_NOT, /* something else, well-formed as far as looked at */
	SEGMENT_FRAGMENT, /* a later IP fragment: no TCP header in it */
	SEGMENT_CUT,      /* the snap length ended before the facts below were known */
	SEGMENT_BAD,      /* lengths contradict each other */
	SEGMENT_STATUS_COUNT
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

struct segment {
	int64_t t_ns;       /* 0 from the decoder; set by who read the packet */
	struct tuple tuple; /* a = sender, b = receiver */
	uint32_t seq, ack;
	uint32_t payload_bytes; /* by the IP length, not by what was captured */
	uint32_t ts_value, ts_echo;
	uint16_t window;
	uint16_t ip_id;      /* IPv4 only: tells a duplicate of the capture from a retransmission */
	uint8_t flags;       /* TCP_* */
	bool has_timestamps; /* the option was present and within the captured bytes */
	bool goes_on; /* the first of IP fragments: its payload, and where its FIN is, end in later ones */
};

/* Is this DLT_* value one that is decoded? */
bool segment_knows(int linktype);

/*
 * `linktype` is a DLT_* value as pcap_datalink() gives it; one that is not known gives SEGMENT_NOT.
 * *ret is written for SEGMENT_OK and SEGMENT_UDP only.  An IP length of 0 (segments merged beyond
 * 64 KB) means the rest of the packet; padding after the IP length is left out of payload_bytes.  An IPv4
 * header that says more than `wirelen` is believed if its checksum holds: who wrote the file cut the packet.
 */
enum segment_status segment_decode(int linktype, const uint8_t *bytes, uint32_t caplen,
				   uint32_t wirelen, struct segment *ret);

/* The same, layer by layer: for what is not a plain segment, and to prove the short way against. */
enum segment_status segment_decode_layers(int linktype, const uint8_t *bytes, uint32_t caplen,
					  uint32_t wirelen, struct segment *ret);

#endif
