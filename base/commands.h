/* commands: the entry points that main.c's table names. */
#ifndef TWBENCH_BASE_COMMANDS_H
#define TWBENCH_BASE_COMMANDS_H

#include "base/cmd.h"

extern const struct command command_run;
extern const struct command command_serve;
extern const struct command command_load;
extern const struct command command_analyze;
extern const struct command command_report;
extern const struct command command_plot;
extern const struct command command_lint;
extern const struct command command_list;
extern const struct command command_doctor;
extern const struct command command_compare;
extern const struct command command_check;

#endif
