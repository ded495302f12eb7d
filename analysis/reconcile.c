#include "analysis/reconcile.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/derive.h"
#include "analysis/reconcile_table.h"
#include "base/cmd.h"
#include "base/err.h"
#include "base/json.h"

#define BEHIND_MAX_S 0.5
#define LATE_MAX 0.05 /* of the time until ports ran out */
#define RATE_MET 0.98 /* of the target; below it the load was another than asked for */
#define CHECKS_MAX                                                                                 \
	((int64_t)(sizeof(((struct record_repeat *)0)->check) / sizeof(struct record_check)))

static void copy(char *to, size_t size, const char *text)
{
	(void)snprintf(to, size, "%s", text);
}

/* --- what the rows ask ----------------------------------------------------------------------- */

static int64_t known(int64_t n)
{
	return n == RECORD_NONE ? 0 : n;
}

static void read_params(struct view *v)
{
	const char *shape, *text = v->c->params ? v->c->params : "{}";
	struct err ignored;
	int64_t family = 4;
	json *params = json_parse(text, strlen(text), &ignored);

	v->exhaustion_expected = false;
	(void)json_bool(json_get(params, "exhaustion_expected"), &v->exhaustion_expected);
	v->failures_expected = false;
	(void)json_bool(json_get(params, "failures_expected"), &v->failures_expected);
	(void)json_int(json_path(params, "addressing.family"), &family);
	v->ip6 = family == 6;
	shape = json_string(json_path(params, "load.shape"));
	v->steady = shape && (strcmp(shape, "rate") == 0 || strcmp(shape, "poll") == 0);
	json_free(params);
}

static bool counts_as_healthy(const struct view *v, int outcome)
{
	return outcome == (int)v->c->declared.outcome ||
	       (outcome == OUTCOME_NO_PORT && v->exhaustion_expected);
}

static struct view look_at(const struct record_case *c, const struct record_repeat *r)
{
	struct view v = { .c = c, .r = r, .udp = strcmp(c->strategy, "udp") == 0 };
	const int64_t *by = r->ledger.by_outcome;
	int64_t most = 0;

	read_params(&v);
	if (c->declared.outcome < OUTCOME_COUNT)
		v.healthy = known(by[c->declared.outcome]);
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		if (counts_as_healthy(&v, o))
			continue;
		v.unexpected += known(by[o]);
		if (known(by[o]) > most) {
			most = by[o];
			v.most = (enum outcome)o;
		}
	}
	v.network = r->ledger.attempted == RECORD_NONE
			    ? RECORD_NONE
			    : r->ledger.attempted - known(by[OUTCOME_NO_PORT]) -
				      known(by[OUTCOME_NO_RESOURCE]) -
				      known(by[OUTCOME_UNREACHABLE]);
	return v;
}

/* --- one check ------------------------------------------------------------------------------- */

static const char *absence(const struct record_repeat *r, const char *by)
{
	for (int64_t i = 0; i < r->witness_count; i++)
		if (strncmp(r->witness[i].name, by, strlen(by)) == 0 && !r->witness[i].present &&
		    r->witness[i].note[0])
			return r->witness[i].note;
	return "nothing was recorded";
}

/* Both sides summed: how counters of a shared namespace are compared. */
static int64_t both(term_fn *fn, const struct view *v)
{
	int64_t client = fn(v, SIDE_CLIENT), server = fn(v, SIDE_SERVER);

	return client == RECORD_NONE || server == RECORD_NONE ? RECORD_NONE : client + server;
}

static void compare(struct record_check *k, const struct identity *id, const struct view *v)
{
	const char *missing = k->left == RECORD_NONE ? id->left_by : id->right_by;

	if (k->left == RECORD_NONE || k->right == RECORD_NONE) {
		k->skipped = true;
		(void)snprintf(k->note, sizeof(k->note), "no %s: %.150s", missing,
			       absence(v->r, missing));
		return;
	}
	k->agrees = k->left - k->right <= k->tolerance && k->right - k->left <= k->tolerance;
	if (!k->agrees)
		copy(k->note, sizeof(k->note), id->hint);
}

/* `side` is SIDE_COUNT for the sum of both. */
static void add_check(struct record_repeat *r, const struct identity *id, const struct view *v,
		      enum side side, const char *suffix)
{
	bool sum = side == SIDE_COUNT;
	const char *why_not = identity_why_not(id, v, sum ? SIDE_CLIENT : side);
	struct record_check *k;

	if (why_not && sum)
		why_not = identity_why_not(id, v, SIDE_SERVER);
	if (r->check_count >= CHECKS_MAX || (why_not && !*why_not))
		return;
	k = &r->check[r->check_count++];
	*k = (struct record_check){ .left = RECORD_NONE, .right = RECORD_NONE };
	(void)snprintf(k->name, sizeof(k->name), "%s%s", id->name, suffix);
	copy(k->left_what, sizeof(k->left_what), id->left_what);
	copy(k->right_what, sizeof(k->right_what), id->right_what);
	if (why_not) {
		k->skipped = true;
		copy(k->note, sizeof(k->note), why_not);
		return;
	}
	k->left = sum ? both(id->left, v) : id->left(v, side);
	k->right = sum ? both(id->right, v) : id->right(v, side);
	if (id->tolerance)
		k->tolerance = sum ? both(id->tolerance, v) : id->tolerance(v, side);
	compare(k, id, v);
}

static void run_checks(struct record_repeat *r, const struct view *v)
{
	r->check_count = 0;
	for (size_t i = 0; i < identities_count; i++) {
		const struct identity *id = &identities[i];

		if (id->reach == REACH_ONCE) {
			add_check(r, id, v, SIDE_CLIENT, "");
		} else if (id->reach == REACH_COUNTER && r->shared_namespace) {
			add_check(r, id, v, SIDE_COUNT, " (both ends)");
		} else {
			add_check(r, id, v, SIDE_CLIENT, " (client)");
			add_check(r, id, v, SIDE_SERVER, " (server)");
		}
	}
}

/* --- verdict --------------------------------------------------------------------------------- */

struct verdict {
	char reason[512];
	int64_t causes;
};

__attribute__((format(printf, 2, 3))) static void blame(struct verdict *d, const char *fmt, ...)
{
	va_list ap;

	if (d->causes++ > 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(d->reason, sizeof(d->reason), fmt, ap);
	va_end(ap);
}

static void blame_outcomes(struct verdict *d, const struct view *v)
{
	if (v->unexpected > 0)
		blame(d, "%" PRId64 " of %" PRId64 " connections ended otherwise than declared: %s",
		      v->unexpected, known(v->r->ledger.attempted), outcome_key(v->most));
}

static void blame_checks(struct verdict *d, const struct record_repeat *r)
{
	for (int64_t i = 0; i < r->check_count; i++) {
		const struct record_check *k = &r->check[i];

		if (!k->skipped && !k->agrees)
			blame(d, "%s: %s %" PRId64 ", %s %" PRId64 " (%s)", k->name, k->left_what,
			      k->left, k->right_what, k->right, k->note);
	}
}

/* How long after its schedule the last start came: a short load may lose 2 % to one hiccup at its end. */
static double behind_s(const struct record_ledger *l)
{
	if (l->offered == RECORD_NONE || l->load_ns == RECORD_NONE || l->target_rate_per_s <= 0)
		return INFINITY;
	return (double)l->load_ns / 1e9 - (double)l->offered / l->target_rate_per_s;
}

/* When ports run out tells of the load as it was made: one that lagged behind found them gone later. */
static void blame_late_exhaustion(struct verdict *d, const struct record_ledger *l)
{
	if (l->first_no_port_ns == RECORD_NONE || l->first_no_port_late_ns == RECORD_NONE ||
	    (double)l->first_no_port_late_ns <= LATE_MAX * (double)l->first_no_port_ns)
		return;
	blame(d, "the load was %.3f s behind when ports ran out, at %.3f s: the machine is busy",
	      (double)l->first_no_port_late_ns / 1e9, (double)l->first_no_port_ns / 1e9);
}

/* A connect() that finds no port costs 5 ms of search: where that is the subject, so is a missed rate. */
static void blame_rate(struct verdict *d, const struct record_ledger *l, bool exhaustion_expected)
{
	if (exhaustion_expected && l->by_outcome[OUTCOME_NO_PORT] > 0) {
		blame_late_exhaustion(d, l);
		return;
	}
	if (!isfinite(l->target_rate_per_s) || !isfinite(l->achieved_rate_per_s) ||
	    l->achieved_rate_per_s >= RATE_MET * l->target_rate_per_s)
		return;
	if (l->not_started > 0 || behind_s(l) > BEHIND_MAX_S)
		blame(d, "the load reached %.1f connections/s of the %.1f asked for",
		      l->achieved_rate_per_s, l->target_rate_per_s);
}

/* In the host's namespace others may have been there before, and their leftovers are counted, too. */
static void blame_leftovers(struct verdict *d, const struct record_repeat *r)
{
	int32_t n = 0;

	if (strcmp(r->topology, "host") != 0 || r->series.count == 0)
		return;
	for (int side = 0; side < SIDE_COUNT; side++)
		n += series_count(&r->series, 0, side, COL_TIME_WAIT);
	if (n > 0)
		blame(d, "%d TIME_WAITs on the target's port were there before the load (wait 62 s)", n);
}

static void blame_emptiness(struct verdict *d, const struct record_repeat *r)
{
	if (r->ledger.attempted == RECORD_NONE || r->ledger.attempted == 0)
		blame(d, "no connection was attempted");
}

static bool is_status(const struct record_repeat *r, const char *status)
{
	return strcmp(r->status, status) == 0;
}

static void set_verdict(struct record_repeat *r, struct verdict *d)
{
	size_t used = strlen(d->reason);

	if (d->causes > 1)
		(void)snprintf(d->reason + used, sizeof(d->reason) - used, "; and %" PRId64 " more",
			       d->causes - 1);
	copy(r->status, sizeof(r->status), d->causes > 0 ? "untrustworthy" : "ok");
	free(r->reason);
	r->reason = d->causes > 0 ? strdup(d->reason) : NULL;
}

bool reconcile(const struct record_case *c, struct record_repeat *r)
{
	struct verdict d = { .causes = 0 };
	struct view v;

	if (is_status(r, "failed") || is_status(r, "skipped"))
		return is_status(
			r, "skipped"); /* nothing was measured, so there is nothing to distrust */
	derive(r);
	v = look_at(c, r);
	run_checks(r, &v);
	if (is_status(r, "interrupted")) {
		blame_checks(
			&d,
			r); /* what was asked for was cut short: only the witnesses must agree */
		return d.causes == 0;
	}
	blame_emptiness(&d, r);
	blame_leftovers(&d, r);
	if (!v.failures_expected)
		blame_outcomes(&d, &v);
	blame_checks(&d, r);
	if (!v.failures_expected)
		blame_rate(&d, &r->ledger, v.exhaustion_expected);
	set_verdict(r, &d);
	return d.causes == 0;
}

/* A run that passed or failed did so because all of its repeats could be trusted. */
static void distrust(struct record *r, const struct record_case *c, const struct record_repeat *bad)
{
	char *reason;

	if (strcmp(r->status, "pass") != 0 && strcmp(r->status, "fail") != 0)
		return;
	copy(r->status, sizeof(r->status), "invalid");
	r->exit_code = EXIT_UNTRUSTWORTHY;
	if (asprintf(&reason, "case '%s', repeat %" PRId64 ": %s", c->name, bad->index,
		     bad->reason ? bad->reason : "unknown") < 0)
		reason = NULL;
	free(r->exit_reason);
	r->exit_reason = reason;
}

bool reconcile_record(struct record *r)
{
	bool all = true;

	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++) {
			struct record_repeat *repeat = &r->cases[i].repeat[j];

			all &= reconcile(&r->cases[i], repeat);
			if (is_status(repeat, "untrustworthy"))
				distrust(r, &r->cases[i], repeat);
		}
	return all;
}
