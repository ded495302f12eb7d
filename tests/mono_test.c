#include "base/mono.h"

#include <linux/sched/types.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/test.h"

#define NICE 3

static struct sched_attr attributes(void)
{
	struct sched_attr a = { .size = sizeof(a) };

	ok(syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) == 0, "sched_getattr");
	return a;
}

static bool kernel_has_slices(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	return uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 12));
}

static void test_short_slice(void)
{
	struct sched_attr before, after;

	(void)setpriority(PRIO_PROCESS, 0, NICE); /* lowering is always allowed */
	before = attributes();
	mono_thread_short_slice();
	after = attributes();
	is_int(after.sched_nice, NICE, "a short slice leaves the priority as it is");
	is_int(after.sched_policy, before.sched_policy, "... and the policy");
	if (!kernel_has_slices()) {
		test_skip("the slice is short", "Linux 6.12");
		return;
	}
	ok(before.sched_runtime > MONO_SHORT_SLICE_NS, "the slice was long");
	is_int(after.sched_runtime, MONO_SHORT_SLICE_NS, "the slice is short");
}

int main(void)
{
	test_short_slice();
	return test_done();
}
