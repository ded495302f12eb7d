/*
 * lint_match: the conditions of the rules, for the table in lint_rules.c and nobody else.
 *
 * Each answers whether `line` (or `file`) has the fault and, if so, says in f->detail what exactly is
 * wrong there.
 */
#ifndef TWBENCH_ANALYSIS_LINT_MATCH_H
#define TWBENCH_ANALYSIS_LINT_MATCH_H

#include "analysis/lint.h"

#define LINT_LINE(name)                                                                            \
	bool name(const struct lint *l, const struct conf_line *line, struct lint_finding *f)
#define LINT_FILE(name)                                                                            \
	bool name(const struct lint *l, const struct conf_file *file, struct lint_finding *f)

/* lint_match_form.c: how a line is written, and how loaders read it. */
LINT_LINE(match_conflict_in_file);
LINT_LINE(match_set_again);
LINT_LINE(match_value_comment);
LINT_LINE(match_dash_missing);
LINT_LINE(match_pattern);
LINT_LINE(match_mixed);
LINT_LINE(match_slashes);
LINT_LINE(match_dash_blank);
LINT_LINE(match_key_blank);
LINT_FILE(match_sysctl_conf);
LINT_FILE(match_masked);
LINT_LINE(match_fault);
LINT_FILE(match_bom);
LINT_FILE(match_include);

/* lint_match_keys.c: whether there is such a key, and whose it is. */
LINT_LINE(match_removed);
LINT_LINE(match_never);
LINT_LINE(match_misspelt);
LINT_LINE(match_absent);
LINT_LINE(match_unknown);
LINT_LINE(match_vendor);
LINT_LINE(match_vendor_here);
LINT_LINE(match_host_wide);
LINT_LINE(match_legacy);
LINT_LINE(match_read_only);
LINT_LINE(match_k8s_unsafe);
LINT_LINE(match_k8s_host_wide);
LINT_LINE(match_k8s_since);

/* lint_match_values.c: what the kernel makes of a value. */
LINT_LINE(match_refused);
LINT_LINE(match_meaningless);
LINT_LINE(match_rest_ignored);
LINT_LINE(match_octal);
LINT_LINE(match_blanks);
LINT_LINE(match_fin_timeout);
LINT_LINE(match_fin_timeout_long);
LINT_LINE(match_fin_timeout_nonpositive);
LINT_LINE(match_reuse_no_timestamps);
LINT_LINE(match_reuse_default);
LINT_LINE(match_reuse_on);
LINT_LINE(match_reuse_delay_short);
LINT_LINE(match_reuse_delay_idle);
LINT_LINE(match_timestamps_off);
LINT_LINE(match_rfc1337);
LINT_LINE(match_buckets_negative);
LINT_LINE(match_buckets_zero);
LINT_LINE(match_buckets_rate);
LINT_LINE(match_buckets_low);
LINT_LINE(match_buckets_high);
LINT_LINE(match_conntrack);
LINT_LINE(match_orphan_retries);
LINT_LINE(match_abort_on_overflow);
LINT_LINE(match_somaxconn);
LINT_LINE(match_syncookies);

/* lint_match_ports.c: the range that connect() chooses from. */
LINT_LINE(match_range_refused);
LINT_LINE(match_range_one_number);
LINT_LINE(match_range_privileged);
LINT_LINE(match_range_listen);
LINT_LINE(match_range_services);
LINT_LINE(match_range_rate);
LINT_FILE(match_default_range_rate);
LINT_LINE(match_range_half);
LINT_LINE(match_range_parity);
LINT_LINE(match_reserved_refused);
LINT_LINE(match_reserved_outside);

/* Set f->detail; returns true, so that a match ends with `return lint_say(f, ...)`. */
bool lint_say(struct lint_finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
