#include "capture/flow_live.h"

#include <string.h>

#include "base/mono.h"
#include "capture/segment.h"

/* The same packet twice within this time is one packet seen twice: no RTO is that short. */
#define DUPLICATE_NS NS_PER_MS

/* How far `x` lies after `y` in sequence space; negative if before. */
static int32_t after_by(uint32_t x, uint32_t y)
{
	return (int32_t)(x - y);
}

/* --- beginning ------------------------------------------------------------------------------- */

/* Is endpoint `y` rather than `x` the one that listens, going by its port? */
static int better_known(uint16_t x, uint16_t y)
{
	static const uint16_t limits[] = { 1024,
					   32768 }; /* privileged; Linux's first ephemeral port */

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if ((x < limits[i]) != (y < limits[i]))
			return y < limits[i] ? 1 : -1;
	return 0;
}

/* Put the initiator first. */
static void orient(struct live *l, const struct segment *s, uint16_t server_port)
{
	uint16_t from = s->tuple.a.port, to = s->tuple.b.port;
	bool turn = false;

	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		l->initiator_by = INITIATOR_SYN;
	} else if (s->flags & TCP_SYN) {
		l->initiator_by = INITIATOR_SYN_ACK;
		turn = true;
	} else if (better_known(from, to) != 0) {
		l->initiator_by = INITIATOR_PORT;
		turn = better_known(from, to) < 0;
	} else {
		l->initiator_by = INITIATOR_FIRST_SEEN;
	}
	if (server_port != 0 && (from == server_port) != (to == server_port)) {
		bool by_port = from == server_port;

		if (by_port != turn || l->initiator_by > INITIATOR_SYN_ACK)
			l->initiator_by = INITIATOR_PORT;
		turn = by_port;
	}
	l->tuple = turn ? tuple_reverse(&s->tuple) : s->tuple;
	l->opener = turn; /* of a SYN; a SYN-ACK turns it once more, below */
	if (s->flags & TCP_ACK)
		l->opener = !l->opener;
}

void live_begin(struct live *l, const struct segment *s, uint16_t server_port, uint64_t number)
{
	memset(l, 0, sizeof(*l));
	l->number = number;
	l->first_ns = l->last_ns = s->t_ns;
	l->established_ns = l->reused_after_ns = l->reopened_ns = -1;
	l->first_fin = l->first_rst = -1;
	l->began_inside = (s->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN;
	for (int d = 0; d < 2; d++) {
		struct live_dir *dir = &l->dir[d];

		dir->fin_ns = dir->fin_acked_ns = dir->fin_acked_plain_ns = -1;
		dir->rst_ns = dir->last_data_ns = dir->last_ns = -1;
	}
	orient(l, s, server_port);
}

int live_direction(const struct live *l, const struct segment *s)
{
	if (memcmp(&l->tuple.a, &s->tuple.a, sizeof(l->tuple.a)) == 0 &&
	    memcmp(&l->tuple.b, &s->tuple.b, sizeof(l->tuple.b)) == 0)
		return 0;
	if (memcmp(&l->tuple.a, &s->tuple.b, sizeof(l->tuple.a)) == 0 &&
	    memcmp(&l->tuple.b, &s->tuple.a, sizeof(l->tuple.b)) == 0)
		return 1;
	return -1;
}

/* --- one segment ----------------------------------------------------------------------------- */

/*
 * A number that two different packets of a direction practically never share; 0 if they might.  The
 * IPv4 id sets a packet apart from its retransmission; where the kernel leaves it 0, only a SYN
 * (whose retransmission timer is far longer than DUPLICATE_NS) is told apart.
 */
static uint64_t fingerprint(const struct segment *s)
{
	const uint64_t words[] = {
		(uint64_t)s->seq << 32 | s->ack,
		(uint64_t)s->ts_value << 32 | s->ts_echo,
		(uint64_t)s->payload_bytes << 32 | (uint64_t)s->ip_id << 16 | s->window,
		s->flags,
	};
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15);

	if (s->ip_id == 0 && !(s->flags & TCP_SYN))
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		h = (h ^ words[i]) * UINT64_C(0xd6e8feb86659fd93);
		h ^= h >> 32;
	}
	return h | 1;
}

static bool is_duplicate(struct live_dir *self, const struct segment *s)
{
	uint64_t print = fingerprint(s);
	int64_t gap_ns = s->t_ns - self->last_ns;
	bool same = print != 0 && print == self->print && gap_ns <= DUPLICATE_NS &&
		    gap_ns >= -DUPLICATE_NS;

	self->print = print;
	self->last_ns = s->t_ns;
	return same;
}

static void note_syn(struct live_dir *self, const struct segment *s)
{
	if (!self->has_isn) {
		self->isn = s->seq;
		self->next = s->seq + 1;
		self->has_isn = self->has_next = true;
		self->timestamps = s->has_timestamps;
		self->syn_ts = s->ts_value;
	}
	self->syn++;
}

static void note_data(struct live *l, int d, const struct segment *s)
{
	struct live_dir *self = &l->dir[d];
	uint32_t start = s->seq + (s->flags & TCP_SYN ? 1 : 0);
	uint32_t end = start + s->payload_bytes;
	int32_t fresh;

	if (!self->has_next)
		self->next = start;
	self->has_next = true;
	fresh = after_by(end, self->next);
	self->data_packets++;
	self->last_data_ns = s->t_ns;
	if (fresh <= 0) {
		self->data_retrans++;
		return;
	}
	self->payload_bytes += (uint32_t)fresh;
	self->next = self->data_end = end;
	if (l->dir[!d].fin > 0)
		l->data_after_fin_bytes += (uint32_t)fresh;
}

static void note_fin_acked(struct live_dir *sender, const struct segment *s)
{
	if (sender->fin_acked_ns < 0)
		sender->fin_acked_ns = s->t_ns;
	if (sender->fin_acked_plain_ns < 0 && !(s->flags & TCP_RST)) {
		sender->fin_acked_plain_ns = s->t_ns;
		sender->fin_acked_by_fin = s->flags & TCP_FIN;
	}
}

static void note_fin(struct live *l, int d, const struct segment *s)
{
	struct live_dir *self = &l->dir[d], *peer = &l->dir[!d];

	if (self->fin++ > 0)
		return;
	self->fin_seq = s->seq + (s->flags & TCP_SYN ? 1 : 0) + s->payload_bytes;
	self->fin_ack = s->ack;
	self->fin_ns = s->t_ns;
	if (!self->has_next || after_by(self->fin_seq + 1, self->next) > 0)
		self->next = self->fin_seq + 1;
	self->has_next = true;
	if (l->first_fin < 0)
		l->first_fin = (int8_t)d;
	/* The ACK of this FIN may have been read before it: two CPUs fill the ring. */
	if (peer->has_ack && after_by(peer->ack, self->fin_seq) > 0)
		self->fin_acked_ns = self->fin_acked_plain_ns = s->t_ns;
}

static void note_ack(struct live *l, int d, const struct segment *s)
{
	struct live_dir *self = &l->dir[d], *peer = &l->dir[!d];
	bool pure = s->payload_bytes == 0 && !(s->flags & (TCP_SYN | TCP_FIN | TCP_RST));

	if (!(s->flags & TCP_RST) && (!self->has_ack || after_by(s->ack, self->ack) > 0)) {
		self->ack = s->ack;
		self->has_ack = true;
	}
	if (l->established_ns < 0 && d == l->opener && !(s->flags & TCP_RST) && peer->has_isn &&
	    after_by(s->ack, peer->isn) > 0)
		l->established_ns = s->t_ns;
	if (peer->fin == 0 || after_by(s->ack, peer->fin_seq) <= 0)
		return;
	if (pure && peer->fin_acked_plain_ns >= 0)
		self->last_ack_repeats++;
	note_fin_acked(peer, s);
}

/* Would the receiver take this RST as one for its connection, at just the next byte it awaits? */
static bool rst_is_exact(const struct live *l, int d, const struct segment *s)
{
	const struct live_dir *self = &l->dir[d], *peer = &l->dir[!d];

	if (self->has_next)
		return s->seq == self->next;
	if (peer->has_ack)
		return s->seq == peer->ack;
	/* The answer to a SYN: it is the ACK that must fit (RFC 9293 3.10.7.3). */
	return (s->flags & TCP_ACK) && peer->has_isn && s->ack == peer->next;
}

/*
 * A RST without ACK answers a segment that found no connection (RFC 9293 3.10.7.1).  If the newest
 * payload of the other side was not acknowledged, that was the segment.
 */
static bool answers_late_data(const struct live *l, int d, const struct segment *s)
{
	const struct live_dir *self = &l->dir[d], *peer = &l->dir[!d];

	return !(s->flags & TCP_ACK) && peer->payload_bytes > 0 &&
	       !(self->has_ack && after_by(self->ack, peer->data_end) >= 0);
}

static void note_rst(struct live *l, int d, const struct segment *s)
{
	struct live_dir *self = &l->dir[d];
	bool exact = rst_is_exact(l, d, s);
	struct flow f;

	live_report(l, &f);
	if (exact && flow_time_wait_ns(&f, !d) >= 0)
		l->rst_in_time_wait = true;
	if (l->first_fin >= 0)
		l->rst_after_fin = true;
	if (answers_late_data(l, d, s))
		l->late_data_rst = true;
	if (self->rst++ > 0)
		return;
	self->rst_ns = s->t_ns;
	self->rst_exact = exact;
	if (l->first_rst < 0)
		l->first_rst = (int8_t)d;
}

bool live_add(struct live *l, int dir, const struct segment *s)
{
	struct live_dir *self = &l->dir[dir];

	if (s->t_ns > l->last_ns)
		l->last_ns = s->t_ns;
	if (s->t_ns < l->first_ns)
		l->first_ns = s->t_ns;
	if (is_duplicate(self, s)) {
		l->duplicates++;
		return false;
	}
	self->packets++;
	if (s->flags & TCP_RST) {
		note_rst(l, dir, s);
	} else {
		if (s->flags & TCP_SYN)
			note_syn(self, s);
		if (s->payload_bytes > 0)
			note_data(l, dir, s);
		if (s->flags & TCP_FIN)
			note_fin(l, dir, s);
		if (!self->has_next)
			self->next = s->seq;
		self->has_next = true;
	}
	if (s->flags & TCP_ACK)
		note_ack(l, dir, s);
	return true;
}

/* --- questions of the table ------------------------------------------------------------------ */

bool live_is_closed(const struct live *l)
{
	return l->first_rst >= 0 || (l->dir[0].fin_acked_ns >= 0 && l->dir[1].fin_acked_ns >= 0);
}

/* Is `number` the place right behind the SYN, or behind the payload that came with it? */
static bool follows_syn(const struct live_dir *d, uint32_t number)
{
	return after_by(number, d->isn) > 0 && after_by(number, d->next) <= 0;
}

bool live_is_another(const struct live *l, int dir, const struct segment *s)
{
	const struct live_dir *self = &l->dir[dir], *peer = &l->dir[!dir];
	bool both_fins = self->fin > 0 && peer->fin > 0;

	if (!(s->flags & TCP_SYN) || (s->flags & TCP_RST))
		return false;
	if (self->has_isn &&
	    self->isn == s->seq) /* again, unless so much later that it cannot be */
		return both_fins && self->timestamps && s->has_timestamps &&
		       self->syn_ts != s->ts_value;
	if (s->flags & TCP_ACK)
		return self->has_isn ? live_is_closed(l) || both_fins
				     : !peer->has_isn || !follows_syn(peer, s->ack);
	if (self->has_isn)
		return true;
	/* The other end's first SYN is part of this only if nothing but a SYN came before ... */
	if (!peer->has_isn || peer->packets != peer->syn || self->packets > 0)
		return true;
	/* ... read after its own answer, or crossing it: a simultaneous open. */
	return peer->has_ack && s->seq + 1 != peer->ack;
}

bool live_answers_syn(const struct live *l, int dir, const struct segment *s)
{
	const struct live_dir *opener = &l->dir[l->opener];

	if (s->flags & TCP_RST)
		return dir != l->opener && (s->flags & TCP_ACK) && follows_syn(opener, s->ack);
	if (s->flags & TCP_SYN)
		return dir != l->opener;
	return dir == l->opener && follows_syn(opener, s->seq);
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
	return since_ns;
}

/* --- the row --------------------------------------------------------------------------------- */

static uint32_t repeats(uint32_t count)
{
	return count > 0 ? count - 1 : 0;
}

static void report_dir(const struct live_dir *d, struct flow_dir *ret)
{
	*ret = (struct flow_dir){
		.fin_ns = d->fin_ns,
		.fin_acked_ns = d->fin_acked_ns,
		.fin_acked_plain_ns = d->fin_acked_plain_ns,
		.rst_ns = d->rst_ns,
		.last_data_ns = d->last_data_ns,
		.payload_bytes = d->payload_bytes,
		.packets = d->packets,
		.syn = d->syn,
		.syn_retrans = repeats(d->syn),
		.fin = d->fin,
		.fin_retrans = repeats(d->fin),
		.rst = d->rst,
		.data_packets = d->data_packets,
		.data_retrans = d->data_retrans,
		.last_ack_repeats = d->last_ack_repeats,
		.seq_first = d->isn,
		.fin_acked_by_fin = d->fin_acked_by_fin,
		.rst_exact = d->rst_exact,
		.timestamps = d->timestamps,
	};
}

void live_report(const struct live *l, struct flow *ret)
{
	const struct live_dir *x = &l->dir[0], *y = &l->dir[1];

	*ret = (struct flow){
		.src = l->tuple.a,
		.dst = l->tuple.b,
		.number = l->number,
		.first_ns = l->first_ns,
		.last_ns = l->last_ns,
		.data_after_fin_bytes = l->data_after_fin_bytes,
		.established_ns = l->established_ns,
		.reused_after_ns = l->reused_after_ns,
		.capture_duplicates = l->duplicates,
		.first_fin = l->first_fin,
		.first_rst = l->first_rst,
		.initiator_by = l->initiator_by,
		.fins_crossed = x->fin > 0 && y->fin > 0 && after_by(x->fin_ack, y->fin_seq) <= 0 &&
				after_by(y->fin_ack, x->fin_seq) <= 0,
		.rst_after_fin = l->rst_after_fin,
		.reopened_ns = l->reopened_ns,
		.late_data_rst = l->late_data_rst,
		.rst_in_time_wait = l->rst_in_time_wait,
		.began_inside = l->began_inside,
	};
	report_dir(x, &ret->dir[0]);
	report_dir(y, &ret->dir[1]);
}
