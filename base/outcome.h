/*
 * outcome: how an attempted connection ended, as the application at one end was told.
 *
 * Every attempt ends in exactly one outcome, so the outcomes of a ledger sum to `attempted`.  What the
 * kernel does to a connection is data, never a program error; the errno is counted beside it.
 */
#ifndef TWBENCH_BASE_OUTCOME_H
#define TWBENCH_BASE_OUTCOME_H

enum outcome {
	OUTCOME_OK,                 /* all that was asked was exchanged and the close was clean */
	OUTCOME_REFUSED,            /* connect: ECONNREFUSED (UDP: ICMP port unreachable) */
	OUTCOME_NO_PORT,            /* connect or bind: EADDRNOTAVAIL, EADDRINUSE: ports ran out */
	OUTCOME_NO_RESOURCE,        /* socket: EMFILE, ENFILE, ENOBUFS, ENOMEM */
	OUTCOME_UNREACHABLE,        /* connect: ENETUNREACH, EHOSTUNREACH, EACCES, EPERM */
	OUTCOME_CONNECT_TIMEOUT,    /* no SYN-ACK in time, ours or the kernel's ETIMEDOUT */
	OUTCOME_REPLY_TIMEOUT,      /* connected, reply not complete in time */
	OUTCOME_CLOSE_TIMEOUT,      /* reply complete, the close did not finish in time */
	OUTCOME_RESET_BEFORE_REPLY, /* ECONNRESET or EPIPE before the first byte of the reply */
	OUTCOME_RESET_IN_REPLY,     /* ... within the reply: bytes are missing */
	OUTCOME_RESET_AFTER_REPLY,  /* ... after the last byte of the reply */
	OUTCOME_SHORT_REPLY,        /* clean end of file with bytes missing */
	OUTCOME_WRONG_REPLY,        /* more bytes than asked, or bytes that differ */
	OUTCOME_OTHER,              /* any other errno */
	OUTCOME_INTERRUPTED,        /* still open when the run was stopped */
	OUTCOME_COUNT
};

/* "ok", "reset_after_reply": as used in keys. */
const char *outcome_key(enum outcome o);

/* One line for people, with the errnos that lead here. */
const char *outcome_help(enum outcome o);

/* The outcome for `key`, or OUTCOME_COUNT. */
enum outcome outcome_from_key(const char *key);

#endif
