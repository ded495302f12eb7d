#include "base/wake.h"
#include "tests/test.h"

static void learn(struct wake *w, int64_t late_ns, int times)
{
	while (times-- > 0)
		wake_learn(w, late_ns);
}

int main(void)
{
	struct wake w;
	int64_t before_ns;

	wake_init(&w);
	ok(w.ahead_ns >= WAKE_AHEAD_MIN_NS && w.ahead_ns <= WAKE_AHEAD_MAX_NS,
	   "begins within its limits");

	learn(&w, 150 * NS_PER_US, 1);
	ok(w.ahead_ns > 150 * NS_PER_US && w.ahead_ns < 200 * NS_PER_US,
	   "late once: early by more from then on");

	before_ns = w.ahead_ns;
	learn(&w, 5 * NS_PER_US, 1);
	ok(w.ahead_ns < before_ns && w.ahead_ns > before_ns - before_ns / 20,
	   "on time once: early by little less, for the next may be late again");

	learn(&w, 5 * NS_PER_US, 10000);
	ok(w.ahead_ns < WAKE_AHEAD_MIN_NS + NS_PER_US && w.ahead_ns >= WAKE_AHEAD_MIN_NS,
	   "always on time: as little early as it may be");

	learn(&w, 30 * NS_PER_MS, 1);
	ok(w.ahead_ns == WAKE_AHEAD_MAX_NS, "a stall does not make it be awake for ever");

	learn(&w, -NS_PER_US, 10000); /* a signal cuts a sleep short */
	ok(w.ahead_ns >= WAKE_AHEAD_MIN_NS, "woken too early: stays within its limits");

	wake_init(&w);
	wake_waited(&w, 0, 2 * NS_PER_US);
	wake_waited(&w, 5 * NS_PER_US, 8 * NS_PER_US);
	ok(w.awake_ns == 5 * NS_PER_US && wake_less(&w, 9 * NS_PER_US) == 4 * NS_PER_US,
	   "waiting awake adds up, and is taken off");
	wake_waited(&w, 0, 3 * NS_PER_MS);
	ok(w.awake_ns == 5 * NS_PER_US, "while another has the processor nobody waits awake");
	ok(wake_less(&w, 2 * NS_PER_US) == 0, "never less than nothing");
	return test_done();
}
