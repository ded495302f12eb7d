/* wire: the rule on hand-made frames, then the relay between real ends. */
#include "bench/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/isolate.h"
#include "bench/lab.h"
#include "bench/wire_cross.h"
#include "capture/segment.h"
#include "tests/guard.h"
#include "tests/test.h"

#define WAIT_NS     (5 * NS_PER_S)
#define POLL_NS     NS_PER_MS
#define ROUND_PAIRS 50
#define BULK_BYTES  (1 << 20)
#define FRAME_BYTES (WIRE_VNET_BYTES + 14 + 20 + 20)

/* --- the rule, on frames -------------------------------------------------------------------- */

struct made {
	uint8_t bytes[FRAME_BYTES];
};

/* A bare IPv4 segment of connection `n` (client port 1000 + n) from side `from`. */
static struct made make(unsigned n, int from, uint8_t flags)
{
	static const uint8_t addr[2][4] = { { 10, 77, 0, 1 }, { 10, 77, 128, 1 } };
	struct made m = { { 0 } };
	uint8_t *ip = m.bytes + WIRE_VNET_BYTES + 14, *tcp = ip + 20;
	unsigned port[2] = { 1000 + n, 80 };

	ip[-2] = 0x08;
	ip[0] = 0x45;
	ip[3] = 40;
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, addr[from], 4);
	memcpy(ip + 16, addr[!from], 4);
	tcp[0] = (uint8_t)(port[from] >> 8);
	tcp[1] = (uint8_t)port[from];
	tcp[2] = (uint8_t)(port[!from] >> 8);
	tcp[3] = (uint8_t)port[!from];
	tcp[12] = 0x50;
	tcp[13] = flags;
	return m;
}

struct judged {
	enum cross_verdict verdict;
	bool released;
	int from;
	uint16_t port; /* of the released frame's sender */
};

static struct judged judge_at(struct cross *c, unsigned n, int from, uint8_t flags, int64_t now_ns)
{
	struct made m = make(n, from, flags);
	struct guard g;
	struct cross_frame f = { guard_copy(&g, m.bytes, sizeof(m.bytes)), sizeof(m.bytes), from };
	struct cross_frame release;
	struct judged j = { 0 };

	j.verdict = cross_judge(c, &f, now_ns, &release);
	j.released = release.bytes != NULL;
	if (j.released) {
		const uint8_t *tcp = release.bytes + WIRE_VNET_BYTES + 34;

		j.from = release.from;
		j.port = (uint16_t)(tcp[0] << 8 | tcp[1]);
	}
	guard_free(&g);
	return j;
}

static struct judged judge(struct cross *c, unsigned n, int from, uint8_t flags)
{
	return judge_at(c, n, from, flags, 0);
}

static struct cross *new_rule(uint32_t capacity, bool repeat)
{
	struct cross *c = NULL;
	struct err err;

	if (cross_new(capacity, 1000, repeat, &c, &err) < 0)
		abort();
	return c;
}

static struct cross *new_cross(uint32_t capacity)
{
	return new_rule(capacity, false);
}

static void test_repeating(void)
{
	struct cross *c = new_rule(4, true);
	struct cross_frame release;
	struct cross_report r;

	is_int(judge(c, 1, 0, TCP_FIN | TCP_ACK).verdict, CROSS_PASS, "the client's FIN passes");
	is_int(cross_deadline_ns(c), INT64_MAX, "and is not kept");
	is_int(judge(c, 1, 1, TCP_FIN | TCP_ACK).verdict, CROSS_PASS, "the server's FIN passes");
	is_int(judge(c, 1, 1, TCP_FIN | TCP_ACK).verdict, CROSS_PASS, "so does its retransmission");
	is_int(cross_deadline_ns(c), 1000, "it is due again");
	ok(cross_expire(c, 1000, &release) && release.from == 1 && release.size == FRAME_BYTES,
	   "and comes once more, whole");
	ok(!cross_expire(c, INT64_MAX, &release), "once only");
	is_int(judge(c, 1, 1, TCP_RST).verdict, CROSS_PASS, "what it draws passes");
	(void)judge(c, 2, 1, TCP_FIN | TCP_ACK);
	ok(!judge(c, 2, 0, TCP_SYN).released && !cross_expire(c, INT64_MAX, &release),
	   "a new incarnation is not met by the old FIN");
	cross_report(c, &r);
	is_int(r.repeated, 1, "repeated");
	cross_free(c);
}

static void test_crossing(void)
{
	struct cross *c = new_cross(4);
	struct cross_report r;
	struct judged j;

	is_int(judge(c, 1, 0, TCP_SYN).verdict, CROSS_PASS, "a SYN passes");
	is_int(judge(c, 1, 0, TCP_ACK | TCP_PSH).verdict, CROSS_PASS, "data passes");
	is_int(judge(c, 1, 0, TCP_FIN | TCP_ACK).verdict, CROSS_HOLD, "the first FIN is held");
	is_int(judge(c, 1, 0, TCP_FIN | TCP_ACK).verdict, CROSS_DROP, "its repeat is dropped");
	is_int(judge(c, 1, 0, TCP_ACK).verdict, CROSS_PASS, "an ACK after it passes");
	is_int(judge(c, 2, 1, TCP_FIN | TCP_ACK).verdict, CROSS_HOLD, "another connection's too");
	j = judge(c, 1, 1, TCP_FIN | TCP_ACK);
	ok(j.verdict == CROSS_PASS && j.released && j.from == 0 && j.port == 1001,
	   "the other end's FIN lets the first one go");
	j = judge(c, 1, 0, TCP_FIN | TCP_ACK);
	ok(j.verdict == CROSS_PASS && !j.released, "a FIN sent again after that passes");
	is_int(judge(c, 1, 0, TCP_SYN).verdict, CROSS_PASS, "a new incarnation begins");
	is_int(judge(c, 1, 1, TCP_FIN | TCP_ACK).verdict, CROSS_HOLD, "and its first FIN is held");
	j = judge(c, 2, 0, TCP_FIN | TCP_ACK);
	ok(j.released && j.from == 1 && j.port == 80, "a server's FIN is released to the client");
	cross_report(c, &r);
	is_int(r.held, 3, "held");
	is_int(r.released_pairs, 2, "pairs");
	is_int(r.repeats_dropped, 1, "repeats");
	is_int(r.released_late, 0, "none late");
	cross_free(c);
}

static void test_reset_and_expiry(void)
{
	struct cross *c = new_cross(4);
	struct cross_frame release;
	struct cross_report r;
	struct judged j;

	(void)judge(c, 1, 0, TCP_FIN | TCP_ACK);
	j = judge(c, 1, 0, TCP_RST);
	ok(j.verdict == CROSS_PASS && j.released && j.port == 1001, "a RST lets the FIN go first");
	is_int(judge(c, 1, 0, TCP_FIN | TCP_ACK).verdict, CROSS_HOLD, "and ends the story");
	(void)judge_at(c, 2, 0, TCP_FIN, 10);
	is_int(cross_deadline_ns(c), 1000, "the oldest is due first");
	ok(!cross_expire(c, 999, &release), "nothing is due before");
	ok(cross_expire(c, 1000, &release) && release.from == 0, "held too long");
	is_int(release.size, FRAME_BYTES, "released whole");
	is_int(cross_deadline_ns(c), 1010, "then the next");
	ok(!cross_expire(c, 1000, &release), "which has time");
	j = judge(c, 1, 1, TCP_FIN | TCP_ACK);
	ok(j.verdict == CROSS_PASS && !j.released, "after a late release all passes");
	ok(cross_expire(c, INT64_MAX, &release), "at the end all go");
	is_int(cross_deadline_ns(c), INT64_MAX, "and none is kept");
	ok(!cross_expire(c, INT64_MAX, &release), "really none");
	cross_report(c, &r);
	is_int(r.released_late, 3, "three went alone");
	is_int(r.held, r.released_late + r.released_pairs, "held = pairs + alone");
	cross_free(c);
}

static void test_capacity(void)
{
	struct cross *c = new_cross(2);
	uint8_t big[WIRE_FRAME_BYTES + 1] = { 0 };
	struct made m = make(9, 0, TCP_FIN | TCP_ACK);
	struct cross_frame f = { big, sizeof(big), 0 }, release;
	struct cross_report r;
	unsigned crossed = 0;

	(void)judge(c, 1, 0, TCP_FIN);
	(void)judge(c, 2, 0, TCP_FIN);
	is_int(judge(c, 3, 0, TCP_FIN).verdict, CROSS_PASS, "no room: it passes");
	ok(judge(c, 1, 1, TCP_FIN).released, "room again");
	/* Far more connections than are remembered. */
	for (unsigned n = 10; n < 110; n++) {
		if (judge(c, n, 0, TCP_FIN).verdict == CROSS_HOLD &&
		    judge(c, n, 1, TCP_FIN).port == 1000 + n)
			crossed++;
	}
	is_int(crossed, 100, "the oldest are forgotten, the new ones cross");
	ok(judge(c, 2, 1, TCP_FIN).released, "what was held all the time is still there");
	memcpy(big, m.bytes, sizeof(m.bytes));
	big[WIRE_VNET_BYTES + 14 + 2] = (uint8_t)((WIRE_FRAME_BYTES - WIRE_VNET_BYTES - 13) >> 8);
	big[WIRE_VNET_BYTES + 14 + 3] = (uint8_t)(WIRE_FRAME_BYTES - WIRE_VNET_BYTES - 13);
	is_int(cross_judge(c, &f, 0, &release), CROSS_PASS, "a frame too long to keep passes");
	cross_report(c, &r);
	is_int(r.overflow, 2, "overflows are counted");
	f = (struct cross_frame){ m.bytes, 3, 0 };
	is_int(cross_judge(c, &f, 0, &release), CROSS_PASS, "a frame without a frame passes");
	for (uint32_t size = 0; size < FRAME_BYTES; size++) {
		struct guard g;

		f = (struct cross_frame){ guard_copy(&g, m.bytes, size), size, 0 };
		if (cross_judge(c, &f, 0, &release) != CROSS_PASS)
			ok(false, "a frame cut at %u was held", size);
		guard_free(&g);
	}
	cross_free(c);
}

/* --- the relay, between ends ---------------------------------------------------------------- */

struct setting {
	int family;
	enum wire_rule rule;
	int64_t hold_max_ns;
};

struct scene {
	struct lab lab;
	struct wire *wire;
	struct endpoint at;
	int listener;
};

static int set_scene(struct scene *s, const struct setting *x, struct err *err)
{
	struct lab_options lo = { .topology = TOPOLOGY_WIRE, .family = x->family, .sources = 1 };
	struct wire_options wo = { .rule = x->rule, .hold_max_ns = x->hold_max_ns, .cpu = -1 };
	struct sockaddr_storage sa;
	socklen_t size;
	int code = lab_enter(&s->lab, &lo, err);

	if (code == 0)
		code = lab_join(&s->lab, LAB_NS_RELAY, err);
	wo.interface[0] = s->lab.relay_interface[0];
	wo.interface[1] = s->lab.relay_interface[1];
	if (code == 0)
		code = wire_start(&wo, &s->wire, err);
	if (code == 0)
		code = lab_join(&s->lab, LAB_NS_SERVER, err);
	if (code < 0)
		return code;
	size = endpoint_to_sockaddr(&s->lab.server, &sa);
	s->listener = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&sa, size) < 0 ||
	    listen(s->listener, 128) < 0 ||
	    getsockname(s->listener, (struct sockaddr *)&sa, &size) < 0)
		return err_errno(err, "listen");
	(void)endpoint_from_sockaddr(&sa, &s->at);
	return lab_join(&s->lab, LAB_NS_CLIENT, err);
}

static int connect_pair(const struct scene *s, int *client, int *server, struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t size = endpoint_to_sockaddr(&s->at, &sa);

	*client = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*client < 0 || connect(*client, (struct sockaddr *)&sa, size) < 0)
		return err_errno(err, "connect");
	*server = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	return *server < 0 ? err_errno(err, "accept") : 0;
}

/* "tw" of this namespace's sockstat; -1 when it is not there. */
static int time_waits(void)
{
	char line[256];
	int count = -1;
	FILE *f = fopen("/proc/thread-self/net/sockstat", "re");

	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "TCP: inuse %*d orphan %*d tw %d", &count);
	if (f)
		(void)fclose(f);
	return count;
}

static int expect_time_waits(const struct scene *s, int client, int server, struct err *err)
{
	int64_t deadline_ns = mono_now_ns() + WAIT_NS;
	int got[2] = { -1, -1 };

	for (;;) {
		for (int side = 0; side < 2; side++) {
			int code = lab_join(&s->lab, side ? LAB_NS_SERVER : LAB_NS_CLIENT, err);

			if (code < 0)
				return code;
			got[side] = time_waits();
		}
		if (got[0] == client && got[1] == server)
			return lab_join(&s->lab, LAB_NS_CLIENT, err);
		if (mono_now_ns() > deadline_ns)
			return err_set(err, -ETIME, "TIME_WAIT %d and %d, not %d and %d", got[0],
				       got[1], client, server);
		mono_sleep_until(mono_now_ns() + POLL_NS);
	}
}

/* Send BULK_BYTES one way while the other end reads; offloaded frames must survive. */
static int send_bulk(int from, int to, struct err *err)
{
	static uint8_t out[65536], in[65536];
	size_t sent = 0, got = 0;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
	while (got < BULK_BYTES) {
		ssize_t n = 0;

		if (sent < BULK_BYTES)
			n = send(from, out + sent % sizeof(out), sizeof(out) - sent % sizeof(out),
				 MSG_DONTWAIT);
		if (n > 0)
			sent += (size_t)n;
		n = recv(to, in, sizeof(in), sent < BULK_BYTES ? MSG_DONTWAIT : 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return err_set(err, -EIO, "the stream ended after %zu", got);
		for (ssize_t i = 0; i < n; i++, got++)
			if (in[i] != out[got % sizeof(out)])
				return err_set(err, -EIO, "byte %zu is wrong", got);
	}
	return 0;
}

static int try_pass(const void *arg, struct err *err)
{
	struct scene s = { 0 };
	struct wire_report r;
	int client, server, code = set_scene(&s, arg, err);
	char sign;

	if (code == 0)
		code = connect_pair(&s, &client, &server, err);
	if (code == 0)
		code = send_bulk(client, server, err);
	if (code == 0)
		code = send_bulk(server, client, err);
	if (code < 0)
		return code;
	(void)shutdown(client, SHUT_WR);
	if (recv(server, &sign, 1, 0) != 0)
		return err_set(err, -EPROTO, "no end of file");
	(void)close(server);
	if (recv(client, &sign, 1, 0) != 0)
		return err_set(err, -EPROTO, "no end of file back");
	(void)close(client);
	code = expect_time_waits(&s, 1, 0, err);
	wire_stop(s.wire, &r);
	if (code == 0 && (r.lost || r.held || r.frames[0] < 10 || r.frames[1] < 10))
		code = err_set(err, -EPROTO, "lost %d held %d frames %d %d", (int)r.lost,
			       (int)r.held, (int)r.frames[0], (int)r.frames[1]);
	return code;
}

static int try_cross(const void *arg, struct err *err)
{
	struct scene s = { 0 };
	struct wire_report r;
	int client[ROUND_PAIRS], server[ROUND_PAIRS], code = set_scene(&s, arg, err);

	for (int i = 0; code == 0 && i < ROUND_PAIRS; i++)
		code = connect_pair(&s, &client[i], &server[i], err);
	if (code < 0)
		return code;
	/* One client after the other, then the servers: without the wire nothing would cross. */
	for (int i = 0; i < ROUND_PAIRS; i++)
		(void)close(i % 2 ? server[i] : client[i]);
	for (int i = 0; i < ROUND_PAIRS; i++)
		(void)close(i % 2 ? client[i] : server[i]);
	code = expect_time_waits(&s, ROUND_PAIRS, ROUND_PAIRS, err);
	wire_stop(s.wire, &r);
	if (code == 0 && (r.held != ROUND_PAIRS || r.released_pairs != ROUND_PAIRS ||
			  r.released_late || r.hold_overflow || r.lost))
		code = err_set(err, -EPROTO, "held %d pairs %d late %d lost %d", (int)r.held,
			       (int)r.released_pairs, (int)r.released_late, (int)r.lost);
	return code;
}

/* Only one end closes: its FIN comes late, and not twice although TCP sent it again. */
static int try_hold_max(const void *arg, struct err *err)
{
	const struct setting *x = arg;
	struct scene s = { 0 };
	struct wire_report r;
	int client, server, code = set_scene(&s, arg, err);
	int64_t start;
	char sign;

	if (code == 0)
		code = connect_pair(&s, &client, &server, err);
	if (code < 0)
		return code;
	start = mono_now_ns();
	(void)shutdown(client, SHUT_WR);
	if (recv(server, &sign, 1, 0) != 0)
		return err_set(err, -EPROTO, "no end of file");
	if (mono_now_ns() - start < x->hold_max_ns)
		return err_set(err, -EPROTO, "the FIN was not held");
	(void)close(server);
	(void)close(client);
	code = expect_time_waits(&s, 1, 0, err);
	wire_stop(s.wire, &r);
	if (code == 0 && (r.held != 1 || r.released_late != 1 || r.released_pairs != 0 ||
			  r.repeats_dropped < 1 || r.lost))
		code = err_set(err, -EPROTO, "held %d late %d repeats %d", (int)r.held,
			       (int)r.released_late, (int)r.repeats_dropped);
	return code;
}

/* Stopping with a FIN in hand: it goes on, the ends are not left hanging. */
static int try_stop_holding(const void *arg, struct err *err)
{
	struct scene s = { 0 };
	struct wire_report r;
	int client, server, code = set_scene(&s, arg, err);
	char sign;

	if (code == 0)
		code = connect_pair(&s, &client, &server, err);
	if (code < 0)
		return code;
	(void)close(client);
	wire_stop(s.wire, &r);
	if (recv(server, &sign, 1, 0) != 0)
		return err_set(err, -EPROTO, "no end of file");
	/* The FIN may have come after the last look: then it is not the relay's any more. */
	return r.held == r.released_late ? 0 : err_set(err, -EPROTO, "a frame was kept");
}

static int try_bad_interface(const void *arg, struct err *err)
{
	struct wire_options o = { .interface = { "none0", "none1" }, .cpu = -1 };
	struct wire *w = NULL;

	(void)arg;
	if (wire_start(&o, &w, err) == 0 || w)
		return err_set(err, -EPROTO, "started without interfaces");
	return strcmp(err->text, "cannot find the interface 'none0': No such device") ? -EPROTO : 0;
}

static void live(int (*body)(const void *, struct err *), const struct setting *x, const char *what)
{
	struct err err = { .text = "" };

	is_int(isolate_in_child(body, x, &err), 0, "%s, IPv%d%s%s", what, x->family,
	       err.text[0] ? ": " : "", err.text);
}

int main(void)
{
	struct lab_probe can;

	test_crossing();
	test_repeating();
	test_reset_and_expiry();
	test_capacity();
	lab_probe(&can);
	if (!can.userns && !can.netns) {
		test_skip("the relay", "no namespaces here [namespace]");
		return test_done();
	}
	for (int family = 4; family <= 6; family += 2) {
		struct setting x = { .family = family, .rule = WIRE_PASS };

		live(try_pass, &x, "bytes and an orderly close pass");
		x.rule = WIRE_CROSS_FINS;
		live(try_cross, &x, "fifty closes cross");
	}
	live(try_hold_max, &(struct setting){ 4, WIRE_CROSS_FINS, 300 * NS_PER_MS }, "hold_max");
	live(try_stop_holding, &(struct setting){ 4, WIRE_CROSS_FINS, 0 }, "stop while holding");
	live(try_bad_interface, &(struct setting){ .family = 4 }, "no interface");
	return test_done();
}
