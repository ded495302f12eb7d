#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(void *arg, const struct diag_socket *s)
{
	size_t *seen = arg;

	assert(s->family == 4 || s->family == 6);
	++*seen;
}

/* Every socket takes at least a header and a message of the input; a fault has an errno. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t seen = 0;
	struct diag_sink sink = { .fn = see, .arg = &seen };
	enum diag_status status = diag_parse(data, size, &sink);

	assert(seen <= size / 88);
	assert((status == DIAG_BAD) == (sink.error > 0));
	return 0;
}
