/*
 * cmd_run: a scenario as it stands, with what the command line changes in it.
 */
#include <errno.h>
#include <stdio.h>

#include "base/commands.h"
#include "base/err.h"
#include "base/json.h"
#include "bench/cmd_measure.h"
#include "bench/run_options.h"

#define DEFAULT_SCENARIO "close-strategies"

static int print_resolved(const struct scenario *s)
{
	struct jsonw w;

	jsonw_init(&w, stdout);
	scenario_write(s, &w);
	jsonw_end(&w);
	return EXIT_PASS;
}

static int run_scenario(struct measurement *m, const char *name, struct err *err)
{
	struct run_overrides overrides;
	int code = run_overrides_make(m->args, &overrides, err);

	if (code == 0)
		code = scenario_load(name, overrides.item, overrides.count, &m->scenario, err);
	if (code == 0 && args_has(m->args, "print")) {
		code = print_resolved(&m->scenario);
		goto out;
	}
	if (code == 0)
		code = measure_plan(m, err);
	if (code == 0 && args_has(m->args, "dry-run")) {
		plan_print(&m->plan, &m->scenario, stdout);
		goto out;
	}
	if (code == 0)
		code = measure_need_lab(m, err);
	if (code != 0)
		goto out;
	measure_print_head(m);
	code = measure_run(m, err);
out:
	run_overrides_release(&overrides);
	return code;
}

static int run_main(const struct args *a, struct err *err)
{
	struct measurement m;
	int code;

	if (a->rest_count > 1)
		return err_set(err, -EINVAL, "one scenario at a time: '%s' is one too many",
			       a->rest[1]);
	code = measure_init(&m, a, err);
	if (code == 0)
		code = run_scenario(&m, a->rest_count ? a->rest[0] : DEFAULT_SCENARIO, err);
	code = measure_status(&m, code, err);
	measure_release(&m);
	return code;
}

static void shipped_names(FILE *out)
{
	char name[64];

	for (size_t i = 0; i < scenario_shipped_count(); i++)
		fprintf(out, "%s\n", scenario_shipped_name(i, name, sizeof(name)));
}

static const struct opt options[] = {
	LOAD_OPTIONS,
	LAB_OPTIONS,
	{ "dry-run", 0, NULL, NULL,
	  "show cases, ports, TIME_WAIT to expect and time; start nothing" },
	{ "print", 0, NULL, NULL, "print the resolved scenario as JSON; start nothing" },
	MEASURE_OPTIONS,
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_run = {
	.name = "run",
	.args = "[SCENARIO] [OPTIONS]",
	.summary = "run a scenario in labs of its own (default: " DEFAULT_SCENARIO ")",
	.run = run_main,
	.opts = options,
	.more = "SCENARIO is a shipped one (twbench list scenarios), a .json file, or - for "
		"standard input.\n"
		"Options that set a scenario key override the scenario; several values, 'a,b,c', make "
		"a sweep.\n",
	.words = shipped_names,
};
