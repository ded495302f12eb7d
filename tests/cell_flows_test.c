#include "bench/cell_flows.h"

#include <string.h>

#include "analysis/classify.h"
#include "tests/test.h"

/* When (ns; -1: never) each end's FIN was acknowledged and its first RST sent, and how many RSTs. */
struct resets {
	int64_t fin_acked_ns[SIDE_COUNT], rst_ns[SIDE_COUNT];
	uint32_t rst[SIDE_COUNT];
	int late[SIDE_COUNT];
	const char *why;
};

static void test_late_resets(void)
{
	static const struct resets rows[] = {
		{ { -1, -1 }, { 10, -1 }, { 1, 0 }, { 0, 0 }, "an abort" },
		{ { -1, -1 }, { 10, -1 }, { 2, 0 }, { 1, 0 }, "the second RST of one end is late" },
		{ { -1, -1 }, { 10, 11 }, { 1, 1 }, { 0, 1 }, "so is one behind the other end's" },
		{ { -1, 5 }, { 10, 12 }, { 1, 3 }, { 0, 3 }, "... behind its own FIN, too" },
		{ { -1, -1 }, { 10, 10 }, { 1, 1 }, { 0, 0 }, "two that cross are not" },
		{ { 5, 6 }, { -1, 7 }, { 0, 1 }, { 0, 1 }, "one behind both acknowledged FINs is" },
		{ { 5, 8 }, { -1, 7 }, { 0, 1 }, { 0, 0 }, "one before the last of them is not" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_repeat r = { 0 };
		struct cell_flows c = { .r = &r, .classify = classify };
		struct flow f;

		memset(&f, 0, sizeof(f));
		for (int side = 0; side < SIDE_COUNT; side++) {
			f.dir[side].fin_ns = f.dir[side].fin_acked_ns = rows[i].fin_acked_ns[side];
			f.dir[side].fin_acked_plain_ns = rows[i].fin_acked_ns[side];
			f.dir[side].rst_ns = rows[i].rst_ns[side];
			f.dir[side].rst = rows[i].rst[side];
		}
		cell_flows_add(&c, &f);
		for (int side = 0; side < SIDE_COUNT; side++) {
			is_int(r.capture.rst[side], rows[i].rst[side], "%s: RSTs", rows[i].why);
			is_int(r.capture.rst_late[side], rows[i].late[side], "%s: late ones",
			       rows[i].why);
		}
		cell_flows_release(&c);
	}
}

int main(void)
{
	test_late_resets();
	return test_done();
}
