#include <stdio.h>

#include "base/version.h"

int main(void)
{
	printf("twbench %s\n", version_text);
	return 0;
}
