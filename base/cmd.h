/*
 * cmd: commands, their options, and the help that is made from both tables.
 *
 * A command returns an exit status (0 to 5, 130, 143) or a negative errno with *err set, which
 * main() prints as "twbench <command>: <text>".  A command's result goes to stdout, all else to stderr.
 */
#ifndef TWBENCH_BASE_CMD_H
#define TWBENCH_BASE_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct args;

/* Exit statuses: the whole list. */
enum exit_status {
	EXIT_PASS = 0,
	EXIT_EXPECTATION = 1,
	EXIT_USAGE = 2,
	EXIT_UNTRUSTWORTHY = 3,
	EXIT_SKIPPED = 4,
	EXIT_INTERNAL = 5,
	EXIT_SIGINT = 130,
	EXIT_SIGTERM = 143
};

struct opt {
	const char *name;   /* "rate" */
	char letter;        /* 'r', or 0 */
	const char *arg;    /* "N/s"; "fin|rst": one of these words; NULL: a flag */
	const char *key;    /* the scenario key it sets, or NULL */
	const char *help;   /* one line, default included */
};

struct command {
	const char *name, *args, *summary;
	int (*run)(const struct args *a, struct err *err);
	const struct opt *opts; /* ends with a NULL name */
	const char *more;       /* further help text, or NULL */
	void (*words)(FILE *out); /* words that may be given, one per line; NULL: none are known */
};

#define ARGS_MAX 64
struct args {
	const struct command *command;
	struct {
		const struct opt *opt;
		const char *value; /* "" for a flag */
	} given[ARGS_MAX];
	int given_count;
	char *const *rest; /* what is no option */
	int rest_count;
	int argc;
	char *const *argv; /* the whole command line */
};

/* Parse argv[1..] after the command's name.  0; 1 when --help was given; -EINVAL with *err. */
int args_parse(struct args *a, const struct command *c, int argc, char **argv, struct err *err);

/* The last value given for `name`, or NULL.  "" for a flag that was given. */
const char *args_get(const struct args *a, const char *name);
bool args_has(const struct args *a, const char *name);

/* Its value as a number or a duration within bounds; *value stays without it.  0, or -EINVAL with *err. */
int args_int(const struct args *a, const char *name, int64_t min, int64_t max, int64_t *value,
	     struct err *err);
int args_duration(const struct args *a, const char *name, int64_t min_ns, int64_t max_ns, int64_t *value,
		  struct err *err);

/* `twbench <command> --help`. */
void command_help(const struct command *c, FILE *out);

/* Every exit status with its meaning: "0  pass", one per line. */
void exit_status_list(FILE *out);

#endif
