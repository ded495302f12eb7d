/*
 * pcapfile: write a capture file in the classic format, nanosecond variant, that libpcap, tcpdump
 * and Wireshark open.  Buffered, no allocation after init, nothing hidden: how much is in the
 * file and the errno of the first failed write are there to be reported.  After a failed write
 * the file is cut back to its last whole record, and later packets are left out.
 * Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */
#ifndef TWBENCH_CAPTURE_PCAPFILE_H
#define TWBENCH_CAPTURE_PCAPFILE_H

#include <stddef.h>
#include <stdint.h>

struct pcapfile {
	int fd;         /* not owned */
	int error;      /* errno of the first failed write; 0 if none */
	uint64_t bytes; /* written, whole records only */
	uint8_t *buffer;
	size_t used;
};

/* Start a file for packets of `linktype` (a DLT_* value).  Returns 0 or -ENOMEM. */
int pcapfile_init(struct pcapfile *f, int fd, int linktype, uint32_t snaplen);

/* Add one packet; `real_ns` is since 1970.  Failures stay in `error`. */
void pcapfile_add(struct pcapfile *f, int64_t real_ns, const uint8_t *bytes, uint32_t caplen,
		  uint32_t wirelen);

/* Write what is buffered. */
void pcapfile_flush(struct pcapfile *f);

/* Free, without flushing. */
void pcapfile_release(struct pcapfile *f);

#endif
