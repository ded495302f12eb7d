#include "analysis/report_html_tables.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "analysis/digest.h"
#include "analysis/html.h"
#include "analysis/say.h"
#include "base/num.h"

#define ROWS_MAX 2000 /* of one table: the file must stay small enough to open */

static void open_table(FILE *out, const char *title, const char *const *heads, size_t count)
{
	(void)fputs("<details><summary>", out);
	html_text(out, title);
	(void)fputs("</summary>\n<div class=\"scroll\"><table><thead><tr>", out);
	for (size_t i = 0; i < count; i++) {
		(void)fputs("<th>", out);
		html_text(out, heads[i]);
		(void)fputs("</th>", out);
	}
	(void)fputs("</tr></thead>\n<tbody>\n", out);
}

static void close_table(FILE *out)
{
	(void)fputs("</tbody></table></div></details>\n", out);
}

static void cell(FILE *out, const char *text)
{
	(void)fputs("<td>", out);
	html_text(out, text ? text : "unknown");
	(void)fputs("</td>", out);
}

static void cell_count(FILE *out, int64_t n)
{
	char text[32];

	(void)fputs("<td class=\"n\">", out);
	html_text(out, n == RECORD_NONE ? "unknown" : say_count(n, text, sizeof(text)));
	(void)fputs("</td>", out);
}

static void cell_duration(FILE *out, int64_t ns)
{
	char text[48];

	(void)fputs("<td class=\"n\">", out);
	html_text(out, ns == RECORD_NONE ? "" : num_format_duration(ns, text, sizeof(text)));
	(void)fputs("</td>", out);
}

/* --- repeats ------------------------------------------------------------------------------------- */

static void repeat_row(const struct record_case *c, const struct record_repeat *rep, FILE *out)
{
	char text[64];

	(void)fputs("<tr>", out);
	cell(out, c->name);
	cell_count(out, rep->index);
	cell(out, rep->status);
	cell_count(out, rep->ledger.attempted);
	cell_count(out,
		   rep->ledger.by_outcome[c->declared.outcome < OUTCOME_COUNT ? c->declared.outcome
									      : OUTCOME_OK]);
	if (isfinite(rep->ledger.achieved_rate_per_s))
		(void)snprintf(text, sizeof(text), "%.1f", rep->ledger.achieved_rate_per_s);
	else
		(void)snprintf(text, sizeof(text), "unknown");
	cell(out, text);
	for (int s = 0; s < SIDE_COUNT; s++) {
		cell_count(out, rep->time_wait[s].peak);
		cell_count(out, rep->time_wait[s].expected_peak);
	}
	cell_count(out, rep->ports.peak_used);
	cell_count(out, rep->ports.capacity);
	cell_count(out, rep->capture.packets);
	cell_count(out, rep->capture.dropped);
	(void)fputs("</tr>\n", out);
}

static void put_repeats(const struct record *r, FILE *out)
{
	static const char *const heads[] = { "case",        "repeat",        "status",
					     "attempted",   "as declared",   "rate, 1/s",
					     "client peak", "expected",      "server peak",
					     "expected",    "ports at peak", "4-tuples",
					     "packets",     "dropped" };

	open_table(out, "Every case and repeat", heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++)
			repeat_row(&r->cases[i], &r->cases[i].repeat[j], out);
	close_table(out);
}

/* --- witnesses and checks ------------------------------------------------------------------------ */

static void witness_row(const struct record_case *c, const struct record_repeat *rep,
			const struct record_witness *w, FILE *out)
{
	(void)fputs("<tr>", out);
	cell(out, c->name);
	cell_count(out, rep->index);
	cell(out, w->name);
	if (!w->present)
		cell(out, "absent");
	else
		cell_count(out, w->seen);
	if (w->present && w->lost == RECORD_NONE)
		cell(out, "not knowable");
	else
		cell_count(out, w->lost);
	cell_duration(out, w->period_ns);
	cell_duration(out, w->max_lag_ns);
	cell(out, w->note);
	(void)fputs("</tr>\n", out);
}

static void put_witnesses(const struct record *r, FILE *out)
{
	static const char *const heads[] = { "case", "repeat", "witness",   "seen",
					     "lost", "period", "worst lag", "note" };
	size_t rows = 0;

	open_table(out, "Witnesses: what each saw, and what it lost", heads,
		   sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++) {
			const struct record_repeat *rep = &r->cases[i].repeat[j];

			for (int64_t k = 0; k < rep->witness_count && rows < ROWS_MAX; k++, rows++)
				witness_row(&r->cases[i], rep, &rep->witness[k], out);
		}
	close_table(out);
}

static void check_row(const struct record_case *c, const struct record_repeat *rep,
		      const struct record_check *k, FILE *out)
{
	(void)fputs("<tr>", out);
	cell(out, c->name);
	cell_count(out, rep->index);
	cell(out, k->name);
	cell_count(out, k->left);
	cell_count(out, k->right);
	cell_count(out, k->tolerance);
	cell(out, k->skipped ? "not made" : k->agrees ? "agrees" : "DISAGREES");
	cell(out, k->note);
	(void)fputs("</tr>\n", out);
}

static void put_checks(const struct record *r, FILE *out)
{
	static const char *const heads[] = { "case",  "repeat",    "check",   "left",
					     "right", "tolerance", "verdict", "note" };
	size_t rows = 0;

	open_table(out, "Checks: every number that two witnesses must agree on", heads,
		   sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++) {
			const struct record_repeat *rep = &r->cases[i].repeat[j];

			for (int64_t k = 0; k < rep->check_count && rows < ROWS_MAX; k++, rows++)
				check_row(&r->cases[i], rep, &rep->check[k], out);
		}
	close_table(out);
}

/* --- sysctls and host ---------------------------------------------------------------------------- */

static void put_sysctls(const struct record *r, FILE *out)
{
	static const char *const heads[] = { "key", "as read in the lab", "on the host", "set by",
					     "namespace" };
	const struct record_repeat *first = r->case_count > 0 ? digest_shown(&r->cases[0]) : NULL;
	char values[256];

	if (!first || first->sysctl_count == 0)
		return;
	open_table(out, "Sysctls", heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < first->sysctl_count && i < ROWS_MAX; i++) {
		const struct record_sysctl *s = &first->sysctl[i];
		bool differ;

		/* A key that the matrix varies shows every value it had. */
		digest_sysctl(r, s->key, values, sizeof(values));
		differ = s->value && strchr(values, ',') && r->case_count > 1 &&
			 !strchr(s->value, ',');
		(void)fputs("<tr>", out);
		cell(out, s->key);
		cell(out, differ ? values : s->value);
		cell(out, s->host_value);
		cell(out, s->set_by);
		cell(out, sides_key(s->where));
		(void)fputs("</tr>\n", out);
	}
	close_table(out);
}

static void host_row(FILE *out, const char *what, const char *value)
{
	(void)fputs("<tr>", out);
	cell(out, what);
	cell(out, value);
	(void)fputs("</tr>\n", out);
}

static void host_count(FILE *out, const char *what, int64_t n)
{
	(void)fputs("<tr>", out);
	cell(out, what);
	cell_count(out, n);
	(void)fputs("</tr>\n", out);
}

static void put_host(const struct record *r, FILE *out)
{
	static const char *const heads[] = { "what", "value" };
	const struct record_host *h = &r->host;

	open_table(out, "Host and tools", heads, 2);
	host_row(out, "kernel", h->kernel_release);
	host_row(out, "kernel version", h->kernel_version);
	host_row(out, "architecture", h->arch);
	host_count(out, "CONFIG_HZ", h->config_hz);
	host_row(out, "kernel command line", h->cmdline);
	host_row(out, "distribution", h->distribution);
	host_row(out, "CPU", h->cpu_model);
	host_count(out, "CPUs online", h->cpus_online);
	host_count(out, "memory, bytes", h->mem_total_bytes);
	host_row(out, "virtualisation", h->virt);
	host_row(out, "clock source", h->clocksource);
	host_row(out, "twbench", r->tool_version);
	host_row(out, "commit", r->tool_commit);
	host_row(out, "libpcap", r->libpcap_version);
	host_row(out, "cJSON", r->cjson_version);
	host_row(out, "gnuplot", r->gnuplot_version);
	host_count(out, "seed", r->seed);
	close_table(out);
}

void report_html_tables(const struct record *r, FILE *out)
{
	(void)fputs("<h2>Everything else</h2>\n", out);
	put_repeats(r, out);
	put_witnesses(r, out);
	put_checks(r, out);
	put_sysctls(r, out);
	put_host(r, out);
}
