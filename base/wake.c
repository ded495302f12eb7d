#include "base/wake.h"

#define FIRST_NS   (100 * NS_PER_US)
#define FORGETTING 64 /* times on time, to come down by two thirds */

/* So long between two looks: somebody else had the processor. */
#define TAKEN_AWAY_NS (20 * NS_PER_US)

void wake_init(struct wake *w)
{
	*w = (struct wake){ .ahead_ns = FIRST_NS };
}

void wake_learn(struct wake *w, int64_t late_ns)
{
	int64_t wanted_ns = late_ns + late_ns / 4;

	if (wanted_ns < WAKE_AHEAD_MIN_NS)
		wanted_ns = WAKE_AHEAD_MIN_NS;
	if (wanted_ns > WAKE_AHEAD_MAX_NS)
		wanted_ns = WAKE_AHEAD_MAX_NS;
	if (wanted_ns > w->ahead_ns)
		w->ahead_ns = wanted_ns;
	else
		w->ahead_ns -= (w->ahead_ns - wanted_ns) / FORGETTING;
}

void wake_waited(struct wake *w, int64_t from_ns, int64_t to_ns)
{
	if (to_ns - from_ns < TAKEN_AWAY_NS)
		w->awake_ns += to_ns - from_ns;
}

int64_t wake_less(const struct wake *w, int64_t cpu_ns)
{
	return cpu_ns > w->awake_ns ? cpu_ns - w->awake_ns : 0; /* two clocks */
}
