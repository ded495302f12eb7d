/*
 * pcapread: read a capture file in the classic format: microseconds or nanoseconds, either byte
 * order.  Buffered read(2), so it serves pipes too and a file cut meanwhile does no harm.  libpcap
 * (capture/sniffer_file.c) reads all other formats; this one saves it half the time.
 * Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */
#ifndef TWBENCH_CAPTURE_PCAPREAD_H
#define TWBENCH_CAPTURE_PCAPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcapread {
	int fd; /* not owned */
	int linktype;
	uint32_t snaplen;
	int64_t unit_ns; /* of the fraction: 1 or 1000 */
	bool swapped;    /* the file's byte order is not ours */
	bool ended;
	int error; /* errno of a failed read; 0 */
	uint8_t *buffer;
	size_t at, end;
	char broken[128]; /* why reading ended early; empty if it did not */
};

struct pcapread_packet {
	int64_t t_ns;
	const uint8_t *bytes; /* valid until the next call */
	uint32_t caplen, wirelen;
};

#define PCAPREAD_HEADER_BYTES 24

/* Is this the start (PCAPREAD_HEADER_BYTES of it) of a file that this reader takes? */
bool pcapread_knows(const uint8_t *header);

/* Begin behind the header, which the caller has read from `fd`.  Returns 0 or -ENOMEM. */
int pcapread_init(struct pcapread *r, int fd, const uint8_t *header);
void pcapread_release(struct pcapread *r);

/* The next packet.  False at the end, or where the file breaks off (r->broken). */
bool pcapread_next(struct pcapread *r, struct pcapread_packet *ret);

#endif
