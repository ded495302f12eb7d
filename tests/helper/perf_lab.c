/*
 * perf_lab COUNT: build COUNT labs (veth, two namespaces) one after the other, each in a process of
 * its own that ends with it; prints the mean wall time of one in ms.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/num.h"
#include "bench/lab.h"

static int one(void)
{
	struct lab_options o = { .topology = TOPOLOGY_VETH,
				 .isolation = ISOLATION_AUTO,
				 .family = 4,
				 .sources = 1,
				 .ehash_entries = 1024 };
	struct lab lab;
	struct err err;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int code = lab_enter(&lab, &o, &err);

		if (code != 0)
			(void)fprintf(stderr, "%s\n", err.text);
		_exit(code != 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	int64_t count, begin_ns = mono_now_ns();
	struct err err;

	if (argc != 2 || num_parse_int(argv[1], 1, 1000, &count, &err) != 0)
		return 2;
	for (int64_t i = 0; i < count; i++)
		if (one() != 0)
			return 1;
	printf("%.2f\n", (double)(mono_now_ns() - begin_ns) / 1e6 / (double)count);
	return 0;
}
