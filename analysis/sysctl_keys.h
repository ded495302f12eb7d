/*
 * sysctl_keys: the keys of net.core, net.ipv4 and conntrack as Linux 6.18 has them: whose they are
 * (one network namespace's or the whole host's) and which values the kernel takes.
 *
 * Source: net/ipv4/sysctl_net_ipv4.c and net/core/sysctl_net_core.c of 6.18, and what a namespace of
 * 6.18.44 shows.  A key that is not here may exist all the same: below net.ipv4.conf, on a newer
 * kernel, on a vendor's.  Spelling: dots between the parts.
 */
#ifndef TWBENCH_ANALYSIS_SYSCTL_KEYS_H
#define TWBENCH_ANALYSIS_SYSCTL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_scope {
	KEY_NETNS,      /* every network namespace has its own */
	KEY_HOST,       /* the host's; a namespace of a container does not even show it */
	KEY_HOST_SHOWN, /* the host's; a namespace shows it and refuses writes */
	KEY_READ_ONLY   /* mode 0444: nobody writes it */
};

enum value_kind {
	VALUE_ANY,   /* not checked */
	VALUE_INT,   /* one number, `low` to `high` */
	VALUE_INTS,  /* several, each `low` to `high` */
	VALUE_RANGE, /* "32768 60999" */
	VALUE_PORTS  /* "8080,9000-9100" */
};

struct sysctl_key {
	const char *name;
	enum key_scope scope;
	enum value_kind value;
	int64_t low, high; /* what the kernel takes; all else is "Invalid argument" */
	bool meant;        /* of that, only sane_low to sane_high has a documented meaning */
	int64_t sane_low, sane_high;
};

extern const struct sysctl_key sysctl_keys[];
extern const size_t sysctl_key_count;

/* The row of `name`, or NULL. */
const struct sysctl_key *sysctl_key_find(const char *name);

/* The listed key nearest to `name`, at most `limit` letters away; NULL if there is none. */
const char *sysctl_key_nearest(const char *name, int limit);

/* "net/ipv4/conf/eth0.100/x" and "net.ipv4.conf.eth0/100.x" -> the latter, as sysctl(8) prints it.
 * `size` of strlen(written) + 1 is always enough. */
void sysctl_key_canonical(const char *written, char *buf, size_t size);

#endif
