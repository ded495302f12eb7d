#include "capture/filebuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_BYTES (64u * 1024)  /* most files are small, and large memory is new each time */
#define STEP_BYTES  (256u * 1024) /* what was read is still in the cache when it is used */

int filebuf_init(struct filebuf *b, int fd, const uint8_t *bytes, size_t count)
{
	*b = (struct filebuf){ .fd = fd, .bytes = malloc(FIRST_BYTES), .room = FIRST_BYTES };
	if (!b->bytes)
		return -ENOMEM;
	memcpy(b->bytes, bytes, count);
	b->end = count;
	return 0;
}

void filebuf_release(struct filebuf *b)
{
	if (!b)
		return;
	free(b->bytes);
	b->bytes = NULL;
}

static void grow(struct filebuf *b)
{
	uint8_t *bytes = realloc(b->bytes, FILEBUF_BYTES);

	if (!bytes) {
		b->error = ENOMEM;
		b->ended = true;
		return;
	}
	b->bytes = bytes;
	b->room = FILEBUF_BYTES;
}

bool filebuf_more(struct filebuf *b, size_t n)
{
	if (b->room < FILEBUF_BYTES && (n > b->room || b->end == b->room))
		grow(b);
	memmove(b->bytes, b->bytes + b->at, b->end - b->at);
	b->end -= b->at;
	b->at = 0;
	while (b->end < n && !b->ended) {
		size_t left = b->room - b->end;
		ssize_t got = read(b->fd, b->bytes + b->end, left < STEP_BYTES ? left : STEP_BYTES);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			b->error = errno;
		if (got <= 0)
			b->ended = true;
		else
			b->end += (size_t)got;
	}
	return b->end >= n;
}

bool filebuf_skip(struct filebuf *b, uint64_t n)
{
	while (n > b->end - b->at) {
		n -= b->end - b->at;
		b->at = b->end;
		if (!filebuf_more(b, 1))
			return false;
	}
	b->at += (size_t)n;
	return true;
}
