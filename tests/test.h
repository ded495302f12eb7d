/*
 * test: TAP in forty lines.  A test program calls ok()/is_int()/is_str() and ends with
 * `return test_done();`.  A check that could not run is skip()ped, loudly, naming what is missing.
 */
#ifndef TWBENCH_TESTS_TEST_H
#define TWBENCH_TESTS_TEST_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_count, test_failed;

#define ok(cond, ...) test_ok((cond) ? true : false, __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...) test_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) test_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused)) static bool
test_ok(bool pass, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", pass ? "" : "not ", ++test_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!pass) {
		test_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return pass;
}

__attribute__((format(printf, 5, 6), unused)) static bool
test_int(int64_t got, int64_t want, const char *file, int line, const char *fmt, ...)
{
	char name[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (!test_ok(got == want, file, line, "%s", name))
		printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
	return got == want;
}

__attribute__((format(printf, 5, 6), unused)) static bool
test_str(const char *got, const char *want, const char *file, int line, const char *fmt, ...)
{
	char name[256];
	va_list ap;
	bool same = got && want ? strcmp(got, want) == 0 : got == want;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (!test_ok(same, file, line, "%s", name))
		printf("#   got  '%s'\n#   want '%s'\n", got ? got : "(null)", want ? want : "(null)");
	return same;
}

__attribute__((unused)) static void test_skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++test_count, what, why);
}

/* Is this the long run, that of tests/whole.sh?  Else a fair sample has to do. */
__attribute__((unused)) static bool test_whole(void)
{
	return getenv("TEST_WHOLE") != NULL;
}

static int test_done(void)
{
	printf("1..%d\n", test_count);
	return test_failed ? 1 : 0;
}

#endif
