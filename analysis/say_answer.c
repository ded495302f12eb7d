/* The answer in the first lines of every report: who holds TIME_WAIT, for how long, what it takes away. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/digest.h"
#include "analysis/say.h"

#define NAMED_MAX 8 /* cases named one by one; a sweep may have hundreds */

static size_t append(char *buf, size_t size, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static size_t append(char *buf, size_t size, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	at += (size_t)vsnprintf(buf + at, size - at, fmt, ap);
	va_end(ap);
	return at < size ? at : size - 1;
}

static bool is_held(const struct record_case *c, enum sides who, const char *strategy)
{
	return digest_holder(c) == who && (!strategy || strcmp(c->strategy, strategy) == 0);
}

/* Cases whose TIME_WAIT is with `who`, of one strategy or (NULL) of all, from case i on. */
static size_t count_held(const struct record *r, size_t i, enum sides who, const char *strategy)
{
	size_t n = 0;

	for (; i < r->case_count; i++)
		n += is_held(&r->cases[i], who, strategy);
	return n;
}

/* "client-fin (12 cases), half-close (12 cases)", for a sweep. */
static void name_strategies(const struct record *r, enum sides who, char *buf, size_t size)
{
	size_t named = 0, at = 0, left = 0;

	for (size_t i = 0; i < r->case_count; i++) {
		const char *strategy = r->cases[i].strategy;
		size_t all = count_held(r, 0, who, strategy);

		if (!is_held(&r->cases[i], who, NULL) || count_held(r, i, who, strategy) != all)
			continue; /* not the first of its strategy */
		if (named++ < NAMED_MAX)
			at = append(buf, size, at, "%s%s (%zu case%s)", named > 1 ? ", " : "", strategy,
				    all, all == 1 ? "" : "s");
		else
			left += all;
	}
	if (left > 0)
		(void)append(buf, size, at, " and %zu more cases", left);
}

/* The cases whose TIME_WAIT is with `who`.  Returns how many there are. */
static size_t name_cases(const struct record *r, enum sides who, char *buf, size_t size)
{
	size_t n = count_held(r, 0, who, NULL), named = 0, at = 0;

	buf[0] = '\0';
	if (n > NAMED_MAX) {
		name_strategies(r, who, buf, size);
		return n;
	}
	for (size_t i = 0; i < r->case_count; i++)
		if (is_held(&r->cases[i], who, NULL))
			at = append(buf, size, at, "%s%s", named++ ? ", " : "", r->cases[i].name);
	return n;
}

static void say_holders(const struct record *r, say_line *line, void *to)
{
	static const struct {
		enum sides who;
		const char *words;
	} rows[] = {
		{ SIDES_CLIENT, "the client" }, { SIDES_SERVER, "the server" },
		{ SIDES_BOTH, "both ends" },    { SIDES_NONE, "nobody" },
		{ SIDES_UNKNOWN, "not watched" },
	};
	char text[2048], names[NAMED_MAX * sizeof(r->cases[0].name) + 64];
	size_t at = (size_t)snprintf(text, sizeof(text), "Left with TIME_WAIT:"), begin = at;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (name_cases(r, rows[i].who, names, sizeof(names)) == 0)
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s %s after %s",
				       at > begin ? ";" : "", rows[i].words, names);
		at = at < sizeof(text) ? at : sizeof(text) - 1;
	}
	(void)snprintf(text + at, sizeof(text) - at, ".");
	line(to, SAY_PLAIN, text);
}

/* The most ports that any client had towards one server port; RECORD_NONE if unknown. */
static int64_t most_ports(const struct record *r)
{
	int64_t most = RECORD_NONE;

	for (size_t i = 0; i < r->case_count; i++) {
		const struct record_repeat *rep = digest_shown(&r->cases[i]);

		if (rep && sides_has(digest_holder(&r->cases[i]), SIDE_CLIENT) &&
		    rep->ports.capacity > most)
			most = rep->ports.capacity;
	}
	return most;
}

void say_answer(const struct record *r, say_line *line, void *to)
{
	struct digest_lifetime l = digest_lifetime(r);
	int64_t ports = most_ports(r);
	char text[320], n[32];

	if (r->case_count == 0)
		return;
	say_holders(r, line, to);
	if (l.n > 0)
		(void)snprintf(text, sizeof(text), "Left alone, one lasts %.1f\u2013%.1f s.",
			       (double)l.min_ns / 1e9, (double)l.max_ns / 1e9);
	else
		(void)snprintf(text, sizeof(text), "How long one lasts was not watched.");
	if (ports != RECORD_NONE)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       " At the client each holds a port: %s ports carry at most %.0f "
			       "connections/s for ever.",
			       say_count(ports, n, sizeof(n)),
			       (double)ports / ((double)digest_forecast_ns(r) / 1e9));
	line(to, SAY_PLAIN, text);
}

/* --- a busy machine ------------------------------------------------------------------------------- */

/* Requests begun over 1 ms late, of all; false when the case does not say. */
static bool late_starts(const struct record_case *c, int64_t *ret_late, int64_t *ret_worst_ns)
{
	int64_t late = 0, offered = 0;

	*ret_worst_ns = 0;
	for (size_t i = 0; i < c->repeat_count; i++) {
		const struct record_ledger *l = &c->repeat[i].ledger;

		if (l->late_starts == RECORD_NONE || l->requests_attempted == RECORD_NONE)
			continue;
		late += l->late_starts;
		offered += l->requests_attempted;
		if (l->late_max_ns > *ret_worst_ns)
			*ret_worst_ns = l->late_max_ns;
	}
	*ret_late = late;
	return late * 20 > offered; /* more than 5 % */
}

void say_lateness(const struct record *r, say_line *line, void *to)
{
	size_t cases = 0, worst_case = 0;
	int64_t late, worst_ns = 0, at_most_ns;
	char text[512];

	for (size_t i = 0; i < r->case_count; i++)
		if (late_starts(&r->cases[i], &late, &at_most_ns)) {
			cases++;
			if (at_most_ns > worst_ns) {
				worst_ns = at_most_ns;
				worst_case = i;
			}
		}
	if (cases == 0)
		return;
	line(to, SAY_HEAD, "A busy machine");
	(void)snprintf(text, sizeof(text),
		       "In %zu of %zu cases more than 5 %% of the requests began over 1 ms late, "
		       "at the worst %.3g s (%s): counts hold, but response times are those of "
		       "this machine, not of the strategy.",
		       cases, r->case_count, (double)worst_ns / 1e9, r->cases[worst_case].name);
	line(to, SAY_BAD, text);
}
