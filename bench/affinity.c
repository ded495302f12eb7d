#include "bench/affinity.h"

#include <linux/filter.h>
#include <sched.h>
#include <sys/socket.h>

int affinity_cpu(int index)
{
	cpu_set_t may;
	int nth;

	if (sched_getaffinity(0, sizeof(may), &may) != 0 || CPU_COUNT(&may) == 0)
		return -1; /* more CPUs than a cpu_set_t holds */
	nth = index % CPU_COUNT(&may);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &may) && nth-- == 0)
			return cpu;
	return -1;
}

void affinity_pin(int index)
{
	int cpu = affinity_cpu(index);
	cpu_set_t one;

	if (cpu < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one); /* best effort: the header says so */
}

void affinity_steer(int listener, uint32_t members)
{
	struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_CPU) },
		{ BPF_ALU | BPF_MOD | BPF_K, 0, 0, members },
		{ BPF_RET | BPF_A, 0, 0, 0 },
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	/* Refused: the kernel hashes the 4-tuple instead. */
	(void)setsockopt(listener, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program));
}
