/*
 * perf_table COUNT: in the caller's (fresh) network namespace make COUNT TIME_WAITs on lo, then time
 * ways to count them, each the least of five: CPU microseconds of ours and of its children.
 *	sockstat 21.0
 *	dump 27000.0
 *	ss 112000.0
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "capture/counters.h"
#include "capture/diag.h"

#define TRIES 5
#define PORTS 64000
#define FIRST 1024

static double cpu_us(void)
{
	static const int who[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	double sum = 0;

	for (int i = 0; i < 2; i++) {
		struct rusage ru;

		(void)getrusage(who[i], &ru); /* cannot fail: valid who, valid address */
		sum += (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
		       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	}
	return sum;
}

static int write_sysctl(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		(void)close(fd); /* /proc: written at once */
	return good ? 0 : -1;
}

static int lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &ifr);

	if (fd >= 0)
		(void)close(fd); /* nothing was sent */
	return code;
}

static struct sockaddr_in at(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(address) };
}

/* The n-th TIME_WAIT: 127.1.x.0 + its own source and port towards 127.0.0.1:1000. */
static int make_one(int listener, int64_t n)
{
	struct sockaddr_in from =
		at(0x7f010001u + (uint32_t)(n / PORTS), (uint16_t)(FIRST + n % PORTS));
	struct sockaddr_in to = at(0x7f000001u, 1000);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer = -1, on = 1, code = -1;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		code = close(fd);
	if (peer >= 0)
		(void)close(peer); /* the second FIN */
	return peer >= 0 ? code : -1;
}

static int make_table(int64_t count)
{
	struct sockaddr_in to = at(0x7f000001u, 1000);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (lo_up() != 0 || write_sysctl("/proc/sys/net/ipv4/tcp_max_tw_buckets", "4000000") != 0 ||
	    listener < 0 || bind(listener, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    listen(listener, 16) != 0)
		return -1;
	for (int64_t i = 0; i < count; i++)
		if (make_one(listener, i) != 0)
			return -1;
	return 0;
}

static void count_socket(void *arg, const struct diag_socket *s)
{
	++((int64_t *)arg)[s->state % 16];
}

static int by_dump(void)
{
	int64_t count[16] = { 0 };
	bool interrupted;
	struct err err;
	int fd = diag_open(&err);
	int code = fd < 0 ? fd
			  : diag_dump(fd, DIAG_ALL_STATES, count_socket, count, &interrupted, &err);

	if (fd >= 0)
		(void)close(fd); /* netlink: nothing pends */
	return code;
}

static int by_sockstat(void)
{
	struct counter_files f;
	struct err err;
	int64_t tw, inuse;
	int code = counter_files_open(&f, &err);

	for (int i = 0; code == 0 && i < 1000; i++)
		code = counter_read_sockstat(&f, &tw, &inuse);
	counter_files_close(&f);
	return code;
}

static int by_command(const char *command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int by_ss(void)
{
	return by_command(
		"command -v ss >/dev/null && ss -tan | awk '{ n[$1]++ } END { exit !NR }'");
}

static int by_netstat(void)
{
	return by_command("command -v netstat >/dev/null && netstat -ant | awk '{ n[$6]++ } END { "
			  "exit !NR }'");
}

static void report(const char *name, int (*look)(void), int looks)
{
	double best = 0;

	for (int i = 0; i < TRIES; i++) {
		double us = cpu_us();

		if (look() != 0)
			return; /* it is not here */
		us = (cpu_us() - us) / looks;
		if (i == 0 || us < best)
			best = us;
	}
	printf("%s %.1f\n", name, best);
}

int main(int argc, char **argv)
{
	int64_t count;
	struct err err;

	if (argc != 2 || num_parse_int(argv[1], 1, 4000000, &count, &err) != 0)
		return 2;
	if (make_table(count) != 0) {
		(void)fprintf(stderr, "cannot make %s TIME_WAITs: %s\n", argv[1], strerror(errno));
		return 1;
	}
	report("sockstat", by_sockstat, 1000);
	report("dump", by_dump, 1);
	report("ss", by_ss, 1);
	report("netstat", by_netstat, 1);
	return 0;
}
