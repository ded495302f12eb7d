/*
 * cmd_run: scenario -> plan -> labs -> record -> reconciliation -> graphs and reports.  The one place that
 * knows them all together.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analysis/classify.h"
#include "analysis/outputs.h"
#include "analysis/plot.h"
#include "analysis/reconcile.h"
#include "base/err.h"
#include "base/mono.h"
#include "base/version.h"
#include "bench/batch.h"
#include "base/commands.h"
#include "bench/hostinfo.h"
#include "bench/plan.h"
#include "bench/progress.h"
#include "bench/results.h"
#include "bench/run_options.h"
#include "bench/scenario.h"
#include "capture/sniffer.h"

#define DEFAULT_SCENARIO "close-strategies"

struct run {
	const struct args *args;
	struct scenario scenario;
	struct plan plan;
	struct record record;
	struct results results;
	enum isolation isolation;
	int64_t start_ns;
	int signal;
};

/* --- the record's head ----------------------------------------------------------------------- */

static void set_text(char **to, const char *text)
{
	free(*to);
	*to = text && text[0] ? strdup(text) : NULL;
}

static char *json_text(void (*write)(const void *, struct jsonw *), const void *what)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct jsonw w;

	if (!out)
		return NULL;
	jsonw_init(&w, out);
	write(what, &w);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void write_case(const void *c, struct jsonw *w)
{
	scenario_case_write(c, w);
}

static void write_scenario(const void *s, struct jsonw *w)
{
	scenario_write(s, w);
}

static void fill_head(struct run *r)
{
	struct record *rec = &r->record;
	char text[64];

	set_text(&rec->tool_version, version_text);
	set_text(&rec->tool_commit, version_commit);
	set_text(&rec->libpcap_version, sniffer_library_version());
	set_text(&rec->cjson_version, json_library_version());
	plot_gnuplot_version(text, sizeof(text));
	set_text(&rec->gnuplot_version, text);
	set_text(&rec->run_id, r->results.id);
	mono_wall_text(mono_now_ns() + mono_real_offset_ns(), text, sizeof(text));
	set_text(&rec->started_at, text);
	rec->argv = calloc((size_t)r->args->argc, sizeof(*rec->argv));
	for (int i = 0; rec->argv && i < r->args->argc; i++)
		rec->argv[rec->argc++] = strdup(r->args->argv[i]);
	rec->seed = r->scenario.cases[0].seed;
	set_text(&rec->scenario_name, r->scenario.name);
	set_text(&rec->scenario_sha256, r->scenario.sha256);
	rec->scenario = json_text(write_scenario, &r->scenario);
	hostinfo_read(&rec->host, r->plan.host.config_hz);
}

static int fill_cases(struct run *r, struct err *err)
{
	for (size_t i = 0; i < r->plan.count; i++) {
		const struct plan_case *p = &r->plan.item[i];
		struct record_case *c = record_add_case(&r->record);

		if (!c)
			return err_set(err, -ENOMEM, "no memory for %zu cases", r->plan.count);
		(void)snprintf(c->name, sizeof(c->name), "%s", p->spec->name);
		(void)snprintf(c->strategy, sizeof(c->strategy), "%s", p->spec->strategy->name);
		(void)snprintf(c->summary, sizeof(c->summary), "%s", p->spec->strategy->verdict);
		c->declared = p->spec->strategy->declared;
		c->params = json_text(write_case, p->spec);
		c->rate_per_s = p->rate_per_s;
		c->clients = p->spec->clients;
		c->duration_ns = p->spec->duration_ns;
		c->requests_per_connection = p->spec->strategy->many_requests
						     ? p->spec->requests_per_connection
						     : 1;
	}
	return 0;
}

/* --- running --------------------------------------------------------------------------------- */

static int capture_fd(void *arg, size_t case_index, int64_t repeat)
{
	struct run *r = arg;

	if (r->scenario.cases[case_index].capture != CAPTURE_KEEP)
		return -1;
	return results_capture_fd(&r->results, case_index, repeat);
}

static void repeat_done(void *arg, struct record_case *c, struct record_repeat *rep)
{
	struct run *r = arg;

	results_name_capture(&r->results, (size_t)(c - r->record.cases), c, rep);
	if (strcmp(rep->status, "ok") == 0)
		(void)reconcile(c, rep); /* what it finds stands in the repeat */
}

static const struct record_repeat *worst(const struct run *r, const char *status,
					 const struct record_case **ret_case)
{
	for (size_t i = 0; i < r->record.case_count; i++)
		for (size_t k = 0; k < r->record.cases[i].repeat_count; k++)
			if (strcmp(r->record.cases[i].repeat[k].status, status) == 0) {
				*ret_case = &r->record.cases[i];
				return &r->record.cases[i].repeat[k];
			}
	return NULL;
}

/* The first of these that holds decides. */
static int judge(struct run *r, int code, const struct err *err)
{
	const struct record_case *c = NULL;
	const struct record_repeat *bad = worst(r, "untrustworthy", &c);
	char reason[512];
	const char *status = "pass";
	int exit_status = EXIT_PASS;

	(void)snprintf(reason, sizeof(reason), "all witnesses agree");
	if (r->signal) {
		status = "interrupted";
		exit_status = r->signal == SIGTERM ? EXIT_SIGTERM : EXIT_SIGINT;
		(void)snprintf(reason, sizeof(reason), "stopped by %s",
			       r->signal == SIGTERM ? "SIGTERM" : "SIGINT");
	} else if (code != 0) {
		status = "error";
		exit_status = EXIT_INTERNAL;
		(void)snprintf(reason, sizeof(reason), "%s", err->text);
	} else if (bad) {
		status = "invalid";
		exit_status = EXIT_UNTRUSTWORTHY;
		(void)snprintf(reason, sizeof(reason), "case '%s', repeat %lld: %s", c->name,
			       (long long)bad->index, bad->reason ? bad->reason : "unknown");
	}
	(void)snprintf(r->record.status, sizeof(r->record.status), "%s", status);
	set_text(&r->record.exit_reason, reason);
	r->record.exit_code = exit_status;
	r->record.duration_ns = mono_now_ns() - r->start_ns;
	return exit_status;
}

static bool measured_anything(const struct run *r)
{
	for (size_t i = 0; i < r->record.case_count; i++)
		for (size_t k = 0; k < r->record.cases[i].repeat_count; k++)
			if (strcmp(r->record.cases[i].repeat[k].status, "failed") != 0)
				return true;
	return false;
}

static int run_batches(struct run *r, struct err *err)
{
	struct progress *progress = progress_new(&r->plan, args_has(r->args, "quiet"));
	struct batch_options o = { .plan = &r->plan,
				   .scenario = &r->scenario,
				   .isolation = r->isolation,
				   .run_start_ns = r->start_ns,
				   .classify = classify,
				   .capture_fd = capture_fd,
				   .done = repeat_done,
				   .arg = r,
				   .progress = progress };
	int code = batch_run(&o, &r->record, &r->signal, err);

	progress_end(progress);
	progress_free(progress);
	return code;
}

static int write_outputs(struct run *r, struct err *err)
{
	struct outputs_options o = { .dir = r->results.path,
				     .plots = !args_has(r->args, "no-plots"),
				     .text = !args_has(r->args, "quiet") ? stdout : NULL };

	if (args_has(r->args, "json"))
		o.text = NULL;
	return outputs_write(&r->record, &o, err);
}

static int measure(struct run *r, struct err *err)
{
	const char *out = args_get(r->args, "out");
	struct err trouble = { "" };
	int code = results_open(&r->results, out ? out : "results", r->scenario.name, err);
	int status;

	if (code != 0)
		return code;
	record_init(&r->record);
	fill_head(r);
	code = fill_cases(r, err);
	if (code != 0)
		return code;
	code = run_batches(r, &trouble);
	if (code != 0 && !measured_anything(r)) {
		*err = trouble;
		return code;
	}
	status = judge(r, code, &trouble);
	code = results_commit(&r->results, &r->record, err);
	if (code != 0)
		return code;
	code = write_outputs(r, err);
	if (code != 0)
		return code;
	if (args_has(r->args, "json"))
		record_write(&r->record, stdout);
	if (status != EXIT_PASS)
		fprintf(stderr, "twbench run: %s: %s (exit %d)\n", r->record.status,
			r->record.exit_reason, status);
	return status;
}

/* --- the command ----------------------------------------------------------------------------- */

static const char *where(const struct run *r)
{
	if (!plan_needs_lab(&r->plan))
		return "in this namespace";
	if (r->isolation == ISOLATION_NETNS || !r->plan.host.lab.userns)
		return "as root: network namespaces";
	return "no root needed: user and network namespaces";
}

static void print_head(const struct run *r)
{
	if (args_has(r->args, "quiet") || args_has(r->args, "json"))
		return;
	fprintf(stderr, "twbench %s · %s\n", version_text, where(r));
	plan_print_line(&r->plan, &r->scenario, stderr);
	fprintf(stderr, "   (--dry-run shows more)\n");
}

static int print_resolved(const struct run *r)
{
	struct jsonw w;

	jsonw_init(&w, stdout);
	scenario_write(&r->scenario, &w);
	jsonw_end(&w);
	return EXIT_PASS;
}

/* Nothing is started when no lab can be made: the reason is worth more than a failed worker. */
static int need_lab(const struct run *r, struct err *err)
{
	const struct lab_probe *p = &r->plan.host.lab;

	if (!plan_needs_lab(&r->plan) || p->userns || p->netns)
		return 0;
	return err_set(err, -EPERM, "no lab can be made here: %s; %s", p->userns_why, p->netns_why);
}

static int run_scenario(struct run *r, const char *name, struct err *err)
{
	struct run_overrides overrides;
	struct plan_host host;
	int code = run_overrides_make(r->args, &overrides, err);

	if (code == 0)
		code = run_isolation(r->args, &r->isolation, err);
	if (code == 0)
		code = scenario_load(name, overrides.item, overrides.count, &r->scenario, err);
	if (code == 0 && args_has(r->args, "print")) {
		code = print_resolved(r);
		goto out;
	}
	if (code != 0)
		goto out;
	plan_probe(&host);
	code = plan_make(&r->scenario, &host, &r->plan, err);
	if (code == 0 && args_has(r->args, "dry-run")) {
		plan_print(&r->plan, &r->scenario, stdout);
		goto out;
	}
	if (code == 0)
		code = need_lab(r, err);
	if (code != 0)
		goto out;
	print_head(r);
	code = measure(r, err);
out:
	run_overrides_release(&overrides);
	return code;
}

static int run_main(const struct args *a, struct err *err)
{
	struct run r = { .args = a, .results = { .root_fd = -1 }, .start_ns = mono_now_ns() };
	int code;

	if (a->rest_count > 1)
		return err_set(err, -EINVAL, "one scenario at a time: '%s' is one too many", a->rest[1]);
	code = run_scenario(&r, a->rest_count ? a->rest[0] : DEFAULT_SCENARIO, err);
	record_release(&r.record);
	results_release(&r.results);
	plan_release(&r.plan);
	scenario_release(&r.scenario);
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
	{ "out", 'o', "DIR", NULL, "where results go (default: results)" },
	{ "dry-run", 0, NULL, NULL, "show cases, ports, TIME_WAIT to expect and time; start nothing" },
	{ "print", 0, NULL, NULL, "print the resolved scenario as JSON; start nothing" },
	{ "isolation", 0, "auto|userns|netns", NULL,
	  "how labs are made; userns needs no root, netns does (default: auto)" },
	{ "json", 0, NULL, NULL, "print the record on standard output instead of the report" },
	{ "no-plots", 0, NULL, NULL, "no graphs" },
	{ "quiet", 'q', NULL, NULL, "no progress, no report" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_run = {
	.name = "run",
	.args = "[SCENARIO] [OPTIONS]",
	.summary = "run a scenario in labs of its own (default: " DEFAULT_SCENARIO ")",
	.run = run_main,
	.opts = options,
	.more = "SCENARIO is a shipped one (twbench list scenarios), a .json file, or - for standard input.\n"
		"Options that set a scenario key override the scenario; several values, 'a,b,c', make a sweep.\n",
	.words = shipped_names,
};
