/* Comparisons: verdicts on known numbers, the level under A/A, and what must be refused. */
#include "analysis/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/stats.h"
#include "base/err.h"
#include "tests/test.h"

static const struct field *metric(const char *path)
{
	return record_field_find(SCOPE_REPEAT, path);
}

/* xorshift64*, uniform in 0..1. */
static double uniform(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * UINT64_C(0x2545F4914F6CDD1D)) >> 11) / 9007199254740992.0;
}

/* About normal, 0 and 1. */
static double normal(uint64_t *state)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += uniform(state);
	return sum;
}

static struct record_case *make(struct record *r, const char *name)
{
	struct record_case *c;

	record_init(r);
	c = record_add_case(r);
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

static struct record_repeat *add(struct record_case *c)
{
	struct record_repeat *r = record_add_repeat(c);

	r->index = (int64_t)c->repeat_count;
	(void)snprintf(r->status, sizeof(r->status), "ok");
	(void)snprintf(r->topology, sizeof(r->topology), "veth");
	return r;
}

/* Repeats whose ledger.outcomes.ok is given. */
static void ok_counts(struct record *r, const int64_t *ok_count, size_t n)
{
	struct record_case *c = make(r, "a");

	for (size_t i = 0; i < n; i++)
		add(c)->ledger.by_outcome[OUTCOME_OK] = ok_count[i];
}

static struct compare_row one(const char *path, const struct record *a, const struct record *b)
{
	struct compare_options o;
	struct compare_row row = { .verdict = COMPARE_VERDICT_COUNT };
	struct err err;
	size_t n = 0;
	bool fresh = true;

	compare_defaults(&o);
	(void)compare_add_metric(&o, path, &fresh, &err);
	is_int(compare_case(&a->cases[0], &b->cases[0], &o, &row, &n, &err), 0, "compared");
	return row;
}

/* Two counted sides of a random load, one seed or two. */
static void test_seeds(void)
{
	static const int64_t a[] = { 1000, 1000, 1000, 1000 }, b[] = { 1001, 1001, 1001, 1001 },
			     c[] = { 1100, 1100, 1100, 1100 };
	static const struct {
		const char *what, *params;
		const int64_t *b;
		int64_t seed;
		enum compare_verdict want;
		bool exact;
	} rows[] = {
		{ "even spacing: counted, whatever the seed", "{\"load\":{\"spacing\":\"constant\"}}", b, 7,
		  COMPARE_BETTER, true },
		{ "random spacing, one seed: counted", "{\"load\":{\"spacing\":\"poisson\"}}", b, 42,
		  COMPARE_BETTER, true },
		{ "... two seeds: one more is chance", "{\"load\":{\"spacing\":\"poisson\"}}", b, 7,
		  COMPARE_NOTHING, false },
		{ "... a tenth more is not", "{\"load\":{\"spacing\":\"poisson\"}}", c, 7, COMPARE_BETTER,
		  false },
		{ "... and the same is the same", "{\"load\":{\"spacing\":\"poisson\"}}", a, 7, COMPARE_SAME,
		  true },
		{ "random sizes, two seeds: tested", "{\"protocol\":{\"reply_bytes\":[{\"from\":1}]}}", b, 7,
		  COMPARE_NOTHING, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct compare_options o;
		struct comparison said;
		struct record x, y;
		struct err err = { .text = "" };
		bool fresh = true;

		ok_counts(&x, a, 4);
		ok_counts(&y, rows[i].b, 4);
		x.seed = 42;
		y.seed = rows[i].seed;
		x.cases[0].params = strdup(rows[i].params);
		y.cases[0].params = strdup(rows[i].params);
		compare_defaults(&o);
		(void)compare_add_metric(&o, "ledger.outcomes.ok", &fresh, &err);
		is_int(compare_records(&x, &y, &o, &said, &err), 0, "%s %s", rows[i].what, err.text);
		is_int(said.pair[0].row[0].verdict, rows[i].want, "%s", rows[i].what);
		is_int(said.pair[0].row[0].exact, rows[i].exact, "... exactly or not");
		compare_release(&said);
		record_release(&x);
		record_release(&y);
	}
}

static void test_verdicts(void)
{
	static const struct {
		const char *what;
		int64_t a[6], b[6];
		size_t n;
		enum compare_verdict want;
	} rows[] = {
		{ "10 % less of a counted metric is found",
		  { 1000, 1000, 1000, 1000, 1000 },
		  { 900, 900, 900, 900, 900 },
		  5,
		  COMPARE_WORSE },
		{ "... 10 % more, too",
		  { 1000, 1000, 1000, 1000, 1000 },
		  { 1100, 1100, 1100, 1100, 1100 },
		  5,
		  COMPARE_BETTER },
		{ "... also where it varies a little",
		  { 1000, 1003, 998, 1001, 1002 },
		  { 901, 897, 903, 900, 899 },
		  5,
		  COMPARE_WORSE },
		{ "... and one connection of a counted thousand",
		  { 1000, 1000, 1000, 1000 },
		  { 999, 999, 999, 999 },
		  4,
		  COMPARE_WORSE },
		{ "the same is the same",
		  { 1000, 1000, 1000, 1000 },
		  { 1000, 1000, 1000, 1000 },
		  4,
		  COMPARE_SAME },
		{ "what overlaps is no evidence",
		  { 1000, 1010, 990, 1005, 995 },
		  { 1001, 1011, 991, 1004, 996 },
		  5,
		  COMPARE_NOTHING },
		{ "a sure difference of 1 % is below the minimum effect",
		  { 10000, 10001, 10002, 10003, 10004 },
		  { 10100, 10101, 10102, 10103, 10104 },
		  5,
		  COMPARE_NOTHING },
		{ "three repeats cannot decide",
		  { 1000, 1000, 1000 },
		  { 500, 500, 500 },
		  3,
		  COMPARE_UNDECIDED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record a, b;
		struct compare_row row;

		ok_counts(&a, rows[i].a, rows[i].n);
		ok_counts(&b, rows[i].b, rows[i].n);
		row = one("ledger.outcomes.ok", &a, &b);
		is_str(compare_verdict_key(row.verdict), compare_verdict_key(rows[i].want), "%s",
		       rows[i].what);
		record_release(&a);
		record_release(&b);
	}
}

static void test_row(void)
{
	static const int64_t before[] = { 100, 101, 99, 102, 98 };
	static const int64_t after[] = { 200, 202, 198, 201, 199 };
	struct record a, b;
	struct compare_row row;

	ok_counts(&a, before, 5);
	ok_counts(&b, after, 5);
	row = one("ledger.outcomes.ok", &a, &b);
	ok(row.a == 100 && row.b == 200 && row.change == 100 && row.relative == 1, "medians");
	ok(row.low <= 100 && row.high >= 100 && row.low > 90 && row.high < 110, "an interval");
	ok(fabs(row.p - 2.0 / 252) < 1e-12, "the exact p of 5 against 5 fully apart");
	ok(fabs(row.adjusted - row.p) < 1e-12, "alone in its family it is not adjusted");
	a.cases[0].repeat[0].ledger.by_outcome[OUTCOME_OK] = RECORD_NONE;
	row = one("ledger.outcomes.ok", &a, &b);
	is_int(row.verdict, COMPARE_UNDECIDED, "a null on one side: cannot decide");
	(void)snprintf(a.cases[0].repeat[0].status, 16, "failed");
	row = one("ledger.outcomes.ok", &a, &b);
	is_int(row.verdict, COMPARE_BETTER, "a failed repeat is left out");
	is_int(row.na, 4, "... and not counted");
	record_release(&a);
	record_release(&b);
}

/* Metrics that are one and the same cost nothing; independent ones do. */
static void test_family(void)
{
	double value[8 * 10], adjusted[8], least[8];
	uint64_t state = 7;

	for (int m = 0; m < 8; m++)
		for (int i = 0; i < 10; i++)
			value[m * 10 + i] = i;
	is_int(stats_family(value, 8, 5, 5, 1, adjusted, least), 0, "a family of equals");
	ok(fabs(adjusted[0] - 2.0 / 252) < 1e-12 && fabs(least[7] - 2.0 / 252) < 1e-12,
	   "is as good as one");
	for (int m = 1; m < 8; m++)
		for (int i = 0; i < 10; i++)
			value[m * 10 + i] = uniform(&state);
	is_int(stats_family(value, 8, 5, 5, 1, adjusted, least), 0, "a family of strangers");
	ok(adjusted[0] > 0.04 && adjusted[0] < 0.064, "costs about as much as Bonferroni (%.4f)",
	   adjusted[0]);
}

static void measure(struct record_repeat *p, uint64_t *state, double ok_factor)
{
	double machine = exp(0.3 * normal(state)); /* all latencies move together */

	p->ledger.by_outcome[OUTCOME_OK] = (int64_t)(ok_factor * (10000 + 20 * normal(state)));
	p->ledger.first_no_port_ns = (int64_t)(2e9 * (1 + 0.02 * normal(state)));
	p->time_wait[SIDE_CLIENT].peak = 5000;
	p->time_wait[SIDE_CLIENT].lifetime_mean_ns = (int64_t)(61e9 + 1e9 * normal(state));
	hist_clear(&p->connect);
	hist_clear(&p->response);
	for (int n = 0; n < 30; n++) {
		hist_record(&p->connect, (int64_t)(machine * 20000 * exp(0.1 * normal(state))));
		hist_record(&p->response, (int64_t)(machine * 90000 * exp(0.1 * normal(state))));
	}
}

/* A record as a machine would give it: latencies that vary, counts that hardly do. */
static void measured(struct record *r, uint64_t *state, double ok_factor)
{
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 5; i++)
			measure(&r->cases[k].repeat[i], state, ok_factor);
}

/* Room for one, to be measured into again and again. */
static void to_measure(struct record *r)
{
	for (int k = 0; k < 2; k++) {
		struct record_case *c = k ? record_add_case(r) : make(r, "a");

		(void)snprintf(c->name, sizeof(c->name), "%c", 'a' + k);
		for (int i = 0; i < 5; i++) {
			struct record_repeat *p = add(c);

			if (hist_reserve(&p->connect) < 0 || hist_reserve(&p->response) < 0)
				abort();
		}
	}
}

static size_t false_verdicts(const struct comparison *c)
{
	return c->by_verdict[COMPARE_BETTER] + c->by_verdict[COMPARE_WORSE] +
	       c->by_verdict[COMPARE_DIFFERS];
}

static void test_a_a(void)
{
	struct compare_options o;
	size_t cases = 0, called = 0, found = 0;
	uint64_t state = 20021122;
	struct record a, b;
	struct err err;

	to_measure(&a);
	to_measure(&b);
	compare_defaults(&o);
	o.timings = true;
	o.min_effect = 0; /* the level must hold without its help */
	for (int pair = 0; pair < 20; pair++) {
		struct comparison c;

		measured(&a, &state, 1);
		measured(&b, &state, 1);
		if (compare_records(&a, &b, &o, &c, &err) != 0)
			break;
		for (size_t i = 0; i < c.count; i++) {
			size_t here = 0;

			for (size_t k = 0; k < c.pair[i].count; k++)
				here += c.pair[i].row[k].verdict <= COMPARE_DIFFERS;
			called += here > 0;
			cases++;
		}
		compare_release(&c);
	}
	is_int(cases, 40, "20 pairs of identical runs of two cases");
	ok((double)called <= o.level * (double)cases, "false verdicts in %zu of them, level %g", called,
	   o.level);
	compare_defaults(&o);
	o.timings = true;
	for (int pair = 0; pair < 20; pair++) {
		struct comparison c;

		measured(&a, &state, 1);
		measured(&b, &state, 0.9);
		if (compare_records(&a, &b, &o, &c, &err) != 0)
			break;
		for (size_t i = 0; i < c.count; i++)
			for (size_t k = 0; k < c.pair[i].count; k++)
				found += c.pair[i].row[k].metric == metric("ledger.outcomes.ok") &&
					 c.pair[i].row[k].verdict == COMPARE_WORSE;
		compare_release(&c);
	}
	record_release(&a);
	record_release(&b);
	is_int(found, 40, "a planted 10 %% is found in all of them");
}

static void test_timings(void)
{
	struct compare_options o;
	struct record a, b;
	struct comparison c;
	struct err err;
	uint64_t state = 5;

	to_measure(&a);
	to_measure(&b);
	measured(&a, &state, 1);
	measured(&b, &state, 1);
	for (int i = 0; i < 5; i++)
		for (int n = 0; n < 100; n++)
			hist_record(&b.cases[0].repeat[i].connect, 900000);
	compare_defaults(&o);
	is_int(compare_records(&a, &b, &o, &c, &err), 0, "two runs");
	is_int(false_verdicts(&c), 0, "latency is shown, not judged");
	compare_release(&c);
	o.timings = true;
	is_int(compare_records(&a, &b, &o, &c, &err), 0, "again, interleaved");
	is_int(c.by_verdict[COMPARE_WORSE], 1, "... then it is judged");
	compare_release(&c);
	record_release(&a);
	record_release(&b);
}

static void count(void *to, const char *text)
{
	char *said = to;
	size_t n = strlen(said);

	(void)snprintf(said + n, 1024 - n, "%s%s", n ? "; " : "", text);
}

static void test_records(void)
{
	static const int64_t same[] = { 5, 5, 5, 5 };
	struct record a, b;
	char why[256], said[1024] = "";
	struct comparison c;
	struct compare_options o;
	struct err err;
	bool fresh = true;

	ok_counts(&a, same, 4);
	ok_counts(&b, same, 4);
	compare_refusal(&a, &b, why, sizeof(why));
	is_str(why, "", "the same case on the same topology is comparable");
	(void)snprintf(b.cases[0].repeat[0].topology, 16, "lo");
	compare_refusal(&a, &b, why, sizeof(why));
	is_str(why, "case 'a' ran on topology veth and on lo (--force compares them all the same)",
	       "another topology is not");
	a.host.kernel_release = strdup("6.1.0");
	b.host.kernel_release = strdup("6.18.44");
	a.host.config_hz = 250;
	b.host.config_hz = 250;
	b.host.cpus_online = 2;
	compare_differences(&a, &b, count, said);
	is_str(said, "kernel: 6.1.0 -> 6.18.44; CPUs: unknown -> 2; topology: veth -> lo",
	       "what differs is listed");
	free(a.cases[0].params);
	free(b.cases[0].params);
	a.cases[0].params = strdup("{\"load\":{\"rate\":100,\"shape\":\"rate\"},\"seed\":1,\"drain\":false,\"host\":\"h:1\"}");
	b.cases[0].params = strdup("{\"load\":{\"shape\":\"rate\",\"rate\":110,\"steps\":[{\"to\":5}]},\"seed\":2,\"drain\":true}");
	said[0] = '\0';
	compare_differences(&a, &a, count, said);
	is_str(said, "", "a record does not differ from itself");
	compare_differences(&a, &b, count, said);
	ok(strstr(said, "load.rate in a: 100 -> 110; drain in a: false -> true; host in a: h:1 -> not set; "
			"load.steps in a: not set -> [") &&
		   !strstr(said, "seed") && !strstr(said, "shape"),
	   "... so is another load: %s", said);
	(void)snprintf(b.cases[0].name, sizeof(b.cases[0].name), "other");
	compare_refusal(&a, &b, why, sizeof(why));
	is_str(why, "they have no case in common", "nor are strangers comparable");
	compare_defaults(&o);
	is_int(compare_records(&a, &b, &o, &c, &err), -EINVAL, "... by force neither");
	compare_release(&c);
	is_int(compare_add_metric(&o, "ledger.outcomes.okk", &fresh, &err), -EINVAL, "a typo");
	is_str(err.text, "there is no metric 'ledger.outcomes.okk' (did you mean 'ledger.outcomes.ok'?)",
	       "... is answered");
	record_release(&a);
	record_release(&b);
}

int main(void)
{
	test_verdicts();
	test_seeds();
	test_row();
	test_family();
	test_a_a();
	test_timings();
	test_records();
	return test_done();
}
