/*
 * big_record COUNT DIR: DIR/run.json of a made-up run whose ten repeats hold COUNT samples together,
 * each other than the one before it, and whose witnesses agree: what report and plot are measured
 * with.
 */
#include <sys/stat.h>

#include "analysis/reconcile.h"
#include "base/err.h"
#include "base/num.h"
#include "tests/sample_record.h"

#define REPEATS     2
#define SAMPLES_MAX 4000000 /* of a repeat, that a record may hold */

/* TIME_WAITs at t, which never falls from call to call. */
struct waiting {
	int64_t n, entered, expired;
};

static int32_t waiting_at(struct waiting *w, int64_t t)
{
	while (w->entered < w->n && sample_entry_ns(w->entered, w->n) <= t)
		w->entered++;
	while (w->expired < w->n && sample_expiry_ns(sample_entry_ns(w->expired, w->n)) <= t)
		w->expired++;
	return (int32_t)(w->entered - w->expired);
}

static void fill(const struct sample_case *s, struct series *series, int64_t count, int64_t period)
{
	struct waiting w = { .n = SAMPLE_CONNECTIONS / s->requests };

	series_release(series);
	if (series_init(series, (size_t)count) < 0)
		abort();
	for (int64_t i = 0; i < count; i++) {
		struct series_row row = { .t_ns = i * period };
		int32_t waiting = waiting_at(&w, row.t_ns);

		for (int side = 0; side < SIDE_COUNT; side++) {
			if (sides_has(s->declared.time_wait, (enum side)side))
				row.count[side][COL_TIME_WAIT] = waiting;
			row.count[side][COL_ESTABLISHED] = (int32_t)((count - 1 - i) % 3);
		}
		(void)series_add(series, &row);
	}
	series_finish(series);
}

static void enlarge(const struct sample_case *s, struct record_repeat *r, int64_t count)
{
	int64_t period = SAMPLE_END_NS / count;

	fill(s, &r->series, count, period);
	for (int64_t i = 0; i < r->witness_count; i++) {
		struct record_witness *w = &r->witness[i];

		if (strcmp(w->name, "sampler") != 0)
			continue;
		w->seen = r->series.taken;
		w->period_ns = w->max_gap_ns = period;
	}
}

static int save(struct record *r, const char *dir, struct err *err)
{
	char path[4096];
	FILE *out;
	bool good;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return err_errno(err, "make '%s'", dir);
	(void)snprintf(path, sizeof(path), "%s/run.json", dir);
	out = fopen(path, "we");
	if (!out)
		return err_errno(err, "create '%s'", path);
	good = record_write(r, out) && !ferror(out);
	return fclose(out) == 0 && good ? 0 : err_set(err, -EIO, "cannot write '%s'", path);
}

int main(int argc, char **argv)
{
	const int64_t repeats = REPEATS * (int64_t)SAMPLE_CASES;
	struct record r;
	struct err err;
	int64_t count;
	bool good;

	if (argc != 3 ||
	    num_parse_int(argv[1], 100 * repeats, SAMPLES_MAX * repeats, &count, &err) < 0) {
		fprintf(stderr, "usage: big_record COUNT DIR\n");
		return 2;
	}
	sample_record(&r, REPEATS);
	for (size_t i = 0; i < r.case_count; i++)
		for (size_t j = 0; j < r.cases[i].repeat_count; j++)
			enlarge(&sample_cases[i], &r.cases[i].repeat[j], count / repeats);
	good = reconcile_record(&r);
	if (!good)
		fprintf(stderr, "big_record: the witnesses do not agree\n");
	else if (save(&r, argv[2], &err) < 0)
		fprintf(stderr, "big_record: %s\n", err.text);
	else
		return 0;
	return 1;
}
