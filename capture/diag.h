/*
 * diag: sock_diag(7) dumps of TCP sockets.  The only file that includes linux/inet_diag.h.
 *
 * diag_parse() is pure (bytes in, callbacks out) so that recorded dumps test it; diag_dump() is the
 * system calls around it.  A dump is not atomic: the kernel hands it out in pieces of 32 KB, and
 * the tables may change between two of them.  A socket stays in the network namespace where it was
 * opened.  Source: struct inet_diag_req_v2 and inet_diag_msg (linux/inet_diag.h), netlink(7).
 */
#ifndef TWBENCH_CAPTURE_DIAG_H
#define TWBENCH_CAPTURE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* One socket of a dump, as far as anybody here asks. */
struct diag_socket {
	uint8_t family;        /* 4 or 6; v4-mapped sockets are 6, as the kernel reports them */
	uint8_t state;         /* enum tcpstate; a later kernel's number is passed on as it is */
	uint8_t timer;         /* 3: "timewait", the mark of a minisock */
	uint16_t sport, dport; /* host order; sport is the socket's own */
	uint32_t expires_ms;   /* of the timer */
	uint32_t inode;        /* 0: no descriptor holds it */
};

#define DIAG_TIMER_MINISOCK 3

typedef void diag_socket_fn(void *arg, const struct diag_socket *s);

/* What a dump is poured into.  The last two are zero at the start of a dump. */
struct diag_sink {
	diag_socket_fn *fn;
	void *arg;
	bool interrupted; /* NLM_F_DUMP_INTR was seen: the table changed under the dump */
	int error; /* after DIAG_BAD: the kernel's errno, or EBADMSG for contradicting lengths */
};

enum diag_status {
	DIAG_MORE, /* all read, no end of dump among it: receive again */
	DIAG_DONE, /* end of dump; what follows in the buffer was not read */
	DIAG_BAD,  /* NLMSG_ERROR, a dump that ended in an error, or lengths that contradict */
};

/* The receive buffer that holds every piece: what the kernel caps a piece to. */
#define DIAG_PIECE_BYTES 32768

/* Read the netlink messages in `bytes` (any alignment); never past `size`. */
enum diag_status diag_parse(const uint8_t *bytes, size_t size, struct diag_sink *sink);

/*
 * A NETLINK_SOCK_DIAG socket in the caller's namespace: a descriptor, or -ENOTSUP (this kernel has
 * no sock_diag) or another negative errno with *err.
 */
int diag_open(struct err *err);

/*
 * Bits over enum tcpstate numbers: 1 << TCPSTATE_TIME_WAIT.  Applied in the kernel.  Asking for
 * SYN_RECV gives embryonic sockets (NEW_SYN_RECV) too; CLOSE has no table to dump.
 */
#define DIAG_ALL_STATES    0xFFFu
#define DIAG_NOT_TIME_WAIT (DIAG_ALL_STATES & ~(1u << 6))

/* Ask for a dump of one family (4 or 6).  0 or negative errno with *err. */
int diag_request(int fd, int family, uint32_t states, struct err *err);

/*
 * Ask for a dump of both families in one walk of the table, which is what an empty dump costs.  Only
 * the older request can (TCPDIAG_GETSOCK; net/ipv4/inet_diag.c inet_diag_dump_compat()): the newer
 * one names a family.  As above; diag_dump() does this.
 */
int diag_request_all(int fd, uint32_t states, struct err *err);

/*
 * Dump both families' TCP sockets whose state is in `states`.  Returns 0 (*ret_interrupted says
 * whether the table changed under it in a way the kernel noticed) or negative errno with *err.
 * After a failure fd may be used again.  One thread per fd at a time.
 */
int diag_dump(int fd, uint32_t states, diag_socket_fn *fn, void *arg, bool *ret_interrupted,
	      struct err *err);

#endif
