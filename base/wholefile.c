#include "base/wholefile.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/err.h"

int wholefile_open(struct wholefile *f, const char *dir, const char *name, struct err *err)
{
	(void)snprintf(f->path, sizeof(f->path), "%.900s/%.100s", dir, name);
	(void)snprintf(f->temporary, sizeof(f->temporary), "%s.tmp", f->path);
	f->out = fopen(f->temporary, "we");
	return f->out ? 0 : err_errno(err, "write '%s'", f->path);
}

int wholefile_close(struct wholefile *f, struct err *err)
{
	bool bad = ferror(f->out) || fflush(f->out) != 0;
	int code;

	if (fclose(f->out) == 0 && !bad && rename(f->temporary, f->path) == 0)
		return 0;
	errno = errno ? errno : EIO;
	code = err_errno(err, "write '%s'", f->path);
	(void)unlink(f->temporary); /* it is ours and of no use */
	return code;
}
