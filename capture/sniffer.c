#include "capture/sniffer.h"

#include <errno.h>
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
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "capture/feed.h"
#include "capture/pcapfile.h"
#include "capture/sniffer_tap.h"

#define DEFAULT_SNAPLEN      134
#define DEFAULT_BUFFER_BYTES (32 * 1024 * 1024)

struct sniffer {
	struct sniffer_options options;
	struct tap *tap;
	int stop_fd;
	bool keep_file;
	struct pcapfile file;
	struct feed feed;
	struct sniffer_report report; /* the thread's, until it is joined */
	atomic_uint canaries;
	pthread_t thread;
};

/* --- the thread ------------------------------------------------------------------------------ */

static void take(struct sniffer *s, const struct tap_packet *p)
{
	if (s->keep_file)
		pcapfile_add(&s->file, p->real_ns, p->bytes, p->caplen, p->wirelen);
	if (feed_packet(&s->feed, p->real_ns, p->bytes, p->caplen, p->wirelen))
		(void)atomic_fetch_add_explicit(&s->canaries, 1, memory_order_release);
}

/* Read what the kernel has handed over.  False: the capture broke. */
static bool drain(struct sniffer *s, bool all)
{
	struct tap_packet p;
	struct err err;
	int got;

	tap_look(s->tap);
	while ((got = tap_next(s->tap, all, &p, &err)) == 1)
		take(s, &p);
	feed_flush(&s->feed);
	if (got == 0)
		return true;
	(void)snprintf(s->report.broken, sizeof(s->report.broken), "%.300s", err.text);
	return false;
}

static void *run(void *arg)
{
	struct sniffer *s = arg;
	int64_t user_ns, system_ns;
	bool sound = true, stop = false;

	(void)pthread_setname_np(pthread_self(), "sniffer"); /* for top -H; short enough */
	while (sound && !stop) {
		struct pollfd p[1 + TAP_RINGS_MAX] = { { .fd = s->stop_fd, .events = POLLIN } };
		int timeout_ms, count = tap_poll(s->tap, p + 1, &timeout_ms);

		/* Whatever it says, reading what is there is right. */
		(void)poll(p, (nfds_t)(1 + count), timeout_ms);
		stop = p[0].revents != 0;
		sound = drain(s, stop);
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
	tap_close(s->tap);
	if (s->stop_fd >= 0)
		(void)close(s->stop_fd); /* an eventfd: nothing to flush */
	pcapfile_release(&s->file);
	feed_release(&s->feed);
	free(s);
}

static int prepare(struct sniffer *s, struct err *err)
{
	const struct sniffer_options *o = &s->options;
	struct tap_options tap = {
		.interface = o->interface,
		.snaplen = o->snaplen,
		.buffer_bytes = o->buffer_bytes,
		.filter = o->filter ? o->filter : SNIFFER_FILTER,
		.filter_is_ours = !o->filter,
		.small = o->small,
	};
	int code = tap_open(&tap, &s->tap, err);
	int linktype;

	if (code != 0)
		return code;
	linktype = tap_linktype(s->tap);
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
	struct tap_stats stats;
	uint64_t one = 1;

	/* Neither can fail: an eventfd takes a 1, and the thread was started and not yet joined. */
	(void)!write(s->stop_fd, &one, sizeof(one));
	(void)pthread_join(s->thread, NULL);
	*ret = s->report;
	if (tap_stats(s->tap, &stats)) {
		ret->received = stats.received;
		ret->dropped = stats.dropped;
		ret->if_dropped = stats.if_dropped;
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
