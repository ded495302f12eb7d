/* Every sentence with which a scenario is refused. */
#include "bench/scenario.h"

#include "base/err.h"
#include "tests/test.h"

static int parse(const char *text, const struct override *o, size_t n, struct scenario *s,
		 struct err *err)
{
	*s = (struct scenario){ .case_count = 0 };
	err->text[0] = '\0';
	return scenario_parse("x.json", text, strlen(text), o, n, s, err);
}

static void check_text(const char *got, const char *want)
{
	is_str(got, want, "refused: %.90s", want);
}

static const struct refusal {
	const char *text, *want; /* what follows "scenario 'x.json': " */
} refusals[] = {
	{ "{ \"strategy\": \"client-fin\", \"load\": { \"engine\": \"straight\", \"interval\": \"1s\" } }",
	  "load.engine: 'straight' has no clients that poll (load.shape 'poll')" },
	{ "{ \"strategy\": \"keepalive\", \"load\": { \"engine\": \"straight\", \"rate\": 5 } }",
	  "load.engine: 'straight' makes one request per connection in load.shape 'rate', not 10" },
	{ "{ \"strategy\": \"disconnect\", \"load\": { \"engine\": \"ring\", \"rate\": 5 } }",
	  "load.engine: 'ring' cannot do 'disconnect'" },
	{ "{ \"strategy\": \"client-fin\", \"load\": { \"engine\": \"ring\", \"rate\": 5 }, \"protocol\": { \"reply_bytes\": 16385 } }",
	  "load.engine: 'ring' has requests and replies of at most 16384 bytes, not 16385" },
	{ "{ \"load\": { \"clinets\": 5 } }",
	  "line 1: load.clinets: unknown key (did you mean 'clients'?)" },
	{ "// a comment\n{ \"load\": { \"clients\": 5 }, /* and\nanother */ \"name\": \"a\",\n\"laod\": {} }",
	  "line 4: laod: unknown key (did you mean 'load'?)" },
	{ "{ \"cases\": { \"a\": {},\n\"b\": { \"load\": {\n\"clinets\": 5 } } } }",
	  "line 3: cases.b: load.clinets: unknown key (did you mean 'clients'?)" },
	{ "{ \"load\": { \"clients\": 0 },\n\"cases\": { \"a\": { \"matrix\": {\n\n\"load.rat\": [1] } } } }",
	  "line 4: cases.a: matrix: load.rat: unknown key (did you mean 'rate'?)" },
	{ "{ \"laod\": { \"clients\": 5 } }", "line 1: laod: unknown key (did you mean 'load'?)" },
	{ "{ \"clients\": 5 }", "line 1: clients: unknown key (did you mean 'load.clients'?)" },
	{ "{ \"matirx\": {} }", "line 1: matirx: unknown key (did you mean 'matrix'?)" },
	{ "{ \"load.clients\": 5 }",
	  "line 1: load.clients: keys are nested: \"load\": { \"clients\": ... }" },
	{ "{ \"zzzzzzzzzz\": 5 }", "line 1: zzzzzzzzzz: unknown key (`twbench list keys` shows all)" },
	{ "{ \"load\": 5 }", "line 1: load: must be an object, not a number" },
	{ "[]", "must be an object, not an array" },
	{ "{ \"schema\": \"twbench.scenario/2\" }",
	  "schema: 'twbench.scenario/2' is not twbench.scenario/1" },
	{ "{ \"load\": { \"clients\": \"abc\" } }",
	  "load.clients: 'abc' is not an integer (1 to 100000)" },
	{ "{ \"load\": { \"clients\": 0 } }", "load.clients: '0' is out of range (1 to 100000)" },
	{ "{ \"load\": { \"clients\": [5] } }",
	  "load.clients: must be an integer (1 to 100000), not an array" },
	{ "{ \"load\": { \"clients\": true } }",
	  "load.clients: must be an integer (1 to 100000), not true or false" },
	{ "{ \"load\": { \"duration\": 5 } }",
	  "load.duration: '5' needs a unit (ns, us, ms, s, m, h)" },
	{ "{ \"load\": { \"shape\": \"square\" } }",
	  "load.shape: 'square' is not one of poll, rate, steps, saturate" },
	{ "{ \"drain\": \"yes\" }", "drain: must be true or false, not a string" },
	{ "{ \"addressing\": { \"family\": 5 } }",
	  "addressing.family: '5' is not an address family (4 or 6)" },
	{ "{ \"strategy\": \"client-fon\" }",
	  "strategy: 'client-fon' is no strategy (did you mean 'client-fin'?)" },
	{ "{ \"load\": { \"interval\": \"1s\", \"rate\": 5 } }",
	  "load.rate: contradicts load.interval: give one of them" },
	{ "{ \"load\": { \"shape\": \"poll\", \"rate\": 5 } }",
	  "load.rate: contradicts load.shape 'poll'" },
	{ "{ \"load\": { \"shape\": \"steps\" } }",
	  "load.steps: is missing, and load.shape is 'steps'" },
	{ "{ \"load\": { \"steps\": [] } }", "load.steps: is an empty list" },
	{ "{ \"load\": { \"steps\": [{ \"rate\": 5 }] } }",
	  "load.steps: step 1: \"duration\" is missing" },
	{ "{ \"load\": { \"steps\": [{ \"rate\": 5, \"form\": 1 }] } }",
	  "load.steps: step 1: form: unknown key (did you mean 'from'?)" },
	{ "{ \"load\": { \"steps\": [{ \"rate\": 5, \"duration\": \"1s\" }], \"duration\": \"2s\" "
	  "} }",
	  "load.duration: contradicts load.steps, which have their own" },
	{ "{ \"protocol\": { \"reply_bytes\": \"60..40\" } }",
	  "protocol.reply_bytes: '60..40': the low end is above the high end" },
	{ "{ \"protocol\": { \"reply_bytes\": [{ \"weight\": 1 }] } }",
	  "protocol.reply_bytes: range 1: \"bytes\" is missing" },
	{ "{ \"protocol\": { \"reply_bytes\": [{ \"bytes\": 5, \"weight\": 0 }] } }",
	  "protocol.reply_bytes: range 1: weight: '0' is out of range (1e-06 to 1000000)" },
	{ "{ \"strategy\": \"udp\", \"protocol\": { \"reply_bytes\": 70000 } }",
	  "protocol.reply_bytes: 'udp' is one datagram each way, of at most 65507 bytes" },
	{ "{ \"strategy\": \"udp\", \"protocol\": { \"http\": true } }",
	  "protocol.http: contradicts strategy 'udp'" },
	{ "{ \"strategy\": \"simultaneous\", \"topology\": \"lo\" }",
	  "topology: 'lo' cannot hold 'simultaneous': only the relay of topology wire can provoke "
	  "it" },
	{ "{ \"topology\": \"host\" }",
	  "host: is missing, and topology 'host' needs \"HOST:PORT\"" },
	{ "{ \"host\": \"example\" }", "host: 'example' is not HOST:PORT" },
	{ "{ \"host\": \"h:80\", \"topology\": \"veth\" }", "host: contradicts topology 'veth'" },
	{ "{ \"host\": \"h:80\", \"tuning\": { \"sysctl\": { \"net.ipv4.x\": 1 } } }",
	  "tuning: topology 'host' never changes the host's settings (net.ipv4.x)" },
	{ "{ \"addressing\": { \"port\": 65535, \"destinations\": 2 } }",
	  "addressing.destinations: 2 ports from 65535 on end above 65535" },
	{ "{ \"tuning\": { \"sysctl\": { \"net..x\": 1 } } }",
	  "tuning.sysctl: 'net..x' is no sysctl key" },
	{ "{ \"tuning\": { \"sysctl\": { \"net.ipv4.x\": true } } }",
	  "tuning.sysctl: net.ipv4.x: must be a number or a string, not true or false" },
	{ "{ \"tuning\": { \"files\": [\"/nonexistent/60.conf\"] } }",
	  "tuning.files: cannot open '/nonexistent/60.conf': No such file or directory" },
	{ "{ \"matrix\": { \"load.rate\": 5 } }",
	  "matrix: load.rate: must be a list of values, not a number" },
	{ "{ \"zip\": { \"load.rate\": [1, 2], \"load.clients\": [1, 2, 3] } }",
	  "zip: load.rate has 2 values and load.clients has 3" },
	{ "{ \"zip\": { \"load.rate\": 5 } }",
	  "zip: load.rate: must be a list of values, not a number" },
	{ "{ \"matrix\": { \"load.rate\": [] } }",
	  "matrix: load.rate: must be a list of values, not an empty one" },
	{ "{ \"matrix\": { \"load.rat\": [5] } }",
	  "line 1: matrix: load.rat: unknown key (did you mean 'rate'?)" },
	{ "{ \"matrix\": { \"name\": [\"a\"] } }",
	  "line 1: matrix: name: belongs to the document, not to a case" },
	{ "{ \"matrix\": { \"load.rate\": [5, \"x\"] } }",
	  "load.rate: 'x' is not a rate (0.001/s to 1000000/s)" },
	{ "{ \"cases\": {} }", "cases: must be an object of cases, not an empty one" },
	{ "{ \"cases\": { \"a\": { \"expect\": [] } } }",
	  "line 1: cases.a: expect: belongs to the document, not to a case" },
	{ "{ \"cases\": { \"a\": { \"load\": { \"burst\": 0 } } } }",
	  "cases.a: load.burst: '0' is out of range (1 to 1000)" },
	{ "{ \"expect\": \"x == 1\" }", "expect: must be a list of strings, not a string" },
	{ "{ \"seed\": 1.5 }", "seed: '1.5' is not an integer (0 to 9007199254740992)" },
};

static void test_refusals(void)
{
	static const char prefix[] = "scenario 'x.json': ";
	struct scenario s;
	struct err err;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		int r = parse(refusals[i].text, NULL, 0, &s, &err);

		if (r == 0 || strncmp(err.text, prefix, strlen(prefix)) != 0)
			ok(false, "not refused as it should be (%d, '%s'): %s", r, err.text,
			   refusals[i].text);
		else
			check_text(err.text + strlen(prefix), refusals[i].want);
		scenario_release(&s);
	}
	ok(parse("{ \"load\": {\n  \"clients\": }", NULL, 0, &s, &err) < 0 &&
		   strstr(err.text, "scenario 'x.json': line 2, column "),
	   "a syntax error names line and column: %s", err.text);
}

int main(void)
{
	test_refusals();
	return test_done();
}
