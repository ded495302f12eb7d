/*
 * scenario_matrix: from one case of a document to its cells: the layers (defaults, document, case,
 * matrix and zip, command line) laid over each other, the product of the lists, and a name for each cell.
 * Private to bench/scenario_matrix.c, which unfolds, and bench/scenario_name.c, which names.
 */
#ifndef TWBENCH_BENCH_SCENARIO_MATRIX_H
#define TWBENCH_BENCH_SCENARIO_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "bench/scenario_keys.h"

enum layer { LAYER_DEFAULT, LAYER_DOCUMENT, LAYER_CASE, LAYER_MATRIX, LAYER_OVERRIDE };

#define DIMS_MAX   16
#define VALUES_MAX SCENARIO_CASES_MAX

struct draft {
	struct case_spec spec;
	uint8_t layer[SCENARIO_KEYS_MAX];
};

/* One key that varies. */
struct dim {
	char path[128];
	const struct scenario_key *key;
	enum layer layer;
	struct scenario_value *value;
	size_t count;
	char *text; /* owned: what the values of an override point into */
	int zip;    /* keys of one "zip" share a number above 0 and step together; 0: on its own */
};

struct unfolding {
	json *root, *node;
	const char *label;
	const struct override *override;
	size_t override_count;
	struct dim dim[DIMS_MAX];
	size_t dim_count;
	struct draft base;
};

/* Name a cell of `s`: the case's label or the strategy, then ".key=value" for every other key that
 * varies; unique within `s`, and safe as a file name.  at[i] is the value that dimension i has. */
void scenario_case_name(const struct scenario *s, const struct unfolding *u, struct case_spec *c,
			const size_t *at);

#endif
