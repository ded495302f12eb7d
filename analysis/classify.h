/*
 * classify: one captured connection -> who closed first, how, and who holds TIME-WAIT.  Pure.
 *
 * The rules are a table, first match wins, one row per class of base/teardown.h.
 */
#ifndef TWBENCH_ANALYSIS_CLASSIFY_H
#define TWBENCH_ANALYSIS_CLASSIFY_H

#include "base/teardown.h"

struct teardown classify(const struct flow *f);

#endif
