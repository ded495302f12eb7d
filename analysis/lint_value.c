#include "analysis/lint_value.h"

#include <string.h>

#include "analysis/sysctlset.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool value_number(const char **text, int64_t *ret, bool *octal)
{
	const char *p = *text + strspn(*text, " \t\n\v\f\r");
	bool negative = *p == '-', leading_zero;
	int64_t value = 0;
	int base = 10, digits = 0;

	p += negative;
	leading_zero = p[0] == '0' && digit_of(p[1]) < 10;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && digit_of(p[2]) < 16) {
		base = 16;
		p += 2;
	} else if (leading_zero) {
		base = 8;
	}
	for (; digit_of(*p) < base; p++, digits++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit_of(*p), &value))
			return false;
	if (digits == 0 || (*p && !strchr(" \t\n", *p)))
		return false;
	*text = p;
	*ret = negative ? -value : value;
	*octal = base == 8;
	return true;
}

bool value_first(const char *text, int64_t *ret)
{
	bool octal;

	return text && value_number(&text, ret, &octal);
}

bool value_effective(const struct conf_set *set, const char *key, int64_t *ret)
{
	const struct conf_line *line = conf_set_effective(set, key);

	return line && !line->computed && value_first(line->value, ret);
}

/* --- ports --------------------------------------------------------------------------------------- */

bool port_set_has(const struct port_set *p, int64_t port)
{
	return port >= 0 && port <= 65535 && (p->bit[port / 8] >> (port % 8) & 1);
}

static bool port_read(const char **text, unsigned *ret)
{
	const char *p = *text;
	unsigned v = 0;

	while (*p >= '0' && *p <= '9' && v <= 65535)
		v = v * 10 + (unsigned)(*p++ - '0');
	if (p == *text || v > 65535)
		return false;
	*text = p;
	*ret = v;
	return true;
}

bool port_set_parse(struct port_set *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	while (*text) {
		unsigned first, last;

		if (!port_read(&text, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!port_read(&text, &last) || last < first)
				return false;
		}
		for (unsigned v = first; v <= last; v++)
			p->bit[v / 8] |= (uint8_t)(1U << (v % 8));
		if (*text == ',')
			text++;
		else if (*text)
			return false;
	}
	return true;
}

static bool range_read(const char *text, int64_t *low, int64_t *high)
{
	bool octal;

	return value_number(&text, low, &octal) && value_number(&text, high, &octal) && *low >= 1 &&
	       *high <= 65535 && *low <= *high;
}

void port_plan_make(struct port_plan *p, const struct conf_set *set)
{
	int64_t low, high;

	memset(p, 0, sizeof(*p));
	p->range = conf_set_effective(set, "net.ipv4.ip_local_port_range");
	p->reserved = conf_set_effective(set, "net.ipv4.ip_local_reserved_ports");
	p->range_good = true;
	p->low = 32768;
	p->high = 60999;
	if (p->range && !p->range->computed) {
		p->range_good = range_read(p->range->value, &low, &high);
		if (p->range_good) {
			p->low = low;
			p->high = high;
		}
	}
	if (p->reserved && !p->reserved->computed && !port_set_parse(&p->set, p->reserved->value))
		memset(&p->set, 0, sizeof(p->set));
	for (int64_t port = 0; p->reserved && port <= 65535; port++) {
		if (port % 8 == 0 && p->set.bit[port / 8] == 0) {
			port += 7; /* mostly there are few */
			continue;
		}
		if (!port_set_has(&p->set, port))
			continue;
		if (port >= p->low && port <= p->high)
			p->reserved_in++;
		else
			p->reserved_out++;
	}
	p->usable = p->high - p->low + 1 - p->reserved_in;
}
