/*
 * pcapread: read capture files: pcap (microseconds or nanoseconds) and pcapng (interfaces of
 * different link types, snapshot lengths and clocks, several sections), either byte order.
 * libpcap (capture/sniffer_source.c) reads what other formats there are; this takes half its time,
 * and reads captures of several interfaces that libpcap refuses.
 * Sources: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html and
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
#ifndef TWBENCH_CAPTURE_PCAPREAD_H
#define TWBENCH_CAPTURE_PCAPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/filebuf.h"

#define PCAPREAD_HEADER_BYTES   24
#define PCAPREAD_INTERFACES_MAX 1024 /* of a section of pcapng */

struct pcapread_interface {
	int linktype; /* as files number it */
	uint32_t snaplen;
	int64_t per_s; /* units of time in a second; if negative, 2 to the power of -per_s */
	int64_t offset_s;
};

struct pcapread {
	struct filebuf in;
	bool ng;
	bool swapped; /* the file's byte order is not ours */
	struct pcapread_interface *interface;
	size_t interface_count;
	int64_t unit_ns;  /* of a pcap file's fractions of a second */
	int64_t last_ns;  /* for packets without a time of their own */
	char broken[128]; /* why reading ended early; empty if it did not */
};

struct pcapread_packet {
	int64_t t_ns;
	const uint8_t *bytes; /* valid until the next call */
	uint32_t caplen, wirelen;
	int linktype;
};

/* Is this the start (PCAPREAD_HEADER_BYTES of it) of a file that this reader takes? */
bool pcapread_knows(const uint8_t *header);

/* Begin behind the header, which the caller has read from `fd`.  Returns 0 or -ENOMEM. */
int pcapread_init(struct pcapread *r, int fd, const uint8_t *header);
void pcapread_release(struct pcapread *r);

/* The next packet.  False at the end, or where the file breaks off (r->broken). */
bool pcapread_next(struct pcapread *r, struct pcapread_packet *ret);

#endif
