/* command_table: every command of the program, in the order of the help. */
#ifndef TWBENCH_BENCH_COMMAND_TABLE_H
#define TWBENCH_BENCH_COMMAND_TABLE_H

#include <stddef.h>

#include "base/cmd.h"

#define COMMANDS_MAX 32
extern const struct command *const commands[];
extern const size_t commands_count;

#endif
