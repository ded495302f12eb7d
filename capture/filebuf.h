/*
 * filebuf: buffered read(2), for readers of capture files: pipes are as good as files, and a file
 * that is cut meanwhile does no harm.
 */
#ifndef TWBENCH_CAPTURE_FILEBUF_H
#define TWBENCH_CAPTURE_FILEBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILEBUF_BYTES (1024u * 1024) /* more than any packet's record */

struct filebuf {
	int fd; /* not owned */
	bool ended;
	int error; /* errno of a failed read; 0 */
	uint8_t *bytes;
	size_t at, end; /* what was read and not yet used */
	size_t room;    /* a file that is larger than the first gets FILEBUF_BYTES */
};

/* Begin with `count` bytes that the caller has already read.  Returns 0 or -ENOMEM. */
int filebuf_init(struct filebuf *b, int fd, const uint8_t *bytes, size_t count);
void filebuf_release(struct filebuf *b);

/* Have `n` (at most FILEBUF_BYTES) bytes from `at` on.  False: the file has no more. */
bool filebuf_more(struct filebuf *b, size_t n);

static inline bool filebuf_have(struct filebuf *b, size_t n)
{
	return b->end - b->at >= n || filebuf_more(b, n);
}

/* Pass over `n` bytes, however many.  False: the file has no more. */
bool filebuf_skip(struct filebuf *b, uint64_t n);

#endif
