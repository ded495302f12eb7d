/*
 * counters: /proc/net/{snmp,netstat,sockstat} of one network namespace.
 *
 * Text is parsed by pure functions (tests feed odd kernels' files).  Files are opened in the
 * namespace they belong to and stay bound to it; reading is a pread from 0.  A counter this kernel
 * does not have is absent, never 0.  Of sockstat only `inuse` and `tw` belong to the namespace;
 * `orphan`, `alloc` and `mem` are the host's.
 */
#ifndef TWBENCH_CAPTURE_COUNTERS_H
#define TWBENCH_CAPTURE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct counter {
	char name[48]; /* "TcpActiveOpens", "TcpExtTW": as nstat spells it */
	int64_t value;
};

struct counter_set {
	struct counter *item; /* sorted by name */
	size_t count;
};

struct counter_files {
	int snmp, netstat, sockstat; /* descriptors, -1 if not open */
};

/* Open the files of the calling thread's namespace (/proc/thread-self/net).  0, or negative errno
 * with *err and nothing open. */
int counter_files_open(struct counter_files *f, struct err *err);
void counter_files_close(struct counter_files *f); /* what is open of them; leaves -1s */

/* Read snmp and netstat.  Release with counter_set_release.  0 or negative errno with *err. */
int counter_set_read(const struct counter_files *f, struct counter_set *ret, struct err *err);
void counter_set_release(struct counter_set *s);

/* The value of `name`, or INT64_MIN if this kernel does not have it. */
int64_t counter_get(const struct counter_set *s, const char *name);

/*
 * Parse "Tcp: a b c\nTcp: 1 2 3\n" pairs and add them to `into`, which stays sorted.  0, -ENOMEM,
 * or -EINVAL with *err naming the line (no second line, counts that differ, no number, a number
 * beyond int64_t, a name that is too long or there already); `into` is as before then.  An empty
 * text has no counters, which is no fault.
 */
int counter_parse_pairs(const char *text, struct counter_set *into, struct err *err);

/* One value of such pairs ("Tcp:", "InSegs"), without allocating; INT64_MIN as below. */
int64_t counter_parse_pair(const char *text, const char *line, const char *field);

/* The number after `field` on the line that begins with the word `line` ("TCP:", "tw") of sockstat
 * text; INT64_MIN if absent or no number. */
int64_t counter_parse_sockstat(const char *text, const char *line, const char *field);

/*
 * TCP "tw" and "inuse" now (both families for tw, IPv4 only for inuse).  tw counts FIN_WAIT2
 * minisocks too.  Costs 0.03 ms.  0, -EPROTO if they are not there, or another negative errno.
 */
int counter_read_sockstat(const struct counter_files *f, int64_t *ret_tw, int64_t *ret_inuse);

/*
 * Segments TCP received so far (InSegs).  While it stands still no TIME_WAIT is made.  Costs
 * 0.05 ms.  0, -EPROTO if it is not there, or another negative errno.
 */
int counter_read_in_segs(const struct counter_files *f, int64_t *ret);

#endif
