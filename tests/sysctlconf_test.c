/* The grammar of sysctl files, which file wins, and values as the kernel reads them. */
#include "analysis/sysctlconf.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "analysis/lint_value.h"
#include "analysis/sysctl_keys.h"
#include "analysis/sysctl_probe.h"
#include "analysis/sysctlset.h"
#include "base/err.h"
#include "tests/guard.h"
#include "tests/test.h"

static const struct {
	const char *written, *want;
} keys[] = {
	{ "net.ipv4.tcp_rmem", "net.ipv4.tcp_rmem" },
	{ "net/ipv4/tcp_rmem", "net.ipv4.tcp_rmem" },
	{ "/net/ipv4/tcp_rmem", "net.ipv4.tcp_rmem" },
	{ "net.ipv4.conf.enp3s0/200.forwarding", "net.ipv4.conf.enp3s0/200.forwarding" },
	{ "net/ipv4/conf/enp3s0.200/forwarding", "net.ipv4.conf.enp3s0/200.forwarding" },
	{ "net.ipv4/tcp_dsack", "net.ipv4/tcp_dsack" },
	{ "net..ipv4.tcp_rmem.", "net.ipv4.tcp_rmem" },
	{ "a", "a" },
	{ ".", "" },
	{ "", "" },
};

static void test_keys(void)
{
	char buf[128];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		sysctl_key_canonical(keys[i].written, buf, strlen(keys[i].written) + 1);
		is_str(buf, keys[i].want, "key '%s'", keys[i].written);
	}
	for (size_t i = 0; i < sysctl_key_count; i++) {
		const struct sysctl_key *k = &sysctl_keys[i];

		if (sysctl_key_find(k->name) != k || k->low > k->high ||
		    (k->meant && (k->sane_low < k->low || k->sane_high > k->high)))
			ok(false, "row of %s", k->name);
	}
	is_str(sysctl_key_nearest("net.ipv4.tcp_tw_resue", 2), "net.ipv4.tcp_tw_reuse", "a slip");
	is_str(sysctl_key_nearest("net.ipv4.tcp_tw_rezze", 1), NULL, "two letters away");
}

static const struct {
	const char *line; /* one, of a sysctl.d file */
	const char *key, *value;
	bool dash, dash_blank, glob, mixed;
} lines[] = {
	{ "a.b = c", "a.b", "c", 0, 0, 0, 0 },
	{ "  a.b\t=\tc d \t", "a.b", "c d", 0, 0, 0, 0 },
	{ "a.b=", "a.b", "", 0, 0, 0, 0 },
	{ "a.b=c=d", "a.b", "c=d", 0, 0, 0, 0 },
	{ "a.b = c # d", "a.b", "c # d", 0, 0, 0, 0 },
	{ "a.b = c\r", "a.b", "c", 0, 0, 0, 0 },
	{ "-a.b = c", "a.b", "c", 1, 0, 0, 0 },
	{ "- a.b = c", "a.b", "c", 1, 1, 0, 0 },
	{ "-a.b", "a.b", NULL, 1, 0, 0, 0 },
	{ "-a.*.b", "a.*.b", NULL, 1, 0, 1, 0 },
	{ "a.[bc].? = 1", "a.[bc].?", "1", 0, 0, 1, 0 },
	{ "a/b.c/d = 1", "a.b/c.d", "1", 0, 0, 0, 1 },
};

static void test_lines(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct conf_file f;
		struct err err = { .text = "" };
		int r = conf_parse(&f, "x", lines[i].line, strlen(lines[i].line), CONF_SYSCTL_D,
				   CONF_STRICT, &err);

		if (ok(r == 0 && f.count == 1, "'%s' is one line", lines[i].line)) {
			const struct conf_line *l = &f.line[0];

			is_str(l->key, lines[i].key, "its key");
			is_str(l->value, lines[i].value, "its value");
			ok(l->dash == lines[i].dash && l->dash_blank == lines[i].dash_blank &&
				   l->glob == lines[i].glob && l->mixed == lines[i].mixed,
			   "its marks");
		}
		conf_file_release(&f);
	}
}

#define TUNED "[main]\nsummary=s\n\n[sysctl]\n"

static const struct {
	const char *text;
	enum conf_kind kind; /* that must be seen */
	size_t count;
	const char *message; /* NULL: it must be read */
} files[] = {
	{ "", CONF_SYSCTL_D, 0, NULL },
	{ "\n\n# c\n ; d\n", CONF_SYSCTL_D, 0, NULL },
	{ "# c\na=1\nb=2", CONF_SYSCTL_D, 2, NULL },
	{ "a=1\nnonsense\n", CONF_SYSCTL_D, 0,
	  "x:2: 'nonsense' is neither 'key = value' nor '-key'" },
	{ "\n = 1\n", CONF_SYSCTL_D, 0, "x:2: '=' has no key" },
	{ "-\n", CONF_SYSCTL_D, 0, "x:1: '-' has no key" },
	{ "kernel.osrelease = 6.1\na = 1\n", CONF_DUMP, 2, NULL },
	{ "a = 1\nsysctl: reading key \"x\"\n", CONF_DUMP, 1, NULL },
	{ "kernel.ostype = Linux\nnonsense\n", CONF_DUMP, 0,
	  "x:2: 'nonsense' is not 'key = value'" },
	{ TUNED "a.b=1 # c\n[sysfs]\n/sys/x=1\n", CONF_TUNED, 1, NULL },
	{ TUNED "type=sysctl\nenabled=1\na.b=1\n", CONF_TUNED, 1, NULL },
	{ "[mine]\na.b=1\ntype = sysctl\nc.d=2\n[other]\ntype=disk\nx=1\n", CONF_TUNED, 2, NULL },
	{ TUNED "nonsense\n", CONF_TUNED, 0, "x:5: 'nonsense' is not 'key = value'" },
	{ "\xEF\xBB\xBF# c\na=1\n", CONF_SYSCTL_D, 0, "x:1: begins with a byte-order mark" },
	{ "[main\n", CONF_SYSCTL_D, 0, "x:1: '[main' is neither 'key = value' nor '-key'" },
};

static void test_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t size = strlen(files[i].text);
		struct conf_file f;
		struct err err = { .text = "" };
		struct guard g;
		int r = conf_parse(&f, "x", (char *)guard_copy(&g, files[i].text, size), size,
				   CONF_AUTO, CONF_STRICT, &err);

		is_int(r, files[i].message ? -EINVAL : 0, "file %zu", i);
		is_str(err.text, files[i].message ? files[i].message : "", "its message");
		is_int(f.kind, files[i].kind, "its kind, %s", conf_kind_name(files[i].kind));
		if (!files[i].message)
			is_int(f.count, files[i].count, "its settings");
		conf_file_release(&f);
		guard_free(&g);
	}
}

static void test_tuned_values(void)
{
	static const char text[] = TUNED "a=>5\nb = <5\nc=\"x y\"\nd=${v} 1\ne=7 # c\nf=8#c\n";
	static const char *const want[] = { ">5", "<5", "x y", "${v} 1", "7", "8#c" };
	struct conf_file f;
	struct err err;

	if (ok(conf_parse(&f, "x", text, strlen(text), CONF_AUTO, CONF_STRICT, &err) == 0 &&
		       f.count == 6,
	       "tuned"))
		for (size_t i = 0; i < f.count; i++) {
			is_str(f.line[i].value, want[i], "value of %s", f.line[i].key);
			is_int(f.line[i].computed, strchr("abd", f.line[i].key[0]) != NULL,
			       "is it computed?");
		}
	conf_file_release(&f);
}

static void test_nul(void)
{
	struct conf_file f;
	struct err err;

	is_int(conf_parse(&f, "x", "a=1\nb\0=2", 8, CONF_AUTO, CONF_LENIENT, &err), -EINVAL,
	       "NUL is refused");
	is_str(err.text, "x:2: holds a NUL byte: no text file", "with its line");
	conf_file_release(&f);
}

/* --- several files -------------------------------------------------------------------------------- */

static void write_text(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "we");
	if (!out || fputs(text, out) < 0 || fclose(out) != 0)
		abort();
}

static const char *effective(const struct conf_set *s, const char *key)
{
	const struct conf_line *l = conf_set_effective(s, key);

	return l ? l->value : NULL;
}

static void make_dirs(const char *root, char dirs[2][256])
{
	static const char *const names[] = { "etc", "usr", "usr/lib", "etc/sysctl.d",
					     "usr/lib/sysctl.d" };
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		if (mkdir(path, 0700) != 0)
			abort();
	}
	(void)snprintf(dirs[0], 256, "%s/usr/lib/sysctl.d", root);
	(void)snprintf(dirs[1], 256, "%s/etc/sysctl.d", root);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void test_directories(void)
{
	char root[] = "/tmp/twbench-sysctl-XXXXXX", dirs[2][256], link[300];
	char nowhere[] = "/nonexistent/x";
	char *paths[] = { dirs[0], dirs[1] }, *missing[] = { nowhere };
	struct conf_set s;
	struct err err = { .text = "" };

	if (!mkdtemp(root))
		abort();
	make_dirs(root, dirs);
	write_text(dirs[0], "10-a.conf", "k.masked = lib\nk.lib = 1\n");
	write_text(dirs[1], "10-a.conf", "k.masked = etc\n");
	write_text(dirs[0], "90-z.conf", "k.late = lib\nk.*.g = pattern\n-k.no.g\n");
	write_text(dirs[1], "50-m.conf", "k.late = etc\nk.yes.g = own\n");
	write_text(dirs[1], "notes.txt", "this is not read\n");
	write_text(dirs[0], "91-z.conf", "k.parts.* = 1\nk.taken = 1\n-k.taken\nk.*.h = 1\n-k.*.h\n");
	write_text(dirs[0], "20-off.conf", "k.off = 1\n");
	(void)snprintf(link, sizeof(link), "%s/20-off.conf", dirs[1]);
	if (symlink("/dev/null", link) != 0)
		abort();
	is_int(conf_set_read(&s, paths, 2, CONF_AUTO, CONF_STRICT, &err), 0, "two directories%s",
	       err.text);
	is_int(s.count, 7, "seven files of .conf");
	is_str(effective(&s, "k.masked"), "etc", "/etc wins over /usr/lib by name");
	is_str(effective(&s, "k.lib"), NULL, "the whole file is masked");
	is_str(effective(&s, "k.late"), "lib", "the later name wins, whatever the directory");
	is_str(effective(&s, "k.off"), NULL, "a link to /dev/null turns a file off");
	is_str(effective(&s, "k.any.g"), "pattern", "a pattern matches");
	is_str(effective(&s, "k.yes.g"), "own", "an explicit key wins over a later pattern");
	is_str(effective(&s, "k.no.g"), NULL, "an exclusion keeps the pattern off");
	is_str(effective(&s, "k.parts.a"), "1", "'*' is one part");
	is_str(effective(&s, "k.parts.a.b"), NULL, "... not two");
	is_str(effective(&s, "k.parts.a/b"), "1", "... but a part may hold a dot");
	is_str(effective(&s, "k.taken"), NULL, "an exclusion takes back what was said before");
	is_str(effective(&s, "k.a.h"), NULL, "... also of a pattern");
	conf_set_release(&s);
	is_int(conf_set_read(&s, missing, 1, CONF_AUTO, CONF_STRICT, &err), -EINVAL,
	       "a file that is not there");
	is_str(err.text, "cannot open '/nonexistent/x': No such file or directory", "is named");
	conf_set_release(&s);
	(void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* what is left is in /tmp */
}

/* --- values, as measured on Linux 6.18.44 --------------------------------------------------------- */

static const struct {
	const char *text;
	bool good;
	int64_t want;
} numbers[] = {
	{ "30", true, 30 },
	{ "-5", true, -5 },
	{ "30 # half", true, 30 },
	{ "1024 65535", true, 1024 },
	{ "0x1e", true, 30 },
	{ "060", true, 48 },
	{ "-0x5", true, -5 },
	{ "0", true, 0 },
	{ "30# half", false, 0 },
	{ "30;", false, 0 },
	{ "\"30\"", false, 0 },
	{ "1e3", false, 0 },
	{ "+5", false, 0 },
	{ "", false, 0 },
	{ "abc", false, 0 },
	{ "1,2", false, 0 },
	{ "99999999999999999999", false, 0 },
};

static void test_numbers(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t v = -77;

		is_int(value_first(numbers[i].text, &v), numbers[i].good, "number '%s'",
		       numbers[i].text);
		is_int(v, numbers[i].good ? numbers[i].want : -77, "its value");
	}
}

static void test_ports(void)
{
	static const char *const bad[] = { "8080 9000", "8080, 9000", "70000", "abc", "9-8", "1-" };
	struct port_set p;

	ok(port_set_parse(&p, "8080,9000-9100"), "a list of ports");
	ok(port_set_has(&p, 8080) && port_set_has(&p, 9100) && !port_set_has(&p, 9101),
	   "holds them");
	ok(port_set_parse(&p, "") && !port_set_has(&p, 0), "none");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!port_set_parse(&p, bad[i]), "'%s' is refused", bad[i]);
}

static void test_plan(void)
{
	static const char text[] = "net.ipv4.ip_local_port_range = 1000 1999\n"
				   "net.ipv4.ip_local_reserved_ports = 1000-1099,5000\n";
	struct conf_set s = { 0 };
	struct port_plan p;
	struct err err;

	port_plan_make(&p, &s);
	ok(!p.range && p.usable == 28232, "28,232 ports by default");
	ok(conf_set_add_text(&s, "x", text, strlen(text), CONF_AUTO, CONF_STRICT, &err) == 0,
	   "a range");
	port_plan_make(&p, &s);
	is_int(p.usable, 900, "reserved ports are not used");
	is_int(p.reserved_out, 1, "one is outside");
	conf_set_release(&s);
}

static void test_probe(void)
{
	char path[] = "/tmp/twbench-keys-XXXXXX";
	int fd = mkstemp(path);
	struct sysctl_probe p;
	struct err err;

	if (fd < 0 || write(fd, "b.c\nnet/a.b/c = 5\n", 18) != 18 || close(fd) != 0)
		abort();
	is_int(sysctl_probe_load(&p, path, &err), 0, "a list of keys");
	is_int(sysctl_probe_ask(&p, "b.c"), PROBE_HAS, "it has");
	is_int(sysctl_probe_ask(&p, "net.a/b.c"), PROBE_HAS, "it has, with slashes");
	is_int(sysctl_probe_ask(&p, "b.d"), PROBE_LACKS, "it lacks");
	is_int(sysctl_probe_ask(&p, "b.*"), PROBE_UNKNOWN, "patterns are not asked");
	is_int(sysctl_probe_ask(NULL, "b.c"), PROBE_UNKNOWN, "no kernel knows nothing");
	sysctl_probe_release(&p);
	unlink(path);
	is_int(sysctl_probe_load(&p, path, &err), -EINVAL, "a list that is not there");
	sysctl_probe_release(&p);
}

int main(void)
{
	test_keys();
	test_lines();
	test_files();
	test_tuned_values();
	test_nul();
	test_directories();
	test_numbers();
	test_ports();
	test_plan();
	test_probe();
	return test_done();
}
