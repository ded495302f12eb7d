#include "bench/null_witness.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "capture/sniffer.h"
#include "capture/sniffer_tap.h"

#define BURSTS       9
#define DATAGRAMS    128 /* of one burst: few enough for every queue on the way */
#define BYTES        20  /* a short request */
#define BUFFER_BYTES (2 << 20)
#define SNAPLEN      134

static int compare(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static int64_t median_ns(int fd, const struct sockaddr *to, socklen_t size)
{
	static const char request[BYTES];
	int64_t cost_ns[BURSTS];

	for (int i = 0; i < BURSTS; i++) {
		int64_t begin_ns = mono_thread_cpu_now_ns();

		for (int n = 0; n < DATAGRAMS; n++) /* one that is refused has cost as much */
			(void)!sendto(fd, request, sizeof(request), MSG_DONTWAIT | MSG_NOSIGNAL, to,
				      size);
		cost_ns[i] = (mono_thread_cpu_now_ns() - begin_ns) / DATAGRAMS;
	}
	qsort(cost_ns, BURSTS, sizeof(cost_ns[0]), compare);
	return cost_ns[BURSTS / 2];
}

int null_witness_measure(const struct lab *lab, int64_t *ret_unwatched_ns, int64_t *ret_watched_ns,
			 struct err *err)
{
	struct tap_options o = { .interface = lab->interface[SIDE_CLIENT],
				 .snaplen = SNAPLEN,
				 .buffer_bytes = BUFFER_BYTES,
				 .filter = SNIFFER_NO_FILTER,
				 .filter_is_ours = true,
				 .small = true };
	struct endpoint to = lab->server;
	struct sockaddr_storage sa;
	struct tap *tap = NULL;
	int64_t unwatched_ns;
	socklen_t size;
	int fd, code;

	to.port = SNIFFER_CANARY_PORT;
	size = endpoint_to_sockaddr(&to, &sa);
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, "make a datagram socket");
	unwatched_ns = median_ns(fd, (struct sockaddr *)&sa, size);
	code = tap_open(&o, &tap, err);
	if (code == 0) {
		*ret_unwatched_ns = unwatched_ns;
		*ret_watched_ns = median_ns(fd, (struct sockaddr *)&sa, size);
	}
	tap_close(tap);
	(void)close(fd); /* a datagram socket: nothing pends */
	return code;
}
