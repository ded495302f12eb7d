/*
 * labels: the names of cases where there is room for few characters.  What tells them apart stays.
 *
 * A name is a head and KEY=VALUE after KEY=VALUE, parted by dots, as bench/scenario_name.c makes it:
 * "client-fin.rate=200.ip_local_port_range=1024-65535".
 */
#ifndef TWBENCH_ANALYSIS_LABELS_H
#define TWBENCH_ANALYSIS_LABELS_H

#include <stddef.h>

struct record;

struct label {
	char text[160];
};

/*
 * One label for each of `count` names, at most `chars` characters long, no two alike: what all names
 * share is left out, then keys are shortened before values.  When all names fit they stay as they are.
 * The caller frees; NULL without memory.
 */
struct label *labels_make(const char *const *name, size_t count, size_t chars);

/* The same for the cases of a record. */
struct label *labels_of_cases(const struct record *r, size_t chars);

/* The characters it takes to keep all that tells the names apart but the keys, which may be shortened. */
size_t labels_need(const char *const *name, size_t count);
size_t labels_need_of_cases(const struct record *r);

/*
 * What a name says besides its head and the keys of `without` (NULL ends them), as ", KEY=VALUE" after
 * ", KEY=VALUE"; "" when nothing is left.  Returns buf.
 */
const char *label_rest(const char *name, const char *const *without, char *buf, size_t size);

/* Text of at most `chars` characters (not bytes), cut with an ellipsis.  Returns buf. */
const char *label_shorten(const char *text, size_t chars, char *buf, size_t size);

#endif
