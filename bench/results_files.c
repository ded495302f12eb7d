#include "bench/results_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define TREE_DEPTH 8

static void remove_tree(int dir, const char *name, int depth)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) != 0 && depth > 0)
			remove_tree(fd, e->d_name, depth - 1);
	}
	if (d)
		(void)closedir(d); /* only read */
	else if (fd >= 0)
		(void)close(fd);
	(void)unlinkat(dir, name, AT_REMOVEDIR); /* what cannot be removed stays, visibly partial */
}

void results_remove_tree(int dir, const char *name)
{
	remove_tree(dir, name, TREE_DEPTH);
}

static int open_below(int dir, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(dir, name, 0777) != 0 && errno != EEXIST)
		return err_errno(err, "make directory '%s'", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, "open directory '%s'", name) : fd;
}

/* Write `name` by `print`; a failed write anywhere is an error. */
static int write_file(int dir, const char *name, void (*print)(const void *, FILE *), const void *what,
		      struct err *err)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool bad;

	if (!out) {
		int code = err_errno(err, "write '%s'", name);

		if (fd >= 0)
			(void)close(fd); /* nothing was written */
		return code;
	}
	print(what, out);
	bad = ferror(out);
	if (fclose(out) != 0 || bad) {
		errno = errno ? errno : EIO;
		return err_errno(err, "write '%s'", name);
	}
	return 0;
}

static void print_samples(const void *what, FILE *out)
{
	const struct series *s = what;

	fprintf(out, "t_s,side");
	for (int c = 0; c < COL_COUNT; c++)
		fprintf(out, ",%s", series_column_key((enum series_column)c));
	fprintf(out, "\n");
	for (size_t i = 0; i < s->count; i++)
		for (int side = 0; side < SIDE_COUNT; side++) {
			fprintf(out, "%.3f,%s", (double)s->t_ns[i] / 1e9, side_key((enum side)side));
			for (int c = 0; c < COL_COUNT; c++)
				fprintf(out, ",%d", series_count(s, i, side, c));
			fprintf(out, "\n");
		}
}

static void print_hgrm(const void *what, FILE *out)
{
	(void)hist_write_hgrm(what, out); /* the FILE remembers a failure */
}

static int copy_bytes(int from, int to)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(from, buf, sizeof(buf), at)) > 0) {
		if (write(to, buf, (size_t)n) != n)
			return errno ? -errno : -ENOSPC;
		at += n;
	}
	return n < 0 ? -errno : 0;
}

/* Give the unnamed file a name; where /proc is not there to do it by, copy. */
static int link_capture(int fd, int dir, struct err *err)
{
	char self[48];
	int to, code;

	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, dir, "capture.pcap", AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno == EEXIST)
		return 0; /* ours: from a checkpoint */
	to = openat(dir, "capture.pcap", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (to < 0)
		return err_errno(err, "write 'capture.pcap'");
	code = copy_bytes(fd, to);
	if (close(to) != 0 && code == 0)
		code = -errno;
	return code ? err_set(err, code, "cannot write 'capture.pcap': %s", strerror(-code)) : 0;
}

static int write_into(int at, const struct record_repeat *r, int capture_fd, struct err *err)
{
	struct stat st;
	int code = write_file(at, "samples.csv", print_samples, &r->series, err);

	if (code == 0 && r->response.total > 0)
		code = write_file(at, "response.hgrm", print_hgrm, &r->response, err);
	if (code == 0 && r->service.total > 0)
		code = write_file(at, "service.hgrm", print_hgrm, &r->service, err);
	if (code != 0 || capture_fd < 0 || fstat(capture_fd, &st) != 0 || st.st_size == 0)
		return code;
	return link_capture(capture_fd, at, err);
}

int results_write_repeat(int dir, const struct record_case *c, const struct record_repeat *r,
			 int capture_fd, struct err *err)
{
	int cases, one = -1, at = -1, code;
	char name[32];

	(void)snprintf(name, sizeof(name), "r%lld", (long long)r->index);
	cases = open_below(dir, "cases", err);
	if (cases >= 0)
		one = open_below(cases, c->name, err);
	if (one >= 0)
		at = open_below(one, name, err);
	code = at < 0 ? -EIO : write_into(at, r, capture_fd, err);
	if (at >= 0)
		(void)close(at); /* directories: nothing to lose */
	if (one >= 0)
		(void)close(one);
	if (cases >= 0)
		(void)close(cases);
	return code;
}
