#include "analysis/labels.h"

#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static void test_labels(void)
{
	static const struct {
		const char *name[2], *label[2];
		size_t chars;
		const char *why;
	} rows[] = {
		{ { "client-fin", "server-fin.rate=0.5" },
		  { "client-fin", "server-fin.rate=0.5" },
		  26,
		  "names that fit stay" },
		{ { "client-fin.rate=300.ip_local_port_range=32768-32867",
		    "client-fin.rate=300.ip_local_port_range=32768-33067" },
		  { "ip_local_p\u2026=32768-32867", "ip_local_p\u2026=32768-33067" },
		  23,
		  "what they share goes, then the key gives" },
		{ { "client-fin.rate=300.ip_local_port_range=32768-32867",
		    "client-fin.rate=600.ip_local_port_range=32768-33067" },
		  { "rate=300.ip_l\u2026=32768-32867", "rate=600.ip_l\u2026=32768-33067" },
		  26,
		  "the longer key first" },
		{ { "client-fin.rate=1200.ip_local_port_range=32768-32867",
		    "client-fin.rate=600.ip_local_port_range=32768-33067" },
		  { "rate=1200.ip_\u2026=32768-32867", "rate=600.ip_l\u2026=32768-33067" },
		  26,
		  "... and all it can" },
		{ { "a-long-label-of-its-own.rate=0.5", "a-long-label-of-its-own" },
		  { "a-long-label-\u2026#1", "a-long-label-\u2026#2" },
		  16,
		  "at last the number of the case" },
		{ { "a-name-as-long-as-that", "a-name-as-long-as-that" },
		  { "a-na\u2026#1", "a-na\u2026#2" },
		  7,
		  "one part always stays" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct label *l = labels_make(rows[i].name, 2, rows[i].chars);

		if (!l)
			abort();
		is_str(l[0].text, rows[i].label[0], "%s", rows[i].why);
		is_str(l[1].text, rows[i].label[1], "%s", rows[i].why);
		free(l);
	}
}

static void test_need(void)
{
	static const char *const name[] = { "client-fin.rate=300.ip_local_port_range=32768-32867",
					    "server-fin.rate=300.ip_local_port_range=32768-33067" };

	is_int(labels_need(name, 2), strlen("client-fin.ip\u2026=32768-32867") - 2,
	       "the head and the value differ");
	is_int(labels_need(name, 1), strlen("client-fin.ra\u2026=300.ip\u2026=32768-32867") - 4,
	       "one name keeps all");
}

static void test_rest(void)
{
	static const char *const without[] = { "rate", "duration", NULL };
	char buf[64];

	is_str(label_rest("a.rate=0.5.ports=range.clients=3", without, buf, sizeof(buf)),
	       ", ports=range, clients=3", "the head and two keys are left out");
	is_str(label_rest("a.rate=0.5", without, buf, sizeof(buf)), "", "nothing is left");
	is_str(label_rest("a.load.rate=9.x=1", without, buf, sizeof(buf)), ", x=1",
	       "a key with a dot ends the head");
}

static void test_shorten(void)
{
	char buf[32];

	is_str(label_shorten("ab\u2026cd", 4, buf, sizeof(buf)), "ab\u2026", "one ellipsis is enough");
	is_str(label_shorten("client-fin", 10, buf, sizeof(buf)), "client-fin", "a name that fits");
	is_str(label_shorten("client-fin-linger", 10, buf, sizeof(buf)), "client-fi\u2026",
	       "one that does not");
}

int main(void)
{
	test_labels();
	test_need();
	test_rest();
	test_shorten();
	return test_done();
}
