/*
 * Every rule fires where it should and keeps quiet where it should not; a rule without such a pair
 * fails the test.  The shipped examples name what was planted in them and nothing else, and the files
 * of distributions raise nothing above a note.
 */
#include "analysis/lint.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "analysis/sysctl_keys.h"
#include "analysis/sysctl_probe.h"
#include "base/err.h"
#include "tests/test.h"

#define V4      "net.ipv4."
#define RANGE   V4 "ip_local_port_range = "
#define BUCKETS V4 "tcp_max_tw_buckets = "
#define FIN     V4 "tcp_fin_timeout = "
#define REUSE   V4 "tcp_tw_reuse = "
#define STAMPS  V4 "tcp_timestamps = "
#define DUMP    "kernel.ostype = Linux\n"
#define TUNED   "[sysctl]\n"

/* A case may be two files: the text behind SPLIT is the second, "b.conf". */
#define SPLIT "\f"

// clang-format off
static const struct pair {
	const char *id;
	const char *fires, *quiet;
	double rate;        /* 0: not told */
	int listen;         /* 0: not told */
	bool kubernetes;
	const char *keys[3]; /* of the kernel; none: no kernel is looked at */
	const char *path;   /* of the first file; NULL: "a.conf" */
} pairs[] = {
	{ .id = "TW001", .fires = "a.b = 1\na.b = 2\n", .quiet = "a.b = 1 \t2\na.b = 1 2\n" },
	{ .id = "TW001", .fires = "a.b = 1 2\na.b = 12\n", .quiet = "a.b = 12\n-a.b\n" },
	{ .id = "TW002", .fires = "a.b = 1\n" SPLIT "a.b = 2\n", .quiet = "a.b = 1\n" SPLIT "a.c = 1\n" },
	{ .id = "TW002", .fires = "a.b = 1\na/b=1\n", .quiet = "a.b = 1\n-a.b\n" },
	{ .id = "TW003", .fires = FIN "60 # minute\n", .quiet = "# minute\n" FIN "60\n" },
	{ .id = "TW003", .fires = "a.b = c ; d\n", .quiet = TUNED "a.b=c # d\n" },
	{ .id = "TW004", .fires = "-a.b = 1\n", .quiet = "-x.y = 1\na.b = 1\n", .keys = { "x.y" } },
	{ .id = "TW005", .fires = "a.*.b = 1\n", .quiet = "-a.*.b\na.c.b = 1\n" },
	{ .id = "TW006", .fires = "net.ipv4/tcp_dsack = 1\n", .quiet = "net.ipv4.conf.eth0/1.forwarding = 1\n" },
	{ .id = "TW006", .fires = "net/ipv4.tcp_dsack = 1\n", .quiet = "net/ipv4/tcp_dsack = 1\n" },
	{ .id = "TW007", .fires = "net/ipv4/conf/eth0.1/forwarding = 1\n", .quiet = "net/ipv4/conf/eth0/forwarding = 1\n" },
	{ .id = "TW008", .fires = "- a.b = 1\n", .quiet = "-a.b = 1\n" },
	{ .id = "TW009", .fires = "a.b = 1\n", .quiet = "# nothing is set\n", .path = "/etc/sysctl.conf" },
	{ .id = "TW011", .fires = "sysctl -w a.b=1\n", .quiet = "a.b=1\n" },
	{ .id = "TW012", .fires = "a.b 1\nc.d = 1\n", .quiet = "-a.b\n# a.b 1\na.b = 1\n" },
	{ .id = "TW012", .fires = "= 1\n", .quiet = "a.b =\n" },
	{ .id = "TW012", .fires = TUNED "a.b\n", .quiet = "[disk]\nnonsense\n" TUNED "a.b = 1\n" },
	{ .id = "TW013", .fires = "\xEF\xBB\xBF# c\na.b = 1\n", .quiet = "# \xEF\xBB\xBF c\na.b = \xEF\xBB\xBF\n" },
	{ .id = "TW101", .fires = V4 "tcp_tw_recycle = 1\n", .quiet = REUSE "1\n" },
	{ .id = "TW101", .fires = V4 "netfilter.ip_conntrack_max = 1\n", .quiet = V4 "tcp_tw_recycle = 1\n", .keys = { V4 "tcp_tw_recycle" } },
	{ .id = "TW102", .fires = "net.ipv6.tcp_fin_timeout = 60\n", .quiet = "net.ipv6.conf.all.forwarding = 1\n" },
	{ .id = "TW102", .fires = "net.core.tcp_max_syn_backlog = 9\n", .quiet = "net.core.somaxconn = 9\n" },
	{ .id = "TW103", .fires = V4 "tcp_tw_resue = 1\n", .quiet = V4 "conf.all.rp_filter = 1\n" },
	{ .id = "TW103", .fires = "net.core.no_such_thing_at_all = 1\n", .quiet = V4 "tcp_new = 1\n", .keys = { V4 "tcp_new" } },
	{ .id = "TW103", .fires = "net.netfilter.nf_conntrack_tcp_timeout_timewait = 9\n", .quiet = "net.netfilter.nf_conntrack_icmp_timeouts12 = 9\n" },
	{ .id = "TW104", .fires = V4 "tcp_tw_reuse_delay = 1000\n", .quiet = V4 "tcp_mem = 1 2 3\n-" V4 "tcp_dsack = 1\n" V4 "tcp_sack = 1\n", .keys = { V4 "tcp_sack" } },
	{ .id = "TW105", .fires = "kernel.yama.ptrace_scope = 1\n", .quiet = "kernel.sysrq = 1\n", .keys = { "kernel.sysrq" } },
	{ .id = "TW106", .fires = V4 "tcp_tw_timeout = 10\n", .quiet = FIN "60\n" },
	{ .id = "TW107", .fires = V4 "tcp_tw_timeout = 10\n", .quiet = FIN "60\n", .keys = { V4 "tcp_tw_timeout" } },
	{ .id = "TW108", .fires = V4 "tcp_mem = 1 2 3\n", .quiet = V4 "tcp_rmem = 4096 5000 6000\n" },
	{ .id = "TW108", .fires = "net.core.rmem_max = 1\n", .quiet = DUMP "net.core.rmem_max = 1\n" },
	{ .id = "TW109", .fires = V4 "tcp_fack = 1\n", .quiet = V4 "tcp_sack = 1\n" },
	{ .id = "TW110", .fires = V4 "tcp_ehash_entries = 1\n", .quiet = DUMP V4 "tcp_ehash_entries = 1\n" },
	{ .id = "TW205", .fires = V4 "tcp_rmem = 4096  131072 6291456\n", .quiet = V4 "tcp_rmem = 4096 131072 6291456\n" },
	{ .id = "TW205", .fires = RANGE "1024 \t65535\n", .quiet = RANGE "1024\t65535\n" V4 "tcp_congestion_control = a  b\n" },
	{ .id = "TW201", .fires = REUSE "3\n", .quiet = REUSE "1\n" },
	{ .id = "TW201", .fires = V4 "tcp_tw_reuse_delay = 0\n", .quiet = V4 "tcp_tw_reuse_delay = 60000\n" },
	{ .id = "TW201", .fires = V4 "tcp_orphan_retries = 300\n", .quiet = V4 "tcp_orphan_retries = 255\n" },
	{ .id = "TW201", .fires = FIN "30# half\n", .quiet = FIN "30 # half\n" },
	{ .id = "TW201", .fires = FIN "\n", .quiet = V4 "ip_local_reserved_ports =\n" },
	{ .id = "TW201", .fires = BUCKETS "2147483648\n", .quiet = TUNED BUCKETS ">2147483648\n" },
	{ .id = "TW201", .fires = V4 "tcp_rmem = 1 2 x\n", .quiet = V4 "tcp_rmem = 4096 5000\n" },
	{ .id = "TW201", .fires = V4 "tcp_wmem = 4096 0 1\n", .quiet = V4 "tcp_wmem = 4096 5000 6000 # x\n" },
	{ .id = "TW202", .fires = V4 "tcp_rfc1337 = 7\n", .quiet = V4 "tcp_rfc1337 = 1\n" },
	{ .id = "TW202", .fires = STAMPS "5\n", .quiet = STAMPS "2\n" },
	{ .id = "TW203", .fires = FIN "5 60\n", .quiet = V4 "tcp_rmem = 4096 5000 6000\n" },
	{ .id = "TW204", .fires = FIN "060\n", .quiet = FIN "0x3c\n" },
	{ .id = "TW301", .fires = FIN "15\n", .quiet = FIN "60\n" },
	{ .id = "TW301", .fires = FIN "60\n" SPLIT FIN "15\n", .quiet = FIN "15\n" SPLIT FIN "60\n" },
	{ .id = "TW301", .fires = "net/ipv4/tcp_fin_timeout=15\n", .quiet = DUMP FIN "15\n" },
	{ .id = "TW302", .fires = FIN "75\n", .quiet = FIN "60\n" },
	{ .id = "TW303", .fires = FIN "-5\n", .quiet = FIN "1\n" },
	{ .id = "TW311", .fires = STAMPS "0\n" SPLIT REUSE "1\n", .quiet = STAMPS "0\n" REUSE "1\n" SPLIT STAMPS "1\n" },
	{ .id = "TW311", .fires = REUSE "1\n" STAMPS "0\n", .quiet = REUSE "1\n" },
	{ .id = "TW311", .fires = REUSE "1 # on\n" STAMPS "0x0\n", .quiet = REUSE "2\n" STAMPS "0\n" },
	{ .id = "TW312", .fires = REUSE "2\n", .quiet = REUSE "0\n" },
	{ .id = "TW313", .fires = REUSE "1\n", .quiet = REUSE "2\n" },
	{ .id = "TW314", .fires = V4 "tcp_tw_reuse_delay = 100\n", .quiet = V4 "tcp_tw_reuse_delay = 1000\n" },
	{ .id = "TW315", .fires = REUSE "0\n" V4 "tcp_tw_reuse_delay = 2000\n", .quiet = REUSE "1\n" V4 "tcp_tw_reuse_delay = 2000\n" },
	{ .id = "TW321", .fires = STAMPS "0\n", .quiet = STAMPS "1\n" },
	{ .id = "TW322", .fires = V4 "tcp_rfc1337 = 1\n", .quiet = DUMP V4 "tcp_rfc1337 = 0\n" },
	{ .id = "TW331", .fires = BUCKETS "-5\n", .quiet = BUCKETS "131072\n" },
	{ .id = "TW332", .fires = BUCKETS "0\n", .quiet = BUCKETS "1\n" },
	{ .id = "TW333", .fires = BUCKETS "61019\n", .quiet = BUCKETS "61020\n", .rate = 1000 },
	{ .id = "TW334", .fires = BUCKETS "131071\n", .quiet = BUCKETS "131072\n" },
	{ .id = "TW335", .fires = BUCKETS "131073\n", .quiet = BUCKETS "131072\n" },
	{ .id = "TW341", .fires = "net.netfilter.nf_conntrack_tcp_timeout_time_wait = 10\n", .quiet = "net.netfilter.nf_conntrack_tcp_timeout_close = 10\n" },
	{ .id = "TW342", .fires = V4 "tcp_orphan_retries = 1\n", .quiet = DUMP V4 "tcp_orphan_retries = 0\n" },
	{ .id = "TW343", .fires = V4 "tcp_abort_on_overflow = 1\n", .quiet = V4 "tcp_abort_on_overflow = 0\n" },
	{ .id = "TW344", .fires = "net.core.somaxconn = 70000\n", .quiet = "net.core.somaxconn = 65535\n" },
	{ .id = "TW345", .fires = V4 "tcp_syncookies = 2\n", .quiet = V4 "tcp_syncookies = 1\n" },
	{ .id = "TW401", .fires = RANGE "65000 1024\n", .quiet = RANGE "1024 65000\n" },
	{ .id = "TW401", .fires = RANGE "1024-65535\n", .quiet = RANGE "1024 65535 # all\n" },
	{ .id = "TW401", .fires = RANGE "1024 70000\n", .quiet = RANGE "40000\n" },
	{ .id = "TW401", .fires = RANGE "40000 # x\n", .quiet = RANGE "1024 65535 # all\n" },
	{ .id = "TW402", .fires = RANGE "32768 60999\n", .quiet = RANGE "32768 60999\n" V4 "ip_local_reserved_ports = 40000-40010\n", .listen = 40000 },
	{ .id = "TW403", .fires = RANGE "1000 65535\n", .quiet = RANGE "1000 65535\n" V4 "ip_unprivileged_port_start = 0\n" },
	{ .id = "TW403", .fires = V4 "ip_unprivileged_port_start = 40000\n", .quiet = V4 "ip_unprivileged_port_start = 32768\n" },
	{ .id = "TW201", .fires = FIN "21474837\n", .quiet = FIN "-5\n" },
	{ .id = "TW403", .fires = RANGE "2000 65535\n" V4 "ip_unprivileged_port_start = 3000\n", .quiet = RANGE "1024 65535\n" },
	{ .id = "TW404", .fires = RANGE "1024 65535\n", .quiet = RANGE "1024 65535\n" V4 "ip_local_reserved_ports = 3306\n" },
	{ .id = "TW404", .fires = RANGE "9998 65535\n", .quiet = RANGE "10000 65535\n" },
	{ .id = "TW405", .fires = RANGE "32768 60999\n", .quiet = RANGE "32768 60999\n" REUSE "1\n", .rate = 463 },
	{ .id = "TW405", .fires = RANGE "40000 40060\n", .quiet = RANGE "40000 40061\n", .rate = 1.01 },
	{ .id = "TW406", .fires = "a.b = 1\n", .quiet = RANGE "32768 60999\n", .rate = 463 },
	{ .id = "TW407", .fires = RANGE "32768 60999\n", .quiet = RANGE "10240 65535\n", .rate = 240 },
	{ .id = "TW408", .fires = RANGE "32768 61000\n", .quiet = RANGE "32768 60999\n" },
	{ .id = "TW409", .fires = RANGE "40000\n", .quiet = RANGE "40000 50001\n" },
	{ .id = "TW411", .fires = V4 "ip_local_reserved_ports = 8080, 9000\n", .quiet = V4 "ip_local_reserved_ports = 8080,9000-9010\n" },
	{ .id = "TW412", .fires = V4 "ip_local_reserved_ports = 8080\n", .quiet = V4 "ip_local_reserved_ports = 8080,40000\n" },
	{ .id = "TW501", .fires = REUSE "1\n", .quiet = RANGE "32768 60999\n", .kubernetes = true },
	{ .id = "TW502", .fires = "net.core.netdev_max_backlog = 1\n", .quiet = REUSE "1\n", .kubernetes = true },
	{ .id = "TW502", .fires = "vm.swappiness = 1\n", .quiet = "kernel.shm_rmid_forced = 1\n", .kubernetes = true },
	{ .id = "TW503", .fires = FIN "60\n", .quiet = V4 "tcp_syncookies = 1\n", .kubernetes = true },
};
// clang-format on

#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))

/* --- asking --------------------------------------------------------------------------------------- */

struct asked {
	struct conf_set set;
	struct lint lint;
	struct sysctl_probe probe;
	const char *keys[3];
	uint16_t listen;
};

static void set_up(struct conf_set *set, const char *text, const char *path)
{
	const char *split = strchr(text, SPLIT[0]);
	size_t first = split ? (size_t)(split - text) : strlen(text);
	struct err err;

	if (conf_set_add_text(set, path ? path : "a.conf", text, first, CONF_AUTO, CONF_LENIENT,
			      &err) < 0 ||
	    (split && conf_set_add_text(set, "b.conf", split + 1, strlen(split + 1), CONF_AUTO,
					CONF_LENIENT, &err) < 0)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static size_t fired(const struct lint *l, const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		n += strcmp(l->finding[i].rule->id, id) == 0;
	return n;
}

static size_t ask(const struct pair *p, const char *text)
{
	struct asked a = { .listen = (uint16_t)p->listen };
	struct lint_options options = { .rate_per_s = p->rate,
					.listen = &a.listen,
					.listen_count = p->listen ? 1 : 0,
					.kubernetes = p->kubernetes,
					.probe = &a.probe };
	size_t n = 0;
	struct err err;

	memcpy(a.keys, p->keys, sizeof(a.keys));
	for (; a.probe.count < 3 && a.keys[a.probe.count]; a.probe.count++)
		a.probe.kind = PROBE_LIST;
	memcpy(&a.probe.key, &(void *){ a.keys }, sizeof(a.probe.key));
	set_up(&a.set, text, p->path);
	if (lint_run(&a.lint, &a.set, &options, &err) == 0)
		n = fired(&a.lint, p->id);
	for (size_t i = 0; i < a.lint.count; i++)
		if (a.lint.finding[i].detail[0] == '\0')
			ok(false, "%s says nothing", a.lint.finding[i].rule->id);
	lint_release(&a.lint);
	conf_set_release(&a.set);
	return n;
}

static void test_pairs(void)
{
	for (size_t i = 0; i < PAIRS; i++) {
		is_int(ask(&pairs[i], pairs[i].fires), 1, "%s fires, row %zu", pairs[i].id, i);
		is_int(ask(&pairs[i], pairs[i].quiet), 0, "%s is quiet, row %zu", pairs[i].id, i);
	}
}

/* TW010 wants directories: a masked file. */
static void test_masked(void)
{
	const struct lint_options options = { .rate_per_s = 0 };
	struct conf_set set = { 0 };
	struct lint l;
	struct err err;

	set_up(&set, "a.b = 1\n" SPLIT "a.b = 2\n", NULL);
	ok(lint_run(&l, &set, &options, &err) == 0 && fired(&l, "TW010") == 0, "TW010 is quiet");
	lint_release(&l);
	set.file[1]->masked_by = set.file[0];
	ok(conf_set_index(&set, &err) == 0 && lint_run(&l, &set, &options, &err) == 0 && fired(&l, "TW010") == 1, "TW010 fires");
	is_int(l.count, 1, "and nothing of the masked file is told");
	lint_release(&l);
	conf_set_release(&set);
}

static bool has_pair(const char *id)
{
	bool found = strcmp(id, "TW010") == 0 || strcmp(id, "TW014") == 0; /* want directories */

	for (size_t i = 0; i < PAIRS; i++)
		found = found || strcmp(pairs[i].id, id) == 0;
	return found;
}

static void test_table(void)
{
	for (size_t i = 0; i < lint_rule_count; i++) {
		const struct lint_rule *r = &lint_rules[i];

		ok(has_pair(r->id), "%s has a case where it fires and one where not", r->id);
		ok(i == 0 || strcmp(lint_rules[i - 1].id, r->id) < 0, "%s is in order", r->id);
		ok(!r->line != !r->file, "%s looks at lines or at files", r->id);
		ok(r->kernel[0] && r->source[0] && r->prove[0] && strlen(r->kernel) < 1024 &&
			   r->kernel[strlen(r->kernel) - 1] != ' ',
		   "%s says what, who and how", r->id);
		ok(islower((unsigned char)r->summary[0]) || isdigit((unsigned char)r->summary[0]) ||
			   strchr("'-T", r->summary[0]),
		   "%s: '%s'", r->id, r->summary);
	}
}

static void write_profile(const char *root, const char *name, const char *text)
{
	char path[256];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	if (mkdir(path, 0700) != 0)
		abort();
	(void)snprintf(path, sizeof(path), "%s/%s/tuned.conf", root, name);
	out = fopen(path, "we");
	if (!out || fputs(text, out) < 0 || fclose(out) != 0)
		abort();
}

/* TW014 wants profiles beside each other: base is included by mid, that by top. */
static void test_includes(void)
{
	static const char *const names[] = { "base", "mid", "top", "loop", "alone" };
	const struct lint_options options = { .rate_per_s = 0 };
	char root[] = "/tmp/twbench-tuned-XXXXXX", path[256], *paths[] = { path };
	struct conf_set set;
	struct lint l;
	struct err err = { .text = "" };
	int r;

	if (!mkdtemp(root))
		abort();
	write_profile(root, "base", TUNED FIN "60\n" V4 "tcp_tw_recycle = 1\n");
	write_profile(root, "mid", "[main]\ninclude=base\n" TUNED FIN "30\n");
	write_profile(root, "top", "[main]\ninclude=mid, ${x} nowhere\n" TUNED STAMPS "1\n");
	write_profile(root, "loop", "[main]\ninclude=loop\n");
	write_profile(root, "alone", "[main]\ninclude=base\n" TUNED "replace=1\n" STAMPS "1\n");
	(void)snprintf(path, sizeof(path), "%s/top/tuned.conf", root);
	r = conf_set_read(&set, paths, 1, CONF_AUTO, CONF_LENIENT, &err);
	if (ok(r == 0 && set.count == 3, "a profile and those it builds on: %s", err.text)) {
		ok(strstr(set.file[0]->path, "/base/") && strstr(set.file[2]->path, "/top/"),
		   "what is included is read first");
		is_str(conf_set_effective(&set, V4 "tcp_fin_timeout")->value, "30",
		       "what builds on it has the last word");
		ok(lint_run(&l, &set, &options, &err) == 0 && fired(&l, "TW014") == 1 &&
			   fired(&l, "TW101") == 1 && fired(&l, "TW002") == 0,
		   "TW014 fires; faults of included profiles are found");
		is_str(set.file[2]->missing, "${x}, nowhere", "what was not found");
		lint_release(&l);
	}
	conf_set_release(&set);
	(void)snprintf(path, sizeof(path), "%s/mid/tuned.conf", root);
	r = conf_set_read(&set, paths, 1, CONF_AUTO, CONF_LENIENT, &err);
	ok(r == 0 && lint_run(&l, &set, &options, &err) == 0 && fired(&l, "TW014") == 0,
	   "TW014 is quiet");
	lint_release(&l);
	conf_set_release(&set);
	(void)snprintf(path, sizeof(path), "%s/loop/tuned.conf", root);
	is_int(conf_set_read(&set, paths, 1, CONF_AUTO, CONF_LENIENT, &err), -EINVAL,
	       "a profile that includes itself");
	conf_set_release(&set);
	(void)snprintf(path, sizeof(path), "%s/alone/tuned.conf", root);
	r = conf_set_read(&set, paths, 1, CONF_AUTO, CONF_LENIENT, &err);
	ok(r == 0 && set.count == 1, "replace=1 drops what is included");
	conf_set_release(&set);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s/tuned.conf", root, names[i]);
		(void)remove(path);
		(void)snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		(void)remove(path); /* what is left is in /tmp */
	}
	(void)remove(root);
}

/* A large file, every line another key, or the same one: in seconds, not in hours.  An eighth of it takes a
 * tenth of a second, and several where each line is compared with every other. */
static void test_large(void)
{
	static const struct {
		const char *key;
		bool numbered;
	} forms[] = { { "k", true }, { "net.ipv4.tcp_k", true }, { "k", false } };
	const struct lint_options options = { .rate_per_s = 0 };
	const long bytes = CONF_BYTES_MAX / (test_whole() ? 4 : 32);
	const struct itimerval limit = { .it_value.tv_sec = test_whole() ? 60 : 1 }, none = { .it_value.tv_sec = 0 };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct conf_set set = { 0 };
		struct lint l;
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		struct err err = { .text = "" };
		int r;

		for (int k = 0; out && ftell(out) < bytes; k++)
			fprintf(out, "%s%.0d=%d\n", forms[i].key, forms[i].numbered ? k : 0, k);
		if (!out || fclose(out) != 0)
			abort();
		(void)setitimer(ITIMER_VIRTUAL, &limit, NULL); /* the kernel ends a test that would take hours */
		r = conf_set_add_text(&set, "a.conf", text, size, CONF_AUTO, CONF_LENIENT, &err);
		if (r == 0)
			r = lint_run(&l, &set, &options, &err);
		(void)setitimer(ITIMER_VIRTUAL, &none, NULL);
		ok(r == 0 && set.lines > 4000, "%zu lines %s%s=1 %s", set.lines, forms[i].key,
		   forms[i].numbered ? "N" : "", err.text);
		lint_release(&l);
		conf_set_release(&set);
		free(text);
	}
}

/* --- shipped files -------------------------------------------------------------------------------- */

struct shipped {
	struct conf_set set;
	struct lint lint;
};

static bool read_shipped(struct shipped *s, char *const *paths, size_t count,
			 const struct lint_options *options)
{
	struct err err = { .text = "" };

	*s = (struct shipped){ .set = { 0 } };
	return ok(conf_set_read(&s->set, paths, count, CONF_AUTO, CONF_STRICT, &err) == 0 &&
			  lint_run(&s->lint, &s->set, options, &err) == 0,
		  "%s is read %s", paths[0], err.text);
}

static void release_shipped(struct shipped *s)
{
	lint_release(&s->lint);
	conf_set_release(&s->set);
}

/* The words behind "# expect:" of the comment above a line. */
static void expected_at(const char *source, int number, char *buf, size_t size)
{
	const char *line = source;

	buf[0] = '\0';
	for (int i = 2; i < number && line; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (number > 1 && line && strncmp(line, "# expect: ", 10) == 0)
		(void)snprintf(buf, size, "%.*s", (int)strcspn(line + 10, "\n"), line + 10);
}

static void found_at(const struct lint *l, int number, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < l->count && n < size; i++)
		if (l->finding[i].line && l->finding[i].line->number == number)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? " " : "",
					      l->finding[i].rule->id);
}

static void test_bad_example(void)
{
	static char path[] = "fixtures/tuning/common-blog-advice.conf";
	const struct lint_options options = { .rate_per_s = 0 };
	char want[128], got[128], *paths[] = { path };
	struct shipped s;
	size_t planted = 0;

	if (read_shipped(&s, paths, 1, &options))
		for (size_t i = 0; i < s.set.file[0]->count; i++) {
			const struct conf_line *line = &s.set.file[0]->line[i];

			expected_at(s.set.file[0]->source, line->number, want, sizeof(want));
			found_at(&s.lint, line->number, got, sizeof(got));
			is_str(got, want, "%s:%d %s", path, line->number, line->key);
			planted += want[0] != '\0';
		}
	ok(planted >= 20, "%zu lines have planted faults", planted);
	release_shipped(&s);
}

static void check_good(char *const *paths, size_t count, const struct lint_options *options)
{
	struct shipped s;

	if (read_shipped(&s, paths, count, options)) {
		is_int(lint_count(&s.lint, LINT_ERROR), 0, "no error in %s", paths[0]);
		is_int(lint_count(&s.lint, LINT_WARNING), 0, "no warning in %s", paths[0]);
		for (size_t i = 0; i < s.lint.count; i++)
			if (s.lint.finding[i].rule->severity > LINT_NOTE)
				printf("#   %s: %s\n", s.lint.finding[i].rule->id,
				       s.lint.finding[i].detail);
	}
	release_shipped(&s);
}

static void test_good_examples(void)
{
	static char proxy[] = "fixtures/tuning/busy-proxy.conf";
	static char client[] = "fixtures/tuning/benchmark-client.conf";
	static char defaults[] = "fixtures/tuning/kernel-defaults.conf";
	static const uint16_t listen[] = { 80, 443, 8404, 11211 };
	const struct lint_options busy = { .rate_per_s = 900, .listen = listen, .listen_count = 4 };
	const struct lint_options load = { .rate_per_s = 900 }, none = { .rate_per_s = 0 };

	check_good(&(char *){ proxy }, 1, &busy);
	check_good(&(char *){ client }, 1, &load);
	check_good(&(char *){ defaults }, 1, &none);
}

/* Neither with all keys unknown to the kernel nor without a kernel may a distribution's file alarm. */
static void test_distributions(void)
{
	const char *key = "net.ipv4.tcp_fin_timeout";
	struct sysctl_probe probe = { .kind = PROBE_LIST, .count = 1 };
	const struct lint_options bare = { .rate_per_s = 0 }, poor = { .probe = &probe };
	glob_t found = { 0 };

	memcpy(&probe.key, &(void *){ &key }, sizeof(probe.key));
	(void)glob("fixtures/tuning/distro/*/*.conf", 0, NULL, &found);
	ok(found.gl_pathc >= 10, "files of distributions were found (run from the root)");
	for (size_t i = 0; i < found.gl_pathc; i++) {
		check_good(&found.gl_pathv[i], 1, &bare);
		check_good(&found.gl_pathv[i], 1, &poor);
	}
	if (found.gl_pathc > 0)
		check_good(found.gl_pathv, found.gl_pathc, &bare);
	globfree(&found);
}

int main(void)
{
	test_pairs();
	test_masked();
	test_includes();
	test_large();
	test_table();
	test_bad_example();
	test_good_examples();
	test_distributions();
	return test_done();
}
