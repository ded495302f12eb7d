/* The claims of the thread of 2002 beside the measurement, and ports that ran out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/digest.h"
#include "analysis/say.h"

#define THREAD_CLIENTS   5
#define THREAD_CLAIM     140
#define THREAD_SECOND_NS INT64_C(42000000000) /* where 3.33/s reaches 140 */
#define PLATEAU_BEGIN_NS INT64_C(62100000000) /* the first ones are surely gone: 60 s and a step */

static int64_t time_wait_at(const struct series *s, size_t i, enum side *ret_side)
{
	int64_t client = series_count(s, i, SIDE_CLIENT, COL_TIME_WAIT);
	int64_t server = series_count(s, i, SIDE_SERVER, COL_TIME_WAIT);

	*ret_side = server > client ? SIDE_SERVER : SIDE_CLIENT;
	return server > client ? server : client;
}

/* Lowest and highest count from the first expiry to the end of the load.  False if there was no plateau. */
static bool plateau(const struct record_repeat *rep, int64_t *ret_low, int64_t *ret_high)
{
	int64_t begin_ns = rep->load_begin_ns + PLATEAU_BEGIN_NS;
	size_t first = series_until(&rep->series, begin_ns);
	enum side side;

	if (first == 0 || rep->load_end_ns == RECORD_NONE || rep->load_end_ns <= begin_ns ||
	    rep->series.last_ns < begin_ns)
		return false;
	*ret_low = *ret_high = time_wait_at(&rep->series, first - 1, &side);
	for (size_t i = 0; i < rep->series.count; i++) {
		int64_t n = time_wait_at(&rep->series, i, &side), t_ns = rep->series.t_ns[i];

		if (t_ns < begin_ns || t_ns > rep->load_end_ns)
			continue;
		*ret_low = n < *ret_low ? n : *ret_low;
		*ret_high = n > *ret_high ? n : *ret_high;
	}
	return true;
}

/* Requests per second, by how many of them share a connection. */
static double connection_rate(const struct record_case *c, const struct record_repeat *rep)
{
	double rate = digest_rate(c, rep);

	if (!rep || rep->ledger.requests_attempted <= 0 || rep->ledger.attempted <= 0)
		return rate;
	return rate * (double)rep->ledger.attempted / (double)rep->ledger.requests_attempted;
}

static void say_seed_case(const struct record *r, const struct record_case *c, say_line *line,
			  void *to)
{
	const struct record_repeat *rep = digest_shown(c);
	double life_s = (double)digest_forecast_ns(r) / 1e9, rate = connection_rate(c, rep);
	size_t until;
	int64_t low, high;
	char text[512], n[32], a[32], b[32];
	enum side side = SIDE_CLIENT;

	if (!rep || rep->load_begin_ns == RECORD_NONE || rep->series.count == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s: ", c->name);
	until = series_until(&rep->series, rep->load_begin_ns + THREAD_SECOND_NS);
	if (until > 0 && rep->series.last_ns >= rep->load_begin_ns + THREAD_SECOND_NS) {
		int64_t now = time_wait_at(&rep->series, until - 1, &side);

		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s at 42 s (%s)",
			       say_count(now, n, sizeof(n)),
			       now > 0 ? side_key(side) : "both ends");
	} else {
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "not watched for 42 s");
	}
	if (plateau(rep, &low, &high))
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "; from 62 s on %s\u2013%s", say_count(low, a, sizeof(a)),
			       say_count(high, b, sizeof(b)));
	if (isfinite(rate) && digest_holder(c) != SIDES_NONE)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "; rate \u00d7 lifetime: %.2f/s \u00d7 %.1f s = %s", rate, life_s,
			       say_count(llround(rate * life_s), n, sizeof(n)));
	line(to, SAY_POINT, text);
}

/* The claim about 35,000: the thread multiplied by clients twice. */
static void say_seed_scaled(const struct record *r, say_line *line, void *to)
{
	double life_s = (double)digest_forecast_ns(r) / 1e9;
	const struct record_case *slow = NULL;
	char text[512], a[32], b[32], c[32];
	double rate;

	for (size_t i = 0; i < r->case_count && !slow; i++)
		if (r->cases[i].clients == THREAD_CLIENTS)
			slow = &r->cases[i];
	if (!slow)
		return;
	rate = digest_rate(slow, digest_shown(slow));
	line(to, SAY_PLAIN,
	     "\"if there were 50 clients making 5 requests, I figure that could pile up to "
	     "35000\"");
	(void)snprintf(text, sizeof(text),
		       "35 000 is %d \u00d7 50 \u00d7 5, but %d already was %d clients: 10 times "
		       "the clients "
		       "and 5 times the requests make %s at 42 s",
		       THREAD_CLAIM, THREAD_CLAIM, THREAD_CLIENTS,
		       say_count(THREAD_CLAIM * 50, a, sizeof(a)));
	line(to, SAY_POINT, text);
	if (isfinite(rate)) {
		const struct record_repeat *rep = digest_shown(slow);

		(void)snprintf(text, sizeof(text),
			       "for ever: 50 \u00d7 %.2f/s \u00d7 %.1f s = %s; one client address "
			       "can hold %s at "
			       "most against one server port",
			       rate, life_s, say_count(llround(50 * rate * life_s), b, sizeof(b)),
			       say_count(rep ? rep->ports.capacity : RECORD_NONE, c, sizeof(c)));
		line(to, SAY_POINT, text);
	}
}

void say_seed(const struct record *r, say_line *line, void *to)
{
	if (!r->scenario_name || strcmp(r->scenario_name, "seed") != 0)
		return;
	line(to, SAY_HEAD, "The thread of 2002, beside what was measured");
	line(to, SAY_PLAIN,
	     "\"testing with 5 clients hitting the server for data every 1.5 seconds is piling up "
	     ">140 "
	     "TIME_WAITs\"");
	for (size_t i = 0; i < r->case_count; i++)
		say_seed_case(r, &r->cases[i], line, to);
	say_seed_scaled(r, line, to);
}

/* --- exhaustion ----------------------------------------------------------------------------------- */

static const struct record_errno *port_errno(const struct record_repeat *rep)
{
	static const char *const names[] = { "EADDRNOTAVAIL", "EADDRINUSE" };

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		for (int64_t i = 0; i < rep->errno_count; i++)
			if (strcmp(rep->errnos[i].name, names[n]) == 0)
				return &rep->errnos[i];
	return NULL;
}

static void say_exhausted(const struct record_case *c, const struct record_repeat *rep,
			  say_line *line, void *to)
{
	const struct record_errno *e = port_errno(rep);
	char text[512], nth[32], refused[32], ports[32];

	(void)snprintf(text, sizeof(text),
		       "%s, repeat %zu: no port left at %.2f s, after %s connections (%s); "
		       "%s attempts failed so; 4-tuples: %s",
		       c->name, digest_repeat_number(c, rep),
		       (double)rep->ledger.first_no_port_ns / 1e9,
		       say_count(rep->ledger.first_no_port_nth, nth, sizeof(nth)),
		       e ? e->name : "errno not recorded",
		       say_count(rep->ledger.by_outcome[OUTCOME_NO_PORT], refused, sizeof(refused)),
		       say_count(rep->ports.capacity, ports, sizeof(ports)));
	line(to, digest_exhaustion_expected(c) ? SAY_POINT : SAY_BAD, text);
}

void say_exhaustion(const struct record *r, say_line *line, void *to)
{
	const struct record_case *told_of = NULL;
	bool told = false;
	size_t more = 0;
	char text[96];

	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++) {
			const struct record_repeat *rep = &r->cases[i].repeat[j];

			if (rep->ledger.first_no_port_ns == RECORD_NONE)
				continue;
			if (told_of == &r->cases[i]) { /* its other repeats say the same */
				more++;
				continue;
			}
			told_of = &r->cases[i];
			if (!told)
				line(to, SAY_HEAD, "Ports ran out");
			told = true;
			say_exhausted(&r->cases[i], rep, line, to);
		}
	if (more > 0) {
		(void)snprintf(text, sizeof(text), "So did %zu more repeats of these cases.", more);
		line(to, SAY_PLAIN, text);
	}
}
