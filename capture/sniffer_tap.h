/*
 * sniffer_tap: the packets of one interface, live, through libpcap: a ring per processor, read as
 * one stream in order of time.
 *
 * With one ring every packet would take the other processors' lock and cache lines to be stored;
 * PACKET_FANOUT (packet(7)) gives each its own.  The kernel hands a ring over in blocks, up to
 * TAP_HOLD_NS late: until then what other rings hold is not taken to be next.  One thread at a time.
 */
#ifndef TWBENCH_CAPTURE_SNIFFER_TAP_H
#define TWBENCH_CAPTURE_SNIFFER_TAP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct tap;

#define TAP_RINGS_MAX 8
#define TAP_HOLD_NS   INT64_C(60000000) /* two periods of the kernel's block timer, and a half */

struct tap_options {
	const char *interface; /* in the network namespace of the caller */
	int snaplen;
	int buffer_bytes;    /* of all rings together */
	const char *filter;  /* in libpcap's language */
	bool filter_is_ours; /* else its faults are the caller's: -EINVAL */
	bool small;          /* packets are hardly longer than snaplen: the kernel need not cut them */
};

struct tap_packet {
	int64_t real_ns;      /* since 1970 */
	const uint8_t *bytes; /* until the next call */
	uint32_t caplen, wirelen;
};

struct tap_stats {
	uint64_t received, dropped,
		if_dropped; /* pcap_stats(3PCAP); dropped ones are in received */
};

/* Returns 0, or -EINVAL (filter), -EPERM, -ENODEV, -ENOMEM, -EIO with *err. */
int tap_open(const struct tap_options *o, struct tap **ret, struct err *err);
void tap_close(struct tap *t); /* NULL is fine */

int tap_linktype(const struct tap *t);

/* Look at the rings again; call it when poll() woke, and before the first tap_next(). */
void tap_look(struct tap *t);

/*
 * The next packet in order of time: 1, or 0 if none can be told yet, or -EIO: reading broke, with
 * *err.  `all`: no more packets are to come, so nothing is held back.
 */
int tap_next(struct tap *t, bool all, struct tap_packet *ret, struct err *err);

/*
 * What to wait for, into poll[TAP_RINGS_MAX]; their number, and for how long at the most (ms).  None while
 * packets come and there is room for many: who is woken for each block keeps the load from its CPU.
 */
int tap_poll(const struct tap *t, struct pollfd *poll, int *ret_timeout_ms);

/* False: the kernel does not tell. */
bool tap_stats(const struct tap *t, struct tap_stats *ret);

#endif
