#include "bench/sysctl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define SYSCTL_ROOT        "/proc/sys/"
#define SYSCTL_PATH_BYTES  192
#define SYSCTL_VALUE_BYTES 512

/* Why a key may be absent, for those that people's tuning files ask for. */
static const struct absence {
	const char *key; /* ends in '.': all that begin so */
	const char *words;
} absences[] = {
	{ "net.ipv4.tcp_tw_recycle", "removed in Linux 4.12" },
	{ "net.ipv4.tcp_tw_reuse_delay", "since Linux 6.14" },
	{ "net.ipv4.tcp_rto_max_ms", "since Linux 6.15" },
	{ "net.ipv4.tcp_rto_min_us", "since Linux 6.11" },
	{ "net.ipv4.tcp_child_ehash_entries", "since Linux 6.1" },
	{ "net.ipv4.ip_autobind_reuse", "since Linux 5.7" },
	{ "net.netfilter.nf_conntrack", "the module nf_conntrack is not loaded" },
	{ "net.nf_conntrack", "the module nf_conntrack is not loaded" },
};

/* The key in its dotted spelling, for the tables. */
static void dotted(const char *key, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s", key);
	for (char *p = ret; *p; p++)
		if (*p == '/')
			*p = '.';
}

static const char *absence_words(const char *key)
{
	char name[SYSCTL_PATH_BYTES];

	dotted(key, name, sizeof(name));
	for (size_t i = 0; i < sizeof(absences) / sizeof(absences[0]); i++)
		if (strncmp(name, absences[i].key, strlen(absences[i].key)) == 0)
			return absences[i].words;
	return NULL;
}

/* A part of a path that names something below, never above. */
static bool part_is_good(const char *part, size_t size)
{
	if (size == 0 || part[0] == '.')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)part[i]) && !strchr("_-.", part[i]))
			return false;
	return true;
}

int sysctl_path(const char *key, char *path, size_t size)
{
	const char *first = strpbrk(key, "./");
	char *name, *part;

	if (!first || strlen(SYSCTL_ROOT) + strlen(key) >= size)
		return -EINVAL;
	(void)snprintf(path, size, "%s%s", SYSCTL_ROOT, key);
	name = path + strlen(SYSCTL_ROOT);
	/* As sysctl(8) has it: the first separator is the separator, the other one a plain sign. */
	for (char *p = name; *first == '.' && *p; p++) {
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
	}
	for (part = name;; part++) {
		size_t length = strcspn(part, "/");

		if (!part_is_good(part, length))
			return -EINVAL;
		part += length;
		if (!*part)
			return 0;
	}
}

bool sysctl_exists(const char *key)
{
	char path[SYSCTL_PATH_BYTES];

	return sysctl_path(key, path, sizeof(path)) == 0 && access(path, F_OK) == 0;
}

void sysctl_fold(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		if (!isspace((unsigned char)*in))
			*out++ = *in;
		else if (out > text && out[-1] != ' ')
			*out++ = ' ';
	}
	if (out > text && out[-1] == ' ')
		out--;
	*out = 0;
}

int sysctl_read(const char *key, char *value, size_t size)
{
	char path[SYSCTL_PATH_BYTES], text[SYSCTL_VALUE_BYTES];
	int fd, code = sysctl_path(key, path, sizeof(path));
	ssize_t got;

	if (code < 0)
		return code;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text) - 1);
	code = got < 0 ? -errno : 0;
	(void)close(fd); /* read-only */
	if (code < 0)
		return code;
	text[got] = 0;
	sysctl_fold(text);
	if (strlen(text) >= size)
		return -EOVERFLOW;
	(void)snprintf(value, size, "%s", text);
	return 0;
}

/* --- writing -------------------------------------------------------------------------------- */

static int no_such_key(const char *key, enum sysctl_host host, struct err *err)
{
	const char *words = absence_words(key);

	if (host == SYSCTL_HOST_HAS)
		return err_set(err, -EINVAL, "'%s' is host-wide: it cannot be set in a namespace",
			       key);
	return err_set(err, -EINVAL, "'%s' is not known to this kernel%s%s%s%s", key,
		       host == SYSCTL_HOST_LACKS ? "" : ", or host-wide", words ? " (" : "",
		       words ? words : "", words ? ")" : "");
}

static int cannot_open(const char *key, int code, enum sysctl_host host, struct err *err)
{
	if (code == -ENOENT)
		return no_such_key(key, host, err);
	if (code == -EROFS)
		return err_set(err, -ENOTSUP,
			       "cannot set '%s': /proc/sys is mounted read-only (a container?  "
			       "run it with --privileged)",
			       key);
	if (code == -EACCES || code == -EPERM)
		return err_set(err, -EINVAL,
			       "'%s' is host-wide: it can be read but not set in a namespace", key);
	return err_set(err, code, "cannot open '%s': %s", key, strerror(-code));
}

static int compare(const char *key, const char *wanted, struct err *err)
{
	char got[SYSCTL_VALUE_BYTES], want[SYSCTL_VALUE_BYTES];
	int code = sysctl_read(key, got, sizeof(got));

	if (code < 0)
		return err_set(err, code, "cannot read '%s' back: %s", key, strerror(-code));
	(void)snprintf(want, sizeof(want), "%s", wanted);
	sysctl_fold(want);
	if (strcmp(got, want) != 0)
		return err_set(err, -EINVAL, "'%s': '%s' was written, the kernel made it '%s'", key,
			       want, got);
	return 0;
}

int sysctl_write(const char *key, const char *value, enum sysctl_host host, struct err *err)
{
	char path[SYSCTL_PATH_BYTES], line[SYSCTL_VALUE_BYTES];
	int fd, size, code = 0;

	if (sysctl_path(key, path, sizeof(path)) < 0)
		return err_set(err, -EINVAL, "'%s' is not a sysctl key", key);
	if (strncmp(path, SYSCTL_ROOT "net/", strlen(SYSCTL_ROOT "net/")) != 0)
		return err_set(err, -EINVAL,
			       "'%s' is host-wide: only net.* can be set in a namespace", key);
	size = snprintf(line, sizeof(line), "%s\n", value);
	if ((size_t)size >= sizeof(line))
		return err_set(err, -EINVAL, "'%s': the value is too long", key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return cannot_open(key, -errno, host, err);
	if (write(fd, line, (size_t)size) != size)
		code = err_set(err, -EINVAL, "'%s': the kernel refuses the value '%s': %s", key,
			       value, strerror(errno ? errno : EIO));
	(void)close(fd); /* the write has said all */
	return code < 0 ? code : compare(key, value, err);
}
