/* The kinds of tuning: a map of sysctls, and sysctl.d(5) files that become one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "bench/scenario_keys.h"

#define TYPE(t)        (1U << JSON_##t)
#define FILE_BYTES_MAX (256 * 1024)
#define BLANKS         " \t\r"

/* Components of letters, digits, '-' and '_': nothing that could lead out of /proc/sys. */
static bool key_is_sound(const char *key)
{
	size_t part = 0, parts = 0;

	for (const char *p = key;; p++) {
		if (*p == '.' || *p == '\0') {
			if (part == 0)
				return false;
			part = 0;
			parts++;
			if (*p == '\0')
				return parts >= 2;
		} else if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			   (*p >= '0' && *p <= '9') || *p == '_' || *p == '-') {
			part++;
		} else {
			return false;
		}
	}
}

int scenario_sysctl_set(struct case_spec *c, const char *key, const char *value, struct err *err)
{
	struct lab_sysctl s;
	int64_t i = 0;

	if (strlen(key) >= sizeof(s.key) || strlen(value) >= sizeof(s.value))
		return err_set(err, -EINVAL, "%.64s: key or value is too long", key);
	if (value[0] == '\0')
		return err_set(err, -EINVAL, "%s: the value is empty", key);
	memcpy(s.key, key, strlen(key) + 1);
	memcpy(s.value, value, strlen(value) + 1);
	if (strchr(key, '/') && strchr(key, '.'))
		return err_set(err, -EINVAL, "'%s' mixes dots and slashes", key);
	for (char *p = s.key; *p; p++)
		if (*p == '/')
			*p = '.';
	if (!key_is_sound(s.key))
		return err_set(err, -EINVAL, "'%s' is no sysctl key", key);
	while (i < c->sysctl_count && strcmp(c->sysctl[i].key, s.key) != 0)
		i++;
	if (i == CASE_SYSCTL_MAX)
		return err_set(err, -EINVAL, "%s: more than %d keys", key, CASE_SYSCTL_MAX);
	c->sysctl[i] = s;
	if (i == c->sysctl_count)
		c->sysctl_count++;
	return 0;
}

/* --- files ----------------------------------------------------------------------------------- */

/* Cut blanks off both ends, in place. */
static char *trim(char *s)
{
	size_t len;

	s += strspn(s, BLANKS);
	len = strlen(s);
	while (len > 0 && strchr(BLANKS, s[len - 1]))
		s[--len] = '\0';
	return s;
}

static int line_read(struct case_spec *c, char *line, struct err *err)
{
	char *key = trim(line), *equals;

	if (key[0] == '\0' || key[0] == '#' || key[0] == ';')
		return 0;
	if (key[0] == '-')
		key = trim(key + 1);
	equals = strchr(key, '=');
	if (!equals)
		return err_set(err, -EINVAL, "'%.64s' is not \"key = value\"", key);
	*equals = '\0';
	key = trim(key);
	if (strpbrk(key, "*?["))
		return err_set(err, -EINVAL, "'%.64s': patterns are not supported in a lab", key);
	return scenario_sysctl_set(c, key, trim(equals + 1), err);
}

int scenario_sysctl_text(struct case_spec *c, const char *label, const char *text, size_t size,
			 struct err *err)
{
	const char *p = text, *end = text + size;
	char line[512];

	for (int number = 1; p < end; number++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((newline ? newline : end) - p);
		int r;

		if (len >= sizeof(line))
			r = err_set(err, -EINVAL, "the line is longer than %zu bytes",
				    sizeof(line) - 1);
		else if (memchr(p, '\0', len))
			r = err_set(err, -EINVAL, "the line holds a NUL byte");
		else {
			memcpy(line, p, len);
			line[len] = '\0';
			r = line_read(c, line, err);
		}
		if (r < 0) {
			err_wrap(err, "%.128s:%d", label, number);
			return r;
		}
		p = newline ? newline + 1 : end;
	}
	return 0;
}

static int read_all(int fd, char *buf, size_t size, size_t *ret_len, struct err *err)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "read");
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size)
			return err_set(err, -EINVAL, "is larger than %zu bytes", size - 1);
	}
	*ret_len = len;
	return 0;
}

int scenario_sysctl_file(struct case_spec *c, const char *path, struct err *err)
{
	struct stat st;
	char *buf = NULL;
	size_t len = 0;
	int r, fd;

	/* O_NONBLOCK: opening a FIFO must not hang. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_set(err, -EINVAL, "cannot open '%.128s': %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		r = err_set(err, -EINVAL, "'%.128s' is no plain file", path);
		goto out;
	}
	buf = malloc(FILE_BYTES_MAX + 1);
	if (!buf) {
		r = err_set(err, -ENOMEM, "out of memory");
		goto out;
	}
	r = read_all(fd, buf, FILE_BYTES_MAX + 1, &len, err);
	if (r < 0)
		err_wrap(err, "%.128s", path);
	else
		r = scenario_sysctl_text(c, path, buf, len, err);
out:
	free(buf);
	(void)close(fd); /* only read from */
	return r;
}

static int files_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		      struct err *err)
{
	struct case_spec *c = (void *)((char *)field - k->offset);

	if (v->text)
		return scenario_sysctl_file(c, v->text, err);
	for (json *n = json_first(v->node); n; n = json_next(n)) {
		int r = json_string(n) ? scenario_sysctl_file(c, json_string(n), err)
				       : err_set(err, -EINVAL, "must be a list of file names, not of %s",
						 json_type_name(n));

		if (r < 0) {
			err_at(err, n);
			return r;
		}
	}
	return 0;
}

static void files_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	jsonw_key(w, "type");
	jsonw_array_flat(w);
	jsonw_string(w, "array");
	jsonw_string(w, "string");
	jsonw_array_end(w);
	jsonw_key(w, "items");
	jsonw_object_flat(w);
	jsonw_key(w, "type");
	jsonw_string(w, "string");
	jsonw_object_end(w);
}

static void files_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)k;
	(void)snprintf(buf, size, "a file name or a list of them");
}

/* No writer: what the files said is part of tuning.sysctl. */
const struct scenario_kind scenario_kind_files = { TYPE(STRING) | TYPE(ARRAY), files_read, NULL,
						   files_schema, files_describe };

/* --- the map --------------------------------------------------------------------------------- */

static int sysctl_read(const struct scenario_key *k, const struct scenario_value *v, void *field,
		       struct err *err)
{
	struct case_spec *c = (void *)((char *)field - k->offset);

	if (!v->node)
		return err_set(err, -EINVAL, "name the key: %s.net.ipv4.tcp_tw_reuse=1", k->path);
	for (json *n = json_first(v->node); n; n = json_next(n)) {
		struct scenario_value value;
		int r;

		scenario_value_init(&value, n);
		if (!value.text || json_type(n) == JSON_BOOL)
			r = err_set(err, -EINVAL, "%.64s: must be a number or a string, not %s",
				    json_key(n), json_type_name(n));
		else
			r = scenario_sysctl_set(c, json_key(n), value.text, err);
		if (r < 0) {
			err_at(err, n);
			return r;
		}
	}
	return 0;
}

static void sysctl_write(const struct scenario_key *k, const void *field, struct jsonw *w)
{
	const struct case_spec *c = (const void *)((const char *)field - k->offset);

	jsonw_object(w);
	for (int64_t i = 0; i < c->sysctl_count; i++) {
		jsonw_key(w, c->sysctl[i].key);
		jsonw_string(w, c->sysctl[i].value);
	}
	jsonw_object_end(w);
}

static void sysctl_schema(const struct scenario_key *k, struct jsonw *w)
{
	(void)k;
	jsonw_key(w, "type");
	jsonw_string(w, "object");
	jsonw_key(w, "maxProperties");
	jsonw_int(w, CASE_SYSCTL_MAX);
	jsonw_key(w, "additionalProperties");
	jsonw_object_flat(w);
	jsonw_key(w, "type");
	jsonw_array_flat(w);
	jsonw_string(w, "integer");
	jsonw_string(w, "string");
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void sysctl_describe(const struct scenario_key *k, char *buf, size_t size)
{
	(void)k;
	(void)snprintf(buf, size, "an object of sysctl keys and values");
}

const struct scenario_kind scenario_kind_sysctl = { TYPE(OBJECT), sysctl_read, sysctl_write,
						    sysctl_schema, sysctl_describe };
