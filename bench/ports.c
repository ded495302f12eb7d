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

static void add_option(struct ports_choice *c, int level, int name, int value)
{
	c->option[c->options].level = level;
	c->option[c->options].name = name;
	c->option[c->options++].value = value;
}

static void choose_kernel(const struct ports *p, uint64_t n, struct ports_choice *ret)
{
	if (p->policy == PORTS_RANGE)
		add_option(ret, IPPROTO_IP, IP_LOCAL_PORT_RANGE, (int)(p->high << 16 | p->low));
	if (!p->bind_source)
		return;
	add_option(ret, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	ret->bind = true;
	ret->from = endpoint_plus(&p->source, (uint32_t)(n % p->sources));
}

/* Neighbouring numbers differ in the source first, so that each source's ports fill evenly. */
static void choose_explicit(const struct ports *p, uint64_t n, struct ports_choice *ret)
{
	add_option(ret, SOL_SOCKET, SO_REUSEADDR, 1);
	ret->bind = true;
	ret->from = endpoint_plus(&p->source, (uint32_t)(n % p->sources));
	ret->from.port = (uint16_t)(p->low + n / p->sources % (p->high - p->low + 1));
}

void ports_choose(struct ports *p, bool stream, struct ports_choice *ret)
{
	uint64_t n = p->next;
	uint64_t round = (uint64_t)p->sources * (p->high - p->low + 1);
	bool explicit = stream && p->policy == PORTS_EXPLICIT;

	p->next += p->stride;
	*ret = (struct ports_choice){ .to = p->server };
	/* Explicit: the next destination only after all pairs towards this one are used. */
	ret->to.port = (uint16_t)(p->server.port + n / (explicit ? round : p->sources) % p->destinations);
	if (explicit) {
		choose_explicit(p, n, ret);
	} else if (stream) {
		choose_kernel(p, n, ret);
	} else if (p->bind_source) {
		ret->bind = true;
		ret->from = p->source;
	}
}

int ports_assign(struct ports *p, int fd, bool stream, struct endpoint *ret_destination)
{
	struct ports_choice c;
	struct sockaddr_storage sa;
	socklen_t size;

	ports_choose(p, stream, &c);
	*ret_destination = c.to;
	for (int i = 0; i < c.options; i++)
		if (setsockopt(fd, c.option[i].level, c.option[i].name, &c.option[i].value, sizeof(int)) != 0)
			return errno;
	if (!c.bind)
		return 0;
	size = endpoint_to_sockaddr(&c.from, &sa);
	return bind(fd, (struct sockaddr *)&sa, size) == 0 ? 0 : errno;
}
