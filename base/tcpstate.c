#include "base/tcpstate.h"

#include <stddef.h>

static const struct {
	const char *key, *name;
} states[TCPSTATE_COUNT] = {
	[TCPSTATE_ESTABLISHED] = { "established", "ESTABLISHED" },
	[TCPSTATE_SYN_SENT] = { "syn_sent", "SYN-SENT" },
	[TCPSTATE_SYN_RECV] = { "syn_recv", "SYN-RECEIVED" },
	[TCPSTATE_FIN_WAIT1] = { "fin_wait1", "FIN-WAIT-1" },
	[TCPSTATE_FIN_WAIT2] = { "fin_wait2", "FIN-WAIT-2" },
	[TCPSTATE_TIME_WAIT] = { "time_wait", "TIME-WAIT" },
	[TCPSTATE_CLOSE] = { "close", "CLOSED" },
	[TCPSTATE_CLOSE_WAIT] = { "close_wait", "CLOSE-WAIT" },
	[TCPSTATE_LAST_ACK] = { "last_ack", "LAST-ACK" },
	[TCPSTATE_LISTEN] = { "listen", "LISTEN" },
	[TCPSTATE_CLOSING] = { "closing", "CLOSING" },
	[TCPSTATE_NEW_SYN_RECV] = { "new_syn_recv", "SYN-RECEIVED" },
};

const char *tcpstate_key(int state)
{
	return state > 0 && state < TCPSTATE_COUNT ? states[state].key : NULL;
}

const char *tcpstate_name(int state)
{
	return state > 0 && state < TCPSTATE_COUNT ? states[state].name : NULL;
}
