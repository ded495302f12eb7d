#include "base/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"

#define OPTS_MAX 48
#define LONG_BASE 256 /* getopt values of options without a letter */
#define HELP_COLUMN 31 /* where the text of an option begins */

static const struct opt help_opt = { "help", 'h', NULL, NULL, "show this help" };

static size_t count_opts(const struct command *c)
{
	size_t n = 0;

	while (c->opts && c->opts[n].name)
		n++;
	return n < OPTS_MAX ? n : OPTS_MAX;
}

struct getopt_tables {
	struct option longs[OPTS_MAX + 2];
	char shorts[2 * OPTS_MAX + 8];
	const struct opt *row[OPTS_MAX + 1];
	size_t count;
};

static void add_row(struct getopt_tables *g, const struct opt *o)
{
	size_t at = strlen(g->shorts);

	g->longs[g->count] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL,
					      LONG_BASE + (int)g->count };
	g->row[g->count++] = o;
	if (o->letter) {
		g->shorts[at++] = o->letter;
		if (o->arg)
			g->shorts[at++] = ':';
		g->shorts[at] = '\0';
	}
}

static void make_tables(const struct command *c, struct getopt_tables *g)
{
	memset(g, 0, sizeof(*g));
	g->shorts[0] = ':'; /* tell a missing value from an unknown option */
	for (size_t i = 0; i < count_opts(c); i++)
		add_row(g, &c->opts[i]);
	add_row(g, &help_opt);
}

static const struct opt *row_of(const struct getopt_tables *g, int value)
{
	if (value >= LONG_BASE)
		return g->row[value - LONG_BASE];
	for (size_t i = 0; i < g->count; i++)
		if (g->row[i]->letter == value)
			return g->row[i];
	return NULL;
}

static int unknown_option(const struct getopt_tables *g, const char *word, int letter, struct err *err)
{
	char name[64];
	const char *near;

	if (letter > 0 && letter < LONG_BASE)
		return err_set(err, -EINVAL, "unknown option '-%c'", letter);
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	near = num_nearest(name + strspn(name, "-"), &g->longs[0].name, g->count,
			   sizeof(g->longs[0]));
	if (near)
		return err_set(err, -EINVAL, "unknown option '%s' (did you mean '--%s'?)", name, near);
	return err_set(err, -EINVAL, "unknown option '%s'", name);
}

int args_parse(struct args *a, const struct command *c, int argc, char **argv, struct err *err)
{
	struct getopt_tables g;
	int value;

	*a = (struct args){ .command = c, .argc = argc, .argv = argv };
	make_tables(c, &g);
	opterr = 0;
	optind = 2;
	while ((value = getopt_long(argc, argv, g.shorts, g.longs, NULL)) != -1) {
		const struct opt *o;

		if (value == '?')
			return unknown_option(&g, argv[optind - 1], optopt, err);
		if (value == ':')
			return err_set(err, -EINVAL, "option '%s' needs a value", argv[optind - 1]);
		o = row_of(&g, value);
		if (o == &help_opt)
			return 1;
		if (a->given_count == ARGS_MAX)
			return err_set(err, -EINVAL, "more than %d options", ARGS_MAX);
		a->given[a->given_count].opt = o;
		a->given[a->given_count++].value = optarg ? optarg : "";
	}
	a->rest = argv + optind;
	a->rest_count = argc - optind;
	return 0;
}

const char *args_get(const struct args *a, const char *name)
{
	for (int i = a->given_count - 1; i >= 0; i--)
		if (strcmp(a->given[i].opt->name, name) == 0)
			return a->given[i].value;
	return NULL;
}

bool args_has(const struct args *a, const char *name)
{
	return args_get(a, name) != NULL;
}

int args_int(const struct args *a, const char *name, int64_t min, int64_t max, int64_t *value,
	     struct err *err)
{
	const char *text = args_get(a, name);
	int code = text ? num_parse_int(text, min, max, value, err) : 0;

	if (code != 0)
		err_wrap(err, "--%s", name);
	return code;
}

int args_duration(const struct args *a, const char *name, int64_t min_ns, int64_t max_ns, int64_t *value,
		  struct err *err)
{
	const char *text = args_get(a, name);
	int code = text ? num_parse_duration(text, min_ns, max_ns, value, err) : 0;

	if (code != 0)
		err_wrap(err, "--%s", name);
	return code;
}

static void help_row(const struct opt *o, FILE *out)
{
	char left[48], letter[4] = "   ";

	if (o->letter)
		(void)snprintf(letter, sizeof(letter), "-%c,", o->letter);
	(void)snprintf(left, sizeof(left), "%s --%s%s%s", letter, o->name, o->arg ? " " : "",
		       o->arg ? o->arg : "");
	if (strlen(left) > HELP_COLUMN - 3)
		fprintf(out, "  %s\n%*s%s\n", left, HELP_COLUMN, "", o->help);
	else
		fprintf(out, "  %-*s %s\n", HELP_COLUMN - 3, left, o->help);
}

void command_help(const struct command *c, FILE *out)
{
	fprintf(out, "usage: twbench %s%s%s\n%s\n\n", c->name, c->args[0] ? " " : "", c->args,
		c->summary);
	for (size_t i = 0; i < count_opts(c); i++)
		help_row(&c->opts[i], out);
	help_row(&help_opt, out);
	if (c->more)
		fprintf(out, "\n%s", c->more);
}

static const struct {
	int status;
	const char *meaning;
} statuses[] = {
	{ EXIT_PASS, "pass: measured, the witnesses agree, expectations are met" },
	{ EXIT_EXPECTATION, "an expectation failed" },
	{ EXIT_USAGE, "usage or scenario error: nothing ran" },
	{ EXIT_UNTRUSTWORTHY, "measured but not trustworthy: witnesses disagree, something was lost, a rate missed" },
	{ EXIT_SKIPPED, "skipped: the environment lacks something" },
	{ EXIT_INTERNAL, "internal error, or the results could not be written" },
	{ EXIT_SIGINT, "interrupted (SIGINT); the record holds what was measured until then" },
	{ EXIT_SIGTERM, "terminated (SIGTERM); as above" },
};

void exit_status_list(FILE *out)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		fprintf(out, "%3d  %s\n", statuses[i].status, statuses[i].meaning);
}
