#include "analysis/report.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/html.h"
#include "analysis/say.h"
#include "tests/sample_record.h"
#include "tests/test.h"

#define HOSTILE "a|b<script>alert(1)</script>\033[31m*x*`'\"&lt;"

enum format { TEXT, TEXT_COLOUR, TEXT_ASCII, MARKDOWN, HTML };

/* The report as text; free it. */
static char *render(const struct record *r, enum format format)
{
	struct report_style style = { .colour = format == TEXT_COLOUR,
				      .unicode = format != TEXT_ASCII };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	if (format == MARKDOWN)
		report_markdown(r, f);
	else if (format == HTML)
		report_html(r, "/nonexistent", NULL, 0, f);
	else
		report_text(r, &style, f);
	if (fclose(f) != 0)
		abort();
	return text;
}

static bool has(const char *text, const char *part)
{
	if (!strstr(text, part))
		printf("# lacks '%s'\n", part);
	return strstr(text, part) != NULL;
}

/* Characters in the longest line. */
static int widest(const char *text)
{
	int most = 0, now = 0;

	for (; *text; text++) {
		now = *text == '\n' ? 0 : now + (((unsigned char)*text & 0xc0) != 0x80);
		most = now > most ? now : most;
	}
	return most;
}

static bool ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* What reconciliation would have derived. */
static void derive(struct record *r)
{
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++)
			for (int s = 0; s < SIDE_COUNT; s++) {
				struct record_time_wait *w = &r->cases[i].repeat[j].time_wait[s];
				bool holds =
					sides_has(r->cases[i].declared.time_wait, (enum side)s);

				w->lifetime_n = holds ? 1600 : 0;
				w->lifetime_min_ns = 60010 * NS_PER_MS;
				w->lifetime_mean_ns = 61020 * NS_PER_MS;
				w->lifetime_max_ns = 62040 * NS_PER_MS;
				w->lifetime_resolution_ns = 100 * NS_PER_MS;
			}
}

static void add_check(struct record_repeat *rep, int64_t left, int64_t right, bool skipped)
{
	struct record_check *k = &rep->check[rep->check_count++];

	*k = (struct record_check){ .name = "connections: ledger = capture",
				    .left_what = "attempts",
				    .right_what = "SYNs",
				    .left = left,
				    .right = right,
				    .agrees = left == right,
				    .skipped = skipped };
}

static char *render_columns(const struct record *r, int columns)
{
	struct report_style style = { .unicode = true, .columns = columns };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	report_text(r, &style, f);
	if (fclose(f) != 0)
		abort();
	return text;
}

/* "28 232" on two lines would be two numbers. */
static bool breaks_number(const struct record *r, int columns)
{
	char *text = render_columns(r, columns);
	bool broken;

	broken = strstr(text, " 28\n") || widest(text) > columns;
	free(text);
	return broken;
}

static void test_plain(struct record *r)
{
	static const char *const lines[] = {
		"twbench 0.1.0 \u00b7 Linux ",
		"client-fin   1 600       0  client ",
		"server-fin       0   1 600  server ",
		"client-rst       0       0  nobody ",
		"n/a (n=1600)",
		"orderly-3",
		"\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588",
		"TIME_WAIT lasted 60.0\u201362.0 s (n=4 800, mean 61.0 s, each known to 0.1 s).",
		"Left with TIME_WAIT: the client after client-fin",
		"the server after server-fin",
		"Left alone, one lasts 60.0\u201362.0 s.",
		"2.048 s at HZ=250",
		"All 1 checks in 5 repeats agree; 1 could not be made. Nothing was lost.",
		"Watching took ",
		"(300 ns a packet, by a",
		"\nagain: twbench run",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	};
	char *text;

	add_check(&r->cases[0].repeat[0], 1600, 1600, false);
	add_check(&r->cases[0].repeat[0], 1600, RECORD_NONE, true);
	text = render(r, TEXT);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ok(has(text, lines[i]), "text: %.60s",
		   lines[i][0] == '\n' ? lines[i] + 1 : lines[i]);
	ok(widest(text) <= 100, "no line is wider than 100 (%d)", widest(text));
	for (int columns = 60; columns < 100; columns++)
		ok(!breaks_number(r, columns), "%d columns: no line ends within a number", columns);
	ok(!strchr(text, '\033'), "without colour no escape");
	free(text);
	text = render(r, TEXT_COLOUR);
	ok(strstr(text, "\033[0m") != NULL, "with colour there are some");
	free(text);
	text = render(r, TEXT_ASCII);
	ok(ascii(text) && has(text, ".:-=+*#@"), "a terminal without Unicode gets ASCII");
	ok(widest(text) <= 100, "... no wider");
	free(text);
}

/* Columns go before names that could be told apart no more. */
static void test_long_names(void)
{
	static const char *const keys[] = { "tcp_tw_reuse", "tcp_timestamps", "tcp_keepalive" };
	struct record r;
	char *text, row[64];

	sample_record(&r, 1);
	derive(&r);
	for (size_t i = 0; i < 3; i++)
		(void)snprintf(r.cases[i].name, sizeof(r.cases[i].name), "%s.client-fin", keys[i]);
	text = render_columns(&r, 80);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(row, sizeof(row), "\n%s.client-fin ", keys[i]);
		ok(has(text, row), "80 columns: the row of %s.client-fin", keys[i]);
	}
	free(text);
	record_release(&r);
}

static void test_trouble(struct record *r)
{
	struct record_repeat *rep = &r->cases[0].repeat[0];
	char said[] = "{ \"exhaustion_expected\": true }", *kept = r->cases[0].params, *text;

	rep->check[0].right = 1598;
	rep->check[0].agrees = false;
	rep->ledger.by_outcome[OUTCOME_OK] -= 300;
	rep->ledger.by_outcome[OUTCOME_NO_PORT] = 300;
	rep->ledger.first_no_port_ns = 6500 * NS_PER_MS;
	rep->ledger.first_no_port_nth = 1300;
	rep->errno_count = 1;
	rep->errnos[0] = (struct record_errno){ EADDRNOTAVAIL, 300, "EADDRNOTAVAIL" };
	text = render(r, TEXT);
	ok(has(text, "1 of 1 checks disagree: the run is not trustworthy"),
	   "a disagreement is told");
	ok(has(text, "no port left at 6.50 s, after 1 300 connections (EADDRNOTAVAIL)"),
	   "exhaustion: when, after how many, errno");
	ok(has(text, "Not as declared\n  ! client-fin: 1 300 ok, 300 no_port; repeat 1: 300 EADDRNOTAVAIL"),
	   "outcomes are broken down");
	ok(has(text, "     300  orderly-3"), "errors stand in the table");
	free(text);
	r->cases[0].params = said;
	text = render(r, TEXT);
	ok(has(text, "  - client-fin, repeat 1: no port left") && has(text, "Failed, as the scenario expects\n  - client-fin: 1 300 ok, 300 no_port; repeat 1: 300 EADDR") &&
		   !has(text, "Not as declared"), "nothing is wrong with what was expected");
	free(text);
	r->cases[0].params = kept;
	text = render(r, MARKDOWN);
	ok(has(text, "1 600 (attempts) against 1 598 (SYNs), off by 2, tolerance 0"),
	   "a disagreement is sized");
	free(text);
}

/* What a busy machine does to the numbers is told; what it does not, is not. */
static void test_busy(struct record *r)
{
	struct record_repeat *rep = &r->cases[0].repeat[0];
	char *text;

	rep->ledger.late_starts = 80; /* 5 % of 1600 */
	rep->ledger.late_max_ns = 40 * NS_PER_MS;
	rep->time_wait[SIDE_CLIENT].lifetime_max_ns = 62300 * NS_PER_MS;
	text = render(r, TEXT);
	ok(!has(text, "A busy machine"), "a few late starts are not worth a word");
	ok(has(text, "! What was measured lies outside that: 60.01 to 62.30 s, known to 0.1 s."),
	   "a lifetime that the kernel's constants do not explain is told");
	free(text);
	rep->ledger.late_starts = 81;
	for (int64_t i = 0; i < rep->witness_count; i++)
		if (rep->witness[i].max_gap_ns != RECORD_NONE)
			rep->witness[i].max_gap_ns = 570 * NS_PER_MS;
	text = render(r, TEXT);
	ok(has(text, "In 1 of 5 cases more than 5 % of the requests began over 1 ms late, at the worst 0.04 s"),
	   "more of them are");
	ok(has(text, "each known to 0.57 s") && !strstr(text, "lies outside that"),
	   "a lifetime is known no better than the longest gap between samples");
	free(text);
	rep->time_wait[SIDE_CLIENT].lifetime_max_ns = 62040 * NS_PER_MS;
}

/* A case of a sweep, with a name that no table has room for. */
static void add_swept(struct record *r, const char *strategy, int rate, int last_port)
{
	struct record_case *c = record_add_case(r);

	if (!c)
		abort();
	(void)snprintf(c->strategy, sizeof(c->strategy), "%s", strategy);
	(void)snprintf(c->summary, sizeof(c->summary), "as %s does", strategy);
	(void)snprintf(c->name, sizeof(c->name),
		       "%s.rate=%d.clients=1000.ip_local_port_range=32768-%d.tcp_timestamps=1", strategy,
		       rate, last_port);
}

/* What is the same for many cases is said once, and rows that differ can be told apart. */
static void test_sweep(void)
{
	struct record r;
	char *text, strategy[32];

	record_init(&r);
	for (int i = 0; i < 8; i++)
		add_swept(&r, "client-fin", 100 + 100 * (i / 2), i % 2 ? 33067 : 32867);
	for (int i = 0; i < 3; i++)
		add_swept(&r, "half-close", 100 * i, 32867);
	text = render(&r, TEXT);
	ok(has(text, "Left with TIME_WAIT: not watched after client-fin (8 cases), half-close (3 cases)."),
	   "many cases are counted by strategy");
	ok(has(text, "- client-fin (8 cases): as client-fin does"), "so are those with one meaning");
	ok(has(text, "- half-close.rate=0.clients=1000.ip_local_port_range=32768-32867.tcp_timestamps=1,"),
	   "... three are named");
	ok(has(text, "\nclient-fin.rate=100.ip_") && has(text, "=32768-33067 ") &&
		   !has(text, "#"), "the row leaves out what all share");
	ok(widest(text) <= 100, "... and is no wider than the terminal");
	free(text);
	text = render_columns(&r, 60);
	ok(has(text, "\nclient-fin.ra\u2026=100.ip\u2026=32768\u2026#2 "),
	   "60 columns: the number of the case, at last");
	free(text);
	for (int i = 0; i < 9; i++) {
		(void)snprintf(strategy, sizeof(strategy), "strategy-%d", i);
		add_swept(&r, strategy, 1, 32867);
	}
	text = render(&r, TEXT);
	ok(has(text, "strategy-5 (1 case)") && has(text, "and 3 more"), "not all of hundreds by name");
	free(text);
	record_release(&r);
}

static void test_seed(struct record *r)
{
	char *text = render(r, TEXT);

	ok(!strstr(text, "140"), "the thread is quoted for its own scenario only");
	free(text);
	free(r->scenario_name);
	r->scenario_name = strdup("seed");
	r->cases[0].clients = 5;
	text = render(r, TEXT);
	ok(has(text, "piling up >140"), "scenario seed quotes the thread");
	ok(has(text, "client-fin: 1 600 at 42 s (client)"), "... beside what was there at 42 s");
	ok(has(text, "200.00/s \u00d7 61.0 s = 12 204"), "... and what the rate makes of it");
	ok(!strstr(text, "client-rst: 0 at 42 s (both ends); from 62 s on 0\u20130; rate"),
	   "... but not where nothing waits");
	ok(has(text, "10.00/s \u00d7 61.0 s = 610"), "... nor more than there are connections");
	ok(has(text, "35 000 is 140 \u00d7 50 \u00d7 5"), "... and mends its sum");
	free(text);
}

/* Cells of each table row, by unescaped bars, as the head has. */
static bool table_is_square(const char *md)
{
	int cells = 0;

	for (const char *line = strstr(md, "\n|"); line && line[1] == '|';
	     line = strchr(line + 1, '\n')) {
		int bars = 0;

		for (const char *p = line + 1; *p && *p != '\n'; p++)
			bars += *p == '|' && p[-1] != '\\';
		if (cells && bars != cells)
			return false;
		cells = bars;
	}
	return cells > 0;
}

/* Indented code shows what it holds as it is. */
static void drop_code(char *md)
{
	char *to = md;

	for (const char *line = md; *line;) {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n';
		if (strncmp(line, "    ", 4) != 0) {
			memmove(to, line, length);
			to += length;
		}
		line += length;
	}
	*to = '\0';
}

static void test_hostile(struct record *r)
{
	char *text;

	(void)snprintf(r->cases[0].name, sizeof(r->cases[0].name), "%s", HOSTILE);
	(void)snprintf(r->cases[1].name, sizeof(r->cases[1].name), "\xff\xfe %0100d", 0);
	(void)snprintf(r->cases[2].summary, sizeof(r->cases[2].summary),
		       "<b>\n# no heading\n| no | cell");
	free(r->scenario_name);
	r->scenario_name = strdup("<img src=x onerror=alert(1)>");
	text = render(r, TEXT);
	ok(!strchr(text, '\033') && !strstr(text, "\xff"), "text: no escape, no malformed byte");
	ok(widest(text) <= 100, "text: a long name does not widen it (%d)", widest(text));
	free(text);
	text = render(r, MARKDOWN);
	drop_code(text);
	ok(!strstr(text, "<script") && !strstr(text, "<img") && !strstr(text, "<b>"),
	   "markdown: no tag");
	ok(table_is_square(text), "markdown: a bar in a name makes no cell");
	ok(!strstr(text, "\n# no heading"), "markdown: a line's end in a name makes no heading");
	free(text);
	text = render(r, HTML);
	ok(!strstr(text, "<script") && !strstr(text, "<img") && !strstr(text, "<b>\n"),
	   "html: no tag");
	ok(has(text, "a|b&lt;script&gt;alert(1)&lt;/script&gt;?[31m*x*`&#39;&quot;&amp;lt;"),
	   "html: escaped");
	free(text);
}

static void test_markdown(struct record *r)
{
	char *text = render(r, MARKDOWN);

	ok(has(text, "| client-fin | 1 600 | 0 | client | "), "markdown: a row");
	ok(has(text, "\n## How long TIME_WAIT lasted\n\nTIME_WAIT lasted 60.0"),
	   "markdown: a section");
	ok(has(text, "\n\n    twbench run"), "markdown: the command as code");
	ok(has(text, "; 28 232 ports last for 455 connections/s, 462 at most\n"),
	   "markdown: what the lifetime makes of the ports");
	free(text);
}

static void test_html(struct record *r)
{
	char *text = render(r, HTML);

	ok(strncmp(text, "<!DOCTYPE html>", 15) == 0 && has(text, "</html>\n"),
	   "html: a whole page");
	ok(!strstr(text, "<script") && !strstr(text, "src=") && !strstr(text, "http://") &&
		   !strstr(text, "https://"),
	   "html: nothing from elsewhere");
	ok(has(text, "prefers-color-scheme:dark"), "html: light and dark");
	ok(has(text, "net.ipv4.tcp_tw_reuse"), "html: sysctls");
	free(text);
}

static void test_svg(void)
{
	static const char svg[] =
		"<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 9 9\"><title>gnuplot_plot_1</title>"
		"<path id='gpDot' fill='rgb( 27,  31,  36)' stroke='#D55E00' color='rgb(1, 2, 3)'/>"
		"<use xlink:href='#gpDot'/><rect fill=\"url(#gpDot)\"/>"
		"<text fill='#ffffff'>id='a' rgb( 27,  31,  36) #d55e00</text></svg>\n";
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	html_svg(f, svg, sizeof(svg) - 1, "tw", "a \"graph\"");
	(void)fclose(f);
	is_str(text,
	       "<svg role=\"img\" aria-label=\"a &quot;graph&quot;\" viewBox=\"0 0 9 9\">"
	       "<path id='tw-gpDot' fill='var(--g-ink)' stroke='var(--g-c1)' color='rgb(1, 2, 3)'/>"
	       "<use xlink:href='#tw-gpDot'/><rect fill=\"url(#tw-gpDot)\"/>"
	       "<text fill='var(--g-paper)'>id='a' rgb( 27,  31,  36) #d55e00</text></svg>\n",
	       "svg: ids get a prefix, colours of the light theme become variables, text stays");
	free(text);
	text = NULL;
	f = open_memstream(&text, &size);
	for (size_t n = 0; n < sizeof(svg); n++)
		html_svg(f, svg, n, "tw", "cut");
	(void)fclose(f);
	ok(text != NULL, "svg: cut anywhere it stays within its bytes");
	free(text);
}

static void test_command(struct record *r)
{
	static const char *const words[] = { "twbench", "run", "it's", "a b", "" };
	char buf[256], small[12];

	for (size_t i = 0; i < r->argc; i++)
		free(r->argv[i]);
	free(r->argv);
	r->argc = sizeof(words) / sizeof(words[0]);
	r->argv = calloc(r->argc, sizeof(*r->argv));
	for (size_t i = 0; i < r->argc; i++)
		r->argv[i] = strdup(words[i]);
	is_str(say_command(r, buf, sizeof(buf)), "twbench run 'it'\\''s' 'a b' ''",
	       "the command is quoted for a shell");
	ok(strlen(say_command(r, small, sizeof(small))) < sizeof(small), "... within its room");
}

static void test_empty(void)
{
	struct record r;

	record_init(&r);
	for (int f = TEXT; f <= HTML; f++) {
		char *text = render(&r, (enum format)f);

		ok(text[0] != '\0', "a record that knows nothing still makes a report (%d)", f);
		free(text);
	}
	/* A repeat that failed before anything was seen: all unknown. */
	if (!record_add_case(&r) || !record_add_repeat(&r.cases[0]))
		abort();
	free(r.scenario_name);
	r.scenario_name = strdup("seed");
	for (int f = TEXT; f <= HTML; f++) {
		char *text = render(&r, (enum format)f);

		ok(!strstr(text, "9223372036854775808") && !strstr(text, "9 223 372"),
		   "... and so does a repeat in which all is unknown (%d)", f);
		free(text);
	}
	record_release(&r);
}

int main(void)
{
	struct record r;

	sample_record(&r, 1);
	derive(&r);
	test_plain(&r);
	test_markdown(&r);
	test_html(&r);
	test_busy(&r);
	test_trouble(&r);
	test_seed(&r);
	test_hostile(&r);
	test_command(&r);
	record_release(&r);
	test_svg();
	test_sweep();
	test_long_names();
	test_empty();
	return test_done();
}
