/* lab: each topology is made in a child, tried by real connections, and gone afterwards. */
#include "bench/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/isolate.h"
#include "bench/sysctl.h"
#include "tests/test.h"

static struct lab_options options(enum topology t, int family)
{
	return (struct lab_options){ .topology = t, .family = family, .sources = 1 };
}

/* --- talking through a lab; run in the child, faults as struct err -------------------------- */

static int listen_at(const struct lab *lab, struct endpoint *ret, int *fd, struct err *err)
{
	struct sockaddr_storage sa;
	struct endpoint at = lab->server;
	socklen_t size = endpoint_to_sockaddr(&at, &sa);
	int code = lab_join(lab, LAB_NS_SERVER, err);

	if (code < 0)
		return code;
	*fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)&sa, size) < 0 || listen(*fd, 64) < 0 ||
	    getsockname(*fd, (struct sockaddr *)&sa, &size) < 0)
		return err_errno(err, "listen");
	(void)endpoint_from_sockaddr(&sa, ret);
	return lab_join(lab, LAB_NS_CLIENT, err);
}

static int connect_from(const struct endpoint *from, const struct endpoint *to, struct err *err)
{
	struct sockaddr_storage local, remote;
	unsigned size = endpoint_to_sockaddr(from, &local);
	struct endpoint got;
	socklen_t got_size = sizeof(local);
	struct tcp_info info = { 0 };
	socklen_t info_size = sizeof(info);
	int code = 0, fd;

	(void)endpoint_to_sockaddr(to, &remote);
	fd = socket(local.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, "make a socket");
	if (bind(fd, (struct sockaddr *)&local, size) < 0)
		code = err_errno(err, "bind a source");
	else if (connect(fd, (struct sockaddr *)&remote, size) < 0)
		code = err_errno(err, "connect");
	else if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size) < 0 || info.tcpi_total_retrans > 0)
		code = err_set(err, -ETIME, "the first SYN was lost");
	else if (getsockname(fd, (struct sockaddr *)&local, &got_size) < 0 ||
		 endpoint_from_sockaddr(&local, &got) < 0 ||
		 memcmp(got.addr, from->addr, sizeof(got.addr)) != 0)
		code = err_set(err, -EPROTO, "connected from another address");
	(void)close(fd);
	return code;
}

/* Make the lab and connect from the first and the last source. */
static int try_connections(const void *arg, struct err *err)
{
	const struct lab_options *o = arg;
	struct endpoint to, last;
	struct lab lab;
	int fd = -1, code = lab_enter(&lab, o, err);

	if (code == 0)
		code = listen_at(&lab, &to, &fd, err);
	if (code == 0)
		code = connect_from(&lab.client, &to, err);
	last = endpoint_plus(&lab.client, o->sources - 1);
	if (code == 0)
		code = connect_from(&last, &to, err);
	if (code == 0 && if_nametoindex(lab.interface[SIDE_CLIENT]) == 0)
		code = err_set(err, -ENODEV, "no interface %s", lab.interface[SIDE_CLIENT]);
	return code;
}

static void test_connections(void)
{
	static const struct {
		enum topology topology;
		int family;
		uint32_t sources;
	} row[] = {
		{ TOPOLOGY_VETH, 4, 1 },      { TOPOLOGY_VETH, 6, 1 },
		{ TOPOLOGY_VETH, 4, 300 },    { TOPOLOGY_VETH, 6, 300 },
		{ TOPOLOGY_LO, 4, 4096 },     { TOPOLOGY_LO, 6, 1 },
		{ TOPOLOGY_LO_ALIAS, 4, 20 }, { TOPOLOGY_LO_ALIAS, 6, 20 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct lab_options o = options(row[i].topology, row[i].family);
		struct err err = { .text = "" };

		o.sources = row[i].sources;
		is_int(isolate_in_child(try_connections, &o, &err), 0,
		       "%s, IPv%d, %u sources: first and last connect at once",
		       topology_key(o.topology), o.family, o.sources);
		if (err.text[0])
			printf("# %s\n", err.text);
	}
}

/* --- shape ---------------------------------------------------------------------------------- */

static ino_t inode(int fd)
{
	struct stat s;

	return fstat(fd, &s) < 0 ? 0 : s.st_ino;
}

static ino_t current_ns(void)
{
	struct stat s;

	return stat("/proc/thread-self/ns/net", &s) < 0 ? 0 : s.st_ino;
}

static int try_shape(const void *arg, struct err *err)
{
	const struct lab_options *o = arg;
	bool two = o->topology == TOPOLOGY_VETH || o->topology == TOPOLOGY_WIRE;
	bool wire = o->topology == TOPOLOGY_WIRE;
	ino_t host = current_ns();
	struct lab lab;
	int code = lab_enter(&lab, o, err);

	if (code < 0)
		return code;
	if (current_ns() != inode(lab.ns[LAB_NS_CLIENT]) || current_ns() == host)
		return err_set(err, -EPROTO, "not in the client's namespace");
	if (two == (inode(lab.ns[LAB_NS_SERVER]) == current_ns()) || two == lab.shared)
		return err_set(err, -EPROTO, "client and server: %s", lab.shared ? "one" : "two");
	if (wire != (lab.ns[LAB_NS_RELAY] >= 0))
		return err_set(err, -EPROTO, "relay namespace: %d", lab.ns[LAB_NS_RELAY]);
	if (lab.mtu != (two ? 1500 : 65536))
		return err_set(err, -EPROTO, "mtu %d", lab.mtu);
	if (lab.client.family != o->family || lab.server.family != o->family || lab.client.port)
		return err_set(err, -EPROTO, "families");
	if (wire &&
	    (lab_join(&lab, LAB_NS_RELAY, err) < 0 || if_nametoindex(lab.relay_interface[0]) == 0 ||
	     if_nametoindex(lab.relay_interface[1]) == 0))
		return err_set(err, -EPROTO, "the relay lacks an interface");
	if (!wire && lab_join(&lab, LAB_NS_RELAY, err) != -EINVAL)
		return err_set(err, -EPROTO, "joined a relay that is not there");
	return 0;
}

static void test_shapes(void)
{
	for (int t = 0; t < TOPOLOGY_HOST; t++) {
		struct lab_options o = options((enum topology)t, 4);
		struct err err = { .text = "" };

		is_int(isolate_in_child(try_shape, &o, &err), 0, "shape of %s%s%s",
		       topology_key((enum topology)t), err.text[0] ? ": " : "", err.text);
	}
}

static int try_host(const void *arg, struct err *err)
{
	struct lab_options o = options(TOPOLOGY_HOST, 4);
	ino_t before = current_ns();
	struct lab lab;
	int code = lab_enter(&lab, &o, err);

	(void)arg;
	if (code == 0 && (current_ns() != before || inode(lab.ns[LAB_NS_SERVER]) != before ||
			  lab.isolation != ISOLATION_NONE || !lab.shared))
		code = err_set(err, -EPROTO, "moved");
	return code < 0 ? code : lab_join(&lab, LAB_NS_SERVER, err);
}

/* --- hash and sysctls ----------------------------------------------------------------------- */

static int value_is(const char *key, const char *want, struct err *err)
{
	char got[160] = "";
	int code = lab_sysctl_read(key, got, sizeof(got));

	if (code < 0)
		return err_set(err, code, "cannot read %s", key);
	return strcmp(got, want) == 0 ? 0 : err_set(err, -EPROTO, "%s: %s, not %s", key, got, want);
}

static int try_private_hash(const void *arg, struct err *err)
{
	char buckets[32], backlog[32];
	struct lab_options o = options(TOPOLOGY_VETH, 4);
	struct lab lab;
	int code;

	(void)arg;
	o.ehash_entries = 1024;
	if (!sysctl_exists("net.ipv4.tcp_child_ehash_entries"))
		return 0; /* an old kernel: lab.ehash_entries < 0, which test_shared_hash sees */
	if (sysctl_read("net.ipv4.tcp_max_tw_buckets", buckets, sizeof(buckets)) < 0 ||
	    sysctl_read("net.ipv4.tcp_max_syn_backlog", backlog, sizeof(backlog)) < 0)
		return err_set(err, -EPROTO, "the host lacks a key");
	code = lab_enter(&lab, &o, err);
	for (int ns = LAB_NS_CLIENT; code == 0 && ns <= LAB_NS_SERVER; ns++) {
		code = lab_join(&lab, (enum lab_ns)ns, err);
		if (code == 0)
			code = value_is("net.ipv4.tcp_ehash_entries", "1024", err);
		if (code == 0)
			code = value_is("net.ipv4.tcp_max_tw_buckets", buckets, err);
		if (code == 0)
			code = value_is("net.ipv4.tcp_max_syn_backlog", backlog, err);
	}
	if (code == 0 && lab.ehash_entries != 1024)
		code = err_set(err, -EPROTO, "ehash_entries %d", (int)lab.ehash_entries);
	return code;
}

static int try_shared_hash(const void *arg, struct err *err)
{
	struct lab_options o = options(TOPOLOGY_LO, 4);
	struct lab lab;
	int code = lab_enter(&lab, &o, err);

	(void)arg;
	if (code == 0 && lab.ehash_entries >= 0)
		code = err_set(err, -EPROTO, "ehash_entries %d", (int)lab.ehash_entries);
	return code;
}

static int try_sysctls(const void *arg, struct err *err)
{
	static const struct lab_sysctl want[] = {
		{ "net.ipv4.tcp_fin_timeout", "7" },
		{ "net/ipv4/ip_local_port_range", "20000   20099" },
		{ "net.ipv4.tcp_max_tw_buckets", "77" },
		{ "net.ipv4.tcp_fin_timeout", "8" },
	};
	struct lab_options o = options(TOPOLOGY_VETH, 4);
	struct lab lab;
	int code;

	(void)arg;
	o.sysctl = want;
	o.sysctl_count = sizeof(want) / sizeof(want[0]);
	o.ehash_entries = 512;
	code = lab_enter(&lab, &o, err);
	for (int ns = LAB_NS_CLIENT; code == 0 && ns <= LAB_NS_SERVER; ns++) {
		code = lab_join(&lab, (enum lab_ns)ns, err);
		if (code == 0)
			code = value_is("net.ipv4.tcp_fin_timeout", "8", err);
		if (code == 0)
			code = value_is("net.ipv4.ip_local_port_range", "20000 20099", err);
		if (code == 0)
			code = value_is("net.ipv4.tcp_max_tw_buckets", "77", err);
	}
	if (code == 0)
		code = lab_sysctl_write("net.ipv4.tcp_fin_timeout", "9", err);
	return code < 0 ? code : value_is("net.ipv4.tcp_fin_timeout", "9", err);
}

static int try_enter(const void *arg, struct err *err)
{
	const struct lab_options *o = arg;
	struct lab lab;

	return lab_enter(&lab, o, err);
}

static void test_refusals(enum isolation how)
{
	static const struct {
		struct lab_sysctl set;
		const char *words;
	} row[] = {
		{ { "net.ipv4.tcp_mem", "1 2 3" },
		  "lab 'lo': 'net.ipv4.tcp_mem' is host-wide: it cannot be set in a namespace" },
		{ { "net.core.rmem_max", "100000" },
		  "lab 'lo': 'net.core.rmem_max' is host-wide: it can be read but not set in a "
		  "namespace" },
		{ { "net.ipv4.tcp_tw_recycle", "1" },
		  "lab 'lo': 'net.ipv4.tcp_tw_recycle' is not known to this kernel (removed in "
		  "Linux 4.12)" },
		{ { "net.ipv4.no_such_key", "1" },
		  "lab 'lo': 'net.ipv4.no_such_key' is not known to this kernel" },
		{ { "net.ipv4.tcp_tw_reuse", "3" },
		  "lab 'lo': 'net.ipv4.tcp_tw_reuse': the kernel refuses the value '3': Invalid "
		  "argument" },
		{ { "net.ipv4.tcp_fin_timeout", "010" },
		  "lab 'lo': 'net.ipv4.tcp_fin_timeout': '010' was written, the kernel made it "
		  "'8'" },
		{ { "kernel.core_pattern", "x" },
		  "lab 'lo': 'kernel.core_pattern' is host-wide: only net.* can be set in a "
		  "namespace" },
		{ { "net/../kernel/core_pattern", "x" },
		  "lab 'lo': 'net/../kernel/core_pattern' is not a sysctl key" },
		{ { "net.ipv4.tcp_child_ehash_entries", "64" },
		  "lab 'lo': 'net.ipv4.tcp_child_ehash_entries' is the lab's own: it makes the "
		  "hash table" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct lab_options o = options(TOPOLOGY_LO, 4);
		struct err err = { .text = "" };

		o.isolation = how;
		o.sysctl = &row[i].set;
		o.sysctl_count = 1;
		is_int(isolate_in_child(try_enter, &o, &err), -EINVAL, "%s: %s=%s is refused",
		       isolation_key(how), row[i].set.key, row[i].set.value);
		is_str(err.text, row[i].words, "... in words");
	}
}

static void test_options(void)
{
	struct lab_sysctl set = { "net.ipv4.tcp_fin_timeout", "30" };
	struct lab_options o = options(TOPOLOGY_LO, 6);
	struct lab lab;
	struct err err;

	o.sources = 2;
	is_int(lab_enter(&lab, &o, &err), -EINVAL, "two sources on IPv6 lo");
	o.sources = 0;
	is_int(lab_enter(&lab, &o, &err), -EINVAL, "no source");
	o.sources = 4097;
	is_int(lab_enter(&lab, &o, &err), -EINVAL, "too many sources");
	o = options(TOPOLOGY_VETH, 5);
	is_int(lab_enter(&lab, &o, &err), -EINVAL, "family 5");
	o = options(TOPOLOGY_VETH, 4);
	o.isolation = ISOLATION_NONE;
	is_int(lab_enter(&lab, &o, &err), -EINVAL, "veth without namespaces");
	o = options(TOPOLOGY_HOST, 4);
	o.isolation = ISOLATION_NETNS;
	is_int(lab_enter(&lab, &o, &err), -EINVAL, "host in a namespace");
	o.isolation = ISOLATION_AUTO;
	o.sysctl = &set;
	o.sysctl_count = 1;
	is_int(lab_enter(&lab, &o, &err), -EINVAL, "a sysctl on the host");
	is_str(err.text, "lab 'host': topology 'host' sets no sysctls: 'net.ipv4.tcp_fin_timeout'",
	       "... in words");
	is_int(isolate_in_child(try_host, NULL, &err), 0, "host: nothing moves");
}

/* --- nothing is left ------------------------------------------------------------------------ */

static int interfaces(void)
{
	struct if_nameindex *list = if_nameindex();
	int count = 0;

	for (; list && list[count].if_index; count++)
		;
	if_freenameindex(list);
	return count;
}

/* A killed lab: the descriptor we hold on its namespace is the only thing that keeps it. */
static void test_nothing_left(void)
{
	char before[32] = "", after[32] = "";
	int links = interfaces(), fd[2];
	struct lab_sysctl set = { "net.ipv4.tcp_fin_timeout", "13" };
	struct lab_options o = options(TOPOLOGY_WIRE, 4);
	struct pollfd p;
	char sign;
	pid_t pid;

	o.sysctl = &set;
	o.sysctl_count = 1;
	(void)sysctl_read(set.key, before, sizeof(before));
	if (pipe2(fd, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		ok(false, "pipe and fork");
		return;
	}
	if (pid == 0) {
		struct lab lab;
		struct err err;

		if (lab_enter(&lab, &o, &err) < 0 || write(fd[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause(); /* until killed */
	}
	(void)close(fd[1]);
	p = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	ok(poll(&p, 1, 5000) == 1 && read(fd[0], &sign, 1) == 1, "a lab stands");
	is_int(interfaces(), links, "the host has no interface more while it stands");
	(void)sysctl_read(set.key, after, sizeof(after));
	is_str(after, before, "the host's sysctl is as it was");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	is_int(read(fd[0], &sign, 1), 0, "no process of it is left after SIGKILL");
	is_int(interfaces(), links, "nor an interface");
	(void)close(fd[0]);
}

static void test_cost(void)
{
	struct lab_options o = options(TOPOLOGY_VETH, 4);
	int64_t start = mono_now_ns();
	struct err err;

	o.ehash_entries = 65536;
	is_int(isolate_in_child(try_enter, &o, &err), 0, "a lab comes and goes");
	printf("# in %.1f ms\n", (double)(mono_now_ns() - start) / 1e6);
}

/* In many containers /proc/sys is mounted read-only. */
static bool sysctls_can_be_set(void)
{
	return access("/proc/sys/net/ipv4/tcp_fin_timeout", W_OK) == 0 || errno != EROFS;
}

static void test_namespaces(void)
{
	struct err err = { .text = "" };

	test_connections();
	test_shapes();
	test_cost();
	if (!sysctls_can_be_set()) {
		test_skip("sysctls of a lab", "/proc/sys is read-only [namespace]");
		return;
	}
	is_int(isolate_in_child(try_private_hash, NULL, &err), 0, "private hash %s", err.text);
	is_int(isolate_in_child(try_shared_hash, NULL, &err), 0, "shared hash %s", err.text);
	is_int(isolate_in_child(try_sysctls, NULL, &err), 0, "sysctls set and read back %s",
	       err.text);
	test_nothing_left();
}

int main(void)
{
	struct lab_probe can;

	test_options();
	lab_probe(&can);
	is_int(can.userns, can.userns_why[0] == 0, "a reason or none: userns %s", can.userns_why);
	is_int(can.netns, can.netns_why[0] == 0, "a reason or none: netns %s", can.netns_why);
	if (can.userns || can.netns)
		test_namespaces();
	else
		test_skip("labs", "neither way works here [namespace]");
	if (!sysctls_can_be_set())
		return test_done();
	if (can.userns)
		test_refusals(ISOLATION_USERNS);
	else
		test_skip("refusals in a user namespace", can.userns_why);
	/* With real privilege the kernel would obey: that is when refusing matters. */
	if (can.netns)
		test_refusals(ISOLATION_NETNS);
	else
		test_skip("refusals in a network namespace", can.netns_why);
	return test_done();
}
