/* hostinfo: what machine and kernel a run was made on, for the record. */
#ifndef TWBENCH_BENCH_HOSTINFO_H
#define TWBENCH_BENCH_HOSTINFO_H

#include <stdint.h>

#include "base/record.h"

/* Fill what can be read (uname, /proc, /sys, /etc/os-release); the rest stays unknown. */
void hostinfo_read(struct record_host *ret, int64_t config_hz);

#endif
