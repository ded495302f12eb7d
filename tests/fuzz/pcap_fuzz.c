/* A whole capture file, through libpcap: reading it ends in a report or an error. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "capture/sniffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *arg, const struct flow *f)
{
	(void)f;
	++*(uint64_t *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t flows = 0;
	struct flow_options o = { .max_flows = 16, .done = count, .arg = &flows };
	struct sniffer_report r;
	struct err err;
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size && sniffer_read_file(path, &o, &r, &err) == 0) {
		assert(r.flow.flows == flows && r.flow.segments == r.tcp_packets);
		assert(r.tcp_packets + r.udp_packets + r.undecodable <= r.packets);
	}
	(void)close(fd);
	return 0;
}
