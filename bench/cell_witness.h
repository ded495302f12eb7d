/*
 * cell_witness: the witnesses of one repeat: open them in the right namespaces, prove them ready,
 * and copy what they report into the record.  Private to the cell.
 */
#ifndef TWBENCH_BENCH_CELL_WITNESS_H
#define TWBENCH_BENCH_CELL_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "bench/cell.h"
#include "bench/cell_flows.h"
#include "capture/census.h"
#include "capture/counters.h"
#include "capture/sampler.h"
#include "capture/sniffer.h"

struct cell_witness {
	const struct cell_options *o;
	const struct lab *lab;
	struct record_repeat *r;
	int namespaces;                    /* 1 when shared, else 2 */
	int diag_fd[SIDE_COUNT];
	struct counter_files files[SIDE_COUNT];
	struct counter_set before[SIDE_COUNT], after[SIDE_COUNT];
	bool counted;
	int64_t origin_ns;
	int64_t longest_gap_ns;            /* between two samples; known when the sampler has stopped */
	struct sampler_options sampling;
	struct sampler *sampler;           /* NULL: witnesses.sampler is off, */
	struct census census;              /* and this looks whether all is settled */
	struct sniffer *sniffer;
	char sniffer_absent[160];          /* why there is none */
	struct cell_flows flows;
};

/* All closed; safe to stop. */
void cell_witness_init(struct cell_witness *w);

/* Open everything, start the sniffer and see the first canary.  The caller ends in the client's
 * namespace.  0 or negative errno with *err. */
int cell_witness_open(struct cell_witness *w, const struct cell_options *o, const struct lab *lab,
		      struct record_repeat *r, struct err *err);

/* Start the sampler and read the counters: from here on everything counts.  `port` is the server's
 * first.  As above. */
int cell_witness_start(struct cell_witness *w, uint16_t port, int64_t origin_ns, struct err *err);

/* A sample that began after this call; `dump`: one with a dump, so that all its columns did.  0 or
 * -ETIMEDOUT.  Without a sampler: a look at the sockets if a dump is wanted, else only a pause. */
int cell_witness_fresh(struct cell_witness *w, bool dump, int64_t deadline_ns,
		       struct sampler_now *ret);

/* The load has settled: read the counters again, see the last canary, stop the sniffer. */
int cell_witness_after_load(struct cell_witness *w, struct err *err);

/* Stop the sampler, release everything, fill the rest of the record. */
void cell_witness_stop(struct cell_witness *w);

/* One more row in the record's list of witnesses; NULL when it is full. */
struct record_witness *cell_witness_add(struct record_repeat *r, const char *name);

#endif
