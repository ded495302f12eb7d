/*
 * Any bytes are either refused with one line, or read; and what was read survives writing and
 * reading: write(read(write(x))) = write(x).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/record.h"

int fuzz_record(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *record_text(const struct record *r, size_t *ret_size)
{
	char *text = NULL;
	FILE *mem = open_memstream(&text, ret_size);

	if (!mem)
		abort();
	if (!record_write(r, mem) || fclose(mem) != 0)
		abort();
	return text;
}

static int record_from(const char *text, size_t size, struct record *r)
{
	struct err err = { .text = "" };
	json *root = json_parse_columns(text, size, "cases.repeats.series", &err);
	int rc = root ? record_parse(r, root, &err) : -1;

	json_free(root);
	if (rc < 0 && (err.text[0] == '\0' || strchr(err.text, '\n')))
		abort();
	return rc;
}

int fuzz_record(const uint8_t *data, size_t size)
{
	size_t once_size, twice_size;
	char *once, *twice;
	struct record r, again;

	if (record_from((const char *)data, size, &r) < 0)
		return 0;
	once = record_text(&r, &once_size);
	record_release(&r);
	if (record_from(once, once_size, &again) < 0)
		abort();
	twice = record_text(&again, &twice_size);
	record_release(&again);
	if (once_size != twice_size || memcmp(once, twice, once_size) != 0)
		abort();
	free(once);
	free(twice);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_record(data, size);
}
