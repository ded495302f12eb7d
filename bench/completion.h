/*
 * completion: a script that completes the command line in bash, made from the tables of commands,
 * options and scenario keys.
 */
#ifndef TWBENCH_BENCH_COMPLETION_H
#define TWBENCH_BENCH_COMPLETION_H

#include <stdio.h>

/* To be read by bash(1) from share/bash-completion/completions/twbench, or with `source`. */
void completion_write_bash(FILE *out);

#endif
