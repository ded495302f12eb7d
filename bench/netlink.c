#include "bench/netlink.h"

#include <assert.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/tuple.h"

#define REQUEST_MAX_BYTES 512 /* the longest request, veth, takes under 200 */
#define UP_POLL_NS        (100 * NS_PER_US)

/* --- building a request --------------------------------------------------------------------- */

/* The next `size` bytes of the queue, zeroed, the write position kept aligned. */
static void *room(struct netlink *n, size_t size)
{
	uint8_t *at = n->buf + n->used;

	assert(n->used + NLMSG_ALIGN(size) <= sizeof(n->buf));
	memset(at, 0, NLMSG_ALIGN(size));
	n->used += NLMSG_ALIGN(size);
	return at;
}

/* Begin a request; `what` is kept for the error message. */
static int begin(struct netlink *n, uint16_t type, uint16_t flags, const char *what,
		 struct err *err)
{
	struct nlmsghdr *h;

	if (n->pending == NETLINK_BATCH || n->used + REQUEST_MAX_BYTES > sizeof(n->buf)) {
		int code = netlink_flush(n, err);

		if (code < 0)
			return code;
	}
	n->message = n->used;
	n->what[n->pending++] = what;
	h = room(n, sizeof(*h));
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	h->nlmsg_seq = ++n->sequence;
	return 0;
}

static int end(struct netlink *n)
{
	struct nlmsghdr h;

	memcpy(&h, n->buf + n->message, sizeof(h));
	h.nlmsg_len = (uint32_t)(n->used - n->message);
	memcpy(n->buf + n->message, &h, sizeof(h));
	return 0;
}

static size_t put(struct netlink *n, uint16_t type, const void *data, size_t size)
{
	size_t at = n->used;
	struct rtattr a = { .rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type };
	uint8_t *p = room(n, RTA_LENGTH(size));

	memcpy(p, &a, sizeof(a));
	if (size > 0)
		memcpy(p + RTA_LENGTH(0), data, size);
	return at;
}

static void put_u32(struct netlink *n, uint16_t type, uint32_t value)
{
	put(n, type, &value, sizeof(value));
}

static void put_text(struct netlink *n, uint16_t type, const char *text)
{
	put(n, type, text, strlen(text) + 1);
}

static size_t nest(struct netlink *n, uint16_t type)
{
	return put(n, type, NULL, 0);
}

static void nest_end(struct netlink *n, size_t at)
{
	struct rtattr a;

	memcpy(&a, n->buf + at, sizeof(a));
	a.rta_len = (uint16_t)(n->used - at);
	memcpy(n->buf + at, &a, sizeof(a));
}

static uint8_t family_of(const struct endpoint *e)
{
	return e->family == 6 ? AF_INET6 : AF_INET;
}

static size_t addr_bytes(const struct endpoint *e)
{
	return e->family == 6 ? 16 : 4;
}

/* --- the socket ----------------------------------------------------------------------------- */

int netlink_open(struct netlink *n, struct err *err)
{
	const int on = 1;

	*n = (struct netlink){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) };
	if (n->fd < 0)
		return err_errno(err, "open a netlink socket");
	/* Both only make errors say more. */
	(void)setsockopt(n->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(n->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return 0;
}

void netlink_close(struct netlink *n)
{
	if (n->fd >= 0)
		(void)close(n->fd); /* nothing is buffered in it */
	n->fd = -1;
}

/* The first attribute of a type among those from `at` on, or NULL; *ret_size: of its payload. */
static const uint8_t *find(const uint8_t *message, size_t message_size, size_t at, uint16_t type,
			   size_t *ret_size)
{
	struct rtattr a;

	for (; at + sizeof(a) <= message_size; at += RTA_ALIGN(a.rta_len)) {
		memcpy(&a, message + at, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > message_size - at)
			return NULL;
		*ret_size = a.rta_len - sizeof(a);
		if (a.rta_type == type)
			return message + at + RTA_LENGTH(0);
	}
	return NULL;
}

/* The kernel's own words about a refused request, or NULL. */
static const char *kernel_words(const uint8_t *message, size_t size)
{
	const uint8_t *words;
	struct nlmsghdr h;
	size_t length;

	memcpy(&h, message, sizeof(h));
	if (!(h.nlmsg_flags & NLM_F_ACK_TLVS) || !(h.nlmsg_flags & NLM_F_CAPPED))
		return NULL;
	words = find(message, size, NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nlmsgerr)),
		     NLMSGERR_ATTR_MSG, &length);
	return words && length > 0 && words[length - 1] == 0 ? (const char *)words : NULL;
}

static void take_link(struct netlink *n, const uint8_t *message, size_t size)
{
	size_t length, at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifinfomsg));
	const uint8_t *state = find(message, size, at, IFLA_OPERSTATE, &length);

	n->operstate = state && length == 1 ? *state : IF_OPER_UNKNOWN;
}

/* One answer of the kernel to request `first` + i.  The first failure is kept in *code and *err. */
static void take_answer(const struct netlink *n, const uint8_t *message, size_t size, int *code,
			struct err *err)
{
	uint32_t first = n->sequence - n->pending + 1;
	const char *words;
	struct nlmsghdr h;
	struct nlmsgerr e;
	uint32_t i;

	memcpy(&h, message, sizeof(h));
	memcpy(&e, message + NLMSG_HDRLEN, sizeof(e));
	i = h.nlmsg_seq - first;
	if (e.error == 0 || *code < 0)
		return;
	words = kernel_words(message, size);
	*code = err_set(err, e.error, "cannot %s: %s%s%s", i < n->pending ? n->what[i] : "do it",
			strerror(-e.error), words ? "; the kernel says: " : "", words ? words : "");
}

/* Read some answers.  Returns how many came, or negative errno; *code is what they say. */
static int read_answers(struct netlink *n, int *code, struct err *err)
{
	_Alignas(8) uint8_t buf[8192];
	ssize_t got = recv(n->fd, buf, sizeof(buf), MSG_TRUNC);
	int count = 0;

	if (got < 0)
		return errno == EINTR ? 0 : err_errno(err, "read from the netlink socket");
	if ((size_t)got > sizeof(buf))
		return err_set(err, -EPROTO, "a netlink answer of %zd bytes is too long", got);
	for (size_t at = 0; at + NLMSG_HDRLEN <= (size_t)got;) {
		struct nlmsghdr h;

		memcpy(&h, buf + at, sizeof(h));
		if (h.nlmsg_len < NLMSG_HDRLEN || h.nlmsg_len > (size_t)got - at)
			return err_set(err, -EPROTO, "a netlink answer is malformed");
		if (h.nlmsg_type == RTM_NEWLINK)
			take_link(n, buf + at, h.nlmsg_len);
		if (h.nlmsg_type == NLMSG_ERROR &&
		    h.nlmsg_len >= NLMSG_HDRLEN + sizeof(struct nlmsgerr)) {
			take_answer(n, buf + at, h.nlmsg_len, code, err);
			count++;
		}
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	return count;
}

int netlink_flush(struct netlink *n, struct err *err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint32_t answered = 0;
	int code = 0;

	if (n->pending == 0)
		return 0;
	if (sendto(n->fd, n->buf, n->used, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		code = err_errno(err, "%s", n->what[0]);
	while (code == 0 && answered < n->pending) {
		int got = read_answers(n, &code, err);

		if (got < 0)
			code = got;
		else
			answered += (uint32_t)got;
	}
	n->pending = 0;
	n->used = 0;
	return code;
}

/* --- requests ------------------------------------------------------------------------------- */

static void put_link_end(struct netlink *n, const struct netlink_link_end *e, uint32_t mtu)
{
	put_text(n, IFLA_IFNAME, e->name);
	put(n, IFLA_ADDRESS, e->mac, sizeof(e->mac));
	put_u32(n, IFLA_MTU, mtu);
}

int netlink_veth(struct netlink *n, const struct netlink_link_end *here,
		 const struct netlink_link_end *peer, int peer_ns, uint32_t mtu, struct err *err)
{
	int code = begin(n, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "make a veth pair", err);
	size_t info, data, other;

	if (code < 0)
		return code;
	room(n, sizeof(struct ifinfomsg));
	put_link_end(n, here, mtu);
	info = nest(n, IFLA_LINKINFO);
	put_text(n, IFLA_INFO_KIND, "veth");
	data = nest(n, IFLA_INFO_DATA);
	other = nest(n, VETH_INFO_PEER);
	room(n, sizeof(struct ifinfomsg));
	put_link_end(n, peer, mtu);
	put_u32(n, IFLA_NET_NS_FD, (uint32_t)peer_ns);
	nest_end(n, other);
	nest_end(n, data);
	nest_end(n, info);
	return end(n);
}

int netlink_no_link_local(struct netlink *n, int index, struct err *err)
{
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	struct ifinfomsg *m;
	size_t spec, inet6;
	int code = begin(n, RTM_SETLINK, 0, "turn off IPv6 link-local addresses", err);

	if (code < 0)
		return code;
	m = room(n, sizeof(*m));
	m->ifi_index = index;
	spec = nest(n, IFLA_AF_SPEC);
	inet6 = nest(n, AF_INET6);
	put(n, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	nest_end(n, inet6);
	nest_end(n, spec);
	return end(n);
}

int netlink_up(struct netlink *n, int index, struct err *err)
{
	struct ifinfomsg *m;
	int code = begin(n, RTM_SETLINK, 0, "bring a link up", err);

	if (code < 0)
		return code;
	m = room(n, sizeof(*m));
	m->ifi_index = index;
	m->ifi_flags = IFF_UP;
	m->ifi_change = IFF_UP;
	return end(n);
}

int netlink_address(struct netlink *n, int index, const struct endpoint *addr, unsigned prefix_bits,
		    struct err *err)
{
	uint32_t flags = addr->family == 6 ? IFA_F_NODAD : 0;
	struct ifaddrmsg *m;
	int code = begin(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "add an address", err);

	if (code < 0)
		return code;
	if (prefix_bits == addr_bytes(addr) * 8)
		flags |= IFA_F_NOPREFIXROUTE;
	m = room(n, sizeof(*m));
	m->ifa_family = family_of(addr);
	m->ifa_prefixlen = (uint8_t)prefix_bits;
	m->ifa_index = (uint32_t)index;
	put(n, IFA_LOCAL, addr->addr, addr_bytes(addr));
	put(n, IFA_ADDRESS, addr->addr, addr_bytes(addr));
	put_u32(n, IFA_FLAGS, flags);
	return end(n);
}

int netlink_route(struct netlink *n, int index, const struct endpoint *to, unsigned prefix_bits,
		  const struct endpoint *via, struct err *err)
{
	struct rtmsg *m;
	int code = begin(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "add a route", err);

	if (code < 0)
		return code;
	m = room(n, sizeof(*m));
	m->rtm_family = family_of(to);
	m->rtm_dst_len = (uint8_t)prefix_bits;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = RTN_UNICAST;
	m->rtm_flags = RTNH_F_ONLINK;
	put(n, RTA_DST, to->addr, addr_bytes(to));
	put(n, RTA_GATEWAY, via->addr, addr_bytes(via));
	put_u32(n, RTA_OIF, (uint32_t)index);
	return end(n);
}

int netlink_local(struct netlink *n, int index, const struct endpoint *to, unsigned prefix_bits,
		  struct err *err)
{
	struct rtmsg *m;
	int code = begin(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "add a local route", err);

	if (code < 0)
		return code;
	m = room(n, sizeof(*m));
	m->rtm_family = family_of(to);
	m->rtm_dst_len = (uint8_t)prefix_bits;
	m->rtm_table = RT_TABLE_LOCAL;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_HOST;
	m->rtm_type = RTN_LOCAL;
	put(n, RTA_DST, to->addr, addr_bytes(to));
	put_u32(n, RTA_OIF, (uint32_t)index);
	return end(n);
}

int netlink_neighbour(struct netlink *n, int index, const struct endpoint *addr,
		      const uint8_t mac[NETLINK_MAC_BYTES], struct err *err)
{
	struct ndmsg *m;
	int code = begin(n, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, "add a neighbour", err);

	if (code < 0)
		return code;
	m = room(n, sizeof(*m));
	m->ndm_family = family_of(addr);
	m->ndm_ifindex = index;
	m->ndm_state = NUD_PERMANENT;
	put(n, NDA_DST, addr->addr, addr_bytes(addr));
	put(n, NDA_LLADDR, mac, NETLINK_MAC_BYTES);
	return end(n);
}

/* --- questions ------------------------------------------------------------------------------ */

static int ask(const struct netlink *n, unsigned long what, const char *name, struct ifreq *ret,
	       struct err *err)
{
	*ret = (struct ifreq){ 0 };
	(void)snprintf(ret->ifr_name, sizeof(ret->ifr_name), "%s", name);
	if (ioctl(n->fd, what, ret) < 0)
		return err_errno(err, "ask about the interface '%s'", name);
	return 0;
}

int netlink_index(struct netlink *n, const char *name, struct err *err)
{
	struct ifreq r;
	int code = ask(n, SIOCGIFINDEX, name, &r, err);

	return code < 0 ? code : r.ifr_ifindex;
}

int netlink_mtu(struct netlink *n, const char *name, struct err *err)
{
	struct ifreq r;
	int code = ask(n, SIOCGIFMTU, name, &r, err);

	return code < 0 ? code : r.ifr_mtu;
}

/*
 * Not IFF_RUNNING, which a link has before the kernel first looked at its carrier.  The answer is
 * given under the lock that both the state and the queue are changed under.
 */
int netlink_wait_up(struct netlink *n, int index, int64_t deadline_ns, struct err *err)
{
	for (;;) {
		struct ifinfomsg *m;
		int code = begin(n, RTM_GETLINK, 0, "ask for the state of a link", err);

		if (code < 0)
			return code;
		m = room(n, sizeof(*m));
		m->ifi_index = index;
		put_u32(n, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		code = end(n);
		if (code == 0)
			code = netlink_flush(n, err);
		if (code < 0 || n->operstate == IF_OPER_UP)
			return code;
		if (mono_now_ns() >= deadline_ns)
			return err_set(err, -ETIMEDOUT, "link %d does not come up", index);
		mono_sleep_until(mono_now_ns() + UP_POLL_NS);
	}
}
