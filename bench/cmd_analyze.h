/*
 * cmd_analyze: what the files of the command `analyze` share: what is asked for, and the reading of
 * captures, all as one stream, each by itself, or live.
 */
#ifndef TWBENCH_BENCH_CMD_ANALYZE_H
#define TWBENCH_BENCH_CMD_ANALYZE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cmd.h"
#include "base/mono.h"
#include "base/teardown.h"
#include "capture/sniffer.h"

#define ANALYZE_TIME_MAX_NS (3600 * NS_PER_S)

struct err;
struct ladder;
struct tally;

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_LADDER };

struct analysis {
	enum output output;
	int64_t lifetime_ns, top, max_flows, ladder_number;
	const char *svg, *plots, *filter;
	bool head;    /* of CSV, is written */
	FILE *out;
	struct tally *tally; /* NULL: nobody reads the sums */
	struct ladder *ladder;
	struct flow ladder_flow;
	bool ladder_found;
	volatile sig_atomic_t stop; /* nobody reads the output any more */
	pthread_mutex_t lock;       /* of all that is written or summed up */
};

/* The head of CSV, once; not before the input has proved to be one. */
void analyze_write_head(struct analysis *a);

/* Read the files or the interface that `args` name.  0, or negative errno with *err. */
int analyze_read(struct analysis *a, const struct args *args, struct sniffer_report *r,
		 struct err *err);

#endif
