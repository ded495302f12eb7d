/* Rules on how a line is written, and on what the loaders make of it. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "analysis/lint_match.h"
#include "analysis/lint_value.h"
#include "analysis/sysctl_keys.h"
#include "analysis/sysctl_probe.h"

bool lint_say(struct lint_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
	for (char *c = f->detail; *c;
	     c++) /* bytes of the file: none may reach a terminal as code */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = *c == '\t' ? ' ' : '?';
	return true;
}

/* Runs of blanks count as one: "1024 65535" and "1024<tab>65535" are the same. */
static bool same_value(const char *a, const char *b)
{
	while (*a && *b) {
		size_t x = strspn(a, " \t"), y = strspn(b, " \t");

		if ((x > 0) != (y > 0))
			return false;
		a += x;
		b += y;
		if (*a != *b)
			return false;
		a += *a != '\0';
		b += *b != '\0';
	}
	return *a == *b;
}

/* The last setting of the key: in the file, or of all. */
static const struct conf_line *last_of(const struct lint *l, const struct conf_line *line,
				       const struct conf_file *only)
{
	return conf_set_last(l->set, line->key, true,
			     only ? only->line[only->count - 1].order : SIZE_MAX);
}

LINT_LINE(match_conflict_in_file)
{
	const struct conf_line *last = last_of(l, line, line->file);

	if (!last || last == line || same_value(last->value, line->value))
		return false;
	f->other = last;
	f->fix = LINT_FIX_COMMENT_OUT;
	return lint_say(f, "%s = %s is overridden by line %d of the same file, which says %s",
			line->key, line->value, last->number, last->value);
}

LINT_LINE(match_set_again)
{
	const struct conf_line *here = last_of(l, line, line->file);
	const struct conf_line *last = last_of(l, line, NULL);

	if (here && here != line && same_value(here->value, line->value)) {
		f->other = here;
		f->fix = LINT_FIX_COMMENT_OUT;
		return lint_say(f, "%s = %s stands again in line %d", line->key, line->value,
				here->number);
	}
	if (here != line || !last || last == line || line->file->kind == CONF_TUNED)
		return false; /* a profile is there to be built upon */
	f->other = last;
	return lint_say(f, "%s = %s: %s:%d is read later and sets %s", line->key, line->value,
			last->file->path, last->number, last->value);
}

/* After how many numbers does the kernel stop reading? */
static int numbers_of(enum value_kind kind)
{
	static const int counts[] = { [VALUE_INT] = 1,
				      [VALUE_RANGE] = 2,
				      [VALUE_INTS] = 3,
				      [VALUE_ANY] = 99,
				      [VALUE_PORTS] = 99 };

	return counts[kind];
}

LINT_LINE(match_value_comment)
{
	const char *mark = strpbrk(line->value, "#;"), *rest = line->value;
	const struct sysctl_key *k = sysctl_key_find(line->key);
	int numbers = 0;
	bool octal;
	int64_t v;

	(void)l;
	if (!mark || mark == line->value || line->file->kind == CONF_TUNED)
		return false;
	if (mark[-1] != ' ' && mark[-1] != '\t')
		return false; /* glued: not a number, another rule */
	while (rest < mark && value_number(&rest, &v, &octal))
		numbers++;
	rest += strspn(rest, " \t");
	/* With fewer numbers the kernel looks further and refuses the comment. */
	if (k && rest == mark && numbers >= numbers_of(k->value))
		f->fix = LINT_FIX_MOVE_COMMENT;
	return lint_say(f, "'%s' is written to %s whole, comment and all", line->value, line->key);
}

LINT_LINE(match_dash_missing)
{
	if (!line->dash || sysctl_probe_ask(l->options.probe, line->key) != PROBE_LACKS)
		return false;
	return lint_say(f, "-%s: the key is not there, and '-' helps with one loader only",
			line->key);
}

LINT_LINE(match_pattern)
{
	(void)l;
	return line->glob &&
	       lint_say(f, "'%s' is a pattern; not every loader expands it", line->key);
}

/* Interface names hold dots; nothing else under net does. */
static bool takes_interface(const char *key)
{
	return strncmp(key, "net.ipv4.conf.", 14) == 0 || strncmp(key, "net.ipv6.conf.", 14) == 0 ||
	       strncmp(key, "net.ipv4.neigh.", 15) == 0 || strncmp(key, "net.ipv6.neigh.", 15) == 0;
}

LINT_LINE(match_mixed)
{
	(void)l;
	if (!line->mixed || takes_interface(line->key) || line->glob)
		return false;
	return lint_say(f, "'%s' means a key with a '%c' in one of its parts: there is none",
			line->written, '.');
}

LINT_LINE(match_slashes)
{
	(void)l;
	if (!line->mixed || !takes_interface(line->key))
		return false;
	return lint_say(f, "'%s' holds both separators: loaders split it differently",
			line->written);
}

LINT_LINE(match_dash_blank)
{
	(void)l;
	f->fix = LINT_FIX_JOIN_DASH;
	return line->dash_blank &&
	       lint_say(f, "'- %s': the blank belongs to the key for procps", line->written);
}

LINT_LINE(match_key_blank)
{
	const char *blank = strpbrk(line->written, " \t");
	const char *word = strrchr(line->written, ' ');

	(void)l;
	if (!blank)
		return false;
	if (strncmp(line->written, "sysctl ", 7) == 0)
		return lint_say(f, "'%s' is a shell command; the file wants %s = %s", line->written,
				word + 1, line->value ? line->value : "...");
	return lint_say(f, "'%s' holds a blank: no key does", line->written);
}

LINT_LINE(match_fault)
{
	(void)l;
	return lint_say(f, "'%.64s' %s", line->written, line->fault);
}

LINT_FILE(match_bom)
{
	(void)l;
	return file->bom && !file->masked_by &&
	       lint_say(f, "the first line begins with a byte-order mark");
}

LINT_FILE(match_include)
{
	(void)l;
	return file->missing && !file->masked_by &&
	       lint_say(f, "what it includes was not found, so it was not looked at: %s",
			file->missing);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

LINT_FILE(match_sysctl_conf)
{
	(void)l;
	if (file->masked_by || file->kind != CONF_SYSCTL_D || file->count == 0 ||
	    strcmp(base_name(file->path), "sysctl.conf") != 0)
		return false;
	return lint_say(f, "%s is read last by one loader and not at all by the other", file->path);
}

LINT_FILE(match_masked)
{
	(void)l;
	if (!file->masked_by)
		return false;
	return lint_say(f, "%s is not read: %s has the same name and comes first", file->path,
			file->masked_by->path);
}
