#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture/counters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is parsed is sorted, found again by name, and refused when it comes twice. */
static void check_pairs(const char *text)
{
	struct counter_set s = { 0 };
	struct err err;

	if (counter_parse_pairs(text, &s, &err) == 0) {
		size_t count = s.count;

		for (size_t i = 0; i < count; i++) {
			assert(i == 0 || strcmp(s.item[i - 1].name, s.item[i].name) < 0);
			assert(counter_get(&s, s.item[i].name) == s.item[i].value);
		}
		assert((counter_parse_pairs(text, &s, &err) == 0) == (count == 0));
		assert(s.count == count);
	}
	counter_set_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_pairs(text);
	(void)counter_parse_sockstat(text, "TCP:", "tw");
	(void)counter_parse_pair(text, "Tcp:", "InSegs");
	free(text);
	return 0;
}
