#include "capture/sniffer_source.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "capture/segment.h"
#include "capture/sniffer.h"

#define FILTERS_MAX    16 /* link types within one run */
#define FILTER_SNAPLEN 262144

/* --- filters --------------------------------------------------------------------------------- */

struct filters {
	const char *text;
	size_t count;
	struct {
		int linktype;
		struct bpf_program program;
	} of[FILTERS_MAX];
};

/* Numbers of link types in files and in libpcap's interface differ for a few. */
static int dlt_of(int linktype)
{
	return linktype == 101 ? DLT_RAW : linktype == 100 ? DLT_ATM_RFC1483 : linktype;
}

static int compile(struct filters *f, int linktype, struct err *err)
{
	pcap_t *dead;
	int code = 0;

	if (f->count == FILTERS_MAX)
		return err_set(err, -EINVAL, "filter '%s': more than %d link types", f->text,
			       FILTERS_MAX);
	dead = pcap_open_dead(dlt_of(linktype), FILTER_SNAPLEN);
	if (!dead)
		return err_set(err, -ENOMEM, "no memory for the filter");
	f->of[f->count].linktype = linktype;
	if (pcap_compile(dead, &f->of[f->count].program, f->text, 1, PCAP_NETMASK_UNKNOWN) == 0)
		f->count++;
	else
		code = err_set(err, -EINVAL, "filter '%s': %s", f->text, pcap_geterr(dead));
	pcap_close(dead);
	return code;
}

int filters_new(const char *text, struct filters **ret, struct err *err)
{
	struct filters *f;
	int code;

	*ret = NULL;
	if (!text)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, -ENOMEM, "no memory for the filter");
	f->text = text;
	code = compile(f, DLT_EN10MB, err); /* also to say at once if it is none */
	if (code == 0)
		*ret = f;
	else
		filters_free(f);
	return code;
}

void filters_free(struct filters *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++)
		pcap_freecode(&f->of[i].program);
	free(f);
}

/* 1: the packet passes; 0: it does not; negative with *err. */
static int passes(struct filters *f, const struct pcapread_packet *p, struct err *err)
{
	struct pcap_pkthdr h;
	size_t i = 0;
	int code;

	if (!f)
		return 1;
	h = (struct pcap_pkthdr){ .caplen = p->caplen, .len = p->wirelen };
	while (i < f->count && f->of[i].linktype != p->linktype)
		i++;
	if (i == f->count) {
		code = compile(f, p->linktype, err);
		if (code != 0)
			return code;
	}
	return pcap_offline_filter(&f->of[i].program, &h, p->bytes) != 0;
}

/* --- opening --------------------------------------------------------------------------------- */

/* Read by pcapread if that knows the format, and by libpcap if not. */
struct source {
	const char *path;
	int fd;
	bool ours, open;
	struct pcapread reader;
	pcap_t *pcap;
	FILE *file; /* what libpcap reads from, until it is given to it */
	uint8_t header[PCAPREAD_HEADER_BYTES]; /* read before libpcap got the descriptor ... */
	size_t header_bytes, header_at;        /* ... which gets them first */
	int linktype;                          /* libpcap's; one for all packets */
	struct pcapread_packet at;
};

struct source *source_new(const char *path)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s)
		s->path = path;
	return s;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	source_close(s);
	free(s);
}

bool source_is_open(const struct source *s)
{
	return s->open;
}

const struct pcapread_packet *source_at(const struct source *s)
{
	return &s->at;
}

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
	if (!s->pcap)
		return err_set(err, -EINVAL, "'%s' is not a capture file: %s", s->path,
			       hint(s) ? hint(s) : why);
	s->file = NULL; /* pcap_close() closes it */
	s->linktype = pcap_datalink(s->pcap);
	return 0;
}

static int open_ours(struct source *s, struct err *err)
{
	if (pcapread_init(&s->reader, s->fd, s->header) != 0)
		return err_set(err, -ENOMEM, "no memory to read '%s'", s->path);
	s->linktype = s->reader.ng ? DLT_EN10MB : s->reader.interface->linktype;
	return 0;
}

int source_open(struct source *s, struct err *err)
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
	s->ours = s->header_bytes == sizeof(s->header) && pcapread_knows(s->header);
	code = s->ours ? open_ours(s, err) : open_by_libpcap(s, err);
	if (code == 0 && !segment_knows(s->linktype)) {
		const char *name = pcap_datalink_val_to_name(dlt_of(s->linktype));

		return err_set(err, -EINVAL, "'%s': link type %d (%s) is not one that is decoded",
			       s->path, s->linktype, name ? name : "unknown");
	}
	return code;
}

void source_close(struct source *s)
{
	if (s->pcap)
		pcap_close(s->pcap);
	s->pcap = NULL;
	if (s->file)
		(void)fclose(s->file); /* only read from */
	s->file = NULL;
	pcapread_release(&s->reader);
	if (s->open && s->fd != STDIN_FILENO)
		(void)close(s->fd); /* only read from */
	s->open = false;
}

/* --- packets --------------------------------------------------------------------------------- */

static bool next_by_libpcap(struct source *s, char *why, size_t size)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got = pcap_next_ex(s->pcap, &h, &bytes);

	if (got == 1) {
		/* libpcap was asked for nanoseconds: tv_usec holds them. */
		s->at = (struct pcapread_packet){
			.t_ns = (int64_t)h->ts.tv_sec * NS_PER_S + h->ts.tv_usec,
			.bytes = bytes,
			.caplen = h->caplen,
			.wirelen = h->len,
			.linktype = s->linktype,
		};
		return true;
	}
	if (got == PCAP_ERROR)
		(void)snprintf(why, size, "%s", pcap_geterr(s->pcap));
	return false;
}

static void end(struct source *s, struct sniffer_report *r, const char *why)
{
	if (why[0] && r->broken_files++ == 0)
		(void)snprintf(r->broken, sizeof(r->broken), "'%s': %s", s->path, why);
	source_close(s);
}

int source_next(struct source *s, struct filters *filters, struct sniffer_report *r,
		struct err *err)
{
	for (;;) {
		char why[PCAP_ERRBUF_SIZE];
		int code;

		why[0] = '\0';
		if (s->ours ? !pcapread_next(&s->reader, &s->at)
			    : !next_by_libpcap(s, why, sizeof(why))) {
			end(s, r, s->ours ? s->reader.broken : why);
			return 0;
		}
		code = passes(filters, &s->at, err);
		if (code != 0)
			return code;
		r->filtered++;
	}
}
