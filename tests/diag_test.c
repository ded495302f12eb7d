#include "capture/diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/tcpstate.h"
#include "tests/guard.h"
#include "tests/netns.h"
#include "tests/test.h"

struct counts {
	int state[TCPSTATE_COUNT];
	int minisock[TCPSTATE_COUNT]; /* of these: timer 3 */
	int family[2], orphans, odd, all;
	struct diag_socket last;
};

static void count_socket(void *arg, const struct diag_socket *s)
{
	struct counts *c = arg;

	c->all++;
	c->last = *s;
	c->family[s->family == 6]++;
	c->orphans += s->inode == 0;
	if (s->state >= TCPSTATE_COUNT) {
		c->odd++;
		return;
	}
	c->state[s->state]++;
	c->minisock[s->state] += s->timer == DIAG_TIMER_MINISOCK;
}

static enum diag_status parse(const void *bytes, size_t size, struct counts *c,
			      struct diag_sink *sink)
{
	struct guard g;
	uint8_t *copy = guard_copy(&g, bytes, size);
	enum diag_status status;

	*c = (struct counts){ 0 };
	*sink = (struct diag_sink){ .fn = count_socket, .arg = c };
	status = diag_parse(copy, size, sink);
	guard_free(&g);
	return status;
}

static size_t load(const char *path, uint8_t *buf, size_t size)
{
	FILE *f = fopen(path, "rbe");
	size_t n = f ? fread(buf, 1, size, f) : 0;

	if (f)
		(void)fclose(f);
	return n;
}

/* The worlds of tests/helper/record_diag.c. */
static const struct world {
	const char *path;
	int state[TCPSTATE_COUNT];
	int fin_wait2_minisocks, family[2];
} worlds[] = {
	{ "fixtures/diag/v4.dump",
	  { [TCPSTATE_ESTABLISHED] = 6,
	    [TCPSTATE_SYN_SENT] = 1,
	    [TCPSTATE_FIN_WAIT2] = 4,
	    [TCPSTATE_TIME_WAIT] = 5,
	    [TCPSTATE_CLOSE_WAIT] = 4,
	    [TCPSTATE_LISTEN] = 2 },
	  3,
	  { 22, 0 } },
	{ "fixtures/diag/v6.dump",
	  { [TCPSTATE_ESTABLISHED] = 2, [TCPSTATE_TIME_WAIT] = 3, [TCPSTATE_LISTEN] = 1 },
	  0,
	  { 0, 6 } },
};

/* A prefix may end between two messages, and then it is as good as whole. */
static bool every_prefix_is_told(const uint8_t *bytes, size_t size)
{
	size_t next = 0;

	for (size_t n = 0; n < size; n++) {
		struct counts c;
		struct diag_sink sink;
		enum diag_status status = parse(bytes, n, &c, &sink);

		if (status != (n == next ? DIAG_MORE : DIAG_BAD))
			return false;
		if (n == next) {
			uint32_t len;

			memcpy(&len, bytes + n, sizeof(len));
			next += NLMSG_ALIGN(len);
		}
	}
	return next == size;
}

static void test_recorded(void)
{
	for (size_t i = 0; i < sizeof(worlds) / sizeof(*worlds); i++) {
		const struct world *w = &worlds[i];
		uint8_t buf[8192];
		size_t size = load(w->path, buf, sizeof(buf));
		struct counts c;
		struct diag_sink sink;

		ok(size > 0 && size < sizeof(buf), "%s is there", w->path);
		ok(parse(buf, size, &c, &sink) == DIAG_DONE, "%s is a whole dump", w->path);
		for (int s = 1; s < TCPSTATE_COUNT; s++)
			is_int(c.state[s], w->state[s], "%s: %s", w->path, tcpstate_key(s));
		is_int(c.minisock[TCPSTATE_FIN_WAIT2], w->fin_wait2_minisocks,
		       "%s: FIN-WAIT-2 minisocks", w->path);
		is_int(c.minisock[TCPSTATE_TIME_WAIT], w->state[TCPSTATE_TIME_WAIT],
		       "%s: each TIME-WAIT is a minisock", w->path);
		ok(c.family[0] == w->family[0] && c.family[1] == w->family[1], "%s: families",
		   w->path);
		ok(!sink.interrupted, "%s: not interrupted", w->path);
		ok(every_prefix_is_told(buf, size), "%s: every prefix", w->path);
	}
}

/* --- messages made by hand ------------------------------------------------------------------- */

#define SOCKET_BYTES 88 /* nlmsghdr 16 + inet_diag_msg 72 */

/* Append a message; its payload is padded with zeros to `len` (header included). */
static size_t put(uint8_t *at, uint16_t type, uint16_t flags, const void *payload, size_t size,
		  uint32_t len)
{
	struct nlmsghdr h = { .nlmsg_len = len, .nlmsg_type = type, .nlmsg_flags = flags };

	memset(at, 0, NLMSG_ALIGN(len));
	memcpy(at, &h, sizeof(h));
	if (size > 0)
		memcpy(at + sizeof(h), payload, size);
	return NLMSG_ALIGN(len);
}

/* A socket: family, state, timer, retrans, ports in network order, ... */
static size_t put_socket(uint8_t *at, uint16_t flags, uint8_t family, uint8_t state, uint8_t timer)
{
	const uint8_t head[8] = { family, state, timer, 0, 0x13, 0x88, 0xc0, 0x01 };

	return put(at, 20 /* SOCK_DIAG_BY_FAMILY */, flags, head, sizeof(head), SOCKET_BYTES);
}

static void test_good_messages(void)
{
	uint8_t buf[512];
	struct counts c;
	struct diag_sink sink;
	size_t n = put_socket(buf, NLM_F_DUMP_INTR, AF_INET, TCPSTATE_FIN_WAIT2, 3);

	ok(parse(buf, n, &c, &sink) == DIAG_MORE && sink.interrupted,
	   "DUMP_INTR on a message is kept, and the dump goes on");
	ok(c.last.family == 4 && c.last.state == 5 && c.last.timer == 3 && c.last.sport == 5000 &&
		   c.last.dport == 49153,
	   "the fields of a socket, ports in host order");
	n = put_socket(buf, 0, AF_INET6, TCPSTATE_NEW_SYN_RECV, 0);
	n += put_socket(buf + n, 0, AF_INET6, 13, 0);
	n += put(buf + n, NLMSG_NOOP, 0, NULL, 0, NLMSG_HDRLEN);
	n += put(buf + n, NLMSG_DONE, NLM_F_DUMP_INTR, NULL, 0, NLMSG_HDRLEN);
	ok(parse(buf, n, &c, &sink) == DIAG_DONE && sink.interrupted,
	   "DUMP_INTR on the end of the dump, which has no errno");
	ok(c.all == 2 && c.state[TCPSTATE_NEW_SYN_RECV] == 1 && c.odd == 1,
	   "a state of a later kernel is passed on");
	n += put_socket(buf + n, 0, AF_INET, 1, 0);
	ok(parse(buf, n, &c, &sink) == DIAG_DONE && c.all == 2, "nothing is read after the end");
	ok(parse(buf, 0, &c, &sink) == DIAG_MORE, "no bytes: more are to come");
}

static void is_bad(const uint8_t *buf, size_t n, int error, const char *what)
{
	struct counts c;
	struct diag_sink sink;
	enum diag_status status = parse(buf, n, &c, &sink);

	ok(status == DIAG_BAD, "%s", what);
	is_int(sink.error, error, "%s: errno", what);
}

static void test_bad_messages(void)
{
	static const int32_t code_perm = -EPERM, code_zero = 0, code_wild = INT32_MIN;
	uint8_t buf[512];
	size_t n = put(buf, NLMSG_ERROR, 0, &code_perm, 4, NLMSG_HDRLEN + 20);

	is_bad(buf, n, EPERM, "NLMSG_ERROR with EPERM");
	n = put(buf, NLMSG_ERROR, 0, &code_zero, 4, NLMSG_HDRLEN + 20);
	is_bad(buf, n, EBADMSG, "an acknowledgement nobody asked for");
	n = put(buf, NLMSG_ERROR, 0, &code_wild, 4, NLMSG_HDRLEN + 4);
	is_bad(buf, n, EBADMSG, "NLMSG_ERROR with what is no errno");
	n = put(buf, NLMSG_ERROR, 0, NULL, 0, NLMSG_HDRLEN);
	is_bad(buf, n, EBADMSG, "NLMSG_ERROR without an errno");
	n = put(buf, NLMSG_DONE, 0, &code_perm, 4, NLMSG_HDRLEN + 4);
	is_bad(buf, n, EPERM, "a dump that ended in EPERM");
	n = put(buf, NLMSG_OVERRUN, 0, NULL, 0, NLMSG_HDRLEN);
	is_bad(buf, n, EBADMSG, "a type that is not ours");
	n = put_socket(buf, 0, AF_UNIX, 1, 0);
	is_bad(buf, n, EBADMSG, "a family that is not ours");
	n = put(buf, 20, 0, NULL, 0, SOCKET_BYTES - 1);
	is_bad(buf, n, EBADMSG, "a socket one byte short");

	static const uint32_t lens[] = {
		0, 15, SOCKET_BYTES + 1, 0x7fffffff, 0xfffffffd, UINT32_MAX
	};

	n = put_socket(buf, 0, AF_INET, 1, 0);
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		memcpy(buf, &lens[i], sizeof(lens[i]));
		is_bad(buf, n, EBADMSG, "a length that contradicts the buffer");
	}
}

/* The last message of a buffer may end before its padding does. */
static void test_unpadded(void)
{
	uint8_t buf[256];
	struct counts c;
	struct diag_sink sink;
	size_t n = put(buf, NLMSG_NOOP, 0, NULL, 0, NLMSG_HDRLEN + 1) - 3;

	ok(parse(buf, n, &c, &sink) == DIAG_MORE, "unpadded last message");
}

/* --- the kernel ------------------------------------------------------------------------------ */

#define PAIRS 300 /* 600 sockets: more than one piece of 32 KB */

/* A deferred accept keeps the server's end embryonic until data comes. */
static void test_embryo(int fd)
{
	struct counts c = { 0 };
	struct err err;
	bool interrupted;
	int seconds = 5, listener = netns_listen(NETNS_ADDR, 5001, 16);

	ok(setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)) == 0 &&
		   netns_connect(NETNS_ADDR, 5001, 0) >= 0,
	   "a connection that is not accepted yet");
	is_int(diag_dump(fd, 1u << TCPSTATE_SYN_RECV, count_socket, &c, &interrupted, &err), 0,
	       "dump SYN-RECEIVED");
	is_int(c.state[TCPSTATE_SYN_RECV] + c.state[TCPSTATE_NEW_SYN_RECV], 1,
	       "the mask has embryonic sockets too");
	is_int(c.all, 1, "... and nothing else");
}

static void test_live(void)
{
	const char *why = netns_enter(1024);
	struct counts c = { 0 };
	struct err err;
	bool interrupted = true;
	int listener, fd;

	if (why) {
		test_skip("dumps of a live namespace", why);
		return;
	}
	fd = diag_open(&err);
	listener = netns_listen(NETNS_ADDR, 5000, 16);
	ok(fd >= 0 && listener >= 0, "sock_diag and a listener");
	for (int i = 0; i < PAIRS; i++) {
		int pair[2];

		if (!netns_pair(listener, NETNS_ADDR, 5000, pair) ||
		    (i % 3 == 0 && !netns_close_pair(pair, 0)))
			ok(false, "connection %d", i);
	}
	is_int(diag_dump(fd, DIAG_ALL_STATES, count_socket, &c, &interrupted, &err), 0, "dump");
	is_int(c.state[TCPSTATE_ESTABLISHED], PAIRS / 3 * 4, "established");
	is_int(c.state[TCPSTATE_TIME_WAIT], PAIRS / 3, "time_wait");
	is_int(c.state[TCPSTATE_LISTEN], 1, "listen");
	ok(!interrupted, "nothing changed under the dump");
	c = (struct counts){ 0 };
	is_int(diag_dump(fd, DIAG_NOT_TIME_WAIT, count_socket, &c, &interrupted, &err), 0,
	       "dump without TIME_WAIT");
	is_int(c.all, PAIRS / 3 * 4 + 1, "the kernel applies the mask");
	test_embryo(fd);
	is_int(diag_dump(listener, DIAG_ALL_STATES, count_socket, &c, &interrupted, &err), -EPIPE,
	       "a descriptor that is no sock_diag");
	ok(strstr(err.text, "cannot ask for a socket dump") == err.text, "... in words: %s",
	   err.text);
}

int main(void)
{
	test_recorded();
	test_good_messages();
	test_bad_messages();
	test_unpadded();
	test_live();
	return test_done();
}
