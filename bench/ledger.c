#include "bench/ledger.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mono.h"
#include "bench/arrival.h"

void ledger_add_to(int64_t *into, int64_t n)
{
	*into = (*into == RECORD_NONE ? 0 : *into) + n;
}

static void keep_least(int64_t *into, int64_t n)
{
	if (n != RECORD_NONE && (*into == RECORD_NONE || n < *into))
		*into = n;
}

void ledger_add(struct record_ledger *into, const struct record_ledger *from)
{
	ledger_add_to(&into->attempted, from->attempted);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		ledger_add_to(&into->by_outcome[i], from->by_outcome[i]);
	ledger_add_to(&into->established, from->established);
	ledger_add_to(&into->requests_attempted, from->requests_attempted);
	ledger_add_to(&into->requests_answered, from->requests_answered);
	ledger_add_to(&into->request_bytes_sent, from->request_bytes_sent);
	ledger_add_to(&into->reply_bytes_asked, from->reply_bytes_asked);
	ledger_add_to(&into->reply_bytes_received, from->reply_bytes_received);
	ledger_add_to(&into->late_starts, from->late_starts);
	ledger_add_to(&into->not_started, from->not_started);
	ledger_add_to(&into->in_flight_peak, from->in_flight_peak);
	if (into->late_max_ns == RECORD_NONE || from->late_max_ns > into->late_max_ns)
		into->late_max_ns = from->late_max_ns;
	if (from->first_no_port_ns != RECORD_NONE &&
	    (into->first_no_port_ns == RECORD_NONE || from->first_no_port_ns < into->first_no_port_ns))
		into->first_no_port_late_ns = from->first_no_port_late_ns;
	keep_least(&into->first_no_port_ns, from->first_no_port_ns);
	keep_least(&into->first_no_port_nth, from->first_no_port_nth);
}

void ledger_count_lateness(struct record_ledger *l, int64_t late_ns)
{
	if (late_ns > NS_PER_MS)
		l->late_starts++;
	if (late_ns > l->late_max_ns)
		l->late_max_ns = late_ns;
}

void ledger_sum_rates(const struct case_spec *spec, int64_t start_ns, int64_t last_ns, bool stopped,
		      struct record_repeat *r)
{
	double expected = arrival_expected(spec), seconds;
	struct record_ledger *l = &r->ledger;

	l->load_ns = last_ns > start_ns ? last_ns - start_ns : 0;
	/* A schedule of n starts spans n - 1 gaps: measure against its own length unless it overran. */
	if (spec->shape != LOAD_SATURATE && spec->connections == 0 && l->load_ns < spec->duration_ns &&
	    l->not_started == 0 && !stopped)
		l->load_ns = spec->duration_ns;
	seconds = (double)l->load_ns / 1e9;
	l->achieved_rate_per_s = seconds > 0 ? (double)l->requests_attempted / seconds : NAN;
	l->offered = isnan(expected) ? RECORD_NONE : l->requests_attempted + l->not_started;
	l->target_rate_per_s = NAN;
	if (!isnan(expected) && spec->duration_ns > 0)
		l->target_rate_per_s = spec->shape == LOAD_RATE
					       ? spec->rate_per_s
					       : expected / ((double)spec->duration_ns / 1e9);
}

void ledger_add_errnos(struct record_repeat *r, const int64_t *errnos)
{
	for (int e = 1; e < LEDGER_ERRNOS; e++) {
		int64_t i = 0;

		if (errnos[e] == 0)
			continue;
		while (i < r->errno_count && r->errnos[i].number != e)
			i++;
		if (i == (int64_t)(sizeof(r->errnos) / sizeof(r->errnos[0])))
			continue; /* the outcome still counts it */
		if (i == r->errno_count) {
			const char *name = strerrorname_np(e);

			r->errno_count++;
			r->errnos[i] = (struct record_errno){ .number = e };
			if (name)
				memcpy(r->errnos[i].name, name,
				       strnlen(name, sizeof(r->errnos[i].name) - 1));
		}
		r->errnos[i].count += errnos[e];
	}
}

static const struct {
	int number;
	enum outcome outcome;
} errno_outcome[] = {
	{ ECONNREFUSED, OUTCOME_REFUSED },	{ EADDRNOTAVAIL, OUTCOME_NO_PORT },
	{ EADDRINUSE, OUTCOME_NO_PORT },	{ EMFILE, OUTCOME_NO_RESOURCE },
	{ ENFILE, OUTCOME_NO_RESOURCE },	{ ENOBUFS, OUTCOME_NO_RESOURCE },
	{ ENOMEM, OUTCOME_NO_RESOURCE },	{ ENETUNREACH, OUTCOME_UNREACHABLE },
	{ EHOSTUNREACH, OUTCOME_UNREACHABLE },	{ EACCES, OUTCOME_UNREACHABLE },
	{ EPERM, OUTCOME_UNREACHABLE },
};

enum outcome ledger_outcome(int number)
{
	for (size_t i = 0; i < sizeof(errno_outcome) / sizeof(errno_outcome[0]); i++)
		if (errno_outcome[i].number == number)
			return errno_outcome[i].outcome;
	return OUTCOME_OTHER;
}
