#include <stdlib.h>

#include "bench/protocol.h"
#include "tests/guard.h"
#include "tests/test.h"

/* Feed `text` in pieces of `piece` bytes, each at the end of a page. */
static enum parse_status feed(struct parser *p, const char *text, size_t piece, size_t *ret_used)
{
	size_t size = strlen(text), at = 0;
	enum parse_status status = PARSE_MORE;
	struct guard g;

	guard_open(&g, piece < size ? piece : size);
	while (at < size && status == PARSE_MORE) {
		size_t n = size - at < piece ? size - at : piece, used = 0;

		status = protocol_parse(p, (const char *)guard_put(&g, text + at, n), n, &used);
		at += used;
	}
	guard_free(&g);
	*ret_used = at;
	return status;
}

static void test_round_trip(void)
{
	static const size_t sizes[] = { 0, 4, 10, 20, 2040, 65536 };
	char *buf = malloc(PROTOCOL_REQUEST_MAX + 1);

	for (size_t i = 0; buf && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct request r = { .action = 'f', .reply_bytes = 2040, .think_us = i % 2 ? 1500 : 0 };
		struct parser p = { 0 };
		size_t size = protocol_encode(&r, sizes[i], buf), used;
		enum parse_status status;

		buf[size] = '\0';
		ok(size >= sizes[i] && (size == sizes[i] || size <= 12), "%zu bytes wanted, %zu made",
		   sizes[i], size);
		status = feed(&p, buf, i % 3 + 1, &used);
		ok(status == PARSE_REQUEST && used == size && p.request.action == 'f' &&
			   p.request.reply_bytes == 2040 && p.request.think_us == r.think_us,
		   "and read back");
	}
	free(buf);
}

static void test_refused(void)
{
	static const char *const bad[] = { "x50\n", "e5x\n", "e50,\x01\n", "e50,1,2\n", "e99999999999\n",
					   "\n", "e50.x\n" };
	size_t used;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct parser p = { 0 };

		ok(feed(&p, bad[i], 1, &used) == PARSE_BAD, "refused: %zu", i);
	}
	char *endless = malloc(PROTOCOL_REQUEST_MAX + 10);
	struct parser p = { 0 };

	memset(endless, '.', PROTOCOL_REQUEST_MAX + 9);
	memcpy(endless, "e50", 3);
	endless[PROTOCOL_REQUEST_MAX + 9] = '\0';
	ok(feed(&p, endless, 4096, &used) == PARSE_BAD, "a request without end is refused");
	free(endless);
}

static void test_pattern(void)
{
	ok(memcmp(protocol_pattern(0) + 26, protocol_pattern(26), 100) == 0, "the pattern repeats");
	ok(protocol_pattern(1)[0] == 'b' && protocol_pattern(27)[0] == 'b', "from any offset");
	ok(protocol_pattern(25)[PROTOCOL_CHUNK - 1] != '\0', "a whole chunk is there at any phase");
}

static void test_http(void)
{
	static const struct {
		const char *head;
		enum parse_status status;
		int64_t reply;
		bool keep;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", PARSE_REQUEST, 50, true },
		{ "GET /bytes/2040 HTTP/1.1\r\n\r\n", PARSE_REQUEST, 2040, true },
		{ "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", PARSE_REQUEST, 50, false },
		{ "GET / HTTP/1.0\r\n\r\n", PARSE_REQUEST, 50, false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", PARSE_REQUEST, 50, true },
		{ "GET / HTTP/1.1\r\nHost: x\r\n", PARSE_MORE, 0, false },
		{ "GET / HTTP/9\r\n\r\n", PARSE_BAD, 0, false },
		{ "GET /bytes/99999999999999 HTTP/1.1\r\n\r\n", PARSE_REQUEST, 50, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].head);
		struct http_request r = { 0 };
		struct guard g;
		const uint8_t *copy = guard_copy(&g, cases[i].head, n);
		enum parse_status status = protocol_http_parse((const char *)copy, n, 50, &r);

		is_int(status, cases[i].status, "HTTP head %zu", i);
		if (status == PARSE_REQUEST)
			ok(r.reply_bytes == cases[i].reply && r.keep_alive == cases[i].keep &&
				   r.header_bytes == n,
			   "... means what it says");
		guard_free(&g);
	}
	ok(protocol_is_http("GE", 2) && !protocol_is_http("e50\n", 4), "HTTP is told from our own");
}

int main(void)
{
	test_round_trip();
	test_refused();
	test_pattern();
	test_http();
	return test_done();
}
