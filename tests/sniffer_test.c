#include "capture/sniffer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/classify.h"
#include "base/err.h"
#include "base/mono.h"
#include "capture/pcapfile.h"
#include "tests/packets.h"
#include "tests/test.h"

#define CONNECTIONS 20
#define PORT        5000

/* Flows by class and holder. */
struct tally {
	int flows, by_class[TEARDOWN_CLASS_COUNT], by_holder[SIDES_COUNT];
	int64_t first_ns, last_ns;
};

static void count(void *arg, const struct flow *f)
{
	struct tally *tally = arg;
	struct teardown t = classify(f);

	if (tally->flows++ == 0)
		tally->first_ns = f->first_ns;
	tally->last_ns = f->last_ns;
	tally->by_class[t.class]++;
	tally->by_holder[t.holder]++;
}

/* A network of one's own, with lo up. */
static bool enter_namespace(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	bool up;
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && unshare(CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0;
	if (fd >= 0)
		(void)close(fd);
	return up;
}

static struct sockaddr_in6 address(uint16_t port)
{
	return (struct sockaddr_in6){ .sin6_family = AF_INET6,
				      .sin6_port = htons(port),
				      .sin6_addr = IN6ADDR_LOOPBACK_INIT };
}

/* Sent until read: proof that all before it has been read. */
static bool canary(struct sniffer *s)
{
	struct sockaddr_in6 to = address(SNIFFER_CANARY_PORT);
	unsigned before = sniffer_canaries(s);
	int64_t deadline_ns = mono_now_ns() + 5 * NS_PER_S;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || sendto(fd, "canary", 6, 0, (struct sockaddr *)&to, sizeof(to)) != 6)
		return false;
	(void)close(fd);
	while (sniffer_canaries(s) == before && mono_now_ns() < deadline_ns)
		mono_sleep_until(mono_now_ns() + NS_PER_MS);
	return sniffer_canaries(s) == before + 1;
}

/* One connection, then the client's close, by FIN or RST, then the server's. */
static bool connect_once(int listener, bool abort_it)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	struct sockaddr_in6 to = address(PORT);
	int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), server = -1;
	char byte = 'x';
	bool good = client >= 0 && connect(client, (struct sockaddr *)&to, sizeof(to)) == 0;

	if (good)
		server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	good = good && server >= 0 && write(client, &byte, 1) == 1 && read(server, &byte, 1) == 1;
	if (abort_it)
		good = good &&
		       setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0;
	good = close(client) == 0 && good;
	good = good && read(server, &byte, 1) == (abort_it ? -1 : 0);
	return close(server) == 0 && good;
}

static bool make_connections(void)
{
	struct sockaddr_in6 at = address(PORT);
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = listener >= 0 && bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		    listen(listener, 8) == 0;

	for (int i = 0; good && i < CONNECTIONS; i++)
		good = connect_once(listener, false) && connect_once(listener, true);
	(void)close(listener);
	return good;
}

static void check_flows(const struct sniffer_report *r, const struct tally *t, const char *what)
{
	is_int(t->flows, 2 * CONNECTIONS, "%s: every connection", what);
	is_int(t->by_class[TEARDOWN_ORDERLY_3] + t->by_class[TEARDOWN_ORDERLY_4], CONNECTIONS,
	       "%s: closed by FIN", what);
	is_int(t->by_class[TEARDOWN_ABORT], CONNECTIONS, "%s: closed by RST", what);
	is_int(t->by_holder[SIDES_CLIENT], CONNECTIONS, "%s: TIME-WAIT at the client", what);
	is_int(t->by_holder[SIDES_NONE], CONNECTIONS, "%s: no TIME-WAIT", what);
	ok(r->syn == 2 * CONNECTIONS && r->syn_ack == 2 * CONNECTIONS, "%s: SYNs", what);
	ok(r->syn_retrans == 0 && r->syn_ack_retrans == 0, "%s: none repeated", what);
	is_int(r->udp_packets, 2, "%s: the two canaries", what);
	is_int(r->packets, r->tcp_packets + r->udp_packets, "%s: nothing else", what);
	ok(r->undecodable == 0 && r->flow.evicted == 0 && r->flow.duplicates == 0,
	   "%s: nothing lost", what);
	ok(r->proven_start && r->proven_end, "%s: proven at both ends", what);
	is_str(r->broken, "", "%s: whole", what);
}

static void test_live(const char *path)
{
	struct tally live = { 0 }, file = { 0 };
	struct sniffer_options o = { .interface = "lo", .cpu = -1 };
	struct sniffer_report r = { 0 }, again = { 0 };
	struct flow_options flow = { .server_port = PORT, .done = count, .arg = &file };
	int64_t start_ns = mono_now_ns();
	struct sniffer *s = NULL;
	struct err err = { .text = "" };
	struct stat st;

	o.capture_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	o.flow = (struct flow_options){ .server_port = PORT, .done = count, .arg = &live };
	if (!ok(sniffer_start(&o, &s, &err) == 0, "started"))
		return;
	ok(canary(s), "first canary");
	ok(make_connections(), "connections");
	ok(canary(s), "second canary");
	sniffer_stop(s, &r);

	check_flows(&r, &live, "live");
	is_int(r.dropped, 0, "nothing dropped");
	is_int(r.received, r.packets, "each packet counted once, on lo too");
	ok(live.first_ns > start_ns && live.last_ns < mono_now_ns(),
	   "times are those of the monotonic clock");
	ok(fstat(o.capture_fd, &st) == 0 && (uint64_t)st.st_size == r.file_bytes,
	   "size of the file");
	ok(r.cpu_ns > 0 && r.cpu_ns < mono_now_ns() - start_ns, "the thread's CPU time");
	is_int(r.file_error, 0, "no write failed");
	(void)close(o.capture_fd);

	is_int(sniffer_read_file(path, &flow, &again, &err), 0, "file read back");
	check_flows(&again, &file, "file");
	is_int(again.packets, r.packets, "the same packets");
	is_int(file.last_ns - file.first_ns, live.last_ns - live.first_ns,
	       "the same times, to the ns");
}

static void test_failures(void)
{
	struct sniffer_options o = { .interface = "nosuch0", .cpu = -1, .capture_fd = -1 };
	struct sniffer *s = NULL;
	struct err err = { .text = "" };

	is_int(sniffer_start(&o, &s, &err), -ENODEV, "no such interface");
	ok(!s && strstr(err.text, "nosuch0"), "... is named: %s", err.text);
	ok(strlen(sniffer_library_version()) > 0, "libpcap has a version");
}

/* To the canary's port. */
static void emit_udp(struct pcapfile *f, int64_t t_ns)
{
	struct packet p = { 0 };

	packet_ip4(&p, 17, 0);
	packet_udp(&p, 100);
	packet_finish(&p);
	pcapfile_add(f, t_ns, p.bytes, p.n, p.n);
}

static void emit_syn(struct pcapfile *f)
{
	struct packet p = { 0 };

	packet_ip4(&p, 6, 0);
	packet_tcp(&p, 0);
	packet_finish(&p);
	p.bytes[p.l4_at + 13] = TCP_SYN;
	pcapfile_add(f, NS_PER_S, p.bytes, p.n, p.n);
}

/* A canary proves what came before it, and only that. */
static void test_proof(const char *path)
{
	static const struct {
		const char *order; /* c: canary, s: SYN */
		bool start, end;
	} want[] = { { "cscs", true, false },
		     { "csc", true, true },
		     { "scc", false, true },
		     { "sc", false, false } };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		struct flow_options flow = { .max_flows = 8 };
		struct sniffer_report r = { 0 };
		struct pcapfile f;
		struct err err;

		ok(pcapfile_init(&f, fd, 12, 134) == 0, "file of %s", want[i].order);
		for (const char *p = want[i].order; *p; p++)
			*p == 'c' ? emit_udp(&f, NS_PER_S) : emit_syn(&f);
		pcapfile_flush(&f);
		pcapfile_release(&f);
		(void)close(fd);
		is_int(sniffer_read_file(path, &flow, &r, &err), 0, "... is read");
		ok(r.proven_start == want[i].start && r.proven_end == want[i].end,
		   "... and proven where it is");
	}
}

/* Files that are no captures, cut ones, and a disk that is full. */
static void test_files(const char *path)
{
	struct flow_options flow = { .max_flows = 8 };
	struct sniffer_report r;
	struct err err = { .text = "" };
	struct pcapfile f;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	is_int(sniffer_read_file("/nonexistent/x.pcap", &flow, &r, &err), -ENOENT, "no such file");
	is_int(sniffer_read_file(path, &flow, &r, &err), -EINVAL, "empty file");
	is_int(pcapfile_init(&f, fd, 12, 134), 0, "new file");
	for (int i = 0; i < 3000; i++) /* more than one buffer */
		emit_udp(&f, INT64_C(1700000000123456789) + i);
	pcapfile_flush(&f);
	is_int(f.bytes, 24 + 3000 * (16 + 128), "headers and packets");
	is_int(sniffer_read_file(path, &flow, &r, &err), 0, "read back");
	is_int(r.udp_packets, 3000, "all packets");
	is_int(ftruncate(fd, (off_t)f.bytes - 5), 0, "cut");
	is_int(sniffer_read_file(path, &flow, &r, &err), 0, "a cut file is read");
	ok(r.udp_packets == 2999 && r.broken[0], "... as far as it goes: %s", r.broken);
	pcapfile_release(&f);
	(void)close(fd);

	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	is_int(pcapfile_init(&f, fd, 12, 134), 0, "on a full disk");
	emit_udp(&f, 1);
	pcapfile_flush(&f);
	emit_udp(&f, 2);
	pcapfile_flush(&f);
	ok(f.error == ENOSPC && f.bytes == 0, "the first failure is kept");
	pcapfile_release(&f);
	(void)close(fd);
}

int main(void)
{
	char path[] = "/tmp/sniffer_test.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	struct err err = { .text = "" };

	if (fd < 0) {
		(void)err_errno(&err, "make a temporary file");
		ok(false, "%s", err.text);
		return test_done();
	}
	(void)close(fd);
	test_files(path);
	test_proof(path);
	if (!enter_namespace()) {
		test_skip("live capture", "[capture] no network namespace");
	} else {
		test_live(path);
		test_failures();
	}
	(void)unlink(path);
	return test_done();
}
