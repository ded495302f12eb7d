/* Print a made-up run.json: five strategies, all witnesses in agreement, TIME_WAIT drained. */
#include <stdio.h>

#include "tests/sample_record.h"

int main(void)
{
	struct record r;

	sample_record(&r, 2);
	record_write(&r, stdout);
	record_release(&r);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
