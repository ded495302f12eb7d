/* compare_say: a comparison as text and as JSON. */
#ifndef TWBENCH_ANALYSIS_COMPARE_SAY_H
#define TWBENCH_ANALYSIS_COMPARE_SAY_H

#include <stdbool.h>
#include <stdio.h>

#include "analysis/compare.h"

/* Differences of host, kernel and sysctls first; `all`: metrics that are equal, too. */
void compare_say_text(const struct comparison *c, const struct compare_options *o, bool all,
		      FILE *out);

/* One document, { "schema": "twbench.comparison/1", "level": ..., "comparisons": [ ... ] }: begin it, add
 * each comparison, end it. */
struct jsonw;
void compare_say_json_begin(struct jsonw *w, const struct compare_options *o, FILE *out);
void compare_say_json(struct jsonw *w, const struct comparison *c);
void compare_say_json_end(struct jsonw *w);

#endif
