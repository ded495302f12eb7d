/* --fix: only what changes nothing but noise, and never in place. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/lint.h"
#include "base/err.h"

#define BACKUPS_MAX 100

/* --- the new contents ---------------------------------------------------------------------------- */

/* The findings of one line: from `at` on, up to what is returned.  They are in order of file and line. */
static size_t line_end(const struct lint *l, size_t at)
{
	size_t end = at + 1;

	while (end < l->count && l->finding[end].file == l->finding[at].file &&
	       l->finding[end].line == l->finding[at].line)
		end++;
	return end;
}

/* One a line: a line that is a comment afterwards needs no other. */
static const struct lint_finding *fix_of_line(const struct lint *l, size_t at)
{
	const struct lint_finding *best = NULL;

	for (size_t i = at; i < line_end(l, at); i++) {
		const struct lint_finding *f = &l->finding[i];

		if (f->line && f->fix != LINT_FIX_NONE &&
		    (!best || f->fix == LINT_FIX_COMMENT_OUT))
			best = f;
	}
	return best;
}

/* The first finding of `file`, or l->count. */
static size_t first_of_file(const struct lint *l, const struct conf_file *file)
{
	size_t at = 0;

	while (at < l->count && l->finding[at].file != file)
		at++;
	return at;
}

/* `text` without its newline. */
static void write_fixed(const struct lint_finding *f, const char *text, size_t len, FILE *out)
{
	size_t blank = 0, at;

	switch (f->fix) {
	case LINT_FIX_NONE:
		break;
	case LINT_FIX_COMMENT_OUT:
		fprintf(out, "# twbench %s: %s\n#%.*s", f->rule->id, f->rule->summary, (int)len,
			text);
		return;
	case LINT_FIX_MOVE_COMMENT:
		for (at = 0; at < len && text[at] != '='; at++)
			;
		while (at < len && text[at] != '#' && text[at] != ';')
			at++;
		for (blank = at; blank > 0 && strchr(" \t", text[blank - 1]); blank--)
			;
		fprintf(out, "%.*s\n%.*s", (int)(len - at), text + at, (int)blank, text);
		return;
	case LINT_FIX_JOIN_DASH:
		for (at = 0; at < len && text[at] != '-'; at++)
			;
		for (blank = at + 1; blank < len && strchr(" \t", text[blank]); blank++)
			;
		fprintf(out, "%.*s%.*s", (int)at + 1, text, (int)(len - blank), text + blank);
		return;
	}
	fprintf(out, "%.*s", (int)len, text);
}

/* 0 when there is nothing to mend. */
static size_t make_contents(struct lint *l, const struct conf_file *file, FILE *out)
{
	const char *p = file->source, *end = file->source + file->size;
	size_t fixes = 0, at = first_of_file(l, file);

	for (int number = 1; p < end; number++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((newline ? newline : end) - p);
		const struct lint_finding *f = NULL;

		while (at < l->count && l->finding[at].file == file &&
		       (!l->finding[at].line || l->finding[at].line->number < number))
			at = line_end(l, at);
		if (at < l->count && l->finding[at].file == file &&
		    l->finding[at].line->number == number)
			f = fix_of_line(l, at);

		if (f) {
			write_fixed(f, p, len, out);
			fixes++;
		} else if (len > 0) {
			(void)fwrite(p, 1, len, out);
		}
		if (newline)
			(void)fputc('\n', out);
		p = newline ? newline + 1 : end;
	}
	return fixes;
}

/* --- replacing the file -------------------------------------------------------------------------- */

static int check_unchanged(const struct conf_file *file, const char *path, struct stat *st,
			   struct err *err)
{
	char *now = malloc(file->size + 1);
	FILE *in = fopen(path, "re");
	int r = 0;

	if (!now || !in)
		r = err_errno(err, "read '%.128s' again", path);
	else if (fstat(fileno(in), st) < 0 || !S_ISREG(st->st_mode) ||
		 fread(now, 1, file->size + 1, in) != file->size ||
		 memcmp(now, file->source, file->size) != 0)
		r = err_set(err, -EINVAL, "'%.128s' changed while it was looked at; not fixed",
			    path);
	if (in)
		(void)fclose(in); /* only read from */
	free(now);
	return r;
}

static int write_beside(const char *path, const char *text, size_t size, const struct stat *st,
			char **ret_beside, struct err *err)
{
	char *beside = NULL;
	FILE *out = NULL;
	int fd = -1, r = 0;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		r = err_errno(err, "create a file beside '%.128s'", path);
		free(beside);
		return r;
	}
	/* A file of root's that root mends stays root's; others could not give it away. */
	if (fchown(fd, st->st_uid, st->st_gid) < 0 && errno != EPERM)
		r = err_errno(err, "set the owner of '%.128s'", beside);
	if (r == 0 && fchmod(fd, st->st_mode & 07777) < 0)
		r = err_errno(err, "set the mode of '%.128s'", beside);
	out = r == 0 ? fdopen(fd, "w") : NULL;
	if (!out) {
		r = r ? r : err_errno(err, "write '%.128s'", beside);
		(void)close(fd); /* nothing was written */
	} else {
		(void)fwrite(text, 1, size, out);
		if (fflush(out) != 0 || fsync(fd) < 0)
			r = err_errno(err, "write '%.128s'", beside);
		if (fclose(out) != 0 && r == 0)
			r = err_errno(err, "write '%.128s'", beside);
	}
	if (r < 0) {
		(void)unlink(beside); /* it is of no use */
		free(beside);
		return r;
	}
	*ret_beside = beside;
	return 0;
}

/* A second name for the old contents; one that is there is never taken. */
static int keep_backup(const char *path, char **ret_backup, struct err *err)
{
	for (int i = 0; i < BACKUPS_MAX; i++) {
		char *backup = NULL;
		int n = i == 0 ? asprintf(&backup, "%s.bak", path)
			       : asprintf(&backup, "%s.bak.%d", path, i);

		if (n < 0)
			return err_set(err, -ENOMEM, "out of memory");
		if (link(path, backup) == 0) {
			*ret_backup = backup;
			return 0;
		}
		free(backup);
		if (errno != EEXIST)
			return err_errno(err, "keep the old '%.128s'", path);
	}
	return err_set(err, -EEXIST, "'%.128s' has %d backups already", path, BACKUPS_MAX);
}

static int replace(const struct conf_file *file, const char *text, size_t size, char **ret_backup,
		   struct err *err)
{
	char *real = realpath(file->path, NULL), *beside = NULL; /* a link stays a link */
	struct stat st;
	int r;

	if (!real)
		return err_errno(err, "find '%.128s'", file->path);
	r = check_unchanged(file, real, &st, err);
	if (r == 0)
		r = write_beside(real, text, size, &st, &beside, err);
	if (r == 0)
		r = keep_backup(real, ret_backup, err);
	if (r == 0 && rename(beside, real) < 0)
		r = err_errno(err, "replace '%.128s'", real);
	if (r < 0 && beside)
		(void)unlink(beside); /* it is of no use */
	free(beside);
	free(real);
	return r;
}

static void mark_fixed(struct lint *l, const struct conf_file *file)
{
	size_t at = first_of_file(l, file), end;

	for (; at < l->count && l->finding[at].file == file; at = end) {
		const struct lint_finding *by = fix_of_line(l, at);

		/* Whatever else was wrong with a line that is a comment now is gone as well. */
		end = line_end(l, at);
		for (size_t i = at; by && i < end; i++)
			l->finding[i].fixed =
				by == &l->finding[i] || by->fix == LINT_FIX_COMMENT_OUT;
	}
}

static int fix_file(struct lint *l, const struct conf_file *file, FILE *out, struct err *err)
{
	char *text = NULL, *backup = NULL;
	size_t size = 0, fixes;
	FILE *memory = open_memstream(&text, &size);
	int r = 0;

	if (!memory)
		return err_set(err, -ENOMEM, "out of memory");
	fixes = make_contents(l, file, memory);
	if (fclose(memory) != 0)
		r = err_set(err, -ENOMEM, "out of memory");
	if (r == 0 && fixes > 0)
		r = replace(file, text, size, &backup, err);
	if (r == 0 && fixes > 0) {
		mark_fixed(l, file);
		fprintf(out, "%s: %zu line%s mended; the old file is %s\n", file->path, fixes,
			fixes == 1 ? "" : "s", backup);
	}
	free(backup);
	free(text);
	return r;
}

int lint_fix(struct lint *l, FILE *out, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->set->count; i++)
		if (l->set->file[i]->kind == CONF_SYSCTL_D && !l->set->file[i]->masked_by &&
		    strcmp(l->set->file[i]->path, "-") != 0)
			r = fix_file(l, l->set->file[i], out, err);
	return r;
}
