/*
 * wire_cross: the rule that makes every close simultaneous (RFC 9293 figure 13).
 *
 * The first FIN of a connection is kept until the other end's FIN has come too; then both go on,
 * and neither end knew of the other's when it sent its own.  Knows connections and frames, no
 * sockets and no clock.
 *	- a FIN sent again while the first is kept is dropped: the kept one stands for it;
 *	- a SYN or RST of the connection lets the kept FIN go first, and forgets the connection;
 *	- all else passes, in its order; so does every FIN once a connection's have crossed.
 * A frame longer than WIRE_FRAME_BYTES is not kept (a FIN at the end of a segmentation-offload
 * frame); it passes and is counted as overflow.
 *
 * The other rule, `repeat`, keeps a copy of the server's first FIN, which passes, and gives it out
 * after hold_max_ns: delivered again, it meets an end that has closed.
 */
#ifndef TWBENCH_BENCH_WIRE_CROSS_H
#define TWBENCH_BENCH_WIRE_CROSS_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct cross;

/* Bytes of struct virtio_net_hdr, which precede each frame and are kept with it. */
enum { WIRE_VNET_BYTES = 10, WIRE_FRAME_BYTES = 2048 };

struct cross_frame {
	const uint8_t *bytes; /* the header, then Ethernet */
	uint32_t size;
	int from; /* 0 client, 1 server */
};

enum cross_verdict { CROSS_PASS, CROSS_HOLD, CROSS_DROP };

struct cross_report {
	uint64_t held, released_pairs, released_late, repeated, overflow, repeats_dropped;
};

/* Room for `capacity` kept frames.  0 or -ENOMEM with *err. */
int cross_new(uint32_t capacity, int64_t hold_max_ns, bool repeat, struct cross **ret,
	      struct err *err);
void cross_free(struct cross *c);

/*
 * What becomes of a frame.  If release->bytes is set, that kept frame is to be sent on, before this
 * one; it is valid until the next call.
 */
enum cross_verdict cross_judge(struct cross *c, const struct cross_frame *frame, int64_t now_ns,
			       struct cross_frame *release);

/* The oldest kept frame if it was kept too long: to be sent on.  False if there is none. */
bool cross_expire(struct cross *c, int64_t now_ns, struct cross_frame *release);

/* When cross_expire() will have one; INT64_MAX if nothing is kept. */
int64_t cross_deadline_ns(const struct cross *c);

void cross_report(const struct cross *c, struct cross_report *ret);

#endif
