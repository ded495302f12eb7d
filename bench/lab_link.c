#include "bench/lab_link.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/lab.h"
#include "bench/netlink.h"
#include "bench/sysctl.h"

#define LINK_MTU      1500
#define LINK_UP_LIMIT (5 * NS_PER_S)

/* Addresses by family. */
static const struct plan {
	int family;
	unsigned link_bits;    /* the subnet of the link */
	unsigned sources_bits; /* the part of it that is the client's */
	unsigned host_bits;
	const char *client, *server, *sources; /* on a link */
	const char *loopback;
} plans[] = {
	{ 4, 16, 17, 32, "10.77.0.1", "10.77.128.1", "10.77.0.0", "127.0.0.1" },
	{ 6, 64, 96, 128, "fd77::1:0:1", "fd77::2:0:1", "fd77::1:0:0", "::1" },
};
#define PLAN_COUNT (sizeof(plans) / sizeof(plans[0]))

/* Interfaces; the last byte of the (locally administered) MAC address tells them apart. */
static const struct netlink_link_end end_a0 = { "a0", { 0x02, 0x77, 0, 0, 0, 0xa0 } };
static const struct netlink_link_end end_a1 = { "a1", { 0x02, 0x77, 0, 0, 0, 0xa1 } };
static const struct netlink_link_end end_b0 = { "b0", { 0x02, 0x77, 0, 0, 0, 0xb0 } };
static const struct netlink_link_end end_b1 = { "b1", { 0x02, 0x77, 0, 0, 0, 0xb1 } };

static struct endpoint parse(const char *addr)
{
	struct endpoint e;
	int code = endpoint_parse(addr, 0, &e);

	assert(code == 0);
	(void)code; /* the addresses are ours */
	return e;
}

/* Does this namespace have IPv6 (ipv6.disable=1, a kernel without)? */
static bool has_ipv6(void)
{
	return access("/proc/sys/net/ipv6/conf", F_OK) == 0;
}

static bool plan_is_possible(const struct plan *p)
{
	return p->family == 4 || has_ipv6();
}

static int enter(const struct lab *lab, enum lab_ns which, struct netlink *n, struct err *err)
{
	int code = lab_join(lab, which, err);

	return code < 0 ? code : netlink_open(n, err);
}

/* --- links ---------------------------------------------------------------------------------- */

/* Make a pair between the calling thread's namespace and `peer`'s. */
static int make_pair(const struct lab *lab, enum lab_ns which, const struct netlink_link_end *here,
		     enum lab_ns peer_ns, const struct netlink_link_end *peer, struct err *err)
{
	struct netlink n;
	int code = enter(lab, which, &n, err);

	if (code < 0)
		return code;
	code = netlink_veth(&n, here, peer, lab->ns[peer_ns], LINK_MTU, err);
	if (code == 0)
		code = netlink_flush(&n, err);
	netlink_close(&n);
	return code;
}

/* Of every interface: "1" for the relay, "0" for an end, whatever the host's default is. */
static int set_ipv6_disabled(const char *value, struct err *err)
{
	static const char *const keys[] = { "net.ipv6.conf.all.disable_ipv6",
					    "net.ipv6.conf.default.disable_ipv6" };

	for (size_t i = 0; has_ipv6() && i < sizeof(keys) / sizeof(keys[0]); i++) {
		char now[16];
		int code = sysctl_read(keys[i], now, sizeof(now));

		if (code == 0 && strcmp(now, value) != 0)
			code = sysctl_write(keys[i], value, SYSCTL_HOST_HAS, err);
		else if (code < 0)
			code = err_set(err, code, "cannot read '%s'", keys[i]);
		if (code < 0)
			return code;
	}
	return 0;
}

static int bring_up(struct netlink *n, const char *name, bool no_link_local, struct err *err)
{
	int index = netlink_index(n, name, err);
	int code = index < 0 ? index : 0;

	if (code == 0 && no_link_local)
		code = netlink_no_link_local(n, index, err);
	return code < 0 ? code : netlink_up(n, index, err);
}

/* Bring lo and the link up in an end's namespace. */
static int raise_end(const struct lab *lab, enum lab_ns which, const char *name, struct err *err)
{
	struct netlink n;
	int code = enter(lab, which, &n, err);

	if (code < 0)
		return code;
	code = set_ipv6_disabled("0", err);
	if (code == 0)
		code = bring_up(&n, "lo", false, err);
	if (code == 0 && strcmp(name, "lo") != 0)
		code = bring_up(&n, name, has_ipv6(), err);
	if (code == 0)
		code = netlink_flush(&n, err);
	netlink_close(&n);
	return code;
}

/* The relay has no addresses and no lo: it forwards what it sees and says nothing itself. */
static int raise_relay(const struct lab *lab, struct err *err)
{
	struct netlink n;
	int code = enter(lab, LAB_NS_RELAY, &n, err);

	if (code < 0)
		return code;
	code = set_ipv6_disabled("1", err);
	if (code == -ENOTSUP)
		code = 0; /* a read-only /proc/sys: without link-local addresses it is as silent */
	for (int i = 0; code == 0 && i < 2; i++)
		code = bring_up(&n, lab->relay_interface[i], has_ipv6(), err);
	if (code == 0)
		code = netlink_flush(&n, err);
	netlink_close(&n);
	return code;
}

/*
 * The end of a pair that comes up second is armed at once; the first when the kernel gets to it.
 * Only that one is waited for: that the second is told to be up may take the kernel a second.
 */
static bool came_up_first(const struct lab *lab, enum lab_ns which)
{
	return lab->topology == TOPOLOGY_WIRE || which == LAB_NS_CLIENT;
}

/* --- addresses ------------------------------------------------------------------------------ */

/*
 * The first address brings the subnet's route.  IPv4 takes the other sources as one local prefix;
 * IPv6 binds only to addresses that are there: on lo, where no multicast group is joined for each
 * (4,096 of them would cost seconds).  The kernel makes the local route of an IPv6 address some
 * time after the address: the prefix saves the first SYN-ACK here too.
 */
static int add_sources(struct netlink *n, int index, const struct plan *p, unsigned first_bits,
		       uint32_t count, struct err *err)
{
	struct endpoint first = parse(p->client), all = parse(p->sources);
	int lo = netlink_index(n, "lo", err);
	int code = lo < 0 ? lo : netlink_address(n, index, &first, first_bits, err);

	if (code == 0)
		code = netlink_local(n, index, &all, p->sources_bits, err);
	for (uint32_t i = 1; p->family == 6 && code == 0 && i < count; i++) {
		struct endpoint e = endpoint_plus(&first, i);

		code = netlink_address(n, lo, &e, p->host_bits, err);
	}
	return code;
}

/* The family that is not used gets one. */
static uint32_t sources_of(const struct lab *lab, const struct plan *p)
{
	return p->family == lab->client.family ? lab->sources : 1;
}

static int add_server(struct netlink *n, int index, const struct plan *p, unsigned bits,
		      struct err *err)
{
	struct endpoint server = parse(p->server);
	int code = netlink_address(n, index, &server, bits, err);

	if (code == 0 && p->family == 6)
		code = netlink_local(n, index, &server, p->host_bits, err);
	return code;
}

static int address_client(struct netlink *n, int index, const struct plan *p, uint32_t sources,
			  struct err *err)
{
	struct endpoint server = parse(p->server);
	int code = add_sources(n, index, p, p->link_bits, sources, err);

	return code < 0 ? code : netlink_neighbour(n, index, &server, end_b0.mac, err);
}

/* All sources are reached by way of the first: one neighbour, however many they are. */
static int address_server(struct netlink *n, int index, const struct plan *p, struct err *err)
{
	struct endpoint client = parse(p->client), sources = parse(p->sources);
	int code = add_server(n, index, p, p->link_bits, err);

	if (code == 0)
		code = netlink_neighbour(n, index, &client, end_a0.mac, err);
	if (code == 0)
		code = netlink_route(n, index, &sources, p->sources_bits, &client, err);
	return code;
}

static int address_end(const struct lab *lab, enum lab_ns which, const char *name, struct err *err)
{
	struct netlink n;
	int code = enter(lab, which, &n, err);
	int index;

	if (code < 0)
		return code;
	index = netlink_index(&n, name, err);
	code = index < 0 ? index : 0;
	if (code == 0 && came_up_first(lab, which))
		code = netlink_wait_up(&n, index, mono_now_ns() + LINK_UP_LIMIT, err);
	for (size_t i = 0; code == 0 && i < PLAN_COUNT; i++) {
		if (!plan_is_possible(&plans[i]))
			continue;
		if (which == LAB_NS_CLIENT)
			code = address_client(&n, index, &plans[i], sources_of(lab, &plans[i]),
					      err);
		else
			code = address_server(&n, index, &plans[i], err);
	}
	if (code == 0)
		code = netlink_flush(&n, err);
	netlink_close(&n);
	return code;
}

static int address_lo(const struct lab *lab, struct err *err)
{
	struct netlink n;
	int code = enter(lab, LAB_NS_CLIENT, &n, err);
	int index;

	if (code < 0)
		return code;
	index = netlink_index(&n, "lo", err);
	code = index < 0 ? index : 0;
	for (size_t i = 0; code == 0 && i < PLAN_COUNT; i++) {
		const struct plan *p = &plans[i];

		if (!plan_is_possible(p))
			continue;
		code = add_sources(&n, index, p, p->host_bits, sources_of(lab, p), err);
		if (code == 0)
			code = add_server(&n, index, p, p->host_bits, err);
	}
	if (code == 0)
		code = netlink_flush(&n, err);
	netlink_close(&n);
	return code;
}

/* --- topologies ----------------------------------------------------------------------------- */

static int build_ends(const struct lab *lab, struct err *err)
{
	int code = raise_end(lab, LAB_NS_CLIENT, end_a0.name, err);

	if (code == 0)
		code = raise_end(lab, LAB_NS_SERVER, end_b0.name, err);
	if (code == 0 && lab->topology == TOPOLOGY_WIRE)
		code = raise_relay(lab, err);
	if (code == 0)
		code = address_end(lab, LAB_NS_CLIENT, end_a0.name, err);
	if (code == 0)
		code = address_end(lab, LAB_NS_SERVER, end_b0.name, err);
	return code;
}

static int build_veth(const struct lab *lab, struct err *err)
{
	int code = make_pair(lab, LAB_NS_CLIENT, &end_a0, LAB_NS_SERVER, &end_b0, err);

	return code < 0 ? code : build_ends(lab, err);
}

static int build_wire(const struct lab *lab, struct err *err)
{
	int code = make_pair(lab, LAB_NS_RELAY, &end_a1, LAB_NS_CLIENT, &end_a0, err);

	if (code == 0)
		code = make_pair(lab, LAB_NS_RELAY, &end_b1, LAB_NS_SERVER, &end_b0, err);
	return code < 0 ? code : build_ends(lab, err);
}

static int build_lo(const struct lab *lab, struct err *err)
{
	return raise_end(lab, LAB_NS_CLIENT, "lo", err);
}

static int build_lo_alias(const struct lab *lab, struct err *err)
{
	int code = build_lo(lab, err);

	return code < 0 ? code : address_lo(lab, err);
}

static const struct shape {
	int (*build)(const struct lab *lab, struct err *err);
	const char *interface[SIDE_COUNT];
	const char *relay_interface[2];
	bool loopback_addresses;
} shapes[TOPOLOGY_COUNT] = {
	[TOPOLOGY_VETH] = { build_veth, { "a0", "b0" }, { "", "" }, false },
	[TOPOLOGY_WIRE] = { build_wire, { "a0", "b0" }, { "a1", "b1" }, false },
	[TOPOLOGY_LO] = { build_lo, { "lo", "lo" }, { "", "" }, true },
	[TOPOLOGY_LO_ALIAS] = { build_lo_alias, { "lo", "lo" }, { "", "" }, false },
};

static int read_mtu(struct lab *lab, struct err *err)
{
	struct netlink n;
	int code = enter(lab, LAB_NS_CLIENT, &n, err);

	if (code < 0)
		return code;
	lab->mtu = netlink_mtu(&n, lab->interface[SIDE_CLIENT], err);
	netlink_close(&n);
	return lab->mtu < 0 ? lab->mtu : 0;
}

int lab_link_build(struct lab *lab, int family, struct err *err)
{
	const struct shape *s = &shapes[lab->topology];
	const struct plan *p = &plans[family == 6];
	int code;

	if (!plan_is_possible(p))
		return err_set(err, -ENOTSUP, "this kernel has no IPv6 (ipv6.disable=1?)");
	for (int i = 0; i < 2; i++) {
		(void)snprintf(lab->interface[i], sizeof(lab->interface[i]), "%s", s->interface[i]);
		(void)snprintf(lab->relay_interface[i], sizeof(lab->relay_interface[i]), "%s",
			       s->relay_interface[i]);
	}
	lab->client = parse(s->loopback_addresses ? p->loopback : p->client);
	lab->server = parse(s->loopback_addresses ? p->loopback : p->server);
	code = s->build(lab, err);
	return code < 0 ? code : read_mtu(lab, err);
}
