/*
 * netns: a network namespace of the test's own, with lo up, and TCP connections within it.
 *
 * The process must have one thread when it enters.  Everything dies with the process.
 */
#ifndef TWBENCH_TESTS_NETNS_H
#define TWBENCH_TESTS_NETNS_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETNS_ADDR "10.9.0.1" /* on lo, yet not 127/8: no reuse of TIME_WAIT by default */

/* Give lo NETNS_ADDR and bring it up. */
__attribute__((unused)) static bool netns_lo_up(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up;

	(void)inet_pton(AF_INET, NETNS_ADDR, &sa.sin_addr);
	memcpy(&r.ifr_addr, &sa, sizeof(sa));
	up = fd >= 0 && ioctl(fd, SIOCSIFADDR, &r) == 0;
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	up = up && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
	if (fd >= 0)
		(void)close(fd);
	return up;
}

/*
 * Enter a new namespace: user + network, or as root a network namespace alone.  A small hash of
 * its own (`buckets`) makes dumps cheap; 0, or a kernel before 6.1: the host's.  NULL, or why not.
 */
__attribute__((unused)) static const char *netns_enter(unsigned buckets)
{
	FILE *f;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && unshare(CLONE_NEWNET) != 0)
		return "[namespace] cannot make a network namespace";
	f = buckets ? fopen("/proc/sys/net/ipv4/tcp_child_ehash_entries", "we") : NULL;
	if (f) {
		fprintf(f, "%u\n", buckets);
		if (fclose(f) != 0 || unshare(CLONE_NEWNET) != 0)
			return "[namespace] cannot make a network namespace with its own hash";
	}
	return netns_lo_up() ? NULL : "[namespace] cannot bring lo up";
}

/* A descriptor of the namespace the thread is in. */
__attribute__((unused)) static int netns_here(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* "10.9.0.1", "::1", "::ffff:10.9.0.1" with a port.  Returns the length; 0: not an address. */
__attribute__((unused)) static socklen_t netns_addr(const char *text, uint16_t port,
						    struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

/* A listener; -1 with errno. */
__attribute__((unused)) static int netns_listen(const char *addr, uint16_t port, int backlog)
{
	struct sockaddr_storage sa;
	socklen_t size = netns_addr(addr, port, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && (bind(fd, (struct sockaddr *)&sa, size) != 0 || listen(fd, backlog) != 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* A connected socket, or with SOCK_NONBLOCK in `flags` a connecting one; -1 with errno. */
__attribute__((unused)) static int netns_connect(const char *addr, uint16_t port, int flags)
{
	struct sockaddr_storage sa;
	socklen_t size = netns_addr(addr, port, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, size) != 0 && flags == 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Both ends of a connection; false if it could not be made. */
__attribute__((unused)) static bool netns_pair(int listener, const char *addr, uint16_t port,
					       int ret[2])
{
	ret[0] = netns_connect(addr, port, 0);
	ret[1] = ret[0] < 0 ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return ret[1] >= 0;
}

/* `first` (0 client, 1 server) closes, the other reads the end of file and closes too. */
__attribute__((unused)) static bool netns_close_pair(int fd[2], int first)
{
	char byte;
	bool eof = close(fd[first]) == 0 && read(fd[!first], &byte, 1) == 0;

	return close(fd[!first]) == 0 && eof;
}

/* Read the end of file and acknowledge it now, not 40 ms later: the peer leaves FIN-WAIT-1. */
__attribute__((unused)) static bool netns_ack_fin(int fd)
{
	int one = 1;
	char byte;

	return read(fd, &byte, 1) == 0 &&
	       setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one)) == 0;
}

#endif
