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

/* What was killed and left a record is a run that was interrupted. */
static bool keep_record(const struct results *r, int partial_fd, const char *name)
{
	char final[256], path[600];
	struct record record;
	struct err ignored;
	bool whole;

	if (faccessat(partial_fd, "run.json", R_OK, 0) != 0)
		return false;
	(void)snprintf(final, sizeof(final), "%.*s", (int)(strlen(name) - strlen(PARTIAL)), name);
	(void)snprintf(path, sizeof(path), "%s/%.300s", r->root, name);
	whole = record_load(&record, path, &ignored) == 0;
	if (whole)
		record_release(&record);
	return whole && renameat(r->root_fd, name, r->root_fd, final) == 0;
}

/* A ".partial" directory whose lock nobody holds belongs to a run that was killed. */
static void sweep(const struct results *r)
{
	int fd = openat(r->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (!dir && fd >= 0)
		(void)close(fd); /* only opened: the next run may sweep */
	while (dir && (e = readdir(dir)) != NULL) {
		size_t n = strlen(e->d_name), tail = strlen(PARTIAL);
		int at;

		if (n <= tail || strcmp(e->d_name + n - tail, PARTIAL) != 0)
			continue;
		at = openat(r->root_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at < 0)
			continue;
		if (flock(at, LOCK_EX | LOCK_NB) == 0 && !keep_record(r, at, e->d_name))
			results_remove_tree(r->root_fd, e->d_name);
		(void)close(at); /* only held the lock */
	}
	if (dir)
		(void)closedir(dir); /* only read */
}

int results_open(struct results *r, const char *root, const char *scenario_name, struct err *err)
{
	int code;

	*r = (struct results){ .root_fd = -1, .partial_fd = -1 };
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

static const char *partial_name(const struct results *r, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%.140s" PARTIAL, r->id);
	return buf;
}

void results_release(struct results *r)
{
	for (size_t i = 0; i < r->capture_count; i++)
		if (r->capture[i].fd >= 0)
			(void)close(r->capture[i].fd); /* linked by now, or not wanted */
	free(r->capture);
	free(r->noted);
	if (r->root_fd >= 0 && r->partial_fd >= 0 && !r->path[0]) {
		char partial[160];

		results_remove_tree(r->root_fd, partial_name(r, partial, sizeof(partial)));
	}
	if (r->partial_fd >= 0)
		(void)close(r->partial_fd); /* a directory */
	if (r->root_fd >= 0)
		(void)close(r->root_fd); /* a directory */
	*r = (struct results){ .root_fd = -1, .partial_fd = -1 };
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

bool results_keep_capture(struct results *r, size_t case_index, int64_t repeat, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && add_capture(r, case_index, repeat, fd) >= 0;
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

/* From `first` of each case on; NULL: all. */
static int write_repeats(const struct results *r, int dir, const struct record *record,
			 const size_t *first, struct err *err)
{
	for (size_t i = 0; i < record->case_count; i++) {
		const struct record_case *c = &record->cases[i];

		for (size_t k = first ? first[i] : 0; k < c->repeat_count; k++) {
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

static int open_partial(struct results *r, struct err *err)
{
	char partial[160];

	if (r->partial_fd >= 0)
		return 0;
	(void)partial_name(r, partial, sizeof(partial));
	if (mkdirat(r->root_fd, partial, 0777) != 0)
		return err_errno(err, "make '%s/%s'", r->root, partial);
	r->partial_fd = openat(r->root_fd, partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->partial_fd < 0 || flock(r->partial_fd, LOCK_EX | LOCK_NB) != 0)
		return err_errno(err, "open '%s/%s'", r->root, partial);
	return 0;
}

static int write_partial(struct results *r, const struct record *record, const size_t *first,
			 struct err *err)
{
	int code = open_partial(r, err);

	if (code == 0)
		code = write_repeats(r, r->partial_fd, record, first, err);
	return code ? code : record_save(record, r->partial_fd, "run.json", err);
}

int results_checkpoint(struct results *r, const struct record *record, struct err *err)
{
	int code;

	if (!r->noted)
		r->noted = calloc(record->case_count + 1, sizeof(*r->noted));
	if (!r->noted)
		return err_set(err, -ENOMEM, "no memory to note %zu cases", record->case_count);
	code = write_partial(r, record, r->noted, err);
	for (size_t i = 0; code == 0 && i < record->case_count; i++)
		r->noted[i] = record->cases[i].repeat_count;
	return code;
}

char *results_find(const char *path)
{
	size_t n = strlen(path), tail = strlen(PARTIAL);
	char *other = NULL;

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (access(path, F_OK) != 0 && n > tail && strncmp(path + n - tail, PARTIAL, tail) == 0)
		return strndup(path, n - tail);
	if (access(path, F_OK) != 0 && asprintf(&other, "%.*s" PARTIAL, (int)n, path) >= 0 &&
	    access(other, F_OK) == 0)
		return other;
	free(other);
	return strdup(path);
}

int results_commit(struct results *r, const struct record *record, struct err *err)
{
	char partial[160], path[512];
	int code = write_partial(r, record, NULL, err);

	(void)partial_name(r, partial, sizeof(partial));
	(void)snprintf(path, sizeof(path), "%s/%s", r->root, partial);
	if (code == 0 && r->pages)
		code = r->pages(record, path, err);
	if (code == 0 && renameat(r->root_fd, partial, r->root_fd, r->id) != 0)
		code = err_errno(err, "rename '%s/%s'", r->root, partial);
	if (code == 0) {
		(void)fsync(r->root_fd); /* best effort: the data itself has been synced */
		point_latest(r);
		(void)snprintf(r->path, sizeof(r->path), "%s/%s", r->root, r->id);
	}
	if (code != 0)
		results_remove_tree(r->root_fd, partial);
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
