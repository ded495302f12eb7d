#include "bench/uring.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "tests/netns.h"
#include "tests/test.h"

enum { CLIENT, SERVER, FILES };

static struct sockaddr_in at;

static int listener(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(at);

	at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(NETNS_ADDR) };
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0 || listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		abort();
	return fd;
}

static void connected(struct uring *u, int fd)
{
	uring_socket(u, AF_INET, CLIENT);
	uring_connect(u, CLIENT, (struct sockaddr *)&at, sizeof(at));
	uring_accept(u, fd, SERVER);
}

static void closed(struct uring *u)
{
	uring_shut(u, CLIENT);
	(void)uring_run(u, NS_PER_S);
	uring_shut(u, SERVER);
	(void)uring_run(u, NS_PER_S);
}

static void test_chain(struct uring *u, int fd)
{
	static const int on = 1;
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(NETNS_ADDR) };
	char got[8] = "", end;

	uring_socket(u, AF_INET, CLIENT);
	uring_option(u, CLIENT, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	uring_bind(u, CLIENT, (struct sockaddr *)&from, sizeof(from));
	uring_connect(u, CLIENT, (struct sockaddr *)&at, sizeof(at));
	uring_accept(u, fd, SERVER);
	uring_send(u, CLIENT, "hello", 5);
	uring_receive(u, SERVER, got, 5);
	uring_shut_write(u, CLIENT);
	uring_receive_end(u, SERVER, &end);
	uring_shut(u, SERVER);
	uring_shut(u, CLIENT);
	is_int(uring_run(u, 5 * NS_PER_S), 0, "a connection in one chain");
	is_str(got, "hello", "... carried bytes");
	is_int(u->result[5], 5, "... sent so many");
	is_int(u->result[6], 5, "... received as many");
	is_int(u->result[8], 0, "... then saw the FIN");
	for (unsigned i = 0; i < 11; i++)
		if (i < 5 || i > 6)
			is_int(u->result[i], 0, "... request %u", i);
}

static void test_cut(struct uring *u, int fd)
{
	struct sockaddr_in nobody = at;

	nobody.sin_port = htons(9);
	uring_socket(u, AF_INET, CLIENT);
	uring_connect(u, CLIENT, (struct sockaddr *)&nobody, sizeof(nobody));
	uring_accept(u, fd, SERVER);
	uring_send(u, CLIENT, "x", 1);
	is_int(uring_run(u, 5 * NS_PER_S), 0, "a chain that is cut has all its results");
	is_int(u->result[0], 0, "... what came before");
	is_int(u->result[1], -ECONNREFUSED, "... what cut it");
	ok(u->result[2] == -ECANCELED && u->result[3] == -ECANCELED, "... and what never ran");
	closed(u);
}

/* Where a reset is what the step waits for, the chain goes on. */
static void test_reset(struct uring *u, int fd)
{
	static const struct linger at_once = { .l_onoff = 1 };
	char end;

	connected(u, fd);
	uring_option(u, CLIENT, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	uring_shut(u, CLIENT);
	uring_receive_end(u, SERVER, &end);
	uring_shut(u, SERVER);
	is_int(uring_run(u, 5 * NS_PER_S), 0, "an abort in one chain");
	is_int(u->result[5], -ECONNRESET, "... seen at the other end");
	is_int(u->result[6], 0, "... which is closed all the same");
}

static void test_timeout(struct uring *u, int fd)
{
	char byte;
	int64_t begin_ns;

	connected(u, fd);
	uring_receive(u, SERVER, &byte, 1);
	uring_send(u, SERVER, "x", 1);
	begin_ns = mono_now_ns();
	is_int(uring_run(u, 20 * NS_PER_MS), -ETIME, "who waits in vain is told");
	ok(mono_now_ns() - begin_ns >= 20 * NS_PER_MS, "... not too early");
	is_int(u->result[2], 0, "... what was done before counts");
	is_int(u->result[3], -ECANCELED, "... what waited was cancelled");
	is_int(u->result[4], -ECANCELED, "... and what would have come next");
	closed(u);
	is_int(uring_run(u, NS_PER_S), 0, "a run of nothing");
	test_chain(u, fd);
}

int main(void)
{
	const char *why = netns_enter(0);
	struct uring u;
	struct err err;
	int fd, code;

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	code = uring_open(&u, FILES, &err);
	if (code != 0) {
		printf("1..0 # SKIP %s\n", err.text);
		return 0;
	}
	fd = listener();
	test_chain(&u, fd);
	test_cut(&u, fd);
	test_reset(&u, fd);
	test_timeout(&u, fd);
	uring_close(&u);
	uring_close(&u);
	is_int(u.fd, -1, "closed, twice");
	(void)close(fd);
	is_int(uring_open(&u, 0, &err) < 0, 1, "a ring without files cannot be had: %s", err.text);
	return test_done();
}
