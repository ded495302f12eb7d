#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "base/record_table.h"

/* What the key must end in when the unit is this. */
static const struct {
	const char *unit, *suffix;
} suffixes[] = { { "ns", "_ns" }, { "bytes", "_bytes" }, { "1/s", "_per_s" }, { "Hz", "_hz" } };

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool suffix_fits(const struct field *f)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (ends_in(f->path, suffixes[i].suffix) !=
		    (strcmp(f->unit, suffixes[i].unit) == 0))
			return false;
	return true;
}

static bool is_sentence(const char *text)
{
	return text[0] && (ends_in(text, ".") || ends_in(text, ")")) && !strstr(text, "|") &&
	       !strchr(text, '\n');
}

static void test_words(void)
{
	for (size_t i = 0; i < record_fields_count; i++) {
		const struct field *f = &record_fields[i];
		bool fine = suffix_fits(f) && f->source[0] && is_sentence(f->meaning) &&
			    (!f->not_meaning[0] || is_sentence(f->not_meaning)) &&
			    (!f->null_when || !ends_in(f->null_when, ".")) && f->better >= -1 &&
			    f->better <= 1;

		if (!fine || record_field_find(f->scope, f->path) != f)
			ok(false,
			   "%s.%s: unit in the key, source, sentences, no other of that path",
			   record_scope_key(f->scope), f->path);
	}
	ok(record_fields_count > 200, "%zu rows: unit in the key, source, sentences",
	   record_fields_count);
}

static void test_scopes(void)
{
	size_t sum = 0;

	for (int s = 0; s < SCOPE_COUNT; s++) {
		size_t count;
		const struct field *f = scope_fields((enum field_scope)s, &count);
		bool together = true;

		for (size_t i = 0; i < count; i++)
			together = together && f[i].scope == (enum field_scope)s;
		ok(together && count > 0, "the rows of '%s' stand together",
		   record_scope_key((enum field_scope)s));
		sum += count;
	}
	is_int(sum, record_fields_count, "every row is in a scope");
	ok(!record_field_find(SCOPE_REPEAT, "no.such"), "an unknown path is none");
}

static double number(const struct record_repeat *r, const char *path)
{
	const struct field *f = record_field_find(SCOPE_REPEAT, path);

	return f ? record_field_number(f, r) : -1;
}

static void test_metrics(void)
{
	struct record_repeat r;
	size_t metrics = 0;

	record_repeat_init(&r);
	if (hist_reserve(&r.service) < 0)
		abort();
	ok(isnan(number(&r, "time_wait.client.peak")), "unknown is no number");
	ok(isnan(number(&r, "ledger.achieved_rate_per_s")), "... nor is an unknown rate");
	ok(isnan(number(&r, "latency.service.p50_ns")), "... nor a quantile of nothing");
	r.time_wait[SIDE_SERVER].peak = 12;
	r.ledger.by_outcome[OUTCOME_NO_PORT] = 3;
	r.capture.proven_end = true;
	hist_record_n(&r.service, 1000, 100);
	ok(number(&r, "time_wait.server.peak") == 12, "a whole number by its path");
	ok(number(&r, "ledger.outcomes.no_port") == 3, "an outcome by its path");
	ok(number(&r, "capture.proven_end") == 1, "a truth value is 0 or 1");
	ok(number(&r, "latency.service.p50_ns") == 1000, "a quantile by its path");
	ok(number(&r, "latency.service.mean_ns") == 1000, "a mean by its path");
	ok(isnan(number(&r, "latency.service.p999_ns")), "too few values for p99.9");
	ok(isnan(number(&r, "reason")), "a text is no number");
	record_repeat_release(&r);
	for (size_t i = 0; i < record_fields_count; i++)
		metrics += record_field_is_metric(&record_fields[i]);
	ok(metrics > 100, "%zu metrics", metrics);
	ok(!record_field_is_metric(record_field_find(SCOPE_RUN, "run.seed")),
	   "a seed is no metric");
}

static void test_documents(void)
{
	char *text = NULL;
	size_t size = 0;
	struct err err = { .text = "" };
	FILE *mem = open_memstream(&text, &size);
	json *schema;

	if (!mem)
		abort();
	record_write_schema(mem);
	(void)fclose(mem);
	schema = json_parse(text, size, &err);
	ok(schema != NULL, "the schema is JSON (%s)", err.text);
	is_str(json_string(json_path(schema, "definitions.counter.properties.after.description")),
	       "Value when the connections had settled.", "... and describes each field");
	json_free(schema);
	free(text);
	mem = open_memstream(&text, &size);
	if (!mem)
		abort();
	record_write_fields_md(mem);
	(void)fclose(mem);
	ok(strstr(text, "`time_wait.{client,server}.peak`") != NULL,
	   "keys that differ by side are one line");
	ok(!strstr(text, "`time_wait.server.peak`"), "... and only one");
	ok(strstr(text, "`latency.{response,service,connect,start_error}.p99_ns`") != NULL,
	   "... so are the latencies");
	ok(strstr(text, "`latency.service.count`") != NULL, "... but not where the words differ");
	free(text);
}

int main(void)
{
	test_words();
	test_scopes();
	test_metrics();
	test_documents();
	return test_done();
}
