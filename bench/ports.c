#include "bench/ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/lab.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* linux/in.h, since 6.3 */
#endif

static void read_range(struct ports *p)
{
	char text[64], *blank;
	int64_t low = 0, high = 0;
	struct err ignored;

	p->low = 32768;
	p->high = 60999;
	if (lab_sysctl_read("net.ipv4.ip_local_port_range", text, sizeof(text)) != 0)
		return;
	blank = strpbrk(text, " \t");
	if (!blank)
		return;
	*blank++ = '\0';
	blank += strspn(blank, " \t");
	if (num_parse_int(text, 1, 65535, &low, &ignored) == 0 &&
	    num_parse_int(blank, 1, 65535, &high, &ignored) == 0) {
		p->low = (uint32_t)low;
		p->high = (uint32_t)high;
	}
}

void ports_init(struct ports *p, const struct case_spec *spec, const struct endpoint *source,
		const struct endpoint *server, bool bind_source)
{
	*p = (struct ports){ .policy = spec->ports,
			     .source = *source,
			     .server = *server,
			     .bind_source = bind_source || spec->sources > 1,
			     .sources = (uint32_t)spec->sources,
			     .destinations = (uint32_t)spec->destinations,
			     .stride = 1 };
	if (p->policy != PORTS_KERNEL)
		read_range(p);
}

void ports_share(struct ports *p, uint64_t thread, uint64_t threads)
{
	p->next = thread;
	p->stride = threads;
}

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : errno;
}

static int bind_to(int fd, const struct endpoint *e)
{
	struct sockaddr_storage sa;
	socklen_t size = endpoint_to_sockaddr(e, &sa);

	return bind(fd, (struct sockaddr *)&sa, size) == 0 ? 0 : errno;
}

static int assign_kernel(struct ports *p, int fd, uint64_t n)
{
	struct endpoint from;
	int code;

	if (p->policy == PORTS_RANGE) {
		code = set_int(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE,
			       (int)(p->high << 16 | p->low));
		if (code != 0)
			return code;
	}
	if (!p->bind_source)
		return 0;
	code = set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (code != 0)
		return code;
	from = endpoint_plus(&p->source, (uint32_t)(n % p->sources));
	return bind_to(fd, &from);
}

/* Neighbouring numbers differ in the source first, so that each source's ports fill evenly. */
static int assign_explicit(struct ports *p, int fd, uint64_t n)
{
	struct endpoint from = endpoint_plus(&p->source, (uint32_t)(n % p->sources));
	int code = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	from.port = (uint16_t)(p->low + n / p->sources % (p->high - p->low + 1));
	return code ? code : bind_to(fd, &from);
}

int ports_assign(struct ports *p, int fd, bool stream, struct endpoint *ret_destination)
{
	uint64_t n = p->next;
	uint64_t round = (uint64_t)p->sources * (p->high - p->low + 1);

	p->next += p->stride;
	*ret_destination = p->server;
	if (stream && p->policy == PORTS_EXPLICIT) {
		/* The next destination only after all pairs towards this one are used. */
		ret_destination->port =
			(uint16_t)(p->server.port + n / round % p->destinations);
		return assign_explicit(p, fd, n);
	}
	ret_destination->port =
		(uint16_t)(p->server.port + n / p->sources % p->destinations);
	if (!stream)
		return p->bind_source ? bind_to(fd, &p->source) : 0;
	return assign_kernel(p, fd, n);
}
