/*
 * perf_round FILE COMMAND...: run a command and write to FILE what it cost and what disturbed it:
 *	wall_s=2.031 own_s=3.870 user_s=0.310 foreign_s=0.052 exit=0
 * own_s is the CPU time of the command and all its descendants, user_s the user's part of it; foreign_s is what else kept the
 * CPUs busy meanwhile (/proc/stat, steal included), ksoftirqd's share counted as ours.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mono.h"

static double busy_s(void)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
	FILE *f = fopen("/proc/stat", "re");
	int n;

	if (!f)
		return 0;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
		   &iowait, &irq, &softirq, &steal);
	(void)fclose(f);
	return n == 8 ? (double)(user + nice + system + irq + softirq + steal) /
				(double)sysconf(_SC_CLK_TCK)
		      : 0;
}

/* CPU time of one process if it is a ksoftirqd. */
static double softirq_thread_s(const char *pid)
{
	char path[300], text[512] = "";
	unsigned long long user, system;
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	if (!strstr(text, "(ksoftirqd") ||
	    sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
		   &user, &system) != 2)
		return 0;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double softirq_s(void)
{
	DIR *d = opendir("/proc");
	double sum = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			sum += softirq_thread_s(e->d_name);
	if (d)
		(void)closedir(d);
	return sum;
}

static double children_s(double *ret_user_s)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_CHILDREN, &ru); /* cannot fail: valid who, valid address */
	*ret_user_s = (double)ru.ru_utime.tv_sec + (double)ru.ru_utime.tv_usec / 1e6;
	return *ret_user_s + (double)ru.ru_stime.tv_sec + (double)ru.ru_stime.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	double busy = busy_s(), softirq = softirq_s(), own, user;
	int64_t begin_ns = mono_now_ns();
	int status = 0, code = 127;
	pid_t pid, ended;
	FILE *out;

	if (argc < 3)
		return 2;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* daemons' CPU time is counted too */
	pid = fork();
	if (pid == 0) {
		(void)execvp(argv[2], &argv[2]);
		_exit(127);
	}
	while ((ended = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
		if (ended == pid)
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	busy = busy_s() - busy;
	softirq = softirq_s() - softirq;
	own = children_s(&user);
	out = fopen(argv[1], "we");
	if (!out)
		return 2;
	(void)fprintf(out, "wall_s=%.3f own_s=%.3f user_s=%.3f foreign_s=%.3f exit=%d\n",
		      (double)(mono_now_ns() - begin_ns) / 1e9, own + softirq, user,
		      busy > own + softirq ? busy - own - softirq : 0.0, code);
	return fclose(out) == 0 ? code : 2;
}
