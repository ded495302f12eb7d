/* What each case means for who uses it.  Cases of which the same is to be said are said it once. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/digest.h"
#include "analysis/say.h"

#define NAMED_MAX 3 /* cases of one sentence that are named */

/* What holding TIME_WAIT at the client costs: ports / lifetime, at the peak and in the mean. */
static void port_budget(const struct record *r, const struct record_case *c, char *buf, size_t size)
{
	const struct record_repeat *rep = digest_shown(c);
	struct digest_lifetime l = digest_lifetime(r);
	int64_t step_ns = digest_timer_step_ns(r->host.config_hz);
	double mean_s = (double)digest_forecast_ns(r) / 1e9;
	double longest_s = l.n > 0 ? (double)l.max_ns / 1e9
				   : 60 + (step_ns != RECORD_NONE ? (double)step_ns / 1e9 : 0);
	char ports[32], each[48] = "";

	buf[0] = '\0';
	if (!rep || rep->ports.capacity == RECORD_NONE || !sides_has(digest_holder(c), SIDE_CLIENT))
		return;
	if (rep->ledger.requests_attempted > rep->ledger.attempted && c->requests_per_connection > 1)
		(void)snprintf(each, sizeof(each), ", %" PRId64 " requests each", c->requests_per_connection);
	(void)snprintf(buf, size, "; %s ports last for %.0f connections/s, %.0f at most%s",
		       say_count(rep->ports.capacity, ports, sizeof(ports)),
		       floor((double)rep->ports.capacity / longest_s),
		       floor((double)rep->ports.capacity / mean_s), each);
}

struct verdict {
	char text[320];
	bool said;
};

static void make_verdict(const struct record *r, const struct record_case *c, struct verdict *ret)
{
	char budget[128];

	port_budget(r, c, budget, sizeof(budget));
	(void)snprintf(ret->text, sizeof(ret->text), "%s%s",
		       c->summary[0] ? c->summary : c->strategy, budget);
	ret->said = false;
}

/* All cases that verdict i is of, by name or, where they are many, by strategy and number. */
static void say_verdict(const struct record *r, struct verdict *v, size_t i, say_line *line, void *to)
{
	char text[sizeof(v->text) + NAMED_MAX * (sizeof(r->cases[0].name) + 2)] = "";
	size_t at = 0, n = 0;
	bool alike = true;

	for (size_t k = i; k < r->case_count; k++) {
		if (v[k].said || strcmp(v[k].text, v[i].text) != 0)
			continue;
		v[k].said = true;
		alike = alike && strcmp(r->cases[k].strategy, r->cases[i].strategy) == 0;
		if (n++ < NAMED_MAX)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
					       n > 1 ? ", " : "", r->cases[k].name);
	}
	if (n > NAMED_MAX)
		at = (size_t)snprintf(text, sizeof(text), "%s%s%zu cases%s",
				      alike ? r->cases[i].strategy : "", alike ? " (" : "", n,
				      alike ? ")" : "");
	(void)snprintf(text + at, sizeof(text) - at, ": %s", v[i].text);
	line(to, SAY_POINT, text);
}

void say_verdicts(const struct record *r, say_line *line, void *to)
{
	struct verdict *v = calloc(r->case_count ? r->case_count : 1, sizeof(*v));

	if (r->case_count > 0 && v)
		line(to, SAY_HEAD, "What it means");
	for (size_t i = 0; v && i < r->case_count; i++)
		make_verdict(r, &r->cases[i], &v[i]);
	for (size_t i = 0; v && i < r->case_count; i++)
		if (!v[i].said)
			say_verdict(r, v, i, line, to);
	free(v);
}
