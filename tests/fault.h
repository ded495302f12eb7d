/*
 * fault: the n-th call of the program into the system fails, once or from there on.
 *
 * The linker's --wrap (FAULT_WRAPS in the Makefile) leads each call of our objects here; what
 * libraries call among themselves is not touched.  Memory that is taken through here is remembered
 * until it is freed, so what is left afterwards has leaked.  Any thread.
 */
#ifndef TWBENCH_TESTS_FAULT_H
#define TWBENCH_TESTS_FAULT_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAULT_LIVE_MAX 65536 /* allocations at a time; a power of two, never more than half full */

static struct {
	pthread_mutex_t lock;
	bool armed, lasting;
	long left;       /* calls until the one that fails */
	long failed;     /* calls that did */
	const char *hit; /* the first of them */
	void *live[FAULT_LIVE_MAX];
	size_t live_count;
} fault = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void fault_arm(long n, bool lasting)
{
	fault.armed = true;
	fault.lasting = lasting;
	fault.left = n;
	fault.failed = 0;
	fault.hit = NULL;
}

static bool fault_now(const char *name)
{
	bool now;

	(void)pthread_mutex_lock(&fault.lock);
	now = fault.armed && --fault.left <= 0 && (fault.lasting || fault.left == 0);
	if (now && fault.failed++ == 0)
		fault.hit = name;
	(void)pthread_mutex_unlock(&fault.lock);
	return now;
}

/* --- memory --------------------------------------------------------------------------------- */

static size_t fault_slot(const void *p)
{
	return (size_t)(((uintptr_t)p >> 4) * 0x9E3779B97F4A7C15u >> 40) % FAULT_LIVE_MAX;
}

static void *fault_took(void *p)
{
	size_t i = fault_slot(p);

	if (!p)
		return NULL;
	(void)pthread_mutex_lock(&fault.lock);
	if (fault.live_count >= FAULT_LIVE_MAX / 2)
		abort();
	while (fault.live[i])
		i = (i + 1) % FAULT_LIVE_MAX;
	fault.live[i] = p;
	fault.live_count++;
	(void)pthread_mutex_unlock(&fault.lock);
	return p;
}

/* What was not taken through here (by libc, before main) is passed over. */
static void fault_gave(const void *p)
{
	size_t i = fault_slot(p), hole, home;

	(void)pthread_mutex_lock(&fault.lock);
	while (fault.live[i] && fault.live[i] != p)
		i = (i + 1) % FAULT_LIVE_MAX;
	if (p && fault.live[i]) {
		fault.live_count--;
		fault.live[hole = i] = NULL;
		while (fault.live[i = (i + 1) % FAULT_LIVE_MAX]) {
			home = fault_slot(fault.live[i]);
			if ((i - home) % FAULT_LIVE_MAX >= (i - hole) % FAULT_LIVE_MAX) {
				fault.live[hole] = fault.live[i];
				fault.live[hole = i] = NULL;
			}
		}
	}
	(void)pthread_mutex_unlock(&fault.lock);
}

/* --- calls ---------------------------------------------------------------------------------- */

#define FAULT_WRAP(type, name, params, args, bad, code)                                            \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		if (fault_now(#name)) {                                                            \
			errno = code;                                                              \
			return bad;                                                                \
		}                                                                                  \
		return __real_##name args;                                                         \
	}

#define FAULT_WRAP_MEMORY(name, params, args)                                                      \
	void *__real_##name params;                                                                \
	void *__wrap_##name params;                                                                \
	void *__wrap_##name params                                                                 \
	{                                                                                          \
		if (fault_now(#name)) {                                                            \
			errno = ENOMEM;                                                            \
			return NULL;                                                               \
		}                                                                                  \
		return fault_took(__real_##name args);                                             \
	}

FAULT_WRAP_MEMORY(malloc, (size_t size), (size))
FAULT_WRAP_MEMORY(calloc, (size_t n, size_t size), (n, size))
FAULT_WRAP_MEMORY(aligned_alloc, (size_t to, size_t size), (to, size))

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s)
{
	if (fault_now("strdup")) {
		errno = ENOMEM;
		return NULL;
	}
	return fault_took(__real_strdup(s));
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	if (fault_now("realloc")) {
		errno = ENOMEM;
		return NULL;
	}
	fault_gave(p); /* none of the tests asks for more than there is */
	return fault_took(__real_realloc(p, size));
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
	fault_gave(p);
	__real_free(p);
}

int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (fault_now("asprintf"))
		return -1;
	va_start(ap, fmt);
	n = vasprintf(ret, fmt, ap);
	va_end(ap);
	if (n >= 0)
		(void)fault_took(*ret);
	return n;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	if (fault_now("open")) {
		errno = EMFILE;
		return -1;
	}
	return __real_open(path, flags, mode);
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, mode_t mode);
int __wrap_openat(int dir, const char *path, int flags, mode_t mode)
{
	if (fault_now("openat")) {
		errno = EMFILE;
		return -1;
	}
	return __real_openat(dir, path, flags, mode);
}

/* A stream that cannot be closed well has lost what was in its buffer. */
int __real_fclose(FILE *f);
int __wrap_fclose(FILE *f);
int __wrap_fclose(FILE *f)
{
	int code = __real_fclose(f);

	if (!fault_now("fclose"))
		return code;
	errno = ENOSPC;
	return EOF;
}

FAULT_WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
FAULT_WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL, ENOMEM)
FAULT_WRAP(DIR *, fdopendir, (int fd), (fd), NULL, ENOMEM)
FAULT_WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size), NULL, ENOMEM)
FAULT_WRAP(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), -1, EIO)
FAULT_WRAP(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), -1, EIO)
FAULT_WRAP(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size), -1, ENOSPC)
FAULT_WRAP(int, fstat, (int fd, struct stat *st), (fd, st), -1, EIO)
FAULT_WRAP(int, fsync, (int fd), (fd), -1, EIO)
FAULT_WRAP(int, rename, (const char *from, const char *to), (from, to), -1, EACCES)
FAULT_WRAP(int, renameat, (int d, const char *from, int e, const char *to), (d, from, e, to), -1, EACCES)
FAULT_WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, EACCES)
FAULT_WRAP(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), -1, EACCES)
FAULT_WRAP(int, linkat, (int d, const char *from, int e, const char *to, int flags),
	   (d, from, e, to, flags), -1, ENOSPC)
FAULT_WRAP(int, symlinkat, (const char *to, int dir, const char *path), (to, dir, path), -1, ENOSPC)
FAULT_WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
FAULT_WRAP(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1, EADDRINUSE)
FAULT_WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t n),
	   (fd, level, name, value, n), -1, ENOPROTOOPT)
FAULT_WRAP(ssize_t, send, (int fd, const void *b, size_t n, int flags), (fd, b, n, flags), -1, ENOBUFS)
FAULT_WRAP(ssize_t, recv, (int fd, void *b, size_t n, int flags), (fd, b, n, flags), -1, ENOBUFS)
FAULT_WRAP(ssize_t, sendto,
	   (int fd, const void *b, size_t n, int flags, const struct sockaddr *to, socklen_t size),
	   (fd, b, n, flags, to, size), -1, ENOBUFS)
FAULT_WRAP(int, poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms), -1, ENOMEM)
FAULT_WRAP(int, epoll_create1, (int flags), (flags), -1, EMFILE)
FAULT_WRAP(int, eventfd, (unsigned first, int flags), (first, flags), -1, EMFILE)
FAULT_WRAP(int, pipe2, (int fd[2], int flags), (fd, flags), -1, EMFILE)
FAULT_WRAP(void *, mmap, (void *at, size_t size, int prot, int flags, int fd, off_t from),
	   (at, size, prot, flags, fd, from), MAP_FAILED, ENOMEM)
/* Variadic, but the kernel takes six words whatever is called. */
FAULT_WRAP(long, syscall, (long n, long a, long b, long c, long d, long e, long f), (n, a, b, c, d, e, f), -1,
	   EMFILE)
FAULT_WRAP(int, unshare, (int flags), (flags), -1, ENOSPC)
FAULT_WRAP(int, setns, (int fd, int kind), (fd, kind), -1, EPERM)
FAULT_WRAP(int, pthread_create,
	   (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *arg), (t, a, f, arg),
	   EAGAIN, EAGAIN)

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	if (fault_now("ioctl")) {
		errno = ENODEV;
		return -1;
	}
	return __real_ioctl(fd, request, arg);
}

#endif
