/*
 * reconcile: do the witnesses of one repeat agree?  Pure: fills r->check and sets r->status.
 *
 * The identities follow from net/ipv4/proc.c and snmp_counter.rst; each is one row of
 * a table: what it is called, left side, right side, tolerance.  A side that is absent makes the
 * check `skipped` with the reason, never passed.  Also derives what needs several witnesses: expected
 * peak of TIME_WAIT, lifetimes, socket seconds.
 */
#ifndef TWBENCH_ANALYSIS_RECONCILE_H
#define TWBENCH_ANALYSIS_RECONCILE_H

#include <stdbool.h>

#include "base/record.h"

/* Recompute every check of `r`.  Returns true when all that were not skipped agree, every connection
 * ended as declared (or for want of a port, if that is the subject) and the rate was met; otherwise
 * r->status is "untrustworthy" and r->reason the first cause.  An interrupted repeat keeps its
 * status and is asked only whether its witnesses agree; a failed one is never trusted. */
bool reconcile(const struct record_case *c, struct record_repeat *r);

/* All repeats of a record; for `twbench report`, which trusts no stored verdict. */
bool reconcile_record(struct record *r);

#endif
