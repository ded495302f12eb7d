#include "bench/protocol.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/num.h"

#define PATTERN_PERIOD 26
#define PADDING '.'
#define HTTP_HEAD_MAX 8192

/* Once per request: printf would be a tenth of what a saturated client does itself. */
static size_t put_number(char *to, int64_t n)
{
	char digit[20];
	size_t count = 0;

	do {
		digit[count++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	for (size_t i = 0; i < count; i++)
		to[i] = digit[count - 1 - i];
	return count;
}

size_t protocol_encode(const struct request *r, size_t size, char *buf)
{
	size_t used = 0;

	buf[used++] = r->action;
	used += put_number(buf + used, r->reply_bytes);
	if (r->think_us > 0) {
		buf[used++] = ',';
		used += put_number(buf + used, r->think_us);
	}
	if (size > PROTOCOL_REQUEST_MAX)
		size = PROTOCOL_REQUEST_MAX;
	if (size > used + 1) {
		memset(buf + used, PADDING, size - used - 1);
		used = size - 1;
	}
	buf[used] = '\n';
	return used + 1;
}

/* One more digit; false when the number leaves the range. */
static bool add_digit(int64_t *value, char c, int64_t max)
{
	*value = *value * 10 + (c - '0');
	return *value <= max;
}

static enum parse_status parse_number(struct parser *p, char c, int64_t *value, int64_t max)
{
	if (isdigit((unsigned char)c))
		return add_digit(value, c, max) ? PARSE_MORE : PARSE_BAD;
	if (c == '\n')
		return PARSE_REQUEST;
	if (c == ',' && p->state == AT_REPLY) {
		p->state = AT_THINK;
		return PARSE_MORE;
	}
	if (c == PADDING) {
		p->state = AT_PADDING;
		return PARSE_MORE;
	}
	return PARSE_BAD;
}

static enum parse_status parse_byte(struct parser *p, char c)
{
	switch ((enum parse_state)p->state) {
	case AT_ACTION:
		p->request = (struct request){ .action = c };
		p->state = AT_REPLY;
		return c && strchr("efrkd", c) ? PARSE_MORE : PARSE_BAD;
	case AT_REPLY:
		return parse_number(p, c, &p->request.reply_bytes, PROTOCOL_REPLY_MAX);
	case AT_THINK:
		return parse_number(p, c, &p->request.think_us, 60000000);
	case AT_PADDING:
		if (c == '\n')
			return PARSE_REQUEST;
		return c == PADDING ? PARSE_MORE : PARSE_BAD;
	}
	return PARSE_BAD;
}

enum parse_status protocol_parse(struct parser *p, const char *bytes, size_t size, size_t *ret_used)
{
	for (size_t i = 0; i < size; i++) {
		enum parse_status status = parse_byte(p, bytes[i]);

		if (++p->length > PROTOCOL_REQUEST_MAX)
			status = PARSE_BAD;
		if (status == PARSE_MORE)
			continue;
		*ret_used = i + 1;
		p->state = AT_ACTION;
		p->length = 0;
		return status;
	}
	*ret_used = size;
	return PARSE_MORE;
}

/* "abc...zabc...": long enough that any PROTOCOL_CHUNK bytes can be taken from any phase. */
#define A26 "abcdefghijklmnopqrstuvwxyz"
#define A208 A26 A26 A26 A26 A26 A26 A26 A26
#define A1664 A208 A208 A208 A208 A208 A208 A208 A208
#define A13312 A1664 A1664 A1664 A1664 A1664 A1664 A1664 A1664
static const char pattern[] = A13312 A13312 A13312 A13312 A13312;
_Static_assert(sizeof(pattern) > PROTOCOL_CHUNK + PATTERN_PERIOD, "pattern holds a chunk at any phase");

const char *protocol_pattern(int64_t at)
{
	return pattern + at % PATTERN_PERIOD;
}

static const char *const http_methods[] = { "GET ", "HEAD ", "POST ", "PUT " };

bool protocol_is_http(const char *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof(http_methods) / sizeof(http_methods[0]); i++) {
		size_t n = strlen(http_methods[i]);

		if (memcmp(bytes, http_methods[i], size < n ? size : n) == 0)
			return true;
	}
	return false;
}

/* Does the head hold a header line "name: ...word..."? */
static bool header_has(const char *head, const char *name, const char *word)
{
	size_t n = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r';
	     line = strstr(line + 2, "\r\n")) {
		const char *end = strstr(line + 2, "\r\n");

		if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
			continue;
		for (const char *at = line + 3 + n; end && at + strlen(word) <= end; at++)
			if (strncasecmp(at, word, strlen(word)) == 0)
				return true;
	}
	return false;
}

/* The number after `mark` in the head, up to a character that is no digit; `otherwise` if none. */
static int64_t number_after(const char *head, const char *mark, int64_t otherwise)
{
	const char *at = strcasestr(head, mark);
	char digits[16];
	size_t n = 0;
	int64_t value;
	struct err ignored;

	if (!at)
		return otherwise;
	for (at += strlen(mark); isdigit((unsigned char)at[n]) && n < sizeof(digits) - 1; n++)
		digits[n] = at[n];
	digits[n] = '\0';
	return num_parse_int(digits, 0, PROTOCOL_REPLY_MAX, &value, &ignored) == 0 ? value : otherwise;
}

enum parse_status protocol_http_parse(const char *bytes, size_t size, int64_t default_reply_bytes,
				      struct http_request *ret)
{
	char head[HTTP_HEAD_MAX + 1];
	const char *end = memmem(bytes, size, "\r\n\r\n", 4);
	bool old;

	if (!end)
		return size < HTTP_HEAD_MAX ? PARSE_MORE : PARSE_BAD;
	ret->header_bytes = (size_t)(end - bytes) + 4;
	if (ret->header_bytes > HTTP_HEAD_MAX || memchr(bytes, '\0', ret->header_bytes))
		return PARSE_BAD;
	memcpy(head, bytes, ret->header_bytes);
	head[ret->header_bytes] = '\0';

	old = strstr(head, " HTTP/1.0\r\n") != NULL;
	if (!old && !strstr(head, " HTTP/1.1\r\n"))
		return PARSE_BAD;
	ret->head_only = strncmp(head, "HEAD ", 5) == 0;
	ret->content_bytes = number_after(head, "\r\nContent-Length: ", 0);
	ret->reply_bytes = number_after(head, " /bytes/", default_reply_bytes);
	ret->keep_alive = old ? header_has(head, "Connection", "keep-alive")
			      : !header_has(head, "Connection", "close");
	return PARSE_REQUEST;
}

size_t protocol_http_answer(const struct http_request *r, char *buf, size_t size)
{
	int n = snprintf(buf, size,
			 "HTTP/1.1 200 OK\r\nServer: twbench\r\nContent-Type: text/plain\r\n"
			 "Content-Length: %lld\r\nConnection: %s\r\n\r\n",
			 (long long)r->reply_bytes, r->keep_alive ? "keep-alive" : "close");

	return (size_t)n;
}
