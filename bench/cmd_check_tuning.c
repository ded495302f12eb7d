/* The settings under test: where they stand, and whether a lab can have them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/lint.h"
#include "analysis/sysctl_probe.h"
#include "analysis/sysctlset.h"
#include "base/err.h"
#include "bench/cmd_check.h"
#include "bench/isolate.h"
#include "bench/sysctl.h"

/* --- can a lab have it? ---------------------------------------------------------------------- */

struct trial {
	const struct check_key *key;
	enum isolation isolation;
	enum sysctl_host host;
};

/* In a child, in a namespace of its own: the host is never written to. */
static int try_in_namespace(const void *arg, struct err *err)
{
	const struct trial *t = arg;
	enum isolation got;
	int code = isolate_enter(t->isolation, &got, err);

	if (code < 0)
		return code == -EINVAL ? -EPERM : code;
	return sysctl_write(t->key->sysctl.key, t->key->sysctl.value, t->host, err);
}

/* A key that is absent for want of a module, or the host's alone, may be right where it is meant for. */
static bool is_elsewhere(const char *why)
{
	return strstr(why, "host-wide") || strstr(why, "is not loaded");
}

static int try_key(struct check_key *k, enum isolation isolation, struct err *err)
{
	struct trial t = { .key = k, .isolation = isolation };
	struct err why = { .text = "" };
	bool known = sysctl_exists(k->sysctl.key);
	int code;

	t.host = known ? SYSCTL_HOST_HAS : SYSCTL_HOST_LACKS;
	code = isolate_in_child(try_in_namespace, &t, &why);
	if (code == -EPERM || code == -ENOTSUP) {
		*err = why;
		return code;
	}
	k->testable = code == 0;
	if (code == 0)
		return 0;
	/* Outside net/ the namespace was not even asked: an unknown key is wrong everywhere. */
	k->mistake = !is_elsewhere(why.text) || (!known && strncmp(k->sysctl.key, "net.", 4) != 0);
	(void)snprintf(k->note, sizeof(k->note), "%.300s",
		       known || strncmp(k->sysctl.key, "net.", 4) == 0
			       ? why.text
			       : "there is no such key on this kernel");
	return 0;
}

/* --- reading --------------------------------------------------------------------------------- */

static int add_key(struct check *c, const struct conf_line *l, struct err *err)
{
	struct check_key *more = realloc(c->key, (c->key_count + 1) * sizeof(*more)), *k;

	if (!more)
		return err_set(err, -ENOMEM, "no memory for settings");
	c->key = more;
	k = &c->key[c->key_count];
	*k = (struct check_key){ .line = l->number, .file = strdup(l->file->path) };
	if (!k->file)
		return err_set(err, -ENOMEM, "no memory for settings");
	c->key_count++;
	if (l->fault) {
		(void)snprintf(k->sysctl.key, sizeof(k->sysctl.key), "%.90s", l->written);
		(void)snprintf(k->note, sizeof(k->note), "the line %s", l->fault);
		k->mistake = true;
		return 0;
	}
	(void)snprintf(k->sysctl.key, sizeof(k->sysctl.key), "%.95s", l->key);
	(void)snprintf(k->sysctl.value, sizeof(k->sysctl.value), "%.159s", l->value);
	sysctl_fold(k->sysctl.value);
	return 0;
}

/* What needs no lab to be told. */
static void note_line(struct check_key *k, const struct conf_set *set, const struct conf_line *l)
{
	const struct conf_line *effective = l->glob ? NULL : conf_set_effective(set, l->key);

	if (strlen(l->key) >= sizeof(k->sysctl.key) || strlen(l->value) >= sizeof(k->sysctl.value))
		(void)snprintf(k->note, sizeof(k->note), "key or value is too long for a lab");
	else if (l->glob)
		(void)snprintf(k->note, sizeof(k->note), "a pattern: name the keys to test them");
	else if (l->computed)
		(void)snprintf(k->note, sizeof(k->note), "tuned computes the value on the host");
	else if (effective != l)
		(void)snprintf(k->note, sizeof(k->note), "overridden by %.200s:%d",
			       effective ? effective->file->path : "?",
			       effective ? effective->number : 0);
}

/* What the linter calls an error is a mistake, measured or not. */
static int note_lint(struct check *c, const struct conf_set *set, struct err *err)
{
	struct sysctl_probe probe;
	struct lint_options options = { .probe = &probe };
	struct lint l = { .set = set };
	int code;

	sysctl_probe_running(&probe);
	code = lint_run(&l, set, &options, err);
	for (size_t i = 0; code == 0 && i < l.count; i++) {
		const struct lint_finding *f = &l.finding[i];

		bool told = f->rule->severity != LINT_ERROR;

		/* What is wrong with the file as a whole is told of its first setting. */
		for (size_t k = 0; !told && k < c->key_count; k++) {
			struct check_key *key = &c->key[k];

			if ((f->line && key->line != f->line->number) ||
			    strcmp(key->file, f->file->path) != 0)
				continue;
			told = !f->line;
			key->mistake = true;
			if (!key->note[0])
				(void)snprintf(key->note, sizeof(key->note), "%s: %.280s",
					       f->rule->id, f->detail);
		}
	}
	if (code == 0)
		lint_release(&l);
	return code;
}

static int read_set(struct check *c, const struct conf_set *set, enum isolation isolation,
		    struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < set->count && code == 0; i++)
		for (size_t n = 0; n < set->file[i]->count && code == 0; n++) {
			const struct conf_line *l = &set->file[i]->line[n];

			if ((!l->value && !l->fault) || set->file[i]->masked_by)
				continue;
			code = add_key(c, l, err);
			if (code < 0)
				break;
			if (l->fault)
				continue;
			note_line(&c->key[c->key_count - 1], set, l);
			if (!c->key[c->key_count - 1].note[0])
				code = try_key(&c->key[c->key_count - 1], isolation, err);
			if (l->dash)
				c->key[c->key_count - 1].mistake =
					false; /* failure is allowed for */
		}
	return code == 0 ? note_lint(c, set, err) : code;
}

/* Those of the scenario first, those of the command line override them. */
static size_t list_files(const struct measurement *m, char **ret, size_t room)
{
	const struct args *a = m->args;
	size_t n = 0;

	for (size_t i = 0; i < m->scenario.tuning_file_count && n < room; i++)
		ret[n++] = m->scenario.tuning_file[i];
	for (int i = 0; i < a->given_count && n < room; i++)
		if (strcmp(a->given[i].opt->name, "tuning") == 0)
			ret[n++] = (char *)(uintptr_t)a->given[i].value; /* only read */
	return n;
}

static int choose_settings(struct check *c, size_t own_files, char *const *files, struct err *err)
{
	c->setting = calloc(c->key_count + 1, sizeof(*c->setting));
	if (!c->setting)
		return err_set(err, -ENOMEM, "no memory for settings");
	for (size_t i = 0; i < c->key_count; i++) {
		struct variant_setting *s = &c->setting[c->setting_count];

		if (!c->key[i].testable)
			continue;
		s->sysctl = c->key[i].sysctl;
		for (size_t f = 0; f < own_files; f++)
			s->own = s->own || strcmp(files[f], c->key[i].file) == 0;
		c->key[i].setting = c->setting_count++;
	}
	/* One setting is the same alone as together. */
	c->alone = c->setting_count > 1 && c->setting_count <= CHECK_ALONE_MAX;
	return 0;
}

int check_read(struct check *c, const struct measurement *m, struct err *err)
{
	char *files[64];
	size_t count = list_files(m, files, sizeof(files) / sizeof(files[0]));
	struct conf_set set = { 0 };
	int code;

	if (count == 0)
		return 0;
	code = conf_set_read(&set, files, count, CONF_AUTO, CONF_LENIENT, err);
	if (code == 0)
		code = read_set(c, &set, m->isolation, err);
	if (code == 0)
		code = choose_settings(c, m->scenario.tuning_file_count, files, err);
	conf_set_release(&set);
	if (code == 0 && c->key_count == 0)
		code = err_set(err, -EINVAL, "'%.200s' sets nothing", files[0]);
	return code;
}

void check_release(struct check *c)
{
	for (size_t i = 0; i < c->key_count; i++)
		free(c->key[i].file);
	free(c->key);
	free(c->setting);
	*c = (struct check){ 0 };
}
