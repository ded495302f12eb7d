#include "base/num.h"

#include <errno.h>
#include <math.h>

#include "base/err.h"
#include "tests/test.h"

#define SECOND INT64_C(1000000000)

static const struct {
	const char *text;
	int64_t min, max, want;
	const char *message; /* NULL: it must be read */
} ints[] = {
	{ "1", 1, 10, 1, NULL },
	{ "+7", 1, 10, 7, NULL },
	{ "-3", -5, 5, -3, NULL },
	{ "10k", 0, 100000, 10000, NULL },
	{ "1.5k", 0, 100000, 1500, NULL },
	{ "2M", 0, INT64_MAX, 2000000, NULL },
	{ "4Ki", 0, 100000, 4096, NULL },
	{ "1Mi", 0, INT64_MAX, 1048576, NULL },
	{ "1.50", 0, 9, 0, "'1.50' is not an integer (0 to 9)" },
	{ "2.00", 0, 9, 2, NULL },
	{ "9223372036854775807", 0, INT64_MAX, INT64_MAX, NULL },
	{ "-9223372036854775808", INT64_MIN, 0, INT64_MIN, NULL },
	{ "9223372036854775808", 0, INT64_MAX, 0,
	  "'9223372036854775808' is out of range (0 or more)" },
	{ "99999999999999999999999", 1, 10, 0,
	  "'99999999999999999999999' is out of range (1 to 10)" },
	{ "abc", 1, 100000, 0, "'abc' is not an integer (1 to 100000)" },
	{ "", 1, 10, 0, "'' is not an integer (1 to 10)" },
	{ "-", 1, 10, 0, "'-' is not an integer (1 to 10)" },
	{ ".", 1, 10, 0, "'.' is not an integer (1 to 10)" },
	{ "5.", 1, 10, 0, "'5.' is not an integer (1 to 10)" },
	{ " 5", 1, 10, 0, "' 5' is not an integer (1 to 10)" },
	{ "5 ", 1, 10, 0, "'5 ' is not an integer (1 to 10)" },
	{ "5K", 1, 10, 0, "'5K' is not an integer (1 to 10)" },
	{ "0x10", 1, 100, 0, "'0x10' is not an integer (1 to 100)" },
	{ "1e3", 1, 1000, 0, "'1e3' is not an integer (1 to 1000)" },
	{ "70000", 1, 65535, 0, "'70000' is out of range (1 to 65535)" },
	{ "0", 1, 65535, 0, "'0' is out of range (1 to 65535)" },
};

static void test_ints(void)
{
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		int64_t got = -77;
		struct err err = { .text = "" };
		int r = num_parse_int(ints[i].text, ints[i].min, ints[i].max, &got, &err);

		is_int(r, ints[i].message ? -EINVAL : 0, "int '%s'", ints[i].text);
		is_int(got, ints[i].message ? -77 : ints[i].want, "value of '%s'", ints[i].text);
		is_str(err.text, ints[i].message ? ints[i].message : "", "message");
	}
}

static const struct {
	const char *text;
	int64_t want_ns;
	const char *message;
} durations[] = {
	{ "250ms", 250000000, NULL },
	{ "1.5s", 1500000000, NULL },
	{ "1.000000000000s", SECOND, NULL },
	{ "0.000000001s", 1, NULL },
	{ "0.5us", 500, NULL },
	{ "7ns", 7, NULL },
	{ "2m", 120 * SECOND, NULL },
	{ "0.25h", 900 * SECOND, NULL },
	{ "0s", 0, NULL },
	{ "5", 0, "'5' needs a unit (ns, us, ms, s, m, h)" },
	{ "5 s", 0, "'5 s' needs a unit (ns, us, ms, s, m, h)" },
	{ "5S", 0, "'5S' needs a unit (ns, us, ms, s, m, h)" },
	{ "s", 0, "'s' is not a duration (0s to 1h)" },
	{ "", 0, "'' is not a duration (0s to 1h)" },
	{ "1.5ns", 0, "'1.5ns' is no whole number of nanoseconds" },
	{ "0.0000000001s", 0, "'0.0000000001s' is no whole number of nanoseconds" },
	{ "-1s", 0, "'-1s' is out of range (0s to 1h)" },
	{ "2h", 0, "'2h' is out of range (0s to 1h)" },
	{ "9999999999999h", 0, "'9999999999999h' is out of range (0s to 1h)" },
};

static void test_durations(void)
{
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		int64_t got = -77;
		struct err err = { .text = "" };
		int r = num_parse_duration(durations[i].text, 0, 3600 * SECOND, &got, &err);

		is_int(r, durations[i].message ? -EINVAL : 0, "duration '%s'", durations[i].text);
		is_int(got, durations[i].message ? -77 : durations[i].want_ns, "value of '%s'",
		       durations[i].text);
		is_str(err.text, durations[i].message ? durations[i].message : "", "message");
	}
}

static const struct {
	int64_t ns;
	const char *want;
} formatted[] = {
	{ 0, "0s" },
	{ 1, "1ns" },
	{ 1500, "1.5us" },
	{ 100000000, "100ms" },
	{ 1500000000, "1.5s" },
	{ 60 * SECOND, "1m" },
	{ 61 * SECOND, "61s" },
	{ 90 * SECOND, "90s" },
	{ 7200 * SECOND, "2h" },
	{ -1500000000, "-1.5s" },
	{ 1234567891, "1.234567891s" },
};

static void test_format_duration(void)
{
	char buf[48];
	uint64_t seed = 1;

	for (size_t i = 0; i < sizeof(formatted) / sizeof(formatted[0]); i++)
		is_str(num_format_duration(formatted[i].ns, buf, sizeof(buf)), formatted[i].want,
		       "format %" PRId64 " ns", formatted[i].ns);
	for (int i = 0; i < 2000; i++) {
		int64_t ns, back = -1;
		struct err err = { .text = "" };

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		ns = (int64_t)(seed >> 1) >> (seed % 60);
		(void)num_format_duration(ns, buf, sizeof(buf));
		if (num_parse_duration(buf, 0, INT64_MAX, &back, &err) < 0 || back != ns) {
			ok(false, "%" PRId64 " ns as '%s' reads back as %" PRId64 " (%s)", ns, buf,
			   back, err.text);
			return;
		}
	}
	ok(true, "2000 durations read back as they were");
}

static void test_reals(void)
{
	static const char *const bad[] = { "",      "abc", "nan", "inf",   "0x1p3",
					   " 1",    "1 ",  "1,5", "1e",    "--1",
					   "1e999", "5/m", "/s",  "1.2.3", "1/s/s" };
	double got = -7;
	struct err err = { .text = "" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(num_parse_rate(bad[i], 0, 1e6, &got, &err), -EINVAL, "rate '%s'", bad[i]);
		is_int(num_parse_real(bad[i], 0, 1e6, &got, &err), -EINVAL, "real '%s'", bad[i]);
	}
	ok(got < -6 && got > -8, "the result is untouched on failure");
	is_str(err.text, "'1/s/s' is not a number (0 to 1000000)", "message");
	is_int(num_parse_rate("166.7/s", 0, 1000, &got, &err), 0, "166.7/s");
	ok(fabs(got - 166.7) < 1e-12, "is 166.7");
	is_int(num_parse_rate("200", 0, 1000, &got, &err), 0, "200");
	ok(fabs(got - 200) < 1e-12, "is 200");
	is_int(num_parse_rate("2000/s", 0.1, 1000, &got, &err), -EINVAL, "2000/s is too fast");
	is_str(err.text, "'2000/s' is out of range (0.1/s to 1000/s)", "message");
	is_int(num_parse_rate("x", 0.1, 1000, &got, &err), -EINVAL, "x is no rate");
	is_str(err.text, "'x' is not a rate (0.1/s to 1000/s)", "message");
	is_int(num_parse_real("1.5", 0, 1, &got, &err), -EINVAL, "1.5 is over 1");
	is_str(err.text, "'1.5' is out of range (0 to 1)", "message");
	is_int(num_parse_real("5e-324", 0, 1, &got, &err), 0, "the least double is read");
}

static void test_grouped(void)
{
	char buf[40], small[4];

	is_str(num_format_grouped(0, buf, sizeof(buf)), "0", "0");
	is_str(num_format_grouped(999, buf, sizeof(buf)), "999", "999");
	is_str(num_format_grouped(28232, buf, sizeof(buf)), "28 232", "28 232");
	is_str(num_format_grouped(-100000, buf, sizeof(buf)), "-100 000", "-100 000");
	is_str(num_format_grouped(INT64_MIN, buf, sizeof(buf)), "-9 223 372 036 854 775 808",
	       "least");
	is_str(num_format_grouped(28232, small, sizeof(small)), "28 ", "cut to the buffer");
}

static void test_nearest(void)
{
	static const struct {
		int number;
		const char *name;
	} rows[] = { { 1, "client-fin" }, { 2, "client-rst" }, { 3, NULL }, { 4, "server-fin" } };
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	char huge[200];

	is_int(num_edit_distance("", "", 9), 0, "nothing from nothing");
	is_int(num_edit_distance("kitten", "sitting", 9), 3, "kitten to sitting");
	is_int(num_edit_distance("abc", "", 9), 3, "all dropped");
	is_int(num_edit_distance("", "abc", 9), 3, "all added");
	is_int(num_edit_distance("rnu", "run", 9), 1, "two letters swapped");
	is_int(num_edit_distance("abdc", "dabc", 9), 2, "letters that are not neighbours");
	is_int(num_edit_distance("aabab", "aabba", 9), 1, "swapped behind what is alike");
	is_int(num_edit_distance("abba", "aba", 9), 1, "dropped where letters repeat");
	is_int(num_edit_distance("kitten", "sitting", 3), 3, "as far as the limit");
	ok(num_edit_distance("kitten", "sitting", 2) > 2, "... and beyond it");
	ok(num_edit_distance("abc", "abcdefgh", 4) > 4, "too long to be near");
	is_int(num_edit_distance("badc", "abcd", 2), 2, "swapped twice, at the limit");
	is_str(num_nearest("client-fni", &rows[0].name, count, sizeof(rows[0])), "client-fin",
	       "letters swapped");
	is_str(num_nearest("servr-fin", &rows[0].name, count, sizeof(rows[0])), "server-fin",
	       "letter left out");
	is_str(num_nearest("banana", &rows[0].name, count, sizeof(rows[0])), NULL, "none near");
	is_str(num_nearest("", &rows[0].name, count, sizeof(rows[0])), NULL, "empty word");
	static const char *const shorts[] = { "a", "lo" };

	is_str(num_nearest("b", shorts, 2, sizeof(shorts[0])), NULL, "not a letter in common");
	is_str(num_nearest("l", shorts, 2, sizeof(shorts[0])), "lo", "a letter in common");
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	is_str(num_nearest(huge, &rows[0].name, count, sizeof(rows[0])), NULL, "huge word");
}

int main(void)
{
	test_ints();
	test_durations();
	test_format_duration();
	test_reals();
	test_grouped();
	test_nearest();
	return test_done();
}
