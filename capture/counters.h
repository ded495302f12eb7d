/*
 * counters: /proc/net/{snmp,netstat,sockstat,sockstat6} of one network namespace.
 *
 * Text is parsed by pure functions (tests feed odd kernels' files).  Files are opened in the namespace
 * they belong to and stay bound to it; reading is a pread from 0.
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

/* Open the files of the calling thread's namespace (/proc/thread-self/net).  0 or negative errno with *err. */
int counter_files_open(struct counter_files *f, struct err *err);
void counter_files_close(struct counter_files *f);

/* Read snmp and netstat.  Release with counter_set_release.  0 or negative errno with *err. */
int counter_set_read(const struct counter_files *f, struct counter_set *ret, struct err *err);
void counter_set_release(struct counter_set *s);

/* The value of `name`, or INT64_MIN if this kernel does not have it. */
int64_t counter_get(const struct counter_set *s, const char *name);

/* Parse "Tcp: a b c\nTcp: 1 2 3\n" pairs; appends.  0, -EINVAL or -ENOMEM with *err. */
int counter_parse_pairs(const char *text, struct counter_set *into, struct err *err);

/* The word after `field` on the line `line` ("TCP:", "tw") of sockstat text; INT64_MIN if absent. */
int64_t counter_parse_sockstat(const char *text, const char *line, const char *field);

/* TCP "tw" and "inuse" now (both families for tw).  One pread, 0.03 ms.  0 or negative errno. */
int counter_read_sockstat(const struct counter_files *f, int64_t *ret_tw, int64_t *ret_inuse);

#endif
