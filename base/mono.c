#include "base/mono.h"

#include <linux/sched/types.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts); /* cannot fail for these clocks */
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t mono_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t mono_real_offset_ns(void)
{
	int64_t best_gap = INT64_MAX, offset = 0;

	for (int i = 0; i < 8; i++) {
		int64_t before = mono_now_ns();
		int64_t real = clock_ns(CLOCK_REALTIME);
		int64_t after = mono_now_ns();

		if (after - before < best_gap) {
			best_gap = after - before;
			offset = real - (before + (after - before) / 2);
		}
	}
	return offset;
}

static int64_t timeval_ns(struct timeval tv)
{
	return (int64_t)tv.tv_sec * NS_PER_S + (int64_t)tv.tv_usec * NS_PER_US;
}

void mono_thread_cpu_ns(int64_t *ret_user_ns, int64_t *ret_system_ns)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_THREAD, &ru); /* cannot fail: valid who, valid address */
	*ret_user_ns = timeval_ns(ru.ru_utime);
	*ret_system_ns = timeval_ns(ru.ru_stime);
}

int64_t mono_thread_cpu_now_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void mono_thread_plain_priority(void)
{
	(void)setpriority(PRIO_PROCESS, 0, 0); /* lowering is always allowed; Linux: of this thread */
}

void mono_thread_short_slice(void)
{
	struct sched_attr a = { .size = sizeof(a) };

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) != 0)
		return; /* an old kernel's set is smaller, not refused: a filter forbids it */
	a.sched_runtime = MONO_SHORT_SLICE_NS;
	(void)syscall(SYS_sched_setattr, 0, &a, 0); /* best effort: the header says so */
}

void mono_wall_text(int64_t real_ns, char *buf, size_t size)
{
	time_t s = (time_t)(real_ns / NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&s, &tm) || strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(buf, size, "unknown");
}

void mono_sleep_until(int64_t deadline_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(deadline_ns / NS_PER_S),
			       .tv_nsec = (long)(deadline_ns % NS_PER_S) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL); /* early return is fine */
}
