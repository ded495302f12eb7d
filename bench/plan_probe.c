/* What the machine offers; the only part of a plan that asks the machine anything. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/fdlimit.h"
#include "bench/lab.h"
#include "bench/plan.h"

/* net/ipv4/af_inet.c inet_init_net(): what every new namespace begins with. */
#define PORT_LOW  32768
#define PORT_HIGH 60999

/* The coarse clocks advance by one jiffy: their resolution is 1/HZ (kernel/time/posix-timers.c). */
int64_t plan_probe_hz(void)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_sec != 0 ||
	    tick.tv_nsec <= 0)
		return 0;
	return (1000000000 + tick.tv_nsec / 2) / tick.tv_nsec;
}

static int64_t probe_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
	return sysconf(_SC_NPROCESSORS_ONLN) > 0 ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
}

static bool on_path(const char *program)
{
	const char *p = getenv("PATH");
	char file[4096];

	while (p && *p) {
		size_t len = strcspn(p, ":");

		(void)snprintf(file, sizeof(file), "%.*s/%s", (int)len, p, program);
		if (access(file, X_OK) == 0)
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}

void plan_probe(struct plan_host *ret)
{
	*ret = (struct plan_host){ .cpus = probe_cpus(),
				   .config_hz = plan_probe_hz(),
				   .fd_limit = fdlimit_raise(),
				   .port_low = PORT_LOW,
				   .port_high = PORT_HIGH,
				   .gnuplot = on_path("gnuplot") };
	lab_probe(&ret->lab);
}
