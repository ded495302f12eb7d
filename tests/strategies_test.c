/*
 * The table is the test: every row of bench/strategy.c, IPv4 and IPv6, is run in a lab of its own
 * and the kernel is asked whether TIME_WAIT, FINs, RSTs and counters are where the row says.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/classify.h"
#include "base/err.h"
#include "base/mono.h"
#include "bench/scenario.h"
#include "bench/strategy.h"
#include "bench/worker.h"
#include "tests/test.h"

#define CONNECTIONS 60
#define AT_ONCE 10

static const char scenario_text[] =
	"{ \"schema\": \"twbench.scenario/1\", \"name\": \"rows\","
	"  \"load\": { \"rate\": 600, \"duration\": \"1s\", \"connections\": 60, \"clients\": 40,"
	"            \"requests_per_connection\": 3 },"
	"  \"witnesses\": { \"sample_period\": \"20ms\", \"capture\": \"on\" }, \"drain\": false }";

struct row {
	const struct strategy *strategy;
	const char *family;
	struct scenario scenario;
	struct worker worker;
	int code;
	struct err err;
};

/* Start a lab for the row; its scenario must live until it has ended. */
static void start_row(struct row *row, struct cell_shared *shared)
{
	struct override o[] = { { "strategy", row->strategy->name },
				{ "addressing.family", row->family } };

	row->worker = (struct worker){ .fd = -1, .shared = shared, .repeat = 1 };
	row->code = scenario_parse("rows", scenario_text, sizeof(scenario_text) - 1, o, 2,
				   &row->scenario, &row->err);
	if (row->code != 0)
		return;
	struct cell_options cell = { .spec = &row->scenario.cases[0], .ehash_entries = 4096,
				     .run_start_ns = mono_now_ns(), .parallel_labs = AT_ONCE,
				     .capture_fd = -1, .client_threads = 1, .server_threads = 1,
				     .classify = classify };

	row->code = worker_start(&row->worker, &cell, &row->err);
}

static void finish_row(struct row *row, struct record_repeat *ret)
{
	while (row->code == 0 && worker_read(&row->worker) == 0)
		continue;
	if (row->code == 0)
		row->code = worker_finish(&row->worker, ret, &row->err);
	scenario_release(&row->scenario);
}

static int64_t minisocks(const struct record_repeat *r, enum side side)
{
	return record_counter_delta(r, side, "TcpExtTW") + record_counter_delta(r, side, "TcpExtTWKilled") +
	       record_counter_delta(r, side, "TcpExtTCPTimeWaitOverflow");
}

static int64_t last_time_wait(const struct record_repeat *r, enum side side)
{
	return r->series.count ? series_count(&r->series, r->series.count - 1, (int)side, COL_TIME_WAIT) : -1;
}

/* A port that comes round again reopens the server's TIME_WAIT; a segment that was overtaken may draw
 * a RST on it.  Neither is the strategy's doing. */
static int64_t ended_early(const struct record_repeat *r, enum side side)
{
	const struct record_time_wait *t = &r->time_wait[side];

	return (t->reopened > 0 ? t->reopened : 0) + (t->assassinated > 0 ? t->assassinated : 0);
}

static bool is_declared(const struct strategy *s, const struct record_repeat *r, enum teardown_class c)
{
	bool late = r->capture.rst_late[SIDE_CLIENT] + r->capture.rst_late[SIDE_SERVER] > 0;

	return (CLASS_BIT(c) & s->declared.classes) || c == TEARDOWN_REUSED_IN_TIME_WAIT ||
	       (late && c == TEARDOWN_RESET_AFTER_BOTH_FINS);
}

static void check_side(const struct strategy *s, const char *family, const struct record_repeat *r,
		       enum side side, int64_t n)
{
	const struct declared *d = &s->declared;
	const struct declared_counters *c = &d->counters[side];
	char who[64];

	snprintf(who, sizeof(who), "%s v%s %s", s->name, family, side_key(side));
	is_int(last_time_wait(r, side) + ended_early(r, side), n * sides_has(d->time_wait, side),
	       "%s: TIME_WAIT", who);
	/* One that a RST is to remove may not have been made yet: see transient_slack() in reconcile. */
	if (c->time_wait && !sides_has(d->time_wait, side))
		ok(minisocks(r, side) <= n && minisocks(r, side) >= n - 3,
		   "%s: minisocks made (%lld of %lld)", who, (long long)minisocks(r, side),
		   (long long)n);
	else
		is_int(minisocks(r, side), n * c->time_wait, "%s: minisocks made", who);
	is_int(record_counter_delta(r, side, "TcpOutRsts") - r->capture.rst_late[side], n * c->out_rsts,
	       "%s: OutRsts", who);
	is_int(record_counter_delta(r, side, "TcpEstabResets"), n * c->estab_resets, "%s: EstabResets", who);
	is_int(record_counter_delta(r, side, "TcpExtTCPAbortOnData"), n * c->abort_on_data,
	       "%s: TCPAbortOnData", who);
	is_int(record_counter_delta(r, side, "TcpExtTCPAbortOnClose"), n * c->abort_on_close,
	       "%s: TCPAbortOnClose", who);
	is_int(record_counter_delta(r, side, "TcpExtTCPAbortOnLinger"), n * c->abort_on_linger,
	       "%s: TCPAbortOnLinger", who);
	is_int(r->capture.rst[side] - r->capture.rst_late[side], n * sides_has(d->rst_from, side),
	       "%s: RSTs on the wire", who);
}

static void check_wire(const struct strategy *s, const char *family, const struct record_repeat *r,
		       int64_t n)
{
	int64_t as_declared = 0;

	is_int(r->capture.dropped, 0, "%s v%s: no packet lost", s->name, family);
	is_int(r->capture.flows, n, "%s v%s: connections on the wire", s->name, family);
	for (int64_t i = 0; i < r->teardown_count; i++) {
		const struct record_teardown *t = &r->teardown[i];

		if (is_declared(s, r, t->class) && t->holder == s->declared.time_wait &&
		    t->first_fin == s->declared.first_fin)
			as_declared += t->count;
		else
			printf("# %s: %lld x %s, first FIN %s, first RST %s, TIME_WAIT %s\n", s->name,
			       (long long)t->count, teardown_class_key(t->class),
			       sides_key(t->first_fin), sides_key(t->first_rst), sides_key(t->holder));
	}
	is_int(as_declared, n, "%s v%s: teardowns as declared", s->name, family);
}

static void check_row(struct row *row)
{
	const struct strategy *s = row->strategy;
	const char *family = row->family;
	struct record_repeat r;
	int64_t n;

	record_repeat_init(&r);
	finish_row(row, &r);
	if (row->code == -EPERM || row->code == -ENOTSUP) {
		char why[600];

		snprintf(why, sizeof(why), "[namespace] %s", row->err.text);
		test_skip(s->name, why);
	} else if (ok(row->code == 0, "%s v%s runs: %s", s->name, family, row->err.text)) {
		n = r.ledger.attempted;
		is_int(s->many_requests ? r.ledger.requests_attempted : n, CONNECTIONS,
		       "%s v%s: all started", s->name, family);
		is_int(r.ledger.by_outcome[s->declared.outcome], n, "%s v%s: every outcome is %s", s->name,
		       family, outcome_key(s->declared.outcome));
		for (int side = 0; side < SIDE_COUNT; side++)
			check_side(s, family, &r, (enum side)side, n);
		check_wire(s, family, &r, s->udp ? 0 : n);
	}
	record_repeat_release(&r);
}

int main(void)
{
	struct cell_shared *shared = mmap(NULL, AT_ONCE * sizeof(*shared), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static const char *const family[] = { "4", "6" };
	struct row row[AT_ONCE];
	size_t rows = 2 * strategies_count;

	if (shared == MAP_FAILED)
		return 1;
	for (size_t first = 0; first < rows; first += AT_ONCE) {
		size_t n = rows - first < AT_ONCE ? rows - first : AT_ONCE;

		for (size_t i = 0; i < n; i++) {
			row[i] = (struct row){ .strategy = &strategies[(first + i) / 2],
					       .family = family[(first + i) % 2] };
			start_row(&row[i], &shared[i]);
		}
		for (size_t i = 0; i < n; i++)
			check_row(&row[i]);
	}
	return test_done();
}
