#include "capture/sniffer.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "capture/feed.h"
#include "capture/pcapread.h"
#include "capture/segment.h"

#define OPEN_MAX_AT_ONCE 64 /* of more files, those whose turn is yet to come are closed again */

/* One file, read by pcapread if that knows the format and by libpcap if not. */
struct source {
	const char *path;
	int fd;
	bool plain, open, done;
	struct pcapread reader;
	pcap_t *pcap; /* of libpcap; with `plain` a dead one, and only for the filter */
	FILE *file;   /* what libpcap reads from */
	uint8_t header[PCAPREAD_HEADER_BYTES]; /* read before libpcap got the descriptor ... */
	size_t header_bytes, header_at;        /* ... which gets them first */
	int linktype;
	struct bpf_program program;
	bool filtered;
	struct pcapread_packet next;
};

/* --- opening --------------------------------------------------------------------------------- */

/* What libpcap reads: first the bytes that were already taken. */
static ssize_t cookie_read(void *arg, char *buf, size_t size)
{
	struct source *s = arg;
	size_t left = s->header_bytes - s->header_at;
	ssize_t n;

	if (left > 0) {
		left = left < size ? left : size;
		memcpy(buf, s->header + s->header_at, left);
		s->header_at += left;
		return (ssize_t)left;
	}
	do {
		n = read(s->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	return n;
}

static int read_header(struct source *s, struct err *err)
{
	while (s->header_bytes < sizeof(s->header)) {
		ssize_t n = read(s->fd, s->header + s->header_bytes,
				 sizeof(s->header) - s->header_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "read '%s'", s->path);
		if (n == 0)
			break;
		s->header_bytes += (size_t)n;
	}
	return 0;
}

/* Formats that people do hand over, and what to do about them. */
static const char *hint(const struct source *s)
{
	static const struct {
		uint8_t magic[4];
		size_t bytes;
		const char *hint;
	} known[] = {
		{ { 0x1f, 0x8b }, 2, "compressed by gzip: zcat FILE | twbench analyze -" },
		{ { 0x28, 0xb5, 0x2f, 0xfd },
		  4,
		  "compressed by zstd: zstdcat FILE | twbench analyze -" },
		{ { 0xfd, '7', 'z', 'X' }, 4, "compressed by xz: xzcat FILE | twbench analyze -" },
		{ { 'B', 'Z', 'h' }, 3, "compressed by bzip2: bzcat FILE | twbench analyze -" },
		{ { 's', 'n', 'o', 'o' },
		  4,
		  "a snoop file: editcap -F pcap FILE OUT makes one of it" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (s->header_bytes >= known[i].bytes &&
		    memcmp(s->header, known[i].magic, known[i].bytes) == 0)
			return known[i].hint;
	return s->header_bytes == 0 ? "it is empty" : NULL;
}

static int open_by_libpcap(struct source *s, struct err *err)
{
	static const cookie_io_functions_t io = { .read = cookie_read };
	char why[PCAP_ERRBUF_SIZE] = "";

	s->file = fopencookie(s, "rb", io);
	if (!s->file)
		return err_errno(err, "read '%s'", s->path);
	s->pcap =
		pcap_fopen_offline_with_tstamp_precision(s->file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (s->pcap) {
		s->file = NULL; /* pcap_close() closes it */
		s->linktype = pcap_datalink(s->pcap);
		return 0;
	}
	return err_set(err, -EINVAL, "'%s' is not a capture file: %s", s->path,
		       hint(s) ? hint(s) : why);
}

/* Numbers of link types in files and in libpcap's interface differ for a few. */
static int dlt_of(int linktype)
{
	return linktype == 101 ? DLT_RAW : linktype == 100 ? DLT_ATM_RFC1483 : linktype;
}

static int open_plain(struct source *s, struct err *err)
{
	if (pcapread_init(&s->reader, s->fd, s->header) != 0)
		return err_set(err, -ENOMEM, "no memory to read '%s'", s->path);
	s->linktype = dlt_of(s->reader.linktype);
	s->pcap = pcap_open_dead(s->linktype, (int)(s->reader.snaplen & 0x3ffff));
	return s->pcap ? 0 : err_set(err, -ENOMEM, "no memory to read '%s'", s->path);
}

static int set_filter(struct source *s, const char *filter, struct err *err)
{
	if (!filter)
		return 0;
	if (pcap_compile(s->pcap, &s->program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return err_set(err, -EINVAL, "filter '%s': %s", filter, pcap_geterr(s->pcap));
	s->filtered = true;
	return 0;
}

static void source_close(struct source *s)
{
	if (s->filtered)
		pcap_freecode(&s->program);
	s->filtered = false;
	if (s->pcap)
		pcap_close(s->pcap);
	s->pcap = NULL;
	if (s->file)
		(void)fclose(s->file); /* only read from */
	s->file = NULL;
	pcapread_release(&s->reader);
	if (s->open && s->fd > STDERR_FILENO)
		(void)close(s->fd); /* only read from */
	s->open = false;
}

static int source_open(struct source *s, const char *filter, struct err *err)
{
	bool standard_input = strcmp(s->path, "-") == 0;
	int code;

	s->fd = standard_input ? STDIN_FILENO : open(s->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_errno(err, "open '%s'", s->path);
	s->open = true;
	s->header_bytes = s->header_at = 0;
	code = read_header(s, err);
	if (code != 0)
		return code;
	s->plain = s->header_bytes == sizeof(s->header) && pcapread_knows(s->header);
	code = s->plain ? open_plain(s, err) : open_by_libpcap(s, err);
	if (code == 0 && !segment_knows(s->linktype)) {
		const char *name = pcap_datalink_val_to_name(s->linktype);

		return err_set(err, -EINVAL, "'%s': link type %d (%s) is not one that is decoded",
			       s->path, s->linktype, name ? name : "unknown");
	}
	return code == 0 ? set_filter(s, filter, err) : code;
}

/* --- packets --------------------------------------------------------------------------------- */

static void note_broken(const struct source *s, struct sniffer_report *r, const char *why)
{
	if (r->broken_files++ == 0)
		(void)snprintf(r->broken, sizeof(r->broken), "'%s': %s", s->path, why);
}

static bool next_by_libpcap(struct source *s, struct sniffer_report *r)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got = pcap_next_ex(s->pcap, &h, &bytes);

	if (got == 1) {
		/* libpcap was asked for nanoseconds: tv_usec holds them. */
		s->next = (struct pcapread_packet){
			.t_ns = (int64_t)h->ts.tv_sec * NS_PER_S + h->ts.tv_usec,
			.bytes = bytes,
			.caplen = h->caplen,
			.wirelen = h->len,
		};
		return true;
	}
	if (got == PCAP_ERROR)
		note_broken(s, r, pcap_geterr(s->pcap));
	return false;
}

/* The next packet that the filter takes, into s->next.  False: no more. */
static bool source_next(struct source *s, struct sniffer_report *r)
{
	for (;;) {
		struct pcap_pkthdr h = { 0 };

		if (!s->plain && !next_by_libpcap(s, r))
			return false;
		if (s->plain && !pcapread_next(&s->reader, &s->next)) {
			if (s->reader.broken[0])
				note_broken(s, r, s->reader.broken);
			return false;
		}
		if (!s->filtered)
			return true;
		h.caplen = s->next.caplen;
		h.len = s->next.wirelen;
		if (pcap_offline_filter(&s->program, &h, s->next.bytes) != 0)
			return true;
		r->filtered++;
	}
}

static void advance(struct source *s, struct sniffer_report *r)
{
	s->done = !source_next(s, r);
	if (s->done)
		source_close(s);
}

/* Open all, to see what each begins with and to refuse before anything is said. */
static int open_all(struct source *s, const struct sniffer_files *in, struct sniffer_report *r,
		    struct err *err)
{
	for (size_t i = 0; i < in->count; i++) {
		struct sniffer_report ignored = { 0 };
		int code;

		s[i].path = in->path[i];
		code = source_open(&s[i], in->filter, err);
		if (code != 0)
			return code;
		if (i < OPEN_MAX_AT_ONCE || s[i].fd == STDIN_FILENO) {
			advance(&s[i], r);
			continue;
		}
		s[i].done = !source_next(&s[i], &ignored);
		source_close(&s[i]);
	}
	return 0;
}

/* The source whose packet is the earliest, and until when it stays so; NULL: all are done. */
static struct source *earliest(struct source *s, size_t count, int64_t *ret_until_ns)
{
	struct source *first = NULL;

	*ret_until_ns = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (s[i].done)
			continue;
		if (!first) {
			first = &s[i];
		} else if (s[i].next.t_ns < first->next.t_ns) {
			*ret_until_ns = first->next.t_ns;
			first = &s[i];
		} else if (s[i].next.t_ns < *ret_until_ns) {
			*ret_until_ns = s[i].next.t_ns;
		}
	}
	return first;
}

static int merge(struct source *s, const struct sniffer_files *in, struct feed *feed,
		 struct err *err)
{
	struct sniffer_report *r = feed->report;
	struct source *now;
	int64_t until_ns;
	int code = 0;

	while (code == 0 && !(in->stop && *in->stop) && (now = earliest(s, in->count, &until_ns))) {
		if (!now->open) {
			code = source_open(now, in->filter, err);
			if (code != 0)
				break;
			advance(now, r);
		}
		feed->linktype = now->linktype;
		while (!now->done && now->next.t_ns <= until_ns && !(in->stop && *in->stop)) {
			(void)feed_packet(feed, now->next.t_ns, now->next.bytes, now->next.caplen,
					  now->next.wirelen);
			advance(now, r);
		}
	}
	return code;
}

int sniffer_read_files(const struct sniffer_files *in, struct sniffer_report *ret, struct err *err)
{
	struct source *source = calloc(in->count ? in->count : 1, sizeof(*source));
	struct feed feed = { 0 };
	int code;

	*ret = (struct sniffer_report){ 0 };
	if (!source)
		return err_set(err, -ENOMEM, "no memory for %zu files", in->count);
	code = open_all(source, in, ret, err);
	if (code == 0) {
		struct sniffer_report opened = *ret;

		code = feed_init(&feed, 0, 0, &in->flow, ret);
		*ret = opened;
		if (code != 0)
			err_set(err, code, "no memory for the connections");
	}
	if (code == 0)
		code = merge(source, in, &feed, err);
	if (code == 0)
		feed_finish(&feed);
	feed_release(&feed);
	for (size_t i = 0; i < in->count; i++)
		source_close(&source[i]);
	free(source);
	return code;
}

int sniffer_read_file(const char *path, const struct flow_options *flow, struct sniffer_report *ret,
		      struct err *err)
{
	struct sniffer_files in = { .path = &path, .count = 1, .flow = *flow };

	return sniffer_read_files(&in, ret, err);
}
