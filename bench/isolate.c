#include "bench/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

/* --- why not -------------------------------------------------------------------------------- */

#define USERNS_WAY (1 << ISOLATION_USERNS)
#define NETNS_WAY  (1 << ISOLATION_NETNS)

/* A setting that forbids a way, most particular first. */
static const struct obstacle {
	const char *file; /* under /proc */
	const char *line; /* what it begins with there; a line of its own for files of many */
	int ways;
	bool binds_root;
	const char *words;
} obstacles[] = {
	{ "sys/user/max_user_namespaces", "0", USERNS_WAY, true,
	  "user.max_user_namespaces is 0; set it higher, or run as root" },
	{ "sys/user/max_net_namespaces", "0", USERNS_WAY | NETNS_WAY, true,
	  "user.max_net_namespaces is 0; set it higher" },
	{ "sys/kernel/apparmor_restrict_unprivileged_userns", "1", USERNS_WAY, false,
	  "kernel.apparmor_restrict_unprivileged_userns is 1 (as on Ubuntu 24.04): "
	  "set it to 0, or run as root" },
	{ "sys/kernel/unprivileged_userns_clone", "0", USERNS_WAY, false,
	  "kernel.unprivileged_userns_clone is 0; set it to 1, or run as root" },
	{ "self/status", "Seccomp:\t2", USERNS_WAY | NETNS_WAY, true,
	  "a seccomp filter (Docker's?) may forbid it: run the container with --privileged "
	  "or --security-opt seccomp=unconfined" },
};

static const char *const way_fallback[ISOLATION_COUNT] = {
	[ISOLATION_USERNS] = "a chroot or a security policy forbids it; run as root",
	[ISOLATION_NETNS] = "needs root (CAP_SYS_ADMIN; in a container --privileged)",
};

/* Does a line of the file begin with `line`, and end there? */
static bool file_has_line(const char *proc, const char *file, const char *line)
{
	char path[256], text[256];
	bool found = false;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", proc, file);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fgets(text, sizeof(text), f)) {
		text[strcspn(text, "\n")] = 0;
		found = strcmp(text, line) == 0;
	}
	(void)fclose(f); /* only read from */
	return found;
}

static const char *obstacle_words(const struct isolate_fault *fault)
{
	for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
		const struct obstacle *o = &obstacles[i];

		if ((o->ways & (1 << fault->how)) && (o->binds_root || !fault->privileged) &&
		    file_has_line(fault->proc, o->file, o->line))
			return o->words;
	}
	return NULL;
}

int isolate_explain(const struct isolate_fault *fault, struct err *err)
{
	bool denied = fault->code == -EPERM || fault->code == -EACCES;
	const char *words = obstacle_words(fault);

	if (!words && fault->code == -ENOSPC)
		words = "the limit user.max_user_namespaces or user.max_net_namespaces is reached";
	if (!words && denied)
		words = way_fallback[fault->how];
	if (!words)
		words = "does this kernel have CONFIG_USER_NS and CONFIG_NET_NS?";
	return err_set(err, denied ? -EPERM : -ENOTSUP, "cannot %s: %s (%s)", fault->step,
		       strerror(-fault->code), words);
}

/* --- the ways ------------------------------------------------------------------------------- */

static bool has_sys_admin(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &h, d) < 0)
		return false;
	return (d[0].effective & (UINT32_C(1) << CAP_SYS_ADMIN)) != 0;
}

/* Write one line into a file under /proc/self.  0 or negative errno. */
__attribute__((format(printf, 2, 3))) static int write_self(const char *path, const char *fmt, ...)
{
	char text[64];
	va_list ap;
	int fd, size, code = 0;

	va_start(ap, fmt);
	size = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)size) != size)
		code = errno ? -errno : -EIO;
	(void)close(fd); /* the write has said all */
	return code;
}

/* A policy may let a user namespace be made and deny its capabilities: use one, to no effect. */
static int prove_capable(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int code = 0;

	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET) < 0)
		code = -errno;
	(void)close(fd); /* read-only */
	return code;
}

static int enter_userns(const char **step)
{
	unsigned uid = geteuid(), gid = getegid();
	int code;

	*step = "make a user namespace";
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -errno;
	*step = "map the user into a user namespace";
	code = write_self("/proc/self/setgroups", "deny");
	if (code == 0)
		code = write_self("/proc/self/uid_map", "0 %u 1", uid);
	if (code == 0)
		code = write_self("/proc/self/gid_map", "0 %u 1", gid);
	if (code < 0)
		return code;
	*step = "use the capabilities of a user namespace";
	return prove_capable();
}

static int enter_netns(const char **step)
{
	*step = "make a network namespace";
	return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}

/* EINVAL is the caller's fault: unshare(2) wants a process of one thread. */
static bool has_threads(void)
{
	return !file_has_line("/proc", "self/status", "Threads:\t1");
}

static int enter_way(enum isolation how, struct err *err)
{
	struct isolate_fault fault = { .how = how, .proc = "/proc", .privileged = has_sys_admin() };

	fault.code = how == ISOLATION_USERNS ? enter_userns(&fault.step) : enter_netns(&fault.step);
	if (fault.code == 0)
		return 0;
	if (fault.code == -EINVAL && has_threads())
		return err_set(err, -EINVAL, "cannot %s: the process has more than one thread",
			       fault.step);
	return isolate_explain(&fault, err);
}

static int try_userns(const void *arg, struct err *err)
{
	(void)arg; /* isolate_in_child's shape */
	return enter_way(ISOLATION_USERNS, err);
}

static int enter_privileged(enum isolation *ret, struct err *err)
{
	struct err userns_err, netns_err;

	if (isolate_in_child(try_userns, NULL, &userns_err) == 0) {
		*ret = ISOLATION_USERNS;
		return enter_way(ISOLATION_USERNS, err);
	}
	*ret = ISOLATION_NETNS;
	if (enter_way(ISOLATION_NETNS, &netns_err) == 0)
		return 0;
	return err_set(err, -EPERM, "%.240s; %.240s", userns_err.text, netns_err.text);
}

int isolate_enter(enum isolation how, enum isolation *ret, struct err *err)
{
	if (how == ISOLATION_AUTO && has_sys_admin())
		return enter_privileged(ret, err);
	*ret = how == ISOLATION_AUTO ? ISOLATION_USERNS : how;
	return enter_way(*ret, err);
}

/* --- a child to try it in ------------------------------------------------------------------- */

struct outcome_of_child {
	int code;
	struct err err;
};

int isolate_in_child(int (*body)(const void *arg, struct err *err), const void *arg,
		     struct err *err)
{
	struct outcome_of_child said = { 0 };
	int fd[2], code = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, "make a pipe");
	pid = fork();
	if (pid == 0) {
		said.code = body(arg, &said.err);
		_exit(write(fd[1], &said, sizeof(said)) == (ssize_t)sizeof(said) ? 0 : 1);
	}
	if (pid < 0)
		code = err_errno(err, "fork");
	(void)close(fd[1]); /* never written to by us */
	if (pid > 0) {
		do
			got = read(fd[0], &said, sizeof(said));
		while (got < 0 && errno == EINTR);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (got != (ssize_t)sizeof(said)) {
			code = err_set(err, -EIO, "a child made for a trial died");
		} else if (said.code < 0) {
			code = said.code;
			*err = said.err;
		}
	}
	(void)close(fd[0]); /* read-only */
	return code;
}
