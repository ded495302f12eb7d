/* --fix against the clock: a file that changed since it was read is left alone. */
#include "analysis/lint.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/test.h"

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "we");

	if (!out || fputs(text, out) < 0 || fclose(out) != 0)
		abort();
}

static const char *get(const char *path, char *buf, size_t size)
{
	FILE *in = fopen(path, "re");

	buf[0] = '\0';
	if (in) {
		buf[fread(buf, 1, size - 1, in)] = '\0';
		fclose(in);
	}
	return buf;
}

static int fix(const char *path, const char *meanwhile, char *text, struct err *err)
{
	const struct lint_options options = { .rate_per_s = 0 };
	struct conf_set set;
	struct lint l = { .set = NULL };
	char copy[64], *paths[] = { copy };
	FILE *out;
	int r;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	r = conf_set_read(&set, paths, 1, CONF_AUTO, CONF_STRICT, err);
	if (r == 0)
		r = lint_run(&l, &set, &options, err);
	if (meanwhile)
		put(path, meanwhile);
	out = fopen("/dev/null", "we");
	if (!out)
		abort();
	if (r == 0)
		r = lint_fix(&l, out, err);
	fclose(out);
	(void)get(path, text, 256);
	lint_release(&l);
	conf_set_release(&set);
	return r;
}

int main(void)
{
	char dir[] = "/tmp/twbench-fix-XXXXXX", path[64], backup[80], text[256];
	struct err err = { .text = "" };

	if (!mkdtemp(dir))
		abort();
	(void)snprintf(path, sizeof(path), "%s/a.conf", dir);
	(void)snprintf(backup, sizeof(backup), "%s.bak", path);
	put(path, "net.ipv4.tcp_tw_recycle = 1\n");
	is_int(fix(path, "net.ipv4.tcp_tw_recycle = 0\n", text, &err), -EINVAL,
	       "same size, changed");
	ok(strstr(err.text, "changed while it was looked at"), "it says so: %s", err.text);
	is_str(text, "net.ipv4.tcp_tw_recycle = 0\n", "the newer contents stay");
	is_int(fix(path, "net.ipv4.tcp_tw_recycle = 0\nx.y = 1\n", text, &err), -EINVAL, "longer");
	is_int(access(backup, F_OK), -1, "no backup was made");
	put(path, "net.ipv4.tcp_sack = 1\n");
	is_int(fix(path, NULL, text, &err), 0, "nothing to mend");
	is_int(access(backup, F_OK), -1, "no backup was made");
	put(path, "net.ipv4.tcp_tw_recycle = 1");
	is_int(fix(path, NULL, text, &err), 0, "a last line without a newline%s", err.text);
	is_str(text,
	       "# twbench TW101: the key was removed from Linux\n#net.ipv4.tcp_tw_recycle = 1",
	       "is mended, and gets none");
	is_str(get(backup, text, sizeof(text)), "net.ipv4.tcp_tw_recycle = 1", "the backup");
	(void)unlink(path);
	(void)unlink(backup);
	(void)rmdir(dir);
	return test_done();
}
