#include "bench/cmd_measure.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/classify.h"
#include "analysis/expect.h"
#include "analysis/outputs.h"
#include "analysis/plot.h"
#include "analysis/reconcile.h"
#include "base/err.h"
#include "base/failon.h"
#include "base/mono.h"
#include "base/utf8.h"
#include "base/version.h"
#include "bench/batch.h"
#include "bench/hostinfo.h"
#include "bench/progress.h"
#include "bench/run_options.h"
#include "capture/sniffer.h"

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

static void fill_head(struct measurement *r)
{
	struct record *rec = &r->record;
	char text[64];

	set_text(&rec->tool_version, version_text);
	set_text(&rec->tool_commit, version_commit);
	set_text(&rec->libpcap_version, sniffer_library_version());
	set_text(&rec->cjson_version, json_library_version());
	plot_gnuplot_version(text, sizeof(text));
	set_text(&rec->gnuplot_version, text);
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

static int fill_cases(struct measurement *r, struct err *err)
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
		c->requests_per_connection =
			p->spec->strategy->many_requests ? p->spec->requests_per_connection : 1;
	}
	return 0;
}

/* --- running --------------------------------------------------------------------------------- */

static int capture_fd(void *arg, size_t case_index, int64_t repeat)
{
	struct measurement *r = arg;

	if (r->scenario.cases[case_index].capture != CAPTURE_KEEP)
		return -1;
	return results_capture_fd(&r->results, case_index, repeat);
}

static void repeat_done(void *arg, struct record_case *c, struct record_repeat *rep)
{
	struct measurement *r = arg;

	results_name_capture(&r->results, (size_t)(c - r->record.cases), c, rep);
	if (strcmp(rep->status, "ok") == 0)
		(void)reconcile(c, rep); /* what it finds stands in the repeat */
}

/* What a SIGKILL leaves, until judge() says how it really ended.  A disk that is full is told at the end. */
static void between(void *arg)
{
	struct measurement *r = arg;
	struct err ignored;

	(void)snprintf(r->record.status, sizeof(r->record.status), "interrupted");
	set_text(&r->record.exit_reason, "killed before its end; --resume goes on from here");
	r->record.exit_code = RECORD_NONE;
	r->record.duration_ns = mono_now_ns() - r->start_ns;
	if (r->results.root_fd >= 0)
		(void)results_checkpoint(&r->results, &r->record, &ignored);
}

static const struct record_repeat *worst(const struct measurement *r, const char *status,
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

struct judgement {
	const char *status;
	int exit_status;
	char reason[512];
};

static void judge_as(struct judgement *j, const char *status, int exit_status, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void judge_as(struct judgement *j, const char *status, int exit_status, const char *fmt, ...)
{
	va_list ap;

	j->status = status;
	j->exit_status = exit_status;
	va_start(ap, fmt);
	(void)vsnprintf(j->reason, sizeof(j->reason), fmt, ap);
	va_end(ap);
}

/* The first of these that holds decides. */
static void decide(const struct measurement *r, int code, const struct err *err,
		   struct judgement *j)
{
	const struct record_case *c = NULL;
	const struct record_repeat *bad = worst(r, "untrustworthy", &c);
	const struct record_expectation *missed = NULL;
	size_t failed = expect_failed(&r->record, &missed);
	const char *own = r->verdict ? r->verdict(r) : NULL;

	if (r->signal)
		judge_as(j, "interrupted", r->signal == SIGTERM ? EXIT_SIGTERM : EXIT_SIGINT,
			 "stopped by %s", r->signal == SIGTERM ? "SIGTERM" : "SIGINT");
	else if (code != 0)
		judge_as(j, "error", EXIT_INTERNAL, "%s", err->text);
	else if (bad)
		judge_as(j, "invalid", EXIT_UNTRUSTWORTHY, "case '%s', repeat %lld: %s", c->name,
			 (long long)bad->index, bad->reason ? bad->reason : "unknown");
	else if (own)
		judge_as(j, "fail", EXIT_EXPECTATION, "%s", own);
	else if (failed > 0)
		judge_as(j, "fail", EXIT_EXPECTATION, "%zu of %zu expectations not met: %s [%s]", failed,
			 r->record.expectation_count, missed->text, missed->case_name);
	else
		judge_as(j, "pass", EXIT_PASS, "all witnesses agree%s",
			 r->expect_count ? " and all expectations are met" : "");
}

static int judge(struct measurement *r, int code, const struct err *err)
{
	struct judgement j;

	decide(r, code, err, &j);
	j.exit_status = fail_on_status(r->fail_on, j.exit_status);
	(void)snprintf(r->record.status, sizeof(r->record.status), "%s", j.status);
	set_text(&r->record.exit_reason, j.reason);
	r->record.exit_code = j.exit_status;
	r->record.duration_ns = mono_now_ns() - r->start_ns;
	return j.exit_status;
}

static bool measured_anything(const struct measurement *r)
{
	for (size_t i = 0; i < r->record.case_count; i++)
		for (size_t k = 0; k < r->record.cases[i].repeat_count; k++)
			if (strcmp(r->record.cases[i].repeat[k].status, "failed") != 0)
				return true;
	return false;
}

static int run_batches(struct measurement *r, struct err *err)
{
	struct progress *progress = progress_new(&r->plan, args_has(r->args, "quiet"));
	struct batch_options o = { .plan = &r->plan,
				   .scenario = &r->scenario,
				   .isolation = r->isolation,
				   .run_start_ns = r->start_ns,
				   .classify = classify,
				   .capture_fd = capture_fd,
				   .have = r->earlier_dir ? measure_has : NULL,
				   .done = repeat_done,
				   .between = between,
				   .arg = r,
				   .progress = progress };
	int code = batch_run(&o, &r->record, &r->signal, err);

	progress_end(progress);
	progress_free(progress);
	return code;
}

static int write_outputs(struct measurement *r, struct err *err)
{
	struct outputs_options o = { .dir = r->results.path,
				     .plots = !args_has(r->args, "no-plots"),
				     .text = !args_has(r->args, "quiet") ? stdout : NULL };

	if (args_has(r->args, "json"))
		o.text = NULL;
	return outputs_write(&r->record, &o, err);
}

static int by_index(const void *a, const void *b)
{
	const struct record_repeat *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* Those of a resumed run come first, whatever their number. */
static void sort_repeats(struct record *r)
{
	for (size_t i = 0; i < r->case_count; i++)
		if (r->cases[i].repeat_count > 1)
			qsort(r->cases[i].repeat, r->cases[i].repeat_count,
			      sizeof(r->cases[i].repeat[0]), by_index);
}

static int conclude(struct measurement *r, struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < r->expect_count && code == 0; i++)
		code = expect_evaluate(&r->expect[i], &r->record, err);
	if (code == 0 && r->conclude)
		code = r->conclude(r, err);
	return code;
}

int measure_run(struct measurement *r, struct err *err)
{
	const char *out = args_get(r->args, "out"), *earlier = args_get(r->args, "resume");
	struct err trouble = { .text = "" };
	int code = 0, status;

	fill_head(r);
	if (earlier)
		code = measure_resume(r, earlier, err);
	if (code == 0)
		code = results_open(&r->results, out ? out : "results", r->scenario.name, err);
	if (code != 0)
		return code;
	r->results.pages = outputs_summaries;
	set_text(&r->record.run_id, r->results.id);
	measure_keep_captures(r);
	code = run_batches(r, &trouble);
	sort_repeats(&r->record);
	if (code != 0 && !measured_anything(r)) {
		*err = trouble;
		return code;
	}
	if (code == 0)
		code = conclude(r, &trouble);
	status = judge(r, code, &trouble);
	code = results_commit(&r->results, &r->record, err);
	if (code != 0)
		return code;
	code = write_outputs(r, err);
	if (code != 0)
		return code;
	if (args_has(r->args, "json") && !record_write(&r->record, stdout))
		return err_set(err, -ENOMEM, "no memory for the record on standard output");
	if (strcmp(r->record.status, "pass") != 0)
		fprintf(stderr, "twbench %s: %s: %s (exit %d)\n", r->args->command->name,
			r->record.status, r->record.exit_reason, status);
	return status;
}

/* --- before ---------------------------------------------------------------------------------- */

int measure_init(struct measurement *r, const struct args *a, struct err *err)
{
	int code;

	*r = (struct measurement){ .args = a,
				   .results = { .root_fd = -1, .partial_fd = -1 },
				   .start_ns = mono_now_ns() };
	record_init(&r->record);
	code = run_isolation(a, &r->isolation, err);
	return code ? code : fail_on_parse(args_get(a, "fail-on"), &r->fail_on, err);
}

void measure_release(struct measurement *r)
{
	record_release(&r->record);
	record_release(&r->earlier);
	free(r->earlier_dir);
	results_release(&r->results);
	plan_release(&r->plan);
	scenario_release(&r->scenario);
	free(r->expect);
}

static int add_expect(struct measurement *r, const char *text, struct err *err)
{
	struct expect *e = &r->expect[r->expect_count];
	int code = expect_parse(e, text, err);

	if (code == 0)
		code = expect_bind(e, &r->record, err);
	if (code == 0)
		r->expect_count++;
	return code;
}

static int read_expectations(struct measurement *r, struct err *err)
{
	const struct args *a = r->args;
	int code = 0;

	r->expect = calloc(r->scenario.expect_count + ARGS_MAX, sizeof(*r->expect));
	if (!r->expect)
		return err_set(err, -ENOMEM, "no memory for expectations");
	for (size_t i = 0; i < r->scenario.expect_count && code == 0; i++) {
		code = add_expect(r, r->scenario.expect[i], err);
		if (code != 0)
			err_wrap(err, "scenario '%s': line %zu: expect", r->scenario.label,
				 r->scenario.expect_line[i]);
	}
	for (int i = 0; i < a->given_count && code == 0; i++) {
		if (strcmp(a->given[i].opt->name, "expect") != 0)
			continue;
		code = add_expect(r, a->given[i].value, err);
		if (code != 0)
			err_wrap(err, "--expect");
	}
	return code;
}

static bool same_sysctls(const struct case_spec *a, const struct case_spec *b)
{
	return a->sysctl_count == b->sysctl_count &&
	       memcmp(a->sysctl, b->sysctl, (size_t)a->sysctl_count * sizeof(a->sysctl[0])) == 0;
}

/* A setting that no lab can have is found before anything starts. */
static int try_sysctls(const struct measurement *r, struct err *err)
{
	for (size_t i = 0; i < r->scenario.case_count; i++) {
		const struct case_spec *c = &r->scenario.cases[i];
		struct lab_options o = { .topology = c->topology, .isolation = r->isolation,
					 .family = (int)c->family, .sources = 1,
					 .sysctl = c->sysctl,
					 .sysctl_count = (size_t)c->sysctl_count };
		int code;

		if (c->sysctl_count == 0 || (i > 0 && same_sysctls(c, c - 1)))
			continue;
		code = lab_try(&o, err);
		if (code != 0) {
			err_wrap(err, "case '%s'", c->name);
			return code;
		}
	}
	return 0;
}

static bool lab_is_possible(const struct measurement *r)
{
	const struct lab_probe *p = &r->plan.host.lab;

	return (p->userns && r->isolation != ISOLATION_NETNS) ||
	       (p->netns && r->isolation != ISOLATION_USERNS);
}

int measure_plan(struct measurement *r, struct err *err)
{
	struct plan_host host;
	int code;

	plan_probe(&host);
	code = plan_make(&r->scenario, &host, &r->plan, err);
	if (code == 0)
		code = fill_cases(r, err);
	if (code == 0 && lab_is_possible(r))
		code = try_sysctls(r, err);
	return code ? code : read_expectations(r, err);
}

/* Nothing is started when no lab can be made: the reason is worth more than a failed worker. */
int measure_need_lab(const struct measurement *r, struct err *err)
{
	const struct lab_probe *p = &r->plan.host.lab;

	if (!plan_needs_lab(&r->plan) || lab_is_possible(r))
		return 0;
	if (r->isolation == ISOLATION_AUTO)
		return err_set(err, -EPERM, "no lab can be made here: %.220s; %.220s",
			       p->userns_why, p->netns_why);
	return err_set(err, -EPERM, "no lab can be made in this way here: %s",
		       r->isolation == ISOLATION_NETNS ? p->netns_why : p->userns_why);
}

static const char *where(const struct measurement *r)
{
	if (!plan_needs_lab(&r->plan))
		return "in this namespace";
	if (r->isolation == ISOLATION_NETNS || !r->plan.host.lab.userns)
		return "as root: network namespaces";
	return "no root needed: user and network namespaces";
}

void measure_print_head(const struct measurement *r)
{
	if (args_has(r->args, "quiet") || args_has(r->args, "json"))
		return;
	fprintf(stderr, "twbench %s %s %s\n", version_text, utf8_dot(), where(r));
	plan_print_line(&r->plan, &r->scenario, stderr);
	fprintf(stderr, "   (--dry-run shows more)\n");
}

int measure_again(const struct measurement *m, const bool *which, struct measurement *ret,
		  struct err *err)
{
	struct scenario *s = &ret->scenario;
	int code;

	*ret = (struct measurement){ .args = m->args,
				     .isolation = m->isolation,
				     .results = { .root_fd = -1, .partial_fd = -1 },
				     .start_ns = m->start_ns };
	record_init(&ret->record);
	s->cases = calloc(m->scenario.case_count, sizeof(*s->cases));
	if (!s->cases)
		return err_set(err, -ENOMEM, "no memory to run again");
	for (size_t i = 0; i < m->scenario.case_count; i++) {
		if (!which[i])
			continue;
		s->cases[s->case_count] = m->scenario.cases[i];
		if (s->cases[s->case_count].capture == CAPTURE_KEEP)
			s->cases[s->case_count].capture = CAPTURE_ON;
		s->case_count++;
	}
	code = plan_make(s, &m->plan.host, &ret->plan, err);
	if (code == 0)
		code = fill_cases(ret, err);
	return code ? code : run_batches(ret, err);
}

int measure_status(const struct measurement *r, int code, const struct err *err)
{
	if (code < 0 && err_exit_status(code) == EXIT_SKIPPED &&
	    fail_on_status(r->fail_on, EXIT_SKIPPED) == EXIT_PASS) {
		fprintf(stderr, "twbench %s: skipped: %s\n", r->args->command->name, err->text);
		return EXIT_PASS;
	}
	return code;
}
