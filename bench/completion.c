#include "bench/completion.h"

#include <string.h>

#include "base/cmd.h"
#include "bench/command_table.h"
#include "bench/scenario.h"

/* What follows an option is decided by its row: choices, words of a scenario key, a directory. */

static const char head[] =
	"# bash completion for twbench; made by `twbench list completion`\n"
	"\n"
	"# The words in $1 that go on with $2.  After a comma the next one of a list begins.\n"
	"_twbench_words() {\n"
	"	local before=\n"
	"	[[ $2 == *,* ]] && before=${2%,*},\n"
	"	mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- \"${2##*,}\")\n"
	"}\n"
	"\n"
	"# Directories, and the files that the pattern $1 does not exclude, after what is there.\n"
	"_twbench_files() {\n"
	"	compopt -o filenames\n"
	"	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(\n"
	"		compgen -d -- \"$2\"\n"
	"		compgen -f -X \"$1\" -- \"$2\"\n"
	"	)\n"
	"}\n"
	"\n"
	"_twbench() {\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"	COMPREPLY=()\n"
	"	if [[ $cur == = ]]; then\n"
	"		cur=\n"
	"	elif [[ $prev == = ]]; then\n"
	"		prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"	fi\n"
	"	# The value in --set KEY=VALUE.\n"
	"	[[ $COMP_LINE == *=\"$cur\" && $prev != -* ]] && return\n"
	"	if ((COMP_CWORD == 1)); then\n"
	"		_twbench_words '";

static const char middle[] = " help --help --version' \"$cur\"\n"
			     "		return\n"
			     "	fi\n"
			     "	case ${COMP_WORDS[1]}:$prev in\n";

static const char rest[] = "	esac\n"
			   "	case ${COMP_WORDS[1]}:$cur in\n";

static const char tail[] = "	esac\n"
			   "}\n"
			   "\n"
			   "complete -F _twbench twbench\n";

static void print_choices(const char *arg, FILE *out)
{
	for (; *arg; arg++)
		fprintf(out, "%c", *arg == '|' ? ' ' : *arg);
}

static void print_keys(FILE *out)
{
	const char *path;

	for (size_t i = 0; (path = scenario_key_path(i)) != NULL; i++)
		fprintf(out, "%s%s%s", i ? " " : "", path,
			strcmp(path, "tuning.sysctl") == 0 ? "." : "=");
}

static void print_value(const struct opt *o, FILE *out)
{
	const char *word;

	if (strchr(o->arg, '|')) {
		fprintf(out, "_twbench_words '");
		print_choices(o->arg, out);
		fprintf(out, "' \"$cur\"; ");
	} else if (o->key && scenario_key_word(o->key, 0)) {
		fprintf(out, "_twbench_words '");
		for (size_t i = 0; (word = scenario_key_word(o->key, i)) != NULL; i++)
			fprintf(out, "%s%s", i ? " " : "", word);
		fprintf(out, "' \"$cur\"; ");
	} else if (strcmp(o->name, "set") == 0) {
		fprintf(out, "compopt -o nospace; _twbench_words '");
		print_keys(out);
		fprintf(out, "' \"$cur\"; ");
	} else if (strcmp(o->arg, "FILE") == 0) {
		fprintf(out, "_twbench_files '' \"$cur\"; ");
	} else if (strcmp(o->arg, "DIR") == 0) {
		fprintf(out, "_twbench_files '*' \"$cur\"; ");
	}
	fprintf(out, "return ;;\n");
}

static void print_values(const struct command *c, FILE *out)
{
	for (const struct opt *o = c->opts; o && o->name; o++) {
		if (!o->arg)
			continue;
		fprintf(out, "	%s:--%s", c->name, o->name);
		if (o->letter)
			fprintf(out, " | %s:-%c", c->name, o->letter);
		fprintf(out, ") ");
		print_value(o, out);
	}
}

/* What the words of a command name, and the pattern of the files to leave out. */
static const struct {
	const char *arg, *exclude;
} files[] = { { "SCENARIO", "!*.json" }, { "RUN", "!*.json" }, { "FILE", "" } };

static void print_words(const struct command *c, FILE *out)
{
	fprintf(out, "	%s:-*) _twbench_words '", c->name);
	for (const struct opt *o = c->opts; o && o->name; o++)
		fprintf(out, "--%s ", o->name);
	fprintf(out, "--help' \"$cur\" ;;\n	%s:*) ", c->name);
	if (c->words) {
		fprintf(out, "_twbench_words '");
		c->words(out);
		fprintf(out, "' \"$cur\"; ");
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strstr(c->args, files[i].arg)) {
			fprintf(out, "_twbench_files '%s' \"$cur\"; ", files[i].exclude);
			break;
		}
	fprintf(out, "return ;;\n");
}

void completion_write_bash(FILE *out)
{
	fprintf(out, "%s", head);
	for (size_t i = 0; i < commands_count; i++)
		fprintf(out, "%s%s", i ? " " : "", commands[i]->name);
	fprintf(out, "%s", middle);
	for (size_t i = 0; i < commands_count; i++)
		print_values(commands[i], out);
	fprintf(out, "%s", rest);
	for (size_t i = 0; i < commands_count; i++)
		print_words(commands[i], out);
	fprintf(out, "%s", tail);
}
