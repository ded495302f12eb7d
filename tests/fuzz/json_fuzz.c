/*
 * Any bytes as JSON: refused with a place, or read; what was read is written, and that text must
 * read and write to itself.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"

int fuzz_json(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *written(json *root, size_t *ret_size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);
	struct jsonw w;

	if (!out)
		abort();
	jsonw_init(&w, out);
	jsonw_node(&w, root);
	jsonw_end(&w);
	(void)fclose(out); /* a stream in memory */
	return text;
}

int fuzz_json(const uint8_t *data, size_t size)
{
	struct err err = { .text = "" };
	json *root = json_parse((const char *)data, size, &err), *again;
	char *text, *second;
	size_t text_size, second_size;

	if (!root) {
		if (strncmp(err.text, "line ", 5) != 0)
			abort();
		return 0;
	}
	text = written(root, &text_size);
	again = json_parse(text, text_size, &err);
	if (!again)
		abort();
	second = written(again, &second_size);
	if (text_size != second_size || memcmp(text, second, text_size) != 0)
		abort();
	free(second);
	free(text);
	json_free(again);
	json_free(root);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_json(data, size);
}
