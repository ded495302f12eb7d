/*
 * wholefile: a file that is there is whole.  It is written under a temporary name beside its own and
 * renamed at the end, so who watches the directory never sees half of it.
 */
#ifndef TWBENCH_BASE_WHOLEFILE_H
#define TWBENCH_BASE_WHOLEFILE_H

#include <stdio.h>

struct err;

struct wholefile {
	FILE *out; /* print here; errors stick in it */
	char path[1024], temporary[1040];
};

/* Begin `dir`/`name`.  0 or negative errno with *err; nothing to close then. */
int wholefile_open(struct wholefile *f, const char *dir, const char *name, struct err *err);

/* Give it its name.  0 or negative errno with *err (-ENOSPC when the disk is full); what stood there
 * before is then untouched and nothing new is left. */
int wholefile_close(struct wholefile *f, struct err *err);

#endif
