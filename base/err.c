#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Input is quoted in many a message: one fault is one line, and never an escape sequence. */
static void no_controls(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	no_controls(err->text);
	err->at = NULL;
	return code;
}

int err_errno(struct err *err, const char *fmt, ...)
{
	int saved = errno ? errno : EIO;
	char what[sizeof(err->text) / 2];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(err, -saved, "cannot %s: %s", what, strerror(saved));
}

void err_wrap(struct err *err, const char *fmt, ...)
{
	char context[sizeof(err->text) / 2];
	char old[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	memcpy(old, err->text, sizeof(old));
	(void)snprintf(err->text, sizeof(err->text), "%s: %.*s", context,
		       (int)(sizeof(err->text) - strlen(context) - 3), old);
	no_controls(err->text);
}

void err_at(struct err *err, const void *part)
{
	if (!err->at)
		err->at = part;
}

int err_exit_status(int code)
{
	switch (code) {
	case 0:
		return 0;
	case -EINVAL:
		return 2;
	case -EPERM:
	case -ENOTSUP:
		return 4;
	default:
		return 5;
	}
}
