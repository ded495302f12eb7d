/*
 * Prometheus text format for the textfile collector: medians over the repeats, base units, no time
 * stamps.  "time_wait.client.peak" becomes twbench_time_wait_peak{side="client",...}; what ends in
 * _ns becomes _seconds.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/ci.h"

struct family {
	char name[128];
	char side[16], outcome[32]; /* labels taken out of the path; "" if none */
	double scale;
};

/* A metric of the known vocabulary keeps its known name. */
static const struct {
	const char *path, *name;
} names[] = {
	{ "time_wait.peak", "time_wait_sockets" },
};

static bool take_component(char *path, const char *word)
{
	size_t n = strlen(word);

	for (char *at = path; (at = strstr(at, word)) != NULL; at++) {
		if ((at > path && at[-1] != '.') || (at[n] != '.' && at[n] != '\0'))
			continue;
		if (at[n] == '.')
			memmove(at, at + n + 1, strlen(at + n + 1) + 1);
		else
			at[at > path ? -1 : 0] = '\0';
		return true;
	}
	return false;
}

static void family_of(const struct field *f, struct family *ret)
{
	static const char outcomes[] = "ledger.outcomes.";
	char path[128];
	size_t n;

	*ret = (struct family){ .scale = 1 };
	(void)snprintf(path, sizeof(path), "%s", f->path);
	if (strncmp(path, outcomes, sizeof(outcomes) - 1) == 0) {
		(void)snprintf(ret->outcome, sizeof(ret->outcome), "%.31s",
			       path + sizeof(outcomes) - 1);
		(void)snprintf(path, sizeof(path), "ledger.outcomes");
	}
	for (int s = 0; s < SIDE_COUNT; s++)
		if (take_component(path, side_key((enum side)s)))
			(void)snprintf(ret->side, sizeof(ret->side), "%s", side_key((enum side)s));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].path, path) == 0)
			(void)snprintf(path, sizeof(path), "%s", names[i].name);
	n = strlen(path);
	if (n > 3 && strcmp(path + n - 3, "_ns") == 0) {
		path[n - 3] = '\0';
		ret->scale = 1e-9;
	}
	for (char *c = path; *c; c++)
		*c = isalnum((unsigned char)*c) ? *c : '_';
	(void)snprintf(ret->name, sizeof(ret->name), "twbench_%.100s%s", path,
		       ret->scale < 1 ? "_seconds" : "");
}

static void put_label(FILE *out, const char *name, const char *value, bool first)
{
	(void)fprintf(out, "%s%s=\"", first ? "" : ",", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			(void)fputc('\\', out);
		if (*value == '\n')
			(void)fputs("\\n", out);
		else
			(void)fputc(*value, out);
	}
	(void)fputc('"', out);
}

static void put_samples(const struct record *r, const struct field *f, const struct family *of,
			FILE *out)
{
	for (size_t i = 0; i < r->case_count; i++) {
		struct ci_value v;

		if (ci_value(&r->cases[i], f, &v) < 0 || v.n == 0)
			continue;
		(void)fprintf(out, "%s{", of->name);
		put_label(out, "case", r->cases[i].name, true);
		put_label(out, "strategy", r->cases[i].strategy, false);
		if (of->side[0])
			put_label(out, "side", of->side, false);
		if (of->outcome[0])
			put_label(out, "outcome", of->outcome, false);
		(void)fprintf(out, "} %.10g\n", v.median * of->scale);
	}
}

static void put_help(FILE *out, const char *name, const char *help)
{
	(void)fprintf(out, "# HELP %s ", name);
	for (; *help; help++) {
		if (*help == '\\')
			(void)fputc('\\', out);
		(void)fputc(*help == '\n' ? ' ' : *help, out);
	}
	(void)fprintf(out, "\n# TYPE %s gauge\n", name);
}

/* All samples of a name must stand together: the first row of a name takes the others along. */
static void put_metric(const struct record *r, size_t at, FILE *out)
{
	struct family first, other;

	family_of(&record_fields[at], &first);
	for (size_t i = 0; i < at; i++) {
		if (!record_field_is_metric(&record_fields[i]))
			continue;
		family_of(&record_fields[i], &other);
		if (strcmp(first.name, other.name) == 0)
			return;
	}
	put_help(out, first.name, record_fields[at].meaning);
	for (size_t i = at; i < record_fields_count; i++) {
		if (!record_field_is_metric(&record_fields[i]))
			continue;
		family_of(&record_fields[i], &other);
		if (strcmp(first.name, other.name) == 0)
			put_samples(r, &record_fields[i], &other, out);
	}
}

static void put_run(const struct ci_page *p, FILE *out)
{
	const struct record *r = p->record;

	put_help(out, "twbench_run_info", "Always 1; what was run, and what came of it.");
	(void)fputs("twbench_run_info{", out);
	put_label(out, "scenario", r->scenario_name ? r->scenario_name : "", true);
	put_label(out, "status", r->status, false);
	put_label(out, "kernel", r->host.kernel_release ? r->host.kernel_release : "", false);
	put_label(out, "version", r->tool_version ? r->tool_version : "", false);
	(void)fputs("} 1\n", out);
	if (r->expectation_count == 0)
		return;
	put_help(out, "twbench_expectation_met", "1 if the expectation was met, else 0.");
	for (size_t i = 0; i < r->expectation_count; i++) {
		const struct record_expectation *x = &r->expectation[i];

		(void)fputs("twbench_expectation_met{", out);
		put_label(out, "expectation", x->text, true);
		put_label(out, "case", x->case_name, false);
		(void)fprintf(out, "} %d\n", strcmp(x->verdict, "pass") == 0);
	}
}

void ci_prometheus(const struct ci_page *p, FILE *out)
{
	put_run(p, out);
	for (size_t i = 0; i < record_fields_count; i++)
		if (record_field_is_metric(&record_fields[i]))
			put_metric(p->record, i, out);
}
