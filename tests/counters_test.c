#include "capture/counters.h"

#include <errno.h>
#include <fcntl.h>

#include "base/err.h"
#include "tests/guard.h"
#include "tests/netns.h"
#include "tests/test.h"

/* The text of a file, at the end of a page; free with guard_free. */
static const char *load(const char *path, struct guard *g)
{
	char buf[32768];
	FILE *f = fopen(path, "rbe");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	ok(f != NULL && n < sizeof(buf) - 1, "%s is there", path);
	if (f)
		(void)fclose(f);
	buf[n] = '\0';
	return (const char *)guard_copy(g, buf, n + 1);
}

static int parse_file(const char *path, struct counter_set *into, struct err *err)
{
	struct guard g;
	int r = counter_parse_pairs(load(path, &g), into, err);

	guard_free(&g);
	return r;
}

static bool sorted(const struct counter_set *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (strcmp(s->item[i - 1].name, s->item[i].name) >= 0)
			return false;
	return true;
}

struct wanted {
	const char *name;
	int64_t value;
};

static void test_kernel(const char *snmp, const char *netstat, const struct wanted *want)
{
	struct counter_set s = { 0 };
	struct err err;

	is_int(parse_file(snmp, &s, &err), 0, "%s", snmp);
	is_int(parse_file(netstat, &s, &err), 0, "%s", netstat);
	ok(sorted(&s), "%zu counters, sorted", s.count);
	for (; want->name; want++)
		is_int(counter_get(&s, want->name), want->value, "%s", want->name);
	counter_set_release(&s);
	is_int(counter_get(&s, "TcpActiveOpens"), INT64_MIN, "released: nothing is there");
}

static void test_kernels(void)
{
	static const struct wanted today[] = { { "IpForwarding", 2 },
					       { "IcmpMsgOutType3", 1 },
					       { "TcpMaxConn", -1 },
					       { "TcpActiveOpens", 10 },
					       { "TcpPassiveOpens", 7 },
					       { "TcpAttemptFails", 3 },
					       { "TcpEstabResets", 4 },
					       { "TcpCurrEstab", 4 },
					       { "TcpOutRsts", 5 },
					       { "UdpNoPorts", 1 },
					       { "TcpExtTW", 3 },
					       { "TcpExtTCPAbortOnData", 2 },
					       { "TcpExtTCPTimeWaitOverflow", 0 },
					       { "IpExtInNoRoutes", 0 },
					       { "MPTcpExtMPCapableSYNRX", 0 },
					       { "TW", INT64_MIN },
					       { "", INT64_MIN },
					       { NULL, 0 } };
	static const struct wanted old[] = { { "TcpActiveOpens", 10 },
					     { "TcpExtTW", 3 },
					     { "TcpExtTCPTimeWaitOverflow", INT64_MIN },
					     { "MPTcpExtMPCapableSYNRX", INT64_MIN },
					     { NULL, 0 } };

	test_kernel("fixtures/proc/linux-6.18/snmp", "fixtures/proc/linux-6.18/netstat", today);
	test_kernel("fixtures/proc/linux-2.6/snmp", "fixtures/proc/linux-2.6/netstat", old);
}

/* Each odd text: what it must give, and what was there before must still be. */
static void test_odd(void)
{
	static const struct {
		const char *path, *says; /* says NULL: no fault */
	} odd[] = {
		{ "empty", NULL },
		{ "limits", NULL },
		{ "blanks", NULL },
		{ "no-second-line", "line 1: 'Tcp:' has names but no values" },
		{ "other-second-line", "line 1: 'Tcp:' has names but no values" },
		{ "fewer-values", "line 1: 'Tcp:' has more names than values" },
		{ "more-values", "line 1: 'Tcp:' has fewer names than values" },
		{ "not-a-number", "line 1: 'Tcp:' PassiveOpens: 'two' is no counter" },
		{ "huge", "line 1: 'Tcp:' PassiveOpens: '9223372036854775808' is no counter" },
		{ "long-name", "line 1: 'TcpExt:' AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA: "
			       "'1' is no counter" },
		{ "twice", "'TcpActiveOpens' is there twice" },
		{ "no-prefix", "line 1: a line that does not begin with 'Word:'" },
		{ "bare-colon", "line 1: a line that does not begin with 'Word:'" },
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct counter_set s = { 0 };
		struct err err = { .text = "" };
		char path[128];
		int r;

		(void)snprintf(path, sizeof(path), "fixtures/proc/odd/%s", odd[i].path);
		(void)counter_parse_pairs("Before: That\nBefore: 17\n", &s, &err);
		r = parse_file(path, &s, &err);
		is_int(r, odd[i].says ? -EINVAL : 0, "%s", odd[i].path);
		is_str(err.text, odd[i].says ? odd[i].says : "", "%s: words", odd[i].path);
		is_int(counter_get(&s, "BeforeThat"), 17, "%s: what was before", odd[i].path);
		ok(r == 0 || s.count == 1, "%s: nothing is left of a bad text", odd[i].path);
		counter_set_release(&s);
	}
}

static void test_limits(void)
{
	struct counter_set s = { 0 };
	struct err err;

	is_int(parse_file("fixtures/proc/odd/limits", &s, &err), 0, "limits");
	is_int(counter_get(&s, "TcpMost"), INT64_MAX, "the largest");
	is_int(counter_get(&s, "TcpLeast"), INT64_MIN, "the least");
	is_int(counter_get(&s, "TcpMinusNought"), 0, "-0");
	counter_set_release(&s);
	is_int(parse_file("fixtures/proc/odd/blanks", &s, &err), 0, "blanks");
	is_int(counter_get(&s, "TcpPassiveOpens"), 2, "tabs and blanks part words");
	counter_set_release(&s);
}

/* Every prefix of a real file: a fault or fewer counters, never a crash or a wrong value. */
static void test_prefixes(void)
{
	struct guard whole;
	const char *text = load("fixtures/proc/linux-6.18/snmp", &whole);
	size_t size = strlen(text), wrong = 0;

	for (size_t n = 0; n < size; n++) {
		struct counter_set s = { 0 };
		struct guard g;
		struct err err;
		char *cut = (char *)guard_copy(&g, text, n + 1);

		cut[n] = '\0';
		if (counter_parse_pairs(cut, &s, &err) == 0 && !sorted(&s))
			wrong++;
		(void)counter_parse_sockstat(cut, "TCP:", "tw");
		counter_set_release(&s);
		guard_free(&g);
	}
	is_int(wrong, 0, "every prefix of a file");
	guard_free(&whole);
}

static void test_sockstat(void)
{
	struct guard g;
	const char *text = load("fixtures/proc/linux-6.18/sockstat", &g);

	is_int(counter_parse_sockstat(text, "TCP:", "tw"), 3, "tw");
	is_int(counter_parse_sockstat(text, "TCP:", "inuse"), 5, "inuse");
	is_int(counter_parse_sockstat(text, "sockets:", "used"), 6, "used");
	is_int(counter_parse_sockstat(text, "TCP:", "wt"), INT64_MIN, "no such field");
	is_int(counter_parse_sockstat(text, "SCTP:", "inuse"), INT64_MIN, "no such line");
	is_int(counter_parse_sockstat(text, "TC", "inuse"), INT64_MIN, "part of a word is no line");
	guard_free(&g);
	is_int(counter_parse_sockstat("", "TCP:", "tw"), INT64_MIN, "empty");
	is_int(counter_parse_sockstat("TCP: inuse 0 tw", "TCP:", "tw"), INT64_MIN, "no value");
	is_int(counter_parse_sockstat("TCP: tw x\n", "TCP:", "tw"), INT64_MIN, "no number");
	is_int(counter_parse_sockstat("TCP: tw 99999999999999999999\n", "TCP:", "tw"), INT64_MIN,
	       "beyond 64 bits");
	is_int(counter_parse_sockstat("TCP: tw inuse 3\n", "TCP:", "inuse"), INT64_MIN,
	       "a value is not taken for a field");
}

static void test_one_of_pairs(void)
{
	struct guard g;
	const char *text = load("fixtures/proc/linux-6.18/snmp", &g);

	is_int(counter_parse_pair(text, "Tcp:", "InSegs"), 52, "InSegs");
	is_int(counter_parse_pair(text, "Tcp:", "MaxConn"), -1, "MaxConn");
	is_int(counter_parse_pair(text, "Udp:", "NoPorts"), 1, "a later line");
	is_int(counter_parse_pair(text, "Tcp:", "NoPorts"), INT64_MIN, "a field of another line");
	is_int(counter_parse_pair(text, "Sctp:", "InSegs"), INT64_MIN, "no such line");
	guard_free(&g);
	is_int(counter_parse_pair("Tcp: A B\nTcp: 1\n", "Tcp:", "B"), INT64_MIN, "no value");
	is_int(counter_parse_pair("Tcp: A\n", "Tcp:", "A"), INT64_MIN, "no second line");
	is_int(counter_parse_pair("", "Tcp:", "A"), INT64_MIN, "empty");
}

/* Files stay bound to the namespace they were opened in. */
static void test_live(void)
{
	const char *why = netns_enter(1024);
	struct counter_files f, other;
	struct counter_set s = { 0 };
	struct err err;
	int listener, pair[2];
	int64_t tw, inuse;

	if (why) {
		test_skip("counters of a live namespace", why);
		return;
	}
	is_int(counter_files_open(&f, &err), 0, "open");
	listener = netns_listen(NETNS_ADDR, 5000, 16);
	ok(netns_pair(listener, NETNS_ADDR, 5000, pair) && netns_close_pair(pair, 0),
	   "a connection");
	is_int(unshare(CLONE_NEWNET), 0, "leave for another namespace");
	is_int(counter_set_read(&f, &s, &err), 0, "read");
	is_int(counter_get(&s, "TcpActiveOpens"), 1, "ActiveOpens");
	is_int(counter_get(&s, "TcpExtTW") + counter_get(&s, "TcpExtTWKilled"), 1, "TW");
	counter_set_release(&s);
	is_int(counter_read_sockstat(&f, &tw, &inuse), 0, "read sockstat");
	ok(tw == 1 && inuse == 1, "tw 1, inuse 1 (the listener)");
	is_int(counter_files_open(&other, &err), 0, "open there");
	ok(counter_read_sockstat(&other, &tw, &inuse) == 0 && tw == 0 && inuse == 0,
	   "the other namespace is empty");
	counter_files_close(&other);
	counter_files_close(&f);
	counter_files_close(&f);
	ok(f.snmp == -1 && f.netstat == -1 && f.sockstat == -1, "closed, twice");
	is_int(counter_read_sockstat(&f, &tw, &inuse), -EBADF, "nothing is read when closed");
	is_int(counter_set_read(&f, &s, &err), -EBADF, "... of counters either");
}

int main(void)
{
	test_kernels();
	test_odd();
	test_limits();
	test_prefixes();
	test_sockstat();
	test_one_of_pairs();
	test_live();
	return test_done();
}
