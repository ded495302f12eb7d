#include "capture/flow_live.h"

#include <string.h>

#include "base/mono.h"
#include "capture/segment.h"

/* The same packet twice within this time is one packet seen twice: no RTO is that short. */
#define DUPLICATE_NS NS_PER_MS

/* Two CPUs or two taps do not put packets in disorder by more than this. */
#define DISORDER_NS (100 * NS_PER_MS)

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
	l->before = UINT32_MAX;
	l->established_ns = l->reused_after_ns = -1;
	l->reopened_ns = l->rst_in_time_wait_ns = l->data_before_close_ns = -1;
	l->first_fin = l->first_rst = -1;
	l->began_inside = (s->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN;
	for (int d = 0; d < 2; d++) {
		struct live_more *more = &l->more[d];

		more->fin_ns = more->fin_last_ns = more->fin_acked_ns = -1;
		more->fin_acked_plain_ns = more->rst_ns = more->last_data_ns = -1;
		l->dir[d].last_ns = -1;
	}
	orient(l, s, server_port);
}

/* --- one segment ----------------------------------------------------------------------------- */

/*
 * A number that two different packets of a direction practically never share; 0 if they might.  The
 * IPv4 id sets a packet apart from its retransmission; where there is none or the kernel leaves it
 * 0, only a SYN or a FIN (which only timers far longer than DUPLICATE_NS repeat) is told apart.
 */
static uint32_t fingerprint(const struct segment *s)
{
	uint64_t h = (uint64_t)s->seq << 32 | s->ack;

	if (s->ip_id == 0 && !(s->flags & (TCP_SYN | TCP_FIN)))
		return 0;
	h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	h ^= (uint64_t)s->ts_value << 32 | s->ts_echo;
	h = (h ^ h >> 31) * UINT64_C(0xd6e8feb86659fd93);
	h ^= (uint64_t)s->payload_bytes << 32 | (uint64_t)s->ip_id << 16 | s->window;
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15) + s->flags;
	return ((uint32_t)(h >> 32) ^ (uint32_t)h) | 1;
}

static bool is_duplicate(struct live_dir *self, const struct segment *s)
{
	uint32_t print = fingerprint(s);
	int64_t gap_ns = s->t_ns - self->last_ns;
	bool same = print != 0 && print == self->print && gap_ns <= DUPLICATE_NS &&
		    gap_ns >= -DUPLICATE_NS;

	self->print = print;
	self->last_ns = s->t_ns;
	return same;
}

static void note_syn(struct live *l, int d, const struct segment *s)
{
	struct live_more *more = &l->more[d];

	if (!l->has_isn[d]) {
		if (more->isn_told && more->isn == s->seq) /* read after its answer */
			l->began_inside = false;
		more->isn = s->seq;
		if (!l->has_next[d] || after_by(s->seq + 1, l->dir[d].next) > 0)
			l->dir[d].next = s->seq + 1;
		l->has_isn[d] = l->has_next[d] = true;
		more->timestamps = s->has_timestamps;
		more->syn_ts = s->ts_value;
	}
	if (s->flags & TCP_ACK && !l->has_isn[!d] && !l->more[!d].isn_told) {
		l->more[!d].isn = s->ack - 1;
		l->more[!d].isn_told = true;
	}
	more->isn_last = s->seq;
	more->syn++;
}

/* A SYN was answered twice, with different numbers (SYN cookies, a proxy): this ACK takes up one. */
static void take_up(struct live *l, int d, uint32_t ack)
{
	struct live_more *more = &l->more[d];

	if (ack != more->isn_last + 1 || more->data_packets > 0 || l->has_fin[d])
		return;
	more->isn = more->isn_last;
	l->dir[d].next = ack;
}

static void note_closed(struct live *l)
{
	l->closed =
		l->first_rst >= 0 || (l->more[0].fin_acked_ns >= 0 && l->more[1].fin_acked_ns >= 0);
}

/* The RST of this end did not end the connection. */
static void forget_rst(struct live *l, int d)
{
	l->more[d].rst_ns = -1;
	l->more[d].rst_exact = false;
	if (l->first_rst == d)
		l->first_rst = (int8_t)(l->more[!d].rst_ns >= 0 ? !d : -1);
	if (l->first_rst < 0)
		l->rst_after_fin = l->late_data_rst = false;
	note_closed(l);
}

/* The end sent something at `from`: what lies between was not seen, or not yet. */
static void skip_to(struct live *l, int d, uint32_t from)
{
	struct live_dir *self = &l->dir[d], *peer = &l->dir[!d];

	if (!l->has_next[d]) /* the capture began inside: the other end tells what it awaits */
		self->next = l->has_ack[!d] && after_by(from, peer->ack) > 0 ? peer->ack : from;
	l->has_next[d] = true;
	if (after_by(from, self->next) > 0) {
		holes_add(&l->more[d].holes, self->next, from);
		self->next = from;
	}
}

/* A keep-alive probe repeats the last byte, long acknowledged: no payload (RFC 9293 3.8.4). */
static bool is_keep_alive(const struct live *l, int d, const struct segment *s)
{
	return s->payload_bytes <= 1 && !(s->flags & (TCP_SYN | TCP_FIN)) && l->has_next[d] &&
	       s->seq + 1 == l->dir[d].next && l->has_ack[!d] && l->dir[!d].ack == l->dir[d].next;
}

/* Who sends new payload behind or long after its RST never sent that (RFC 5961: somebody else did). */
static bool sends_on(const struct live_more *more, int64_t t_ns, uint32_t end)
{
	return after_by(end, more->rst_seq) > 0 || t_ns - more->rst_ns > DISORDER_NS;
}

static void note_data(struct live *l, int d, const struct segment *s)
{
	struct live_dir *self = &l->dir[d];
	struct live_more *more = &l->more[d];
	uint32_t start = s->seq + (s->flags & TCP_SYN ? 1 : 0);
	uint32_t end = start + s->payload_bytes;
	uint32_t fresh;

	more->data_packets++;
	skip_to(l, d, start);
	if (more->rst_ns >= 0 && after_by(end, self->next) > 0 && sends_on(more, s->t_ns, end))
		forget_rst(l, d);
	more->last_data_ns = s->t_ns;
	if (l->first_fin < 0 && l->first_rst < 0)
		l->data_before_close_ns = s->t_ns;
	if (more->data_packets == 1 || after_by(end, more->data_end) > 0)
		more->data_end = end;
	fresh = holes_fill(&more->holes, start, end);
	if (after_by(end, self->next) > 0) {
		fresh += end - self->next;
		self->next = end;
	}
	more->data_retrans += fresh == 0;
	more->payload_bytes += fresh;
	if (l->has_fin[!d])
		l->data_after_fin_bytes += fresh;
}

static void note_fin_acked(struct live *l, int sender, const struct segment *s)
{
	struct live_more *more = &l->more[sender];

	if (more->fin_acked_ns < 0)
		more->fin_acked_ns = s->t_ns;
	if (more->fin_acked_plain_ns < 0 && !(s->flags & TCP_RST)) {
		more->fin_acked_plain_ns = s->t_ns;
		more->fin_acked_by_fin = s->flags & TCP_FIN;
	}
	note_closed(l);
}

/*
 * Nothing but the number right behind the FIN of `d` acknowledges it.  Of two FINs this tells the true
 * one; and of one whose segment ends in a fragment that says nothing of TCP, where it was: the receiver
 * had the segment as a whole.
 */
static bool acks_fin(struct live *l, int d, uint32_t ack)
{
	struct live_more *more = &l->more[d];

	if (ack == more->fin_seq_last + 1)
		more->fin_seq = more->fin_seq_last;
	else if (l->fin_afloat[d] && after_by(ack, more->fin_seq) > 0)
		more->fin_seq = more->fin_seq_last = ack - 1;
	if (ack != more->fin_seq + 1)
		return false;
	if (l->fin_afloat[d]) {
		skip_to(l, d, more->fin_seq);
		l->dir[d].next = ack;
	}
	l->fin_afloat[d] = false;
	return true;
}

static void note_fin(struct live *l, int d, const struct segment *s)
{
	struct live_dir *self = &l->dir[d], *peer = &l->dir[!d];
	struct live_more *more = &l->more[d];

	more->fin_last_ns = s->t_ns;
	more->fin_seq_last = s->seq + (s->flags & TCP_SYN ? 1 : 0) + s->payload_bytes;
	if (more->fin++ > 0)
		return;
	l->has_fin[d] = true;
	l->fin_afloat[d] = s->goes_on;
	more->fin_seq = more->fin_seq_last;
	more->fin_ack = s->flags & TCP_ACK ? s->ack : l->has_ack[d] ? self->ack : peer->next - 1;
	more->fin_ns = s->t_ns;
	skip_to(l, d, more->fin_seq);
	if (!l->fin_afloat[d] && after_by(more->fin_seq + 1, self->next) > 0)
		self->next = more->fin_seq + 1;
	if (l->first_fin < 0)
		l->first_fin = (int8_t)d;
	/* The ACK of this FIN may have been read before it: two CPUs fill the ring. */
	if (l->has_ack[!d] && acks_fin(l, d, peer->ack)) {
		more->fin_acked_ns = more->fin_acked_plain_ns = s->t_ns;
		note_closed(l);
	}
}

/*
 * A RST that came before the connection was established did not end it: in SYN-SENT it answers the
 * ACK of an older connection (RFC 9293 3.10.7.3), and the SYN is sent again.
 */
static void note_established(struct live *l, int64_t t_ns)
{
	l->established_ns = t_ns;
	l->established = true;
	forget_rst(l, 0);
	forget_rst(l, 1);
}

static void note_ack(struct live *l, int d, const struct segment *s)
{
	struct live_dir *self = &l->dir[d];
	bool pure = s->payload_bytes == 0 && !(s->flags & (TCP_SYN | TCP_FIN | TCP_RST));

	if (!(s->flags & TCP_RST) && (!l->has_ack[d] || after_by(s->ack, self->ack) > 0)) {
		self->ack = s->ack;
		l->has_ack[d] = true;
	}
	if (!l->established && d == l->opener && !(s->flags & TCP_RST) && l->has_isn[!d]) {
		take_up(l, !d, s->ack);
		if (after_by(s->ack, l->more[!d].isn) > 0)
			note_established(l, s->t_ns);
	}
	if (!l->has_fin[!d] || !acks_fin(l, !d, s->ack))
		return;
	if (pure && l->more[!d].fin_acked_plain_ns >= 0)
		l->more[d].last_ack_repeats++;
	note_fin_acked(l, !d, s);
}

/* Would the receiver take this RST as one for its connection, at just the next byte it awaits? */
static bool rst_is_exact(const struct live *l, int d, const struct segment *s)
{
	const struct live_dir *self = &l->dir[d], *peer = &l->dir[!d];

	if (l->has_next[d])
		return s->seq == self->next;
	if (l->has_ack[!d])
		return s->seq == peer->ack;
	/* The answer to a SYN: it is the ACK that must fit (RFC 9293 3.10.7.3). */
	return (s->flags & TCP_ACK) && l->has_isn[!d] && s->ack == peer->next;
}

/*
 * A RST without ACK answers a segment that found no connection (RFC 9293 3.10.7.1).  If the newest
 * payload of the other side was not acknowledged, that was the segment.
 */
static bool answers_late_data(const struct live *l, int d, const struct segment *s)
{
	const struct live_more *peer = &l->more[!d];

	return !(s->flags & TCP_ACK) && peer->payload_bytes > 0 &&
	       !(l->has_ack[d] && after_by(l->dir[d].ack, peer->data_end) >= 0);
}

static void note_rst(struct live *l, int d, const struct segment *s)
{
	struct live_more *more = &l->more[d];
	bool exact = rst_is_exact(l, d, s);
	struct flow f;

	if (exact && l->has_fin[0] && l->has_fin[1]) {
		live_report(l, &f);
		if (flow_time_wait_ns(&f, !d) >= 0 && !l->rst_in_time_wait) {
			l->rst_in_time_wait = true;
			l->rst_in_time_wait_ns = s->t_ns;
		}
	}
	if (l->first_fin >= 0)
		l->rst_after_fin = true;
	if (answers_late_data(l, d, s))
		l->late_data_rst = true;
	more->rst++;
	if (more->rst_ns >= 0)
		return;
	more->rst_ns = s->t_ns;
	more->rst_seq = s->seq;
	more->rst_exact = exact;
	if (l->first_rst < 0)
		l->first_rst = (int8_t)d;
	note_closed(l);
}

bool live_add(struct live *l, int dir, const struct segment *s)
{
	struct live_dir *self = &l->dir[dir];

	if (s->t_ns > l->last_ns)
		l->last_ns = s->t_ns;
	else if (s->t_ns < l->first_ns)
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
			note_syn(l, dir, s);
		if (s->payload_bytes > 0 && !is_keep_alive(l, dir, s))
			note_data(l, dir, s);
		if (s->flags & TCP_FIN)
			note_fin(l, dir, s);
		if (!l->has_next[dir])
			self->next = s->seq;
		l->has_next[dir] = true;
	}
	if (s->flags & TCP_ACK)
		note_ack(l, dir, s);
	return true;
}

/* --- the row --------------------------------------------------------------------------------- */

static uint32_t repeats(uint32_t count)
{
	return count > 0 ? count - 1 : 0;
}

static void report_dir(const struct live *l, int d, struct flow_dir *ret)
{
	const struct live_more *more = &l->more[d];

	*ret = (struct flow_dir){
		.fin_ns = more->fin_ns,
		.fin_last_ns = more->fin_last_ns,
		.fin_acked_ns = more->fin_acked_ns,
		.fin_acked_plain_ns = more->fin_acked_plain_ns,
		.rst_ns = more->rst_ns,
		.last_data_ns = more->last_data_ns,
		.payload_bytes = more->payload_bytes,
		.packets = l->dir[d].packets,
		.syn = more->syn,
		.syn_retrans = repeats(more->syn),
		.fin = more->fin,
		.fin_retrans = repeats(more->fin),
		.rst = more->rst,
		.data_packets = more->data_packets,
		.data_retrans = more->data_retrans,
		.last_ack_repeats = more->last_ack_repeats,
		.seq_first = more->isn,
		.fin_acked_by_fin = more->fin_acked_by_fin,
		.rst_exact = more->rst_exact,
		.timestamps = more->timestamps,
	};
}

void live_report(const struct live *l, struct flow *ret)
{
	const struct live_more *x = &l->more[0], *y = &l->more[1];

	*ret = (struct flow){
		.src = l->tuple.a,
		.dst = l->tuple.b,
		.number = l->number,
		.first_ns = l->first_ns,
		.last_ns = l->last_ns,
		.data_after_fin_bytes = l->data_after_fin_bytes,
		.data_before_close_ns = l->data_before_close_ns,
		.established_ns = l->established_ns,
		.reused_after_ns = l->reused_after_ns,
		.capture_duplicates = l->duplicates,
		.first_fin = l->first_fin,
		.first_rst = l->first_rst,
		.initiator_by = l->initiator_by,
		.syn_answer = l->syn_answer,
		.reused_ports = l->reused_ports,
		.fins_crossed = x->fin > 0 && y->fin > 0 && after_by(x->fin_ack, y->fin_seq) <= 0 &&
				after_by(y->fin_ack, x->fin_seq) <= 0,
		.rst_after_fin = l->rst_after_fin,
		.reopened_ns = l->reopened_ns,
		.rst_in_time_wait_ns = l->rst_in_time_wait_ns,
		.late_data_rst = l->late_data_rst,
		.rst_in_time_wait = l->rst_in_time_wait,
		.began_inside = l->began_inside,
	};
	report_dir(l, 0, &ret->dir[0]);
	report_dir(l, 1, &ret->dir[1]);
}
