/*
 * cell_counters: what a repeat's record says of counters, sysctls and ports.  Private to the cell.
 */
#ifndef TWBENCH_BENCH_CELL_COUNTERS_H
#define TWBENCH_BENCH_CELL_COUNTERS_H

#include "base/record.h"
#include "bench/lab.h"
#include "bench/scenario.h"
#include "bench/shared.h"
#include "capture/counters.h"

/* Join before and after by name; rows that are 0 in both are left out.  0 or -ENOMEM. */
int cell_counters_fill(const struct counter_set *before, const struct counter_set *after,
		       struct record_counters *ret);

/* The sysctls that decide about TIME_WAIT and ports, and those the scenario sets, as read in the
 * client's namespace (the caller is in it). */
void cell_sysctls_read(const struct lab *lab, const struct case_spec *spec, struct record_repeat *r);

/* Was it read, and as something else than 0? */
bool cell_sysctl_is_set(const struct record_repeat *r, const char *key);

/* Port range in force and what it amounts to. */
void cell_ports_read(const struct case_spec *spec, struct record_repeat *r,
		     struct cell_shared *shared);

/* The most client sockets in any sample. */
void cell_ports_peak(struct record_repeat *r);

/* A sniffer is present: what it has not seen is 0, not unknown. */
void cell_capture_zero(struct record_capture *c);

#endif
