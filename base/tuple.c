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

struct sip {
	uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *v)
{
	v->a += v->b;
	v->c += v->d;
	v->b = rotate(v->b, 13) ^ v->a;
	v->d = rotate(v->d, 16) ^ v->c;
	v->a = rotate(v->a, 32);
	v->c += v->b;
	v->a += v->d;
	v->b = rotate(v->b, 17) ^ v->c;
	v->d = rotate(v->d, 21) ^ v->a;
	v->c = rotate(v->c, 32);
}

static inline void sip_word(struct sip *v, uint64_t word)
{
	v->d ^= word;
	sip_round(v);
	v->a ^= word;
}

static uint64_t load_64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t load_32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t tuple_hash_undirected(const struct tuple *t, uint64_t key)
{
	uint64_t second_key =
		~rotate(key, 32); /* the caller's 64 bits are all the secret there is */
	struct sip v = { key ^ UINT64_C(0x736f6d6570736575),
			 second_key ^ UINT64_C(0x646f72616e646f6d),
			 key ^ UINT64_C(0x6c7967656e657261),
			 second_key ^ UINT64_C(0x7465646279746573) };
	const struct endpoint *x = &t->a, *y = &t->b;
	bool four = x->family == 4 && y->family == 4;
	/* Any order will do, as long as both directions agree on it; mostly the ports differ. */
	bool turn = x->port != y->port ? x->port > y->port : endpoint_compare(x, y) > 0;

	if (turn) {
		x = &t->b;
		y = &t->a;
	}
	if (four) {
		sip_word(&v, (uint64_t)load_32(x->addr) << 32 | load_32(y->addr));
	} else {
		sip_word(&v, load_64(x->addr));
		sip_word(&v, load_64(x->addr + 8));
		sip_word(&v, load_64(y->addr));
		sip_word(&v, load_64(y->addr + 8));
	}
	sip_word(&v, (uint64_t)x->port << 48 | (uint64_t)y->port << 32 | (uint64_t)x->family << 16 |
			     (uint64_t)y->family << 8 | (four ? 16 : 40));
	v.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&v);
	return v.a ^ v.b ^ v.c ^ v.d;
}
