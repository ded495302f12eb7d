/*
 * tcpstate: TCP states by Linux number (include/net/tcp_states.h) and RFC 9293 name.
 */
#ifndef TWBENCH_BASE_TCPSTATE_H
#define TWBENCH_BASE_TCPSTATE_H

enum tcpstate {
	TCPSTATE_ESTABLISHED = 1,
	TCPSTATE_SYN_SENT,
	TCPSTATE_SYN_RECV,
	TCPSTATE_FIN_WAIT1,
	TCPSTATE_FIN_WAIT2,
	TCPSTATE_TIME_WAIT,
	TCPSTATE_CLOSE,
	TCPSTATE_CLOSE_WAIT,
	TCPSTATE_LAST_ACK,
	TCPSTATE_LISTEN,
	TCPSTATE_CLOSING,
	TCPSTATE_NEW_SYN_RECV,
	TCPSTATE_COUNT /* numbers run from 1 to TCPSTATE_COUNT - 1 */
};

/* "time_wait", as used in keys; NULL for a number that is no state. */
const char *tcpstate_key(int state);

/* "TIME-WAIT", as RFC 9293 spells it; NULL for a number that is no state. */
const char *tcpstate_name(int state);

#endif
