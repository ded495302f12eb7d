/*
 * JUnit XML as the common schemas want it (Ant's, Jenkins'): a suite per kind of item, every
 * attribute they demand, nothing they do not know.
 */
#include <math.h>
#include <string.h>

#include "analysis/ci.h"
#include "analysis/html.h"

static const char *const suites[] = { "witnesses", "expectations", "tuning" };
#define SUITES (sizeof(suites) / sizeof(suites[0]))

struct sums {
	size_t tests, failures, errors, skipped;
	double seconds;
};

static struct sums sum(const struct ci_page *p, const char *suite)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < p->count; i++) {
		if (suite && strcmp(p->item[i].suite, suite) != 0)
			continue;
		s.tests++;
		s.failures += p->item[i].result == CI_FAIL;
		s.errors += p->item[i].result == CI_ERROR;
		s.skipped += p->item[i].result == CI_SKIP;
		s.seconds += isnan(p->item[i].seconds) ? 0 : p->item[i].seconds;
	}
	return s;
}

static void attribute(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, " %s=\"", name);
	html_text(out, value ? value : "");
	(void)fputc('"', out);
}

static void property(FILE *out, const char *name, const char *value)
{
	if (!value)
		return;
	(void)fputs("      <property", out);
	attribute(out, "name", name);
	attribute(out, "value", value);
	(void)fputs("/>\n", out);
}

static void test_case(const struct ci_item *item, const struct record *r, FILE *out)
{
	static const struct {
		const char *element, *type;
	} kinds[] = {
		[CI_SKIP] = { "skipped", NULL },
		[CI_FAIL] = { "failure", "expectation" },
		[CI_ERROR] = { "error", "untrustworthy" },
	};
	char class[256];

	(void)snprintf(class, sizeof(class), "twbench.%s.%s",
		       r->scenario_name ? r->scenario_name : "run", item->suite);
	(void)fputs("    <testcase", out);
	attribute(out, "name", item->name);
	attribute(out, "classname", class);
	(void)fprintf(out, " time=\"%.3f\"", isnan(item->seconds) ? 0 : item->seconds);
	if (item->result == CI_PASS) {
		(void)fputs("/>\n", out);
		return;
	}
	(void)fprintf(out, ">\n      <%s", kinds[item->result].element);
	attribute(out, "message", item->message);
	if (kinds[item->result].type)
		attribute(out, "type", kinds[item->result].type);
	(void)fputc('>', out);
	if (item->file)
		html_textf(out, "%s:%lld: ", item->file, (long long)item->line);
	html_text(out, item->message);
	(void)fprintf(out, "</%s>\n    </testcase>\n", kinds[item->result].element);
}

/* The schemas know no time zone: seconds in UTC. */
static void timestamp(const struct record *r, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%.19s",
		       r->started_at && strlen(r->started_at) >= 19 ? r->started_at
								    : "1970-01-01T00:00:00");
}

static void suite(const struct ci_page *p, size_t n, FILE *out)
{
	const struct record *r = p->record;
	struct sums s = sum(p, suites[n]);
	char when[32];

	if (s.tests == 0)
		return;
	timestamp(r, when, sizeof(when));
	(void)fprintf(out, "  <testsuite id=\"%zu\" package=\"twbench\"", n);
	attribute(out, "name", suites[n]);
	attribute(out, "timestamp", when);
	(void)fprintf(out,
		      " hostname=\"localhost\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
		      "skipped=\"%zu\" time=\"%.3f\">\n    <properties>\n",
		      s.tests, s.failures, s.errors, s.skipped, s.seconds);
	property(out, "run", r->run_id);
	property(out, "scenario", r->scenario_name);
	property(out, "scenario.sha256", r->scenario_sha256);
	property(out, "kernel", r->host.kernel_release);
	property(out, "twbench", r->tool_version);
	(void)fputs("    </properties>\n", out);
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->item[i].suite, suites[n]) == 0)
			test_case(&p->item[i], r, out);
	(void)fputs("    <system-out>", out);
	html_textf(out, "%s: %s", r->status[0] ? r->status : "unknown",
		   r->exit_reason ? r->exit_reason : "");
	(void)fputs("</system-out>\n    <system-err></system-err>\n  </testsuite>\n", out);
}

void ci_junit(const struct ci_page *p, FILE *out)
{
	(void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
	for (size_t n = 0; n < SUITES; n++)
		suite(p, n, out);
	(void)fputs("</testsuites>\n", out);
}
