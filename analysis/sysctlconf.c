#include "analysis/sysctlconf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analysis/sysctl_keys.h"
#include "base/err.h"

#define BLANKS " \t\r\v\f"
#define BOM    "\xEF\xBB\xBF" /* of UTF-8 */

static const char *const kind_names[] = { "auto", "sysctl.d", "dump", "tuned" };

const char *conf_kind_name(enum conf_kind kind)
{
	return kind_names[kind];
}

enum conf_kind conf_kind_from_name(const char *name)
{
	for (int i = CONF_SYSCTL_D; i <= CONF_TUNED; i++)
		if (strcmp(name, kind_names[i]) == 0)
			return (enum conf_kind)i;
	return CONF_AUTO;
}

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

/* --- which kind ---------------------------------------------------------------------------------- */

static bool starts(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

/* Keys that nobody can set: only a dump holds them. */
static bool line_is_of_dump(const char *p, const char *end)
{
	static const char *const marks[] = { "kernel.osrelease =", "kernel.ostype =",
					     "kernel.version =", "kernel.random.boot_id =",
					     "sysctl: " };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (starts(p, end, marks[i]))
			return true;
	return false;
}

static enum conf_kind detect(const char *text, size_t size)
{
	const char *p = text, *end = text + size;
	bool first = true;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;

		while (p < stop && strchr(BLANKS, *p) && *p)
			p++;
		if (line_is_of_dump(p, stop))
			return CONF_DUMP;
		if (p < stop && *p != '#' && *p != ';') {
			if (first && *p == '[' && memchr(p, ']', (size_t)(stop - p)))
				return CONF_TUNED;
			first = false;
		}
		p = newline ? newline + 1 : end;
	}
	return CONF_SYSCTL_D;
}

/* --- one line ------------------------------------------------------------------------------------ */

struct reader {
	struct conf_file *f;
	int number;
	char *key_at;      /* where the next canonical key goes */
	bool section_ours; /* tuned: within [sysctl] */
	bool section_main; /* tuned: within [main] */
	enum conf_mode mode;
	char *next;        /* the rest of the text */
	size_t room;       /* lines allocated */
	struct err *err;
};

static struct conf_line *add_line(struct reader *r)
{
	struct conf_file *f = r->f;

	if (f->count == r->room) {
		size_t room = r->room ? 2 * r->room : 32;
		struct conf_line *grown = realloc(f->line, room * sizeof(*grown));

		if (!grown)
			return NULL;
		f->line = grown;
		r->room = room;
	}
	f->line[f->count] = (struct conf_line){ .number = r->number };
	return &f->line[f->count++];
}

/* A line that sets nothing. */
static int keep_fault(struct reader *r, const char *text, const char *fault)
{
	struct conf_line *line;

	if (r->mode == CONF_STRICT)
		return err_set(r->err, -EINVAL, "'%.64s' %s", text, fault);
	line = add_line(r);
	if (!line)
		return err_set(r->err, -ENOMEM, "out of memory");
	line->written = text;
	line->key = "";
	line->fault = fault;
	return 0;
}

static int keep(struct reader *r, char *key, char *value, bool dash)
{
	struct conf_line *line;
	size_t size;

	key += dash;
	if (key[strspn(key, BLANKS "./")] == '\0')
		return keep_fault(r, value ? "=" : "-", "has no key");
	size = strlen(key) + 1;
	line = add_line(r);
	if (!line)
		return err_set(r->err, -ENOMEM, "out of memory");
	line->dash = dash;
	line->dash_blank = dash && key[0] != '\0' && strchr(BLANKS, key[0]);
	line->written = key = trim(key);
	line->value = value ? trim(value) : NULL;
	sysctl_key_canonical(key, r->key_at, size);
	line->key = r->key_at;
	r->key_at += size;
	line->glob = strpbrk(key, "*?[") != NULL;
	line->mixed = strchr(key, '.') && strchr(key, '/');
	return 0;
}

static int line_sysctl_d(struct reader *r, char *line)
{
	char *equals = strchr(line, '=');

	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return 0;
	if (!equals && line[0] != '-')
		return keep_fault(r, line, "is neither 'key = value' nor '-key'");
	if (equals)
		*equals++ = '\0';
	return keep(r, line, equals, line[0] == '-');
}

static int line_dump(struct reader *r, char *line)
{
	char *equals = strchr(line, '=');

	/* What sysctl -a says on stderr ends up in many a dump. */
	if (line[0] == '\0' || strncmp(line, "sysctl: ", 8) == 0 ||
	    strncmp(line, "error: ", 7) == 0)
		return 0;
	if (!equals)
		return keep_fault(r, line, "is not 'key = value'");
	*equals++ = '\0';
	return keep(r, line, equals, false);
}

/* Does the section whose lines begin at `p` say type=sysctl? */
static bool section_type_is_sysctl(const char *p)
{
	while (*p && *(p += strspn(p, BLANKS "\n")) && *p != '[') {
		if (strncmp(p, "type", 4) == 0) {
			p += 4 + strspn(p + 4, BLANKS);
			if (*p == '=') {
				p += 1 + strspn(p + 1, BLANKS);
				return strncmp(p, "sysctl", 6) == 0 && strchr(BLANKS "\n", p[6]);
			}
		}
		p += strcspn(p, "\n");
	}
	return false;
}

static bool is_plugin_option(const char *key)
{
	static const char *const options[] = { "type",     "enabled", "replace",
					       "priority", "drop",    "devices" };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(key, options[i]) == 0)
			return true;
	return false;
}

/* tuned: a comment after a blank, quotes around the whole, an operator before it. */
static char *tuned_value(char *value, bool *computed)
{
	size_t len;

	for (char *p = value; *p; p++)
		if (*p == '#' && (p == value || strchr(BLANKS, p[-1]))) {
			*p = '\0';
			break;
		}
	value = trim(value);
	len = strlen(value);
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value[len - 1] = '\0';
		value++;
	}
	*computed = value[0] == '>' || value[0] == '<' || strstr(value, "${");
	return value;
}

static int line_tuned_main(struct reader *r, char *line, char *equals)
{
	bool computed;

	*equals++ = '\0';
	if (strcmp(trim(line), "include") == 0)
		r->f->include = tuned_value(equals, &computed);
	return 0;
}

static int line_tuned(struct reader *r, char *line)
{
	char *equals = strchr(line, '='), *close;
	bool computed;
	int code;

	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return 0;
	if (line[0] == '[') {
		close = strchr(line, ']');
		if (!close)
			return keep_fault(r, line, "has no ']'");
		*close = '\0';
		line = trim(line + 1);
		r->section_main = strcmp(line, "main") == 0;
		r->section_ours = strcmp(line, "sysctl") == 0 || section_type_is_sysctl(r->next);
		return 0;
	}
	if (r->section_main && equals)
		return line_tuned_main(r, line, equals);
	if (!r->section_ours)
		return 0;
	if (!equals)
		return keep_fault(r, line, "is not 'key = value'");
	*equals++ = '\0';
	line = trim(line);
	equals = tuned_value(equals, &computed);
	if (strcmp(line, "replace") == 0)
		r->f->replaces = strcmp(equals, "1") == 0 || strcasecmp(equals, "true") == 0;
	if (is_plugin_option(line))
		return 0;
	code = keep(r, line, equals, false);
	if (code == 0)
		r->f->line[r->f->count - 1].computed = computed;
	return code;
}

/* --- the whole ----------------------------------------------------------------------------------- */

static int each_line(struct reader *r)
{
	static int (*const by_kind[])(struct reader *, char *) = {
		[CONF_SYSCTL_D] = line_sysctl_d, [CONF_DUMP] = line_dump, [CONF_TUNED] = line_tuned
	};

	while (*r->next) {
		char *line = r->next, *newline = strchr(line, '\n');
		int code;

		r->number++;
		if (newline)
			*newline = '\0';
		r->next = newline ? newline + 1 : line + strlen(line);
		code = by_kind[r->f->kind](r, trim(line));
		if (code < 0)
			return code;
	}
	return 0;
}

static int line_of(const char *bytes, const char *at)
{
	int number = 1;

	for (; bytes < at; bytes++)
		number += *bytes == '\n';
	return number;
}

int conf_parse(struct conf_file *f, const char *path, const char *bytes, size_t size,
	       enum conf_kind kind, enum conf_mode mode, struct err *err)
{
	struct reader r = { .f = f, .mode = mode, .err = err };
	const char *nul = size > 0 ? memchr(bytes, '\0', size) : NULL;
	int code;

	*f = (struct conf_file){ .kind = kind, .size = size };
	if (nul)
		return err_set(err, -EINVAL, "%.128s:%d: holds a NUL byte: no text file", path,
			       line_of(bytes, nul));
	f->path = strdup(path);
	f->source = malloc(size + 1);
	f->text = malloc(size + 1);
	f->keys = malloc(2 * size + 1); /* a key and its NUL take no more than twice the key */
	if (!f->path || !f->source || !f->text || !f->keys)
		return err_set(err, -ENOMEM, "out of memory");
	if (size > 0) {
		memcpy(f->source, bytes, size);
		memcpy(f->text, bytes, size);
	}
	f->source[size] = f->text[size] = '\0';
	if (kind == CONF_AUTO)
		f->kind = detect(f->source, size);
	f->bom = f->kind == CONF_SYSCTL_D && strncmp(f->text, BOM, strlen(BOM)) == 0;
	if (f->bom && mode == CONF_STRICT)
		return err_set(err, -EINVAL, "%.128s:1: begins with a byte-order mark", path);
	r.next = f->text + (f->bom ? strlen(BOM) : 0);
	r.key_at = f->keys;
	code = each_line(&r);
	if (code == -EINVAL)
		err_wrap(err, "%.128s:%d", path, r.number);
	for (size_t i = 0; i < f->count; i++)
		f->line[i].file = f;
	return code;
}

void conf_file_release(struct conf_file *f)
{
	if (!f)
		return;
	free(f->path);
	free(f->line);
	free(f->source);
	free(f->text);
	free(f->keys);
	free(f->missing);
	*f = (struct conf_file){ .kind = CONF_AUTO };
}
