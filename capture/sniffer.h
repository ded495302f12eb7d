/*
 * sniffer: libpcap, live or from a file.  Only the files sniffer*.c include pcap.h.
 *
 * Owns one thread between start and stop.  A canary (a UDP datagram to SNIFFER_CANARY_PORT, sent by
 * the caller) proves it ready, and a second one, sent after the last connection, proves that all
 * before it has been read: nobody waits for "a while".  Every packet goes to the segment decoder
 * and the flow table, and to the capture file if one is wanted.  Loss is knowable: ps_drop.
 */
#ifndef TWBENCH_CAPTURE_SNIFFER_H
#define TWBENCH_CAPTURE_SNIFFER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/flow.h"

struct err;
struct sniffer;
struct segment;

#define SNIFFER_CANARY_PORT 9 /* discard (RFC 863) */

/* Both words cover IPv4 and IPv6; tests on tcp[] would silently mean IPv4 alone. */
#define SNIFFER_FILTER "tcp or udp"

/* In a lab there is next to nothing else.  The kernel still runs a program that cuts each packet to the snaplen,
 * unless they are `small`. */
#define SNIFFER_NO_FILTER ""

struct sniffer_options {
	const char *interface; /* in the network namespace of the caller */
	int snaplen;           /* 0: 134 = Ethernet 14 + IPv4 60 + TCP 60 */
	int buffer_bytes;      /* ring; 0: 32 MB */
	int capture_fd; /* where the pcap file goes (nanosecond format); -1: none.  Not owned. */
	int cpu;        /* pin the thread; -1: do not */
	const char *filter;       /* in libpcap's language; NULL: TCP and UDP */
	bool small;               /* packets are hardly longer than snaplen: the kernel need not cut them */
	bool wall_clock;          /* times of flows since 1970, not those of mono_now_ns() */
	struct flow_options flow; /* `done` runs on the sniffer's thread */
};

struct sniffer_report {
	uint64_t packets, tcp_packets, udp_packets;
	uint64_t undecodable; /* cut short, contradictory or a later fragment; no ICMP, ARP */
	uint64_t cut, bad, fragments; /* these, one by one */
	uint64_t unknown_link;        /* of a link type that is not decoded */
	uint64_t filtered;            /* left out by sniffer_files.filter, not in packets */
	int64_t first_ns, last_ns;    /* of the packets; both 0 without any */
	uint64_t received, dropped, if_dropped; /* pcap_stats; dropped ones are in received */
	uint64_t syn, syn_retrans, syn_ack, syn_ack_retrans; /* sums over the flows handed out */
	uint64_t file_bytes;
	int file_error;    /* errno of the first failed write to capture_fd; 0 if none */
	bool proven_start; /* a canary came before the first TCP segment ... */
	bool proven_end;   /* ... and another one after the last SYN */
	int64_t cpu_ns;    /* of the thread */
	struct flow_stats flow;
	char broken[320]; /* why reading ended early, of the first file; empty if it did not */
	unsigned broken_files;
};

/*
 * Open and start: when this returns the filter is in place and packets are being read.  Times of
 * flows are those of mono_now_ns(), times in the capture file those of the wall.
 * Returns 0, or -EPERM, -ENODEV, -ENOMEM, -EIO with *err; nothing to free then.
 */
int sniffer_start(const struct sniffer_options *options, struct sniffer **ret, struct err *err);

/* How many canaries have been read so far.  The caller sends one and polls with a deadline. */
unsigned sniffer_canaries(const struct sniffer *s);

/* Stop the thread, flush the file, hand out the remaining flows.  Frees s. */
void sniffer_stop(struct sniffer *s, struct sniffer_report *ret);

/*
 * The same from files (pcap, pcapng and what else libpcap reads; "-" is standard input), merged by
 * time as if they were one; times of flows are the files'.  A file that ends within a packet or turns
 * to nonsense is read as far as it goes (report.broken).
 */
struct sniffer_files {
	const char *const *path;
	size_t count;
	const char *filter; /* in libpcap's language; NULL: all */
	struct flow_options flow;
	const volatile sig_atomic_t *stop; /* not 0: stop reading; NULL: never */
};

/* Returns 0, or -EINVAL (not a capture, unknown link type, bad filter), -ENOENT, -EACCES, -ENOMEM
 * with *err. */
int sniffer_read_files(const struct sniffer_files *in, struct sniffer_report *ret, struct err *err);

/* One file, all of it. */
int sniffer_read_file(const char *path, const struct flow_options *flow, struct sniffer_report *ret,
		      struct err *err);

/* libpcap's version string, static. */
const char *sniffer_library_version(void);

#endif
