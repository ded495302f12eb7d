#include "bench/conn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/scenario.h"

#define SEGMENT_BYTES 536 /* what fits whatever the path (RFC 9293 3.7.1) */

bool conn_fits_segment(const struct size_dist *bytes)
{
	bool fits = true;

	for (int i = 0; i < bytes->count; i++)
		fits = fits && bytes->range[i].high <= SEGMENT_BYTES;
	return fits;
}

void conn_send_at_once(int fd, const struct size_dist *bytes, bool http)
{
	int on = 1;

	if (http || !conn_fits_segment(bytes))
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* cannot fail */
}

enum conn_next conn_close(struct conn *c)
{
	(void)close(c->fd); /* no write is behind it that could still fail */
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
