/*
 * sysctl_probe: does a key exist on the kernel in question?
 *
 * The kernel in question is this one (/proc/sys, only looked at), the one a list of keys was taken
 * from, or none.  The only file of the linter that looks outside the files it was given.
 */
#ifndef TWBENCH_ANALYSIS_SYSCTL_PROBE_H
#define TWBENCH_ANALYSIS_SYSCTL_PROBE_H

#include <stddef.h>

struct err;

enum probe_kind { PROBE_NONE, PROBE_RUNNING, PROBE_LIST };
enum probe_answer { PROBE_UNKNOWN, PROBE_HAS, PROBE_LACKS };

struct sysctl_probe {
	enum probe_kind kind;
	char name[128]; /* "Linux 6.18.44", or the list's file; "" for PROBE_NONE */
	char **key;
	size_t count;
};

/* Ask the running kernel.  Nothing to release. */
void sysctl_probe_running(struct sysctl_probe *p);

/* Ask a list: one key a line; what follows a blank or '=' is ignored, so that `sysctl -a` will do.
 * 0, or -EINVAL or -ENOMEM with *err.  Free with sysctl_probe_release. */
int sysctl_probe_load(struct sysctl_probe *p, const char *path, struct err *err);

/* `key` with dots between the parts.  PROBE_UNKNOWN without a kernel, and for patterns. */
enum probe_answer sysctl_probe_ask(const struct sysctl_probe *p, const char *key);

void sysctl_probe_release(struct sysctl_probe *p);

#endif
