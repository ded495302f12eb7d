/* Two records: which cases belong together, what else differs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "base/err.h"
#include "base/json.h"

static const struct record_case *find_case(const struct record *r, const char *name)
{
	for (size_t i = 0; i < r->case_count; i++)
		if (strcmp(r->cases[i].name, name) == 0)
			return &r->cases[i];
	return NULL;
}

static const char *topology_of(const struct record_case *c)
{
	return c->repeat_count ? c->repeat[0].topology : "";
}

void compare_refusal(const struct record *a, const struct record *b, char *buf, size_t size)
{
	bool common = false;

	buf[0] = '\0';
	for (size_t i = 0; i < a->case_count; i++) {
		const struct record_case *x = &a->cases[i], *y = find_case(b, x->name);

		if (!y)
			continue;
		common = true;
		if (strcmp(topology_of(x), topology_of(y)) != 0)
			(void)snprintf(buf, size,
				       "case '%s' ran on topology %s and on %s (--force compares "
				       "them all the same)",
				       x->name, topology_of(x), topology_of(y));
	}
	if (!common)
		(void)snprintf(buf, size, "they have no case in common");
}

/* Is one size as likely as the other?  A number, or a list of ranges with weights. */
static bool is_spread(json *size)
{
	int64_t fixed;

	return size && !json_int(size, &fixed);
}

/* Does the load of a case hang on the seed? */
static bool is_random(const struct record_case *c)
{
	const char *text = c->params ? c->params : "{}", *spacing;
	struct err ignored;
	json *params = json_parse(text, strlen(text), &ignored);
	bool random;

	spacing = json_string(json_path(params, "load.spacing"));
	random = (spacing && strcmp(spacing, "poisson") == 0) ||
		 is_spread(json_path(params, "protocol.request_bytes")) ||
		 is_spread(json_path(params, "protocol.reply_bytes"));
	json_free(params);
	return random;
}

static int compare_one(const struct compare_options *asked, bool other_seed, struct compare_pair *p,
		       struct err *err)
{
	struct compare_options own = *asked, *o = &own;

	own.drawn = other_seed && (is_random(p->a) || is_random(p->b));
	p->drawn = own.drawn;
	p->row = calloc(o->metric_count + 1, sizeof(*p->row));
	if (!p->row)
		return err_set(err, -ENOMEM, "no memory to compare");
	return compare_case(p->a, p->b, o, p->row, &p->count, err);
}

int compare_records(const struct record *a, const struct record *b, const struct compare_options *o,
		    struct comparison *ret, struct err *err)
{
	int code = 0;

	*ret = (struct comparison){ .a = a, .b = b };
	ret->pair = calloc(a->case_count + 1, sizeof(*ret->pair));
	if (!ret->pair)
		return err_set(err, -ENOMEM, "no memory to compare");
	for (size_t i = 0; i < a->case_count && code == 0; i++) {
		struct compare_pair *p = &ret->pair[ret->count];

		p->a = &a->cases[i];
		p->b = find_case(b, a->cases[i].name);
		if (!p->b)
			continue;
		ret->count++;
		code = compare_one(o, a->seed != b->seed, p, err);
		for (size_t k = 0; code == 0 && k < p->count; k++)
			ret->by_verdict[p->row[k].verdict]++;
	}
	if (code == 0 && ret->count == 0)
		code = err_set(err, -EINVAL, "the records have no case in common");
	return code;
}

void compare_release(struct comparison *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		free(c->pair[i].row);
	free(c->pair);
	memset(c, 0, sizeof(*c));
}

/* --- differences that are no result ---------------------------------------------------------- */

struct teller {
	compare_line *line;
	void *to;
};

static void tell(const struct teller *t, const char *what, const char *a, const char *b)
{
	char text[768];

	a = a && a[0] ? a : "unknown";
	b = b && b[0] ? b : "unknown";
	if (strcmp(a, b) == 0)
		return;
	(void)snprintf(text, sizeof(text), "%.128s: %.300s -> %.300s", what, a, b);
	t->line(t->to, text);
}

static void tell_number(const struct teller *t, const char *what, int64_t a, int64_t b)
{
	char x[32] = "", y[32] = "";

	if (a != RECORD_NONE)
		(void)snprintf(x, sizeof(x), "%lld", (long long)a);
	if (b != RECORD_NONE)
		(void)snprintf(y, sizeof(y), "%lld", (long long)b);
	tell(t, what, x, y);
}

static const struct record_sysctl *find_sysctl(const struct record_repeat *r, const char *key)
{
	for (size_t i = 0; i < r->sysctl_count; i++)
		if (strcmp(r->sysctl[i].key, key) == 0)
			return &r->sysctl[i];
	return NULL;
}

/* The first repeat stands for its case: all of them get the same settings. */
static void tell_sysctls(const struct teller *t, const struct record_case *a,
			 const struct record_case *b)
{
	char what[256];

	if (a->repeat_count == 0 || b->repeat_count == 0)
		return;
	for (size_t i = 0; i < a->repeat[0].sysctl_count; i++) {
		const struct record_sysctl *x = &a->repeat[0].sysctl[i];
		const struct record_sysctl *y = find_sysctl(&b->repeat[0], x->key);

		(void)snprintf(what, sizeof(what), "%s in %.100s", x->key, a->name);
		tell(t, what, x->value ? x->value : "", y && y->value ? y->value : "");
	}
	for (size_t i = 0; i < b->repeat[0].sysctl_count; i++) {
		const struct record_sysctl *y = &b->repeat[0].sysctl[i];

		(void)snprintf(what, sizeof(what), "%s in %.100s", y->key, b->name);
		if (!find_sysctl(&a->repeat[0], y->key))
			tell(t, what, "", y->value);
	}
}

/* --- what was asked for ----------------------------------------------------------------------- */

/* Lines and their indentation become single blanks.  Returns what is left of the length. */
static size_t one_line(char *text)
{
	size_t n = 0;

	for (const char *p = text; *p; p++)
		if (*p != '\n' && !(*p == ' ' && n > 0 && text[n - 1] == ' '))
			text[n++] = *p;
		else if (*p == '\n' && p[1])
			text[n++] = ' ';
	return n;
}

/* As one would write it, on one line.  Free it; NULL: no memory. */
static char *param_text(json *node)
{
	struct jsonw w;
	size_t size = 0;
	char *text = NULL;
	FILE *out;

	if (!node || json_string(node))
		return strdup(node ? json_string(node) : "not set");
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	jsonw_init(&w, out);
	jsonw_node(&w, node);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	text[one_line(text)] = '\0';
	return text;
}

static void tell_param(const struct teller *t, const char *path, const char *case_name, json *a, json *b)
{
	char *x = param_text(a), *y = param_text(b), what[256];

	(void)snprintf(what, sizeof(what), "%.120s in %.100s", path, case_name);
	if (x && y)
		tell(t, what, x, y);
	free(x);
	free(y);
}

/* Settings and the topology are told as they were found; the seed, once for all; more repeats are no other load. */
static bool told_elsewhere(const char *path)
{
	return strcmp(path, "tuning") == 0 || strcmp(path, "seed") == 0 || strcmp(path, "repeat") == 0 ||
	       strcmp(path, "topology") == 0;
}

/* Keys of `a` and what `b` has instead; with `only_new` those of `a` that `b` lacks, the other way round. */
static void tell_params(const struct teller *t, const char *section, const char *case_name, json *a,
			json *b, bool only_new)
{
	char path[160];

	for (json *n = json_first(a); n; n = json_next(n)) {
		json *other = json_get(b, json_key(n));

		(void)snprintf(path, sizeof(path), "%.64s%s%.64s", section, section[0] ? "." : "", json_key(n));
		if (told_elsewhere(path))
			continue;
		if (json_type(n) == JSON_OBJECT)
			tell_params(t, path, case_name, n, other, only_new);
		else if (!only_new)
			tell_param(t, path, case_name, n, other);
		else if (!other)
			tell_param(t, path, case_name, NULL, n);
	}
}

static void tell_requests(const struct teller *t, const struct record_case *a, const struct record_case *b)
{
	struct err ignored;
	json *x = a->params ? json_parse(a->params, strlen(a->params), &ignored) : NULL;
	json *y = b->params ? json_parse(b->params, strlen(b->params), &ignored) : NULL;

	if (x && y) {
		tell_params(t, "", a->name, x, y, false);
		tell_params(t, "", a->name, y, x, true);
	}
	json_free(x);
	json_free(y);
}

static void tell_cases(const struct teller *t, const struct record *a, const struct record *b)
{
	for (size_t i = 0; i < a->case_count; i++)
		if (!find_case(b, a->cases[i].name))
			tell(t, a->cases[i].name, "measured", "not in B");
	for (size_t i = 0; i < b->case_count; i++)
		if (!find_case(a, b->cases[i].name))
			tell(t, b->cases[i].name, "not in A", "measured");
	for (size_t i = 0; i < a->case_count; i++) {
		const struct record_case *x = &a->cases[i], *y = find_case(b, x->name);

		if (!y)
			continue;
		tell(t, "topology", topology_of(x), topology_of(y));
		tell_requests(t, x, y);
		tell_sysctls(t, x, y);
	}
}

void compare_differences(const struct record *a, const struct record *b, compare_line *line,
			 void *to)
{
	const struct teller t = { line, to };
	const struct record_host *x = &a->host, *y = &b->host;

	tell(&t, "kernel", x->kernel_release, y->kernel_release);
	tell(&t, "kernel build", x->kernel_version, y->kernel_version);
	tell(&t, "boot parameters", x->cmdline, y->cmdline);
	tell_number(&t, "HZ", x->config_hz, y->config_hz);
	tell(&t, "architecture", x->arch, y->arch);
	tell(&t, "CPU", x->cpu_model, y->cpu_model);
	tell_number(&t, "CPUs", x->cpus_online, y->cpus_online);
	tell(&t, "virtualisation", x->virt, y->virt);
	tell(&t, "clock source", x->clocksource, y->clocksource);
	tell(&t, "distribution", x->distribution, y->distribution);
	tell(&t, "twbench", a->tool_version, b->tool_version);
	tell(&t, "commit", a->tool_commit, b->tool_commit);
	tell(&t, "scenario", a->scenario_name, b->scenario_name);
	tell(&t, "scenario sha256", a->scenario_sha256, b->scenario_sha256);
	tell_number(&t, "seed", a->seed, b->seed);
	tell_cases(&t, a, b);
}
