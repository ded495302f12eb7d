/* The graphs over time: TIME_WAIT by strategy and by side, TCP states, ports. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/curve.h"
#include "analysis/plot_sheet.h"
#include "base/num.h"

#define NS_S             1e9
#define PANEL_NAME_CHARS 26
#define GHOSTS_MAX       10 /* lines behind each panel; more only make the picture heavy */

/* --- what a line shows of a row of samples ------------------------------------------------------ */

static double side_time_wait(const struct series *s, size_t row, int side)
{
	return series_count(s, row, side, COL_TIME_WAIT);
}

static double fuller_time_wait(const struct series *s, size_t row, int unused)
{
	double client = side_time_wait(s, row, SIDE_CLIENT);
	double server = side_time_wait(s, row, SIDE_SERVER);

	(void)unused;
	return client > server ? client : server;
}

/* All client sockets with a local port, those in TIME_WAIT included. */
static double client_ports(const struct series *s, size_t row, int capacity)
{
	return (double)series_client_ports(s, row, capacity);
}

/* --- shared ------------------------------------------------------------------------------------- */

static int64_t zero_of(const struct record_repeat *rep)
{
	return rep->load_begin_ns == RECORD_NONE ? 0 : rep->load_begin_ns;
}

static double load_seconds(const struct record_repeat *rep)
{
	int64_t end = rep->load_end_ns == RECORD_NONE ? zero_of(rep) : rep->load_end_ns;

	return (double)(end - zero_of(rep)) / NS_S;
}

static bool any_samples(const struct plot_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->item[i].shown->series.count > 0)
			return true;
	return false;
}

/* Where the time axis ends: the last sample of any case. */
static double time_end(const struct plot_set *set)
{
	double end = 1;

	for (size_t i = 0; i < set->count; i++) {
		const struct record_repeat *rep = set->item[i].shown;
		double last = (double)(rep->series.last_ns - zero_of(rep)) / NS_S;

		if (last > end)
			end = last;
	}
	return end;
}

/* One line of a graph. */
struct line {
	const char *what;
	curve_of_row *of;
	int arg;
	size_t points; /* at most so many */
	bool step;     /* as corners, for an area */
};

/* One index of the data file.  Returns its highest value. */
static double write_line(const struct plot_case *item, const struct line *line, int64_t end_ns,
			 struct plot_sheet *s)
{
	struct curve c = { 0 };
	double top;

	curve_from_series(&c, &(struct curve_source){
				      .series = &item->shown->series,
				      .zero_ns = zero_of(item->shown),
				      .end_ns = end_ns,
				      .of = line->of,
				      .arg = line->arg,
				      .limit = line->step ? line->points / 2 : line->points,
			      });
	if (line->step)
		curve_step(&c);
	top = curve_top(&c);
	plot_data_head(s, "%s, %s: seconds since the load began, sockets", item->c->name,
		       line->what);
	s->no_memory |= c.failed;
	curve_write(&c, s->data);
	curve_release(&c);
	return top;
}

static double write_time(const struct plot_case *item, const char *what, curve_of_row *of, int arg,
			 struct plot_sheet *s)
{
	struct line line = { .what = what, .of = of, .arg = arg, .points = CURVE_POINTS_MAX };

	return write_line(item, &line, INT64_MAX, s);
}

/* Little's law: rate x time, at most rate x lifetime, draining a lifetime after the load.
 * Returns the height of the plateau; NAN without a rate. */
static double write_model(const struct plot_set *set, const struct plot_case *item, double end_s,
			  struct plot_sheet *s)
{
	double rate = digest_rate(item->c, item->shown), load = load_seconds(item->shown);
	double life = set->lifetime_s;
	double shorter = load < life ? load : life, longer = load < life ? life : load;
	struct curve c = { 0 };

	plot_data_head(s, "%s, model: %.6g/s for %.6g s, each waiting %.6g s", item->c->name, rate,
		       load, life);
	if (isfinite(rate) && load > 0) {
		curve_add(&c, 0, 0);
		curve_add(&c, shorter, rate * shorter);
		curve_add(&c, longer, rate * shorter);
		curve_add(&c, load + life, 0);
		if (load + life < end_s)
			curve_add(&c, end_s, 0);
	}
	s->no_memory |= c.failed;
	curve_write(&c, s->data);
	curve_release(&c);
	return isfinite(rate) ? rate * shorter : NAN;
}

static void var_grid(struct plot_sheet *s, size_t panels, double x_end, double top)
{
	struct plot_grid g = plot_grid(panels);
	double step = plot_tic_step(top > 1 ? top : 1, 5);

	plot_var_text(s, "x_label", "seconds since the load began");
	plot_var_real(s, "columns", (double)g.columns);
	plot_var_real(s, "rows", (double)g.rows);
	plot_var_real(s, "width", (double)g.width_px);
	plot_var_real(s, "x_end", x_end);
	plot_var_real(s, "y_top", (top > 1 ? top : 1) * 1.18);
	plot_var_real(s, "y_step", step);
	plot_var_real(s, "x_step", plot_second_step(x_end, g.columns > 3 ? 3 : g.columns == 3 ? 4 : 7));
}

/* What holds for every case: load phase and holder's colour. */
static void var_cases(const struct plot_set *set, struct plot_sheet *s)
{
	(void)plot_var_names(set, s, PANEL_NAME_CHARS);
	plot_var_array(s, "load", set->count);
	for (size_t i = 0; i < set->count; i++)
		plot_item_real(s, "load", i + 1, load_seconds(set->item[i].shown));
}

/* "200 requests/s for 8 s", when all cases have the same load; otherwise without numbers. */
static void load_words(const struct plot_set *set, char *buf, size_t size)
{
	double seconds = load_seconds(set->item[0].shown), rate = set->item[0].shown->ledger.target_rate_per_s;

	for (size_t i = 1; i < set->count; i++) {
		double other = set->item[i].shown->ledger.target_rate_per_s;

		if (fabs(load_seconds(set->item[i].shown) - seconds) > 0.05 * seconds)
			seconds = NAN;
		if (isfinite(rate) && !(fabs(other - rate) <= 0.001 * rate))
			rate = NAN;
	}
	if (isfinite(seconds) && isfinite(rate))
		(void)snprintf(buf, size, "%.4g requests/s for %.3g s (shaded)", rate, seconds);
	else if (isfinite(seconds))
		(void)snprintf(buf, size, "Load for %.3g s (shaded)", seconds);
	else
		(void)snprintf(buf, size, "Load while shaded");
}

/* --- TIME_WAIT by strategy --------------------------------------------------------------------- */

static void item_holder(struct plot_sheet *s, size_t i, const struct record_case *c, double peak)
{
	static const struct {
		const char *words;
		int colour;
	} holders[SIDES_COUNT] = {
		[SIDES_NONE] = { "nobody waits", 4 },
		[SIDES_CLIENT] = { "the client waits", 1 },
		[SIDES_SERVER] = { "the server waits", 2 },
		[SIDES_BOTH] = { "both ends wait", 3 },
		[SIDES_UNKNOWN] = { "not sampled", 7 },
	};
	enum sides who = digest_holder(c);
	char grouped[32], note[64];

	(void)snprintf(note, sizeof(note), "%s, peak %s", holders[who].words,
		       num_format_grouped((int64_t)peak, grouped, sizeof(grouped)));
	plot_item_text(s, "note", i, who == SIDES_UNKNOWN ? holders[who].words : note);
	plot_item_real(s, "colour", i, holders[who].colour);
}

int plot_fill_tw_by_strategy(const struct plot_set *set, struct plot_sheet *s)
{
	struct line ghost = { .what = "the same, coarser",
			      .of = fuller_time_wait,
			      .points = set->count <= 5 ? 400 : 240 };
	size_t ghosts = 0;
	double end, top = 1;
	char load[96], text[320];

	if (!any_samples(set))
		return plot_nothing(s, "no samples of socket states in the record");
	end = time_end(set);
	var_cases(set, s);
	plot_var_array(s, "ghost_of", set->count);
	plot_var_array(s, "note", set->count);
	plot_var_array(s, "colour", set->count);
	for (size_t i = 0; i < set->count; i++) {
		const struct plot_case *item = &set->item[i];
		double peak =
			write_time(item, "TIME_WAIT at the fuller end", fuller_time_wait, 0, s);
		double model;

		(void)write_line(item, &ghost, INT64_MAX, s);
		model = write_model(set, item, end, s);
		item_holder(s, i + 1, item->c, peak);
		if (peak > 0 && ghosts < GHOSTS_MAX)
			plot_item_real(s, "ghost_of", ++ghosts, (double)(i + 1));
		top = fmax(top, fmax(peak, isfinite(model) ? model : 0));
	}
	plot_var_real(s, "ghosts", (double)ghosts);
	var_grid(s, set->count, end, top);
	load_words(set, load, sizeof(load));
	(void)snprintf(text, sizeof(text),
		       "%s, then idle. Bold = this case, thin grey = the others, "
		       "dots = rate \u00d7 time, as if each request left one for %s %.1f s.",
		       load, digest_lifetime(set->record).n > 0 ? "the measured" : "an assumed",
		       set->lifetime_s);
	plot_var_subtitle(s, text, plot_grid(set->count).chars);
	return 0;
}

/* --- TIME_WAIT by side ------------------------------------------------------------------------- */

int plot_fill_tw_by_side(const struct plot_set *set, struct plot_sheet *s)
{
	double top = 1;
	char load[96], text[256];

	if (!any_samples(set))
		return plot_nothing(s, "no samples of socket states in the record");
	var_cases(set, s);
	for (size_t i = 0; i < set->count; i++) {
		const struct plot_case *item = &set->item[i];

		for (int side = 0; side < SIDE_COUNT; side++)
			top = fmax(top, write_time(item, side_key((enum side)side), side_time_wait,
						   side, s));
	}
	var_grid(s, set->count, time_end(set), top);
	load_words(set, load, sizeof(load));
	(void)snprintf(text, sizeof(text), "%s, then nothing until the last TIME_WAIT has gone.",
		       load);
	plot_var_subtitle(s, text, plot_grid(set->count).chars);
	return 0;
}

/* --- states -------------------------------------------------------------------------------------- */

/* Bottom to top; TIME_WAIT would dwarf all others and has graphs of its own. */
static const struct {
	enum series_column column;
	const char *name;
	int colour;
} stack[] = {
	{ COL_ESTABLISHED, "ESTABLISHED", 2 }, { COL_SYN_SENT, "SYN-SENT", 7 },
	{ COL_SYN_RECV, "SYN-RECEIVED", 7 },   { COL_FIN_WAIT1, "FIN-WAIT-1", 5 },
	{ COL_FIN_WAIT2, "FIN-WAIT-2", 1 },    { COL_FIN_WAIT2_ORPHAN, "FIN-WAIT-2, orphaned", 3 },
	{ COL_CLOSE_WAIT, "CLOSE-WAIT", 4 },   { COL_LAST_ACK, "LAST-ACK", 6 },
	{ COL_CLOSING, "CLOSING", 3 },
};
#define STACK_COUNT (sizeof(stack) / sizeof(stack[0]))

static double stacked(const struct series *s, size_t row, int arg)
{
	int side = arg / (int)STACK_COUNT, level = arg % (int)STACK_COUNT;
	double sum = 0;

	for (int i = 0; i <= level; i++)
		sum += series_count(s, row, side, (int)stack[i].column);
	return sum;
}

static bool state_occurs(const struct plot_case *item, int side, enum series_column column)
{
	const struct series *series = &item->shown->series;

	for (size_t j = 0; series->column[side][column] && j < series->count; j++)
		if (series_count(series, j, side, (int)column))
			return true;
	return false;
}

static bool state_occurs_anywhere(const struct plot_set *set, enum series_column column)
{
	for (size_t i = 0; i < set->count; i++)
		for (int side = 0; side < SIDE_COUNT; side++)
			if (state_occurs(&set->item[i], side, column))
				return true;
	return false;
}

/* The layers of one panel, highest first, so that each is painted over by those below it. */
static double write_stack(const struct plot_case *item, int side, const bool *occurs, size_t points,
			  struct plot_sheet *s)
{
	int64_t end_ns =
		zero_of(item->shown) + (int64_t)((load_seconds(item->shown) * 1.15 + 0.2) * NS_S);
	double top = 0;

	for (int level = (int)STACK_COUNT - 1; level >= 0; level--) {
		char what[64];
		struct line line = { .what = what, .of = stacked, .points = points, .step = true };

		if (!occurs[level])
			continue;
		line.arg = side * (int)STACK_COUNT + level;
		(void)snprintf(what, sizeof(what), "%s, up to %s", side_key((enum side)side),
			       stack[level].name);
		if (state_occurs(item, side, stack[level].column)) {
			top = fmax(top, write_line(item, &line, end_ns, s));
		} else { /* adds nothing to the layer below it */
			plot_data_head(s, "%s, %s: not seen", item->c->name, what);
			(void)fputs("0 0\n\n\n", s->data);
		}
	}
	return top;
}

static size_t var_states(const struct plot_set *set, struct plot_sheet *s, bool *occurs)
{
	size_t n = 0;

	plot_var_array(s, "state", STACK_COUNT);
	plot_var_array(s, "state_colour", STACK_COUNT);
	for (int level = (int)STACK_COUNT - 1; level >= 0; level--) {
		occurs[level] = state_occurs_anywhere(set, stack[level].column);
		if (!occurs[level])
			continue;
		plot_item_text(s, "state", ++n, stack[level].name);
		plot_item_real(s, "state_colour", n, stack[level].colour);
	}
	plot_var_real(s, "states", (double)n);
	return n;
}

int plot_fill_states(const struct plot_set *set, struct plot_sheet *s)
{
	size_t points = set->count <= 5 ? 800 : 240;
	bool occurs[STACK_COUNT];
	double top = 1, longest = 0.1;

	if (!any_samples(set))
		return plot_nothing(s, "no samples of socket states in the record");
	if (var_states(set, s, occurs) == 0)
		return plot_nothing(s, "no sample shows a socket that is open or closing");
	var_cases(set, s);
	for (size_t i = 0; i < set->count; i++) {
		longest = fmax(longest, load_seconds(set->item[i].shown));
		for (int side = 0; side < SIDE_COUNT; side++)
			top = fmax(top, write_stack(&set->item[i], side, occurs, points, s));
	}
	var_grid(s, set->count, longest * 1.15, top);
	plot_var_real(s, "subrows", SIDE_COUNT);
	plot_var_real(s, "key_room", 14);
	plot_var_subtitle(
		s,
		"Sockets per TCP state while the load runs (shaded), at the client (above) and at "
		"the server (below). TIME_WAIT is left out: it has graphs of its own.",
		plot_grid(set->count).chars);
	return 0;
}

/* --- ports ---------------------------------------------------------------------------------------- */

static void item_ports(struct plot_sheet *s, size_t i, const struct plot_case *item, double peak)
{
	const struct record_ports *ports = &item->shown->ports;
	const struct record_ledger *ledger = &item->shown->ledger;
	char used[32], all[32], label[128];

	(void)snprintf(label, sizeof(label), "peak %s of %s",
		       num_format_grouped((int64_t)peak, used, sizeof(used)),
		       num_format_grouped(ports->capacity, all, sizeof(all)));
	plot_item_real(s, "peak", i, peak);
	plot_item_text(s, "peak_label", i, label);
	plot_item_real(s, "capacity", i,
		       ports->capacity == RECORD_NONE ? NAN : (double)ports->capacity);
	if (ledger->first_no_port_ns == RECORD_NONE) {
		plot_item_real(s, "out_at", i, -1);
		return;
	}
	plot_item_real(s, "out_at", i, (double)ledger->first_no_port_ns / NS_S);
	(void)snprintf(label, sizeof(label), "no port left at %.1f s",
		       (double)ledger->first_no_port_ns / NS_S);
	plot_item_text(s, "out_label", i, label);
}

int plot_fill_ports(const struct plot_set *set, struct plot_sheet *s)
{
	struct line used = { .what = "client sockets",
			     .of = client_ports,
			     .points = CURVE_POINTS_MAX / 2,
			     .step = true };
	double top = 0;
	static const char *const arrays[] = { "peak", "peak_label", "capacity", "out_at",
					      "out_label" };

	for (size_t i = 0; i < set->count; i++)
		if (set->item[i].shown->ports.capacity != RECORD_NONE)
			top = fmax(top, (double)set->item[i].shown->ports.capacity);
	if (top <= 0 || !any_samples(set))
		return plot_nothing(s, "the record has no port range or no samples");
	var_cases(set, s);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		plot_var_array(s, arrays[i], set->count);
	for (size_t i = 0; i < set->count; i++) {
		int64_t capacity = set->item[i].shown->ports.capacity;
		double peak;

		used.arg = capacity > 0 && capacity < INT_MAX ? (int)capacity : 0;
		peak = write_line(&set->item[i], &used, INT64_MAX, s);
		item_ports(s, i + 1, &set->item[i], peak);
	}
	var_grid(s, set->count, time_end(set), 100);
	plot_var_subtitle(s,
			  "Local ports the client holds, those in TIME_WAIT included, against the "
			  "4-tuples it can form: 100 % (dashed). There connect() fails.",
			  plot_grid(set->count).chars);
	return 0;
}
