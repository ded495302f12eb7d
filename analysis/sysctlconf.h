/*
 * sysctlconf: files that set sysctls, as the loaders read them.
 *
 * Three kinds.  sysctl.d(5): "key = value", "-key = value" (failure is no error), "-key" (left out
 * of patterns), comments from '#' or ';' at the start of a line only.  `sysctl -a` dumps.  Profiles
 * of tuned: the assignments of [sysctl] (and of sections of type=sysctl), '>' and '<' before a value,
 * ${variables}, comments also after a value.
 *
 * Pure: bytes in, lines out; nothing is looked up.
 */
#ifndef TWBENCH_ANALYSIS_SYSCTLCONF_H
#define TWBENCH_ANALYSIS_SYSCTLCONF_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum conf_kind { CONF_AUTO, CONF_SYSCTL_D, CONF_DUMP, CONF_TUNED };

struct conf_line {
	const struct conf_file *file;
	int number;          /* 1 is the first */
	const char *written; /* the key as it stands there, without the '-' */
	const char *key;     /* dots between the parts, as sysctl(8) prints it */
	const char *value;   /* white space trimmed; NULL: an exclusion */
	bool dash;           /* "-key" */
	bool dash_blank;     /* "- key" */
	bool glob;           /* the key is a pattern */
	bool mixed;          /* the key holds both separators */
	bool computed;       /* tuned: the value depends on the host (">N", "<N", "${x}") */
	const char *fault;   /* no setting at all, and why; key is "", written the line.  NULL: it is one */
	size_t order;        /* of reading, in a conf_set */
};

struct conf_file {
	char *path;
	enum conf_kind kind;
	struct conf_line *line;
	size_t count;
	const struct conf_file
		*masked_by; /* a file of the same name comes first: this one is not read */
	char *source;       /* the bytes as they were read ... */
	size_t size;        /* ... and how many */
	char *text;         /* a copy, cut into strings */
	char *keys;         /* canonical keys */
	bool bom;           /* a byte-order mark came first */
	const char *include; /* tuned: names of the profiles this one builds on, or NULL */
	bool replaces;      /* tuned: [sysctl] drops what those set */
	char *missing;      /* tuned: those of them that were not found, or NULL */
};

#define CONF_BYTES_MAX (4 * 1024 * 1024)

/* "sysctl.d", "dump", "tuned". */
const char *conf_kind_name(enum conf_kind kind);

/* CONF_AUTO when it is none of them. */
enum conf_kind conf_kind_from_name(const char *name);

enum conf_mode {
	CONF_STRICT, /* a line that is no setting, or a byte-order mark, is an error */
	CONF_LENIENT /* both are kept and marked: loaders leave them out and go on */
};

/*
 * Parse `size` bytes.  `kind` CONF_AUTO: tell from the contents.  `path` only names the file.
 * 0; -EINVAL with *err "PATH:LINE: ..."; -ENOMEM.  Free with conf_file_release, also after failure.
 */
int conf_parse(struct conf_file *f, const char *path, const char *bytes, size_t size,
	       enum conf_kind kind, enum conf_mode mode, struct err *err);

void conf_file_release(struct conf_file *f);

#endif
