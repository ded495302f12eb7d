/*
 * ledger: sums over threads, and what an errno means for a connection that was never made.
 */
#ifndef TWBENCH_BENCH_LEDGER_H
#define TWBENCH_BENCH_LEDGER_H

#include <stdint.h>

#include "base/outcome.h"
#include "base/record.h"

#define LEDGER_ERRNOS 160 /* one place per errno; Linux uses less */

/* Add n; unknown counts as 0. */
void ledger_add_to(int64_t *into, int64_t n);

/* Add one thread's ledger; the rates are not sums and are left alone. */
void ledger_add(struct record_ledger *into, const struct record_ledger *from);

/* Add counts per errno (LEDGER_ERRNOS of them) to the record's list. */
void ledger_add_errnos(struct record_repeat *r, const int64_t *errnos);

/* The outcome of an attempt that socket(), bind() or connect() refused with `number`. */
enum outcome ledger_outcome(int number);

#endif
