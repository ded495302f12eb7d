/*
 * isolate: the calling process into namespaces of its own, and, where the host forbids it, why.
 *
 * User + network namespaces need no privilege, network namespaces alone CAP_SYS_ADMIN.  A process
 * that entered a user namespace cannot come back, so whether that way works is tried in a child
 * first when there is another way.  Source: user_namespaces(7), network_namespaces(7).
 */
#ifndef TWBENCH_BENCH_ISOLATE_H
#define TWBENCH_BENCH_ISOLATE_H

#include <stdbool.h>

#include "bench/lab.h"

struct err;

/*
 * Enter by ISOLATION_USERNS or ISOLATION_NETNS, or by the first of them that works here (AUTO).
 * In a user namespace uid and gid 0 stand for the caller's.  *ret: which way it was.
 * 0, or -EPERM, -ENOTSUP, -EINVAL (the process has threads) with *err saying what would help.
 */
int isolate_enter(enum isolation how, enum isolation *ret, struct err *err);

/*
 * Run `body` in a forked child and return what it returns, *err included.
 * -EIO if the child died of it.
 */
int isolate_in_child(int (*body)(const void *arg, struct err *err), const void *arg,
		     struct err *err);

/* What isolate_explain() goes by. */
struct isolate_fault {
	enum isolation how;
	int code;         /* negative errno of the step that failed */
	const char *step; /* "make a user namespace" */
	const char *proc; /* "/proc" */
	bool privileged;  /* CAP_SYS_ADMIN was there */
};

/* Why a step failed and what to do, by the settings under `proc`.  -EPERM or -ENOTSUP with *err. */
int isolate_explain(const struct isolate_fault *fault, struct err *err);

#endif
