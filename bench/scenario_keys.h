/*
 * scenario_keys: the key table of a scenario: one row per key, with its kind, range, default and
 * help.  Private to bench/scenario*.c: reading, validation, `--set`, the schema, the documentation
 * and the writer are all walks over it.  Adding a key is adding a row and a field of case_spec.
 */
#ifndef TWBENCH_BENCH_SCENARIO_KEYS_H
#define TWBENCH_BENCH_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "bench/scenario.h"

struct err;

/* A value as given: a JSON node, or the text of an override (node NULL).  `text` is set for every
 * string, number and truth value, NULL for the rest. */
struct scenario_value {
	json *node;
	const char *text;
	char number
		[32]; /* where `text` points for a JSON number: so never copy the struct plainly */
};

void scenario_value_init(struct scenario_value *v, json *node);

struct scenario_key;

/* How values of one kind are read and written.  `field` is the key's place in a case_spec. */
struct scenario_kind {
	unsigned json_types; /* bit set over enum json_type that may be given */
	int (*read)(const struct scenario_key *k, const struct scenario_value *v, void *field,
		    struct err *err);
	void (*write)(const struct scenario_key *k, const void *field, struct jsonw *w);
	void (*schema)(const struct scenario_key *k,
		       struct jsonw *w); /* members of an open object */
	void (*describe)(const struct scenario_key *k, char *buf, size_t size);
};

struct scenario_key {
	const char *path; /* "load.clients" */
	const struct scenario_kind *kind;
	size_t offset;
	int64_t min, max;           /* integers, durations (ns); size in bytes of a text */
	const char *preset;         /* the default, as one would write it; NULL: nothing */
	const char *(*word)(int i); /* the words to choose from; NULL after the last */
	bool (*applies)(const struct case_spec *c); /* NULL: always; else left out when written */
	const char *help;
};

extern const struct scenario_key scenario_keys[];
extern const size_t scenario_keys_count;
#define SCENARIO_KEYS_MAX 64

extern const struct scenario_kind scenario_kind_int, scenario_kind_duration, scenario_kind_rate,
	scenario_kind_word, scenario_kind_family, scenario_kind_bool, scenario_kind_text,
	scenario_kind_sizes, scenario_kind_steps, scenario_kind_strategy, scenario_kind_files,
	scenario_kind_sysctl;

/* The row for `path`, or NULL. */
const struct scenario_key *scenario_key_find(const char *path);

/* For "tuning.sysctl.net.ipv4.x" its row, with *ret_sysctl at "net.ipv4.x"; NULL there otherwise. */
const struct scenario_key *scenario_key_resolve(const char *path, const char **ret_sysctl);

/* -EINVAL with "load.clinets: unknown key (did you mean 'clients'?)". */
int scenario_key_unknown(const char *path, struct err *err);

/* Check the JSON type, then read `v` into `c`.  The text of *err begins with the key's path. */
int scenario_key_set(const struct scenario_key *k, const struct scenario_value *v,
		     struct case_spec *c, struct err *err);

/* Set one sysctl, replacing an earlier value.  Slashes in the key are dots.  0 or -EINVAL. */
int scenario_sysctl_set(struct case_spec *c, const char *key, const char *value, struct err *err);

/* Read a sysctl.d file into `c`: "key = value", `#` and `;` comments, a leading `-` is accepted.
 * 0, -EINVAL or -ENOMEM; the text of *err is "60-net.conf:7: ...". */
int scenario_sysctl_file(struct case_spec *c, const char *path, struct err *err);
int scenario_sysctl_text(struct case_spec *c, const char *label, const char *text, size_t size,
			 struct err *err);

/* What no single key can tell: infers what was left out and refuses contradictions.  layer[i] says
 * where scenario_keys[i] was set, 0 being its default; a higher layer wins.  *ret_wrong becomes the
 * path of the key that is at fault. */
int scenario_case_check(struct case_spec *c, const uint8_t *layer, const char **ret_wrong,
			struct err *err);

/* Unfold one case of a document to cells appended to `s`.  `label` and `node` are NULL without "cases". */
int scenario_case_unfold(struct scenario *s, json *root, const char *label, json *node,
			 const struct override *overrides, size_t override_count, struct err *err);
#define SCENARIO_CASES_MAX 512

/* Keys of a document that are no keys of a case: "schema", "name", ... NULL after the last. */
const char *scenario_meta_word(size_t i);

/* The sections that keys are nested in: "load", ... NULL after the last. */
const char *scenario_section_word(size_t i);

#endif
