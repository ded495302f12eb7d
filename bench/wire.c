#include "bench/wire.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/wire_cross.h"

#define BATCH 32
/* A full offload frame with one VLAN tag, and the same in whole pages. */
#define FRAME_MAX_BYTES   (WIRE_VNET_BYTES + 14 + 4 + 65536)
#define FRAME_ROOM        ((size_t)72 << 10)
#define RECEIVE_BYTES     (32 << 20)
#define HOLD_CAPACITY     65536
#define REPEAT_AFTER_NS   (20 * NS_PER_MS)
#define HOLD_CAPACITY_MAX (1 << 20)

static_assert(sizeof(struct virtio_net_hdr) == WIRE_VNET_BYTES, "the header kept with each frame");
static_assert(FRAME_MAX_BYTES <= FRAME_ROOM, "room for a frame");

/* What recvmmsg fills; the frames lie in wire.frames. */
struct batch {
	struct mmsghdr message[BATCH];
	struct iovec io[BATCH];
	struct sockaddr_ll from[BATCH];
};

struct wire {
	int fd[2], stop_fd;
	struct cross *cross; /* NULL: everything passes */
	pthread_t thread;
	bool running;
	uint8_t *frames; /* BATCH times FRAME_ROOM */
	struct batch in;
	struct mmsghdr out[BATCH]; /* those of `in` that go on */
	struct iovec out_io[BATCH];
	struct wire_report report;
	_Atomic uint64_t moved; /* frames, both ways */
	_Atomic bool holding;
};

/* --- moving frames -------------------------------------------------------------------------- */

static void send_frame(struct wire *w, const struct cross_frame *f)
{
	if (send(w->fd[!f->from], f->bytes, f->size, 0) < 0)
		w->report.lost++;
	else
		w->report.frames[f->from]++;
}

static void send_batch(struct wire *w, int from, unsigned count)
{
	for (unsigned done = 0; done < count;) {
		int sent = sendmmsg(w->fd[!from], w->out + done, count - done, 0);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			/* The first of the rest cannot be sent; the others may. */
			w->report.lost++;
			done++;
			continue;
		}
		w->report.frames[from] += (unsigned)sent;
		done += (unsigned)sent;
	}
}

/* Ask the rule; true if the frame goes on with its batch. */
static bool passes(struct wire *w, const struct cross_frame *f, int64_t now_ns)
{
	struct cross_frame release;
	enum cross_verdict verdict;

	if (!w->cross)
		return true;
	verdict = cross_judge(w->cross, f, now_ns, &release);
	if (release.bytes)
		send_frame(w, &release);
	return verdict == CROSS_PASS;
}

/* Move one batch of the frames that came in at one side. */
static void relay(struct wire *w, int from)
{
	int64_t now_ns = mono_now_ns();
	unsigned going = 0;
	int got;

	for (int i = 0; i < BATCH; i++)
		w->in.message[i].msg_hdr.msg_namelen = sizeof(w->in.from[i]);
	got = recvmmsg(w->fd[from], w->in.message, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
	for (int i = 0; i < got; i++) {
		struct cross_frame f = { w->in.io[i].iov_base, w->in.message[i].msg_len, from };

		if (w->in.from[i].sll_pkttype == PACKET_OUTGOING)
			continue; /* our own; a kernel before 4.20 shows them */
		if (f.size > FRAME_ROOM) {
			w->report.lost++;
			continue;
		}
		if (!passes(w, &f, now_ns))
			continue;
		w->out[going] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &w->out_io[going],
							       .msg_iovlen = 1 } };
		w->out_io[going++] = (struct iovec){ w->in.io[i].iov_base, f.size };
	}
	send_batch(w, from, going);
}

/* Send on what was kept until `now_ns` at most. */
static void expire(struct wire *w, int64_t now_ns)
{
	struct cross_frame release;

	while (w->cross && cross_expire(w->cross, now_ns, &release))
		send_frame(w, &release);
}

static struct timespec until(int64_t deadline_ns)
{
	int64_t left = deadline_ns - mono_now_ns();

	if (left < 0)
		left = 0;
	return (struct timespec){ .tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S };
}

static void *run(void *arg)
{
	struct wire *w = arg;
	struct pollfd p[3] = { { .fd = w->fd[0], .events = POLLIN },
			       { .fd = w->fd[1], .events = POLLIN },
			       { .fd = w->stop_fd, .events = POLLIN } };
	int64_t user_ns, system_ns;

	while (!p[2].revents) {
		int64_t deadline_ns = w->cross ? cross_deadline_ns(w->cross) : INT64_MAX;
		struct timespec left = until(deadline_ns);

		/* A failed wait (EINTR) only means to look again. */
		(void)ppoll(p, 3, deadline_ns == INT64_MAX ? NULL : &left, NULL);
		for (int side = 0; side < 2; side++)
			if (p[side].revents)
				relay(w, side);
		expire(w, mono_now_ns());
		atomic_store(&w->holding, w->cross && cross_deadline_ns(w->cross) != INT64_MAX);
		atomic_store(&w->moved, w->report.frames[0] + w->report.frames[1]);
	}
	expire(w, INT64_MAX);
	mono_thread_cpu_ns(&user_ns, &system_ns);
	w->report.cpu_ns = user_ns + system_ns;
	return NULL;
}

/* --- life ----------------------------------------------------------------------------------- */

static int set_option(int fd, int level, int option, int value, const char *what, struct err *err)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		return err_errno(err, "set %s on a packet socket", what);
	return 0;
}

static int set_options(int fd, int index, struct err *err)
{
	const int size = RECEIVE_BYTES, on = 1;
	struct packet_mreq promiscuous = { .mr_ifindex = index, .mr_type = PACKET_MR_PROMISC };
	int code = set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR", err);

	if (code < 0)
		return code;
	/* Since 4.20; before, relay() tells them apart. */
	(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	/* The first wants privilege on the host, the second is capped by net.core.rmem_max; too
	 * little room shows in report.lost. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous)) <
	    0)
		return err_errno(err, "make an interface promiscuous");
	return 0;
}

/* Protocol 0 first: nothing is received before the options are set. */
static int open_side(const char *interface, int *ret, struct err *err)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int code;

	at.sll_ifindex = (int)if_nametoindex(interface);
	if (at.sll_ifindex == 0)
		return err_errno(err, "find the interface '%s'", interface);
	*ret = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (*ret < 0)
		return err_errno(err, "open a packet socket");
	code = set_options(*ret, at.sll_ifindex, err);
	if (code < 0)
		return code;
	if (bind(*ret, (struct sockaddr *)&at, sizeof(at)) < 0)
		return err_errno(err, "bind a packet socket to '%s'", interface);
	return 0;
}

static int prepare_batch(struct wire *w, struct err *err)
{
	w->frames = mmap(NULL, BATCH * FRAME_ROOM, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (w->frames == MAP_FAILED) {
		w->frames = NULL;
		return err_errno(err, "map room for frames");
	}
	for (int i = 0; i < BATCH; i++) {
		w->in.io[i] = (struct iovec){ w->frames + (size_t)i * FRAME_ROOM, FRAME_ROOM };
		w->in.message[i].msg_hdr = (struct msghdr){ .msg_name = &w->in.from[i],
							    .msg_iov = &w->in.io[i],
							    .msg_iovlen = 1 };
	}
	return 0;
}

static int prepare_rule(struct wire *w, const struct wire_options *o, struct err *err)
{
	uint32_t capacity = o->hold_capacity ? o->hold_capacity : HOLD_CAPACITY;
	bool repeat = o->rule == WIRE_REPEAT_FIN;
	int64_t hold_max_ns = o->hold_max_ns ? o->hold_max_ns : repeat ? REPEAT_AFTER_NS : NS_PER_S;

	if (o->rule == WIRE_PASS)
		return 0;
	if (capacity > HOLD_CAPACITY_MAX)
		return err_set(err, -EINVAL, "hold_capacity %u (1 to %d)", capacity,
			       HOLD_CAPACITY_MAX);
	return cross_new(capacity, hold_max_ns, repeat, &w->cross, err);
}

static int pin(pthread_t thread, int cpu, struct err *err)
{
	cpu_set_t set;
	int code;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	code = pthread_setaffinity_np(thread, sizeof(set), &set);
	return code == 0 ? 0
			 : err_set(err, -code, "cannot pin the relay to CPU %d: %s", cpu,
				   strerror(code));
}

static int start_thread(struct wire *w, struct err *err)
{
	sigset_t all, before;
	int code;

	/* Signals are for whoever started us. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(&w->thread, NULL, run, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code != 0)
		return err_set(err, -code, "cannot start the relay's thread: %s", strerror(code));
	w->running = true;
	(void)pthread_setname_np(w->thread, "wire"); /* for people who look */
	return 0;
}

static void join_thread(struct wire *w)
{
	const uint64_t one = 1;

	if (!w->running)
		return;
	while (write(w->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	(void)pthread_join(w->thread, NULL); /* it is ours and was not joined before */
	w->running = false;
}

static void wire_free(struct wire *w)
{
	join_thread(w);
	for (int i = 0; i < 2; i++)
		if (w->fd[i] >= 0)
			(void)close(w->fd[i]); /* nothing is buffered in it */
	if (w->stop_fd >= 0)
		(void)close(w->stop_fd); /* nor here */
	if (w->frames)
		(void)munmap(w->frames, BATCH * FRAME_ROOM); /* it is our own mapping */
	cross_free(w->cross);
	free(w);
}

int wire_start(const struct wire_options *o, struct wire **ret, struct err *err)
{
	struct wire *w = calloc(1, sizeof(*w));
	int code;

	if (!w)
		return err_set(err, -ENOMEM, "no memory for a relay");
	w->fd[0] = w->fd[1] = -1;
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	code = w->stop_fd < 0 ? err_errno(err, "make an eventfd") : 0;
	for (int i = 0; code == 0 && i < 2; i++)
		code = open_side(o->interface[i], &w->fd[i], err);
	if (code == 0)
		code = prepare_batch(w, err);
	if (code == 0)
		code = prepare_rule(w, o, err);
	if (code == 0)
		code = start_thread(w, err);
	if (code == 0)
		code = pin(w->thread, o->cpu, err);
	if (code < 0)
		wire_free(w);
	else
		*ret = w;
	return code;
}

bool wire_is_quiet(const struct wire *w, uint64_t *seen)
{
	uint64_t before = *seen;

	*seen = atomic_load(&w->moved);
	return *seen == before && !atomic_load(&w->holding);
}

static uint64_t dropped(int fd)
{
	struct tpacket_stats s = { 0 };
	socklen_t size = sizeof(s);

	(void)getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s,
			 &size); /* ours, bound: cannot fail */
	return s.tp_drops;
}

void wire_stop(struct wire *w, struct wire_report *ret)
{
	if (!w)
		return;
	join_thread(w);
	*ret = w->report;
	ret->lost += dropped(w->fd[0]) + dropped(w->fd[1]);
	if (w->cross) {
		struct cross_report c;

		cross_report(w->cross, &c);
		ret->held = c.held;
		ret->released_pairs = c.released_pairs;
		ret->released_late = c.released_late;
		ret->hold_overflow = c.overflow;
		ret->repeats_dropped = c.repeats_dropped;
		ret->repeated = c.repeated;
	}
	wire_free(w);
}
