/*
 * cmd_check: does a tuning do what its author thinks, on this kernel?  Every case with and without
 * the settings, in labs that differ in nothing else, interleaved and repeated; the host is not touched.
 */
#include "bench/cmd_check.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/commands.h"
#include "base/err.h"
#include "base/num.h"
#include "bench/run_options.h"

#define REPEATS_DEFAULT 5

static int read_numbers(struct check *c, const struct args *a, struct err *err)
{
	const char *level = args_get(a, "level"), *effect = args_get(a, "min-effect");
	int code = 0;

	c->level = 0.05;
	c->min_effect = NAN;
	if (level) {
		code = num_parse_real(level, 0.0001, 0.5, &c->level, err);
		if (code < 0)
			err_wrap(err, "--level");
	}
	if (code == 0 && effect) {
		code = num_parse_real(effect, 0, 1000, &c->min_effect, err);
		c->min_effect /= 100;
		if (code < 0)
			err_wrap(err, "--min-effect");
	}
	return code;
}

/* A comparison needs repeats; a scenario that only has expectations says itself how many. */
static void choose_repeats(struct measurement *m, const struct check *c)
{
	for (size_t i = 0; i < m->scenario.case_count; i++)
		if (c->key_count > 0 && !args_has(m->args, "repeat") &&
		    m->scenario.cases[i].repeats == 1)
			m->scenario.cases[i].repeats = REPEATS_DEFAULT;
}

static int unfold(struct measurement *m, struct check *c, struct err *err)
{
	if (c->setting_count == 0)
		return 0;
	return variants_unfold(&m->scenario, c->setting, c->setting_count, c->alone, err);
}

static int check_scenario(struct measurement *m, struct check *c, const char *name, struct err *err)
{
	struct run_overrides overrides;
	int code = run_overrides_make(m->args, &overrides, err);

	if (code == 0)
		code = scenario_load(name, overrides.item, overrides.count, &m->scenario, err);
	if (code == 0)
		code = read_numbers(c, m->args, err);
	if (code == 0)
		code = check_read(c, m, err);
	if (code == 0 && c->key_count == 0 && m->scenario.expect_count == 0 &&
	    !args_has(m->args, "expect"))
		code = err_set(err, -EINVAL,
			       "nothing to check: no --tuning and no expectation (in scenario '%s' "
			       "or by --expect)",
			       m->scenario.name);
	if (code == 0) {
		choose_repeats(m, c);
		code = unfold(m, c, err);
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

static int conclude(struct measurement *m, struct err *err)
{
	int code = check_conclude(m, err);

	return code == 0 && args_has(m->args, "confirm") ? check_confirm(m, err) : code;
}

static int check_main(const struct args *a, struct err *err)
{
	struct measurement m;
	struct check c = { 0 };
	int code;

	if (a->rest_count != 1)
		return err_set(err, -EINVAL, "one scenario is needed, not %d", a->rest_count);
	code = measure_init(&m, a, err);
	m.conclude = conclude;
	m.verdict = check_verdict;
	m.arg = &c;
	if (code == 0)
		code = check_scenario(&m, &c, a->rest[0], err);
	code = measure_status(&m, code, err);
	measure_release(&m);
	check_release(&c);
	return code;
}

static const struct opt options[] = {
	{ "tuning", 'T', "FILE", NULL,
	  "settings to test: sysctl.d(5) file, directory of them, profile of tuned; "
	  "repeatable" },
	{ "confirm", 0, NULL, NULL, "run once more what failed; only what fails again is failed" },
	{ "level", 0, "P", NULL, "chance of a false verdict per setting and case (default: 0.05)" },
	{ "min-effect", 0, "PERCENT", NULL,
	  "smallest change worth a verdict (default: 2 to 50, by metric)" },
	{ "dry-run", 0, NULL, NULL, "show the cases, what they need and the time; start nothing" },
	LAB_OPTIONS,
	LOAD_OPTIONS,
	MEASURE_OPTIONS,
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_check = {
	.name = "check",
	.args = "SCENARIO [--tuning FILE]... [OPTIONS]",
	.summary = "does a tuning do what its author thinks, on this kernel",
	.run = check_main,
	.opts = options,
	.more = "Each case runs without the settings (plain.CASE), with all of them (tuned.CASE) "
		"and, up "
		"to 8 settings, with\neach alone (KEY.CASE), 5 times each unless --repeat or the "
		"scenario "
		"says otherwise, in labs of its own;\nthe host is not touched.  Every setting is "
		"said to "
		"help, to hurt, to have no measurable effect, or that it\ncannot be tested here "
		"and why.  "
		"Exit status 1: an expectation failed, a setting hurts, or a line is a "
		"mistake\n(no such "
		"key, a value the kernel refuses, an error of `twbench lint`).\n",
};
