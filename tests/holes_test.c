#include "capture/holes.h"

#include <stdbool.h>
#include <stdlib.h>

#include "tests/test.h"

#define BASE   UINT32_C(0xffffff80) /* wraps within */
#define LENGTH 256

/* Against a map of every byte: pieces come in any order and overlap; no more holes than there is room for. */
static void test_pieces_in_any_order(void)
{
	unsigned seed = 1;
	int wrong = 0, pieces = 0;

	for (int round = 0; round < 2000; round++) {
		struct holes h = { 0 };
		bool seen[LENGTH] = { false };
		uint32_t next = 0;

		for (int piece = 0; piece < 40; piece++) {
			uint32_t from = (uint32_t)rand_r(&seed) % (LENGTH - 64);
			uint32_t to = from + 1 + (uint32_t)rand_r(&seed) % 64;
			uint32_t expected = 0, got, holes = 0;

			for (uint32_t i = from; i < to; i++) {
				expected += !seen[i];
				seen[i] = true;
			}
			for (uint32_t i = 0; i < next || i < to; i++)
				holes += !seen[i] && (i == 0 || seen[i - 1]);
			if (holes > HOLES_MAX) /* it may have been forgotten */
				break;
			if (from > next)
				holes_add(&h, BASE + next, BASE + from);
			got = holes_fill(&h, BASE + from, BASE + to);
			if (to > next) {
				got += to - (from > next ? from : next);
				next = to;
			}
			wrong += got != expected || h.count != holes;
			pieces++;
		}
	}
	ok(pieces > 5000, "%d pieces were tried", pieces);
	is_int(wrong, 0, "each brings as many bytes as a map of every byte says");
}

static void test_oldest_is_forgotten(void)
{
	struct holes h = { 0 };

	for (uint32_t i = 0; i <= HOLES_MAX; i++)
		holes_add(&h, 100 * i, 100 * i + 50);
	is_int(h.count, HOLES_MAX, "one more than there is room for");
	is_int(holes_fill(&h, 0, 50), 0, "the oldest is forgotten");
	is_int(holes_fill(&h, 100, 150), 50, "the others are not");
	is_int(holes_fill(&h, 0, 1000), 50 * (HOLES_MAX - 1), "several are filled by one piece");
	is_int(h.count, 0, "none is left");
}

static void test_split_without_room(void)
{
	struct holes h = { 0 };

	holes_add(&h, 0, 100);
	for (uint32_t i = 1; i < HOLES_MAX; i++)
		holes_add(&h, 1000 * i, 1000 * i + 1);
	is_int(holes_fill(&h, 40, 50), 10, "a hole is split");
	is_int(h.count, HOLES_MAX, "for want of room a part is forgotten:");
	is_int(holes_fill(&h, 0, 40), 0, "the older one");
	is_int(holes_fill(&h, 50, 100), 50, "and not the newer one");
}

int main(void)
{
	test_pieces_in_any_order();
	test_oldest_is_forgotten();
	test_split_without_room();
	return test_done();
}
