/*
 * sysctlset: several files of settings, in the order a loader reads them.
 *
 * Plain files are read in the order given.  Directories stand together where the first of them was
 * given: their *.conf files, sorted by file name whatever the directory; of two with the same name the
 * one in /etc wins over /run, /usr/local/lib, /usr/lib and /lib, and the other is not read
 * (sysctl.d(5)).  A link to /dev/null is an empty file, "-" is standard input.
 */
#ifndef TWBENCH_ANALYSIS_SYSCTLSET_H
#define TWBENCH_ANALYSIS_SYSCTLSET_H

#include <stddef.h>

#include "analysis/sysctlconf.h"

struct conf_set {
	struct conf_file **file;
	size_t count;
	size_t lines; /* settings in all, masked files left out */
};

/* The directories that systemd-sysctl and sysctl --system read; ends with NULL. */
extern const char *const conf_system_dirs[];

/* Read files and directories.  0; -EINVAL with *err naming file and line; -ENOMEM.
 * Free with conf_set_release, also after failure. */
int conf_set_read(struct conf_set *s, char *const *paths, size_t count, enum conf_kind kind,
		  struct err *err);

/* Add one file from memory, last in order.  As conf_parse. */
int conf_set_add_text(struct conf_set *s, const char *path, const char *bytes, size_t size,
		      enum conf_kind kind, struct err *err);

/* The line that decides `key` (canonical): the last that names it, else the last pattern that matches
 * and does not exclude it; NULL if none does. */
const struct conf_line *conf_set_effective(const struct conf_set *s, const char *key);

void conf_set_release(struct conf_set *s);

#endif
