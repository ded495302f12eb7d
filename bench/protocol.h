/*
 * protocol: the one-shot command protocol of the mock server, and the little HTTP/1.1 it also speaks.
 *
 * A request is one line: what the server shall do after its reply, how long the reply is, how long to think
 * first, and padding up to the wanted size:
 *	"e50\n"  "f2040,1500.............\n"
 * The reply is `reply_bytes` of a fixed pattern, so that a byte from another connection shows.
 * Over UDP a request and a reply are one datagram each.  HTTP: "GET /bytes/N" answers N bytes.
 */
#ifndef TWBENCH_BENCH_PROTOCOL_H
#define TWBENCH_BENCH_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_REPLY_MAX INT64_C(1073741824)
#define PROTOCOL_REQUEST_MAX 65536
#define PROTOCOL_DATAGRAM_MAX 65507 /* largest UDP payload over IPv4 */

/* What the server does; the letter stands in the request. */
enum server_action {
	ACTION_EOF = 'e',  /* wait for the client's FIN, then close() */
	ACTION_FIN = 'f',  /* close() at once after the reply */
	ACTION_RST = 'r',  /* SO_LINGER {1,0} and close() at once after the reply */
	ACTION_KEEP = 'k', /* keep the socket after the client's FIN until a reset ends it */
	ACTION_DEAF = 'd', /* the same, and each FIN of the client is lost on its way in */
};

struct request {
	char action;
	int64_t reply_bytes, think_us;
};

/* Write a request of `size` bytes (more if it does not fit in so few) into buf (at least
 * PROTOCOL_REQUEST_MAX).  Returns its length. */
size_t protocol_encode(const struct request *r, size_t size, char *buf);

/* Incremental reader of one request: feed bytes as they come. */
enum parse_status { PARSE_MORE, PARSE_REQUEST, PARSE_BAD };
enum parse_state { AT_ACTION, AT_REPLY, AT_THINK, AT_PADDING };
struct parser {
	struct request request;
	uint32_t length;
	uint8_t state; /* enum parse_state */
};

/* Consume bytes up to the end of the request; *ret_used says how many. */
enum parse_status protocol_parse(struct parser *p, const char *bytes, size_t size,
				 size_t *ret_used);

/* `size` bytes of the reply pattern from offset `at`; valid for any size up to
 * PROTOCOL_CHUNK.  Static memory. */
#define PROTOCOL_CHUNK 65536
const char *protocol_pattern(int64_t at);

/* Is this the start of an HTTP request rather than of ours? */
bool protocol_is_http(const char *bytes, size_t size);

struct http_request {
	size_t header_bytes;   /* the whole head, blank line included */
	int64_t content_bytes; /* of the body that follows */
	int64_t reply_bytes;
	bool keep_alive, head_only;
};

/* Parse an HTTP head: PARSE_MORE until the blank line is there. */
enum parse_status protocol_http_parse(const char *bytes, size_t size, int64_t default_reply_bytes,
				      struct http_request *ret);

/* The head of the answer; returns its length. */
size_t protocol_http_answer(const struct http_request *r, char *buf, size_t size);

#endif
