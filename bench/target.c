#include "bench/target.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/num.h"

int target_resolve(const char *text, struct endpoint *ret, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found = NULL;
	struct sockaddr_storage sa = { 0 };
	const char *colon = strrchr(text, ':');
	char host[256];
	size_t size;
	int64_t port;
	int code;

	if (!colon || colon == text)
		return err_set(err, -EINVAL, "'%s' is not HOST:PORT", text);
	code = num_parse_int(colon + 1, 1, 65535, &port, err);
	if (code != 0) {
		err_wrap(err, "'%s': port", text);
		return code;
	}
	size = (size_t)(colon - text);
	if (text[0] == '[' && colon[-1] == ']') {
		text++;
		size -= 2;
	}
	if (size == 0 || size >= sizeof(host))
		return err_set(err, -EINVAL, "'%s' is not HOST:PORT", text);
	memcpy(host, text, size);
	host[size] = '\0';
	code = getaddrinfo(host, NULL, &hints, &found);
	if (code != 0)
		return err_set(err, -EINVAL, "cannot resolve '%s': %s", host, gai_strerror(code));
	memcpy(&sa, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	if (endpoint_from_sockaddr(&sa, ret) != 0)
		return err_set(err, -EINVAL, "'%s' has no IP address", host);
	ret->port = (uint16_t)port;
	return 0;
}
