/* compare_say: a comparison as text and as JSON. */
#ifndef TWBENCH_ANALYSIS_COMPARE_SAY_H
#define TWBENCH_ANALYSIS_COMPARE_SAY_H

#include <stdbool.h>
#include <stdio.h>

#include "analysis/compare.h"

/* Differences of host, kernel and sysctls first; `all`: metrics that are equal, too. */
void compare_say_text(const struct comparison *c, const struct compare_options *o, bool all,
		      FILE *out);
void compare_say_json(const struct comparison *c, const struct compare_options *o, FILE *out);

#endif
