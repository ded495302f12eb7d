#include "bench/http_client.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/protocol.h"
#include "bench/scenario.h"

#define HEAD_MAX 16384

size_t http_client_request(const struct case_spec *spec, const struct strategy *strategy, char *buf,
			   size_t size)
{
	bool server_closes = strategy->server_action == ACTION_FIN;
	int n = snprintf(buf, size,
			 "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: twbench\r\nConnection: %s\r\n\r\n",
			 spec->path, spec->host[0] ? spec->host : "twbench",
			 server_closes ? "close" : "keep-alive");

	return n > 0 && (size_t)n < size ? (size_t)n : size - 1;
}

/* The Content-Length of a head that ends in a NUL, or -1. */
static int64_t content_length(const char *head)
{
	static const char mark[] = "\r\nContent-Length:";
	const char *at = strcasestr(head, mark);
	char digits[20];
	size_t n = 0;
	int64_t value;
	struct err ignored;

	if (!at)
		return -1;
	at += strlen(mark);
	at += strspn(at, " \t");
	for (; isdigit((unsigned char)at[n]) && n < sizeof(digits) - 1; n++)
		digits[n] = at[n];
	digits[n] = '\0';
	return num_parse_int(digits, 0, PROTOCOL_REPLY_MAX, &value, &ignored) == 0 ? value : -1;
}

int http_client_head(int fd, char *buf, size_t size, int64_t *ret_reply_bytes)
{
	ssize_t n = recv(fd, buf, size - 1 < HEAD_MAX ? size - 1 : HEAD_MAX, MSG_PEEK);
	char *end;
	int64_t body;

	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	buf[n] = '\0';
	end = strstr(buf, "\r\n\r\n");
	if (!end)
		return n < HEAD_MAX ? -EAGAIN : -EPROTO;
	end[2] = '\0';
	if (strncmp(buf, "HTTP/1.", 7) != 0 || strncmp(buf + 8, " 2", 2) != 0)
		return -EBADMSG;
	body = content_length(buf);
	if (body < 0)
		return -EPROTO;
	*ret_reply_bytes = (end - buf) + 4 + body;
	return 0;
}
