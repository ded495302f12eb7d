/* --resume: the finished repeats of a run that was interrupted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/json.h"
#include "bench/cmd_measure.h"

/* One text for one JSON value, whoever wrote it.  Free it; NULL: no JSON or no memory. */
static char *normal(const char *text)
{
	struct err ignored;
	json *root = text ? json_parse(text, strlen(text), &ignored) : NULL;
	char *ret = NULL;
	size_t size;
	FILE *out = root ? open_memstream(&ret, &size) : NULL;
	struct jsonw w;

	if (out) {
		jsonw_init(&w, out);
		jsonw_node(&w, root);
		if (fclose(out) != 0) {
			free(ret);
			ret = NULL;
		}
	}
	json_free(root);
	return ret;
}

static bool same_json(const char *a, const char *b)
{
	char *x = normal(a), *y = normal(b);
	bool same = x && y && strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

const char *measure_other_host(const struct record_host *x, const struct record_host *y)
{
	if (!same_text(x->kernel_release, y->kernel_release) ||
	    !same_text(x->kernel_version, y->kernel_version))
		return "kernel";
	if (!same_text(x->arch, y->arch) || !same_text(x->cpu_model, y->cpu_model) ||
	    x->cpus_online != y->cpus_online)
		return "CPU";
	if (!same_text(x->clocksource, y->clocksource))
		return "clock source";
	return NULL;
}

static const char *other_origin(const struct record *a, const struct record *b)
{
	const char *other = measure_other_host(&a->host, &b->host);

	if (other)
		return other;
	if (!same_text(a->tool_version, b->tool_version) ||
	    !same_text(a->tool_commit, b->tool_commit))
		return "version of twbench";
	return NULL;
}

static int check_same(const struct measurement *m, const char *dir, struct err *err)
{
	const char *other = other_origin(&m->earlier, &m->record);

	if (!same_text(m->earlier.scenario_sha256, m->record.scenario_sha256))
		return err_set(err, -EINVAL, "--resume: '%s' ran another scenario (%s, %s)", dir,
			       m->earlier.scenario_name ? m->earlier.scenario_name : "unknown",
			       m->earlier.scenario_sha256 ? m->earlier.scenario_sha256 : "-");
	if (!same_json(m->earlier.scenario, m->record.scenario))
		return err_set(err, -EINVAL,
			       "--resume: '%s' ran the scenario with other options on its command "
			       "line",
			       dir);
	if (other)
		return err_set(err, -EINVAL, "--resume: '%s' was made with another %s", dir, other);
	return 0;
}

/* Untrustworthy ones are finished, too: running them again until they please would be choosing. */
static bool is_finished(const struct record_repeat *r)
{
	return strcmp(r->status, "ok") == 0 || strcmp(r->status, "untrustworthy") == 0;
}

static size_t take_over(struct record_case *to, struct record_case *from)
{
	size_t n = 0;

	for (size_t i = 0; i < from->repeat_count; i++) {
		struct record_repeat *r;

		if (!is_finished(&from->repeat[i]))
			continue;
		r = record_add_repeat(to);
		if (!r)
			return n;
		record_repeat_release(r);
		*r = from->repeat[i];
		memset(&from->repeat[i], 0, sizeof(from->repeat[i])); /* given away */
		n++;
	}
	return n;
}

/* A run's directory, of a path to it or to its run.json. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *ret = NULL;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return strdup(path);
	if (asprintf(&ret, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".") < 0)
		return NULL;
	return ret;
}

static int load_and_take(struct measurement *m, const char *dir, struct err *err)
{
	char text[512];
	size_t n = 0;
	int code = record_load(&m->earlier, dir, err);

	if (code != 0) {
		err_wrap(err, "--resume");
		memset(&m->earlier, 0, sizeof(m->earlier));
		return code;
	}
	code = check_same(m, dir, err);
	if (code != 0)
		return code;
	m->earlier_dir = directory_of(dir);
	for (size_t i = 0; i < m->record.case_count; i++)
		for (size_t k = 0; k < m->earlier.case_count; k++)
			if (strcmp(m->record.cases[i].name, m->earlier.cases[k].name) == 0)
				n += take_over(&m->record.cases[i], &m->earlier.cases[k]);
	(void)snprintf(text, sizeof(text), "%zu repeats were taken over from run %s.", n,
		       m->earlier.run_id ? m->earlier.run_id : dir);
	return record_add_warning(&m->record, text) < 0 ? err_set(err, -ENOMEM, "no memory") : 0;
}

int measure_resume(struct measurement *m, const char *dir, struct err *err)
{
	char *where = results_find(dir);
	int code = where ? load_and_take(m, where, err) : err_set(err, -ENOMEM, "no memory");

	free(where);
	return code;
}

bool measure_has(void *arg, size_t case_index, int64_t repeat)
{
	const struct measurement *m = arg;
	const struct record_case *c = &m->record.cases[case_index];

	for (size_t i = 0; i < c->repeat_count; i++)
		if (c->repeat[i].index == repeat)
			return true;
	return false;
}

void measure_keep_captures(struct measurement *m)
{
	char *dir = m->earlier_dir ? results_find(m->earlier_dir) : NULL; /* it may have moved */

	for (size_t i = 0; dir && i < m->record.case_count; i++)
		for (size_t k = 0; k < m->record.cases[i].repeat_count; k++) {
			struct record_repeat *r = &m->record.cases[i].repeat[k];
			char path[1024];

			if (!r->capture.file)
				continue;
			(void)snprintf(path, sizeof(path), "%.500s/%.500s", dir, r->capture.file);
			if (!results_keep_capture(&m->results, i, r->index, path)) {
				free(r->capture.file);
				r->capture.file = NULL;
			}
		}
	free(dir);
}
