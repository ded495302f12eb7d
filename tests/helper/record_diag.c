/*
 * record_diag DIR: make a small known world of sockets in a namespace of its own and write what
 * sock_diag says of it, byte for byte, to DIR/v4.dump and DIR/v6.dump.  tests/diag_test.c holds
 * what must be in them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/tcpstate.h"
#include "capture/diag.h"
#include "tests/netns.h"

#define V4_PORT   5000
#define FULL_PORT 5001
#define V6_PORT   5002

static void count(void *arg, const struct diag_socket *s)
{
	(void)s;
	++*(int *)arg;
}

/* n connections to a listener, ended as told: 't' time-wait, 'o' orphaned fin-wait-2, 'h' half
 * closed and held, 'e' established. */
static bool make(int listener, const char *addr, uint16_t port, char how, int n)
{
	bool good = true;

	for (int i = 0; i < n; i++) {
		int fd[2];

		if (!netns_pair(listener, addr, port, fd))
			return false;
		if (how == 't')
			good = netns_close_pair(fd, 0) && good;
		else if (how == 'o')
			good = close(fd[0]) == 0 && netns_ack_fin(fd[1]) && good;
		else if (how == 'h')
			good = shutdown(fd[0], SHUT_WR) == 0 && netns_ack_fin(fd[1]) && good;
	}
	return good;
}

static bool make_world(void)
{
	int v4 = netns_listen(NETNS_ADDR, V4_PORT, 16), v6 = netns_listen("::", V6_PORT, 16);
	int full = netns_listen(NETNS_ADDR, FULL_PORT, 0);

	if (v4 < 0 || v6 < 0 || full < 0)
		return false;
	/* The queue of `full` holds one; the SYN of the second is dropped. */
	return make(v4, NETNS_ADDR, V4_PORT, 't', 5) && make(v4, NETNS_ADDR, V4_PORT, 'o', 3) &&
	       make(v4, NETNS_ADDR, V4_PORT, 'h', 1) && make(v4, NETNS_ADDR, V4_PORT, 'e', 2) &&
	       netns_connect(NETNS_ADDR, FULL_PORT, 0) >= 0 &&
	       netns_connect(NETNS_ADDR, FULL_PORT, SOCK_NONBLOCK) >= 0 &&
	       make(v6, "::1", V6_PORT, 't', 2) &&
	       make(v6, "::ffff:" NETNS_ADDR, V6_PORT, 't', 1) && make(v6, "::1", V6_PORT, 'e', 1);
}

/* Wait until nobody is in FIN-WAIT-1. */
static bool settled(int fd)
{
	int64_t deadline_ns = mono_now_ns() + NS_PER_S;
	bool interrupted;
	struct err err;
	int n = 1;

	while (n > 0 && mono_now_ns() < deadline_ns) {
		n = 0;
		if (diag_dump(fd, 1u << TCPSTATE_FIN_WAIT1, count, &n, &interrupted, &err) < 0)
			return false;
		mono_sleep_until(mono_now_ns() + NS_PER_MS);
	}
	return n == 0;
}

static bool record(int fd, int family, const char *dir)
{
	int n_sockets = 0;
	struct diag_sink sink = { .fn = count, .arg = &n_sockets };
	enum diag_status status = DIAG_MORE;
	uint8_t buf[DIAG_PIECE_BYTES];
	char path[256];
	struct err err;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/v%d.dump", dir, family);
	f = fopen(path, "wbe");
	if (!f || diag_request(fd, family, DIAG_ALL_STATES, &err) < 0)
		return false;
	while (status == DIAG_MORE) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0)
			break;
		(void)fwrite(buf, 1, (size_t)n, f); /* an error sticks to f: fclose tells */
		status = diag_parse(buf, (size_t)n, &sink);
	}
	return fclose(f) == 0 && status == DIAG_DONE;
}

int main(int argc, char **argv)
{
	const char *why = argc == 2 ? netns_enter(1024) : "usage: record_diag DIR";
	struct err err;
	int fd;

	if (!why && !make_world())
		why = "cannot make the sockets";
	fd = why ? -1 : diag_open(&err);
	if (!why && (fd < 0 || !settled(fd) || !record(fd, 4, argv[1]) || !record(fd, 6, argv[1])))
		why = "cannot record";
	if (why)
		fprintf(stderr, "record_diag: %s\n", why);
	return why ? 1 : 0;
}
