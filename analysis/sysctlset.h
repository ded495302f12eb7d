/*
 * sysctlset: several files of settings, in the order a loader reads them.
 *
 * Plain files are read in the order given.  Directories stand together where the first of them was
 * given: their *.conf files, sorted by file name whatever the directory; of two with the same name the
 * one in /etc wins over /run, /usr/local/lib, /usr/lib and /lib, and the other is not read
 * (sysctl.d(5)).  A link to /dev/null is an empty file, "-" is standard input.  A profile of tuned is
 * read after those it includes: they are looked for beside its directory, then where tuned keeps them.
 */
#ifndef TWBENCH_ANALYSIS_SYSCTLSET_H
#define TWBENCH_ANALYSIS_SYSCTLSET_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/sysctlconf.h"

struct conf_set {
	struct conf_file **file;
	size_t count;
	size_t lines; /* settings in all, masked files left out */
	const struct conf_line **by_key; /* of files that are read: by key, exclusions first, order */
	size_t indexed;
};

/* The directories that systemd-sysctl and sysctl --system read; ends with NULL. */
extern const char *const conf_system_dirs[];

/* Read files and directories.  0; -EINVAL with *err naming file and line; -ENOMEM.
 * Free with conf_set_release, also after failure. */
int conf_set_read(struct conf_set *s, char *const *paths, size_t count, enum conf_kind kind,
		  enum conf_mode mode, struct err *err);

/* Add one file from memory, last in order.  As conf_parse. */
int conf_set_add_text(struct conf_set *s, const char *path, const char *bytes, size_t size,
		      enum conf_kind kind, enum conf_mode mode, struct err *err);

/* To be called again after a file was masked by hand.  0 or -ENOMEM with *err. */
int conf_set_index(struct conf_set *s, struct err *err);

/* The last line of `key` (canonical, no pattern is expanded) of those up to place `order`: the last
 * setting, or the last exclusion.  NULL if there is none. */
const struct conf_line *conf_set_last(const struct conf_set *s, const char *key, bool setting,
				      size_t order);

/* Is this setting or exclusion the last word on its key, as it is spelled? */
bool conf_set_is_last(const struct conf_set *s, const struct conf_line *line);

/* The line that decides `key` (canonical): the last that names it, else the last pattern that matches
 * and does not exclude it; NULL if none does. */
const struct conf_line *conf_set_effective(const struct conf_set *s, const char *key);

void conf_set_release(struct conf_set *s);

#endif
