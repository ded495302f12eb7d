#include "analysis/ladder.h"

#include <stdbool.h>
#include <string.h>

#include "analysis/ladder_walk.h"
#include "base/mono.h"
#include "base/num.h"
#include "base/tcpstate.h"

#define RUN_EDGE 3 /* plain segments kept at either end of a run */

/* --- collecting ------------------------------------------------------------------------------- */

/* Make the step in the middle of the run stand for the one behind it, too. */
static void shorten_run(struct ladder *l)
{
	struct ladder_step *middle = &l->step[l->count - l->run + RUN_EDGE];

	if (middle->skipped == 0) {
		middle->skipped = 1;
		middle->skipped_bytes = middle->payload_bytes;
	}
	middle->skipped++;
	middle->skipped_bytes += middle[1].payload_bytes;
	memmove(middle + 1, middle + 2, (RUN_EDGE - 1) * sizeof(*middle));
	l->count--;
	l->run--;
}

void ladder_add(struct ladder *l, const struct ladder_step *s)
{
	bool plain = !(s->flags & (LADDER_FIN | LADDER_SYN | LADDER_RST));

	if (plain && l->run == 2 * RUN_EDGE + 1)
		shorten_run(l);
	if (l->count == LADDER_STEPS_MAX) {
		l->lost++;
		return;
	}
	l->step[l->count] = *s;
	l->step[l->count].skipped = l->step[l->count].skipped_bytes = 0;
	l->count++;
	l->run = plain ? l->run + 1 : 0;
}

/* --- states ----------------------------------------------------------------------------------- */

static int32_t after_by(uint32_t x, uint32_t y)
{
	return (int32_t)(x - y);
}

void ladder_walk_init(struct ladder_walk *w, const struct ladder *l, const struct conn *c)
{
	*w = (struct ladder_walk){ .crossed = c->flow->fins_crossed };
	w->state[0] = c->flow->began_inside ? TCPSTATE_ESTABLISHED : TCPSTATE_CLOSE;
	w->state[1] = c->flow->began_inside ? TCPSTATE_ESTABLISHED : TCPSTATE_LISTEN;
	if (l->count > 0)
		w->origin_ns = l->step[0].t_ns;
}

const char *ladder_walk_state(const struct ladder_walk *w, int dir)
{
	return tcpstate_name(w->state[dir]);
}

/* What sending does to the sender. */
static void on_send(struct ladder_walk *w, const struct ladder_step *s)
{
	int *state = &w->state[s->dir];

	if (s->flags & LADDER_RST) {
		*state = TCPSTATE_CLOSE;
		return;
	}
	if (s->flags & LADDER_SYN && (*state == TCPSTATE_CLOSE || *state == TCPSTATE_LISTEN))
		*state = s->flags & LADDER_ACK ? TCPSTATE_SYN_RECV : TCPSTATE_SYN_SENT;
	if (!(s->flags & LADDER_FIN))
		return;
	w->fin_sent[s->dir] = true;
	w->fin_seq[s->dir] = s->seq + s->payload_bytes;
	if (*state == TCPSTATE_CLOSE_WAIT)
		*state = TCPSTATE_LAST_ACK;
	else if (*state == TCPSTATE_ESTABLISHED || *state == TCPSTATE_SYN_RECV)
		*state = TCPSTATE_FIN_WAIT1;
}

static void on_fin(int *state)
{
	if (*state == TCPSTATE_ESTABLISHED || *state == TCPSTATE_SYN_RECV)
		*state = TCPSTATE_CLOSE_WAIT;
	else if (*state == TCPSTATE_FIN_WAIT1)
		*state = TCPSTATE_CLOSING;
	else if (*state == TCPSTATE_FIN_WAIT2)
		*state = TCPSTATE_TIME_WAIT;
}

static void on_ack_of_fin(int *state)
{
	if (*state == TCPSTATE_FIN_WAIT1)
		*state = TCPSTATE_FIN_WAIT2;
	else if (*state == TCPSTATE_CLOSING)
		*state = TCPSTATE_TIME_WAIT;
	else if (*state == TCPSTATE_LAST_ACK)
		*state = TCPSTATE_CLOSE;
}

/* A RST counts if it is at the next byte that its receiver awaits, as far as seen. */
static bool rst_counts(const struct ladder_walk *w, const struct ladder_step *s)
{
	int peer = !s->dir;

	return !w->acked_any[peer] || s->seq == w->acked[peer] ||
	       w->state[peer] == TCPSTATE_SYN_SENT;
}

/* What arriving does to the receiver. */
static void on_receive(struct ladder_walk *w, const struct ladder_step *s)
{
	int peer = !s->dir, *state = &w->state[peer];

	if (s->flags & LADDER_RST) {
		if (rst_counts(w, s))
			*state = TCPSTATE_CLOSE;
		return;
	}
	if (s->flags & LADDER_SYN) {
		if (*state == TCPSTATE_LISTEN ||
		    (*state == TCPSTATE_SYN_SENT && !(s->flags & LADDER_ACK)))
			*state = TCPSTATE_SYN_RECV;
		else if (*state == TCPSTATE_SYN_SENT)
			*state = TCPSTATE_ESTABLISHED;
	} else if (*state == TCPSTATE_SYN_RECV && s->flags & LADDER_ACK) {
		*state = TCPSTATE_ESTABLISHED;
	}
	if (s->flags & LADDER_ACK && w->fin_sent[peer] && after_by(s->ack, w->fin_seq[peer]) > 0)
		on_ack_of_fin(state);
	if (!(s->flags & LADDER_FIN))
		return;
	if (w->crossed && !w->fin_sent[peer])
		w->fin_under_way[s->dir] = true;
	else
		on_fin(state);
}

void ladder_walk_step(struct ladder_walk *w, const struct ladder_step *s)
{
	int d = s->dir;

	w->again = w->next_any[d] && s->payload_bytes + (s->flags & 3u) > 0 &&
		   after_by(s->seq, w->next[d]) < 0 && !(s->flags & LADDER_RST);
	if (!w->next_any[d])
		w->base[d] = s->seq;
	/* A connection that was met inside: what the other end acknowledges is its base. */
	if (s->flags & LADDER_ACK && !w->next_any[!d]) {
		w->base[!d] = s->flags & LADDER_SYN ? s->ack - 1 : s->ack;
		w->next[!d] = s->ack;
		w->next_any[!d] = true;
	}
	on_send(w, s);
	if (s->skipped == 0)
		on_receive(w, s);
	if (w->crossed && s->flags & LADDER_FIN && w->fin_under_way[!d]) {
		w->fin_under_way[!d] = false;
		on_fin(&w->state[d]);
	}
	if (!(s->flags & LADDER_RST)) {
		w->next[d] = s->seq + s->payload_bytes + !!(s->flags & LADDER_SYN) +
			     !!(s->flags & LADDER_FIN);
		w->next_any[d] = true;
	}
	if (s->flags & LADDER_ACK && !(s->flags & LADDER_RST)) {
		w->acked[d] = s->ack;
		w->acked_any[d] = true;
	}
}

void ladder_walk_label(const struct ladder_walk *w, const struct ladder_step *s, char *buf,
		       size_t size)
{
	char ack[24] = "", data[24] = "", control[32] = "";
	bool fin = s->flags & LADDER_FIN, syn = s->flags & LADDER_SYN, rst = s->flags & LADDER_RST;

	if (s->skipped > 0) {
		char n[32], bytes[32];

		(void)snprintf(buf, size, "%s segments, %s bytes",
			       num_format_grouped((int64_t)s->skipped, n, sizeof(n)),
			       num_format_grouped((int64_t)s->skipped_bytes, bytes, sizeof(bytes)));
		return;
	}
	if (s->flags & LADDER_ACK)
		(void)snprintf(ack, sizeof(ack), "<ACK=%u>", s->ack - w->base[!s->dir]);
	if (s->payload_bytes > 0)
		(void)snprintf(data, sizeof(data), "<DATA=%u>", s->payload_bytes);
	(void)snprintf(control, sizeof(control), "<CTL=%s%s%s%s>", syn ? "SYN," : "",
		       fin ? "FIN," : "", rst ? "RST," : "", s->flags & LADDER_ACK ? "ACK," : "");
	if (strlen(control) > 7) /* the last comma */
		memmove(control + strlen(control) - 2, ">", 2);
	(void)snprintf(buf, size, "<SEQ=%u>%s%s%s%s", s->seq - w->base[s->dir], ack, data,
		       control[5] == '>' ? "" : control, w->again ? " again" : "");
}

/* --- text ------------------------------------------------------------------------------------- */

void ladder_title(const struct conn *c, char *buf, size_t size)
{
	static const char *const held[SIDES_COUNT] = { "nobody is left in TIME-WAIT",
						       "TIME-WAIT at the initiator",
						       "TIME-WAIT at the responder",
						       "TIME-WAIT at both ends",
						       "who holds TIME-WAIT is not seen" };
	char src[ENDPOINT_TEXT_SIZE], dst[ENDPOINT_TEXT_SIZE];

	(void)snprintf(buf, size, "#%llu %s -> %s: %s, %s", (unsigned long long)c->flow->number,
		       endpoint_format(&c->flow->src, src, sizeof(src)),
		       endpoint_format(&c->flow->dst, dst, sizeof(dst)),
		       teardown_class_key(c->teardown.class), held[c->teardown.holder]);
}

size_t ladder_endings(const struct ladder_walk *w, const struct conn *c, struct ladder_ending ret[2])
{
	size_t n = 0;

	for (int d = 0; d < 2; d++) {
		int64_t from_ns, until_ns;
		enum time_wait_end end;

		if (!conn_time_wait(c, d, &from_ns, &until_ns, &end))
			continue;
		ret[n].end_s = (double)(until_ns - w->origin_ns) / (double)NS_PER_S;
		(void)snprintf(ret[n++].text, sizeof(ret->text), "TIME-WAIT of %s ends%s",
			       d == 0 ? "the initiator" : "the responder",
			       end == TIME_WAIT_EXPIRES        ? ""
			       : end == TIME_WAIT_ENDED_BY_RST ? ": a RST (RFC 1337)"
							       : ": a SYN that was accepted");
	}
	if (n == 2 && ret[1].end_s < ret[0].end_s) {
		struct ladder_ending later = ret[0];

		ret[0] = ret[1];
		ret[1] = later;
	}
	return n;
}

void ladder_print(const struct ladder *l, const struct conn *c, FILE *out)
{
	struct ladder_ending ending[2];
	size_t endings;
	struct ladder_walk w;
	char text[512], label[128];

	ladder_title(c, text, sizeof(text));
	ladder_walk_init(&w, l, c);
	fprintf(out, "%s\n\n%12s  %-13s %-54s %s\n", text, "seconds", "initiator", "", "responder");
	fprintf(out, "%12s  %-13s %-54s %s\n", "", ladder_walk_state(&w, 0), "",
		ladder_walk_state(&w, 1));
	for (size_t i = 0; i < l->count; i++) {
		const struct ladder_step *s = &l->step[i];
		const char *arrow = s->skipped > 0 ? "..." : s->dir == 0 ? "-->" : "<--";

		ladder_walk_step(&w, s);
		ladder_walk_label(&w, s, label, sizeof(label));
		fprintf(out, "%12.6f  %-13s %s %-46s %s %s\n",
			(double)(s->t_ns - w.origin_ns) / (double)NS_PER_S,
			ladder_walk_state(&w, 0), arrow, label, arrow, ladder_walk_state(&w, 1));
	}
	if (l->lost > 0)
		fprintf(out, "%12s  ... and %llu segments more\n", "", (unsigned long long)l->lost);
	endings = ladder_endings(&w, c, ending);
	for (size_t i = 0; i < endings; i++)
		fprintf(out, "%12.6f  %s\n", ending[i].end_s, ending[i].text);
}
