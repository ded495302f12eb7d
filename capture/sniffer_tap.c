#include "capture/sniffer_tap.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/mono.h"

#define BLOCK_TIMEOUT_MS 20  /* how long the kernel may hold a ring block back */
#define POLL_MS          200 /* only a net: a missed wake-up must not end in a hang */
#define REST_MS          BLOCK_TIMEOUT_MS
#define ROOM_BYTES       (4 << 20) /* of a ring: some 80 ms at 50 MB/s, four rests */

#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

#define HELD 64 /* packets that libpcap is asked for at once */

struct held {
	int64_t t_ns;
	uint32_t caplen, wirelen;
};

struct ring {
	pcap_t *pcap;
	int poll_fd;
	int64_t since_ns; /* what is older came through another ring as well */
	int64_t empty_ns; /* nothing was there to read at this time, of the wall */
	size_t at, count; /* of those held; at == count: none is known */
	struct held held[HELD];
	uint8_t *bytes; /* theirs: the kernel may get its block back before they are used */
	size_t stride;
};

struct tap {
	struct tap_options options;
	int ring_count;
	bool loopback;
	bool roomy;         /* rings need no look for each block */
	bool found;         /* packets since the rings were last looked at */
	int64_t looked_ns;  /* when that was, by the wall's clock */
	struct ring *given; /* whose head the caller has */
	struct err why;     /* reading broke; else empty */
	struct ring ring[TAP_RINGS_MAX];
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

static int fail(const struct tap *t, pcap_t *pcap, int status, struct err *err)
{
	const char *what = pcap_statustostr(status), *why = pcap_geterr(pcap);
	bool more = why[0] && strcmp(what, why) != 0;

	return err_set(err, pcap_code(status), "cannot capture on '%s': %s%s%s",
		       t->options.interface, what, more ? ": " : "", more ? why : "");
}

static bool is_loopback(const struct tap *t)
{
	struct ifreq ifr = { 0 };

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", t->options.interface);
	/* "any" has no flags */
	return ioctl(pcap_fileno(t->ring[0].pcap), SIOCGIFFLAGS, &ifr) == 0 &&
	       (ifr.ifr_flags & IFF_LOOPBACK);
}

/*
 * On a loopback device the tap shows each packet going out and coming in.  libpcap drops the first
 * copy itself, but late: it has already cost its place in the ring and is counted as received.
 */
static int ignore_outgoing(const struct tap *t, const struct ring *r, struct err *err)
{
	int on = 1;

	if (t->loopback &&
	    setsockopt(pcap_fileno(r->pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) !=
		    0 &&
	    errno != ENOPROTOOPT) /* Linux before 4.20: `received` is then twice the packets */
		return err_errno(err, "ignore outgoing copies on '%s'", t->options.interface);
	return 0;
}

static int set_filter(const struct tap *t, pcap_t *pcap, struct err *err)
{
	const char *filter = t->options.filter;
	struct bpf_program program;
	int code = 0;

	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return t->options.filter_is_ours ? fail(t, pcap, PCAP_ERROR, err)
						 : err_set(err, -EINVAL, "filter '%s': %s", filter,
							   pcap_geterr(pcap));
	if (pcap_setfilter(pcap, &program) != 0)
		code = fail(t, pcap, PCAP_ERROR, err);
	pcap_freecode(&program);
	return code;
}

static int activate(const struct tap *t, pcap_t *pcap, int buffer_bytes, struct err *err)
{
	int status;

	/* The setters fail only on a handle that is active already. */
	(void)pcap_set_snaplen(pcap, t->options.snaplen);
	(void)pcap_set_buffer_size(pcap, buffer_bytes);
	(void)pcap_set_timeout(pcap, BLOCK_TIMEOUT_MS);
	status = pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	if (status == 0)
		status = pcap_activate(pcap);
	/* above 0: a warning that takes nothing from us */
	return status < 0 ? fail(t, pcap, status, err) : 0;
}

static int ring_open(struct tap *t, struct ring *r, int buffer_bytes, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int code;

	r->pcap = pcap_create(t->options.interface, why);
	if (!r->pcap)
		return err_set(err, -EIO, "cannot capture on '%s': %s", t->options.interface, why);
	code = activate(t, r->pcap, buffer_bytes, err);
	if (code != 0)
		return code;
	if (r == &t->ring[0])
		t->loopback = is_loopback(t);
	code = ignore_outgoing(t, r, err);
	if (code == 0 && !(t->options.small && t->options.filter[0] == '\0')) /* "" still cuts */
		code = set_filter(t, r->pcap, err);
	if (code != 0)
		return code;
	if (pcap_setnonblock(r->pcap, 1, why) != 0)
		return err_set(err, -EIO, "cannot capture on '%s': %s", t->options.interface, why);
	r->stride = (size_t)pcap_snapshot(r->pcap);
	r->bytes = malloc(HELD * r->stride);
	if (!r->bytes)
		return err_set(err, -ENOMEM, "no memory for the capture");
	r->poll_fd = pcap_get_selectable_fd(r->pcap);
	return r->poll_fd >= 0 ? 0
			       : err_set(err, -EIO, "'%s' cannot be polled", t->options.interface);
}

static void ring_close(struct ring *r)
{
	if (r->pcap)
		pcap_close(r->pcap);
	free(r->bytes);
	*r = (struct ring){ 0 };
}

/* --- a ring per processor -------------------------------------------------------------------- */

static int processors(void)
{
	cpu_set_t all;
	int n = sched_getaffinity(0, sizeof(all), &all) == 0 ? CPU_COUNT(&all) : 1;

	return n < TAP_RINGS_MAX ? n : TAP_RINGS_MAX;
}

/* Into the group *id, a new one if that is 0.  False: this kernel has no such thing. */
static bool join_group(const struct tap *t, const struct ring *r, int *id)
{
	int flags = PACKET_FANOUT_CPU | (t->loopback ? PACKET_FANOUT_FLAG_IGNORE_OUTGOING : 0);
	int fd = pcap_fileno(r->pcap), value;
	socklen_t size = sizeof(value);

	value = *id | (flags | (*id == 0 ? PACKET_FANOUT_FLAG_UNIQUEID : 0)) << 16;
	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, sizeof(value)) != 0 ||
	    getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, &size) != 0)
		return false;
	*id = value & 0xffff;
	return true;
}

static int64_t wall_ns(void)
{
	return mono_now_ns() + mono_real_offset_ns();
}

/* The other rings, at best effort: the first alone sees everything, too. */
static void share_out(struct tap *t, int wanted, int buffer_bytes)
{
	struct err ignored;
	int id = 0;

	if (wanted < 2 || !join_group(t, &t->ring[0], &id))
		return;
	while (t->ring_count < wanted) {
		struct ring *r = &t->ring[t->ring_count];

		if (ring_open(t, r, buffer_bytes, &ignored) != 0 || !join_group(t, r, &id)) {
			ring_close(r);
			return;
		}
		r->since_ns = wall_ns();
		t->ring_count++;
	}
}

int tap_open(const struct tap_options *o, struct tap **ret, struct err *err)
{
	struct tap *t = calloc(1, sizeof(*t));
	int wanted = processors(), code;

	if (!t)
		return err_set(err, -ENOMEM, "no memory for the capture");
	t->options = *o;
	t->roomy = o->buffer_bytes / wanted >= ROOM_BYTES;
	code = ring_open(t, &t->ring[0], o->buffer_bytes / wanted, err);
	t->ring_count = 1;
	if (code != 0) {
		tap_close(t);
		return code;
	}
	share_out(t, wanted, o->buffer_bytes / wanted);
	*ret = t;
	return 0;
}

void tap_close(struct tap *t)
{
	if (!t)
		return;
	for (int i = 0; i < TAP_RINGS_MAX; i++)
		ring_close(&t->ring[i]);
	free(t);
}

int tap_linktype(const struct tap *t)
{
	return pcap_datalink(t->ring[0].pcap);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool has_head(const struct ring *r)
{
	return r->at < r->count;
}

static int64_t time_of(const struct ring *r)
{
	return r->held[r->at].t_ns;
}

static void hold(u_char *arg, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct ring *r = (struct ring *)(void *)arg;
	/* Nanoseconds, as asked for; the member's name is older than they are. */
	int64_t t_ns = (int64_t)h->ts.tv_sec * NS_PER_S + h->ts.tv_usec;
	uint32_t caplen = h->caplen < r->stride ? h->caplen : (uint32_t)r->stride;

	if (t_ns < r->since_ns)
		return;
	r->held[r->count] = (struct held){ .t_ns = t_ns, .caplen = caplen, .wirelen = h->len };
	memcpy(r->bytes + r->count++ * r->stride, bytes, caplen);
}

static void refill(struct tap *t, struct ring *r)
{
	int got;

	r->at = r->count = 0;
	do {
		got = pcap_dispatch(r->pcap, HELD, hold, (u_char *)r);
	} while (got > 0 && r->count == 0);
	if (got > 0)
		return;
	r->empty_ns = t->looked_ns;
	if (got != 0 && t->why.text[0] == '\0')
		(void)err_set(&t->why, -EIO, "%s", pcap_geterr(r->pcap));
}

static void advance(struct tap *t, struct ring *r)
{
	if (++r->at == r->count)
		refill(t, r);
}

void tap_look(struct tap *t)
{
	t->looked_ns = wall_ns();
	t->found = false;
	for (int i = 0; i < t->ring_count; i++)
		if (!has_head(&t->ring[i]))
			refill(t, &t->ring[i]);
}

/* The ring with the oldest packet; -1 if all are empty. */
static int oldest(const struct tap *t)
{
	int first = -1;

	for (int i = 0; i < t->ring_count; i++)
		if (has_head(&t->ring[i]) &&
		    (first < 0 || time_of(&t->ring[i]) < time_of(&t->ring[first])))
			first = i;
	return first;
}

/* Is all that an empty ring may still bring newer than t_ns? */
static bool is_settled(const struct tap *t, int64_t t_ns)
{
	for (int i = 0; i < t->ring_count; i++)
		if (!has_head(&t->ring[i]) && t_ns >= t->ring[i].empty_ns - TAP_HOLD_NS)
			return false;
	return true;
}

int tap_next(struct tap *t, bool all, struct tap_packet *ret, struct err *err)
{
	struct ring *r;
	int i;

	if (t->given)
		advance(t, t->given);
	t->given = NULL;
	if (t->why.text[0])
		return err_set(err, -EIO, "%s", t->why.text);
	i = oldest(t);
	if (i < 0 || (!all && !is_settled(t, time_of(&t->ring[i]))))
		return 0;
	t->found = true;
	r = &t->ring[i];
	*ret = (struct tap_packet){ .real_ns = time_of(r),
				    .bytes = r->bytes + r->at * r->stride,
				    .caplen = r->held[r->at].caplen,
				    .wirelen = r->held[r->at].wirelen };
	t->given = r;
	return 1;
}

int tap_poll(const struct tap *t, struct pollfd *poll, int *ret_timeout_ms)
{
	int first = oldest(t);

	if (t->roomy && t->found) {
		*ret_timeout_ms = REST_MS;
		return 0;
	}
	*ret_timeout_ms = POLL_MS;
	if (first >= 0) {
		int64_t end_ns = time_of(&t->ring[first]) + TAP_HOLD_NS;
		int64_t left_ms = (end_ns - wall_ns()) / NS_PER_MS + 1;

		*ret_timeout_ms = left_ms < 1 ? 1 : left_ms < POLL_MS ? (int)left_ms : POLL_MS;
	}
	/* A ring whose head is known would wake at once, and for nothing. */
	for (int i = 0; i < t->ring_count; i++)
		poll[i] = (struct pollfd){ .fd = has_head(&t->ring[i]) ? -1 : t->ring[i].poll_fd,
					   .events = POLLIN };
	return t->ring_count;
}

bool tap_stats(const struct tap *t, struct tap_stats *ret)
{
	*ret = (struct tap_stats){ 0 };
	for (int i = 0; i < t->ring_count; i++) {
		struct pcap_stat stat;

		if (pcap_stats(t->ring[i].pcap, &stat) != 0)
			return false;
		ret->received += stat.ps_recv;
		ret->dropped += stat.ps_drop;
		ret->if_dropped += stat.ps_ifdrop;
	}
	return true;
}
