#include "bench/conn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum conn_next conn_close(struct conn *c)
{
	(void)close(c->fd); /* a socket's close() has nothing to tell: kernel-facts C7b */
	c->fd = -1;
	return NEXT_DONE;
}

enum conn_next conn_reset(struct conn *c)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)); /* cannot fail */
	return conn_close(c);
}

int conn_tcp_state(const struct conn *c)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return -1;
	return info.tcpi_state;
}
