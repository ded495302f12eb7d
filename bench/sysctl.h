/*
 * sysctl: one key of /proc/sys/net, read and written in the calling thread's namespace.
 *
 * Only per-namespace keys can be written: whatever lies outside net/ is refused before the kernel
 * is asked, for with real privilege the kernel would obey, and for the whole host.
 * Keys are spelled as for sysctl(8): "net.ipv4.tcp_rmem", or with slashes, where a dot stays a dot.
 */
#ifndef TWBENCH_BENCH_SYSCTL_H
#define TWBENCH_BENCH_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* "net.ipv4.tcp_rmem" -> "/proc/sys/net/ipv4/tcp_rmem".  0, or -EINVAL for what is no key. */
int sysctl_path(const char *key, char *path, size_t size);

/* Is there such a key in this namespace? */
bool sysctl_exists(const char *key);

/* Runs of white space to one blank, none at the ends; in place. */
void sysctl_fold(char *text);

/* The value, folded.  0, -ENOENT (no such key here), or another negative errno. */
int sysctl_read(const char *key, char *value, size_t size);

/* Did the host, as we left it, have the key?  Tells a host-wide key from an unknown one. */
enum sysctl_host { SYSCTL_HOST_UNKNOWN, SYSCTL_HOST_HAS, SYSCTL_HOST_LACKS };

/*
 * Write and read back.  0; -EINVAL when the key cannot be set in a namespace, is unknown, or the
 * value is refused or comes out as another; -ENOTSUP when /proc/sys is read-only; *err names both.
 */
int sysctl_write(const char *key, const char *value, enum sysctl_host host, struct err *err);

#endif
