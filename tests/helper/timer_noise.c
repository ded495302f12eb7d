/*
 * timer_noise RATE SECONDS: how late this machine lets anybody be: absolute deadlines RATE times a
 * second, slept towards as clients do (base/wake.h), with nothing done at them.
 *	{"p50_ns": 60, "p99_ns": 2100, "p999_ns": 30000, "max_ns": 410000}
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/mono.h"
#include "base/num.h"
#include "base/wake.h"

int main(int argc, char **argv)
{
	int64_t rate, seconds, begin_ns;
	struct wake wake;
	struct hist h;
	struct err err;

	if (argc != 3 || num_parse_int(argv[1], 1, 1000000, &rate, &err) != 0 ||
	    num_parse_int(argv[2], 1, 3600, &seconds, &err) != 0 || hist_init(&h) != 0)
		return 2;
	(void)prctl(PR_SET_TIMERSLACK, 1); /* cannot fail */
	wake_init(&wake);
	begin_ns = mono_now_ns() + NS_PER_MS;
	for (int64_t i = 0; i < rate * seconds; i++) {
		int64_t due_ns = begin_ns + i * NS_PER_S / rate, now_ns;
		int64_t up_ns = due_ns - wake.ahead_ns;

		if (mono_now_ns() < up_ns) {
			mono_sleep_until(up_ns);
			wake_learn(&wake, mono_now_ns() - up_ns);
		}
		while ((now_ns = mono_now_ns()) < due_ns)
			continue;
		hist_record(&h, now_ns - due_ns);
	}
	printf("{\"p50_ns\": %lld, \"p99_ns\": %lld, \"p999_ns\": %lld, \"max_ns\": %lld}\n",
	       (long long)hist_quantile_ns(&h, 0.5), (long long)hist_quantile_ns(&h, 0.99),
	       (long long)hist_quantile_ns(&h, 0.999), (long long)h.max_ns);
	hist_release(&h);
	return 0;
}
