#include "base/num.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define QUOTE_MAX 64 /* bytes of the user's text that a message repeats */
#define WORD_MAX  64 /* longest word that edit distance looks at */

struct unit {
	const char *name;
	int64_t size;
};

static const struct unit int_units[] = {
	{ "", 1 }, { "k", 1000 }, { "M", 1000000 }, { "Ki", 1024 }, { "Mi", 1048576 }, { NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", INT64_C(1000000000) },
	{ "m", INT64_C(60000000000) },
	{ "h", INT64_C(3600000000000) },
	{ NULL, 0 },
};

enum scaled { SCALED_OK, SCALED_NO_NUMBER, SCALED_NO_UNIT, SCALED_INEXACT, SCALED_OVERFLOW };

/* [-]digits[.digits] as mantissa / 10^ret_places; the rest of the text is left at *ret_rest. */
static enum scaled read_decimal(const char *text, int64_t *ret_mantissa, int *ret_places,
				const char **ret_rest)
{
	const char *p = text;
	bool negative = *p == '-', in_fraction = false;
	int digits = 0, places = 0, zeros = 0;
	int64_t mantissa = 0;

	if (*p == '-' || *p == '+')
		p++;
	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !in_fraction); p++) {
		if (*p == '.') {
			in_fraction = true;
			continue;
		}
		digits++;
		/* Zeros that end a fraction say nothing: hold them back until another digit comes. */
		if (in_fraction && *p == '0') {
			zeros++;
			continue;
		}
		for (; in_fraction && zeros >= 0; zeros--, places++)
			if (__builtin_mul_overflow(mantissa, 10, &mantissa))
				return SCALED_OVERFLOW;
		zeros = 0;
		if (!in_fraction && __builtin_mul_overflow(mantissa, 10, &mantissa))
			return SCALED_OVERFLOW;
		if (__builtin_add_overflow(mantissa, negative ? '0' - *p : *p - '0', &mantissa))
			return SCALED_OVERFLOW;
	}
	if (digits == 0 || p[-1] == '.')
		return SCALED_NO_NUMBER;
	*ret_mantissa = mantissa;
	*ret_places = places;
	*ret_rest = p;
	return SCALED_OK;
}

/* A decimal number times the unit behind it, in integers throughout, so nothing is ever rounded. */
static enum scaled read_scaled(const char *text, const struct unit *unit, int64_t *ret)
{
	const char *rest = text;
	int64_t value = 0, size;
	int places = 0;
	enum scaled status = read_decimal(text, &value, &places, &rest);

	if (status != SCALED_OK)
		return status;
	while (unit->name && strcmp(unit->name, rest) != 0)
		unit++;
	if (!unit->name)
		return SCALED_NO_UNIT;
	for (size = unit->size; places > 0 && size % 10 == 0; places--)
		size /= 10;
	if (__builtin_mul_overflow(value, size, &value))
		return SCALED_OVERFLOW;
	for (; places > 0; places--) {
		if (value % 10 != 0)
			return SCALED_INEXACT;
		value /= 10;
	}
	*ret = value;
	return SCALED_OK;
}

static const char *int_range(int64_t min, int64_t max, char *buf, size_t size)
{
	if (max == INT64_MAX)
		(void)snprintf(buf, size, "%" PRId64 " or more", min);
	else
		(void)snprintf(buf, size, "%" PRId64 " to %" PRId64, min, max);
	return buf;
}

static const char *duration_range(int64_t min_ns, int64_t max_ns, char *buf, size_t size)
{
	char min[32], max[32];

	(void)num_format_duration(min_ns, min, sizeof(min));
	(void)num_format_duration(max_ns, max, sizeof(max));
	if (max_ns == INT64_MAX)
		(void)snprintf(buf, size, "%s or more", min);
	else
		(void)snprintf(buf, size, "%s to %s", min, max);
	return buf;
}

int num_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	char range[64];
	int64_t value = 0;
	enum scaled status = read_scaled(text, int_units, &value);

	(void)int_range(min, max, range, sizeof(range));
	if (status == SCALED_OVERFLOW || (status == SCALED_OK && (value < min || value > max)))
		return err_set(err, -EINVAL, "'%.*s' is out of range (%s)", QUOTE_MAX, text, range);
	if (status != SCALED_OK)
		return err_set(err, -EINVAL, "'%.*s' is not an integer (%s)", QUOTE_MAX, text,
			       range);
	*ret = value;
	return 0;
}

int num_parse_duration(const char *text, int64_t min_ns, int64_t max_ns, int64_t *ret_ns,
		       struct err *err)
{
	char range[80];
	int64_t value = 0;
	enum scaled status = read_scaled(text, duration_units, &value);

	(void)duration_range(min_ns, max_ns, range, sizeof(range));
	if (status == SCALED_NO_NUMBER)
		return err_set(err, -EINVAL, "'%.*s' is not a duration (%s)", QUOTE_MAX, text,
			       range);
	if (status == SCALED_NO_UNIT)
		return err_set(err, -EINVAL, "'%.*s' needs a unit (ns, us, ms, s, m, h)", QUOTE_MAX,
			       text);
	if (status == SCALED_INEXACT)
		return err_set(err, -EINVAL, "'%.*s' is no whole number of nanoseconds", QUOTE_MAX,
			       text);
	if (status == SCALED_OVERFLOW || value < min_ns || value > max_ns)
		return err_set(err, -EINVAL, "'%.*s' is out of range (%s)", QUOTE_MAX, text, range);
	*ret_ns = value;
	return 0;
}

/* Finite decimal text to double.  The program never calls setlocale, so the point is a '.'. */
static bool read_real(const char *text, size_t length, double *ret)
{
	char copy[128], *end;
	double value;

	if (length == 0 || length >= sizeof(copy) || strspn(text, "+-.0123456789eE") < length)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	value = strtod(copy, &end);
	if (*end != '\0' || !isfinite(value))
		return false;
	*ret = value;
	return true;
}

int num_parse_rate(const char *text, double min, double max, double *ret, struct err *err)
{
	size_t length = strlen(text);
	double value;

	if (length > 2 && strcmp(text + length - 2, "/s") == 0)
		length -= 2;
	if (!read_real(text, length, &value))
		return err_set(err, -EINVAL, "'%.*s' is not a rate (%.9g/s to %.9g/s)", QUOTE_MAX, text,
			       min, max);
	if (value < min || value > max)
		return err_set(err, -EINVAL, "'%.*s' is out of range (%.9g/s to %.9g/s)", QUOTE_MAX,
			       text, min, max);
	*ret = value;
	return 0;
}

int num_parse_real(const char *text, double min, double max, double *ret, struct err *err)
{
	double value;

	if (!read_real(text, strlen(text), &value))
		return err_set(err, -EINVAL, "'%.*s' is not a number (%.9g to %.9g)", QUOTE_MAX, text,
			       min, max);
	if (value < min || value > max)
		return err_set(err, -EINVAL, "'%.*s' is out of range (%.9g to %.9g)", QUOTE_MAX, text,
			       min, max);
	*ret = value;
	return 0;
}

const char *num_format_grouped(int64_t value, char *buf, size_t size)
{
	char plain[24], grouped[32];
	size_t length, out = 0;

	(void)snprintf(plain, sizeof(plain), "%" PRId64, value);
	length = strlen(plain);
	for (size_t i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0 && plain[i - 1] != '-')
			grouped[out++] = ' ';
		grouped[out++] = plain[i];
	}
	grouped[out] = '\0';
	(void)snprintf(buf, size, "%s", grouped);
	return buf;
}

/* `value` in `unit` as an exact decimal; false if that has no end or no whole part.  Minutes and
 * hours are not cut in decimals: few people read 0.0125h. */
static bool format_exact(uint64_t value, const struct unit *unit, char *buf, size_t size)
{
	uint64_t whole = value / (uint64_t)unit->size, rest = value % (uint64_t)unit->size;
	char fraction[20];
	size_t places = 0;

	if ((whole == 0 && unit->size > 1) || (rest != 0 && unit->size > INT64_C(1000000000)))
		return false;
	for (; rest != 0 && places + 1 < sizeof(fraction); places++) {
		rest *= 10;
		fraction[places] = (char)('0' + rest / (uint64_t)unit->size);
		rest %= (uint64_t)unit->size;
	}
	if (rest != 0)
		return false;
	fraction[places] = '\0';
	(void)snprintf(buf, size, "%" PRIu64 "%s%s%s", whole, places ? "." : "", fraction,
		       unit->name);
	return true;
}

const char *num_format_duration(int64_t ns, char *buf, size_t size)
{
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	char best[48] = "0s", text[48];

	for (const struct unit *u = duration_units; u->name && ns != 0; u++) {
		if (!format_exact(magnitude, u, text, sizeof(text)))
			continue;
		if (u == duration_units || strlen(text) <= strlen(best))
			memcpy(best, text, sizeof(best));
	}
	(void)snprintf(buf, size, "%s%s", ns < 0 ? "-" : "", best);
	return buf;
}

int num_edit_distance(const char *a, const char *b, int limit)
{
	size_t a_length, b_length;
	int least = 0, least_before; /* of the row, and of the one before it: no later one goes below both */
	int rows[3][WORD_MAX + 1]; /* of the prefixes of a that end two letters ago, one ago, here */
	int *before = rows[0], *last = rows[1], *row = rows[2];

	while (*a && *a == *b) /* what they begin with alike costs nothing */
		a++, b++;
	a_length = strlen(a);
	b_length = strlen(b);
	/* Words that long are never near enough to be meant. */
	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return strcmp(a, b) == 0 ? 0 : WORD_MAX;
	if (abs((int)a_length - (int)b_length) > limit)
		return abs((int)a_length - (int)b_length);
	for (size_t j = 0; j <= b_length; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= a_length; i++) {
		int *oldest = before;

		before = last;
		last = row;
		row = oldest;
		row[0] = (int)i;
		least_before = least;
		least = row[0];
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = last[j] < row[j] ? last[j] + 1 : row[j];
			row[j] = row[j - 1] < row[j] ? row[j - 1] + 1 : row[j];
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] < row[j])
				row[j] = before[j - 2] + 1;
			least = row[j] < least ? row[j] : least;
		}
		if (least > limit && least_before > limit)
			return limit + 1;
	}
	return row[b_length];
}

const char *num_nearest(const char *word, const void *words, size_t count, size_t stride)
{
	int limit = 1 + (int)(strlen(word) / 4);
	const char *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *const *entry = (const void *)((const char *)words + i * stride);
		int distance;

		if (!*entry)
			continue;
		distance = num_edit_distance(word, *entry, limit);
		/* A distance of the whole word means that no letter was kept. */
		if (distance <= limit && distance < (int)strlen(*entry)) {
			limit = distance - 1;
			best = *entry;
		}
	}
	return best;
}
