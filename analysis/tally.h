/*
 * tally: what `twbench analyze` sums up over all connections of a capture: classes, who holds
 * TIME-WAIT, resets by cause, the slowest closes.  Memory does not grow with their number.
 */
#ifndef TWBENCH_ANALYSIS_TALLY_H
#define TWBENCH_ANALYSIS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/conn_fields.h"
#include "analysis/tw_hosts.h"
#include "base/hist.h"
#include "base/side.h"
#include "base/teardown.h"

struct err;

#define TALLY_TOP_MAX    1000
#define TALLY_CAUSES_MAX 16

struct tally_close {
	struct endpoint src, dst;
	uint64_t number;
	int64_t close_ns, first_ns;
	const char *file; /* of conn.file */
	enum teardown_class class;
	int8_t first_fin;
};

/* What the reading of the capture had to say. */
struct tally_source {
	uint64_t packets, tcp_packets, udp_packets, fragments, cut, bad, filtered, unknown_link;
	uint64_t duplicates, evicted, evicted_open, evicted_half_open;
	int64_t first_ns, last_ns;
	const char *broken; /* NULL or empty: read to its end */
	unsigned broken_files;
};

struct tally {
	int64_t lifetime_ns;
	uint64_t connections;
	uint64_t class[TEARDOWN_CLASS_COUNT][SIDES_COUNT]; /* by who holds TIME-WAIT */
	uint64_t cause[TALLY_CAUSES_MAX];
	uint64_t began_inside, ended_inside, reused, simultaneous;
	struct tally_close *slow; /* a heap while adding; sorted by tally_finish() */
	size_t slow_count, top;
	struct hist close_delay, close;
	struct tw_hosts hosts;
};

/* `top`: how long the lists are (1 .. TALLY_TOP_MAX).  Returns 0 or -ENOMEM. */
int tally_init(struct tally *t, int64_t lifetime_ns, size_t top);
void tally_release(struct tally *t);

void tally_add(struct tally *t, const struct conn *c);

/* No more connections: sort the lists; the capture ended at `end_ns`. */
void tally_finish(struct tally *t, int64_t end_ns);

/* Name of a cause of resets; NULL behind the last. */
const char *tally_cause(size_t i);

/* The table that a person reads. */
void tally_print(const struct tally *t, const struct tally_source *s, FILE *out);

/*
 * Graphs into `dir` (made if missing): TIME_WAIT held per host over time, classes, close delay;
 * the files are as plot.h says.  Returns 0 or negative errno with *err; without gnuplot (-ENOENT)
 * the first script and its data are there all the same.
 */
int tally_plot(const struct tally *t, const struct tally_source *s, const char *name,
	       const char *dir, struct err *err);

#endif
