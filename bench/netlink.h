/*
 * netlink: the few sentences of rtnetlink(7) that build a lab: veth pairs, addresses, routes,
 * neighbours.
 *
 * One socket in the namespace of the thread that opened it; it stays there when the thread moves.
 * Requests are queued and sent together; an error names the request and repeats the kernel's words
 * (extended ack).  Requests after a failed one of the same batch may have been carried out: the
 * caller throws the namespace away.
 */
#ifndef TWBENCH_BENCH_NETLINK_H
#define TWBENCH_BENCH_NETLINK_H

#include <stddef.h>
#include <stdint.h>

struct endpoint;
struct err;

enum { NETLINK_BATCH = 64, NETLINK_ROOM = 16384, NETLINK_MAC_BYTES = 6 };

struct netlink {
	int fd;
	uint32_t sequence;               /* of the last request queued */
	uint32_t pending;                /* requests queued and not yet answered */
	size_t used, message;            /* bytes queued; where the last request begins */
	uint8_t operstate;               /* IF_OPER_* of the link last asked about */
	const char *what[NETLINK_BATCH]; /* the pending requests in words, oldest first */
	_Alignas(8) uint8_t buf[NETLINK_ROOM];
};

/* 0 or negative errno with *err; nothing to close then. */
int netlink_open(struct netlink *n, struct err *err);
void netlink_close(struct netlink *n);

/* Send what is queued and wait for the answers.  0, or the first request's failure with *err. */
int netlink_flush(struct netlink *n, struct err *err);

struct netlink_link_end {
	const char *name;
	uint8_t mac[NETLINK_MAC_BYTES];
};

/* The requests below queue (and send a full queue): 0 or negative errno with *err. */

/* A pair with one end here and the other in the namespace `peer_ns` is open on. */
int netlink_veth(struct netlink *n, const struct netlink_link_end *here,
		 const struct netlink_link_end *peer, int peer_ns, uint32_t mtu, struct err *err);

/* No IPv6 link-local address by itself, so no duplicate detection and no router solicitation. */
int netlink_no_link_local(struct netlink *n, int index, struct err *err);

int netlink_up(struct netlink *n, int index, struct err *err);

/* IPv6: usable at once (no duplicate address detection).  A host address (32, 128 bits) brings no
 * route but its own. */
int netlink_address(struct netlink *n, int index, const struct endpoint *addr, unsigned prefix_bits,
		    struct err *err);

int netlink_route(struct netlink *n, int index, const struct endpoint *to, unsigned prefix_bits,
		  const struct endpoint *via, struct err *err);

/* All of the prefix is this namespace's own: accepted as destination and, in IPv4, as source. */
int netlink_local(struct netlink *n, int index, const struct endpoint *to, unsigned prefix_bits,
		  struct err *err);

/* Permanent: never asked for on the wire. */
int netlink_neighbour(struct netlink *n, int index, const struct endpoint *addr,
		      const uint8_t mac[NETLINK_MAC_BYTES], struct err *err);

/* Asked at once, not queued. */

/* Interface index, or negative errno with *err. */
int netlink_index(struct netlink *n, const char *name, struct err *err);

/* MTU, or negative errno with *err. */
int netlink_mtu(struct netlink *n, const char *name, struct err *err);

/* Wait until the link carries frames: the kernel arms a veth's queue some time after its peer came
 * up, and what is sent before is lost.  0, -ETIMEDOUT, or another negative errno with *err. */
int netlink_wait_up(struct netlink *n, int index, int64_t deadline_ns, struct err *err);

#endif
