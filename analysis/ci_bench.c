/*
 * Continuous benchmarking: github-action-benchmark (customSmallerIsBetter, customBiggerIsBetter) and
 * Bencher's metric format, of the metrics that `compare` looks at; the bounds are our intervals, so that
 * the noise model of either can use them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/ci.h"
#include "analysis/compare.h"
#include "base/json.h"

static void put_text(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_string(w, text);
}

static void put_real(struct jsonw *w, const char *key, double v)
{
	jsonw_key(w, key);
	jsonw_real(w, v);
}

static void bench_one(const struct record *r, const struct record_case *c, const struct field *f,
		      struct jsonw *w)
{
	struct ci_value v;
	char text[384];

	if (ci_value(c, f, &v) < 0 || v.n == 0)
		return;
	jsonw_object_flat(w);
	(void)snprintf(text, sizeof(text), "%s: %s", c->name, f->path);
	put_text(w, "name", text);
	put_text(w, "unit", f->unit[0] ? f->unit : "1");
	put_real(w, "value", v.median);
	(void)snprintf(text, sizeof(text), "%.6g to %.6g", v.low, v.high);
	put_text(w, "range", text);
	(void)snprintf(text, sizeof(text), "median of %zu repeats, run %.128s", v.n,
		       r->run_id ? r->run_id : "?");
	put_text(w, "extra", text);
	jsonw_object_end(w);
}

static void bench(const struct ci_page *p, int better, FILE *out)
{
	struct compare_options o;
	struct jsonw w;

	compare_defaults(&o);
	jsonw_init(&w, out);
	jsonw_array(&w);
	for (size_t i = 0; i < p->record->case_count; i++)
		for (size_t m = 0; m < o.metric_count; m++)
			if (o.metric[m]->better == better)
				bench_one(p->record, &p->record->cases[i], o.metric[m], &w);
	jsonw_array_end(&w);
	jsonw_end(&w);
}

void ci_bench_smaller(const struct ci_page *p, FILE *out)
{
	bench(p, -1, out);
}

void ci_bench_bigger(const struct ci_page *p, FILE *out)
{
	bench(p, 1, out);
}

/* A measure's slug: lower case, digits and '-'. */
static void slug(const char *path, char *buf, size_t size)
{
	size_t n = 0;

	for (; *path && n + 1 < size; path++)
		buf[n++] = *path == '.' || *path == '_' ? '-' : *path;
	buf[n] = '\0';
}

void ci_bencher(const struct ci_page *p, FILE *out)
{
	struct compare_options o;
	struct ci_value v;
	struct jsonw w;
	char key[128];

	compare_defaults(&o);
	jsonw_init(&w, out);
	jsonw_object(&w);
	for (size_t i = 0; i < p->record->case_count; i++) {
		jsonw_key(&w, p->record->cases[i].name);
		jsonw_object(&w);
		for (size_t m = 0; m < o.metric_count; m++) {
			if (ci_value(&p->record->cases[i], o.metric[m], &v) < 0 || v.n == 0)
				continue;
			slug(o.metric[m]->path, key, sizeof(key));
			jsonw_key(&w, key);
			jsonw_object_flat(&w);
			put_real(&w, "value", v.median);
			put_real(&w, "lower_value", v.low);
			put_real(&w, "upper_value", v.high);
			jsonw_object_end(&w);
		}
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
	jsonw_end(&w);
}
