/*
 * wire: the relay between two veth pairs (topology `wire`): our own piece of cable.
 *
 * One thread in the relay's namespace moves frames between two AF_PACKET sockets with
 * PACKET_VNET_HDR (checksum and GSO state survive).  A rule sees each TCP segment and says what
 * happens to it: pass, drop, hold until released, repeat.  WIRE_CROSS_FINS holds the first FIN of
 * each connection until the other end's FIN has come too and then passes both, which makes every
 * close simultaneous (RFC 9293 figure 13).  WIRE_REPEAT_FIN delivers the server's FIN once more when
 * the connection is over: the client's TIME_WAIT answers it, nobody is there to take the answer, and
 * the server's kernel sends the RST of RFC 1337.  More rules (delay, loss) belong here.
 * Source: packet(7), linux/virtio_net.h.
 */
#ifndef TWBENCH_BENCH_WIRE_H
#define TWBENCH_BENCH_WIRE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct wire;

enum wire_rule { WIRE_PASS, WIRE_CROSS_FINS, WIRE_REPEAT_FIN, WIRE_RULE_COUNT };

struct wire_options {
	const char *interface[2];  /* in the caller's namespace: towards client, towards server */
	enum wire_rule rule;
	int64_t hold_max_ns;       /* a held frame passes after this long (counted); 0: 1 s, or
				    * 20 ms until a FIN is repeated */
	uint32_t hold_capacity;    /* frames held at once (0: 65,536; at most 1 Mi); beyond it
				    * FINs pass, counted; so do those in a frame over 2 kB */
	int cpu;                   /* pin the thread; -1: do not */
};

struct wire_report {
	uint64_t frames[2];        /* forwarded from each side */
	uint64_t held;             /* = released_pairs + released_late */
	uint64_t released_pairs;   /* two FINs crossed */
	uint64_t released_late;    /* alone: held too long, at a RST or SYN of theirs, or at stop */
	uint64_t repeated;         /* FINs delivered a second time */
	uint64_t hold_overflow;
	uint64_t repeats_dropped;  /* FINs sent again while the first was held */
	uint64_t lost;             /* drops of the two sockets (PACKET_STATISTICS), failed sends */
	int64_t cpu_ns;
};

/* Call in the relay's namespace.  0 or negative errno with *err; nothing to free then. */
int wire_start(const struct wire_options *o, struct wire **ret, struct err *err);

/*
 * Is nothing held, and has no frame moved since the last call?  *seen is the caller's, 0 at first.
 * Any thread.
 */
bool wire_is_quiet(const struct wire *w, uint64_t *seen);

/* Stop and free. */
void wire_stop(struct wire *w, struct wire_report *ret);

#endif
