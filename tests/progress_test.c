/* What a person at a terminal is told while it runs. */
#include "bench/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mono.h"
#include "tests/test.h"

#define REDRAW_NS   (100 * NS_PER_MS)
#define PATIENCE_MS 5000

/* Draw once with standard error on a terminal, and give what arrived there, by and by, up to the end of
 * the last line. */
static const char *drawn(struct progress *p, const struct progress_row *row, size_t rows, size_t done,
			 int terminal, char *text, size_t size)
{
	size_t got = 0;
	ssize_t n = 1;

	mono_sleep_until(mono_now_ns() + REDRAW_NS); /* it draws no more often */
	progress_show(p, row, rows, done, 2);
	for (text[0] = '\0'; n > 0 && !strstr(text, "in the fullest lab"); text[got] = '\0') {
		struct pollfd there = { .fd = terminal, .events = POLLIN };

		n = poll(&there, 1, PATIENCE_MS) == 1 ? read(terminal, text + got, size - 1 - got) : 0;
		got += n > 0 ? (size_t)n : 0;
	}
	return text;
}

int main(void)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), side = -1, old = dup(STDERR_FILENO);
	struct plan plan = { .wall_ns = 10 * NS_PER_S };
	struct plan_case item = { .rate_per_s = 100 };
	struct cell_shared lab[2] = { 0 };
	struct progress_row row = { .name = "b", .plan = &item, .repeat = 1, .shared = &lab[1] };
	struct progress *p;
	char text[4096];

	if (terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
		side = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (side < 0 || old < 0 || setenv("TERM", "xterm", 1) != 0 || setenv("NO_COLOR", "1", 1) != 0 ||
	    dup2(side, STDERR_FILENO) < 0) {
		ok(false, "a terminal to draw on");
		return test_done();
	}
	p = progress_new(&plan, false);
	SHARED_SET(lab[0].attempted, 1600);
	SHARED_SET(lab[0].failed, 3);
	SHARED_SET(lab[1].attempted, 40);
	SHARED_SET(lab[1].time_wait[SIDE_CLIENT], 38);
	progress_lab_done(p, &lab[0]);
	(void)drawn(p, &row, 1, 1, terminal, text, sizeof(text));
	(void)dup2(old, STDERR_FILENO);
	ok(strstr(text, "1 of 2 done, 1 running"), "labs that are done and that run");
	ok(strstr(text, "connections 1 640"), "connections of the labs that are done are still counted");
	ok(strstr(text, "failed 3"), "... and those that failed");
	ok(strstr(text, "client 38"), "TIME_WAIT is that of the labs that run");
	ok(!strstr(text, "\033[31m"), "NO_COLOR is honoured");
	progress_free(p);
	(void)close(side);
	(void)close(terminal);
	return test_done();
}
