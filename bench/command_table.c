#include "bench/command_table.h"

#include "base/commands.h"

const struct command *const commands[] = {
	&command_run,     &command_serve, &command_load, &command_report, &command_plot,
	&command_compare, &command_lint,  &command_list,  &command_doctor,
};
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);
_Static_assert(sizeof(commands) / sizeof(commands[0]) <= COMMANDS_MAX, "names fit into an array");
