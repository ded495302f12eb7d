/* Rules on the range that connect() chooses local ports from. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analysis/lint_match.h"
#include "analysis/lint_value.h"

/* Reuse of TIME_WAIT ports is on: they come back after a second, not after a minute. */
static bool reuse_is_on(const struct lint *l)
{
	int64_t v;

	if (!value_effective(l->set, "net.ipv4.tcp_tw_reuse", &v) || v != 1)
		return false;
	return !value_effective(l->set, "net.ipv4.tcp_timestamps", &v) || v != 0;
}

/* How many numbers stand there that the kernel would read? */
static int numbers_in(const char *text, int64_t v[2])
{
	bool octal;
	int n = 0;

	while (n < 2 && value_number(&text, &v[n], &octal))
		n++;
	if (n < 2 && text[strspn(text, " \t")] != '\0')
		return -1;
	return n;
}

static bool is_port(int64_t v)
{
	return v >= 1 && v <= 65535;
}

LINT_LINE(match_range_refused)
{
	int64_t v[2] = { 0, 0 };
	int n = numbers_in(line->value, v);

	(void)l;
	if (n < 1)
		return lint_say(f, "'%s' is not two ports parted by a blank", line->value);
	if (!is_port(v[0]) || (n == 2 && !is_port(v[1])))
		return lint_say(f, "'%s': ports are 1 to 65535", line->value);
	if (n == 2 && v[0] > v[1])
		return lint_say(f, "'%s' ends before it begins", line->value);
	return false;
}

LINT_LINE(match_range_one_number)
{
	int64_t v[2];

	(void)l;
	return numbers_in(line->value, v) == 1 &&
	       lint_say(f, "'%s' sets the first port and leaves the last as it is", line->value);
}

#define DEFAULT_RANGE_LOW 32768

LINT_LINE(match_range_privileged)
{
	static const char key[] = "net.ipv4.ip_unprivileged_port_start";
	int64_t v[2] = { 0, 0 }, start = 1024;
	bool told = value_effective(l->set, key, &start);

	if (strcmp(line->key, key) == 0) /* with a range in the files, that line tells */
		return told && start > DEFAULT_RANGE_LOW && start <= 65535 &&
		       !conf_set_effective(l->set, "net.ipv4.ip_local_port_range") &&
		       lint_say(f,
				"%s = %" PRId64 " is above the first port of the default range, %d",
				line->key, start, DEFAULT_RANGE_LOW);
	if (numbers_in(line->value, v) < 1 || !is_port(v[0]) || v[0] >= start)
		return false;
	if (told) {
		f->other = conf_set_effective(l->set, key);
		return lint_say(f,
				"the range begins at %" PRId64
				", below ip_unprivileged_port_start = %" PRId64 " (%s:%d)",
				v[0], start, f->other->file->path, f->other->number);
	}
	return lint_say(f,
			"the range begins at %" PRId64 ", below ip_unprivileged_port_start (1024)",
			v[0]);
}

LINT_LINE(match_range_listen)
{
	struct port_plan p;

	port_plan_make(&p, l->set);
	if (!p.range_good || p.range != line)
		return false;
	for (size_t i = 0; i < l->options.listen_count; i++) {
		int port = l->options.listen[i];

		if (port >= p.low && port <= p.high && !port_set_has(&p.set, port))
			return lint_say(f,
					"%" PRId64 " to %" PRId64
					" holds port %d, which you listen "
					"on, and it is not reserved",
					p.low, p.high, port);
	}
	return false;
}

#define SERVICES_BELOW 10000 /* databases, caches, proxies: nearly all registered ports in use */

LINT_LINE(match_range_services)
{
	struct port_plan p;

	port_plan_make(&p, l->set);
	if (!p.range_good || p.range != line || p.low >= SERVICES_BELOW ||
	    l->options.listen_count > 0)
		return false;
	if (p.reserved_in > 0 || (p.reserved && p.reserved->computed))
		return false;
	return lint_say(f,
			"%" PRId64 " to %" PRId64 " holds the ports of many services, and none is "
			"reserved",
			p.low, p.high);
}

static bool too_small(const struct lint *l, const struct port_plan *p)
{
	return l->options.rate_per_s > 0 && p->range_good && !reuse_is_on(l) &&
	       (double)p->usable < l->options.rate_per_s * LINT_LIFETIME_S;
}

static bool say_too_small(const struct lint *l, const struct port_plan *p, struct lint_finding *f)
{
	double rate = l->options.rate_per_s;

	return lint_say(f,
			"%" PRId64
			" ports carry %.1f closes/s to one destination; %.0f/s need %.0f, "
			"and exhaust them in %.1f s",
			p->usable, (double)p->usable / LINT_LIFETIME_S, rate,
			ceil(rate * LINT_LIFETIME_S), (double)p->usable / rate);
}

LINT_LINE(match_range_rate)
{
	struct port_plan p;

	port_plan_make(&p, l->set);
	return p.range == line && too_small(l, &p) && say_too_small(l, &p, f);
}

/* No line sets the range: told once, of the last file that is read. */
LINT_FILE(match_default_range_rate)
{
	const struct conf_file *last = NULL;
	struct port_plan p;

	for (size_t i = 0; i < l->set->count; i++)
		if (!l->set->file[i]->masked_by)
			last = l->set->file[i];
	if (file != last)
		return false;
	port_plan_make(&p, l->set);
	return !p.range && too_small(l, &p) && say_too_small(l, &p, f);
}

LINT_LINE(match_range_half)
{
	struct port_plan p;
	double half;

	port_plan_make(&p, l->set);
	half = (double)p.usable / 2 / LINT_LIFETIME_S;
	if (p.range != line || !p.range_good || reuse_is_on(l) || too_small(l, &p) ||
	    l->options.rate_per_s <= half)
		return false;
	return lint_say(f,
			"above %.1f closes/s to one destination half of the %" PRId64
			" ports are taken, and connect() turns slow",
			half, p.usable);
}

LINT_LINE(match_range_parity)
{
	struct port_plan p;

	port_plan_make(&p, l->set);
	if (!p.range_good || p.range != line || line->computed || (p.low ^ p.high) & 1)
		return false;
	return lint_say(f, "%" PRId64 " and %" PRId64 " are both %s", p.low, p.high,
			p.low & 1 ? "odd" : "even");
}

LINT_LINE(match_reserved_refused)
{
	struct port_set set;

	(void)l;
	return !port_set_parse(&set, line->value) &&
	       lint_say(f, "'%s' is not a list like 8080,9000-9100", line->value);
}

LINT_LINE(match_reserved_outside)
{
	struct port_plan p;

	port_plan_make(&p, l->set);
	if (p.reserved != line || !p.range_good || p.reserved_in > 0 || p.reserved_out == 0)
		return false;
	return lint_say(f, "all of %s lies outside %" PRId64 " to %" PRId64, line->value, p.low,
			p.high);
}
