/*
 * Any bytes as a sysctl file of each kind: refused with a line, or read.  What was read names sound
 * keys, is read back from its own text, and can be linted whatever it says.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/lint.h"
#include "analysis/sysctlset.h"
#include "base/err.h"

int fuzz_sysctlconf(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_lines(const struct conf_file *f)
{
	int last = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct conf_line *l = &f->line[i];
		size_t n = strlen(l->key);

		if (l->fault) {
			must(n == 0 && l->written);
			continue;
		}
		must(l->file == f && l->number > last);
		last = l->number;
		must(n > 0 && l->key[0] != '.' && l->key[n - 1] != '.' && !strstr(l->key, ".."));
		must(l->value || l->dash);
	}
}

static void check_again(const struct conf_file *f)
{
	struct conf_file again;
	char *text = NULL;
	struct err err;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out != NULL);
	for (size_t i = 0; i < f->count; i++)
		fprintf(out, "%s%s%s%s\n", f->line[i].dash ? "-" : "", f->line[i].written,
			f->line[i].value ? " = " : "", f->line[i].value ? f->line[i].value : "");
	fclose(out);
	must(conf_parse(&again, "again", text, size, CONF_SYSCTL_D, CONF_STRICT, &err) == 0);
	must(again.count == f->count);
	for (size_t i = 0; i < f->count; i++) {
		const char *a = f->line[i].value, *b = again.line[i].value;

		must(strcmp(f->line[i].key, again.line[i].key) == 0);
		must(a && b ? strcmp(a, b) == 0 : a == b);
		must(f->line[i].dash == again.line[i].dash);
	}
	conf_file_release(&again);
	free(text);
}

static void check_lint(const struct conf_set *set)
{
	static const uint16_t ports[] = { 80, 8080, 65535 };
	const struct lint_options options = { 1000, ports, 3, set->lines & 1, NULL };
	const struct lint_text_style style = { false, false, LINT_NOTE };
	struct lint l;
	struct err err;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out != NULL && lint_run(&l, set, &options, &err) == 0);
	for (size_t i = 0; i < l.count; i++)
		must(l.finding[i].detail[0] != '\0');
	lint_text(&l, &style, out);
	if (set->lines == 1) /* the rules alone are 50 KB */
		lint_sarif(&l, out);
	fclose(out);
	free(text);
	lint_release(&l);
}

int fuzz_sysctlconf(const uint8_t *data, size_t size)
{
	for (int way = 0; way <= 2 * CONF_TUNED + 1; way++) {
		enum conf_mode mode = way & 1 ? CONF_LENIENT : CONF_STRICT;
		struct conf_set set = { 0 };
		struct err err = { .text = "" };
		int r = conf_set_add_text(&set, "fuzz", (const char *)data, size,
					  (enum conf_kind)(way / 2), mode, &err);

		if (r < 0) {
			must(strncmp(err.text, "fuzz:", 5) == 0);
		} else {
			check_lines(set.file[0]);
			if (set.file[0]->kind == CONF_SYSCTL_D && mode == CONF_STRICT)
				check_again(set.file[0]);
			if (size < 4096)
				check_lint(&set);
		}
		conf_set_release(&set);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_sysctlconf(data, size);
}
