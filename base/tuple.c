#include "base/tuple.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int address_family(const struct endpoint *e)
{
	return e->family == 6 ? AF_INET6 : AF_INET;
}

const char *endpoint_format_addr(const struct endpoint *e, char *buf, size_t size)
{
	if (size > 0 && !inet_ntop(address_family(e), e->addr, buf, (socklen_t)size))
		buf[0] = '\0';
	return buf;
}

const char *endpoint_format(const struct endpoint *e, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN];

	(void)endpoint_format_addr(e, addr, sizeof(addr));
	(void)snprintf(buf, size, e->family == 6 ? "[%s]:%u" : "%s:%u", addr, (unsigned)e->port);
	return buf;
}

int endpoint_parse(const char *addr, uint16_t port, struct endpoint *ret)
{
	struct endpoint e = { .port = port };

	if (inet_pton(AF_INET, addr, e.addr) == 1)
		e.family = 4;
	else if (inet_pton(AF_INET6, addr, e.addr) == 1)
		e.family = 6;
	else
		return -EINVAL;
	*ret = e;
	return 0;
}

unsigned endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (e->family == 6) {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(e->port) };

		memcpy(&in6.sin6_addr, e->addr, sizeof(in6.sin6_addr));
		memcpy(ret, &in6, sizeof(in6));
		return sizeof(in6);
	}
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(e->port) };

	memcpy(&in.sin_addr, e->addr, sizeof(in.sin_addr));
	memcpy(ret, &in, sizeof(in));
	return sizeof(in);
}

int endpoint_from_sockaddr(const struct sockaddr_storage *sa, struct endpoint *ret)
{
	struct endpoint e = { 0 };

	if (sa->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(e.addr, &in6.sin6_addr, sizeof(in6.sin6_addr));
		e.port = ntohs(in6.sin6_port);
		e.family = 6;
	} else if (sa->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		memcpy(e.addr, &in.sin_addr, sizeof(in.sin_addr));
		e.port = ntohs(in.sin_port);
		e.family = 4;
	} else {
		return -EINVAL;
	}
	*ret = e;
	return 0;
}

int endpoint_compare(const struct endpoint *x, const struct endpoint *y)
{
	int order = x->family - y->family;

	if (order == 0)
		order = memcmp(x->addr, y->addr, sizeof(x->addr));
	if (order == 0)
		order = x->port - y->port;
	return (order > 0) - (order < 0);
}

struct endpoint endpoint_plus(const struct endpoint *e, uint32_t n)
{
	struct endpoint sum = *e;
	uint64_t carry = n;

	for (int i = e->family == 6 ? 15 : 3; i >= 0 && carry > 0; i--) {
		carry += sum.addr[i];
		sum.addr[i] = (uint8_t)(carry & 0xff);
		carry >>= 8;
	}
	return sum;
}

struct tuple tuple_reverse(const struct tuple *t)
{
	return (struct tuple){ .a = t->b, .b = t->a };
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012) over the two endpoints, lesser one first. */

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

uint64_t tuple_hash_undirected(const struct tuple *t, uint64_t key)
{
	struct tuple sorted = endpoint_compare(&t->a, &t->b) <= 0 ? *t : tuple_reverse(t);
	uint64_t second_key =
		~rotate(key, 32); /* the caller's 64 bits are all the secret there is */
	uint64_t v[4] = { key ^ UINT64_C(0x736f6d6570736575),
			  second_key ^ UINT64_C(0x646f72616e646f6d),
			  key ^ UINT64_C(0x6c7967656e657261),
			  second_key ^ UINT64_C(0x7465646279746573) };
	uint64_t word[sizeof(sorted) / 8 + 1];

	_Static_assert(sizeof(sorted) % 8 == 0, "the endpoints fill whole words");
	memcpy(word, &sorted, sizeof(sorted));
	word[sizeof(sorted) / 8] = (uint64_t)sizeof(sorted) << 56;
	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		v[3] ^= word[i];
		sip_round(v);
		v[0] ^= word[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
