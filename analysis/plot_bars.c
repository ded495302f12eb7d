/* The graphs with one bar per case: teardown classes, outcomes, CPU cost. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/plot_sheet.h"
#include "analysis/theme.h"
#include "base/num.h"

#define PARTS_MAX      16
#define BAR_NAME_CHARS 30
#define BAR_PIXELS     600 /* about the length of the longest bar */
#define BAR_CHARS      118 /* characters of a subtitle at 1000 pixels */

/* Stacked bars: value[case][part]. */
struct bars {
	double (*value)[PARTS_MAX];
	size_t cases;
};

static int bars_init(struct bars *b, const struct plot_set *set)
{
	b->cases = set->count;
	b->value = calloc(set->count, sizeof(*b->value));
	return b->value ? 0 : -ENOMEM;
}

static double bar_length(const struct bars *b, size_t i)
{
	double sum = 0;

	for (size_t p = 0; p < PARTS_MAX; p++)
		sum += b->value[i][p];
	return sum;
}

/* What distinguishes the parts that occur: the colour each prefers, if no earlier one has it. */
static void choose_colours(const bool *occurs, const int *prefers, int *ret)
{
	bool taken[THEME_SERIES + 1] = { false };

	for (size_t p = 0; p < PARTS_MAX; p++) {
		ret[p] = 0;
		if (occurs[p] && !taken[prefers[p]])
			taken[ret[p] = prefers[p]] = true;
	}
	for (size_t p = 0; p < PARTS_MAX; p++) {
		if (!occurs[p] || ret[p])
			continue;
		ret[p] = prefers[p];
		for (int c = 1; c <= THEME_SERIES; c++)
			if (!taken[c]) {
				ret[p] = c;
				break;
			}
		taken[ret[p]] = true;
	}
}

/* Write the index of one part: "row from to", rows counted from the top. */
static void write_part(const struct bars *b, struct plot_sheet *s, size_t part, const char *name,
		       double scale, size_t *labels)
{
	plot_data_head(s, "%s: row, from, to", name);
	for (size_t i = 0; i < b->cases; i++) {
		double from = 0, length = b->value[i][part];

		if (length <= 0)
			continue;
		for (size_t q = 0; q < part; q++)
			from += b->value[i][q];
		(void)fprintf(s->data, "%zu %.10g %.10g\n", i + 1, from, from + length);
		if (length / scale * BAR_PIXELS < 7.4 * (double)strlen(name) + 12)
			continue; /* no room for its name */
		plot_item_text(s, "inner", ++*labels, name);
		plot_item_real(s, "inner_part", *labels, (double)part);
		plot_item_real(s, "inner_x", *labels, from + length / 2);
		plot_item_real(s, "inner_y", *labels, (double)(i + 1));
	}
	(void)fputs("\n\n", s->data);
}

/* One index per part that occurs, and what the script must know of it. */
static void write_bars(const struct bars *b, struct plot_sheet *s, const char *const *name,
		       const int *prefers, double scale)
{
	static const char *const arrays[] = { "inner", "inner_part", "inner_x", "inner_y" };
	bool occurs[PARTS_MAX] = { false };
	int colour[PARTS_MAX];
	size_t used = 0, labels = 0;

	for (size_t p = 0; p < PARTS_MAX; p++)
		for (size_t i = 0; i < b->cases; i++)
			occurs[p] |= b->value[i][p] > 0;
	choose_colours(occurs, prefers, colour);
	plot_var_array(s, "part", PARTS_MAX);
	plot_var_array(s, "part_colour", PARTS_MAX);
	plot_var_array(s, "colour_of", PARTS_MAX);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		plot_var_array(s, arrays[i], b->cases * PARTS_MAX);
	for (size_t p = 0; p < PARTS_MAX; p++) {
		if (!occurs[p])
			continue;
		plot_item_text(s, "part", ++used, name[p]);
		plot_item_real(s, "part_colour", used, colour[p]);
		plot_item_real(s, "colour_of", p + 1, colour[p]);
		write_part(b, s, p, name[p], scale, &labels);
	}
	plot_var_real(s, "parts", (double)used);
	plot_var_real(s, "inners", (double)labels);
	plot_var_real(s, "x_end", scale);
}

static void var_bars(const struct plot_set *set, struct plot_sheet *s, const char *x_label,
		     const char *subtitle)
{
	plot_var_real(s, "width", 1000);
	plot_var_text(s, "x_label", x_label);
	plot_var_real(s, "name_chars", (double)plot_var_names(set, s, BAR_NAME_CHARS));
	plot_var_subtitle(s, subtitle, BAR_CHARS);
	plot_var_array(s, "beside", set->count);
}

/* --- teardowns ------------------------------------------------------------------------------------ */

static const int class_colour[PARTS_MAX] = {
	[TEARDOWN_ORDERLY_3] = 2,       [TEARDOWN_ORDERLY_4] = 6,
	[TEARDOWN_HALF_CLOSE] = 4,      [TEARDOWN_SIMULTANEOUS] = 3,
	[TEARDOWN_ABORT] = 1,           [TEARDOWN_ABORT_BY_RESPONDER] = 5,
	[TEARDOWN_RESET_AFTER_FIN] = 5, [TEARDOWN_RESET_AFTER_BOTH_FINS] = 3,
	[TEARDOWN_LATE_DATA_RESET] = 1, [TEARDOWN_FIN_UNANSWERED] = 4,
	[TEARDOWN_REFUSED] = 7,         [TEARDOWN_CONNECT_TIMEOUT] = 7,
	[TEARDOWN_NEVER_CLOSED] = 6,    [TEARDOWN_REUSED_IN_TIME_WAIT] = 5,
	[TEARDOWN_PARTIAL] = 7,
};
_Static_assert(TEARDOWN_CLASS_COUNT <= PARTS_MAX, "a class has no room");

int plot_fill_teardowns(const struct plot_set *set, struct plot_sheet *s)
{
	const char *name[PARTS_MAX] = { 0 };
	int64_t by[TEARDOWN_CLASS_COUNT], all = 0;
	char text[64], grouped[32];
	struct bars b;

	if (bars_init(&b, set) < 0)
		return -ENOMEM;
	for (int p = 0; p < TEARDOWN_CLASS_COUNT; p++)
		name[p] = teardown_class_key((enum teardown_class)p);
	var_bars(
		set, s, "share of the connections captured",
		"Captured connections by the FIN and RST sequence that ended them; n counts them.");
	for (size_t i = 0; i < set->count; i++) {
		int64_t sum = digest_classes(set->item[i].c, by);

		all += sum;
		for (int p = 0; p < TEARDOWN_CLASS_COUNT && sum > 0; p++)
			b.value[i][p] = 100.0 * (double)by[p] / (double)sum;
		(void)snprintf(text, sizeof(text), "n = %s",
			       num_format_grouped(sum, grouped, sizeof(grouped)));
		plot_item_text(s, "beside", i + 1, sum ? text : "no TCP connection captured");
	}
	write_bars(&b, s, name, class_colour, 100);
	free(b.value);
	return all > 0 ? 0 : plot_nothing(s, "no connection was captured");
}

/* --- outcomes -------------------------------------------------------------------------------------- */

static const int outcome_colour[PARTS_MAX] = {
	[OUTCOME_OK] = 2,
	[OUTCOME_REFUSED] = 7,
	[OUTCOME_NO_PORT] = 1,
	[OUTCOME_NO_RESOURCE] = 3,
	[OUTCOME_UNREACHABLE] = 7,
	[OUTCOME_CONNECT_TIMEOUT] = 5,
	[OUTCOME_REPLY_TIMEOUT] = 6,
	[OUTCOME_CLOSE_TIMEOUT] = 6,
	[OUTCOME_RESET_BEFORE_REPLY] = 7,
	[OUTCOME_RESET_IN_REPLY] = 3,
	[OUTCOME_RESET_AFTER_REPLY] = 5,
	[OUTCOME_SHORT_REPLY] = 4,
	[OUTCOME_WRONG_REPLY] = 3,
	[OUTCOME_OTHER] = 7,
	[OUTCOME_INTERRUPTED] = 6,
};
_Static_assert(OUTCOME_COUNT <= PARTS_MAX, "an outcome has no room");

/* "1 598 ok, 2 no_port": the most frequent first, as far as it fits. */
static void outcome_words(const int64_t by[OUTCOME_COUNT], char *buf, size_t size)
{
	bool told[OUTCOME_COUNT] = { false };
	char grouped[32];

	buf[0] = '\0';
	for (int round = 0; round < 3; round++) {
		int best = -1;

		for (int o = 0; o < OUTCOME_COUNT; o++)
			if (!told[o] && by[o] > 0 && (best < 0 || by[o] > by[best]))
				best = o;
		if (best < 0)
			return;
		told[best] = true;
		(void)snprintf(buf + strlen(buf), size - strlen(buf), "%s%s %s", buf[0] ? ", " : "",
			       num_format_grouped(by[best], grouped, sizeof(grouped)),
			       outcome_key((enum outcome)best));
	}
}

int plot_fill_outcomes(const struct plot_set *set, struct plot_sheet *s)
{
	const char *name[PARTS_MAX] = { 0 };
	int64_t by[OUTCOME_COUNT], errors = 0;
	char words[128];
	struct bars b;

	if (bars_init(&b, set) < 0)
		return -ENOMEM;
	for (int p = 0; p < OUTCOME_COUNT; p++)
		name[p] = outcome_key((enum outcome)p);
	plot_var_real(s, "right_room", 300);
	var_bars(set, s, "share of the connections tried",
		 "What the client's application was told, of all connections it tried to make. "
		 "Anything but the strategy's declared outcome is an error.");
	for (size_t i = 0; i < set->count; i++) {
		int64_t sum = digest_outcomes(set->item[i].c, by);

		errors += digest_errors(set->item[i].c);
		for (int p = 0; p < OUTCOME_COUNT && sum > 0; p++)
			b.value[i][p] = 100.0 * (double)by[p] / (double)sum;
		outcome_words(by, words, sizeof(words));
		plot_item_text(s, "beside", i + 1, words);
	}
	write_bars(&b, s, name, outcome_colour, 100);
	free(b.value);
	return errors > 0 ? 0 : plot_nothing(s, "every connection ended as its strategy declares");
}

/* --- cost ------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	size_t offset;
	int colour;
} cost_part[] = {
	{ "client", offsetof(struct record_cost, client_cpu_ns), 1 },
	{ "server", offsetof(struct record_cost, server_cpu_ns), 2 },
	{ "wire", offsetof(struct record_cost, wire_cpu_ns), 5 },
	{ "sniffer", offsetof(struct record_cost, sniffer_cpu_ns), 4 },
	{ "sampler", offsetof(struct record_cost, sampler_cpu_ns), 3 },
};
#define COST_PARTS (sizeof(cost_part) / sizeof(cost_part[0]))

static double cost_us(const struct record_case *c, size_t part, int64_t exchanges)
{
	double sum_ns = 0;

	for (size_t i = 0; i < c->repeat_count; i++) {
		int64_t ns;

		memcpy(&ns, (const char *)&c->repeat[i].cost + cost_part[part].offset, sizeof(ns));
		if (ns != RECORD_NONE)
			sum_ns += (double)ns;
	}
	return exchanges > 0 ? sum_ns / 1e3 / (double)exchanges : 0;
}

int plot_fill_cost(const struct plot_set *set, struct plot_sheet *s)
{
	const char *name[PARTS_MAX] = { 0 };
	int colour[PARTS_MAX] = { 0 };
	double longest = 0;
	char text[48];
	struct bars b;

	if (bars_init(&b, set) < 0)
		return -ENOMEM;
	for (size_t p = 0; p < COST_PARTS; p++) {
		name[p] = cost_part[p].name;
		colour[p] = cost_part[p].colour;
	}
	plot_var_real(s, "right_room", 90);
	var_bars(set, s, "CPU time per request, \u00b5s",
		 "Microseconds of CPU per request, its connection included where it needs one. "
		 "Client and server are the load, their sum stands at the right; the rest is the cost of "
		 "watching and, where FINs must cross, of the relay.");
	for (size_t i = 0; i < set->count; i++) {
		int64_t exchanges = digest_exchanges(set->item[i].c);

		for (size_t p = 0; p < COST_PARTS; p++)
			b.value[i][p] = cost_us(set->item[i].c, p, exchanges);
		longest = fmax(longest, bar_length(&b, i));
		(void)snprintf(text, sizeof(text), "%.3g \u00b5s", b.value[i][0] + b.value[i][1]);
		plot_item_text(s, "beside", i + 1, bar_length(&b, i) > 0 ? text : "not measured");
	}
	write_bars(&b, s, name, colour, longest > 0 ? longest : 1);
	free(b.value);
	return longest > 0 ? 0 : plot_nothing(s, "the record has no CPU times");
}
