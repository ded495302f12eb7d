#include "analysis/sysctlset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

const char *const conf_system_dirs[] = { "/etc/sysctl.d", "/run/sysctl.d",
					 "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", NULL };

/* --- reading ------------------------------------------------------------------------------------- */

static int read_all(int fd, char *buf, size_t room, size_t *ret_size)
{
	size_t size = 0;

	while (size < room) {
		ssize_t n = read(fd, buf + size, room - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
	}
	*ret_size = size;
	return 0;
}

/* All faults of a file are the user's to mend: -EINVAL, so that the exit status is 2. */
static int read_file(const char *path, char **ret, size_t *ret_size, struct err *err)
{
	/* O_NONBLOCK: opening a FIFO must not hang. */
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			  : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *buf = NULL;
	struct stat st;
	int r = 0;

	if (fd < 0)
		return err_set(err, -EINVAL, "cannot open '%.128s': %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !(standard || S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))) {
		r = err_set(err, -EINVAL, "'%.128s' is no plain file", path);
		goto out;
	}
	buf = malloc(CONF_BYTES_MAX + 1);
	if (!buf) {
		r = err_set(err, -ENOMEM, "out of memory");
		goto out;
	}
	*ret_size = 0;
	if (standard || S_ISREG(st.st_mode)) /* a device is /dev/null: nothing in it */
		r = read_all(fd, buf, CONF_BYTES_MAX + 1, ret_size);
	if (r < 0)
		r = err_set(err, -EINVAL, "cannot read '%.128s': %s", path, strerror(-r));
	else if (*ret_size > CONF_BYTES_MAX)
		r = err_set(err, -EINVAL, "'%.128s' is larger than %d bytes", path, CONF_BYTES_MAX);
	if (r == 0) {
		*ret = buf;
		buf = NULL;
	}
out:
	free(buf);
	(void)close(fd); /* only read from */
	return r;
}

static struct conf_file *add_file(struct conf_set *s)
{
	struct conf_file **grown = realloc(s->file, (s->count + 1) * sizeof(struct conf_file *));

	if (!grown)
		return NULL;
	s->file = grown;
	grown[s->count] = calloc(1, sizeof(struct conf_file));
	return grown[s->count] ? grown[s->count++] : NULL;
}

int conf_set_add_text(struct conf_set *s, const char *path, const char *bytes, size_t size,
		      enum conf_kind kind, struct err *err)
{
	struct conf_file *f = add_file(s);
	int r;

	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	r = conf_parse(f, path, bytes, size, kind, err);
	if (r == 0)
		s->lines += f->count;
	return r;
}

static int add_path(struct conf_set *s, const char *path, enum conf_kind kind, struct err *err)
{
	char *bytes = NULL;
	size_t size = 0;
	int r = read_file(path, &bytes, &size, err);

	if (r == 0)
		r = conf_set_add_text(s, path, bytes, size, kind, err);
	free(bytes);
	return r;
}

/* --- directories --------------------------------------------------------------------------------- */

struct found {
	char *path;
	const char *name; /* within path */
	int rank;         /* of its directory: the lower wins */
	int given;        /* which argument it came from */
};

struct found_list {
	struct found *item;
	size_t count;
};

/* "/etc" before "/run" before "/usr/local/lib" before "/usr/lib" before "/lib"; others after these. */
static int rank_of(const char *dir)
{
	static const char *const order[] = { "/etc/", "/run/", "/usr/local/lib/", "/usr/lib/",
					     "/lib/" };
	const int count = (int)(sizeof(order) / sizeof(order[0]));

	for (int i = 0; i < count; i++) /* also below the root of an image */
		if (strstr(dir, order[i]) || strncmp(dir, order[i] + 1, strlen(order[i]) - 1) == 0)
			return i;
	return count;
}

static int found_add(struct found_list *l, const char *dir, const char *name, int given)
{
	struct found *grown = realloc(l->item, (l->count + 1) * sizeof(*grown)), *f;
	bool slash = dir[0] && dir[strlen(dir) - 1] == '/';

	if (!grown)
		return -ENOMEM;
	l->item = grown;
	f = &grown[l->count];
	*f = (struct found){ .rank = rank_of(dir), .given = given };
	if (asprintf(&f->path, "%s%s%s", dir, slash ? "" : "/", name) < 0)
		return -ENOMEM;
	f->name = strrchr(f->path, '/') + 1;
	l->count++;
	return 0;
}

static int scan_dir(struct found_list *l, const char *dir, int given, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d)
		return err_set(err, -EINVAL, "cannot open '%.128s': %s", dir, strerror(errno));
	while (r == 0 && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".conf") == 0)
			r = found_add(l, dir, e->d_name, given);
	}
	(void)closedir(d); /* only read from */
	return r < 0 ? err_set(err, r, "out of memory") : 0;
}

static int compare_found(const void *x, const void *y)
{
	const struct found *a = x, *b = y;
	int r = strcmp(a->name, b->name);

	if (r == 0)
		r = (a->rank > b->rank) - (a->rank < b->rank);
	return r ? r : (a->given > b->given) - (a->given < b->given);
}

static int add_found(struct conf_set *s, struct found_list *l, enum conf_kind kind, struct err *err)
{
	const struct conf_file *winner = NULL;
	int r = 0;

	qsort(l->item, l->count, sizeof(*l->item), compare_found);
	for (size_t i = 0; r == 0 && i < l->count; i++) {
		r = add_path(s, l->item[i].path, kind, err);
		if (r < 0)
			break;
		if (i > 0 && strcmp(l->item[i].name, l->item[i - 1].name) == 0) {
			s->file[s->count - 1]->masked_by = winner;
			s->lines -= s->file[s->count - 1]->count;
		} else {
			winner = s->file[s->count - 1];
		}
	}
	return r;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int add_dirs(struct conf_set *s, char *const *paths, size_t count, enum conf_kind kind,
		    struct err *err)
{
	struct found_list l = { NULL, 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (is_dir(paths[i]))
			r = scan_dir(&l, paths[i], (int)i, err);
	if (r == 0 && l.count > 0)
		r = add_found(s, &l, kind, err);
	for (size_t i = 0; i < l.count; i++)
		free(l.item[i].path);
	free(l.item);
	return r;
}

int conf_set_read(struct conf_set *s, char *const *paths, size_t count, enum conf_kind kind,
		  struct err *err)
{
	bool dirs_done = false;
	int r = 0;

	*s = (struct conf_set){ NULL, 0, 0 };
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!is_dir(paths[i])) {
			r = add_path(s, paths[i], kind, err);
		} else if (!dirs_done) {
			dirs_done = true;
			r = add_dirs(s, paths + i, count - i, kind, err);
		}
	}
	return r;
}

/* --- what is in effect --------------------------------------------------------------------------- */

static bool matches(const struct conf_line *line, const char *key, bool glob)
{
	if (line->glob != glob)
		return false;
	/* FNM_PATHNAME wants slashes between the parts; a dot in a part is rare enough to ignore. */
	return glob ? fnmatch(line->key, key, 0) == 0 : strcmp(line->key, key) == 0;
}

static const struct conf_line *last_match(const struct conf_set *s, const char *key, bool glob)
{
	const struct conf_line *best = NULL;

	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; !s->file[i]->masked_by && k < s->file[i]->count; k++)
			if (matches(&s->file[i]->line[k], key, glob))
				best = &s->file[i]->line[k];
	return best;
}

const struct conf_line *conf_set_effective(const struct conf_set *s, const char *key)
{
	const struct conf_line *line = last_match(s, key, false);

	if (line)
		return line->value ? line : NULL; /* "-key" keeps patterns off it */
	line = last_match(s, key, true);
	return line && line->value ? line : NULL;
}

void conf_set_release(struct conf_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		conf_file_release(s->file[i]);
		free(s->file[i]);
	}
	free(s->file);
	*s = (struct conf_set){ NULL, 0, 0 };
}
