/* Findings for people. */
#include <string.h>

#include "analysis/lint.h"
#include "analysis/sysctl_probe.h"

#define COLUMNS 100
#define INDENT  12
#define RULES_MAX 256 /* beyond it a rule is explained every time */

/* Words of `text` from column INDENT on; `label` stands before the first. */
static void paragraph(const char *label, const char *text, FILE *out)
{
	size_t column = INDENT;

	fprintf(out, "    %-*s", INDENT - 4, label);
	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > INDENT && column + 1 + word > COLUMNS) {
			fprintf(out, "\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			(void)fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)word, text);
		column += word;
		text += word + strspn(text + word, " ");
	}
	(void)fputc('\n', out);
}

/* One word for a shell, quoted if need be; it goes to a terminal first. */
static void shell_word(const char *text, FILE *out)
{
	bool plain = text[0] && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
						   "UVWXYZ0123456789._/=,:@%+-")];

	if (!plain)
		(void)fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else
			(void)fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, out);
	}
	if (!plain)
		(void)fputc('\'', out);
}

/* The command of the rule, for this file and this line. */
static void prove(const struct lint_finding *f, FILE *out)
{
	const struct {
		const char *mark, *text;
	} words[] = {
		{ "KEY", f->line ? f->line->key : NULL },
		{ "VALUE", f->line ? f->line->value : NULL },
		{ "FILE", f->file->path },
	};
	const char *p = f->rule->prove;

	fprintf(out, "    %-*s", INDENT - 4, "prove:");
	while (*p) {
		size_t i = 0, count = sizeof(words) / sizeof(words[0]);

		while (i < count && strncmp(p, words[i].mark, strlen(words[i].mark)) != 0)
			i++;
		if (i < count && words[i].text) {
			shell_word(words[i].text, out);
			p += strlen(words[i].mark);
		} else {
			(void)fputc(*p++, out);
		}
	}
	(void)fputc('\n', out);
}

static const char *colour_of(enum lint_severity s)
{
	static const char *const codes[] = { "\033[36m", "\033[33m", "\033[31m" };

	return codes[s];
}

static void finding_text(const struct lint_finding *f, const struct lint_text_style *style,
			 bool explain, FILE *out)
{
	const struct lint_rule *r = f->rule;

	fprintf(out, "%s:%d: %s%s:%s %s %s: %s%s\n", f->file->path, f->line ? f->line->number : 1,
		style->colour ? colour_of(r->severity) : "", lint_severity_name(r->severity),
		style->colour ? "\033[0m" : "", r->id, r->name, f->detail,
		f->fixed ? " [fixed]" : "");
	if (style->brief || !explain)
		return;
	paragraph("kernel:", r->kernel, out);
	paragraph("source:", r->source, out);
	prove(f, out);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void summary(const struct lint *l, FILE *out)
{
	size_t fixed = 0, fixable = 0, left[LINT_ERROR + 1];

	for (int s = LINT_NOTE; s <= LINT_ERROR; s++)
		left[s] = lint_count(l, (enum lint_severity)s);
	for (size_t i = 0; i < l->count; i++) {
		fixed += l->finding[i].fixed;
		fixable += !l->finding[i].fixed && l->finding[i].fix != LINT_FIX_NONE &&
			   l->finding[i].file->kind == CONF_SYSCTL_D;
	}
	fprintf(out, "%zu error%s, %zu warning%s, %zu note%s in %zu setting%s of %zu file%s",
		left[LINT_ERROR], plural(left[LINT_ERROR]), left[LINT_WARNING],
		plural(left[LINT_WARNING]), left[LINT_NOTE], plural(left[LINT_NOTE]), l->set->lines,
		plural(l->set->lines), l->set->count, plural(l->set->count));
	if (fixed > 0)
		fprintf(out, "; %zu fixed", fixed);
	if (fixable > 0)
		fprintf(out, "; %zu can be mended by --fix", fixable);
	if (l->options.probe && l->options.probe->kind != PROBE_NONE)
		fprintf(out, "; keys of %s", l->options.probe->name);
	fprintf(out, "\n");
}

void lint_text(const struct lint *l, const struct lint_text_style *style, FILE *out)
{
	bool told[RULES_MAX] = { false };

	for (size_t i = 0; i < l->count; i++) {
		const struct lint_finding *f = &l->finding[i];
		size_t rule = (size_t)(f->rule - lint_rules);

		if (f->rule->severity < style->level)
			continue;
		finding_text(f, style, rule >= RULES_MAX || !told[rule], out);
		if (rule < RULES_MAX)
			told[rule] = true;
	}
	summary(l, out);
}

void lint_text_rules(FILE *out)
{
	for (size_t i = 0; i < lint_rule_count; i++) {
		const struct lint_rule *r = &lint_rules[i];

		fprintf(out, "%s %s %s: %s\n", r->id, lint_severity_name(r->severity), r->name,
			r->summary);
		paragraph("kernel:", r->kernel, out);
		paragraph("source:", r->source, out);
		fprintf(out, "    %-*s%s\n", INDENT - 4, "prove:", r->prove);
	}
}
