#include "bench/results.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/results_files.h"

#define PARTIAL ".partial"

/* --- opening --------------------------------------------------------------------------------- */

static void make_id(struct results *r, const char *scenario_name)
{
	int64_t real_ns = mono_now_ns() + mono_real_offset_ns();
	char when[32];
	uint16_t random = 0;

	mono_wall_text(real_ns, when, sizeof(when)); /* 2026-11-22T13:47:00Z */
	for (char *from = when, *to = when;; from++) {
		if (*from != '-' && *from != ':')
			*to++ = *from;
		if (!*from)
			break;
	}
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = (uint16_t)getpid();
	(void)snprintf(r->id, sizeof(r->id), "%s-%.64s-%04x", when, scenario_name, random);
	for (char *at = r->id; *at; at++)
		if (*at == '/' || *at == ' ')
			*at = '-';
}

static int make_directories(const char *path, struct err *err)
{
	char part[256];

	(void)snprintf(part, sizeof(part), "%s", path);
	for (char *at = part + 1;; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return err_errno(err, "make directory '%s'", part);
		*at = was;
		if (!was)
			return 0;
	}
}

/* A ".partial" directory whose lock nobody holds belongs to a run that was killed. */
static void sweep(const struct results *r)
{
	int fd = openat(r->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)) != NULL) {
		size_t n = strlen(e->d_name), tail = strlen(PARTIAL);
		int at;

		if (n <= tail || strcmp(e->d_name + n - tail, PARTIAL) != 0)
			continue;
		at = openat(r->root_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at < 0)
			continue;
		if (flock(at, LOCK_EX | LOCK_NB) == 0)
			results_remove_tree(r->root_fd, e->d_name);
		(void)close(at); /* only held the lock */
	}
	(void)closedir(dir); /* only read */
}

int results_open(struct results *r, const char *root, const char *scenario_name, struct err *err)
{
	int code;

	*r = (struct results){ .root_fd = -1 };
	if (strlen(root) >= sizeof(r->root))
		return err_set(err, -EINVAL, "'%s' is too long a path", root);
	(void)snprintf(r->root, sizeof(r->root), "%s", root);
	code = make_directories(root, err);
	if (code != 0)
		return code;
	r->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->root_fd < 0)
		return err_errno(err, "open directory '%s'", root);
	if (faccessat(r->root_fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return err_errno(err, "write to '%s'", root);
	sweep(r);
	make_id(r, scenario_name);
	return 0;
}

void results_release(struct results *r)
{
	for (size_t i = 0; i < r->capture_count; i++)
		if (r->capture[i].fd >= 0)
			(void)close(r->capture[i].fd); /* linked by now, or not wanted */
	free(r->capture);
	if (r->root_fd >= 0)
		(void)close(r->root_fd); /* a directory */
	*r = (struct results){ .root_fd = -1 };
}

/* Where O_TMPFILE is not to be had, a file that loses its name at once; linking then copies. */
static int unnamed_file(const struct results *r)
{
	char name[160];
	int fd = openat(r->root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);

	if (fd >= 0)
		return fd;
	(void)snprintf(name, sizeof(name), ".capture-%.120s-%zu", r->id, r->capture_count);
	fd = openat(r->root_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)unlinkat(r->root_fd, name, 0); /* if not, it is seen and can be removed */
	return fd;
}

/* Takes fd. */
static int add_capture(struct results *r, size_t case_index, int64_t repeat, int fd)
{
	struct results_capture *more =
		realloc(r->capture, (r->capture_count + 1) * sizeof(r->capture[0]));

	if (!more) {
		if (fd >= 0)
			(void)close(fd); /* nothing was written to it */
		return -1;
	}
	r->capture = more;
	r->capture[r->capture_count++] =
		(struct results_capture){ .case_index = case_index, .repeat = repeat, .fd = fd };
	return fd;
}

int results_capture_fd(struct results *r, size_t case_index, int64_t repeat)
{
	return add_capture(r, case_index, repeat, unnamed_file(r));
}

void results_keep_capture(struct results *r, size_t case_index, int64_t repeat, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)add_capture(r, case_index, repeat, fd);
}

/* --- committing ------------------------------------------------------------------------------ */

static int capture_of(const struct results *r, size_t case_index, int64_t repeat)
{
	for (size_t i = 0; i < r->capture_count; i++)
		if (r->capture[i].case_index == case_index && r->capture[i].repeat == repeat)
			return r->capture[i].fd;
	return -1;
}

void results_name_capture(const struct results *r, size_t case_index, const struct record_case *c,
			  struct record_repeat *repeat)
{
	int fd = capture_of(r, case_index, repeat->index);
	struct stat st;

	free(repeat->capture.file);
	repeat->capture.file = NULL;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 &&
	    asprintf(&repeat->capture.file, "cases/%s/r%lld/capture.pcap", c->name,
		     (long long)repeat->index) < 0)
		repeat->capture.file = NULL;
}

static int write_repeats(const struct results *r, int dir, const struct record *record, struct err *err)
{
	for (size_t i = 0; i < record->case_count; i++) {
		const struct record_case *c = &record->cases[i];

		for (size_t k = 0; k < c->repeat_count; k++) {
			int fd = capture_of(r, i, c->repeat[k].index);
			int code = results_write_repeat(dir, c, &c->repeat[k], fd, err);

			if (code != 0)
				return code;
		}
	}
	return 0;
}

/* `latest` is a convenience: a file system without symbolic links does not fail the run. */
static void point_latest(const struct results *r)
{
	char temporary[160];

	(void)snprintf(temporary, sizeof(temporary), ".latest-%.120s", r->id);
	if (symlinkat(r->id, r->root_fd, temporary) != 0)
		return;
	if (renameat(r->root_fd, temporary, r->root_fd, "latest") != 0)
		(void)unlinkat(r->root_fd, temporary, 0); /* a directory of that name stands in the way */
}

int results_commit(struct results *r, const struct record *record, struct err *err)
{
	char partial[160], path[512];
	int dir = -1, code;

	(void)snprintf(partial, sizeof(partial), "%.140s" PARTIAL, r->id);
	(void)snprintf(path, sizeof(path), "%s/%s", r->root, partial);
	if (mkdirat(r->root_fd, partial, 0777) != 0)
		return err_errno(err, "make '%s/%s'", r->root, partial);
	dir = openat(r->root_fd, partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) != 0) {
		code = err_errno(err, "open '%s/%s'", r->root, partial);
		goto out;
	}
	code = write_repeats(r, dir, record, err);
	if (code == 0)
		code = record_save(record, dir, "run.json", err);
	if (code == 0 && r->pages)
		code = r->pages(record, path, err);
	if (code == 0 && renameat(r->root_fd, partial, r->root_fd, r->id) != 0)
		code = err_errno(err, "rename '%s/%s'", r->root, partial);
	if (code == 0) {
		(void)fsync(r->root_fd); /* best effort: the data itself has been synced */
		point_latest(r);
		(void)snprintf(r->path, sizeof(r->path), "%s/%s", r->root, r->id);
	}
out:
	if (code != 0)
		results_remove_tree(r->root_fd, partial);
	if (dir >= 0)
		(void)close(dir); /* a directory */
	return code;
}

int results_save_record(const struct results *r, const struct record *record, struct err *err)
{
	int dir = openat(r->root_fd, r->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (dir < 0)
		return err_errno(err, "open '%s'", r->path);
	code = record_save(record, dir, "run.json", err);
	(void)close(dir); /* a directory */
	return code;
}
