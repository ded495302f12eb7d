/* Large memory: zeroed, usable to its end, counted when it is made present and not before. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/test.h"

static bool is_zero(const uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static void test_sizes(void)
{
	static const size_t sizes[] = { 1, 63, 64, 4096, 65536, 65537, 1 << 20, 5 << 20 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *p = pages_new(sizes[i]);

		ok(p && (uintptr_t)p % 64 == 0, "%zu bytes, at the start of a line", sizes[i]);
		pages_prefer_large(p, sizes[i]);
		pages_make_present(p, sizes[i]);
		ok(is_zero(p, sizes[i]), "... zeroed");
		memset(p, 0xff, sizes[i]); /* to the last byte: sanitizers look on */
		pages_free(p, sizes[i]);
		p = pages_new(sizes[i]);
		ok(p && is_zero(p, sizes[i]), "... and so is what comes after it was given back");
		pages_free(p, sizes[i]);
	}
	pages_free(NULL, 4096);
	ok(!pages_new(SIZE_MAX / 2), "more than there is: none");
}

/* How many of the 4 KB pages from `at` on are in memory. */
static size_t present(void *at, size_t pages)
{
	unsigned char in[1024];
	size_t n = 0;

	if (mincore(at, pages * 4096, in) != 0)
		return SIZE_MAX;
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	return n;
}

static void test_present(void)
{
	enum { PAGES = 256 };
	uint8_t *p = pages_new(PAGES * 4096);

	if (sysconf(_SC_PAGESIZE) != 4096) {
		test_skip("presence", "pages are not of 4 KB here");
		pages_free(p, PAGES * 4096);
		return;
	}
	is_int(present(p, PAGES), 0, "1 MB, and none of it is there");
	pages_make_present(p + 100, 63 * 4096);
	ok(present(p, 1) == 0 && present(p + 4096, 62) == 62, "whole pages within, all at once");
	ok(present(p + 64 * 4096, PAGES - 64) == 0, "... and none behind");
	pages_free(p, PAGES * 4096);
}

int main(void)
{
	test_sizes();
	test_present();
	return test_done();
}
