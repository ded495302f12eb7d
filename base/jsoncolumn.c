#include "base/jsoncolumn.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/roomy.h"

static const char *past_blanks(const char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

/* A whole number without a needless 0, point or exponent; NULL if it is none or of over 15 digits. */
static const char *plain_int(const char *p, int64_t *ret)
{
	bool negative = *p == '-';
	const char *digits = p + negative;
	int64_t value = 0;

	for (p = digits; *p >= '0' && *p <= '9'; p++) {
		if (p - digits == 15)
			return NULL;
		value = value * 10 + (*p - '0');
	}
	if (p == digits || (*digits == '0' && p - digits > 1))
		return NULL;
	*ret = negative ? -value : value;
	return p;
}

/* Commas before `end`: one fewer than the numbers of a column. */
static size_t commas(const char *p, const char *end)
{
	size_t n = 0;

	for (; p < end; p++)
		n += *p == ',';
	return n;
}

struct json_column *json_column_read(const char *p, const char *end, int *ret)
{
	size_t room = commas(p, end) + 1;
	struct json_column *c;
	int64_t value;

	if (!plain_int(past_blanks(p), &value))
		return NULL; /* most arrays, before anything is allocated */
	c = roomy_malloc(sizeof(*c) + room * sizeof(c->value[0]));
	if (!c) {
		*ret = -ENOMEM;
		return NULL;
	}
	for (c->count = 0; c->count < room; c->count++) {
		p = plain_int(past_blanks(p), &c->value[c->count]);
		if (!p)
			break;
		p = past_blanks(p);
		if (*p++ != (c->count + 1 < room ? ',' : ']'))
			break;
	}
	if (c->count == room)
		return c;
	free(c);
	return NULL;
}
