#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/test.h"

static void test_words(void)
{
	struct err err;

	is_int(err_set(&err, -EINVAL, "'%s' is not a %s", "x", "rate"), -EINVAL, "code returned");
	is_str(err.text, "'x' is not a rate", "text set");
	err_wrap(&err, "load.%s", "rate");
	err_wrap(&err, "scenario 'y.json'");
	is_str(err.text, "scenario 'y.json': load.rate: 'x' is not a rate", "wrapped twice");
	errno = ENOENT;
	is_int(err_errno(&err, "open '%s'", "f"), -ENOENT, "errno returned");
	is_str(err.text, "cannot open 'f': No such file or directory", "errno told");
	ok(!err.at, "a new text says nothing of where");
	err_at(&err, &errno);
	err_at(&err, &err);
	err_wrap(&err, "outer");
	ok(err.at == &errno, "the part nearest the fault stays");
	errno = 0;
	ok(err_errno(&err, "do it") < 0, "never 0, even when errno was not set");
}

static void test_one_line(void)
{
	struct err err;

	(void)err_set(&err, -EINVAL, "'%s' is not a rate", "1\n2\033[31m\x7f");
	is_str(err.text, "'1?2?[31m?' is not a rate", "control characters do not reach the terminal");
	err_wrap(&err, "scenario '%s'", "a\tb\nc");
	is_str(err.text, "scenario 'a?b?c': '1?2?[31m?' is not a rate", "nor from the context");
	(void)err_set(&err, -EINVAL, "%s", "f\xc3\xbcr");
	is_str(err.text, "f\xc3\xbcr", "UTF-8 stays");
}

static void test_long(void)
{
	char words[2000];
	struct err err;

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	(void)err_set(&err, -EINVAL, "%s", words);
	is_int(strlen(err.text), sizeof(err.text) - 1, "a long text is cut");
	err_wrap(&err, "context");
	ok(strncmp(err.text, "context: www", 12) == 0, "wrapped at its head");
	is_int(strlen(err.text), sizeof(err.text) - 1, "and cut again");
	err_wrap(&err, "%s", words);
	ok(strlen(err.text) < sizeof(err.text), "a long context too");
}

int main(void)
{
	test_words();
	test_one_line();
	test_long();
	is_int(err_exit_status(0), 0, "0 is success");
	is_int(err_exit_status(-EINVAL), 2, "the user's to mend");
	is_int(err_exit_status(-EPERM), 4, "the environment's");
	is_int(err_exit_status(-ENOTSUP), 4, "the environment's");
	is_int(err_exit_status(-EIO), 5, "ours");
	return test_done();
}
