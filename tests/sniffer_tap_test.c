/*
 * The tap's rings as one stream: datagrams sent on every processor at once arrive each once, in order
 * of time, and none is held back for ever by a processor that sends nothing.
 */
#include "capture/sniffer_tap.h"

#include <errno.h>
#include <pthread.h>

#include "base/err.h"
#include "base/mono.h"
#include "tests/netns.h"
#include "tests/test.h"

#define EACH   2000
#define PORT   4000
#define UDP_AT 34 /* Ethernet 14, IPv4 20 */

struct sender {
	pthread_t thread;
	int cpu;
	int sent;
};

static void *send_all(void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sender *s = arg;
	cpu_set_t one;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CPU_ZERO(&one);
	CPU_SET((size_t)s->cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one); /* one that is not ours: still a sender */
	(void)inet_pton(AF_INET, NETNS_ADDR, &to.sin_addr);
	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t id[2] = { (uint32_t)s->cpu, i };

		s->sent += sendto(fd, id, sizeof(id), 0, (struct sockaddr *)&to, sizeof(to)) ==
			   sizeof(id);
	}
	(void)close(fd);
	return NULL;
}

struct seen {
	int packets, other, backwards, again, next[TAP_RINGS_MAX];
	int64_t last_ns;
};

static void note(struct seen *seen, const struct tap_packet *p)
{
	uint32_t id[2];

	if (p->caplen != UDP_AT + 8 + sizeof(id)) { /* the ICMP error holds it too: filtered out */
		seen->other++;
		return;
	}
	memcpy(id, p->bytes + UDP_AT + 8, sizeof(id));
	seen->packets++;
	seen->backwards += p->real_ns < seen->last_ns;
	seen->last_ns = p->real_ns;
	if (id[0] >= TAP_RINGS_MAX || seen->next[id[0]]++ != (int)id[1])
		seen->again++;
}

/* Read until `want` packets have come, at most for 5 s. */
static int read_some(struct tap *t, int want, struct seen *seen, struct err *err)
{
	int64_t deadline_ns = mono_now_ns() + 5 * NS_PER_S;
	int got = 0;

	while (got >= 0 && seen->packets < want && mono_now_ns() < deadline_ns) {
		struct pollfd p[TAP_RINGS_MAX];
		struct tap_packet packet;
		int timeout_ms, count = tap_poll(t, p, &timeout_ms);

		(void)poll(p, (nfds_t)count, timeout_ms); /* the loop decides */
		tap_look(t);
		while ((got = tap_next(t, false, &packet, err)) == 1)
			note(seen, &packet);
	}
	return got;
}

static int processors(int *cpu)
{
	cpu_set_t all;
	int n = 0;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return 0;
	for (int i = 0; i < TAP_RINGS_MAX; i++)
		if (CPU_ISSET((size_t)i, &all))
			cpu[n++] = i;
	return n;
}

static void check(const char *what, int senders, const int *cpu)
{
	struct tap_options o = { .interface = "lo",
				 .snaplen = 134,
				 .buffer_bytes = 32 << 20,
				 .filter = "udp",
				 .filter_is_ours = true };
	struct sender s[TAP_RINGS_MAX] = { 0 };
	struct tap_stats stats = { 0 };
	struct seen seen = { 0 };
	struct tap *t = NULL;
	struct err err = { .text = "" };
	int sent = 0;

	if (!ok(tap_open(&o, &t, &err) == 0, "%s: open %s", what, err.text))
		return;
	for (int i = 0; i < senders; i++) {
		s[i].cpu = cpu[i];
		(void)pthread_create(&s[i].thread, NULL, send_all, &s[i]);
	}
	for (int i = 0; i < senders; i++) {
		(void)pthread_join(s[i].thread, NULL);
		sent += s[i].sent;
	}
	is_int(sent, senders * EACH, "%s: all were sent", what);
	is_int(read_some(t, sent, &seen, &err), 0, "%s: read %s", what, err.text);
	is_int(seen.packets, sent, "%s: each was read", what);
	is_int(seen.again + seen.other, 0, "%s: once, and nothing else", what);
	is_int(seen.backwards, 0, "%s: in order of time", what);
	ok(tap_stats(t, &stats), "%s: counted", what);
	is_int(stats.received, sent, "%s: by the kernel, too", what);
	is_int(stats.dropped, 0, "%s: none lost", what);
	tap_close(t);
}

/* While packets come a tap with room wakes nobody for a block; one that is empty, or small, is waited for. */
static void test_rest(int buffer_bytes, bool rests)
{
	struct tap_options o = { .interface = "lo",
				 .snaplen = 134,
				 .buffer_bytes = buffer_bytes,
				 .filter = "udp",
				 .filter_is_ours = true };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	uint32_t id[2] = { 0, 0 };
	struct pollfd p[TAP_RINGS_MAX];
	struct tap_packet packet;
	struct seen seen = { 0 };
	struct tap *t = NULL;
	struct err err;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), timeout_ms;

	(void)inet_pton(AF_INET, NETNS_ADDR, &to.sin_addr);
	if (!ok(tap_open(&o, &t, &err) == 0, "a ring of %d bytes", buffer_bytes))
		return;
	ok(tap_poll(t, p, &timeout_ms) > 0, "... is waited for at first");
	ok(sendto(fd, id, sizeof(id), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(id), "... a datagram");
	(void)read_some(t, 1, &seen, &err);
	is_int(seen.packets, 1, "... is read");
	is_int(tap_poll(t, p, &timeout_ms) == 0, rests, "... then %s", rests ? "nobody is woken" : "it is waited for");
	ok(timeout_ms > 0, "... for a while");
	tap_look(t);
	is_int(tap_next(t, true, &packet, &err), 0, "... nothing more came");
	ok(tap_poll(t, p, &timeout_ms) > 0, "... and it is waited for again");
	(void)close(fd);
	tap_close(t);
}

/* Small or not, nobody sees more than the snaplen. */
static void test_small(bool small)
{
	struct tap_options o = { .interface = "lo",
				 .snaplen = 134,
				 .buffer_bytes = 1 << 20,
				 .filter = "",
				 .filter_is_ours = true,
				 .small = small };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int64_t deadline_ns = mono_now_ns() + 5 * NS_PER_S;
	char bytes[1000] = "";
	struct tap_packet packet = { 0 };
	struct tap *t = NULL;
	struct err err;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), timeout_ms, got = 0;

	(void)inet_pton(AF_INET, NETNS_ADDR, &to.sin_addr);
	if (!ok(tap_open(&o, &t, &err) == 0, "small %d", small))
		return;
	(void)!sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to));
	while (got == 0 && mono_now_ns() < deadline_ns) {
		struct pollfd p[TAP_RINGS_MAX];

		(void)poll(p, (nfds_t)tap_poll(t, p, &timeout_ms), timeout_ms);
		tap_look(t);
		got = tap_next(t, false, &packet, &err);
	}
	is_int(got, 1, "... a long datagram");
	is_int(packet.caplen, 134, "... is cut");
	is_int(packet.wirelen, UDP_AT + 8 + (int)sizeof(bytes), "... and its length known");
	(void)close(fd);
	tap_close(t);
}

int main(void)
{
	struct tap_options bad = {
		.interface = "lo", .snaplen = 134, .buffer_bytes = 1 << 20, .filter = "no such"
	};
	int cpu[TAP_RINGS_MAX], n = processors(cpu);
	const char *why = netns_enter(0);
	struct tap *t = NULL;
	struct err err = { .text = "" };

	if (why) {
		test_skip("the tap", why);
		return test_done();
	}
	check("one processor", 1, cpu);
	check("the last processor", 1, cpu + n - 1);
	check("every processor", n, cpu);
	test_rest(64 << 20, true);
	test_rest(1 << 20, false);
	test_small(false);
	test_small(true);
	is_int(tap_open(&bad, &t, &err), -EINVAL, "a filter that is none");
	ok(strstr(err.text, "filter 'no such'") != NULL, "... is named: %s", err.text);
	bad = (struct tap_options){
		.interface = "nosuch0", .snaplen = 134, .buffer_bytes = 1 << 20, .filter = "udp"
	};
	is_int(tap_open(&bad, &t, &err), -ENODEV, "an interface that is none");
	tap_close(NULL);
	return test_done();
}
