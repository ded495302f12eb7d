/*
 * diag: sock_diag(7) dumps of TCP sockets.  The only file that includes linux/inet_diag.h.
 *
 * diag_parse() is pure (bytes in, callbacks out) so that recorded dumps test it; diag_dump() is the one
 * system call around it.  A socket stays in the network namespace where it was opened.
 */
#ifndef TWBENCH_CAPTURE_DIAG_H
#define TWBENCH_CAPTURE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* One socket of a dump, as far as anybody here asks. */
struct diag_socket {
	uint8_t family;        /* 4 or 6 */
	uint8_t state;         /* enum tcpstate */
	uint8_t timer;         /* 3: "timewait", the mark of a minisock */
	uint16_t sport, dport; /* host order; sport is the socket's own */
	uint32_t expires_ms;   /* of the timer */
	uint32_t inode;        /* 0: no descriptor holds it */
};

typedef void diag_socket_fn(void *arg, const struct diag_socket *s);

enum diag_status { DIAG_MORE, DIAG_DONE, DIAG_INTERRUPTED, DIAG_BAD };

/* Read the netlink messages in `bytes`.  DIAG_INTERRUPTED: done, but NLM_F_DUMP_INTR was set;
 * DIAG_BAD: an NLMSG_ERROR (its errno in *ret_errno) or lengths that contradict each other. */
enum diag_status diag_parse(const uint8_t *bytes, size_t size, diag_socket_fn *fn, void *arg,
			    int *ret_errno);

/* A NETLINK_SOCK_DIAG socket in the caller's namespace; a descriptor or negative errno with *err. */
int diag_open(struct err *err);

/* Bits over enum tcpstate numbers: 1 << TCPSTATE_TIME_WAIT.  Applied in the kernel. */
#define DIAG_ALL_STATES 0xFFFu
#define DIAG_NOT_TIME_WAIT (DIAG_ALL_STATES & ~(1u << 6))

/* Dump both families' TCP sockets whose state is in `states`.  Returns 0 (*ret_interrupted says whether the
 * table changed under it in a way the kernel noticed) or negative errno with *err. */
int diag_dump(int fd, uint32_t states, diag_socket_fn *fn, void *arg, bool *ret_interrupted,
	      struct err *err);

#endif
