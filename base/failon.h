/*
 * failon: which verdicts make the exit status other than 0 (--fail-on).
 *
 * "fail" is 1 (an expectation failed, a difference is worse), "invalid" 3 (not trustworthy), "skip" 4
 * (the environment lacks something), "no-effect" turns a setting without measurable effect into 1.
 * Usage errors, internal errors and signals cannot be asked away.
 */
#ifndef TWBENCH_BASE_FAILON_H
#define TWBENCH_BASE_FAILON_H

struct err;

#define FAIL_ON_FAIL      1U
#define FAIL_ON_INVALID   2U
#define FAIL_ON_SKIP      4U
#define FAIL_ON_NO_EFFECT 8U
#define FAIL_ON_DEFAULT   (FAIL_ON_FAIL | FAIL_ON_INVALID | FAIL_ON_SKIP)

/* "fail,skip", or "none"; NULL is the default.  0, or -EINVAL with *err. */
int fail_on_parse(const char *list, unsigned *ret, struct err *err);

/* What becomes of an exit status. */
int fail_on_status(unsigned fail_on, int status);

#endif
