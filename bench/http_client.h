/*
 * http_client: just enough HTTP/1.1 for `twbench load` to talk to a server that is not ours.
 */
#ifndef TWBENCH_BENCH_HTTP_CLIENT_H
#define TWBENCH_BENCH_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct case_spec;
struct strategy;

/* "GET <path> HTTP/1.1": with "Connection: close" when the strategy wants the server to close first.
 * Returns its length. */
size_t http_client_request(const struct case_spec *spec, const struct strategy *strategy, char *buf,
			   size_t size);

/*
 * Look at (not take) the head of the answer waiting in `fd`; *ret_reply_bytes = head + body.  0; -EAGAIN
 * until all of the head is there; -EPROTO for one without Content-Length or too long; -EBADMSG for a
 * status other than 2xx, or no HTTP; or what recv said.
 * At end of file 0, and *ret_reply_bytes stays as it was.
 */
int http_client_head(int fd, char *buf, size_t size, int64_t *ret_reply_bytes);

#endif
