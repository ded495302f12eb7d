/*
 * Print a made-up run.json: five strategies, all witnesses in agreement, TIME_WAIT drained.
 * With "schema" or "fields": what base/record makes of its table instead.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/reconcile.h"
#include "tests/sample_record.h"

static void print_sample(void)
{
	struct record r;

	sample_record(&r, 2);
	(void)reconcile_record(&r); /* fills the checks and what is derived */
	(void)record_write(&r, stdout);
	record_release(&r);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		print_sample();
	else if (strcmp(argv[1], "schema") == 0)
		record_write_schema(stdout);
	else if (strcmp(argv[1], "fields") == 0)
		record_write_fields_md(stdout);
	else
		return 2;
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
