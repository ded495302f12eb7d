/*
 * cmd_load: the client side alone, against any server, in the namespace it is started in.  No lab and no witness
 * but the ledger; `run --topology host` adds the others.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/num.h"
#include "base/signals.h"
#include "bench/client.h"
#include "base/commands.h"
#include "bench/run_options.h"
#include "bench/target.h"

static const char scenario_text[] =
	"{ \"schema\": \"twbench.scenario/1\", \"name\": \"load\", \"topology\": \"host\" }";

#define STOP_POLL_NS (50 * NS_PER_MS)

static int make_spec(const struct args *a, struct scenario *s, struct err *err)
{
	struct run_overrides o;
	int code = run_overrides_make(a, &o, err);

	if (code == 0) {
		o.item[o.count++] = (struct override){ "host", a->rest[0] };
		if (args_has(a, "http"))
			o.item[o.count++] = (struct override){ "protocol.http", "true" };
		code = scenario_parse("command line", scenario_text, sizeof(scenario_text) - 1, o.item,
				      o.count, s, err);
	}
	run_overrides_release(&o);
	if (code == 0 && s->case_count != 1) {
		code = err_set(err, -EINVAL, "one strategy and one rate at a time; `run` can sweep");
		scenario_release(s);
	}
	return code;
}

/* Until it is done, or a signal asks for the end. */
static int wait_for_end(const struct client *c, const sigset_t *set, struct cell_shared *shared)
{
	struct timespec slice = { .tv_nsec = STOP_POLL_NS };
	int got = 0;

	while (!client_is_done(c)) {
		int number = sigtimedwait(set, NULL, &slice);

		if (number > 0) {
			SHARED_SET(shared->stop, got ? STOP_NOW : STOP_SOON);
			got = number;
		}
	}
	return got;
}

static void print_latency(const char *name, const struct hist *h)
{
	static const double at[] = { 0.5, 0.9, 0.99, 0.999 };

	printf("  %-9s", name);
	if (h->total == 0) {
		printf("  n/a (n=0)\n");
		return;
	}
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		int64_t ns = hist_quantile_ns(h, at[i]);

		if (ns < 0)
			printf("  p%g n/a", at[i] * 100);
		else
			printf("  p%g %.0f", at[i] * 100, (double)ns / 1e3);
	}
	printf("  max %.0f us (n=%lld)\n", (double)h->max_ns / 1e3, (long long)h->total);
}

static void print_result(const struct case_spec *s, const struct record_repeat *r)
{
	const struct record_ledger *l = &r->ledger;

	printf("%s: %lld connections, %lld requests in %.3f s: %.1f requests/s", s->strategy->name,
	       (long long)l->attempted, (long long)l->requests_attempted, (double)l->load_ns / 1e9,
	       l->achieved_rate_per_s);
	if (!isnan(l->target_rate_per_s))
		printf(" (%.1f wanted)", l->target_rate_per_s);
	printf("\n");
	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (l->by_outcome[i] > 0)
			printf("  %-20s %lld  %s\n", outcome_key((enum outcome)i),
			       (long long)l->by_outcome[i], outcome_help((enum outcome)i));
	for (int64_t i = 0; i < r->errno_count; i++)
		printf("  %-20s %lld\n", r->errnos[i].name, (long long)r->errnos[i].count);
	if (l->late_starts > 0)
		printf("  started over 1 ms late: %lld (worst %.1f ms)\n", (long long)l->late_starts,
		       (double)l->late_max_ns / 1e6);
	if (l->not_started > 0)
		printf("  never started: %lld\n", (long long)l->not_started);
	print_latency("response", &r->response);
	print_latency("service", &r->service);
	print_latency("connect", &r->connect);
}

static int exit_status(const struct case_spec *s, const struct record_ledger *l, int number)
{
	if (number)
		return number == SIGTERM ? EXIT_SIGTERM : EXIT_SIGINT;
	if (l->by_outcome[s->strategy->declared.outcome] != l->attempted || l->not_started > 0)
		return EXIT_UNTRUSTWORTHY;
	if (!isnan(l->target_rate_per_s) && l->achieved_rate_per_s < 0.98 * l->target_rate_per_s)
		return EXIT_UNTRUSTWORTHY;
	return EXIT_PASS;
}

static int run_load(const struct case_spec *s, struct err *err)
{
	struct cell_shared shared = { 0 };
	struct client_options o = { .spec = s, .threads = s->threads ? (int)s->threads : 1,
				    .shared = &shared };
	struct record_repeat r;
	struct client *client;
	sigset_t set;
	int code = target_resolve(s->host, &o.server, err), number = 0;

	if (code != 0)
		return code;
	record_repeat_init(&r);
	code = signals_hold(&set, NULL, err);
	o.start_ns = mono_now_ns() + 10 * NS_PER_MS;
	if (code == 0)
		code = client_start(&o, &client, err);
	if (code == 0) {
		number = wait_for_end(client, &set, &shared);
		client_finish(client, &r);
		print_result(s, &r);
		code = exit_status(s, &r.ledger, number);
	}
	record_repeat_release(&r);
	return code;
}

static int load_main(const struct args *a, struct err *err)
{
	struct scenario s;
	int code;

	if (a->rest_count != 1)
		return err_set(err, -EINVAL, "give one HOST:PORT");
	code = make_spec(a, &s, err);
	if (code != 0)
		return code;
	if (s.cases[0].strategy->wire_rule != WIRE_PASS)
		code = err_set(err, -EINVAL, "strategy '%s' needs a lab: use `twbench run`",
			       s.cases[0].strategy->name);
	else
		code = run_load(&s.cases[0], err);
	scenario_release(&s);
	return code;
}

static const struct opt options[] = {
	LOAD_OPTIONS,
	{ "http", 0, NULL, NULL, "speak HTTP/1.1 (GET /; --set protocol.path=/x) instead of our protocol" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_load = {
	.name = "load",
	.args = "HOST:PORT [OPTIONS]",
	.summary = "the client side alone, against any server (twbench serve, or --http)",
	.run = load_main,
	.opts = options,
	.more = "Defaults are those of a scenario: twbench list keys.  HOST may be a name, 192.0.2.1 or [2001:db8::1].\n",
};
