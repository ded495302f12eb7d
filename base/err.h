/*
 * err: what went wrong, in words, for the one place that prints it (bench/main.c).
 *
 * A fallible function returns 0 or a negative errno and takes `struct err *` last.  The text is set
 * where the fault is known and wrapped on the way up:
 *	"scenario 'x.json': load.clients: 'abc' is not an integer (1 to 100000)".
 * Codes choose the exit status: -EINVAL is the user's to mend (2), -ENOTSUP and -EPERM are the
 * environment's (4), all else is ours (5).
 */
#ifndef TWBENCH_BASE_ERR_H
#define TWBENCH_BASE_ERR_H

struct err {
	char text[512];
	const void *at; /* the part of an input that is wrong; NULL: unknown.  See err_at */
};

/*
 * A text is one line: control characters in what it quotes become '?'.
 *
 * Set the text; returns `code` so that a fault is one line: return err_set(err, -EINVAL, ...).
 */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Set "cannot <what>: <strerror>" from errno; returns -errno. */
int err_errno(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "<context>: " before the text that is there. */
void err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Say which part of an input is wrong, unless something nearer the fault did; whoever holds the text
 * makes a line number of it.  Only compared, never followed. */
void err_at(struct err *err, const void *part);

/* The exit status that `code` (a negative errno) stands for: 2, 4 or 5. */
int err_exit_status(int code);

#endif
