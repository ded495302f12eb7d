#include "capture/pcapread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mono.h"

#define BUFFER_BYTES  (1024u * 1024)
#define CAPLEN_MAX    262144u /* libpcap's MAXIMUM_SNAPLEN */
#define RECORD_BYTES  16u
#define MAGIC_US      UINT32_C(0xa1b2c3d4)
#define MAGIC_NS      UINT32_C(0xa1b23c4d)
#define LINKTYPE_MASK UINT32_C(0x03ffffff) /* the rest tells of frame check sequences */

static uint32_t word_at(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static bool is_magic(uint32_t v)
{
	return v == MAGIC_US || v == MAGIC_NS;
}

bool pcapread_knows(const uint8_t *header)
{
	bool swapped = is_magic(__builtin_bswap32(word_at(header, false)));
	uint16_t version[2];

	if (!swapped && !is_magic(word_at(header, false)))
		return false;
	/* Version 2.4: two 16-bit numbers in the file's byte order. */
	memcpy(version, header + 4, sizeof(version));
	return version[0] == (swapped ? 0x0200 : 2) && version[1] == (swapped ? 0x0400 : 4);
}

int pcapread_init(struct pcapread *r, int fd, const uint8_t *header)
{
	bool swapped = !is_magic(word_at(header, false));

	*r = (struct pcapread){
		.fd = fd,
		.swapped = swapped,
		.unit_ns = word_at(header, swapped) == MAGIC_NS ? 1 : NS_PER_US,
		.snaplen = word_at(header + 16, swapped),
		.linktype = (int)(word_at(header + 20, swapped) & LINKTYPE_MASK),
		.buffer = malloc(BUFFER_BYTES),
	};
	return r->buffer ? 0 : -ENOMEM;
}

void pcapread_release(struct pcapread *r)
{
	if (!r)
		return;
	free(r->buffer);
	r->buffer = NULL;
}

/* Have `n` bytes from `at` on, moving what is left to the front.  False: the file has no more. */
static bool fill(struct pcapread *r, size_t n)
{
	if (r->end - r->at >= n)
		return true;
	memmove(r->buffer, r->buffer + r->at, r->end - r->at);
	r->end -= r->at;
	r->at = 0;
	while (r->end < n && !r->ended) {
		ssize_t got = read(r->fd, r->buffer + r->end, BUFFER_BYTES - r->end);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			r->error = errno;
		if (got <= 0)
			r->ended = true;
		else
			r->end += (size_t)got;
	}
	return r->end >= n;
}

static bool stop(struct pcapread *r, const char *what, size_t want)
{
	size_t left = r->end - r->at;

	if (r->error)
		(void)snprintf(r->broken, sizeof(r->broken), "cannot read on: %s",
			       strerror(r->error));
	else if (left > 0 || want > RECORD_BYTES)
		(void)snprintf(r->broken, sizeof(r->broken),
			       "the file ends within %s: %zu of %zu bytes", what, left, want);
	r->ended = true;
	r->at = r->end;
	return false;
}

bool pcapread_next(struct pcapread *r, struct pcapread_packet *ret)
{
	uint32_t fraction, caplen;
	const uint8_t *p;

	if (!fill(r, RECORD_BYTES))
		return stop(r, "a packet's header", RECORD_BYTES);
	p = r->buffer + r->at;
	caplen = word_at(p + 8, r->swapped);
	fraction = word_at(p + 4, r->swapped);
	if (caplen > CAPLEN_MAX) {
		r->ended = true;
		r->at = r->end;
		(void)snprintf(r->broken, sizeof(r->broken),
			       "nonsense where a packet should begin: %u bytes captured", caplen);
		return false;
	}
	if (!fill(r, RECORD_BYTES + caplen))
		return stop(r, "a packet", RECORD_BYTES + caplen);
	p = r->buffer + r->at;
	*ret = (struct pcapread_packet){
		.t_ns = word_at(p, r->swapped) * NS_PER_S + fraction * r->unit_ns,
		.bytes = p + RECORD_BYTES,
		.caplen = caplen,
		.wirelen = word_at(p + 12, r->swapped),
	};
	r->at += RECORD_BYTES + caplen;
	return true;
}
