#include "analysis/plot_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/gnuplot.h"
#include "base/assets.h"
#include "base/err.h"

#define GNUPLOT_LIMIT_MS  30000
#define PICTURE_BYTES_MIN 400 /* less than any whole picture */

int plot_write_part(const char *part, FILE *out)
{
	char path[96];
	const struct asset *a;

	(void)snprintf(path, sizeof(path), "analysis/plots/%s.gp", part);
	a = asset_find(path);
	if (!a)
		return -ENOENT;
	(void)fprintf(out, "\n# ---- %s.gp\n", part);
	(void)fwrite(a->data, 1, a->size, out);
	return 0;
}

int plot_make_dirs(const char *dir, struct err *err)
{
	char path[4096];
	int length = snprintf(path, sizeof(path), "%s", dir);

	if (length <= 0 || (size_t)length >= sizeof(path))
		return err_set(err, -EINVAL, "'%.64s' is no name for a directory", dir);
	for (char *p = path + 1;; p++) {
		char end = *p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return err_errno(err, "make directory '%s'", path);
		*p = end;
		if (end == '\0')
			return 0;
	}
}

FILE *plot_create(int dirfd, const char *name, struct err *err)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f) {
		(void)err_errno(err, "create '%s'", name);
		if (fd >= 0)
			(void)close(fd);
	}
	return f;
}

int plot_finish(FILE *f, const char *name, struct err *err)
{
	bool bad = ferror(f) != 0;

	if (fclose(f) != 0 || bad)
		return err_errno(err, "write '%s'", name);
	return 0;
}

int plot_draw(const char *graph, const char *format, int dirfd, struct err *err)
{
	char name[64], temporary[72], settings[160], script[64], said[1024];
	const char *argv[] = { "gnuplot", "-d", "-e", settings, script, NULL };
	struct stat st;
	int status;

	(void)snprintf(name, sizeof(name), "%s.%s", graph, format);
	(void)snprintf(temporary, sizeof(temporary), ".%s.part", name);
	(void)snprintf(settings, sizeof(settings), "format='%s'; output='%s'", format, temporary);
	(void)snprintf(script, sizeof(script), "%s.gp", graph);
	status = gnuplot_run(dirfd, argv, GNUPLOT_LIMIT_MS, said, sizeof(said), err);
	if (status == 0 && fstatat(dirfd, temporary, &st, 0) < 0)
		status = err_errno(err, "find the picture '%s' that gnuplot made", name);
	if (status == 0 && st.st_size < PICTURE_BYTES_MIN)
		status = err_set(err, -EIO, "gnuplot left only %lld bytes in '%s'",
				 (long long)st.st_size, name);
	if (status == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		status = err_errno(err, "rename '%s' to '%s'", temporary, name);
	if (status < 0) {
		(void)unlinkat(dirfd, temporary, 0); /* may not have been made */
		(void)unlinkat(dirfd, name, 0);      /* one of an earlier run would mislead */
	}
	return status;
}
