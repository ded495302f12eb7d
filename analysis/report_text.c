#include "analysis/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/digest.h"
#include "analysis/labels.h"
#include "analysis/report_chart.h"
#include "analysis/say.h"
#include "base/utf8.h"

#define COLUMNS_DEFAULT   100
#define WIRE_COLUMNS_MIN  12 /* "on the wire" and a little */
#define NAME_COLUMNS_MIN  8
#define CASE_COLUMNS_MIN  24 /* in the table; more, up to ... */
#define CASE_COLUMNS_NEED 48 /* ... this, where it takes more to tell the cases apart */
#define CHART_COLUMNS_MAX 72

struct text {
	FILE *out;
	struct report_style style;
	int columns;
};

/* --- characters ------------------------------------------------------------------------------------ */

/* What an ASCII terminal shows in place of the signs our sentences use. */
static const struct {
	const char *sign, *ascii;
} plain_signs[] = {
	{ "\u2013", "-" }, { "\u00d7", "x" }, { "\u00b7", "|" },
	{ "\u00b5", "u" }, { "\u2026", "~" },
};

/* One character at `p` to the terminal.  Names come from a file: control characters and malformed text
 * must not reach it.  Returns its bytes. */
static size_t put_character(const struct text *t, const char *p)
{
	size_t length = utf8_length(p, strlen(p));

	if (length == 0 || (unsigned char)*p < ' ' || *p == 127) {
		(void)fputc('?', t->out);
		return 1;
	}
	if (length == 1 || t->style.unicode) {
		(void)fwrite(p, 1, length, t->out);
		return length;
	}
	for (size_t i = 0; i < sizeof(plain_signs) / sizeof(plain_signs[0]); i++)
		if (strncmp(p, plain_signs[i].sign, length) == 0) {
			(void)fputs(plain_signs[i].ascii, t->out);
			return length;
		}
	(void)fputc('?', t->out);
	return length;
}

static int text_width(const char *s)
{
	return (int)utf8_chars(s);
}

/* Put `n` characters; returns what follows them. */
static const char *put_some(const struct text *t, const char *s, int n)
{
	while (*s && n-- > 0)
		s += put_character(t, s);
	return s;
}

/* At most `width` characters.  A longer text loses its middle: names of cases differ at their ends.
 * Returns how many. */
static int put_text(const struct text *t, const char *s, int width)
{
	int all = text_width(s), head = (width - 1) / 3;

	if (all <= width) {
		(void)put_some(t, s, all);
		return all;
	}
	if (width <= 0)
		return 0;
	s = put_some(t, s, head);
	(void)put_character(t, "\u2026");
	for (int skip = all - width + 1; skip > 0; skip--)
		do
			s++;
		while (((unsigned char)*s & 0xc0) == 0x80);
	(void)put_some(t, s, width);
	return width;
}

static void put_blanks(const struct text *t, int n)
{
	for (; n > 0; n--)
		(void)fputc(' ', t->out);
}

static void put_left(const struct text *t, const char *s, int width)
{
	put_blanks(t, width - put_text(t, s, width));
}

static void put_right(const struct text *t, const char *s, int width)
{
	put_blanks(t, width - text_width(s));
	(void)put_text(t, s, width);
}

static void colour_on(const struct text *t, const char *code)
{
	if (t->style.colour)
		(void)fprintf(t->out, "\033[%sm", code);
}

static void colour_off(const struct text *t)
{
	if (t->style.colour)
		(void)fputs("\033[0m", t->out);
}

/* --- sentences ------------------------------------------------------------------------------------- */

/* A blank that groups digits: "1 600". */
static bool within_number(const char *s, size_t i)
{
	return i > 0 && s[i - 1] >= '0' && s[i - 1] <= '9' && s[i + 1] >= '0' && s[i + 1] <= '9';
}

/* Bytes of `s` up to the last blank at or before `width` characters; all if it fits. */
static size_t line_bytes(const char *s, int width)
{
	size_t i = 0, blank = 0;
	int n = 0;

	for (; s[i]; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n++ == width)
			return blank ? blank : i;
		if (s[i] == ' ' && !within_number(s, i))
			blank = i;
	}
	return i;
}

static void put_wrapped(const struct text *t, const char *first, const char *s)
{
	int indent = text_width(first);
	char line[1024];

	(void)put_text(t, first, indent);
	for (;;) {
		size_t length = line_bytes(s, t->columns - indent);

		(void)snprintf(line, sizeof(line), "%.*s", (int)length, s);
		(void)put_text(t, line, t->columns - indent);
		(void)fputc('\n', t->out);
		s += length;
		s += strspn(s, " ");
		if (*s == '\0')
			return;
		put_blanks(t, indent);
	}
}

static void text_line(void *to, enum say_kind kind, const char *s)
{
	static const struct {
		const char *first, *colour;
	} kinds[] = {
		[SAY_HEAD] = { "", "1" },
		[SAY_PLAIN] = { "  ", "" },
		[SAY_POINT] = { "  - ", "" },
		[SAY_BAD] = { "  ! ", "31" },
	};
	const struct text *t = to;

	if (kind == SAY_HEAD)
		(void)fputc('\n', t->out);
	if (kinds[kind].colour[0])
		colour_on(t, kinds[kind].colour);
	put_wrapped(t, kinds[kind].first, s);
	if (kinds[kind].colour[0])
		colour_off(t);
}

static void text_answer(void *to, enum say_kind kind, const char *s)
{
	(void)kind;
	put_wrapped(to, "", s);
}

/* --- table ----------------------------------------------------------------------------------------- */

static void widen(int width[CELL_COUNT], const struct say_row *row)
{
	for (int i = 0; i < CELL_COUNT; i++)
		if (text_width(row->cell[i]) > width[i])
			width[i] = text_width(row->cell[i]);
}

static void put_row(const struct text *t, const int width[CELL_COUNT], const struct say_row *row)
{
	put_left(t, row->cell[CELL_CASE], width[CELL_CASE]);
	for (int i = 1; i < CELL_COUNT; i++) {
		if (width[i] == 0)
			continue; /* left out */
		put_blanks(t, 2);
		if (i == CELL_WIRE)
			(void)put_text(t, row->cell[i], width[i]);
		else if (i == CELL_HOLDER)
			put_left(t, row->cell[i], width[i]);
		else
			put_right(t, row->cell[i], width[i]);
	}
	(void)fputc('\n', t->out);
}

static void put_heads(const struct text *t, const int width[CELL_COUNT])
{
	struct say_row heads;
	int before = width[CELL_CASE] + 2, peaks = width[CELL_CLIENT] + 2 + width[CELL_SERVER];

	put_blanks(t, before);
	put_left(t, "TIME_WAIT peak", peaks);
	put_blanks(t, width[CELL_HOLDER] ? 2 + width[CELL_HOLDER] + 2 : 2);
	(void)put_text(t, t->style.unicode ? "connect to close, \u00b5s" : "connect to close, us",
		       21);
	(void)fputc('\n', t->out);
	for (int i = 0; i < CELL_COUNT; i++)
		(void)snprintf(heads.cell[i], sizeof(heads.cell[i]), "%s", say_heads[i]);
	put_row(t, width, &heads);
}

/* Narrow the classes and the names, then leave columns out, so that the table is no wider than the terminal. */
static void fit_columns(const struct text *t, int need, int width[CELL_COUNT])
{
	static const enum say_cell spare[] = { CELL_P999, CELL_HOLDER, CELL_WIRE, CELL_P99 };
	int others = 0, least = need > CASE_COLUMNS_NEED ? CASE_COLUMNS_NEED : need;

	if (least < CASE_COLUMNS_MIN)
		least = CASE_COLUMNS_MIN;
	if (least > width[CELL_CASE])
		least = width[CELL_CASE];
	for (int i = 1; i < CELL_COUNT; i++)
		others += 2 + width[i];
	while (width[CELL_WIRE] > WIRE_COLUMNS_MIN && others + least > t->columns) {
		width[CELL_WIRE]--;
		others--;
	}
	for (size_t i = 0; i < sizeof(spare) / sizeof(spare[0]) && others + least > t->columns;
	     i++) {
		others -= 2 + width[spare[i]];
		width[spare[i]] = 0;
	}
	if (width[CELL_CASE] > t->columns - others)
		width[CELL_CASE] = t->columns - others;
}

static void put_table(const struct text *t, const struct record *r)
{
	int width[CELL_COUNT];
	struct label *label;
	struct say_row row;

	for (int i = 0; i < CELL_COUNT; i++)
		width[i] = text_width(say_heads[i]);
	for (size_t i = 0; i < r->case_count; i++)
		if (say_row(&r->cases[i], &row) == 0)
			widen(width, &row);
	if (width[CELL_CLIENT] + width[CELL_SERVER] < 12)
		width[CELL_CLIENT] = 12 - width[CELL_SERVER];
	fit_columns(t, (int)labels_need_of_cases(r), width);
	label = labels_of_cases(r, (size_t)width[CELL_CASE]);
	(void)fputc('\n', t->out);
	colour_on(t, "1");
	put_heads(t, width);
	colour_off(t);
	for (size_t i = 0; label && i < r->case_count; i++)
		if (say_row(&r->cases[i], &row) == 0) {
			(void)snprintf(row.cell[CELL_CASE], sizeof(row.cell[0]), "%.*s",
				       (int)sizeof(row.cell[0]) - 1, label[i].text);
			put_row(t, width, &row);
		}
	free(label);
}

/* --- chart ----------------------------------------------------------------------------------------- */

static void put_chart_case(const struct text *t, const struct report_chart *chart, const char *name,
			   int name_width, const struct record_case *c)
{
	static const char *const colours[SIDE_COUNT] = { "33", "34" };
	const struct record_repeat *rep = digest_shown(c);
	char row[3 * CHART_COLUMNS_MAX + 1], peak[32];
	bool named = false;

	if (!rep || rep->series.count == 0)
		return;
	for (int s = 0; s < SIDE_COUNT; s++) {
		if (digest_peak(c, (enum side)s) <= 0)
			continue; /* put_empty() names those where neither end has any */
		put_left(t, named ? "" : name, name_width);
		named = true;
		(void)fputs(s == SIDE_CLIENT ? "  client " : "  server ", t->out);
		colour_on(t, colours[s]);
		(void)fputs(report_chart_row(chart, rep, (enum side)s, row, sizeof(row)), t->out);
		colour_off(t);
		put_right(t, say_count(digest_peak(c, (enum side)s), peak, sizeof(peak)), 8);
		(void)fputc('\n', t->out);
	}
}

/* A line of zeros for each would push the rest off the screen. */
static void put_empty(const struct text *t, const struct record *r)
{
	char text[1024] = "none seen:";
	size_t at = strlen(text), begin = at;

	for (size_t i = 0; i < r->case_count; i++) {
		const struct record_case *c = &r->cases[i];

		if (!digest_shown(c) || digest_peak(c, SIDE_CLIENT) > 0 ||
		    digest_peak(c, SIDE_SERVER) > 0 || at + sizeof(c->name) + 3 > sizeof(text))
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s %s", at > begin ? "," : "",
				       c->name);
	}
	if (at > begin)
		put_wrapped(t, "", text);
}

/* A quarter of the line; up to half where it takes that to tell the cases apart. */
static int chart_name_width(const struct text *t, const struct record *r)
{
	int need = (int)labels_need_of_cases(r);

	if (need <= t->columns / 4)
		return t->columns / 4;
	return need < t->columns / 2 ? need : t->columns / 2;
}

static void put_chart(const struct text *t, const struct record *r)
{
	struct report_chart chart;
	struct label *label;
	char head[128], top[32];
	int name_width = NAME_COLUMNS_MIN, room;

	for (size_t i = 0; i < r->case_count; i++)
		if (text_width(r->cases[i].name) > name_width)
			name_width = text_width(r->cases[i].name);
	if (name_width > t->columns / 4)
		name_width = chart_name_width(t, r);
	room = t->columns - name_width - 9 - 8;
	if (room < 10)
		return;
	report_chart_init(&chart, r, (size_t)(room < CHART_COLUMNS_MAX ? room : CHART_COLUMNS_MAX),
			  t->style.unicode);
	if (chart.span_ns <= 1)
		return;
	(void)snprintf(head, sizeof(head),
		       "TIME_WAIT over time: %.0f s from the start of the load, full height = %s",
		       (double)chart.span_ns / 1e9, say_count(chart.top, top, sizeof(top)));
	text_line((void *)(uintptr_t)t, SAY_HEAD, head);
	label = labels_of_cases(r, (size_t)name_width);
	for (size_t i = 0; label && i < r->case_count; i++)
		put_chart_case(t, &chart, label[i].text, name_width, &r->cases[i]);
	free(label);
	put_empty(t, r);
}

/* --- how to repeat --------------------------------------------------------------------------------- */

/* Where the shell line may be broken: the last blank outside quotes within `width`. */
static size_t command_bytes(const char *s, int width)
{
	size_t blank = 0, i = 0;
	bool quoted = false;

	for (; s[i]; i++) {
		if ((int)i >= width && blank)
			return blank;
		if (s[i] == '\\' && !quoted && s[i + 1])
			i++;
		else if (s[i] == '\'')
			quoted = !quoted;
		else if (s[i] == ' ' && !quoted)
			blank = i;
	}
	return i;
}

static void put_again(const struct text *t, const struct record *r)
{
	char command[8192];
	const char *p = say_command(r, command, sizeof(command));
	int width = t->columns - 7 - 2;

	(void)fputc('\n', t->out);
	while (*p) {
		size_t length = command_bytes(p, width);

		(void)fputs(p == command ? "again: " : "       ", t->out);
		for (size_t i = 0; i < length;)
			i += put_character(t, p + i);
		p += length;
		p += strspn(p, " ");
		(void)fputs(*p ? " \\\n" : "\n", t->out);
	}
	(void)fputs("       scenario ", t->out);
	(void)put_text(t, r->scenario_name ? r->scenario_name : "?", t->columns - 16);
	(void)fputs("\n       sha256   ", t->out);
	(void)put_text(t, r->scenario_sha256 ? r->scenario_sha256 : "unknown", t->columns - 16);
	(void)fputc('\n', t->out);
}

void report_text(const struct record *r, const struct report_style *style, FILE *out)
{
	struct text t = { .out = out, .style = *style };
	char line[640];

	t.columns = style->columns > 0 ? style->columns : COLUMNS_DEFAULT;
	if (t.columns < 60)
		t.columns = 60;
	put_wrapped(&t, "", say_where(r, line, sizeof(line)));
	put_wrapped(&t, "", say_status(r, line, sizeof(line)));
	(void)fputc('\n', out);
	say_answer(r, text_answer, &t);
	if (r->case_count > 0)
		put_table(&t, r);
	put_chart(&t, r);
	say_all(r, text_line, &t);
	put_again(&t, r);
}
