/*
 * ledger: sums over threads, and what an errno means for a connection that was never made.
 */
#ifndef TWBENCH_BENCH_LEDGER_H
#define TWBENCH_BENCH_LEDGER_H

#include <stdint.h>

#include "base/outcome.h"
#include "base/record.h"
#include "bench/scenario.h"

#define LEDGER_ERRNOS 160 /* one place per errno; Linux uses less */

/* Add n; unknown counts as 0. */
void ledger_add_to(int64_t *into, int64_t n);

/* Add one thread's ledger; the rates are not sums and are left alone. */
void ledger_add(struct record_ledger *into, const struct record_ledger *from);

/* Add counts per errno (LEDGER_ERRNOS of them) to the record's list. */
void ledger_add_errnos(struct record_repeat *r, const int64_t *errnos);

/* A start that was meant for late_ns ago (negative: it is early, which counts as on time). */
void ledger_count_lateness(struct record_ledger *l, int64_t late_ns);

/*
 * What was offered, asked for and reached, once all threads' ledgers are added: from the load's start to
 * `last_ns` (mono), the last one's; `stopped`: the load was cut short.
 */
void ledger_sum_rates(const struct case_spec *spec, int64_t start_ns, int64_t last_ns, bool stopped,
		      struct record_repeat *r);

/* The outcome of an attempt that socket(), bind() or connect() refused with `number`. */
enum outcome ledger_outcome(int number);

#endif
