/*
 * sniffer_source: one capture file, packet by packet, whatever its format.  Private to
 * capture/sniffer_*.c.
 */
#ifndef TWBENCH_CAPTURE_SNIFFER_SOURCE_H
#define TWBENCH_CAPTURE_SNIFFER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/pcapread.h"

struct err;
struct filters;
struct source;
struct sniffer_report;

/* A filter in libpcap's language, compiled for each link type that comes up. */
int filters_new(const char *text, struct filters **ret, struct err *err); /* NULL: takes all */
void filters_free(struct filters *f);

/* `path` must outlive it.  Nothing is opened yet.  NULL: no memory. */
struct source *source_new(const char *path);
void source_free(struct source *s);

/* Returns 0, or -EINVAL (not a capture, unknown link type), -ENOENT, -EACCES, -ENOMEM with *err. */
int source_open(struct source *s, struct err *err);
void source_close(struct source *s);
bool source_is_open(const struct source *s);

/*
 * Go to the next packet that the filter takes.  1; 0 at the end (which closes the source; a file that
 * breaks off is noted in *r); -EINVAL with *err if the filter means nothing for its link type.
 */
int source_next(struct source *s, struct filters *filters, struct sniffer_report *r,
		struct err *err);

/* The packet it is at; valid until the next call. */
const struct pcapread_packet *source_at(const struct source *s);

#endif
