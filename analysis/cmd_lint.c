/*
 * cmd_lint: which lines of sysctl files do not do what their author believes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/lint.h"
#include "analysis/sysctl_probe.h"
#include "base/cmd.h"
#include "base/commands.h"
#include "base/err.h"
#include "base/num.h"

#define LISTEN_MAX 4096

struct request {
	struct lint_options options;
	struct lint_text_style style;
	struct sysctl_probe probe;
	enum lint_severity fail_on;
	enum conf_kind kind;
	bool sarif, fix;
	uint16_t listen[LISTEN_MAX];
};

/* "80" or "8000-8010". */
static int add_ports(struct request *q, char *word, struct err *err)
{
	char *dash = strchr(word, '-');
	int64_t first, last;

	if (dash)
		*dash++ = '\0';
	if (num_parse_int(word, 1, 65535, &first, err) < 0 ||
	    num_parse_int(dash ? dash : word, first, 65535, &last, err) < 0) {
		err_wrap(err, "--listen");
		return -EINVAL;
	}
	for (; first <= last; first++) {
		if (q->options.listen_count == LISTEN_MAX)
			return err_set(err, -EINVAL, "--listen: more than %d ports", LISTEN_MAX);
		q->listen[q->options.listen_count++] = (uint16_t)first;
	}
	return 0;
}

static int parse_listen(struct request *q, const char *list, struct err *err)
{
	char *copy = strdup(list), *rest = copy, *word;
	int r = 0;

	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	while (r == 0 && (word = strsep(&rest, ",")) != NULL)
		r = add_ports(q, word, err);
	free(copy);
	q->options.listen = q->listen;
	return r;
}

static int parse_severity(const struct args *a, const char *option, enum lint_severity *ret,
			  struct err *err)
{
	const char *word = args_get(a, option);
	int r = word ? lint_severity_parse(word, ret, err) : 0;

	if (r < 0)
		err_wrap(err, "--%s", option);
	return r;
}

static int parse_words(struct request *q, const struct args *a, struct err *err)
{
	const char *format = args_get(a, "format"), *kind = args_get(a, "kind");
	const char *rate = args_get(a, "rate"), *listen = args_get(a, "listen");
	int r = 0;

	q->sarif = format && strcmp(format, "sarif") == 0;
	if (format && !q->sarif && strcmp(format, "text") != 0)
		return err_set(err, -EINVAL, "--format: '%.32s' is not one of text, sarif", format);
	q->kind = kind ? conf_kind_from_name(kind) : CONF_AUTO;
	if (kind && q->kind == CONF_AUTO)
		return err_set(err, -EINVAL, "--kind: '%.32s' is not one of sysctl.d, dump, tuned",
			       kind);
	if (rate) {
		r = num_parse_rate(rate, 0.001, 1e9, &q->options.rate_per_s, err);
		if (r < 0)
			err_wrap(err, "--rate");
	}
	if (r == 0 && listen)
		r = parse_listen(q, listen, err);
	if (r == 0)
		r = parse_severity(a, "fail-on", &q->fail_on, err);
	if (r == 0)
		r = parse_severity(a, "level", &q->style.level, err);
	return r;
}

static int parse_request(struct request *q, const struct args *a, struct err *err)
{
	const char *keys = args_get(a, "kernel-keys");
	int r;

	*q = (struct request){
		.fail_on = LINT_ERROR,
		.fix = args_has(a, "fix"),
		.options = { .kubernetes = args_has(a, "kubernetes"), .probe = &q->probe },
		.style = { .brief = args_has(a, "brief"),
			   .colour = isatty(STDOUT_FILENO) == 1 && !getenv("NO_COLOR") }
	};
	if (keys && args_has(a, "no-kernel"))
		return err_set(err, -EINVAL, "--kernel-keys and --no-kernel exclude each other");
	r = parse_words(q, a, err);
	if (r < 0)
		return r;
	if (keys)
		return sysctl_probe_load(&q->probe, keys, err);
	if (!args_has(a, "no-kernel"))
		sysctl_probe_running(&q->probe);
	return 0;
}

/* The directories of this machine, those that are there. */
static size_t system_paths(char *paths[], size_t room)
{
	size_t n = 0;

	for (size_t i = 0; conf_system_dirs[i] && n + 1 < room; i++)
		if (access(conf_system_dirs[i], R_OK) == 0)
			paths[n++] = (char *)(uintptr_t)conf_system_dirs[i];
	return n;
}

static int read_set(struct conf_set *set, const struct request *q, const struct args *a,
		    struct err *err)
{
	char *paths[8];
	size_t n;

	if (a->rest_count > 0 && args_has(a, "system"))
		return err_set(err, -EINVAL, "--system takes no FILE");
	if (a->rest_count > 0)
		return conf_set_read(set, a->rest, (size_t)a->rest_count, q->kind, CONF_LENIENT, err);
	if (!args_has(a, "system"))
		return err_set(err, -EINVAL, "which FILE? (--system: this machine's own)");
	n = system_paths(paths, sizeof(paths) / sizeof(paths[0]));
	if (n == 0)
		return err_set(err, -EINVAL, "this machine has no sysctl.d directory");
	return conf_set_read(set, paths, n, q->kind, CONF_LENIENT, err);
}

static int verdict(const struct lint *l, enum lint_severity fail_on)
{
	for (int s = (int)fail_on; s <= LINT_ERROR; s++)
		if (lint_count(l, (enum lint_severity)s) > 0)
			return EXIT_EXPECTATION;
	return EXIT_PASS;
}

static int lint_main(const struct args *a, struct err *err)
{
	struct conf_set set = { 0 };
	struct lint l = { .set = NULL };
	struct request q = { .sarif = false };
	int code;

	if (args_has(a, "rules")) {
		lint_text_rules(stdout);
		return EXIT_PASS;
	}
	code = parse_request(&q, a, err);
	if (code == 0)
		code = read_set(&set, &q, a, err);
	if (code == 0 && set.count == 0) /* a check of nothing shall not pass */
		code = err_set(err, -EINVAL, "no *.conf file there: nothing was checked");
	if (code == 0)
		code = lint_run(&l, &set, &q.options, err);
	if (code == 0 && q.fix)
		code = lint_fix(&l, stderr, err);
	if (code == 0) {
		if (q.sarif)
			lint_sarif(&l, stdout);
		else
			lint_text(&l, &q.style, stdout);
		code = verdict(&l, q.fail_on);
	}
	lint_release(&l);
	conf_set_release(&set);
	sysctl_probe_release(&q.probe);
	return code;
}

static const struct opt options[] = {
	{ "rate", 'r', "N/s", NULL,
	  "closes the host is to carry: judges tw_buckets and ports by it" },
	{ "listen", 'l', "PORTS", NULL, "ports that services here listen on: 80,8000-8010" },
	{ "kubernetes", 'k', NULL, NULL, "for a pod: the kubelet's safe list" },
	{ "system", 0, NULL, NULL, "read this machine's sysctl.d directories" },
	{ "kernel-keys", 0, "FILE", NULL,
	  "judge by these keys (`sysctl -aN`), not by this kernel's" },
	{ "no-kernel", 0, NULL, NULL, "do not look which keys this kernel has" },
	{ "kind", 0, "sysctl.d|dump|tuned", NULL,
	  "what FILE is (default: told from its contents)" },
	{ "format", 'f', "text|sarif", NULL, "what to print (default: text)" },
	{ "brief", 'b', NULL, NULL, "one line a finding" },
	{ "level", 0, "note|warning|error", NULL,
	  "show findings from this level on (default: note)" },
	{ "fail-on", 0, "note|warning|error", NULL, "exit 1 from this level on (default: error)" },
	{ "fix", 0, NULL, NULL, "mend what is certain; the old file stays as FILE.bak" },
	{ "rules", 0, NULL, NULL, "print every rule, with its source and how to prove it" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_lint = {
	.name = "lint",
	.args = "FILE...",
	.summary = "which lines of sysctl files do not do what their author believes",
	.run = lint_main,
	.opts = options,
	.more = "FILE is a sysctl.d file, a directory of them (read in sysctl.d's order), a "
		"`sysctl -a`\n"
		"dump or a tuned profile; - is standard input.  Nothing is set.\n"
		"Exit 0: no error found, 1: one was, 2: a file cannot be read or understood.\n",
};
