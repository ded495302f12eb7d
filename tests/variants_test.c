/* Variants of a scenario under test, and --fail-on. */
#include "bench/variants.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cmd.h"
#include "base/err.h"
#include "base/failon.h"
#include "tests/test.h"

static void parse(const char *text, struct scenario *s)
{
	struct err err;

	if (scenario_parse("t.json", text, strlen(text), NULL, 0, s, &err) != 0)
		ok(false, "%s", err.text);
}

static const char *value(const struct case_spec *c, const char *key)
{
	for (int64_t i = 0; i < c->sysctl_count; i++)
		if (strcmp(c->sysctl[i].key, key) == 0)
			return c->sysctl[i].value;
	return "-";
}

static void test_unfold(void)
{
	struct variant_setting setting[2] = {
		{ .sysctl = { "net.ipv4.tcp_tw_reuse", "1" } },
		{ .sysctl = { "net.ipv4.tcp_timestamps", "0" } },
	};
	struct scenario s = { 0 };
	struct err err;

	parse("{ \"matrix\": { \"strategy\": [\"client-fin\", \"server-fin\"] }, \"tuning\": { \"sysctl\":"
	      " { \"net.ipv4.tcp_timestamps\": 1 } } }",
	      &s);
	is_int(variants_unfold(&s, setting, 2, true, &err), 0, "two settings, each alone");
	is_int(s.case_count, 8, "two cases in four variants");
	is_str(s.cases[0].name, "plain.client-fin", "plain");
	is_str(value(&s.cases[0], "net.ipv4.tcp_tw_reuse"), "-", "... has none of them");
	is_str(value(&s.cases[0], "net.ipv4.tcp_timestamps"), "1", "... but what the scenario says");
	is_str(s.cases[1].name, "tuned.client-fin", "tuned");
	is_str(value(&s.cases[1], "net.ipv4.tcp_tw_reuse"), "1", "... has both");
	is_str(value(&s.cases[1], "net.ipv4.tcp_timestamps"), "0", "... over what the scenario says");
	is_str(s.cases[2].name, "tcp_tw_reuse.client-fin", "one alone");
	is_str(value(&s.cases[2], "net.ipv4.tcp_timestamps"), "1", "... without the other");
	is_str(s.cases[3].name, "tcp_timestamps.client-fin", "the other alone");
	is_str(s.cases[7].name, "tcp_timestamps.server-fin", "the next case follows");
	ok(s.cases[0].exhaustion_expected, "running out of ports is measured, not refused");
	scenario_release(&s);
}

static void test_names_and_own(void)
{
	struct variant_setting setting[2] = {
		{ .sysctl = { "net.ipv4.conf.all.rp_filter", "0" } },
		{ .sysctl = { "net.ipv4.conf.default.rp_filter", "0" }, .own = true },
	};
	struct scenario s = { 0 };
	struct err err;

	parse("{ \"tuning\": { \"sysctl\": { \"net.ipv4.conf.default.rp_filter\": 0 } } }", &s);
	is_int(variants_unfold(&s, setting, 2, true, &err), 0, "two keys that end alike");
	is_str(s.cases[2].name, "net.ipv4.conf.all.rp_filter.client-fin", "... are named whole");
	is_str(value(&s.cases[0], "net.ipv4.conf.default.rp_filter"), "-",
	       "what the scenario's own tuning.files set is not plain");
	is_str(value(&s.cases[2], "net.ipv4.conf.default.rp_filter"), "-", "... nor the other alone");
	scenario_release(&s);
	parse("{ \"matrix\": { \"load.clients\": [1, 2, 3], \"load.rate\": [1] } }", &s);
	is_int(variants_unfold(&s, setting, 2, false, &err), 0, "not alone");
	is_int(s.case_count, 6, "... plain and tuned only");
	scenario_release(&s);
}

static void test_too_many(void)
{
	struct variant_setting setting[8] = { 0 };
	struct scenario s = { 0 };
	struct err err;
	char text[4096] = "{ \"matrix\": { \"load.clients\": [1";

	for (int i = 2; i <= 60; i++) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, ", %d", i);
	}
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "] } }");
	for (int i = 0; i < 8; i++) {
		(void)snprintf(setting[i].sysctl.key, sizeof(setting[i].sysctl.key),
			       "net.ipv4.key%d", i);
		(void)snprintf(setting[i].sysctl.value, sizeof(setting[i].sysctl.value), "1");
	}
	parse(text, &s);
	is_int(variants_unfold(&s, setting, 8, true, &err), -EINVAL, "600 cases are too many");
	is_str(err.text, "60 cases in 10 variants are more than 512", "... and counted");
	is_int(s.case_count, 60, "... the scenario is as it was");
	scenario_release(&s);
}

static void test_fail_on(void)
{
	unsigned set = 0;
	struct err err;

	is_int(fail_on_parse(NULL, &set, &err), 0, "no --fail-on");
	is_int(set, FAIL_ON_DEFAULT, "... is the default");
	is_int(fail_on_parse("skip,fail", &set, &err), 0, "two words");
	is_int(fail_on_status(set, EXIT_EXPECTATION), 1, "fail stays");
	is_int(fail_on_status(set, EXIT_SKIPPED), 4, "skip stays");
	is_int(fail_on_status(set, EXIT_UNTRUSTWORTHY), 0, "invalid was not asked for");
	is_int(fail_on_parse("none", &set, &err), 0, "none");
	is_int(fail_on_status(set, EXIT_EXPECTATION), 0, "... of them");
	is_int(fail_on_status(set, EXIT_USAGE), 2, "... but usage errors stay");
	is_int(fail_on_status(set, EXIT_INTERNAL), 5, "... internal errors stay");
	is_int(fail_on_status(set, EXIT_SIGINT), 130, "... signals stay");
	is_int(fail_on_parse("fail,", &set, &err), -EINVAL, "an empty word");
	is_int(fail_on_parse("", &set, &err), -EINVAL, "nothing");
}

int main(void)
{
	test_unfold();
	test_names_and_own();
	test_too_many();
	test_fail_on();
	return test_done();
}
