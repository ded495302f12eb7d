/*
 * cmd_list: the tables the program is made of, for reading.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/conn_fields.h"
#include "analysis/plot.h"
#include "base/err.h"
#include "base/num.h"
#include "base/record.h"
#include "base/commands.h"
#include "bench/completion.h"
#include "bench/scenario.h"
#include "bench/strategy.h"

static void list_strategies(FILE *out)
{
	for (size_t i = 0; i < strategies_count; i++) {
		const struct strategy *s = &strategies[i];

		fprintf(out, "%-14s %s\n%-14s TIME_WAIT: %s; first FIN: %s; RST from: %s%s%s\n", s->name,
			s->summary, "", sides_key(s->declared.time_wait),
			sides_key(s->declared.first_fin), sides_key(s->declared.rst_from),
			s->core ? "" : "; not in the default run", s->wire_rule ? "; topology wire" : "");
		fprintf(out, "%-14s %s\n%-14s [%s]\n", "", s->verdict, "", s->source);
	}
}

static void list_scenarios(FILE *out)
{
	char name[64], summary[256];
	size_t width = 0;

	for (size_t i = 0; i < scenario_shipped_count(); i++) {
		(void)scenario_shipped_name(i, name, sizeof(name));
		width = strlen(name) > width ? strlen(name) : width;
	}
	for (size_t i = 0; i < scenario_shipped_count(); i++) {
		(void)scenario_shipped_name(i, name, sizeof(name));
		(void)scenario_shipped_summary(i, summary, sizeof(summary)); /* "" says it */
		fprintf(out, "%-*s  %s\n", (int)width, name, summary);
	}
}

static void list_topologies(FILE *out)
{
	for (int t = 0; t < TOPOLOGY_COUNT; t++)
		fprintf(out, "%-10s %s\n", topology_key((enum topology)t),
			topology_help((enum topology)t));
}

static void list_outcomes(FILE *out)
{
	for (int o = 0; o < OUTCOME_COUNT; o++)
		fprintf(out, "%-20s %s\n", outcome_key((enum outcome)o), outcome_help((enum outcome)o));
}

static void list_classes(FILE *out)
{
	for (int c = 0; c < TEARDOWN_CLASS_COUNT; c++)
		fprintf(out, "%-22s %s\n", teardown_class_key((enum teardown_class)c),
			teardown_class_help((enum teardown_class)c));
}

static void list_metrics(FILE *out)
{
	for (size_t i = 0; i < record_fields_count; i++)
		if (record_field_is_metric(&record_fields[i]))
			fprintf(out, "%-44s %-12s %s\n", record_fields[i].path, record_fields[i].unit,
				record_fields[i].meaning);
}

static void list_keys(FILE *out)
{
	scenario_write_keys(out, false);
}

static const struct list {
	const char *word, *help;
	void (*print)(FILE *out);
} lists[] = {
	{ "strategies", "ways of closing, and what each must show", list_strategies },
	{ "scenarios", "shipped scenarios", list_scenarios },
	{ "keys", "keys of a scenario, with range and default", list_keys },
	{ "topologies", "how the ends are joined", list_topologies },
	{ "outcomes", "how a connection can end, for its client", list_outcomes },
	{ "classes", "classes of teardown on the wire", list_classes },
	{ "metrics", "numbers of a repeat, with unit and meaning", list_metrics },
	{ "fields", "every field of run.json, as Markdown", record_write_fields_md },
	{ "schema", "JSON Schema of run.json", record_write_schema },
	{ "scenario-schema", "JSON Schema of a scenario", scenario_write_schema },
	{ "connection-schema", "JSON Schema of a line of `analyze --json`", conn_write_schema },
	{ "connection-fields", "its keys, as Markdown", conn_write_fields_md },
	{ "graphs", "what `plot` draws", plot_list },
	{ "exit-codes", "exit statuses", exit_status_list },
	{ "completion", "completion script for bash", completion_write_bash },
};
#define LISTS (sizeof(lists) / sizeof(lists[0]))

static void list_words(FILE *out)
{
	for (size_t i = 0; i < LISTS; i++)
		fprintf(out, "%s\n", lists[i].word);
}

static int list_main(const struct args *a, struct err *err)
{
	const char *words[LISTS], *near;

	if (a->rest_count == 0) {
		for (size_t i = 0; i < LISTS; i++)
			printf("%-18s %s\n", lists[i].word, lists[i].help);
		return EXIT_PASS;
	}
	if (a->rest_count > 1)
		return err_set(err, -EINVAL, "one list at a time: '%s' is one too many", a->rest[1]);
	for (size_t i = 0; i < LISTS; i++) {
		words[i] = lists[i].word;
		if (strcmp(lists[i].word, a->rest[0]) == 0) {
			lists[i].print(stdout);
			return EXIT_PASS;
		}
	}
	near = num_nearest(a->rest[0], words, LISTS, sizeof(words[0]));
	if (near)
		return err_set(err, -EINVAL, "there is no list of '%s' (did you mean '%s'?)", a->rest[0],
			       near);
	return err_set(err, -EINVAL, "there is no list of '%s'", a->rest[0]);
}

const struct command command_list = {
	.name = "list",
	.args = "[WHAT]",
	.summary = "strategies, scenarios, keys, metrics, fields, schema, exit-codes ...",
	.run = list_main,
	.more = "Without WHAT: the lists there are.\n",
	.words = list_words,
};
