/* KTAP, as the kernel's own tests report (Documentation/dev-tools/ktap.rst): one flat list. */
#include <string.h>

#include "analysis/ci.h"

/* A '#' would begin a directive, a line's end a line. */
static void put(FILE *out, const char *text)
{
	for (; *text; text++)
		(void)fputc((unsigned char)*text < ' ' || *text == '#' ? ' ' : *text, out);
}

void ci_ktap(const struct ci_page *p, FILE *out)
{
	size_t by[CI_ERROR + 1] = { 0 };

	(void)fprintf(out, "KTAP version 1\n1..%zu\n", p->count);
	for (size_t i = 0; i < p->count; i++) {
		const struct ci_item *item = &p->item[i];
		bool bad = item->result == CI_FAIL || item->result == CI_ERROR;

		by[item->result]++;
		(void)fprintf(out, "%s %zu - %s: ", bad ? "not ok" : "ok", i + 1, item->suite);
		put(out, item->name);
		if (item->result == CI_SKIP) {
			(void)fputs(" # SKIP ", out);
			put(out, item->message);
		}
		(void)fputc('\n', out);
		if (item->message[0] && item->result != CI_SKIP) {
			(void)fputs("# ", out);
			if (item->file) {
				put(out, item->file);
				(void)fprintf(out, ":%lld: ", (long long)item->line);
			}
			put(out, item->message);
			(void)fputc('\n', out);
		}
	}
	(void)fprintf(out, "# Totals: pass:%zu fail:%zu xfail:0 xpass:0 skip:%zu error:%zu\n",
		      by[CI_PASS], by[CI_FAIL], by[CI_SKIP], by[CI_ERROR]);
}
