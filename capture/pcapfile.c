#include "capture/pcapfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mono.h"

#define BUFFER_BYTES (256u * 1024)
#define MAGIC_NS     UINT32_C(0xa1b23c4d)

enum { DLT_RAW_LINUX = 12, LINKTYPE_RAW = 101 };

/* Both in the writer's byte order; readers tell it from the magic number. */
struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy;
	uint32_t snaplen, linktype;
};

struct record_header {
	uint32_t s, ns;
	uint32_t caplen, wirelen;
};

static void append(struct pcapfile *f, const void *bytes, size_t n)
{
	if (n > 0)
		memcpy(f->buffer + f->used, bytes, n);
	f->used += n;
}

int pcapfile_init(struct pcapfile *f, int fd, int linktype, uint32_t snaplen)
{
	struct file_header h = {
		.magic = MAGIC_NS,
		.major = 2,
		.minor = 4,
		.snaplen = snaplen,
		.linktype = (uint32_t)(linktype == DLT_RAW_LINUX ? LINKTYPE_RAW : linktype),
	};

	*f = (struct pcapfile){ .fd = fd, .buffer = malloc(BUFFER_BYTES) };
	if (!f->buffer)
		return -ENOMEM;
	append(f, &h, sizeof(h));
	return 0;
}

/* Whole records stay in the file, half of one does not. */
static void give_up(struct pcapfile *f, int error)
{
	f->error = error;
	f->used = 0;
	(void)!ftruncate(f->fd, (off_t)f->bytes); /* best effort: a pipe cannot be cut */
}

void pcapfile_flush(struct pcapfile *f)
{
	size_t done = 0;

	while (!f->error && done < f->used) {
		ssize_t n = write(f->fd, f->buffer + done, f->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			give_up(f, n < 0 ? errno : EIO);
			return;
		}
		done += (size_t)n;
	}
	f->bytes += done;
	f->used = 0;
}

void pcapfile_add(struct pcapfile *f, int64_t real_ns, const uint8_t *bytes, uint32_t caplen,
		  uint32_t wirelen)
{
	struct record_header h = {
		.s = (uint32_t)(real_ns / NS_PER_S),
		.ns = (uint32_t)(real_ns % NS_PER_S),
		.caplen = caplen < BUFFER_BYTES / 2 ? caplen : BUFFER_BYTES / 2,
		.wirelen = wirelen,
	};

	if (f->error)
		return;
	if (f->used + sizeof(h) + h.caplen > BUFFER_BYTES)
		pcapfile_flush(f);
	if (f->error)
		return;
	append(f, &h, sizeof(h));
	append(f, bytes, h.caplen);
}

void pcapfile_release(struct pcapfile *f)
{
	if (!f)
		return;
	free(f->buffer);
	f->buffer = NULL;
}
