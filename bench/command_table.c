#include "bench/command_table.h"

#include "base/commands.h"

const struct command *const commands[] = {
	&command_run,   &command_check,  &command_compare, &command_analyze,
	&command_lint,  &command_report, &command_plot,    &command_load,
	&command_serve, &command_list,   &command_doctor,
};
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);
_Static_assert(sizeof(commands) / sizeof(commands[0]) <= COMMANDS_MAX, "names fit into an array");
