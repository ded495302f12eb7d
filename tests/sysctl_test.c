/* sysctl: keys and values, without a namespace; setting them is tried in lab_test. */
#include "bench/sysctl.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "tests/test.h"

static void test_sysctl_path(void)
{
	static const struct {
		const char *key, *path;
	} row[] = {
		{ "net.ipv4.tcp_rmem", "/proc/sys/net/ipv4/tcp_rmem" },
		{ "net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_rmem" },
		{ "net/ipv4/conf/eth0.7/rp_filter", "/proc/sys/net/ipv4/conf/eth0.7/rp_filter" },
		{ "net.ipv4.conf.eth0/7.rp_filter", "/proc/sys/net/ipv4/conf/eth0.7/rp_filter" },
		{ "net", NULL },
		{ "", NULL },
		{ "net..ipv4", NULL },
		{ "net.ipv4.", NULL },
		{ ".net.ipv4", NULL },
		{ "net/../kernel/x", NULL },
		{ "net.//.kernel", NULL },
		{ "net.ipv4.a b", NULL },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char path[256] = "";
		int code = sysctl_path(row[i].key, path, sizeof(path));

		is_int(code, row[i].path ? 0 : -EINVAL, "key '%s'", row[i].key);
		if (code == 0 && row[i].path)
			is_str(path, row[i].path, "... is there");
	}
}

static void test_fold(void)
{
	char text[] = "\t4096  131072\t6291456 \n", blank[] = " \n";

	sysctl_fold(text);
	is_str(text, "4096 131072 6291456", "white space folded");
	sysctl_fold(blank);
	is_str(blank, "", "nothing folded");
}

static void test_read(void)
{
	char value[64] = "as it was";

	is_int(sysctl_read("net.ipv4.no_such_key", value, sizeof(value)), -ENOENT, "no such key");
	is_int(sysctl_read("net", value, sizeof(value)), -EINVAL, "no key");
	is_str(value, "as it was", "nothing is written then");
	is_int(sysctl_read("net.ipv4.tcp_rmem", value, 3), -EOVERFLOW, "no room");
	is_int(sysctl_read("net.ipv4.tcp_rmem", value, sizeof(value)), 0, "three numbers");
	ok(strchr(value, ' ') && !strchr(value, '\t') && !strchr(value, '\n'), "... folded");
	ok(sysctl_exists("net.ipv4.tcp_rmem"), "it is there");
	ok(!sysctl_exists("net.ipv4.no_such_key"), "it is not");
}

int main(void)
{
	test_sysctl_path();
	test_fold();
	test_read();
	return test_done();
}
