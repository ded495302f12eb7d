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
	  "line 1: load.engine: 'straight' has no clients that poll (load.shape 'poll')" },
	{ "{ \"strategy\": \"keepalive\", \"load\": { \"engine\": \"straight\", \"rate\": 5 } }",
	  "line 1: load.engine: 'straight' makes one request per connection in load.shape 'rate', not 10" },
	{ "{ \"strategy\": \"disconnect\", \"load\": { \"engine\": \"ring\", \"rate\": 5 } }",
	  "line 1: load.engine: 'ring' cannot do 'disconnect'" },
	{ "{ \"strategy\": \"client-fin\", \"load\": { \"engine\": \"ring\", \"rate\": 5 }, \"protocol\": { \"reply_bytes\": 16385 } }",
	  "line 1: load.engine: 'ring' has requests and replies of at most 16384 bytes, not 16385" },
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
	  "line 1: schema: 'twbench.scenario/2' is not twbench.scenario/1" },
	{ "{ \"load\": { \"clients\": \"abc\" } }",
	  "line 1: load.clients: 'abc' is not an integer (1 to 100000)" },
	{ "{ \"load\": { \"clients\": 0 } }", "line 1: load.clients: '0' is out of range (1 to 100000)" },
	{ "{ \"load\": { \"clients\": [5] } }",
	  "line 1: load.clients: must be an integer (1 to 100000), not an array" },
	{ "{ \"load\": { \"clients\": true } }",
	  "line 1: load.clients: must be an integer (1 to 100000), not true or false" },
	{ "{ \"load\": { \"duration\": 5 } }",
	  "line 1: load.duration: '5' needs a unit (ns, us, ms, s, m, h)" },
	{ "{ \"load\": { \"shape\": \"square\" } }",
	  "line 1: load.shape: 'square' is not one of poll, rate, steps, saturate" },
	{ "{ \"drain\": \"yes\" }", "line 1: drain: must be true or false, not a string" },
	{ "{ \"addressing\": { \"family\": 5 } }",
	  "line 1: addressing.family: '5' is not an address family (4 or 6)" },
	{ "{ \"strategy\": \"client-fon\" }",
	  "line 1: strategy: 'client-fon' is no strategy (did you mean 'client-fin'?)" },
	{ "{ \"load\": { \"interval\": \"1s\", \"rate\": 5 } }",
	  "line 1: load.rate: contradicts load.interval: give one of them" },
	{ "{ \"load\": { \"shape\": \"poll\", \"rate\": 5 } }",
	  "line 1: load.rate: contradicts load.shape 'poll'" },
	{ "{ \"load\": { \"shape\": \"steps\" } }",
	  "line 1: load.steps: is missing, and load.shape is 'steps'" },
	{ "{ \"load\": { \"steps\": [] } }", "line 1: load.steps: is an empty list" },
	{ "{ \"load\": { \"steps\": [{ \"rate\": 5 }] } }",
	  "line 1: load.steps: step 1: \"duration\" is missing" },
	{ "{ \"load\": { \"steps\": [{ \"rate\": 5, \"form\": 1 }] } }",
	  "line 1: load.steps: step 1: form: unknown key (did you mean 'from'?)" },
	{ "{ \"load\": { \"steps\": [{ \"rate\": 5, \"duration\": \"1s\" }], \"duration\": \"2s\" "
	  "} }",
	  "line 1: load.duration: contradicts load.steps, which have their own" },
	{ "{ \"protocol\": { \"reply_bytes\": \"60..40\" } }",
	  "line 1: protocol.reply_bytes: '60..40': the low end is above the high end" },
	{ "{ \"protocol\": { \"reply_bytes\": [{ \"weight\": 1 }] } }",
	  "line 1: protocol.reply_bytes: range 1: \"bytes\" is missing" },
	{ "{ \"protocol\": { \"reply_bytes\": [{ \"bytes\": 5, \"weight\": 0 }] } }",
	  "line 1: protocol.reply_bytes: range 1: weight: '0' is out of range (1e-06 to 1000000)" },
	{ "{ \"strategy\": \"udp\", \"protocol\": { \"reply_bytes\": 70000 } }",
	  "line 1: protocol.reply_bytes: 'udp' is one datagram each way, of at most 65507 bytes" },
	{ "{ \"strategy\": \"udp\", \"protocol\": { \"http\": true } }",
	  "line 1: protocol.http: contradicts strategy 'udp'" },
	{ "{ \"strategy\": \"simultaneous\", \"topology\": \"lo\" }",
	  "line 1: topology: 'lo' cannot hold 'simultaneous': only the relay of topology wire can provoke "
	  "it" },
	{ "{ \"topology\": \"host\" }",
	  "line 1: host: is missing, and topology 'host' needs \"HOST:PORT\"" },
	{ "{ \"host\": \"example\" }", "line 1: host: 'example' is not HOST:PORT" },
	{ "{ \"host\": \"h:80\", \"topology\": \"veth\" }", "line 1: host: contradicts topology 'veth'" },
	{ "{ \"host\": \"h:80\", \"tuning\": { \"sysctl\": { \"net.ipv4.x\": 1 } } }",
	  "line 1: tuning: topology 'host' never changes the host's settings (net.ipv4.x)" },
	{ "{ \"addressing\": { \"port\": 65535, \"destinations\": 2 } }",
	  "line 1: addressing.destinations: 2 ports from 65535 on end above 65535" },
	{ "{ \"tuning\": { \"sysctl\": { \"net..x\": 1 } } }",
	  "line 1: tuning.sysctl: 'net..x' is no sysctl key" },
	{ "{ \"tuning\": { \"sysctl\": { \"net.ipv4.x\": true } } }",
	  "line 1: tuning.sysctl: net.ipv4.x: must be a number or a string, not true or false" },
	{ "{ \"tuning\": { \"files\": [\"/nonexistent/60.conf\"] } }",
	  "line 1: tuning.files: cannot open '/nonexistent/60.conf': No such file or directory" },
	{ "{ \"matrix\": { \"load.rate\": 5 } }",
	  "line 1: matrix: load.rate: must be a list of values, not a number" },
	{ "{ \"zip\": { \"load.rate\": [1, 2], \"load.clients\": [1, 2, 3] } }",
	  "line 1: zip: load.rate has 2 values and load.clients has 3" },
	{ "{ \"zip\": { \"load.rate\": 5 } }",
	  "line 1: zip: load.rate: must be a list of values, not a number" },
	{ "{ \"matrix\": { \"load.rate\": [] } }",
	  "line 1: matrix: load.rate: must be a list of values, not an empty one" },
	{ "{ \"matrix\": { \"load.rat\": [5] } }",
	  "line 1: matrix: load.rat: unknown key (did you mean 'rate'?)" },
	{ "{ \"matrix\": { \"name\": [\"a\"] } }",
	  "line 1: matrix: name: belongs to the document, not to a case" },
	{ "{ \"matrix\": { \"load.rate\": [5, \"x\"] } }",
	  "line 1: load.rate: 'x' is not a rate (0.001/s to 1000000/s)" },
	{ "{ \"cases\": {} }", "line 1: cases: must be an object of cases, not an empty one" },
	{ "{ \"cases\": { \"a\": { \"expect\": [] } } }",
	  "line 1: cases.a: expect: belongs to the document, not to a case" },
	{ "{ \"cases\": { \"a\": { \"load\": { \"burst\": 0 } } } }",
	  "line 1: cases.a: load.burst: '0' is out of range (1 to 1000)" },
	{ "{ \"expect\": \"x == 1\" }", "line 1: expect: must be a list of strings, not a string" },
	{ "{ \"seed\": 1.5 }", "line 1: seed: '1.5' is not an integer (0 to 9007199254740992)" },
	/* The line is that of the part at fault, however deep. */
	{ "{ \"load\": { \"steps\": [\n{ \"rate\": 5, \"duration\": \"1s\" },\n{ \"rate\": 5,\n\"duration\": 2 } ] } }",
	  "line 4: load.steps: step 2: duration: '2' needs a unit (ns, us, ms, s, m, h)" },
	{ "{ \"load\": { \"steps\": [\n{ \"rate\": 5,\n\"duraton\": \"1s\" } ] } }",
	  "line 3: load.steps: step 1: duraton: unknown key (did you mean 'duration'?)" },
	{ "{ \"load\": { \"steps\": [\n{ \"from\": 5, // 2\n\"to\": \"x\", \"duration\": \"1s\" } ] } }",
	  "line 3: load.steps: step 1: to: 'x' is not a rate (0/s to 1000000/s)" },
	{ "{ \"load\": { \"steps\": [\n{ \"rate\": true, \"duration\": \"1s\" } ] } }",
	  "line 2: load.steps: step 1: rate: must be a number or a string, not true or false" },
	{ "{ \"load\": { \"steps\": [\n{ \"rate\": 5, \"duration\": \"1s\" },\n7 ] } }",
	  "line 3: load.steps: step 2: must be an object, not a number" },
	{ "{ \"protocol\": { \"reply_bytes\": [\n{ \"bytes\": 5 },\n{ \"bytes\": 5,\n\"wieght\": 1 } ] } }",
	  "line 4: protocol.reply_bytes: range 2: wieght: unknown key (did you mean 'weight'?)" },
	{ "{ \"protocol\": { \"reply_bytes\": [\n{ \"weight\": 1,\n\"bytes\": \"9..x\" } ] } }",
	  "line 3: protocol.reply_bytes: range 1: 'x' is not an integer (1 to 1073741824)" },
	{ "{ \"protocol\": { \"request_bytes\": [\n{ \"bytes\": 5,\n\"weight\": \"1\" } ] } }",
	  "line 3: protocol.request_bytes: range 1: weight: must be a number, not a string" },
	{ "{ \"expect\": [\n\"errors.total == 0\",\n5 ] }",
	  "line 3: expect: must be a list of strings, not of a number" },
	{ "{ \"matrix\": {\n\"load.rate\": [ 5,\n6,\n\"x\" ] } }",
	  "line 4: load.rate: 'x' is not a rate (0.001/s to 1000000/s)" },
	{ "{ \"matrix\": { \"strategy\": [ \"client-fin\",\n\"client-fon\" ] } }",
	  "line 2: strategy: 'client-fon' is no strategy (did you mean 'client-fin'?)" },
	{ "{ \"matrix\": { \"load.steps\": [\n[ { \"rate\": 5, \"duration\": \"1s\" } ],\n[ { \"rate\": 5,\n\"duration\": \"1\" } ] ] } }",
	  "line 4: load.steps: step 1: duration: '1' needs a unit (ns, us, ms, s, m, h)" },
	{ "{ \"matrix\": { \"tuning.sysctl.net.ipv4.tcp_tw_reuse\": [ 0,\ntrue ] } }",
	  "line 2: tuning.sysctl: net.ipv4.tcp_tw_reuse: must be a number or a string, not true or false" },
	{ "{ \"zip\": { \"load.rate\": [1, 2],\n\"load.clients\": [1] } }",
	  "line 2: zip: load.rate has 2 values and load.clients has 1" },
	{ "{ \"tuning\": { \"files\": [ \"/dev/null\",\n5 ] } }",
	  "line 1: tuning.files: '/dev/null' is no plain file" },
	{ "{ \"tuning\": { \"files\": [\n5 ] } }",
	  "line 2: tuning.files: must be a list of file names, not of a number" },
	{ "{ \"tuning\": { \"sysctl\": { \"net.ipv4.x\": 1,\n\"net.ipv4.y\": [] } } }",
	  "line 2: tuning.sysctl: net.ipv4.y: must be a number or a string, not an array" },
	{ "{ \"load\": { \"rate\": 5 }, \"cases\": { \"a\": {},\n\"b\": { \"load\": {\n\"shape\": \"poll\",\n\"rate\": 7 } } } }",
	  "line 4: cases.b: load.rate: contradicts load.shape 'poll'" },
	{ "{ \"load\": { \"rate\": 5 },\n\"matrix\": { \"load.engine\": [ \"event\",\n\"straight\" ] },\n\"topology\": \"wire\" }",
	  "line 3: load.engine: 'straight' has no topology host or wire, no HTTP and no think time" },
	{ "{ \"cases\": { \"a\": {},\n\"b\": 5 } }", "line 2: cases.b: must be an object, not a number" },
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
