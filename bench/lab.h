/*
 * lab: the network namespaces of one repeat, their link, addresses and sysctls.
 *
 * Built inside a process made for it (a lab is never shared and never reused): anonymous namespaces
 * that die with the process, SIGKILL included.  User + network namespaces where allowed, plain
 * network namespaces as root otherwise.  The host's sysctls, interfaces and sockets are not
 * touched.  Talks rtnetlink(7) itself; runs no program.
 */
#ifndef TWBENCH_BENCH_LAB_H
#define TWBENCH_BENCH_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/side.h"
#include "base/tuple.h"

struct err;

enum topology {
	TOPOLOGY_VETH,     /* two namespaces, one veth pair: the default */
	TOPOLOGY_WIRE,     /* client - relay - server: three namespaces, our relay between */
	TOPOLOGY_LO,       /* one namespace, 127.0.0.1 or ::1: another port reuse policy */
	TOPOLOGY_LO_ALIAS, /* one namespace, a non-127 address on lo */
	TOPOLOGY_HOST,     /* the namespace we were started in; nothing is changed */
	TOPOLOGY_COUNT
};

enum isolation {
	ISOLATION_AUTO,
	ISOLATION_USERNS,
	ISOLATION_NETNS,
	ISOLATION_NONE,
	ISOLATION_COUNT
};

const char *topology_key(enum topology t);   /* "veth", "lo-alias" */
const char *topology_help(enum topology t);
const char *isolation_key(enum isolation i); /* "auto", "userns+netns", "netns", "none" */

struct lab_sysctl {
	char key[96];       /* "net.ipv4.tcp_tw_reuse" */
	char value[160];
};

struct lab_options {
	enum topology topology;
	enum isolation isolation;    /* what to use; AUTO: userns first, then netns if privileged */
	int family;                  /* 4 or 6: of the ends' addresses (both are configured) */
	uint32_t sources;            /* client addresses, 1 .. 4096 */
	const struct lab_sysctl *sysctl; /* applied at both ends, in this order */
	size_t sysctl_count;
	uint32_t ehash_entries;      /* private hash per namespace where the kernel can
				      * (tcp_child_ehash_entries); 0: share the host's */
};

enum lab_ns { LAB_NS_CLIENT, LAB_NS_SERVER, LAB_NS_RELAY, LAB_NS_COUNT };

struct lab {
	enum topology topology;
	enum isolation isolation;           /* what was got */
	bool shared;                        /* client and server live in the same namespace */
	int ns[LAB_NS_COUNT];               /* descriptors; server = client when shared; -1: none */
	char interface[SIDE_COUNT][16];     /* the link as each side sees it, for a sniffer;
					     * empty on the host, which has many */
	char relay_interface[2][16];        /* towards the client, towards the server */
	struct endpoint client;             /* first source, port 0; others: endpoint_plus() */
	struct endpoint server;             /* port 0 */
	uint32_t sources;
	int mtu;                            /* 0: not known (host) */
	int64_t ehash_entries;              /* as read back; negative: shared with the host; -1:
					     * not told (before 6.1: always shared) */
};

/*
 * Make the lab.  The calling process must have one thread; it ends in the client's namespace, and
 * its parent-death signal (PR_SET_PDEATHSIG) is cleared by the change of credentials.
 * Links are up, neighbours known and addresses usable on return: the first SYN gets through.
 * With a private hash, tcp_max_tw_buckets and tcp_max_syn_backlog are set to what the namespace we
 * were started in has (the kernel would size them by the small hash) before `sysctl` is applied.
 * Topology host takes no sysctls and gives no addresses: the target is the caller's.
 * Returns 0; -EPERM or -ENOTSUP when the host allows neither way, in words a user can act on;
 * -EINVAL for options that contradict each other and for a sysctl that cannot be set there (not per
 * namespace, unknown, value refused); other negative errno.  On failure nothing is left but what
 * dies with the process.
 */
int lab_enter(struct lab *lab, const struct lab_options *options, struct err *err);

/* Could lab_enter() do that?  Tried in a child process, which takes it along.  Errors as above. */
int lab_try(const struct lab_options *options, struct err *err);

/* Move the calling thread into a namespace of the lab.  0 or negative errno with *err. */
int lab_join(const struct lab *lab, enum lab_ns which, struct err *err);

/* Read a sysctl in the calling thread's namespace, white space folded.  0, -ENOENT (no such key
 * here), or another negative errno. */
int lab_sysctl_read(const char *key, char *value, size_t size);

/* Write and read back, in the calling thread's namespace.  0, or negative errno with *err naming
 * key and value. */
int lab_sysctl_write(const char *key, const char *value, struct err *err);

/*
 * Could a lab be made here?  Tries each way in a child process.  Sets which ways work, and the
 * reason in words for those that do not (for doctor and for loud skips).
 */
struct lab_probe {
	bool userns, netns;
	char userns_why[256], netns_why[256];
};
void lab_probe(struct lab_probe *ret);

#endif
