/* Scenario text: whatever is accepted is planned, written, and read back as the same cases. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "bench/plan.h"
#include "bench/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *case_text(const struct case_spec *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct jsonw w;

	assert(out);
	jsonw_init(&w, out);
	scenario_case_write(c, &w);
	jsonw_end(&w);
	fclose(out);
	return text;
}

static void check_case(const struct case_spec *c)
{
	char *first = case_text(c), *second;
	struct scenario again;
	struct err err;
	int r = scenario_parse("again", first, strlen(first), NULL, 0, &again, &err);

	assert(r == 0 && again.case_count == 1);
	second = case_text(&again.cases[0]);
	assert(strcmp(first, second) == 0);
	free(first);
	free(second);
	scenario_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct plan_host host = {
		.cpus = 2, .config_hz = 250, .fd_limit = 4096, .port_low = 32768, .port_high = 60999
	};
	struct scenario s;
	struct plan plan;
	struct err err;

	if (scenario_parse("fuzz", (const char *)data, size, NULL, 0, &s, &err) < 0)
		return 0;
	for (size_t i = 0; i < s.case_count && i < 16; i++)
		check_case(&s.cases[i]);
	if (plan_make(&s, &host, &plan, &err) == 0)
		plan_release(&plan);
	scenario_release(&s);
	return 0;
}
