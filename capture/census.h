/*
 * census: one counting of the TCP sockets in the watched namespaces: a sample, without its thread.
 *
 * Per namespace: sockstat's `tw` (0.03 ms), a sock_diag dump of everything but TIME_WAIT, `tw`
 * again.  `tw` counts FIN-WAIT-2 minisocks as well; the dump shows them (timer 3), and what is left
 * of `tw` is TIME_WAIT proper.  In a shared namespace every dump is a full one, TIME_WAIT is
 * counted in it, and each socket goes to the end its ports tell.  Between dumps `tw` counts on for
 * the end that had all TIME_WAITs of the namespace in the latest one; if both had some, or sockets of
 * somebody else did, TIME_WAIT hangs on the dumps, and these come more often.
 *
 * Where FIN-WAIT-2 minisocks abound (option `orphans`), `tw` cannot tell TIME_WAIT between dumps, nor
 * beside one of everything else: TIME_WAIT is then counted in full dumps, and keeps its last value
 * between them.
 *
 * Once a second, while `tw` is below CENSUS_REFERENCE_MAX, the dump is a full one everywhere and
 * compared: its minisocks must be as many as `tw`.  A dump that raced with
 * changes proves nothing; it is compared only if `tw` and the segments TCP received (InSegs) were
 * the same after it as before.  `tw` alone would not do: reuse takes one TIME_WAIT and makes one.
 */
#ifndef TWBENCH_CAPTURE_CENSUS_H
#define TWBENCH_CAPTURE_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/series.h"

struct err;
struct sampler_options;

#define CENSUS_REFERENCE_MAX 20000 /* a full dump of more would cost over 6 ms */
#define CENSUS_BUCKETS       40000 /* walking over an empty table takes as long as over so many sockets */

/* Who had the TIME_WAITs of a shared namespace when it was last dumped. */
enum census_split {
	SPLIT_CLIENT = SIDE_CLIENT,
	SPLIT_SERVER = SIDE_SERVER,
	SPLIT_NONE,   /* there were none */
	SPLIT_UNKNOWN /* both, or others: not to be told from their sum */
};

struct census {
	const struct sampler_options *options;
	struct series_row row; /* the newest counts */
	int64_t dumped_ns;     /* when the newest sample with a dump began; INT64_MIN: never */
	int64_t reference_ns;  /* when the newest full dump for comparison began */
	int64_t since;         /* samples since then, without one */
	bool hurry;            /* the next dump shall come as soon as if it were needed */
	double walk_ns;        /* CPU of the dumps of one sample for each socket there was to walk over,
				  smoothed; 0: not known yet */
	int64_t tw;            /* the newest sum of `tw` */
	int64_t dumps, dump_max_ns, dump_sum_ns, dump_every;
	int64_t dump_cpu_ns; /* of this thread, in samples with a dump */
	int64_t interrupted, compared, disagreements;
	enum census_split split; /* of a shared namespace */
};

/* `options` is kept, not copied. */
void census_init(struct census *c, const struct sampler_options *options);

/* Count once, at mono time now_ns, into c->row; `dump`: with a dump, whatever it costs.  0, or
 * negative errno with *err and the row as it was. */
int census_take(struct census *c, int64_t now_ns, bool dump, struct err *err);

/*
 * One sample in how many has a dump that costs cost_ns.  Where TIME_WAIT itself hangs on it (`needed`)
 * dumps may take a fifth of the time.  Else 1 part in 250, but rather 1 in 60 than more than 3 s
 * between them.  1 or more.
 */
int64_t census_dump_every(int64_t cost_ns, int64_t period_ns, bool needed);

#endif
