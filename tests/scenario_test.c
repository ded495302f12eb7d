/* Scenarios: layers, matrix, names, sysctl.d files, and the way back to JSON. */
#include "bench/scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assets.h"
#include "base/err.h"
#include "bench/scenario_keys.h"
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

/* --- defaults, layers ------------------------------------------------------------------------ */

static void test_defaults(void)
{
	struct scenario s;
	struct err err;

	is_int(parse("{}", NULL, 0, &s, &err), 0, "an empty object is a scenario %s", err.text);
	is_int(s.case_count, 1, "of one case");
	const struct case_spec *c = s.cases;

	is_str(s.name, "x", "named after its file");
	is_str(c->name, "client-fin", "its case after the strategy");
	is_str(c->strategy->name, "client-fin", "default strategy");
	is_int(c->shape, LOAD_RATE, "default shape");
	ok(c->rate_per_s == 200, "200/s");
	is_int(c->duration_ns, INT64_C(8000000000), "8 s");
	is_int(c->reply_bytes.range[0].low, 50, "50 byte replies");
	is_int(c->topology, TOPOLOGY_VETH, "veth");
	is_int(c->requests_per_connection, 1, "one request per connection");
	is_int(c->capture_buffer_bytes, 32 * 1024 * 1024, "32 MiB of capture buffer");
	is_int(c->seed, 42, "seed 42");
	ok(c->drain, "drains");
	is_int(strlen(s.sha256), 64, "the text's digest");
	scenario_release(&s);
	scenario_release(&s);
	scenario_release(NULL);
}

static void test_shape(void)
{
	struct scenario s;
	struct err err;
	const struct override o = { "load.rate", "500/s" };

	parse("{ \"load\": { \"interval\": \"1500ms\" } }", NULL, 0, &s, &err);
	is_int(s.cases[0].shape, LOAD_POLL, "an interval means poll");
	scenario_release(&s);
	parse("{ \"load\": { \"steps\": [{ \"from\": \"100/s\", \"to\": \"400/s\", \"duration\": "
	      "\"10s\" },"
	      " { \"rate\": 400, \"duration\": \"5s\" }] } }",
	      NULL, 0, &s, &err);
	is_int(s.cases[0].shape, LOAD_STEPS, "steps mean steps");
	is_int(s.cases[0].duration_ns, INT64_C(15000000000), "which tell the duration");
	ok(s.cases[0].step[1].from_per_s == 400 && s.cases[0].step[1].to_per_s == 400,
	   "rate stands for from and to");
	scenario_release(&s);
	parse("{ \"load\": { \"shape\": \"poll\", \"interval\": \"1s\" } }", &o, 1, &s, &err);
	is_int(s.cases[0].shape, LOAD_RATE, "a later layer's rate wins over poll");
	scenario_release(&s);
	parse("{ \"load\": { \"interval\": \"1s\" }, \"cases\": { \"a\": { \"load\": { \"rate\": 5 "
	      "} } } }",
	      NULL, 0, &s, &err);
	is_int(s.cases[0].shape, LOAD_RATE, "and so does a case's");
	is_str(s.cases[0].name, "a", "a named case keeps its name");
	scenario_release(&s);
}

static void test_strategies(void)
{
	struct scenario s;
	struct err err;

	parse("{ \"strategy\": \"simultaneous\" }", NULL, 0, &s, &err);
	is_int(s.cases[0].topology, TOPOLOGY_WIRE, "simultaneous gets the wire");
	scenario_release(&s);
	parse("{ \"strategy\": \"keepalive\" }", NULL, 0, &s, &err);
	is_int(s.cases[0].requests_per_connection, 10, "keepalive makes 10 requests");
	scenario_release(&s);
	parse("{ \"strategy\": \"all\" }", NULL, 0, &s, &err);
	is_int(s.case_count, strategies_count, "all: every row");
	scenario_release(&s);
	size_t core = 0;

	for (size_t i = 0; i < strategies_count; i++)
		core += strategies[i].core;
	parse("{ \"matrix\": { \"strategy\": [\"core\", \"client-fin\"] } }", NULL, 0, &s, &err);
	is_int(s.case_count, core, "core: every core row, each once");
	scenario_release(&s);
	parse("{ \"host\": \"[::1]:80\" }", NULL, 0, &s, &err);
	is_int(s.cases[0].topology, TOPOLOGY_HOST, "naming a host means topology host");
	scenario_release(&s);
}

/* --- matrix and overrides -------------------------------------------------------------------- */

static void names_are(const char *text, const struct override *o, size_t n, const char *want)
{
	struct scenario s;
	struct err err;
	char got[1024] = "";
	size_t used = 0;

	parse(text, o, n, &s, &err);
	for (size_t i = 0; i < s.case_count && used < sizeof(got); i++)
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s", i ? " " : "",
					 s.cases[i].name);
	is_str(err.text[0] ? err.text : got, want, "cases: %s", want);
	scenario_release(&s);
}

static void test_names(void)
{
	const struct override rates = { "load.rate", "100/s,200/s" };
	const struct override one = { "load.rate", "7" };
	const struct override two = { "strategy", "client-rst,udp" };
	const struct override sysctl = { "tuning.sysctl.net.ipv4.tcp_tw_reuse", "0,1" };
	const struct override list = { "protocol.reply_bytes",
				       "[{\"bytes\":5},{\"bytes\":\"6..7\"}]" };

	names_are("{ \"matrix\": { \"strategy\": [\"client-fin\", \"udp\"], \"load.rate\": [100, "
		  "\"200/s\"] } }",
		  NULL, 0, "client-fin.rate=100 client-fin.rate=200 udp.rate=100 udp.rate=200");
	names_are("{}", &rates, 1, "client-fin.rate=100 client-fin.rate=200");
	names_are("{ \"zip\": { \"load.rate\": [1, 2], \"load.clients\": [10, 20] } }", NULL, 0,
		  "client-fin.rate=1.clients=10 client-fin.rate=2.clients=20");
	names_are("{ \"zip\": { \"load.rate\": [1, 2], \"load.clients\": [10, 20] },"
		  " \"matrix\": { \"server.threads\": [1, 2] } }",
		  NULL, 0,
		  "client-fin.threads=1.rate=1.clients=10 client-fin.threads=1.rate=2.clients=20 "
		  "client-fin.threads=2.rate=1.clients=10 client-fin.threads=2.rate=2.clients=20");
	names_are("{ \"zip\": { \"load.rate\": [1, 2], \"load.clients\": [10, 20] } }", &rates, 1,
		  "client-fin.rate=100.clients=10 client-fin.rate=100.clients=20 "
		  "client-fin.rate=200.clients=10 client-fin.rate=200.clients=20");
	names_are("{ \"zip\": { \"load.rate\": [1, 2], \"load.clients\": [10, 20] },"
		  " \"cases\": { \"a\": { \"load\": { \"clients\": 5 } } } }",
		  NULL, 0, "a.rate=1 a.rate=2");
	names_are("{ \"matrix\": { \"load.rate\": [1, 2, 3] } }", &rates, 1,
		  "client-fin.rate=100 client-fin.rate=200");
	names_are("{ \"matrix\": { \"load.rate\": [1, 2, 3] } }", &one, 1, "client-fin");
	names_are("{ \"strategy\": \"udp\" }", &two, 1, "client-rst udp");
	names_are("{}", &sysctl, 1, "client-fin.tcp_tw_reuse=0 client-fin.tcp_tw_reuse=1");
	names_are("{}", &list, 1, "client-fin");
	names_are("{ \"matrix\": { \"load.threads\": [1], \"server.threads\": [1, 2] } }", NULL, 0,
		  "client-fin.load.threads=1.server.threads=1 "
		  "client-fin.load.threads=1.server.threads=2");
	names_are("{ \"matrix\": { \"load.rate\": [5, \"5/s\", 5] } }", NULL, 0,
		  "client-fin.rate=5 client-fin.rate=5-2 client-fin.rate=5-3");
	names_are("{ \"cases\": { \"a\": {}, \"../b c\": { \"matrix\": { \"strategy\": [\"udp\"] } "
		  "} } }",
		  NULL, 0, "a _.-b-c.udp");
	names_are("{ \"matrix\": { \"strategy\": [\"udp\", \"client-rst\"] }, \"cases\": {"
		  " \"a\": {}, \"b\": { \"strategy\": \"client-fin\" } } }",
		  NULL, 0, "a.udp a.client-rst b");
	names_are("{ \"matrix\": { \"tuning.sysctl.net.ipv4.ip_local_port_range\": [\"1024 "
		  "65000\"] } }",
		  NULL, 0, "client-fin.ip_local_port_range=1024-65000");
}

static void override_is_refused(const char *key, const char *value, const char *want)
{
	const struct override o = { key, value };
	struct scenario s;
	struct err err;
	int r = parse("{}", &o, 1, &s, &err);

	ok(r < 0, "--set %s=%s is refused", key, value);
	check_text(r < 0 ? err.text + strlen("scenario 'x.json': ") : "", want);
	scenario_release(&s);
}

static void test_overrides(void)
{
	const struct override o[] = { { "tuning.sysctl.net/ipv4/tcp_fin_timeout", "9" },
				      { "drain", "false" },
				      { "load.clients", "2k" } };
	struct scenario s;
	struct err err;

	parse("{ \"tuning\": { \"sysctl\": { \"net.ipv4.tcp_fin_timeout\": 5 } }, \"drain\": true,"
	      " \"matrix\": { \"load.clients\": [1, 2] } }",
	      o, 3, &s, &err);
	is_int(s.case_count, 1, "a plain override takes the place of a list");
	is_str(s.cases[0].sysctl[0].value, "9", "a sysctl is replaced, however it is spelled");
	is_int(s.cases[0].sysctl_count, 1, "not doubled");
	is_int(s.cases[0].clients, 2000, "2k clients");
	ok(!s.cases[0].drain, "no drain");
	scenario_release(&s);
	parse("{ \"matrix\": { \"tuning.sysctl.net.ipv4.tcp_fin_timeout\": [1, 2] } }", o, 1, &s,
	      &err);
	is_int(s.case_count, 1, "and takes the place of its list, too");
	scenario_release(&s);
	override_is_refused("rate", "5", "rate: unknown key (did you mean 'load.rate'?)");
	override_is_refused("load.rate", "1,,2", "load.rate: a value of the list is empty");
	override_is_refused("load.rate", "1,x",
			    "load.rate: 'x' is not a rate (0.001/s to 1000000/s)");
	override_is_refused("name", "x", "name: belongs to the document, not to a case");
	override_is_refused("tuning.sysctl", "1",
			    "tuning.sysctl: name the key: tuning.sysctl.net.ipv4.tcp_tw_reuse=1");
}

static void test_limits(void)
{
	struct scenario s;
	struct err err;

	parse("{ \"matrix\": { \"load.clients\": [1,2,3,4,5,6,7,8,9,10], \"load.burst\":"
	      " [1,2,3,4,5,6,7,8,9,10], \"seed\": [1,2,3,4,5,6,7,8,9,10] } }",
	      NULL, 0, &s, &err);
	is_str(err.text, "scenario 'x.json': line 1: matrix: unfolds to more than 512 cases",
	       "a matrix has its limit");
	scenario_release(&s);
}

/* --- sysctl.d -------------------------------------------------------------------------------- */

static void test_sysctl_text(void)
{
	static struct case_spec c;
	static const char text[] = "# comment\n; another\n\n"
				   "net.ipv4.tcp_tw_reuse = 1\r\n"
				   "-net/ipv4/tcp_fin_timeout=30\n"
				   "net.ipv4.ip_local_port_range =\t1024 65000\n"
				   "net.ipv4.tcp_tw_reuse = 2";
	struct err err;

	is_int(scenario_sysctl_text(&c, "60.conf", text, strlen(text), &err), 0, "a sysctl.d file");
	is_int(c.sysctl_count, 3, "three keys");
	is_str(c.sysctl[0].value, "2", "the last line for a key wins");
	is_str(c.sysctl[1].key, "net.ipv4.tcp_fin_timeout", "slashes are dots");
	is_str(c.sysctl[2].value, "1024 65000", "blanks inside a value stay");
	is_int(scenario_sysctl_text(&c, "60.conf", "\nx\n", 3, &err), -EINVAL, "no '='");
	is_str(err.text, "60.conf:2: 'x' is not \"key = value\"", "file and line");
	is_int(scenario_sysctl_text(&c, "60.conf", "net.*.x=1", 9, &err), -EINVAL, "a pattern");
	is_int(scenario_sysctl_text(&c, "60.conf", "net.x=\n", 7, &err), -EINVAL, "no value");
	is_int(scenario_sysctl_text(&c, "60.conf", "net.x=\0", 7, &err), -EINVAL, "a NUL");
}

/* A file of the command line refines what the document says, and leaves what varies alone. */
static void test_sysctl_file(void)
{
	char path[] = "/tmp/scenario_test.XXXXXX";
	int fd = mkstemp(path);
	const struct override o = { "tuning.files", path };
	static const char text[] = "net.ipv4.tcp_fin_timeout = 7\nnet.ipv4.tcp_tw_reuse = 2\n";
	struct scenario s;
	struct err err;

	ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "a file is written");
	parse("{ \"tuning\": { \"sysctl\": { \"net.ipv4.tcp_fin_timeout\": 5 } },"
	      " \"matrix\": { \"tuning.sysctl.net.ipv4.tcp_tw_reuse\": [0, 1] } }",
	      &o, 1, &s, &err);
	is_int(s.case_count, 2, "two cases %s", err.text);
	for (size_t i = 0; i < s.case_count; i++) {
		is_str(s.cases[i].sysctl[0].value, "7", "the file wins over the document");
		is_str(s.cases[i].sysctl[1].value, i ? "1" : "0", "not over the matrix");
	}
	scenario_release(&s);
	(void)close(fd);
	(void)unlink(path);
}

/* --- the way back ---------------------------------------------------------------------------- */

static char *written(const struct case_spec *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct jsonw w;

	jsonw_init(&w, out);
	scenario_case_write(c, &w);
	jsonw_end(&w);
	fclose(out);
	return text;
}

static void comes_back(const struct case_spec *c)
{
	struct scenario s;
	struct err err;
	char *first = written(c), *second = NULL;

	if (parse(first, NULL, 0, &s, &err) == 0)
		second = written(&s.cases[0]);
	is_str(second ? second : err.text, first, "%s is written and read back", c->name);
	free(first);
	free(second);
	scenario_release(&s);
}

static void test_round_trip(void)
{
	static const char *const texts[] = {
		"{ \"strategy\": \"all\" }",
		"{ \"load\": { \"interval\": \"1500ms\", \"burst\": 5 } }",
		"{ \"load\": { \"steps\": [{ \"from\": \"-0\", \"to\": \"4/s\", \"duration\": "
		"\"1.5s\" }] } }",
		"{ \"protocol\": { \"reply_bytes\": [{ \"bytes\": \"50\", \"weight\": 0.9 },"
		" { \"bytes\": \"51..2040\", \"weight\": 0.1 }], \"request_bytes\": \"20..1Ki\" } "
		"}",
		"{ \"host\": \"example.net:80\", \"protocol\": { \"http\": true, \"path\": \"/x\" "
		"} }",
		"{ \"tuning\": { \"sysctl\": { \"net.ipv4.tcp_tw_reuse\": 1 } }, \"load\": {"
		" \"shape\": \"saturate\" }, \"addressing\": { \"family\": 6 } }",
	};
	struct scenario s;
	struct err err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		is_int(parse(texts[i], NULL, 0, &s, &err), 0, "parses %s", err.text);
		for (size_t j = 0; j < s.case_count; j++)
			comes_back(&s.cases[j]);
		scenario_release(&s);
	}
}

/* --- shipped --------------------------------------------------------------------------------- */

static void test_shipped(void)
{
	struct scenario s;
	struct err err;
	char name[64], summary[256];

	ok(scenario_shipped_count() >= 6, "scenarios are shipped");
	for (size_t i = 0; i < scenario_shipped_count(); i++) {
		scenario_shipped_name(i, name, sizeof(name));
		err.text[0] = '\0';
		is_int(scenario_load(name, NULL, 0, &s, &err), 0, "%s loads %s", name, err.text);
		is_str(s.name, name, "and is named as its file");
		is_int(scenario_shipped_summary(i, summary, sizeof(summary)), 0, "has a summary");
		is_str(summary, s.summary, "which is the one in the file");
		for (size_t j = 0; j < s.case_count; j++)
			comes_back(&s.cases[j]);
		scenario_release(&s);
	}
	ok(scenario_load("sede", NULL, 0, &s, &err) < 0, "no such scenario");
	is_str(err.text, "no scenario 'sede' (did you mean 'seed'?)", "but there is one like it");
	ok(scenario_load("./nonexistent.json", NULL, 0, &s, &err) < 0, "no such file");
	is_str(err.text,
	       "scenario './nonexistent.json': cannot be opened: No such file or directory",
	       "which is said");
}

static void test_schema(void)
{
	const struct asset *shipped = asset_find("fixtures/schema/scenario.schema.json");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	scenario_write_schema(out);
	fclose(out);
	ok(shipped && size == shipped->size && memcmp(text, shipped->data, size) == 0,
	   "the shipped schema is the generated one");
	free(text);
	out = open_memstream(&text, &size);
	scenario_write_keys(out, true);
	scenario_write_keys(out, false);
	fclose(out);
	for (size_t i = 0; i < scenario_keys_count; i++)
		ok(strstr(text, scenario_keys[i].path), "%s is documented", scenario_keys[i].path);
	free(text);
}

/* A key in a section that the table of sections lacks could never be given. */
static void test_table(void)
{
	for (size_t i = 0; i < scenario_keys_count; i++) {
		const char *path = scenario_keys[i].path;
		size_t len = strcspn(path, ".");
		bool known = path[len] == '\0';

		for (size_t j = 0; scenario_section_word(j); j++)
			known |= strlen(scenario_section_word(j)) == len &&
				 strncmp(scenario_section_word(j), path, len) == 0;
		if (!known)
			ok(false, "%s is in a section nobody knows", path);
	}
	ok(true, "every key has a known section");
}

int main(void)
{
	test_defaults();
	test_shape();
	test_strategies();
	test_names();
	test_overrides();
	test_limits();
	test_sysctl_text();
	test_sysctl_file();
	test_round_trip();
	test_shipped();
	test_schema();
	test_table();
	return test_done();
}
