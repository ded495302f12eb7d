/*
 * uring: io_uring as far as the ring engine needs it: put requests in, run them, read every result.
 *
 * One thread; requests that are linked run one after the other (io_uring(7), io_uring_enter(2)).  Sockets
 * live in the ring's own table of files ("direct descriptors"), not in the process's.
 */
#ifndef TWBENCH_BENCH_URING_H
#define TWBENCH_BENCH_URING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct err;

#define URING_ENTRIES 16

/* A submission as the kernel reads it (include/uapi/linux/io_uring.h struct io_uring_sqe): spelt out, because
 * headers older than the kernel lack what is newest. */
struct uring_sqe {
	uint8_t opcode, flags;
	uint16_t ioprio;
	int32_t fd;
	uint64_t off, addr;
	uint32_t len, op_flags;
	uint64_t user_data;
	uint16_t buf_index, personality;
	uint32_t file_index; /* of a new direct descriptor, plus 1; length of a socket option */
	uint64_t addr3, pad;
};

struct uring {
	int fd; /* -1: not open */
	void *memory;
	size_t bytes;
	struct uring_sqe *sqe;
	unsigned *sq_tail, *cq_head, *cq_tail, sq_mask, cq_mask;
	struct io_uring_cqe *cqe;
	unsigned queued;
	int32_t result[URING_ENTRIES]; /* of the last run, in the order of the requests */
};

/*
 * With room for `files` direct descriptors.  0, or negative errno with *err: there is no io_uring here, or it
 * is older than Linux 6.11 and cannot bind() or set socket options.
 */
int uring_open(struct uring *u, unsigned files, struct err *err);
void uring_close(struct uring *u); /* also closes all that is in its table; once more is fine */

/* The next request of a run, at most URING_ENTRIES: zeroed, linked to the one after it. */
struct uring_sqe *uring_add(struct uring *u, uint8_t opcode);

/*
 * Run what was added.  0 when every request has its result; -ETIME: some had not after timeout_ns and were
 * cancelled; another negative errno: the kernel did not take them.  What did not run has -ECANCELED as its
 * result, and nothing is under way afterwards.
 */
int uring_run(struct uring *u, int64_t timeout_ns);

/* --- requests, each on the direct descriptor `file` ---------------------------------------------- */

void uring_socket(struct uring *u, int family, int file);
void uring_option(struct uring *u, int file, int level, int name, const void *value, size_t size);
void uring_bind(struct uring *u, int file, const struct sockaddr *to, socklen_t size);
void uring_connect(struct uring *u, int file, const struct sockaddr *to, socklen_t size);
void uring_accept(struct uring *u, int listener, int file); /* `listener` is a plain descriptor */
void uring_send(struct uring *u, int file, const void *bytes, size_t size);
void uring_receive(struct uring *u, int file, void *bytes, size_t size); /* all of it, or it failed */
void uring_receive_end(struct uring *u, int file, void *byte); /* one byte; what follows runs in any case */
void uring_shut_write(struct uring *u, int file);
void uring_shut(struct uring *u, int file); /* close() */

#endif
