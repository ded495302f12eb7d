/* SYNs on a 4-tuple that is in use: whose are they, and what becomes of them? */
#include "capture/flow_live.h"

#include "capture/segment.h"

static int32_t after_by(uint32_t x, uint32_t y)
{
	return (int32_t)(x - y);
}

/* Is `number` the place right behind the SYN, or behind the payload that came with it? */
static bool follows_syn(const struct live *l, int d, uint32_t number)
{
	return after_by(number, l->more[d].isn) > 0 && after_by(number, l->dir[d].next) <= 0;
}

bool live_is_another(const struct live *l, int dir, const struct segment *s)
{
	const struct live_more *self = &l->more[dir], *peer = &l->more[!dir];
	bool both_fins = l->has_fin[0] && l->has_fin[1];

	if (!(s->flags & TCP_SYN) || (s->flags & TCP_RST))
		return false;
	if (l->has_isn[dir] &&
	    self->isn == s->seq) /* again, unless so much later that it cannot be */
		return both_fins && self->timestamps && s->has_timestamps &&
		       self->syn_ts != s->ts_value;
	if (s->flags & TCP_ACK)
		return l->has_isn[dir] ? live_is_closed(l) || both_fins
				       : !l->has_isn[!dir] || !follows_syn(l, !dir, s->ack);
	if (l->has_isn[dir])
		return true;
	if (self->isn_told && self->isn == s->seq) /* read late, whatever came between */
		return false;
	/* The other end's first SYN is part of this only if nothing but a SYN came before ... */
	if (!l->has_isn[!dir] || l->dir[!dir].packets != peer->syn || l->dir[dir].packets > 0)
		return true;
	/* ... read after its own answer, or crossing it: a simultaneous open. */
	return l->has_ack[!dir] && s->seq + 1 != l->dir[!dir].ack;
}

bool live_knows_syn(const struct live *l, const struct segment *s)
{
	int dir = live_direction(l, s);
	bool known = l->has_isn[dir] ? l->more[dir].isn == s->seq : s->flags & TCP_ACK;

	return (s->flags & (TCP_SYN | TCP_RST)) == TCP_SYN && known && !live_is_another(l, dir, s);
}

bool live_answers_syn(const struct live *l, int dir, const struct segment *s)
{
	if (s->flags & TCP_RST)
		return dir != l->opener && (s->flags & TCP_ACK) &&
		       follows_syn(l, l->opener, s->ack);
	if (s->flags & TCP_SYN)
		return dir != l->opener;
	return dir == l->opener && follows_syn(l, l->opener, s->seq);
}

void live_note_syn_answer(struct live *l, int answer)
{
	if (l->reopened_ns >= 0 && l->syn_answer == SYN_ANSWER_NONE)
		l->syn_answer = (uint8_t)answer;
}

int64_t live_meet_syn(struct live *l, int64_t syn_ns)
{
	int64_t since_ns = -1;
	struct flow f;

	live_report(l, &f);
	for (int d = 0; d < 2; d++) {
		int64_t t_ns = flow_time_wait_ns(&f, d);

		if (t_ns > since_ns)
			since_ns = t_ns;
	}
	l->reopened_ns = since_ns >= 0 ? syn_ns : -1;
	l->syn_answer = SYN_ANSWER_NONE;
	return since_ns;
}
