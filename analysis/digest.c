#include "analysis/digest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/derive.h"
#include "base/err.h"
#include "base/json.h"

static bool known(int64_t v)
{
	return v != RECORD_NONE;
}

static void lifetime_add(struct digest_lifetime *l, const struct record_time_wait *w, int64_t gap_ns)
{
	double sum;

	if (!known(w->lifetime_n) || w->lifetime_n <= 0 || !known(w->lifetime_mean_ns))
		return;
	sum = (double)l->mean_ns * (double)l->n +
	      (double)w->lifetime_mean_ns * (double)w->lifetime_n;
	l->n += w->lifetime_n;
	l->mean_ns = (int64_t)llround(sum / (double)l->n);
	if (known(w->lifetime_min_ns) && w->lifetime_min_ns < l->min_ns)
		l->min_ns = w->lifetime_min_ns;
	if (known(w->lifetime_max_ns) && w->lifetime_max_ns > l->max_ns)
		l->max_ns = w->lifetime_max_ns;
	if (known(w->lifetime_resolution_ns) && w->lifetime_resolution_ns > l->resolution_ns)
		l->resolution_ns = w->lifetime_resolution_ns;
	if (gap_ns > l->resolution_ns)
		l->resolution_ns = gap_ns;
}

struct digest_lifetime digest_lifetime(const struct record *r)
{
	struct digest_lifetime l = { .min_ns = INT64_MAX };

	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++)
			for (int s = 0; s < SIDE_COUNT; s++)
				lifetime_add(&l, &r->cases[i].repeat[j].time_wait[s],
					     derive_sample_gap_ns(&r->cases[i].repeat[j]));
	if (l.min_ns == INT64_MAX)
		l.min_ns = l.mean_ns;
	if (l.max_ns < l.mean_ns)
		l.max_ns = l.mean_ns;
	return l;
}

int64_t digest_timer_step_ns(int64_t config_hz)
{
	int64_t jiffies, step = 1;

	if (!known(config_hz) || config_hz <= 0)
		return RECORD_NONE;
	/* Level n of the wheel begins at 63 * 8^(n-1) jiffies and has steps of 8^n. */
	jiffies = TIME_WAIT_NOMINAL_NS / 1000000000 * config_hz;
	while (jiffies >= 63 * step)
		step *= 8;
	return step * 1000000000 / config_hz;
}

int64_t digest_forecast_ns(const struct record *r)
{
	struct digest_lifetime l = digest_lifetime(r);
	int64_t step = digest_timer_step_ns(r->host.config_hz);

	if (l.n > 0)
		return l.mean_ns;
	return TIME_WAIT_NOMINAL_NS + (known(step) ? step / 2 : 0);
}

const struct record_repeat *digest_shown(const struct record_case *c)
{
	const struct record_repeat *best = NULL;

	for (size_t i = 0; i < c->repeat_count; i++) {
		const struct record_repeat *rep = &c->repeat[i];
		bool ok = strcmp(rep->status, "ok") == 0;
		bool best_ok = best && strcmp(best->status, "ok") == 0;

		if (!best || ok > best_ok ||
		    (ok == best_ok && rep->series.last_ns > best->series.last_ns))
			best = rep;
	}
	return best;
}

static int compare_int64(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The highest sample; where nobody has taken it from the series yet, from the series. */
static int64_t peak_of(const struct record_repeat *rep, enum side side)
{
	int64_t peak = rep->time_wait[side].peak;

	if (!derive_is_watched(rep, side))
		return RECORD_NONE;
	for (size_t i = 0; !known(rep->time_wait[side].peak) && i < rep->series.count; i++)
		if (series_count(&rep->series, i, (int)side, COL_TIME_WAIT) > peak)
			peak = series_count(&rep->series, i, (int)side, COL_TIME_WAIT);
	return peak;
}

int64_t digest_peak(const struct record_case *c, enum side side)
{
	int64_t *peak = calloc(c->repeat_count ? c->repeat_count : 1, sizeof(*peak));
	int64_t median = RECORD_NONE;
	size_t n = 0;

	for (size_t i = 0; peak && i < c->repeat_count; i++)
		if (known(peak_of(&c->repeat[i], side)))
			peak[n++] = peak_of(&c->repeat[i], side);
	if (n > 0) {
		qsort(peak, n, sizeof(*peak), compare_int64);
		median = peak[(n - 1) / 2];
	}
	free(peak);
	return median;
}

enum sides digest_holder(const struct record_case *c)
{
	int64_t client = digest_peak(c, SIDE_CLIENT), server = digest_peak(c, SIDE_SERVER);
	int64_t most;

	if ((!known(client) || client == 0) && !known(server))
		return SIDES_UNKNOWN; /* it may be where nobody looked */
	client = known(client) ? client : 0;
	server = known(server) ? server : 0;
	most = client > server ? client : server;
	if (most == 0)
		return SIDES_NONE;
	if (client * 2 >= most && server * 2 >= most)
		return SIDES_BOTH;
	return client > server ? SIDES_CLIENT : SIDES_SERVER;
}

int64_t digest_outcomes(const struct record_case *c, int64_t ret[OUTCOME_COUNT])
{
	int64_t sum = 0;

	memset(ret, 0, sizeof(*ret) * OUTCOME_COUNT);
	for (size_t i = 0; i < c->repeat_count; i++)
		for (int o = 0; o < OUTCOME_COUNT; o++) {
			int64_t n = c->repeat[i].ledger.by_outcome[o];

			if (known(n) && n > 0) {
				ret[o] += n;
				sum += n;
			}
		}
	return sum;
}

int64_t digest_errors(const struct record_case *c)
{
	int64_t by[OUTCOME_COUNT];
	int64_t all = digest_outcomes(c, by);

	return c->declared.outcome < OUTCOME_COUNT ? all - by[c->declared.outcome] : all;
}

static bool says(const struct record_case *c, const char *key)
{
	struct err ignored;
	json *params = c->params ? json_parse(c->params, strlen(c->params), &ignored) : NULL;
	bool truth = false;

	(void)json_bool(json_get(params, key), &truth);
	json_free(params);
	return truth;
}

bool digest_exhaustion_expected(const struct record_case *c)
{
	return says(c, "exhaustion_expected") || says(c, "failures_expected");
}

bool digest_errors_expected(const struct record_case *c)
{
	int64_t by[OUTCOME_COUNT];

	(void)digest_outcomes(c, by);
	return says(c, "failures_expected") ||
	       (says(c, "exhaustion_expected") && digest_errors(c) == by[OUTCOME_NO_PORT]);
}

int64_t digest_classes(const struct record_case *c, int64_t ret[TEARDOWN_CLASS_COUNT])
{
	int64_t sum = 0;

	memset(ret, 0, sizeof(*ret) * TEARDOWN_CLASS_COUNT);
	for (size_t i = 0; i < c->repeat_count; i++) {
		const struct record_repeat *rep = &c->repeat[i];

		for (int64_t j = 0; j < rep->teardown_count; j++) {
			const struct record_teardown *t = &rep->teardown[j];

			if (t->class >= TEARDOWN_CLASS_COUNT || !known(t->count))
				continue;
			ret[t->class] += t->count;
			sum += t->count;
		}
	}
	return sum;
}

enum teardown_class digest_main_class(const struct record_case *c, int64_t *ret_count,
				      int64_t *ret_total)
{
	int64_t by[TEARDOWN_CLASS_COUNT];
	int64_t total = digest_classes(c, by);
	int best = 0;

	*ret_count = 0;
	*ret_total = total;
	if (total == 0)
		return TEARDOWN_CLASS_COUNT;
	for (int i = 1; i < TEARDOWN_CLASS_COUNT; i++)
		if (by[i] > by[best])
			best = i;
	*ret_count = by[best];
	return (enum teardown_class)best;
}

double digest_rate(const struct record_case *c, const struct record_repeat *rep)
{
	if (rep && isfinite(rep->ledger.achieved_rate_per_s) && rep->ledger.achieved_rate_per_s > 0)
		return rep->ledger.achieved_rate_per_s;
	return c->rate_per_s;
}

int64_t digest_exchanges(const struct record_case *c)
{
	int64_t sum = 0;

	for (size_t i = 0; i < c->repeat_count; i++) {
		const struct record_ledger *l = &c->repeat[i].ledger;
		int64_t connections = known(l->attempted) ? l->attempted : 0;
		int64_t requests = known(l->requests_attempted) ? l->requests_attempted : 0;

		sum += requests > connections ? requests : connections;
	}
	return sum;
}

int digest_hist(const struct record_case *c, size_t offset, struct hist *ret)
{
	struct hist all;
	int status = hist_init(&all);

	if (status < 0)
		return status;
	for (size_t i = 0; i < c->repeat_count; i++) {
		const struct hist *h =
			(const struct hist *)(const void *)((const char *)&c->repeat[i] + offset);

		hist_merge(&all, h);
	}
	*ret = all;
	return 0;
}

/* Append `value` to the list in buf, once. */
static void add_distinct(char *buf, size_t size, const char *value)
{
	size_t length = strlen(value), used = strlen(buf);

	for (const char *p = buf; *p; p += strcspn(p, ","), p += strspn(p, ", "))
		if (strncmp(p, value, length) == 0 && (p[length] == ',' || p[length] == '\0'))
			return;
	(void)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", value);
}

const char *digest_sysctl(const struct record *r, const char *key, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++) {
			const struct record_repeat *rep = &r->cases[i].repeat[j];

			for (size_t k = 0; k < rep->sysctl_count; k++)
				if (rep->sysctl[k].value && strcmp(rep->sysctl[k].key, key) == 0)
					add_distinct(buf, size, rep->sysctl[k].value);
		}
	return buf;
}

const char *digest_topology(const struct record *r, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++)
			if (r->cases[i].repeat[j].topology[0])
				add_distinct(buf, size, r->cases[i].repeat[j].topology);
	return buf;
}

size_t digest_repeat_number(const struct record_case *c, const struct record_repeat *rep)
{
	return (size_t)(rep - c->repeat) + 1;
}

size_t digest_repeats(const struct record *r)
{
	size_t most = 0;

	for (size_t i = 0; i < r->case_count; i++)
		if (r->cases[i].repeat_count > most)
			most = r->cases[i].repeat_count;
	return most;
}
