#include "analysis/say.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "analysis/digest.h"
#include "base/num.h"

static bool known(int64_t v)
{
	return v != RECORD_NONE;
}

const char *say_status(const struct record *r, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s%s", r->status[0] ? r->status : "unknown",
		       r->exit_reason ? ": " : "", r->exit_reason ? r->exit_reason : "");
	return buf;
}

const char *say_where(const struct record *r, char *buf, size_t size)
{
	char hz[32] = "", topology[64];

	if (known(r->host.config_hz))
		(void)snprintf(hz, sizeof(hz), " (HZ=%" PRId64 ")", r->host.config_hz);
	digest_topology(r, topology, sizeof(topology));
	(void)snprintf(buf, size, "twbench %s \u00b7 Linux %s%s \u00b7 %s \u00b7 run %s",
		       r->tool_version ? r->tool_version : "?",
		       r->host.kernel_release ? r->host.kernel_release : "?", hz,
		       topology[0] ? topology : "topology unknown", r->run_id ? r->run_id : "?");
	return buf;
}

/* --- lifetime ------------------------------------------------------------------------------------- */

static void say_expected(const struct record *r, const struct digest_lifetime *l, say_line *line,
			 void *to)
{
	int64_t step_ns = digest_timer_step_ns(r->host.config_hz);
	double step = (double)step_ns / 1e9, slack = (double)l->resolution_ns / 1e9;
	double low = (double)l->min_ns / 1e9, high = (double)l->max_ns / 1e9;
	char text[256];

	if (!known(step_ns)) {
		line(to, SAY_PLAIN,
		     "Linux: 60 s and up to one step of its timer wheel (HZ unknown here).");
		return;
	}
	(void)snprintf(text, sizeof(text),
		       "Linux: 60 s and up to one step of its timer wheel, %.3f s at HZ=%" PRId64
		       "; tcp_fin_timeout has no part in it.",
		       step, r->host.config_hz);
	line(to, SAY_PLAIN, text);
	if (l->n == 0 || (low >= 60 - slack - 0.05 && high <= 60 + step + slack + 0.05))
		return;
	(void)snprintf(text, sizeof(text),
		       "What was measured lies outside that: %.2f to %.2f s, known to %.2g s.",
		       low, high, slack);
	line(to, SAY_BAD, text);
}

/* Sum of a count over the repeats of a case and both sides; unknown counts as nothing. */
static int64_t sum_sides(const struct record_case *c, size_t offset)
{
	int64_t sum = 0;

	for (size_t k = 0; k < c->repeat_count; k++)
		for (int side = 0; side < SIDE_COUNT; side++) {
			const char *at = (const char *)&c->repeat[k].time_wait[side] + offset;
			int64_t n;

			memcpy(&n, at, sizeof(n));
			sum += known(n) && n > 0 ? n : 0;
		}
	return sum;
}

/* Why fewer stand than were made. */
static void say_early(const struct record *r, say_line *line, void *to)
{
	static const struct {
		size_t offset;
		const char *words;
	} ends[] = {
		{ offsetof(struct record_time_wait, reopened),
		  "reopened by a new SYN on the same 4-tuple before their time (RFC 6191)" },
		{ offsetof(struct record_time_wait, recycled),
		  "taken over by a new connect() before their time (tcp_tw_reuse)" },
		{ offsetof(struct record_time_wait, assassinated),
		  "ended by a RST before their time (RFC 1337)" },
		{ offsetof(struct record_time_wait, overflowed),
		  "never made: tcp_max_tw_buckets was reached" },
	};
	char text[320], n[32];

	for (size_t i = 0; i < r->case_count; i++)
		for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++) {
			int64_t count = sum_sides(&r->cases[i], ends[e].offset);

			if (e == 0) /* one that connect() took over was reopened by its SYN, too */
				count -= sum_sides(&r->cases[i], ends[1].offset);
			if (count <= 0)
				continue;
			(void)snprintf(text, sizeof(text), "%s: %s %s.", r->cases[i].name,
				       num_format_grouped(count, n, sizeof(n)), ends[e].words);
			line(to, SAY_POINT, text);
		}
}

void say_lifetime(const struct record *r, say_line *line, void *to)
{
	struct digest_lifetime l = digest_lifetime(r);
	char text[256], n[32], known_to[48] = "";

	line(to, SAY_HEAD, "How long TIME_WAIT lasted");
	if (l.n == 0) {
		line(to, SAY_PLAIN,
		     "Not measured: no repeat was watched until its TIME_WAIT sockets were gone.");
	} else {
		if (l.resolution_ns > 0)
			(void)snprintf(known_to, sizeof(known_to), ", each known to %.2g s",
				       (double)l.resolution_ns / 1e9);
		(void)snprintf(text, sizeof(text),
			       "TIME_WAIT lasted %.1f\u2013%.1f s (n=%s, mean %.1f s%s).",
			       (double)l.min_ns / 1e9, (double)l.max_ns / 1e9,
			       num_format_grouped(l.n, n, sizeof(n)), (double)l.mean_ns / 1e9,
			       known_to);
		line(to, SAY_PLAIN, text);
	}
	say_expected(r, &l, line, to);
	say_early(r, line, to);
}

/* --- witnesses ------------------------------------------------------------------------------------ */

struct tally {
	int64_t agree, disagree, skipped, repeats, lost, unknowable;
};

static void tally_repeat(const struct record_repeat *rep, struct tally *t)
{
	t->repeats++;
	for (int64_t i = 0; i < rep->check_count; i++) {
		t->skipped += rep->check[i].skipped;
		t->agree += !rep->check[i].skipped && rep->check[i].agrees;
		t->disagree += !rep->check[i].skipped && !rep->check[i].agrees;
	}
	for (int64_t i = 0; i < rep->witness_count; i++) {
		t->unknowable += rep->witness[i].present && !known(rep->witness[i].lost);
		if (known(rep->witness[i].lost))
			t->lost += rep->witness[i].lost;
	}
}

static void say_disagreement(const struct record_case *c, const struct record_repeat *rep,
			     const struct record_check *k, say_line *line, void *to)
{
	char text[640], left[32], right[32], off[32];

	(void)snprintf(text, sizeof(text), "%s, repeat %zu: %s: %s (%s) against %s (%s)", c->name,
		       digest_repeat_number(c, rep), k->name,
		       say_count(k->left, left, sizeof(left)), k->left_what,
		       say_count(k->right, right, sizeof(right)), k->right_what);
	if (known(k->left) && known(k->right)) {
		int64_t gap = k->left > k->right ? k->left - k->right : k->right - k->left;
		char tolerance[32];

		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       ", off by %s, tolerance %s", say_count(gap, off, sizeof(off)),
			       say_count(k->tolerance, tolerance, sizeof(tolerance)));
	}
	line(to, SAY_BAD, text);
}

static void say_repeat_trouble(const struct record_case *c, const struct record_repeat *rep,
			       say_line *line, void *to)
{
	char text[512], lost[32];

	if (strcmp(rep->status, "ok") != 0) {
		(void)snprintf(text, sizeof(text), "%s, repeat %zu is %s%s%s", c->name,
			       digest_repeat_number(c, rep),
			       rep->status[0] ? rep->status : "of unknown status",
			       rep->reason ? ": " : "", rep->reason ? rep->reason : "");
		line(to, SAY_BAD, text);
	}
	for (int64_t i = 0; i < rep->check_count; i++)
		if (!rep->check[i].skipped && !rep->check[i].agrees)
			say_disagreement(c, rep, &rep->check[i], line, to);
	for (int64_t i = 0; i < rep->witness_count; i++) {
		const struct record_witness *w = &rep->witness[i];

		if (!known(w->lost) || w->lost == 0)
			continue;
		if (known(w->max_gap_ns)) { /* a slot without a sample is no lost packet: say how long it was */
			(void)snprintf(text, sizeof(text),
				       "%s, repeat %zu: %s slot%s without a sample, %.2f s at the longest",
				       c->name, digest_repeat_number(c, rep),
				       say_count(w->lost, lost, sizeof(lost)),
				       w->lost == 1 ? "" : "s", (double)w->max_gap_ns / 1e9);
			line(to, SAY_POINT, text);
			continue;
		}
		(void)snprintf(text, sizeof(text), "%s, repeat %zu: %s lost %s", c->name,
			       digest_repeat_number(c, rep), w->name,
			       say_count(w->lost, lost, sizeof(lost)));
		line(to, SAY_BAD, text);
	}
}

/* CPU time of watching, by part, and of the load. */
struct watching {
	int64_t load_ns, tap_ns, sniffer_ns, sampler_ns;
	int64_t packets; /* whose tap_ns it is */
};

static int64_t if_known(int64_t n)
{
	return known(n) ? n : 0;
}

static void add_watching(const struct record_repeat *rep, struct watching *w)
{
	const struct record_cost *c = &rep->cost;
	int64_t tap_ns = c->packet_watched_ns - c->packet_unwatched_ns;

	w->load_ns += if_known(c->client_cpu_ns) + if_known(c->server_cpu_ns) +
		      if_known(c->wire_cpu_ns);
	w->sniffer_ns += if_known(c->sniffer_cpu_ns);
	w->sampler_ns += if_known(c->sampler_cpu_ns);
	if (!known(c->packet_watched_ns) || !known(c->packet_unwatched_ns) ||
	    !known(rep->capture.packets) || tap_ns <= 0)
		return;
	w->packets += rep->capture.packets;
	w->tap_ns += rep->capture.packets * tap_ns;
}

static void say_watching(const struct record *r, say_line *line, void *to)
{
	struct watching w = { 0 };
	char text[384];

	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++)
			add_watching(&r->cases[i].repeat[j], &w);
	if (w.packets == 0 || w.load_ns == 0)
		return;
	(void)snprintf(text, sizeof(text),
		       "Watching took %.2g s of CPU, the load %.2g s: the kernel's tap %.2g s (%.0f ns a "
		       "packet, by a null witness; part of the load), the sniffer %.2g s, the sampler "
		       "%.2g s.",
		       (double)(w.tap_ns + w.sniffer_ns + w.sampler_ns) / 1e9, (double)w.load_ns / 1e9,
		       (double)w.tap_ns / 1e9, (double)w.tap_ns / (double)w.packets,
		       (double)w.sniffer_ns / 1e9, (double)w.sampler_ns / 1e9);
	line(to, SAY_PLAIN, text);
}

/* Loss that nobody can know of is not "nothing". */
static const char *loss_words(const struct tally *t, char *buf, size_t size)
{
	if (t->lost > 0)
		buf[0] = '\0'; /* told one by one below */
	else if (t->unknowable > 0)
		(void)snprintf(buf, size,
			       " Nothing is known to be lost; in %" PRId64
			       " cases a witness cannot know.",
			       t->unknowable);
	else
		(void)snprintf(buf, size, " Nothing was lost.");
	return buf;
}

void say_witnesses(const struct record *r, say_line *line, void *to)
{
	struct tally t = { 0 };
	char text[384], skipped[64] = "", loss[128];

	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++)
			tally_repeat(&r->cases[i].repeat[j], &t);
	line(to, SAY_HEAD, "Do the witnesses agree?");
	if (t.skipped > 0)
		(void)snprintf(skipped, sizeof(skipped), "; %" PRId64 " could not be made",
			       t.skipped);
	if (t.agree + t.disagree == 0)
		(void)snprintf(text, sizeof(text), "No check could be made.");
	else if (t.disagree == 0)
		(void)snprintf(text, sizeof(text),
			       "All %" PRId64 " checks in %" PRId64 " repeat%s agree%s.%s", t.agree,
			       t.repeats, t.repeats == 1 ? "" : "s", skipped,
			       loss_words(&t, loss, sizeof(loss)));
	else
		(void)snprintf(text, sizeof(text),
			       "%" PRId64 " of %" PRId64
			       " checks disagree: the run is not trustworthy%s.",
			       t.disagree, t.agree + t.disagree, skipped);
	line(to, SAY_PLAIN, text);
	say_watching(r, line, to);
	for (size_t i = 0; i < r->case_count; i++)
		for (size_t j = 0; j < r->cases[i].repeat_count; j++)
			say_repeat_trouble(&r->cases[i], &r->cases[i].repeat[j], line, to);
}

/* --- outcomes ------------------------------------------------------------------------------------- */

static void say_case_outcomes(const struct record_case *c, enum say_kind kind, say_line *line,
			      void *to)
{
	int64_t by[OUTCOME_COUNT];
	char text[1024], n[32];

	(void)digest_outcomes(c, by);
	(void)snprintf(text, sizeof(text), "%s:", c->name);
	for (int o = 0; o < OUTCOME_COUNT; o++)
		if (by[o] > 0)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s %s,",
				       say_count(by[o], n, sizeof(n)),
				       outcome_key((enum outcome)o));
	text[strlen(text) - 1] = '\0';
	for (size_t i = 0; i < c->repeat_count; i++)
		for (int64_t e = 0; e < c->repeat[i].errno_count; e++)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
				       "; repeat %zu: %s %s", i + 1,
				       say_count(c->repeat[i].errnos[e].count, n, sizeof(n)),
				       c->repeat[i].errnos[e].name);
	line(to, kind, text);
}

static void say_outcomes_if(const struct record *r, bool expected, say_line *line, void *to)
{
	bool told = false;

	for (size_t i = 0; i < r->case_count; i++) {
		if (digest_errors(&r->cases[i]) <= 0 ||
		    digest_errors_expected(&r->cases[i]) != expected)
			continue;
		if (!told)
			line(to, SAY_HEAD, expected ? "Failed, as the scenario expects" : "Not as declared");
		told = true;
		say_case_outcomes(&r->cases[i], expected ? SAY_POINT : SAY_BAD, line, to);
	}
}

void say_outcomes(const struct record *r, say_line *line, void *to)
{
	say_outcomes_if(r, false, line, to);
	say_outcomes_if(r, true, line, to);
}

void say_all(const struct record *r, say_line *line, void *to)
{
	say_expectations(r, line, to);
	say_tuning(r, line, to);
	say_verdicts(r, line, to);
	say_lifetime(r, line, to);
	say_seed(r, line, to);
	say_exhaustion(r, line, to);
	say_outcomes(r, line, to);
	say_lateness(r, line, to);
	say_witnesses(r, line, to);
	say_warnings(r, line, to);
}

void say_warnings(const struct record *r, say_line *line, void *to)
{
	if (r->warning_count == 0)
		return;
	line(to, SAY_HEAD, "Warnings");
	for (size_t i = 0; i < r->warning_count; i++)
		line(to, SAY_BAD, r->warning[i]);
}

/* --- command -------------------------------------------------------------------------------------- */

static bool plain_word(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "-_./:=,+@%")] == '\0';
}

const char *say_command(const struct record *r, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < r->argc; i++) {
		const char *word = r->argv[i];
		bool plain = plain_word(word);

		/* Room for a quote in four characters, blank, quotes and the end. */
		if (used + strlen(word) * 4 + 4 > size)
			break;
		if (i > 0)
			buf[used++] = ' ';
		if (!plain)
			buf[used++] = '\'';
		for (const char *p = word; *p; p++) {
			if (*p == '\'') {
				memcpy(buf + used, "'\\''", 4);
				used += 4;
			} else {
				buf[used++] = *p;
			}
		}
		if (!plain)
			buf[used++] = '\'';
		buf[used] = '\0';
	}
	return buf;
}
