/* The table that a person reads. */
#include "analysis/tally.h"

#include <string.h>

#include "base/mono.h"
#include "base/num.h"

#define GROUPED 32

static const char *count(uint64_t n, char buf[GROUPED])
{
	return num_format_grouped((int64_t)n, buf, GROUPED);
}

/* Three significant figures: "12.3 ms". */
static void duration(int64_t ns, char *buf, size_t size)
{
	static const struct {
		int64_t unit_ns;
		const char *name;
	} units[] = { { NS_PER_S, "s" }, { NS_PER_MS, "ms" }, { NS_PER_US, "us" }, { 1, "ns" } };
	size_t i = 0;
	double v;

	while (i < 3 && ns < units[i].unit_ns)
		i++;
	v = (double)ns / (double)units[i].unit_ns;
	(void)snprintf(buf, size, "%.*f %s", v < 10 ? 2 : v < 100 ? 1 : 0, v, units[i].name);
}

static void print_source(const struct tally *t, const struct tally_source *s, FILE *out)
{
	uint64_t known = s->tcp_packets + s->udp_packets + s->fragments + s->cut + s->bad;
	char a[GROUPED], b[GROUPED], span[32] = "0 s", from[32];

	if (s->last_ns > s->first_ns)
		duration(s->last_ns - s->first_ns, span, sizeof(span));
	mono_wall_text(s->first_ns, from, sizeof(from));
	fprintf(out, "%s packet%s in %s", count(s->packets, a), s->packets == 1 ? "" : "s", span);
	if (s->packets > 0)
		fprintf(out, " from %s", from);
	fprintf(out, ": %s TCP", count(s->tcp_packets, a));
	fprintf(out, ", %s other\n", count(s->packets - known + s->udp_packets, b));
	if (s->filtered > 0)
		fprintf(out, "%s packets left out by the filter\n", count(s->filtered, a));
	if (s->unknown_link > 0)
		fprintf(out, "%s packets of link types that are not decoded\n",
			count(s->unknown_link, a));
	if (s->fragments > 0)
		fprintf(out, "%s later fragments of IP packets: no TCP header in them\n",
			count(s->fragments, a));
	if (s->cut > 0)
		fprintf(out, "%s packets cut before the end of their headers\n", count(s->cut, a));
	if (s->bad > 0)
		fprintf(out, "%s packets whose lengths contradict each other\n", count(s->bad, a));
	if (s->duplicates > 0)
		fprintf(out, "%s packets delivered twice by the capture, counted once\n",
			count(s->duplicates, a));
	fprintf(out, "%s connection%s", count(t->connections, a), t->connections == 1 ? "" : "s");
	if (t->began_inside > 0)
		fprintf(out, ", %s begun before the capture", count(t->began_inside, a));
	if (t->ended_inside > 0)
		fprintf(out, ", %s open at its end", count(t->ended_inside, a));
	if (t->reused > 0)
		fprintf(out, ", %s on a 4-tuple seen before", count(t->reused, a));
	fprintf(out, "\n");
	if (s->evicted_half_open > 0)
		fprintf(out, "%s that never got beyond their handshake were put out for want of room\n",
			count(s->evicted_half_open, a));
	if (s->evicted > s->evicted_open + s->evicted_half_open)
		fprintf(out,
			"%s closed ones were forgotten before their TIME_WAIT was over, for want "
			"of room\n",
			count(s->evicted - s->evicted_open - s->evicted_half_open, a));
	if (s->evicted_open > 0)
		fprintf(out, "%s of them were put out while open or about to, for want of room: what came "
			"after is\nrows of their own\n",
			count(s->evicted_open, a));
}

static uint64_t class_total(const struct tally *t, int class)
{
	uint64_t sum = 0;

	for (int h = 0; h < SIDES_COUNT; h++)
		sum += t->class[class][h];
	return sum;
}

static void print_classes(const struct tally *t, FILE *out)
{
	static const char *const heads[SIDES_COUNT] = { "none", "initiator", "responder", "both",
							"unknown" };
	char buf[GROUPED];

	fprintf(out, "\n%-24s %12s %7s   TIME_WAIT left at\n%-24s %12s %7s", "teardown",
		"connections", "share", "", "", "");
	for (int h = 0; h < SIDES_COUNT; h++)
		fprintf(out, " %10s", heads[h]);
	fprintf(out, "\n");
	for (int c = 0; c < TEARDOWN_CLASS_COUNT; c++) {
		uint64_t sum = class_total(t, c);

		if (sum == 0)
			continue;
		fprintf(out, "%-24s %12s %6.1f%%", teardown_class_key((enum teardown_class)c),
			count(sum, buf), 100.0 * (double)sum / (double)t->connections);
		for (int h = 0; h < SIDES_COUNT; h++)
			fprintf(out, " %10s", t->class[c][h] ? count(t->class[c][h], buf) : "-");
		fprintf(out, "\n");
	}
}

static void print_host(const struct tw_host *h, const char *name, FILE *out)
{
	char a[GROUPED], b[GROUPED], c[GROUPED], d[GROUPED], e[GROUPED];

	fprintf(out, "%-39s %10s %10s %12s %10s %10s\n", name, count(h->count, a),
		count((uint64_t)h->peak, b), count((uint64_t)h->held_at_end, c),
		count(h->by_rst, d), count(h->by_syn, e));
}

static void print_hosts(const struct tally *t, FILE *out)
{
	const struct tw_hosts *h = &t->hosts;
	char buf[ENDPOINT_TEXT_SIZE], lifetime[32], width[32];

	duration(t->lifetime_ns, lifetime, sizeof(lifetime));
	duration(h->width_ns, width, sizeof(width));
	if (h->all.count == 0) {
		fprintf(out, "\nNobody was left in TIME_WAIT, as far as the capture shows.\n");
		return;
	}
	fprintf(out,
		"\nTIME_WAIT by host, if each lasts %s (at once: in steps of %s)\n%-39s %10s %10s %12s %10s "
		"%10s\n",
		lifetime, width, "", "all", "at once", "when it ends", "RFC 1337", "reused");
	for (size_t i = 0; i < h->count && i < t->top; i++)
		print_host(&h->host[i], endpoint_format_addr(&h->host[i].addr, buf, sizeof(buf)),
			   out);
	if (h->count > t->top)
		fprintf(out, "... and %zu hosts more\n", h->count - t->top);
	if (h->others > 0)
		fprintf(out, "... and %s of hosts beyond the first %d\n", count(h->others, buf),
			TW_HOSTS_MAX);
	if (h->count > 1)
		print_host(&h->all, "all hosts", out);
}

static void print_causes(const struct tally *t, FILE *out)
{
	char buf[GROUPED];
	bool any = false;

	for (size_t i = 0; tally_cause(i); i++) {
		if (t->cause[i] == 0)
			continue;
		if (!any)
			fprintf(out, "\n%-39s %10s\n", "resets by cause", "");
		any = true;
		fprintf(out, "%-39s %10s\n", tally_cause(i), count(t->cause[i], buf));
	}
}

static void print_quantiles(const struct hist *h, const char *what, FILE *out)
{
	char a[32], b[32], c[32];

	if (h->total == 0)
		return;
	duration(hist_quantile_any_ns(h, 0.5), a, sizeof(a));
	duration(hist_quantile_any_ns(h, 0.95), b, sizeof(b));
	duration(h->max_ns, c, sizeof(c));
	fprintf(out, "%s: median %s, 95 %% within %s, longest %s\n", what, a, b, c);
}

static void print_slow(const struct tally *t, FILE *out)
{
	char src[ENDPOINT_TEXT_SIZE], dst[ENDPOINT_TEXT_SIZE], took[32];

	fprintf(out, "\n");
	print_quantiles(&t->close_delay, "last payload to first FIN or RST", out);
	print_quantiles(&t->close, "first FIN to the end of the close", out);
	if (t->slow_count > 0)
		fprintf(out, "slowest closes\n");
	for (size_t i = 0; i < t->slow_count; i++) {
		const struct tally_close *c = &t->slow[i];

		duration(c->close_ns, took, sizeof(took));
		fprintf(out, "%10s  #%-8llu %s%s -> %s%s  %s%s%s\n", took,
			(unsigned long long)c->number, endpoint_format(&c->src, src, sizeof(src)),
			c->first_fin == 0 ? " *" : "", endpoint_format(&c->dst, dst, sizeof(dst)),
			c->first_fin == 1 ? " *" : "", teardown_class_key(c->class),
			c->file ? "  " : "", c->file ? c->file : "");
	}
	if (t->slow_count > 0)
		fprintf(out, "* sent the first FIN; --ladder NUMBER draws the connection\n");
}

void tally_print(const struct tally *t, const struct tally_source *s, FILE *out)
{
	print_source(t, s, out);
	if (t->connections > 0) {
		print_classes(t, out);
		print_hosts(t, out);
		print_causes(t, out);
		print_slow(t, out);
	}
	if (s->broken && s->broken[0]) {
		fprintf(out, "\nRead up to where the capture breaks off: %s", s->broken);
		if (s->broken_files > 1)
			fprintf(out, " (and %u files more)", s->broken_files - 1);
		fprintf(out, "\n");
	}
}
