/*
 * cmd_plot: the graphs of a record again, in another theme or place.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/plot.h"
#include "base/cmd.h"
#include "base/err.h"
#include "base/commands.h"

#define DEFAULT_RUN "results/latest"

static int theme_option(const struct args *a, enum plot_theme *ret, struct err *err)
{
	const char *word = args_get(a, "theme");

	*ret = THEME_LIGHT;
	if (!word)
		return 0;
	for (int t = 0; t < THEME_COUNT; t++)
		if (strcmp(plot_theme_key((enum plot_theme)t), word) == 0) {
			*ret = (enum plot_theme)t;
			return 0;
		}
	return err_set(err, -EINVAL, "--theme: '%s' is not one of light, dark, print", word);
}

static int draw(const struct args *a, const struct record *r, struct err *err)
{
	struct plot_options o = { .dir = args_get(a, "out"), .only = args_get(a, "only") };
	struct plot_result result[PLOT_MAX] = { 0 };
	size_t count = 0, drawn = 0;
	int code = theme_option(a, &o.theme, err);

	if (!o.dir)
		o.dir = "plots";
	if (code == 0)
		code = plot_record(r, &o, result, &count, err);
	if (code != 0)
		return code;
	for (size_t i = 0; i < count; i++) {
		drawn += result[i].file[0] != '\0';
		if (result[i].file[0])
			printf("%s/%s  %s\n", o.dir, result[i].file, result[i].title);
		else
			fprintf(stderr, "twbench plot: '%s' not drawn: %s\n", result[i].name,
				result[i].why_not);
	}
	return drawn > 0 ? EXIT_PASS : EXIT_SKIPPED;
}

static int plot_main(const struct args *a, struct err *err)
{
	struct record r;
	int code;

	if (args_has(a, "list")) {
		plot_list(stdout);
		return EXIT_PASS;
	}
	if (a->rest_count > 1)
		return err_set(err, -EINVAL, "one run at a time: '%s' is one too many", a->rest[1]);
	code = record_load(&r, a->rest_count ? a->rest[0] : DEFAULT_RUN, err);
	if (code != 0)
		return code;
	code = draw(a, &r, err);
	record_release(&r);
	return code;
}

static const struct opt options[] = {
	{ "out", 'o', "DIR", NULL, "where the graphs go (default: plots)" },
	{ "only", 0, "NAME", NULL, "draw one graph (twbench plot --list)" },
	{ "theme", 0, "light|dark|print", NULL, "colours (default: light)" },
	{ "list", 0, NULL, NULL, "name the graphs; draw nothing" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_plot = {
	.name = "plot",
	.args = "[RUN]",
	.summary = "SVG and PNG graphs of a finished run (default: " DEFAULT_RUN ")",
	.run = plot_main,
	.opts = options,
};
