#include "analysis/sysctlset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdint.h>
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

/* How files are to be read; how deep in tuned's includes. */
struct reading {
	enum conf_kind kind;
	enum conf_mode mode;
	int depth;
};

static int add_included(struct conf_set *s, struct conf_file *f, struct reading how,
			struct err *err);

static struct conf_file *add_file(struct conf_set *s)
{
	struct conf_file **grown = realloc(s->file, (s->count + 1) * sizeof(struct conf_file *));

	if (!grown)
		return NULL;
	s->file = grown;
	grown[s->count] = calloc(1, sizeof(struct conf_file));
	return grown[s->count] ? grown[s->count++] : NULL;
}

static int add_path(struct conf_set *s, const char *path, struct reading how, struct err *err)
{
	struct conf_file *f;
	char *bytes = NULL;
	size_t size = 0, place;
	int r = read_file(path, &bytes, &size, err);

	if (r < 0)
		return r;
	f = add_file(s);
	r = f ? conf_parse(f, path, bytes, size, how.kind, how.mode, err)
	      : err_set(err, -ENOMEM, "out of memory");
	free(bytes);
	if (r < 0)
		return r;
	s->lines += f->count;
	place = s->count - 1;
	if (!f->include)
		return 0;
	r = add_included(s, f, how, err);
	/* What is included is read first. */
	memmove(&s->file[place], &s->file[place + 1], (s->count - place - 1) * sizeof(f));
	s->file[s->count - 1] = f;
	return r;
}

/* --- profiles of tuned ----------------------------------------------------------------------------- */

#define INCLUDE_DEPTH_MAX 16

/* "a/c/tuned.conf" for "c" included by "a/b/tuned.conf": where a finding is shown, nobody knows "a/b/../c". */
static int beside(const char *from, const char *name, char **ret)
{
	const char *file = strrchr(from, '/'), *dir = file;

	while (dir && dir > from && dir[-1] != '/')
		dir--;
	if (!file)
		return asprintf(ret, "../%s/tuned.conf", name);
	if (dir == file || strncmp(dir, "./", 2) == 0 || strncmp(dir, "../", 3) == 0)
		return asprintf(ret, "%.*s/../%s/tuned.conf", (int)(file - from), from, name);
	return asprintf(ret, "%.*s%s/tuned.conf", (int)(dir - from), from, name);
}

/* DIR/NAME/tuned.conf beside DIR/OTHER/tuned.conf, then where tuned keeps its own.  NULL: nowhere. */
static char *find_profile(const char *from, const char *name)
{
	static const char *const kept[] = { "/etc/tuned/profiles", "/etc/tuned",
					    "/usr/lib/tuned/profiles", "/usr/lib/tuned" };
	char *path = NULL;

	if (beside(from, name, &path) < 0)
		return NULL;
	for (size_t i = 0; access(path, R_OK) != 0; i++) {
		free(path);
		if (i == sizeof(kept) / sizeof(kept[0]) ||
		    asprintf(&path, "%s/%s/tuned.conf", kept[i], name) < 0)
			return NULL;
	}
	return path;
}

static int note_missing(struct conf_file *f, const char *name, struct err *err)
{
	char *longer = NULL;

	if (asprintf(&longer, "%s%s%s", f->missing ? f->missing : "", f->missing ? ", " : "",
		     name) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	free(f->missing);
	f->missing = longer;
	return 0;
}

static int add_included(struct conf_set *s, struct conf_file *f, struct reading how,
			struct err *err)
{
	char *names = strdup(f->include), *rest = names, *name;
	int r = names ? 0 : err_set(err, -ENOMEM, "out of memory");

	how.kind = CONF_TUNED;
	if (r == 0 && how.depth++ == INCLUDE_DEPTH_MAX)
		r = err_set(err, -EINVAL, "%.128s: more than %d profiles include each other",
			    f->path, INCLUDE_DEPTH_MAX);
	while (r == 0 && (name = strsep(&rest, ", \t")) != NULL) {
		bool plain = name[0] && !strpbrk(name, "/${}");
		char *path = plain ? find_profile(f->path, name) : NULL;

		if (path && !f->replaces)
			r = add_path(s, path, how, err);
		else if (!path && name[0])
			r = note_missing(f, name, err);
		free(path);
	}
	free(names);
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

static int add_found(struct conf_set *s, struct found_list *l, struct reading how, struct err *err)
{
	const struct conf_file *winner = NULL;
	int r = 0;

	qsort(l->item, l->count, sizeof(*l->item), compare_found);
	for (size_t i = 0; r == 0 && i < l->count; i++) {
		r = add_path(s, l->item[i].path, how, err);
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

static int add_dirs(struct conf_set *s, char *const *paths, size_t count, struct reading how,
		    struct err *err)
{
	struct found_list l = { NULL, 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (is_dir(paths[i]))
			r = scan_dir(&l, paths[i], (int)i, err);
	if (r == 0 && l.count > 0)
		r = add_found(s, &l, how, err);
	for (size_t i = 0; i < l.count; i++)
		free(l.item[i].path);
	free(l.item);
	return r;
}

/* --- the index --------------------------------------------------------------------------------------- */

static int compare_indexed(const void *x, const void *y)
{
	const struct conf_line *a = *(const struct conf_line *const *)x;
	const struct conf_line *b = *(const struct conf_line *const *)y;
	int r = strcmp(a->key, b->key);

	if (r == 0)
		r = (a->value != NULL) - (b->value != NULL);
	return r ? r : (a->order > b->order) - (a->order < b->order);
}

int conf_set_index(struct conf_set *s, struct err *err)
{
	size_t all = 0, order = 0;

	for (size_t i = 0; i < s->count; i++)
		all += s->file[i]->count;
	free(s->by_key);
	s->indexed = 0;
	s->by_key = calloc(all + 1, sizeof(*s->by_key));
	if (!s->by_key)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; !s->file[i]->masked_by && k < s->file[i]->count; k++) {
			struct conf_line *line = &s->file[i]->line[k];

			line->order = order++;
			if (!line->fault)
				s->by_key[s->indexed++] = line;
		}
	qsort(s->by_key, s->indexed, sizeof(*s->by_key), compare_indexed);
	return 0;
}

const struct conf_line *conf_set_last(const struct conf_set *s, const char *key, bool setting,
				      size_t order)
{
	const struct conf_line probe = { .key = key, .value = setting ? key : NULL, .order = order };
	const struct conf_line *want = &probe, *found;
	size_t low = 0, high = s->indexed; /* the first that lies behind the probe is in here */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_indexed(&s->by_key[middle], &want) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	found = low > 0 ? s->by_key[low - 1] : NULL;
	return found && strcmp(found->key, key) == 0 && (found->value != NULL) == setting ? found
											  : NULL;
}

int conf_set_add_text(struct conf_set *s, const char *path, const char *bytes, size_t size,
		      enum conf_kind kind, enum conf_mode mode, struct err *err)
{
	struct conf_file *f = add_file(s);
	int r;

	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	r = conf_parse(f, path, bytes, size, kind, mode, err);
	if (r < 0)
		return r;
	s->lines += f->count;
	return conf_set_index(s, err);
}

/* A profile that was given, and is included by another that was. */
static void drop_repeated_profiles(struct conf_set *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct conf_file *f = s->file[i];
		size_t k = 0;

		while (f->kind == CONF_TUNED && k < kept && strcmp(s->file[k]->path, f->path) != 0)
			k++;
		if (f->kind != CONF_TUNED || k == kept) {
			s->file[kept++] = f;
			continue;
		}
		s->lines -= f->count;
		conf_file_release(f);
		free(f);
	}
	s->count = kept;
}

int conf_set_read(struct conf_set *s, char *const *paths, size_t count, enum conf_kind kind,
		  enum conf_mode mode, struct err *err)
{
	const struct reading how = { .kind = kind, .mode = mode };
	bool dirs_done = false;
	int r = 0;

	*s = (struct conf_set){ 0 };
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!is_dir(paths[i])) {
			r = add_path(s, paths[i], how, err);
		} else if (!dirs_done) {
			dirs_done = true;
			r = add_dirs(s, paths + i, count - i, how, err);
		}
	}
	drop_repeated_profiles(s);
	return r < 0 ? r : conf_set_index(s, err);
}

/* --- what is in effect --------------------------------------------------------------------------- */

/* Of a path "*" does not match a slash; those between the parts of a canonical key are dots. */
static void to_path(const char *key, char *path, size_t size)
{
	size_t n = 0;

	for (; key[n] && n + 1 < size; n++)
		path[n] = (char)(key[n] == '.' ? '/' : key[n] == '/' ? '.' : key[n]);
	path[n] = '\0';
}

static bool pattern_matches(const char *pattern, const char *key)
{
	char pattern_path[256], path[256];

	to_path(pattern, pattern_path, sizeof(pattern_path));
	to_path(key, path, sizeof(path));
	return fnmatch(pattern_path, path, FNM_PATHNAME) == 0;
}

/* Is `line` the last word on its key as it is spelled? */
bool conf_set_is_last(const struct conf_set *s, const struct conf_line *line)
{
	const struct conf_line *other = conf_set_last(s, line->key, !line->value, SIZE_MAX);

	return conf_set_last(s, line->key, line->value != NULL, SIZE_MAX) == line &&
	       (!other || other->order < line->order);
}

static const struct conf_line *last_pattern(const struct conf_set *s, const char *key)
{
	const struct conf_line *best = NULL;

	for (size_t i = 0; i < s->indexed; i++) {
		const struct conf_line *line = s->by_key[i];

		if (line->glob && line->value && (!best || best->order < line->order) &&
		    pattern_matches(line->key, key) && conf_set_is_last(s, line))
			best = line;
	}
	return best;
}

const struct conf_line *conf_set_effective(const struct conf_set *s, const char *key)
{
	const struct conf_line *line = conf_set_last(s, key, true, SIZE_MAX);
	const struct conf_line *exclusion = conf_set_last(s, key, false, SIZE_MAX);

	if (exclusion && (!line || line->order < exclusion->order))
		return NULL; /* keeps patterns off it, and takes back what was said before */
	return line ? line : last_pattern(s, key);
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
	free(s->by_key);
	*s = (struct conf_set){ 0 };
}
