#include "bench/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/json.h"

#define READ_BYTES 65536
#define WITNESS_NICE (-10)
#define RESULT_MAX ((size_t)1 << 30)

/* --- the child ------------------------------------------------------------------------------- */

static void write_result(const struct record_repeat *r, int code, const struct err *err, int fd)
{
	FILE *out = fdopen(fd, "w");
	struct jsonw w;

	if (!out)
		_exit(EXIT_FAILURE);
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_key(&w, "code");
	jsonw_int(&w, code);
	jsonw_key(&w, "error");
	jsonw_string(&w, code ? err->text : NULL);
	jsonw_key(&w, "repeat");
	record_repeat_write(r, &w);
	jsonw_object_end(&w);
	jsonw_end(&w);
	_exit(fclose(out) == 0 && !w.broken ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void child(struct cell_options *o, int64_t repeat, int fd)
{
	struct case_spec drawn = *o->spec;
	struct record_repeat r;
	struct err err = { .text = "" };
	int code;

	/* Ctrl-C reaches the whole process group; the parent says what it means. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	/* Witnesses before ends, where we may; the ends' threads give it up (mono_thread_plain_priority). */
	(void)setpriority(PRIO_PROCESS, 0, WITNESS_NICE);
	record_repeat_init(&r);
	r.index = repeat;
	drawn.seed += repeat - 1; /* repeats that drew alike would be one, told again and again */
	o->spec = &drawn;
	code = cell_run(o, &r, &err);
	write_result(&r, code, &err, fd);
}

/* --- the parent ------------------------------------------------------------------------------ */

int worker_start(struct worker *w, const struct cell_options *o, struct err *err)
{
	struct cell_options mine = *o;
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return err_errno(err, "make a pipe");
	mine.parent_pid = getpid();
	mine.shared = w->shared;
	*w->shared = (struct cell_shared){ 0 };
	w->pid = fork();
	if (w->pid < 0) {
		int code = err_errno(err, "fork");

		w->pid = 0;
		(void)close(pipe_fd[0]); /* nothing was written */
		(void)close(pipe_fd[1]);
		return code;
	}
	if (w->pid == 0) {
		(void)close(pipe_fd[0]); /* the parent's end */
		child(&mine, w->repeat, pipe_fd[1]);
	}
	(void)close(pipe_fd[1]); /* the child's end */
	w->fd = pipe_fd[0];
	w->size = 0;
	return 0;
}

int worker_read(struct worker *w)
{
	ssize_t n;

	if (w->capacity - w->size < READ_BYTES) {
		size_t capacity = w->capacity ? w->capacity * 2 : (size_t)4 * READ_BYTES;
		char *more = capacity <= RESULT_MAX ? realloc(w->text, capacity) : NULL;

		if (!more)
			return -ENOMEM;
		w->text = more;
		w->capacity = capacity;
	}
	n = read(w->fd, w->text + w->size, w->capacity - w->size);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	w->size += (size_t)n;
	if (n > 0)
		return 0;
	(void)close(w->fd); /* read to the end */
	w->fd = -1;
	return 1;
}

static int parse_result(const struct worker *w, struct record_repeat *ret, struct err *err)
{
	json *root = json_parse(w->text, w->size, err);
	struct record_repeat got;
	int64_t code = -EIO;
	const char *text;

	if (!root)
		return -EIO;
	if (!json_int(json_get(root, "code"), &code)) {
		code = err_set(err, -EIO, "no result");
	} else if (code != 0) {
		text = json_string(json_get(root, "error"));
		err_set(err, (int)code, "%s", text ? text : "unknown error");
	} else if (record_repeat_parse(&got, json_get(root, "repeat"), err) != 0) {
		code = -EIO;
	} else {
		record_repeat_release(ret);
		*ret = got;
	}
	json_free(root);
	return (int)code;
}

static void release(struct worker *w)
{
	if (w->fd >= 0)
		(void)close(w->fd); /* only read from */
	w->fd = -1;
	free(w->text);
	w->text = NULL;
	w->size = w->capacity = 0;
	w->pid = 0;
}

int worker_finish(struct worker *w, struct record_repeat *ret, struct err *err)
{
	int status = 0, code;

	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFSIGNALED(status))
		code = err_set(err, -EIO, "a lab's process was killed by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != EXIT_SUCCESS)
		code = err_set(err, -EIO, "a lab's process ended without a result");
	else
		code = parse_result(w, ret, err);
	release(w);
	return code;
}
