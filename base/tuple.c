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
