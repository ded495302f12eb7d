/*
 * main: from the first word to its command.  The only place that prints an error or chooses an exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/err.h"
#include "base/num.h"
#include "base/version.h"
#include "bench/command_table.h"

static void usage(FILE *out)
{
	fprintf(out, "twbench measures what closing a TCP connection costs: who holds TIME_WAIT, how many, how "
		     "long.\n\nusage: twbench COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < commands_count; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\n  twbench help COMMAND tells more.  twbench run needs no arguments and no root.\n");
}

static int unknown_command(const char *word)
{
	const char *names[COMMANDS_MAX], *near;

	for (size_t i = 0; i < commands_count; i++)
		names[i] = commands[i]->name;
	near = num_nearest(word, names, commands_count, sizeof(names[0]));
	fprintf(stderr, "twbench: unknown command '%s'", word);
	if (near)
		fprintf(stderr, " (did you mean '%s'?)", near);
	fprintf(stderr, "\n");
	return EXIT_USAGE;
}

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < commands_count; i++)
		if (strcmp(word, commands[i]->name) == 0)
			return commands[i];
	return NULL;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct err err = { .text = "" };
	struct args args;
	int code = args_parse(&args, c, argc, argv, &err);

	if (code == 1) {
		command_help(c, stdout);
		return EXIT_PASS;
	}
	if (code == 0)
		code = c->run(&args, &err);
	if (code < 0) {
		fprintf(stderr, "twbench %s: %s\n", c->name, err.text);
		return err_exit_status(code);
	}
	return code;
}

/* A full disk or a closed pipe on stdout must not look like success. */
static int flush_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE)
		fprintf(stderr, "twbench: cannot write standard output: %s\n", strerror(errno));
	return status == EXIT_PASS ? EXIT_INTERNAL : status;
}

/* No file may get the number of a stream that was closed; what is written there still fails. */
static void hold_standard_streams(void)
{
	static const int wrong_way[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", wrong_way[fd]); /* the lowest number that is free */
}

/* `help`, `help COMMAND`, `--help` and `-h`. */
static int help(const char *word)
{
	const struct command *c = word ? find_command(word) : NULL;

	if (word && !c)
		return unknown_command(word);
	if (c)
		command_help(c, stdout);
	else
		usage(stdout);
	return flush_stdout(EXIT_PASS);
}

int main(int argc, char **argv)
{
	const struct command *c;

	hold_standard_streams();
	(void)signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error to report, not to die of */
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return help(argv[2]);
	if (strcmp(argv[1], "--version") == 0) {
		printf("twbench %s%s%s\n", version_text, version_commit[0] ? " " : "", version_commit);
		return flush_stdout(EXIT_PASS);
	}
	c = find_command(argv[1]);
	return c ? flush_stdout(run_command(c, argc, argv)) : unknown_command(argv[1]);
}
