#include "analysis/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"

#define STATUS_NO_PROGRAM 127

/* In the child: only calls that are safe after fork() in a process with threads. */
static void child_exec(int dirfd, const char *const argv[], int said_fd)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(said_fd, STDOUT_FILENO) < 0 ||
	    dup2(said_fd, STDERR_FILENO) < 0 || fchdir(dirfd) < 0)
		_exit(126);
	/* execvp wants char *const[] and changes nothing. */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? STATUS_NO_PROGRAM : 126);
}

/* Collect what it says until its end or the deadline.  Returns 0 or -ETIMEDOUT. */
static int listen_until_exit(int said_fd, int pidfd, int64_t deadline_ns, char *said, size_t size)
{
	struct pollfd fds[2] = { { .fd = said_fd, .events = POLLIN },
				 { .fd = pidfd, .events = POLLIN } };
	size_t used = 0;

	for (;;) {
		int64_t left_ms = (deadline_ns - mono_now_ns()) / NS_PER_MS;
		char drop[512];
		ssize_t n;

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents) {
			bool room = used + 1 < size;

			n = read(said_fd, room ? said + used : drop,
				 room ? size - 1 - used : sizeof(drop));
			if (n > 0 && room)
				used += (size_t)n;
			if (n <= 0)
				fds[0].fd = -1;
			said[used] = '\0';
			continue;
		}
		if (fds[1].revents)
			return 0;
	}
}

static int status_of(int wstatus, const char *said, struct err *err)
{
	if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0)
		return 0;
	if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == STATUS_NO_PROGRAM)
		return err_set(err, -ENOENT, "gnuplot is not in PATH");
	if (WIFSIGNALED(wstatus))
		return err_set(err, -EIO, "gnuplot was killed by signal %d", WTERMSIG(wstatus));
	return err_set(err, -EIO, "gnuplot exited %d: %.*s", WEXITSTATUS(wstatus),
		       (int)strcspn(said + strspn(said, "\n "), "\n"), said + strspn(said, "\n "));
}

int gnuplot_run(int dirfd, const char *const argv[], int limit_ms, char *said, size_t size,
		struct err *err)
{
	int64_t deadline_ns = mono_now_ns() + limit_ms * NS_PER_MS;
	int pipe_fd[2] = { -1, -1 }, pidfd = -1, wstatus = 0, status;
	pid_t pid = -1;

	said[0] = '\0';
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_errno(err, "make a pipe for gnuplot");
	pid = fork();
	if (pid < 0) {
		status = err_errno(err, "start gnuplot");
		goto out;
	}
	if (pid == 0)
		child_exec(dirfd, argv, pipe_fd[1]);
	(void)close(pipe_fd[1]); /* so that its end is the end of the pipe */
	pipe_fd[1] = -1;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	status = pidfd < 0 ? -errno : listen_until_exit(pipe_fd[0], pidfd, deadline_ns, said, size);
	if (status < 0)
		(void)kill(pid, SIGKILL); /* it may just have ended by itself */
	while (waitpid(pid, &wstatus, 0) < 0 && errno == EINTR)
		;
	if (status == -ETIMEDOUT)
		(void)err_set(err, status, "gnuplot took over %d ms and was killed", limit_ms);
	else if (status < 0)
		(void)err_set(err, status, "cannot watch gnuplot: %s", strerror(-status));
	else
		status = status_of(wstatus, said, err);
out:
	if (pidfd >= 0)
		(void)close(pidfd);
	if (pipe_fd[1] >= 0)
		(void)close(pipe_fd[1]);
	(void)close(pipe_fd[0]);
	return status;
}
