#include "analysis/formats.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/ci.h"
#include "analysis/outputs.h"
#include "analysis/report.h"
#include "base/err.h"
#include "base/num.h"
#include "base/wholefile.h"

static void print_json(const struct ci_page *p, FILE *out)
{
	(void)record_write(p->record, out); /* what is broken no reader takes */
}

static void print_html(const struct ci_page *p, FILE *out)
{
	report_html(p->record, NULL, NULL, 0, out);
}

static void print_markdown(const struct ci_page *p, FILE *out)
{
	report_markdown(p->record, out);
}

static void print_text(const struct ci_page *p, FILE *out)
{
	struct report_style style = outputs_terminal_style(out);

	report_text(p->record, &style, out);
}

typedef void print_page(const struct ci_page *p, FILE *out);

/* A format of two files cannot go to a stream. */
static const struct format {
	const char *name;
	struct {
		const char *file;
		print_page *print;
	} part[2];
} formats[] = {
	{ "txt", { { "summary.txt", print_text } } },
	{ "md", { { "summary.md", print_markdown } } },
	{ "html", { { "report.html", print_html } } },
	{ "json", { { "run.json", print_json } } },
	{ "junit", { { "junit.xml", ci_junit } } },
	{ "ktap", { { "results.ktap", ci_ktap } } },
	{ "github", { { "github.txt", ci_github }, { "github-summary.md", ci_github_summary } } },
	{ "prom", { { "metrics.prom", ci_prometheus } } },
	{ "gha-bench",
	  { { "gha-bench-smaller.json", ci_bench_smaller },
	    { "gha-bench-bigger.json", ci_bench_bigger } } },
	{ "bencher", { { "bencher.json", ci_bencher } } },
	{ "sarif", { { "results.sarif", ci_sarif } } },
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static int find(const char *name, size_t n, const struct format **ret, struct err *err)
{
	char words[160] = "", word[32];
	const char *near;

	for (size_t i = 0; i < FORMATS; i++) {
		size_t used = strlen(words);

		if (strlen(formats[i].name) == n && memcmp(formats[i].name, name, n) == 0) {
			*ret = &formats[i];
			return 0;
		}
		(void)snprintf(words + used, sizeof(words) - used, "%s%s", used ? ", " : "",
			       formats[i].name);
	}
	(void)snprintf(word, sizeof(word), "%.*s", (int)n, name);
	near = num_nearest(word, &formats[0].name, FORMATS, sizeof(formats[0]));
	return err_set(err, -EINVAL, "--format: '%s' is not one of %s%s%s%s", word, words,
		       near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static int write_file(const char *dir, const char *name, print_page *print, const struct ci_page *p,
		      struct err *err)
{
	struct wholefile f;
	int code = wholefile_open(&f, dir, name, err);

	if (code != 0)
		return code;
	print(p, f.out);
	return wholefile_close(&f, err);
}

static int append_summary(const struct ci_page *p, struct err *err)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	FILE *out;
	bool bad;

	if (!path || !path[0])
		return 0;
	out = fopen(path, "ae");
	if (!out)
		return err_errno(err, "append to '%s'", path);
	ci_github_summary(p, out);
	bad = ferror(out);
	if (fclose(out) != 0 || bad)
		return err_errno(err, "append to '%s'", path);
	return 0;
}

static bool on_github(void)
{
	const char *word = getenv("GITHUB_ACTIONS");

	return word && strcmp(word, "true") == 0;
}

static int write_one(const struct format *f, const struct ci_page *p, const char *dir, FILE *out,
		     struct err *err)
{
	bool github = strcmp(f->name, "github") == 0;
	int code = 0;

	if (!dir && f->part[1].print && !github)
		return err_set(err, -EINVAL, "--format %s makes two files: say --out DIR", f->name);
	for (int i = 0; dir && i < 2 && f->part[i].print && code == 0; i++)
		code = write_file(dir, f->part[i].file, f->part[i].print, p, err);
	if (!dir || (github && on_github()))
		f->part[0].print(p, out);
	return code == 0 && github ? append_summary(p, err) : code;
}

int formats_write(const struct record *r, const char *list, const char *dir, FILE *out,
		  struct err *err)
{
	struct ci_page p = { .record = r };
	struct ci_item *items = NULL;
	const struct format *chosen[FORMATS];
	size_t count = 0;
	int code = 0;

	for (const char *at = list; code == 0; at += strcspn(at, ",") + 1) {
		if (count == FORMATS)
			return err_set(err, -EINVAL, "--format: more than there are");
		code = find(at, strcspn(at, ","), &chosen[count++], err);
		if (at[strcspn(at, ",")] == '\0')
			break;
	}
	if (code == 0 && !dir && count > 1)
		code = err_set(err, -EINVAL, "--format: several formats need --out DIR");
	if (code == 0 && dir && mkdir(dir, 0777) != 0 && errno != EEXIST)
		code = err_errno(err, "make directory '%s'", dir);
	if (code == 0 && ci_items(r, &items, &p.count) < 0)
		code = err_set(err, -ENOMEM, "no memory for a report");
	p.item = items;
	for (size_t i = 0; i < count && code == 0; i++)
		code = write_one(chosen[i], &p, dir, out, err);
	free(items);
	return code;
}
