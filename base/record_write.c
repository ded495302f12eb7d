#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/record.h"
#include "base/record_table.h"

bool field_is_null(const struct field *f, const void *object)
{
	const void *p = field_at(f, object);

	switch (f->type) {
	case FIELD_INT:
	case FIELD_HIST:
		return isnan(record_field_number(f, object));
	case FIELD_REAL:
		return !isfinite(*(const double *)p);
	case FIELD_TEXT:
		return f->null_when && *(const char *)p == '\0';
	case FIELD_STRING:
		return !*(char *const *)p;
	case FIELD_OUTCOME:
		return *(const enum outcome *)p >= OUTCOME_COUNT;
	case FIELD_CLASS:
		return *(const enum teardown_class *)p >= TEARDOWN_CLASS_COUNT;
	case FIELD_CUSTOM:
		return f->codec == &codec_json && !*(char *const *)p;
	default:
		return false;
	}
}

/* --- one value ------------------------------------------------------------------------------- */

static void write_items(const struct field *f, const void *object, struct jsonw *w)
{
	size_t count;
	const char *item = list_items(f, object, &count);
	bool map = f->type == FIELD_MAP;
	bool flat = f->list->of != SCOPE_CASE && f->list->of != SCOPE_REPEAT;
	size_t fields;
	const struct field *key = scope_fields(f->list->of, &fields); /* the key is the first row */

	if (map)
		jsonw_object(w);
	else
		jsonw_array(w);
	for (size_t i = 0; i < count; i++, item += f->list->element_size) {
		if (map)
			jsonw_key(w, field_at(key, item));
		if (flat)
			jsonw_object_flat(w);
		else
			jsonw_object(w);
		scope_write(f->list->of, item, w);
		jsonw_object_end(w);
	}
	if (map)
		jsonw_object_end(w);
	else
		jsonw_array_end(w);
}

static void write_hist(const struct field *f, const void *object, struct jsonw *w)
{
	double v = record_field_number(f, object);

	if (f->stat == STAT_SUM || f->stat == STAT_MEAN)
		jsonw_real(w, v);
	else
		jsonw_int(w, (int64_t)v); /* below 2^53, so exact */
}

static void write_value(const struct field *f, const void *object, struct jsonw *w)
{
	const void *p = field_at(f, object);

	if (field_is_null(f, object)) {
		jsonw_null(w);
		return;
	}
	switch (f->type) {
	case FIELD_INT:
		jsonw_int(w, *(const int64_t *)p);
		break;
	case FIELD_SMALL:
		jsonw_int(w, *(const int8_t *)p);
		break;
	case FIELD_REAL:
		jsonw_real(w, *(const double *)p);
		break;
	case FIELD_BOOL:
		jsonw_bool(w, *(const bool *)p);
		break;
	case FIELD_TEXT:
		jsonw_string(w, p);
		break;
	case FIELD_STRING:
		jsonw_string(w, *(char *const *)p);
		break;
	case FIELD_SIDES:
		jsonw_string(w, sides_key(*(const enum sides *)p));
		break;
	case FIELD_OUTCOME:
		jsonw_string(w, outcome_key(*(const enum outcome *)p));
		break;
	case FIELD_CLASS:
		jsonw_string(w, teardown_class_key(*(const enum teardown_class *)p));
		break;
	case FIELD_HIST:
		write_hist(f, object, w);
		break;
	case FIELD_LIST:
	case FIELD_MAP:
		write_items(f, object, w);
		break;
	default:
		f->codec->write(f, object, w);
		break;
	}
}

/* --- one scope ------------------------------------------------------------------------------- */

static void path_split(const char *dotted, struct path *p)
{
	const char *dot;

	p->depth = 0;
	while ((dot = strchr(dotted, '.')) && p->depth < PATH_DEPTH_MAX) {
		p->part[p->depth] = dotted;
		p->len[p->depth++] = (size_t)(dot - dotted);
		dotted = dot + 1;
	}
}

static bool part_same(const struct path *a, const struct path *b, int i)
{
	return a->len[i] == b->len[i] && memcmp(a->part[i], b->part[i], a->len[i]) == 0;
}

void path_move(struct path *at, const char *dotted, struct jsonw *w, path_step *open,
	       path_step *close)
{
	struct path to;
	int common = 0;
	char key[64];

	path_split(dotted, &to);
	while (common < at->depth && common < to.depth && part_same(at, &to, common))
		common++;
	for (int i = at->depth; i > common; i--)
		close(w, "");
	for (int i = common; i < to.depth; i++) {
		(void)snprintf(key, sizeof(key), "%.*s", (int)to.len[i], to.part[i]);
		open(w, key);
	}
	*at = to;
}

static void open_object(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_object(w);
}

static void close_object(struct jsonw *w, const char *key)
{
	(void)key;
	jsonw_object_end(w);
}

void scope_write(enum field_scope scope, const void *object, struct jsonw *w)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);
	struct path at = { .depth = 0 };

	for (size_t i = 0; i < count; i++) {
		const char *dot = strrchr(f[i].path, '.');

		if (f[i].type == FIELD_KEY)
			continue;
		path_move(&at, f[i].path, w, open_object, close_object);
		jsonw_key(w, dot ? dot + 1 : f[i].path);
		write_value(&f[i], object, w);
	}
	path_move(&at, "", w, open_object, close_object);
}

/* --- document -------------------------------------------------------------------------------- */

bool record_write(const struct record *r, FILE *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	scope_write(SCOPE_RUN, r, &w);
	jsonw_object_end(&w);
	jsonw_end(&w);
	return !w.broken;
}

void record_repeat_write(const struct record_repeat *r, struct jsonw *w)
{
	jsonw_object(w);
	scope_write(SCOPE_REPEAT, r, w);
	jsonw_object_end(w);
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

/* The document is made in memory first: a stream would lose the errno of a failed write. */
static int record_text(const struct record *r, char **ret, size_t *ret_size, struct err *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);
	bool bad;

	if (!mem)
		return err_set(err, -ENOMEM, "no memory for the record");
	bad = !record_write(r, mem) || ferror(mem) != 0;
	if (fclose(mem) != 0 || bad) {
		free(text);
		return err_set(err, -ENOMEM, "no memory for the record");
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

/* A stale file of the same name is one that a process with our id left behind: overwrite it. */
static int write_file(int dirfd, const char *name, const char *text, size_t size)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write_all(fd, text, size);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

int record_save(const struct record *r, int dirfd, const char *name, struct err *err)
{
	char temp[256], *text = NULL;
	size_t size = 0;
	int rc = record_text(r, &text, &size, err);

	if (rc < 0)
		return rc;
	if (snprintf(temp, sizeof(temp), ".%s.%ld.tmp", name, (long)getpid()) >=
	    (int)sizeof(temp)) {
		rc = err_set(err, -ENAMETOOLONG, "cannot write '%s': the name is too long", name);
		goto out;
	}
	rc = write_file(dirfd, temp, text, size);
	if (rc < 0) /* by the name that people know */
		(void)err_set(err, rc, "cannot write '%s': %s", name, strerror(-rc));
	else if (renameat(dirfd, temp, dirfd, name) < 0)
		rc = err_errno(err, "rename '%s' to '%s'", temp, name);
	if (rc < 0)
		(void)unlinkat(dirfd, temp, 0); /* the first error is the one to tell */
	else if (fsync(dirfd) < 0 && errno != EINVAL && errno != EBADF)
		rc = err_errno(err, "sync the directory of '%s'", name);
out:
	free(text);
	return rc;
}
