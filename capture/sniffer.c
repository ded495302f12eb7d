#include "capture/sniffer.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "capture/feed.h"
#include "capture/pcapfile.h"

#define DEFAULT_SNAPLEN      134
#define DEFAULT_BUFFER_BYTES (32 * 1024 * 1024)
#define BLOCK_TIMEOUT_MS     20  /* how long the kernel may hold a ring block back */
#define POLL_MS              200 /* only a net: a missed wake-up must not end in a hang */

/* Both words cover IPv4 and IPv6; tests on tcp[] would silently mean IPv4 alone. */
static const char filter_text[] = "tcp or udp";

struct sniffer {
	struct sniffer_options options;
	pcap_t *pcap;
	int poll_fd, stop_fd;
	bool keep_file;
	struct pcapfile file;
	struct feed feed;
	struct sniffer_report report; /* the thread's, until it is joined */
	atomic_uint canaries;
	pthread_t thread;
};

/* --- opening --------------------------------------------------------------------------------- */

static int pcap_code(int status)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENODEV;
	default:
		return -EIO;
	}
}

static int fail(struct sniffer *s, int status, struct err *err)
{
	const char *why = pcap_geterr(s->pcap);

	return err_set(err, pcap_code(status), "cannot capture on '%s': %s%s%s",
		       s->options.interface, pcap_statustostr(status), why[0] ? ": " : "", why);
}

/*
 * On a loopback device the tap shows each packet going out and coming in.  libpcap drops the first
 * copy itself, but late: it has already cost its place in the ring and is counted as received.
 */
static int ignore_outgoing(struct sniffer *s, struct err *err)
{
	struct ifreq ifr = { 0 };
	int fd = pcap_fileno(s->pcap), on = 1;

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", s->options.interface);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) != 0 || !(ifr.ifr_flags & IFF_LOOPBACK))
		return 0; /* "any" has no flags */
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 &&
	    errno != ENOPROTOOPT) /* Linux before 4.20: `received` is then twice the packets */
		return err_errno(err, "ignore outgoing copies on '%s'", s->options.interface);
	return 0;
}

static int set_filter(struct sniffer *s, struct err *err)
{
	const char *filter = s->options.filter;
	struct bpf_program program;
	int code = 0;

	if (pcap_compile(s->pcap, &program, filter ? filter : filter_text, 1,
			 PCAP_NETMASK_UNKNOWN) != 0)
		return filter ? err_set(err, -EINVAL, "filter '%s': %s", filter,
					pcap_geterr(s->pcap))
			      : fail(s, PCAP_ERROR, err);
	if (pcap_setfilter(s->pcap, &program) != 0)
		code = fail(s, PCAP_ERROR, err);
	pcap_freecode(&program);
	return code;
}

static int open_pcap(struct sniffer *s, struct err *err)
{
	const struct sniffer_options *o = &s->options;
	char why[PCAP_ERRBUF_SIZE] = "";
	int status;

	s->pcap = pcap_create(o->interface, why);
	if (!s->pcap)
		return err_set(err, -EIO, "cannot capture on '%s': %s", o->interface, why);
	/* The setters fail only on a handle that is active already. */
	(void)pcap_set_snaplen(s->pcap, o->snaplen);
	(void)pcap_set_buffer_size(s->pcap, o->buffer_bytes);
	(void)pcap_set_timeout(s->pcap, BLOCK_TIMEOUT_MS);
	status = pcap_set_tstamp_precision(s->pcap, PCAP_TSTAMP_PRECISION_NANO);
	if (status == 0)
		status = pcap_activate(s->pcap);
	if (status < 0) /* above 0: a warning that takes nothing from us */
		return fail(s, status, err);
	status = ignore_outgoing(s, err);
	if (status == 0)
		status = set_filter(s, err);
	if (status != 0)
		return status;
	if (pcap_setnonblock(s->pcap, 1, why) != 0)
		return err_set(err, -EIO, "cannot capture on '%s': %s", o->interface, why);
	s->poll_fd = pcap_get_selectable_fd(s->pcap);
	return s->poll_fd >= 0 ? 0 : err_set(err, -EIO, "'%s' cannot be polled", o->interface);
}

/* --- the thread ------------------------------------------------------------------------------ */

static void on_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct sniffer *s = (struct sniffer *)(void *)arg;
	/* Nanoseconds, as asked for; the member's name is older than they are. */
	int64_t real_ns = (int64_t)h->ts.tv_sec * NS_PER_S + h->ts.tv_usec;

	if (s->keep_file)
		pcapfile_add(&s->file, real_ns, bytes, h->caplen, h->len);
	if (feed_packet(&s->feed, real_ns, bytes, h->caplen, h->len))
		(void)atomic_fetch_add_explicit(&s->canaries, 1, memory_order_release);
}

/* Read what the kernel has handed over.  False: the capture broke. */
static bool drain(struct sniffer *s)
{
	int n;

	do {
		n = pcap_dispatch(s->pcap, -1, on_packet, (u_char *)s);
	} while (n > 0);
	feed_flush(&s->feed);
	if (n == 0)
		return true;
	(void)snprintf(s->report.broken, sizeof(s->report.broken), "%s", pcap_geterr(s->pcap));
	return false;
}

static void *run(void *arg)
{
	struct sniffer *s = arg;
	int64_t user_ns, system_ns;
	bool sound = true;

	while (sound) {
		struct pollfd p[2] = { { .fd = s->poll_fd, .events = POLLIN },
				       { .fd = s->stop_fd, .events = POLLIN } };

		(void)poll(p, 2, POLL_MS); /* whatever it says, reading what is there is right */
		sound = drain(s);
		if (p[1].revents)
			break;
	}
	if (s->keep_file)
		pcapfile_flush(&s->file);
	feed_finish(&s->feed);
	mono_thread_cpu_ns(&user_ns, &system_ns);
	s->report.cpu_ns = user_ns + system_ns;
	return NULL;
}

/* Signals are for the main thread; a CPU is chosen before the first packet is read. */
static int start_thread(struct sniffer *s, struct err *err)
{
	sigset_t all, before;
	pthread_attr_t attr;
	cpu_set_t cpus;
	int code;

	code = pthread_attr_init(&attr);
	if (code != 0)
		return err_set(err, -code, "cannot start the sniffer's thread: %s", strerror(code));
	if (s->options.cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)s->options.cpu, &cpus);
		code = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	if (code == 0) {
		(void)sigfillset(&all);
		(void)pthread_sigmask(SIG_SETMASK, &all, &before);
		code = pthread_create(&s->thread, &attr, run, s);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attr);
	if (code != 0)
		return err_set(err, -code, "cannot start the sniffer's thread: %s", strerror(code));
	return 0;
}

/* --- the outside ----------------------------------------------------------------------------- */

static void sniffer_free(struct sniffer *s)
{
	if (!s)
		return;
	if (s->pcap)
		pcap_close(s->pcap);
	if (s->stop_fd >= 0)
		(void)close(s->stop_fd); /* an eventfd: nothing to flush */
	pcapfile_release(&s->file);
	feed_release(&s->feed);
	free(s);
}

static int prepare(struct sniffer *s, struct err *err)
{
	int code = open_pcap(s, err);
	int linktype;

	if (code != 0)
		return code;
	linktype = pcap_datalink(s->pcap);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->stop_fd < 0)
		return err_errno(err, "make an eventfd");
	code = feed_init(&s->feed, linktype, s->options.wall_clock ? 0 : mono_real_offset_ns(),
			 &s->options.flow, &s->report);
	if (code == 0 && s->keep_file)
		code = pcapfile_init(&s->file, s->options.capture_fd, linktype,
				     (uint32_t)s->options.snaplen);
	if (code != 0)
		return err_set(err, code, "no memory for the sniffer");
	return start_thread(s, err);
}

int sniffer_start(const struct sniffer_options *options, struct sniffer **ret, struct err *err)
{
	struct sniffer *s = calloc(1, sizeof(*s));
	int code;

	if (!s)
		return err_set(err, -ENOMEM, "no memory for the sniffer");
	s->options = *options;
	if (s->options.snaplen <= 0)
		s->options.snaplen = DEFAULT_SNAPLEN;
	if (s->options.buffer_bytes <= 0)
		s->options.buffer_bytes = DEFAULT_BUFFER_BYTES;
	s->keep_file = options->capture_fd >= 0;
	s->stop_fd = -1;
	atomic_init(&s->canaries, 0);
	code = prepare(s, err);
	if (code != 0) {
		sniffer_free(s);
		return code;
	}
	*ret = s;
	return 0;
}

unsigned sniffer_canaries(const struct sniffer *s)
{
	return atomic_load_explicit(&s->canaries, memory_order_acquire);
}

void sniffer_stop(struct sniffer *s, struct sniffer_report *ret)
{
	struct pcap_stat stat;
	uint64_t one = 1;

	/* Neither can fail: an eventfd takes a 1, and the thread was started and not yet joined. */
	(void)!write(s->stop_fd, &one, sizeof(one));
	(void)pthread_join(s->thread, NULL);
	*ret = s->report;
	if (pcap_stats(s->pcap, &stat) == 0) {
		ret->received = stat.ps_recv;
		ret->dropped = stat.ps_drop;
		ret->if_dropped = stat.ps_ifdrop;
	}
	if (s->keep_file) {
		ret->file_bytes = s->file.bytes;
		ret->file_error = s->file.error;
	}
	sniffer_free(s);
}

const char *sniffer_library_version(void)
{
	return pcap_lib_version();
}
