#include "analysis/expect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "tests/test.h"

/* --- a small world --------------------------------------------------------------------------- */

static struct record_repeat *add(struct record_case *c)
{
	struct record_repeat *r = record_add_repeat(c);

	r->index = (int64_t)c->repeat_count;
	(void)snprintf(r->status, sizeof(r->status), "ok");
	return r;
}

static struct record_case *add_case(struct record *r, const char *name, const char *strategy,
				    const char *params)
{
	struct record_case *c = record_add_case(r);

	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	(void)snprintf(c->strategy, sizeof(c->strategy), "%s", strategy);
	c->params = strdup(params);
	return c;
}

/* plain.a, plain.b, tuned.a, tuned.b with three repeats each; `b` never runs out of ports. */
static void world(struct record *r)
{
	static const char *const names[] = { "plain.a", "plain.b", "tuned.a", "tuned.b" };

	record_init(r);
	for (int i = 0; i < 4; i++) {
		bool tuned = i >= 2, b = i % 2 == 1;
		struct record_case *c = add_case(
			r, names[i], b ? "server-fin" : "client-fin",
			b ? "{\"load\":{\"rate\":200},\"topology\":\"lo\"}"
			  : "{\"load\":{\"rate\":100},\"tuning\":{\"sysctl\":"
			    "{\"net.ipv4.tcp_tw_reuse\":\"1\"}},\"topology\":\"veth\"}");

		for (int k = 0; k < 3; k++) {
			struct record_repeat *p = add(c);

			p->ledger.by_outcome[OUTCOME_OK] = 1000 + 10 * k + (tuned ? 1000 : 0);
			p->ledger.by_outcome[OUTCOME_NO_PORT] = b ? 0 : 5 + k;
			p->time_wait[SIDE_CLIENT].lifetime_mean_ns = INT64_C(61000000000);
			p->ledger.achieved_rate_per_s = 199.5 + k;
			if (!b)
				p->ledger.first_no_port_ns = INT64_C(1000000000) * (tuned ? 4 : 2);
		}
	}
}

/* Parse, bind, evaluate; all rows as "case:verdict,..." or the error. */
static const char *ask(struct record *r, const char *text)
{
	static char said[1024];
	struct err err = { .text = "" };
	struct expect e;

	record_clear_expectations(r);
	if (expect_parse(&e, text, &err) < 0 || expect_bind(&e, r, &err) < 0 ||
	    expect_evaluate(&e, r, &err) < 0) {
		(void)snprintf(said, sizeof(said), "%s", err.text);
		return said;
	}
	said[0] = '\0';
	for (size_t i = 0; i < r->expectation_count; i++) {
		size_t n = strlen(said);

		(void)snprintf(said + n, sizeof(said) - n, "%s%s:%s", n ? "," : "",
			       r->expectation[i].case_name, r->expectation[i].verdict);
	}
	return said;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void test_verdicts(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "ledger.outcomes.no_port == 0",
		  "plain.a:fail,plain.b:pass,tuned.a:fail,tuned.b:pass" },
		{ "plain.a.ledger.outcomes.no_port<=7", "plain.a:pass" },
		{ "plain.a.ledger.outcomes.no_port<7", "plain.a:fail" },
		{ "plain.a.ledger.outcomes.no_port != 6", "plain.a:fail" },
		{ "median(plain.a.ledger.outcomes.no_port) == 6", "plain.a:pass" },
		{ "max(plain.a.ledger.outcomes.no_port) >= 7", "plain.a:pass" },
		{ "min(plain.a.ledger.outcomes.no_port) >= 6", "plain.a:fail" },
		{ "mean(plain.a.ledger.outcomes.no_port) == 6", "plain.a:pass" },
		{ "p50(plain.a.ledger.outcomes.no_port) == 6", "plain.a:pass" },
		{ "p100(plain.a.ledger.outcomes.no_port) == 7", "plain.a:pass" },
		{ "when strategy=server-*: ledger.outcomes.no_port == 0",
		  "plain.b:pass,tuned.b:pass" },
		{ "when rate=100, case=tuned.*: ledger.outcomes.ok >= 2k", "tuned.a:pass" },
		{ "when load.rate=200: ledger.outcomes.ok > 0", "plain.b:pass,tuned.b:pass" },
		{ "when net.ipv4.tcp_tw_reuse=1: ledger.outcomes.ok > 0",
		  "plain.a:pass,tuned.a:pass" },
		{ "when tuning.sysctl.net.ipv4.tcp_tw_reuse=1, topology=veth: ledger.outcomes.ok > 0",
		  "plain.a:pass,tuned.a:pass" },
		{ "plain.a.time_wait.client.lifetime.mean_ns == 61s", "plain.a:pass" },
		{ "plain.a.time_wait.client.lifetime.mean_ns ~= 60s +- 3%", "plain.a:pass" },
		{ "plain.a.time_wait.client.lifetime.mean_ns ~= 60s +- 1%", "plain.a:fail" },
		{ "plain.a.time_wait.client.lifetime.mean_ns ~= 60s +- 1500ms", "plain.a:pass" },
		{ "plain.a.ledger.achieved_rate_per_s >= 199/s", "plain.a:pass" },
		{ "plain.b.ledger.first_no_port_ns is null", "plain.b:pass" },
		{ "plain.a.ledger.first_no_port_ns is null", "plain.a:fail" },
		{ "plain.a.ledger.first_no_port_ns is not null", "plain.a:pass" },
		{ "plain.b.ledger.first_no_port_ns > 1s", "plain.b:unknown" },
		{ "plain.b.ledger.first_no_port_ns > 1s or null", "plain.b:pass" },
		{ "plain.a.ledger.first_no_port_ns > 3s or null", "plain.a:fail" },
		{ "tuned.a.ledger.first_no_port_ns > plain.a.ledger.first_no_port_ns",
		  "tuned.a vs plain.a:pass" },
		{ "tuned.ledger.outcomes.ok >= 1.9 * plain.ledger.outcomes.ok",
		  "tuned.a vs plain.a:pass,tuned.b vs plain.b:pass" },
		{ "tuned vs plain: ledger.outcomes.ok > 2x",
		  "tuned.a vs plain.a:fail,tuned.b vs plain.b:fail" },
		{ "tuned vs plain: ledger.outcomes.ok >",
		  "tuned.a vs plain.a:pass,tuned.b vs plain.b:pass" },
		{ "tuned vs plain: ledger.outcomes.ok ~= +- 110%",
		  "tuned.a vs plain.a:pass,tuned.b vs plain.b:pass" },
		{ "tuned vs plain: min(ledger.outcomes.ok) > max(ledger.outcomes.ok)",
		  "tuned.a vs plain.a:pass,tuned.b vs plain.b:pass" },
		{ "when case=*.a: tuned vs plain: ledger.first_no_port_ns >= 2x",
		  "tuned.a vs plain.a:pass" },
		{ "ledger.outcomes.no_port < ledger.outcomes.ok",
		  "plain.a:pass,plain.b:pass,tuned.a:pass,tuned.b:pass" },
	};
	struct record r;

	world(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_str(ask(&r, rows[i].text), rows[i].want, "%s", rows[i].text);
	record_release(&r);
}

static void test_refusals(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "ledger.outcomes.no_prot == 0", "(did you mean 'ledger.outcomes.no_port'?)" },
		{ "tuned.ledger.outcomes.no_prot == 0", "(did you mean 'ledger.outcomes.no_port'?)" },
		{ "zzzzzzzz == 0", "there is no metric 'zzzzzzzz'" },
		{ "status == 0", "there is no metric 'status'" },
		{ "ledger.outcomes.ok", "there is no comparison" },
		{ "ledger.outcomes.ok >", "there is nothing after '>'" },
		{ "> 5", "a metric is missing" },
		{ "", "there is no comparison" },
		{ "ledger.outcomes.ok > 5 apples", "'5 apples' is not a" },
		{ "ledger.outcomes.ok > 60s", "'60s' is not a" },
		{ "latency.connect.p50_ns < 60", "'60' needs a unit" },
		{ "latency.connect.p50_ns < ledger.outcomes.ok", "is in ns and" },
		{ "ledger.outcomes.ok ~= 5", "'~=' needs a tolerance" },
		{ "ledger.outcomes.ok == 5 +- 1%", "a tolerance goes with '~=', not with '=='" },
		{ "average(ledger.outcomes.ok) > 5", "'average' is not one of median" },
		{ "median(ledger.outcomes.ok > 5", "the ')' is missing" },
		{ "p101(ledger.outcomes.ok) > 5", "'p101' is not one of" },
		{ "nobody.ledger.outcomes.ok > 5", "there is no case 'nobody'" },
		{ "tuned vs nobody: ledger.outcomes.ok >", "there is no case 'nobody'" },
		{ "when colour=red: ledger.outcomes.ok > 5", "no case has a key 'colour'" },
		{ "when strategy=client-rst: ledger.outcomes.ok > 5", "applies to no case" },
		{ "when strategy: ledger.outcomes.ok > 5", "'strategy' is not KEY=VALUE" },
		{ "a vs b: ledger.outcomes.ok is null", "is asked of one metric" },
	};
	struct record r;

	world(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *said = ask(&r, rows[i].text);

		if (!ok(strstr(said, rows[i].want), "refused: %s", rows[i].text))
			printf("# said '%s'\n", said);
		is_int(r.expectation_count, 0, "... and nothing passed");
	}
	record_release(&r);
}

static void test_numbers(void)
{
	struct record r;
	const struct record_expectation *x, *first;
	char text[64];

	world(&r);
	(void)ask(&r, "plain.a.ledger.outcomes.no_port < 6");
	x = &r.expectation[0];
	ok(x->value == 7 && x->limit == 6 && x->margin == -1, "the worst repeat is shown");
	is_str(x->rule, "every repeat", "the rule is named");
	is_int(x->repeats, 3, "so is the number of repeats");
	is_int(expect_failed(&r, &first), 1, "one failed");
	ok(first == x, "... that one");
	(void)ask(&r, "tuned vs plain: ledger.outcomes.ok >= 1.5x");
	x = &r.expectation[0];
	ok(x->value == 2010 && x->limit == 1515 && x->margin == 495, "medians, and the factor");
	is_str(x->rule, "median of the repeats", "... by name");
	(void)ask(&r, "plain.b.ledger.first_no_port_ns > 1s");
	x = &r.expectation[0];
	ok(isnan(x->value) && isnan(x->margin), "unknown has no value");
	ok(strstr(x->note, "ledger.first_no_port_ns is null in case 'plain.b', repeat 1"),
	   "... and says why");
	(void)snprintf(r.cases[1].repeat[0].status, sizeof(r.cases[1].repeat[0].status), "failed");
	(void)snprintf(r.cases[1].repeat[1].status, sizeof(r.cases[1].repeat[0].status), "failed");
	(void)snprintf(r.cases[1].repeat[2].status, sizeof(r.cases[1].repeat[0].status), "failed");
	is_str(ask(&r, "plain.b.ledger.outcomes.ok > 0"), "plain.b:unknown",
	       "failed repeats prove nothing");
	is_str(ask(&r, "plain.b.ledger.outcomes.ok is null"), "plain.b:unknown", "... not even null");
	is_str(expect_format(61020000000.0, "ns", text, sizeof(text)), "61.02 s", "a time");
	is_str(expect_format(13100, "ns", text, sizeof(text)), "13.1 \u00b5s", "a short time");
	is_str(expect_format(0, "ns", text, sizeof(text)), "0 ns", "no time");
	is_str(expect_format(1600, "sockets", text, sizeof(text)), "1 600 sockets", "a count");
	is_str(expect_format(NAN, "ns", text, sizeof(text)), "null", "null");
	record_release(&r);
}

int main(void)
{
	test_verdicts();
	test_refusals();
	test_numbers();
	return test_done();
}
