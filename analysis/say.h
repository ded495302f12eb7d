/*
 * say: the sentences that every report makes of a record, one at a time.
 *
 * Text, Markdown and HTML say the same; each gives its own `say_line`, which must escape what it prints:
 * names come from the record as they are.  Pure.
 */
#ifndef TWBENCH_ANALYSIS_SAY_H
#define TWBENCH_ANALYSIS_SAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

enum say_kind {
	SAY_HEAD,  /* begins a section */
	SAY_PLAIN, /* a sentence */
	SAY_POINT, /* one of a list under the sentence before */
	SAY_BAD    /* a point that something is wrong */
};

typedef void say_line(void *to, enum say_kind kind, const char *text);

/* The first lines: who holds TIME_WAIT in which case, for how long, and how many ports that leaves. */
void say_answer(const struct record *r, say_line *line, void *to);

/* Where requests began late enough to tell of the machine instead of the strategy.  Nothing if they did not. */
void say_lateness(const struct record *r, say_line *line, void *to);

/* How long TIME_WAIT lasted, and what this kernel's constants promise. */
void say_lifetime(const struct record *r, say_line *line, void *to);

/* Do the witnesses agree; every disagreement named and sized; losses; repeats that are not trustworthy. */
void say_witnesses(const struct record *r, say_line *line, void *to);

/* Scenario "seed" only: the claims of the thread of 2002 beside what was measured. */
void say_seed(const struct record *r, say_line *line, void *to);

/* Where ports ran out: when, after how many connections, with which errno.  Nothing if they did not. */
void say_exhaustion(const struct record *r, say_line *line, void *to);

/* Per case: what it means for who uses it, as measured. */
void say_verdicts(const struct record *r, say_line *line, void *to);

/* Cases in which a connection ended otherwise than declared: every outcome, and the errnos.  Where the
 * scenario said so beforehand, nothing is wrong. */
void say_outcomes(const struct record *r, say_line *line, void *to);

/* What was expected, what was found, and the margin. */
void say_expectations(const struct record *r, say_line *line, void *to);

/* What a setting was found to do: "helps", "no measurable effect", "a mistake". */
const char *say_setting(const struct record_tuning *t);

/* Each setting under test, what it was found to do, and the differences that say so. */
void say_tuning(const struct record *r, say_line *line, void *to);

/* Warnings of the run. */
void say_warnings(const struct record *r, say_line *line, void *to);

/* All but the answer, in the order of a report. */
void say_all(const struct record *r, say_line *line, void *to);

/* The command line that repeats the run, quoted for a shell.  Returns buf; "" if unknown. */
const char *say_command(const struct record *r, char *buf, size_t size);

/* One line on where and with what: "twbench 0.1.0 · Linux 6.18.44 (HZ=250) · veth · run ...".  Returns buf. */
const char *say_where(const struct record *r, char *buf, size_t size);

/* --- the table ---------------------------------------------------------------------------------- */

enum say_cell {
	CELL_CASE,
	CELL_CLIENT, /* TIME_WAIT peak, median of the repeats */
	CELL_SERVER,
	CELL_HOLDER, /* "client", "both", "nobody" */
	CELL_P50, /* response time in microseconds; "n/a (n=1600)" when there are too few to name it */
	CELL_P99,
	CELL_P999,
	CELL_ERRORS, /* connections that ended otherwise than declared */
	CELL_WIRE,   /* "orderly-3 95 %" */
	CELL_COUNT
};

struct say_row {
	char cell[CELL_COUNT][128];
};

extern const char *const say_heads[CELL_COUNT];

/* Returns 0 or -ENOMEM. */
int say_row(const struct record_case *c, struct say_row *ret);

/* "1 600"; "?" if unknown.  Returns buf. */
const char *say_count(int64_t n, char *buf, size_t size);

/* "pass", "untrustworthy": the run's status for people, with the reason. */
const char *say_status(const struct record *r, char *buf, size_t size);

#endif
