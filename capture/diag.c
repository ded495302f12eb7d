#include "capture/diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"

/* An errno at the head of a message's payload: of NLMSG_ERROR, and of NLMSG_DONE if it has one. */
static int payload_errno(const uint8_t *payload, size_t size)
{
	int32_t code;

	if (size < sizeof(code))
		return 0;
	memcpy(&code, payload, sizeof(code));
	return code < 0 && code > -4096 ? -code : 0;
}

static enum diag_status bad(struct diag_sink *sink, int error)
{
	sink->error = error;
	return DIAG_BAD;
}

static enum diag_status parse_socket(const uint8_t *payload, size_t size, struct diag_sink *sink)
{
	struct inet_diag_msg m;
	struct diag_socket s;

	if (size < sizeof(m))
		return bad(sink, EBADMSG);
	memcpy(&m, payload, sizeof(m));
	if (m.idiag_family != AF_INET && m.idiag_family != AF_INET6)
		return bad(sink, EBADMSG);
	s = (struct diag_socket){ .family = m.idiag_family == AF_INET ? 4 : 6,
				  .state = m.idiag_state,
				  .timer = m.idiag_timer,
				  .sport = ntohs(m.id.idiag_sport),
				  .dport = ntohs(m.id.idiag_dport),
				  .expires_ms = m.idiag_expires,
				  .inode = m.idiag_inode };
	sink->fn(sink->arg, &s);
	return DIAG_MORE;
}

static enum diag_status parse_message(const struct nlmsghdr *h, const uint8_t *payload,
				      struct diag_sink *sink)
{
	size_t size = h->nlmsg_len - sizeof(*h);
	int error;

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		sink->interrupted = true;
	switch (h->nlmsg_type) {
	case NLMSG_NOOP:
		return DIAG_MORE;
	case NLMSG_DONE:
		error = payload_errno(payload, size);
		return error ? bad(sink, error) : DIAG_DONE;
	case NLMSG_ERROR:
		/* We ask for no acknowledgement, so one without an errno contradicts too. */
		error = payload_errno(payload, size);
		return bad(sink, error ? error : EBADMSG);
	case SOCK_DIAG_BY_FAMILY:
	case TCPDIAG_GETSOCK:
		return parse_socket(payload, size, sink);
	default:
		return bad(sink, EBADMSG);
	}
}

enum diag_status diag_parse(const uint8_t *bytes, size_t size, struct diag_sink *sink)
{
	enum diag_status status = DIAG_MORE;

	while (size > 0 && status == DIAG_MORE) {
		struct nlmsghdr h;
		size_t step;

		if (size < sizeof(h))
			return bad(sink, EBADMSG);
		memcpy(&h, bytes, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size)
			return bad(sink, EBADMSG);
		status = parse_message(&h, bytes + sizeof(h), sink);
		/* nlmsg_len <= size, so rounding it up in 64 bits cannot wrap; the last message of
		 * a buffer need not be padded. */
		step = ((size_t)h.nlmsg_len + NLMSG_ALIGNTO - 1) & ~(size_t)(NLMSG_ALIGNTO - 1);
		if (step > size)
			step = size;
		bytes += step;
		size -= step;
	}
	return status;
}

int diag_open(struct err *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0)
		return fd;
	if (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT)
		return err_set(err, -ENOTSUP, "this kernel has no sock_diag (CONFIG_INET_DIAG)");
	return err_errno(err, "open a sock_diag socket");
}

static int ask(int fd, const void *request, size_t size, struct err *err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	do
		n = sendto(fd, request, size, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
			   sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_errno(err, "ask for a socket dump") : 0;
}

int diag_request(int fd, int family, uint32_t states, struct err *err)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
	} q = { .h = { .nlmsg_len = sizeof(q),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.r = { .sdiag_family = family == 4 ? AF_INET : AF_INET6,
		       .sdiag_protocol = IPPROTO_TCP,
		       .idiag_states = states } };

	return ask(fd, &q, sizeof(q), err);
}

int diag_request_all(int fd, uint32_t states, struct err *err)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req r;
	} q = { .h = { .nlmsg_len = sizeof(q),
		       .nlmsg_type = TCPDIAG_GETSOCK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.r = { .idiag_states = states } };

	return ask(fd, &q, sizeof(q), err);
}

/* One piece from the kernel: its size, or negative errno. */
static ssize_t receive_piece(int fd, uint8_t *buf, size_t size, int flags)
{
	for (;;) {
		struct sockaddr_nl from;
		socklen_t from_size = sizeof(from);
		ssize_t n = recvfrom(fd, buf, size, flags | MSG_TRUNC, (struct sockaddr *)&from,
				     &from_size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from_size != sizeof(from) || from.nl_pid != 0)
			continue; /* another process wrote to us */
		return (size_t)n > size ? -EMSGSIZE : n;
	}
}

/* Read away what is left of a dump that failed, lest the next one begin with it. */
static void drain(int fd, uint8_t *buf, size_t size)
{
	ssize_t n;

	do
		n = receive_piece(fd, buf, size, MSG_DONTWAIT);
	while (n >= 0 || n == -EMSGSIZE);
}

int diag_dump(int fd, uint32_t states, diag_socket_fn *fn, void *arg, bool *ret_interrupted,
	      struct err *err)
{
	struct diag_sink sink = { .fn = fn, .arg = arg };
	uint8_t buf[DIAG_PIECE_BYTES];
	enum diag_status status;
	ssize_t n;
	int r = diag_request_all(fd, states, err);

	if (r < 0)
		return r;
	do {
		n = receive_piece(fd, buf, sizeof(buf), 0);
		if (n < 0)
			sink.error = (int)-n;
		status = n < 0 ? DIAG_BAD : diag_parse(buf, (size_t)n, &sink);
	} while (status == DIAG_MORE);
	if (status == DIAG_DONE) {
		*ret_interrupted = sink.interrupted;
		return 0;
	}
	drain(fd, buf, sizeof(buf));
	return err_set(err, -sink.error, "cannot dump sockets: %s", strerror(sink.error));
}
