/*
 * tuple: endpoints and 4-tuples.
 *
 * Addresses are kept as 16 bytes in network order (IPv4 in the first four); ports are host order
 * everywhere in twbench.  Both are plain values: copy, compare and hash freely.
 */
#ifndef TWBENCH_BASE_TUPLE_H
#define TWBENCH_BASE_TUPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr_storage;

struct endpoint {
	uint8_t addr[16];
	uint16_t port;
	uint8_t family; /* 4 or 6 */
	uint8_t pad;    /* always 0: an endpoint may be compared and hashed as bytes */
};

struct tuple {
	struct endpoint a, b;
};

#define ENDPOINT_TEXT_SIZE 56 /* "[ffff:...:255.255.255.255]:65535" and its NUL */

/* "10.0.0.1:80" or "[fd00::1]:80".  Returns buf. */
const char *endpoint_format(const struct endpoint *e, char *buf, size_t size);

/* "10.0.0.1" or "fd00::1", without the port.  Returns buf. */
const char *endpoint_format_addr(const struct endpoint *e, char *buf, size_t size);

/* Parse a numeric address ("10.0.0.1", "fd00::1") and take `port`.  Returns 0 or -EINVAL. */
int endpoint_parse(const char *addr, uint16_t port, struct endpoint *ret);

/* To and from what socket calls take.  endpoint_to_sockaddr returns the length to pass. */
unsigned endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ret);
int endpoint_from_sockaddr(const struct sockaddr_storage *sa, struct endpoint *ret);

/* -1, 0, 1: a total order (family, address, port). */
int endpoint_compare(const struct endpoint *x, const struct endpoint *y);

/* The address `n` places after `e` (10.1.0.1 + 2 = 10.1.0.3); for runs of source addresses. */
struct endpoint endpoint_plus(const struct endpoint *e, uint32_t n);

/* The same connection seen from the other end. */
struct tuple tuple_reverse(const struct tuple *t);

#endif
