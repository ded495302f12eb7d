/*
 * lint: a static look at files that set sysctls: which lines do not do what their author believes.
 *
 * Pure but for what `options.probe` was told; no setting is ever written.  A rule is a row of
 * lint_rules[]; it appears by itself in the findings, in SARIF, in `twbench lint --rules`, and in the
 * test that demands a case where it fires and one where it does not.
 */
#ifndef TWBENCH_ANALYSIS_LINT_H
#define TWBENCH_ANALYSIS_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/sysctlset.h"

struct err;
struct lint;
struct lint_finding;
struct sysctl_probe;

enum lint_severity { LINT_NOTE, LINT_WARNING, LINT_ERROR };

/* When a rule is asked. */
#define LINT_EVERY     (1U << 0) /* lines that a later one overrides, too */
#define LINT_DUMP      (1U << 1) /* in dumps, too: what is, not what somebody wants */
#define LINT_PATTERN   (1U << 2) /* of lines whose key is a pattern, too */
#define LINT_EXCLUSION (1U << 3) /* of "-key" lines, too */
#define LINT_COMPUTED  (1U << 4) /* of values that tuned computes, too */
#define LINT_FAULT     (1U << 5) /* of lines that set nothing, and of no others */

struct lint_rule {
	const char *id; /* "TW301"; never reused */
	enum lint_severity severity;
	const char *name; /* "fin-timeout-not-time-wait" */
	const char *keys; /* patterns of canonical keys, parted by blanks; NULL: any */
	unsigned when;    /* LINT_* */
	/* One of the two.  Fill f->detail (what is wrong here), f->other and f->fix. */
	bool (*line)(const struct lint *l, const struct conf_line *line, struct lint_finding *f);
	bool (*file)(const struct lint *l, const struct conf_file *file, struct lint_finding *f);
	const char *summary; /* the fault in one line */
	const char *kernel;  /* what the kernel, or the loader, really does */
	const char *source;  /* who says so */
	const char *prove;   /* how to see it */
};

extern const struct lint_rule lint_rules[];
extern const size_t lint_rule_count;

/* What --fix may do to a line: only what changes nothing but noise. */
enum lint_fix {
	LINT_FIX_NONE,
	LINT_FIX_COMMENT_OUT,  /* the line has no effect */
	LINT_FIX_MOVE_COMMENT, /* the comment after the value goes on its own line before */
	LINT_FIX_JOIN_DASH     /* "- key" becomes "-key" */
};

struct lint_finding {
	const struct lint_rule *rule;
	const struct conf_file *file;
	const struct conf_line *line;  /* NULL: about the file as a whole */
	const struct conf_line *other; /* a second place, or NULL */
	char detail[400];
	enum lint_fix fix;
	bool fixed;
};

struct lint_options {
	double rate_per_s; /* closes the host is to carry; 0: not told */
	const uint16_t *listen;
	size_t listen_count;
	bool kubernetes;
	const struct sysctl_probe *probe; /* or NULL */
};

struct lint {
	const struct conf_set *set;
	struct lint_options options;
	struct lint_finding *finding; /* in order of file and line */
	size_t count, room;
};

/* Ask every rule of every line.  `set` is borrowed until lint_release.  0 or -ENOMEM with *err. */
int lint_run(struct lint *l, const struct conf_set *set, const struct lint_options *options,
	     struct err *err);

/* Findings of `severity` that were not fixed. */
size_t lint_count(const struct lint *l, enum lint_severity severity);

void lint_release(struct lint *l);

/* "note", "warning", "error": SARIF's levels, too. */
const char *lint_severity_name(enum lint_severity severity);

/* 0, or -EINVAL with *err for what is no severity. */
int lint_severity_parse(const char *name, enum lint_severity *ret, struct err *err);

struct lint_text_style {
	bool colour;
	bool brief;               /* one line a finding */
	enum lint_severity level; /* leave out what is less */
};

/* One line a finding, below it what the kernel does, who says so, how to see it; then a summary. */
void lint_text(const struct lint *l, const struct lint_text_style *style, FILE *out);

/* The same as SARIF: all rules, and what is not fixed. */
void lint_sarif(const struct lint *l, FILE *out);

/* The table of rules. */
void lint_text_rules(FILE *out);

/*
 * Mend what is certain in the files themselves: each is written aside and renamed over, its old
 * contents stay as FILE.bak (or the next free FILE.bak.N).  Marks findings as fixed and tells `out`.
 * 0; -EINVAL when a file is no longer what was read; another negative errno.
 */
int lint_fix(struct lint *l, FILE *out, struct err *err);

#endif
