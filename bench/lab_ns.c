/* What all that deal with a finished lab need: the names, and the way into its namespaces. */
#include "bench/lab.h"

#include <errno.h>
#include <sched.h>

#include "base/err.h"

static const struct {
	const char *key, *help;
} topologies[TOPOLOGY_COUNT] = {
	[TOPOLOGY_VETH] = { "veth", "two network namespaces joined by a veth pair" },
	[TOPOLOGY_WIRE] = { "wire", "as veth, with a relay of our own between two veth pairs" },
	[TOPOLOGY_LO] = { "lo",
			  "one namespace, 127.0.0.1 or ::1: Linux reuses ports sooner there" },
	[TOPOLOGY_LO_ALIAS] = { "lo-alias", "one namespace, an address on lo outside 127/8" },
	[TOPOLOGY_HOST] = { "host", "the namespace twbench was started in, for a real target" },
};

static const char *const isolation_keys[ISOLATION_COUNT] = {
	[ISOLATION_AUTO] = "auto",
	[ISOLATION_USERNS] = "userns+netns",
	[ISOLATION_NETNS] = "netns",
	[ISOLATION_NONE] = "none",
};

const char *topology_key(enum topology t)
{
	return topologies[t].key;
}

const char *topology_help(enum topology t)
{
	return topologies[t].help;
}

const char *isolation_key(enum isolation i)
{
	return isolation_keys[i];
}

int lab_join(const struct lab *lab, enum lab_ns which, struct err *err)
{
	if (lab->ns[which] < 0)
		return err_set(err, -EINVAL, "topology '%s' has no such namespace",
			       topology_key(lab->topology));
	if (lab->topology == TOPOLOGY_HOST)
		return 0; /* there is one, and setns(2) wants privilege */
	return setns(lab->ns[which], CLONE_NEWNET) < 0 ? err_errno(err, "enter a network namespace")
						       : 0;
}
