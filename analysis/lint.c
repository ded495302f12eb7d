#include "analysis/lint.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static const char *const severity_names[] = { "note", "warning", "error" };

const char *lint_severity_name(enum lint_severity severity)
{
	return severity_names[severity];
}

int lint_severity_parse(const char *name, enum lint_severity *ret, struct err *err)
{
	for (int i = LINT_NOTE; i <= LINT_ERROR; i++)
		if (strcmp(name, severity_names[i]) == 0) {
			*ret = (enum lint_severity)i;
			return 0;
		}
	return err_set(err, -EINVAL, "'%.32s' is not one of note, warning, error", name);
}

static bool key_matches(const char *patterns, const char *key)
{
	char pattern[128];

	while (patterns && *patterns) {
		size_t n = strcspn(patterns, " ");

		if (n < sizeof(pattern)) {
			memcpy(pattern, patterns, n);
			pattern[n] = '\0';
			if (fnmatch(pattern, key, 0) == 0)
				return true;
		}
		patterns += n + strspn(patterns + n, " ");
	}
	return false;
}

static bool rule_asks(const struct lint_rule *r, const struct conf_line *line, bool effective)
{
	unsigned is = (effective ? 0 : LINT_EVERY) |
		      (line->file->kind == CONF_DUMP ? LINT_DUMP : 0) |
		      (line->glob ? LINT_PATTERN : 0) | (line->value ? 0 : LINT_EXCLUSION) |
		      (line->computed ? LINT_COMPUTED : 0);

	if (line->fault || r->when & LINT_FAULT)
		return line->fault && r->when & LINT_FAULT;
	return (is & ~r->when) == 0 && (!r->keys || key_matches(r->keys, line->key));
}

static int keep(struct lint *l, const struct lint_finding *f)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 32;
		struct lint_finding *grown = realloc(l->finding, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		l->finding = grown;
		l->room = room;
	}
	l->finding[l->count++] = *f;
	return 0;
}

static int ask_line(struct lint *l, const struct conf_line *line)
{
	bool effective = line->fault || conf_set_is_last(l->set, line);

	for (size_t i = 0; i < lint_rule_count; i++) {
		const struct lint_rule *r = &lint_rules[i];
		struct lint_finding f = { .rule = r, .file = line->file, .line = line };

		if (r->line && rule_asks(r, line, effective) && r->line(l, line, &f) &&
		    keep(l, &f) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int ask_file(struct lint *l, const struct conf_file *file)
{
	int code = 0;

	for (size_t i = 0; i < lint_rule_count; i++) {
		const struct lint_rule *r = &lint_rules[i];
		struct lint_finding f = { .rule = r, .file = file };

		if (r->file && r->file(l, file, &f) && keep(l, &f) < 0)
			return -ENOMEM;
	}
	for (size_t k = 0; code == 0 && !file->masked_by && k < file->count; k++)
		code = ask_line(l, &file->line[k]);
	return code;
}

int lint_run(struct lint *l, const struct conf_set *set, const struct lint_options *options,
	     struct err *err)
{
	int code = 0;

	*l = (struct lint){ .set = set, .options = *options };
	for (size_t i = 0; code == 0 && i < set->count; i++)
		code = ask_file(l, set->file[i]);
	if (code < 0) {
		lint_release(l);
		return err_set(err, code, "out of memory");
	}
	return 0;
}

size_t lint_count(const struct lint *l, enum lint_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		n += l->finding[i].rule->severity == severity && !l->finding[i].fixed;
	return n;
}

void lint_release(struct lint *l)
{
	if (!l)
		return;
	free(l->finding);
	*l = (struct lint){ .set = NULL };
}
