/*
 * cmd_compare: two records or more: what is better, worse, or cannot be told apart.
 */
#include "bench/cmd_compare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/compare_say.h"
#include "analysis/plot.h"
#include "analysis/reconcile.h"
#include "base/commands.h"
#include "base/err.h"
#include "base/failon.h"
#include "base/json.h"
#include "base/num.h"

struct job {
	const struct args *args;
	struct compare_options options;
	struct record *record;
	char **path;
	size_t count;
	unsigned fail_on;
	int status;
	struct jsonw json;
};

static int read_options(struct job *j, struct err *err)
{
	const struct args *a = j->args;
	const char *level = args_get(a, "level"), *effect = args_get(a, "min-effect");
	bool fresh = true;
	int code = fail_on_parse(args_get(a, "fail-on"), &j->fail_on, err);

	compare_defaults(&j->options);
	for (int i = 0; i < a->given_count && code == 0; i++)
		if (strcmp(a->given[i].opt->name, "metric") == 0) {
			code = compare_add_metric(&j->options, a->given[i].value, &fresh, err);
			if (code < 0)
				err_wrap(err, "--metric");
		}
	j->options.timings = args_has(a, "timings") || !fresh;
	if (code == 0 && level) {
		code = num_parse_real(level, 0.0001, 0.5, &j->options.level, err);
		if (code < 0)
			err_wrap(err, "--level");
	}
	if (code == 0 && effect) {
		char number[32];
		size_t n = (size_t)snprintf(number, sizeof(number), "%s", effect);

		if (n > 0 && n < sizeof(number) && number[n - 1] == '%')
			number[n - 1] = '\0';
		code = num_parse_real(number, 0, 1000, &j->options.min_effect, err);
		j->options.min_effect /= 100;
		if (code < 0)
			err_wrap(err, "--min-effect");
	}
	return code;
}

static int load_one(struct job *j, const char *path, struct err *err)
{
	int code = record_load(&j->record[j->count], path, err);

	if (code != 0)
		return code;
	(void)reconcile_record(&j->record[j->count]); /* a stored verdict is not believed */
	j->path[j->count++] = strdup(path);
	return 0;
}

/* The first is A; all others are compared with it. */
static int load(struct job *j, struct err *err)
{
	const struct args *a = j->args;
	const char *baseline = args_get(a, "baseline");
	size_t all = (size_t)a->rest_count + (baseline ? 1 : 0);
	int code = 0;

	if (all < 2)
		return err_set(err, -EINVAL, "two runs at least are needed: A and B");
	j->record = calloc(all, sizeof(*j->record));
	j->path = calloc(all, sizeof(*j->path));
	if (!j->record || !j->path)
		return err_set(err, -ENOMEM, "no memory for %zu records", all);
	if (baseline)
		code = load_one(j, baseline, err);
	for (int i = 0; i < a->rest_count && code == 0; i++)
		code = load_one(j, a->rest[i], err);
	for (size_t i = 1; i < j->count && code == 0 && !args_has(a, "force"); i++) {
		char why[512];

		compare_refusal(&j->record[0], &j->record[i], why, sizeof(why));
		if (why[0])
			code = err_set(err, -EINVAL, "'%s' and '%s' are not comparable: %s",
				       j->path[0], j->path[i], why);
	}
	return code;
}

static int draw(struct job *j, const struct comparison *c, size_t nth, struct err *err)
{
	const char *out = args_get(j->args, "out");
	struct plot_result result = { 0 };
	char dir[600];
	int code;

	if (!out)
		return 0;
	if (j->count == 2)
		(void)snprintf(dir, sizeof(dir), "%s", out);
	else
		(void)snprintf(dir, sizeof(dir), "%s/%zu", out, nth);
	code = plot_comparison(c, &(struct plot_options){ .dir = dir }, &result, err);
	if (code != 0)
		return code;
	if (result.file[0])
		fprintf(stderr, "%s/%s\n", dir, result.file);
	else
		fprintf(stderr, "no graph: %s\n", result.why_not);
	return 0;
}

static bool untrustworthy(const struct record *r)
{
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t k = 0; k < r->cases[i].repeat_count; k++)
			if (strcmp(r->cases[i].repeat[k].status, "untrustworthy") == 0)
				return true;
	return false;
}

/* Worse is a failure; nothing decided, or numbers nobody should use, is no pass. */
static int status_of(const struct comparison *c)
{
	size_t decided = 0;

	for (int v = 0; v < COMPARE_VERDICT_COUNT; v++)
		decided += v == COMPARE_UNDECIDED ? 0 : c->by_verdict[v];
	if (untrustworthy(c->a) || untrustworthy(c->b) || decided == 0)
		return EXIT_UNTRUSTWORTHY;
	return c->by_verdict[COMPARE_WORSE] ? EXIT_EXPECTATION : EXIT_PASS;
}

static int compare_with(struct job *j, size_t nth, struct err *err)
{
	struct comparison c = { 0 };
	int code = compare_records(&j->record[0], &j->record[nth], &j->options, &c, err), status;

	if (code == 0 && args_has(j->args, "confirm"))
		code = compare_confirm(j->args, &j->options, &c, err);
	if (code == 0 && args_has(j->args, "json"))
		compare_say_json(&j->json, &c);
	else if (code == 0 && !args_has(j->args, "quiet"))
		compare_say_text(&c, &j->options, args_has(j->args, "all"), stdout);
	if (code == 0)
		code = draw(j, &c, nth, err);
	if (code == 0) {
		status = fail_on_status(j->fail_on, status_of(&c));
		if (status != EXIT_PASS && (j->status == EXIT_PASS || status == EXIT_UNTRUSTWORTHY))
			j->status = status;
	}
	compare_release(&c);
	return code;
}

static int compare_main(const struct args *a, struct err *err)
{
	struct job j = { .args = a };
	int code = read_options(&j, err);

	if (code == 0)
		code = load(&j, err);
	if (code == 0 && args_has(a, "json"))
		compare_say_json_begin(&j.json, &j.options, stdout);
	for (size_t i = 1; i < j.count && code == 0; i++)
		code = compare_with(&j, i, err);
	if (code == 0 && args_has(a, "json"))
		compare_say_json_end(&j.json);
	for (size_t i = 0; i < j.count; i++) {
		record_release(&j.record[i]);
		free(j.path[i]);
	}
	free(j.record);
	free(j.path);
	return code ? code : j.status;
}

static const struct opt options[] = {
	{ "baseline", 'b', "RUN", NULL, "compare every RUN with this one, as a gate" },
	{ "metric", 'm', "PATH", NULL, "this metric instead of the default ones; repeatable (twbench list metrics)" },
	{ "level", 0, "P", NULL, "chance of a false verdict in a case without a difference (default: 0.05)" },
	{ "min-effect", 0, "PERCENT", NULL, "smallest change worth a verdict (default: 2 to 50, by metric)" },
	{ "timings", 't', NULL, NULL, "judge latency and CPU time, too: only for runs made under the same load of the machine" },
	{ "all", 'a', NULL, NULL, "show metrics that are the same, too" },
	{ "force", 0, NULL, NULL, "compare other topologies all the same" },
	{ "confirm", 0, NULL, NULL, "run the cases once more in which B is worse; only what is worse again is WORSE" },
	{ "isolation", 0, "auto|userns|netns", NULL, "how --confirm makes its labs (default: auto)" },
	{ "fail-on", 0, "LIST", NULL, "what makes the exit status other than 0: fail,invalid (default), none" },
	{ "out", 'o', "DIR", NULL, "draw the differences there" },
	{ "json", 0, NULL, NULL, "print the comparison as JSON" },
	{ "quiet", 'q', NULL, NULL, "only the exit status" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_compare = {
	.name = "compare",
	.args = "A B... [OPTIONS]",
	.summary = "is run B better or worse than run A, or can it not be told",
	.run = compare_main,
	.opts = options,
	.more = "A and B are a run's directory or its run.json.  Exit status 1: something is worse; 3: nothing "
		"could be decided,\nor a record is not trustworthy.\n",
};
