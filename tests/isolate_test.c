/* isolate: the words for a host that refuses, and the child that things are tried in. */
#include "bench/isolate.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/test.h"

static bool put_file(const char *root, const char *path, const char *text)
{
	char name[256];
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s/%s", root, path);
	for (char *p = name + strlen(root) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		(void)mkdir(name, 0700); /* may be there */
		*p = '/';
	}
	f = fopen(name, "we");
	if (!f)
		return false;
	(void)fputs(text, f);
	return fclose(f) == 0;
}

/* The settings that forbid a lab, as files of a made-up /proc. */
static const struct {
	const char *file, *text;
	enum isolation how;
	bool privileged;
	int code, want;
	const char *part;
} rows[] = {
	{ "sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", ISOLATION_USERNS, false,
	  -EACCES, -EPERM, "apparmor_restrict_unprivileged_userns is 1" },
	{ "sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", ISOLATION_USERNS, true, -EPERM,
	  -EPERM, "a security policy forbids it" },
	{ "sys/kernel/apparmor_restrict_unprivileged_userns", "0\n", ISOLATION_USERNS, false,
	  -EPERM, -EPERM, "a security policy forbids it" },
	{ "sys/kernel/unprivileged_userns_clone", "0\n", ISOLATION_USERNS, false, -EPERM, -EPERM,
	  "unprivileged_userns_clone is 0" },
	{ "sys/user/max_user_namespaces", "0\n", ISOLATION_USERNS, true, -ENOSPC, -ENOTSUP,
	  "max_user_namespaces is 0" },
	{ "sys/user/max_user_namespaces", "100\n", ISOLATION_USERNS, true, -ENOSPC, -ENOTSUP,
	  "is reached" },
	{ "sys/user/max_net_namespaces", "0\n", ISOLATION_NETNS, true, -ENOSPC, -ENOTSUP,
	  "max_net_namespaces is 0" },
	{ "self/status", "Name:\tx\nSeccomp:\t2\nThreads:\t1\n", ISOLATION_USERNS, false, -EPERM,
	  -EPERM, "seccomp" },
	{ "self/status", "Name:\tx\nSeccomp:\t0\n", ISOLATION_NETNS, false, -EPERM, -EPERM,
	  "CAP_SYS_ADMIN" },
	{ "self/status", "Seccomp:\t0\n", ISOLATION_USERNS, false, -ENOSYS, -ENOTSUP,
	  "CONFIG_USER_NS" },
};

/* Unlink the file and the folders that put_file() made for it. */
static void remove_file(const char *root, const char *path)
{
	char name[300];

	(void)snprintf(name, sizeof(name), "%s/%s", root, path);
	(void)unlink(name); /* a leftover is harmless, here and below */
	while (strlen(name) > strlen(root)) {
		*strrchr(name, '/') = 0;
		(void)rmdir(name);
	}
}

static void test_reasons(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char root[] = "/tmp/twbench-isolate-XXXXXX";
		struct isolate_fault fault = { rows[i].how, rows[i].code, "do it", root,
					       rows[i].privileged };
		struct err err = { .text = "" };

		if (!mkdtemp(root) || !put_file(root, rows[i].file, rows[i].text)) {
			ok(false, "a made-up /proc");
			continue;
		}
		is_int(isolate_explain(&fault, &err), rows[i].want, "%s: code", rows[i].part);
		ok(strstr(err.text, rows[i].part) && strstr(err.text, "cannot do it: "), "%s",
		   err.text);
		ok(strlen(err.text) < 240, "... short enough for a probe");
		remove_file(root, rows[i].file);
	}
}

static int fine(const void *arg, struct err *err)
{
	(void)err; /* nothing to say */
	return *(const int *)arg;
}

static int faulty(const void *arg, struct err *err)
{
	return err_set(err, -ENOTSUP, "no %s", (const char *)arg);
}

static int deadly(const void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return raise(SIGKILL);
}

static void test_child(void)
{
	struct err err = { .text = "" };
	int zero = 0;

	is_int(isolate_in_child(fine, &zero, &err), 0, "a child that does well");
	is_int(isolate_in_child(faulty, "luck", &err), -ENOTSUP, "a child that does not");
	is_str(err.text, "no luck", "... its words come back");
	is_int(isolate_in_child(deadly, NULL, &err), -EIO, "a child that dies");
}

int main(void)
{
	test_reasons();
	test_child();
	return test_done();
}
