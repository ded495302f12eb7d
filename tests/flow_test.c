#include "capture/flow.h"

#include "tests/packets.h"
#include "tests/test.h"

#define FLOWS 128

/* A table, a conversation into it, and what came out. */
struct world {
	struct flow_table *table;
	struct talk talk;
	struct flow flows[FLOWS];
	int count;
};

static size_t working; /* connections that are not packed; 0: as ever */

static void keep(void *arg, const struct flow *f)
{
	struct world *w = arg;

	if (w->count < FLOWS)
		w->flows[w->count] = *f;
	w->count++;
}

static void add(void *arg, const struct segment *s)
{
	struct world *w = arg;

	flow_table_add(w->table, s);
}

static void world_init(struct world *w, struct flow_options o)
{
	memset(w, 0, sizeof(*w));
	o.working_flows = working;
	o.done = keep;
	o.arg = w;
	w->table = flow_table_new(&o);
	talk_init(&w->talk, 40000, add, w);
}

static void world_end(struct world *w)
{
	flow_table_finish(w->table);
	flow_table_free(w->table);
}

static void connect_from(struct world *w, uint16_t port, const char *words)
{
	struct talk t;

	talk_init(&t, port, add, w);
	t.now_ns = w->talk.now_ns;
	talk(&t, words);
	w->talk.now_ns = t.now_ns;
}

/* The rows of one conversation. */
static void play(struct world *w, const char *words)
{
	world_init(w, (struct flow_options){ .max_flows = 8 });
	talk(&w->talk, words);
	world_end(w);
}

static void test_plain(struct world *w)
{
	const struct flow *f = &w->flows[0];

	play(w, TALK_ASK "c:F. s:. +60 s:F. c:.");
	is_int(w->count, 1, "one connection");
	ok(f->src.port == 40000 && f->dst.port == 5000 && f->number == 1, "... from the client");
	is_int(f->initiator_by, INITIATOR_SYN, "... by its SYN");
	is_int(f->first_ns, NS_PER_S + NS_PER_MS, "first packet");
	is_int(f->established_ns, NS_PER_S + 3 * NS_PER_MS, "established by the third");
	is_int(f->last_ns - f->first_ns, 69 * NS_PER_MS, "last packet");
	ok(f->dir[0].packets == 6 && f->dir[1].packets == 4, "packets each way");
	ok(f->dir[0].payload_bytes == 100 && f->dir[1].payload_bytes == 100,
	   "payload across the wrap");
	ok(f->dir[0].syn == 1 && f->dir[1].syn == 1 && f->dir[0].syn_retrans == 0, "SYNs");
	ok(f->dir[0].fin == 1 && f->dir[1].fin == 1 && f->dir[0].fin_retrans == 0, "FINs");
	is_int(f->dir[0].seq_first, 0xfffffff0, "initial sequence number");
	is_int(f->first_fin, 0, "the client's FIN was first");
	is_int(f->dir[0].fin_acked_ns - f->dir[0].fin_ns, NS_PER_MS,
	       "its FIN acknowledged by itself");
	ok(!f->dir[0].fin_acked_by_fin && !f->fins_crossed, "... not by the other FIN");
	is_int(f->dir[1].fin_acked_plain_ns - f->dir[1].fin_ns, NS_PER_MS, "the other FIN too");
	ok(f->first_rst == -1 && f->dir[0].rst_ns == -1, "no RST");
	ok(!f->began_inside && !f->ended_inside, "all of it was seen");
}

static void test_repeats(struct world *w)
{
	const struct flow *f = &w->flows[0];

	play(w, "c:S +1000 c:r s:S. +1 s:r c:. c:P. +200 c:r s:. c:F.! +200 c:r +400 c:r s^ s:F. "
		"c:. +200 s:r c:.");
	is_int(w->count, 1, "repeats stay in their connection");
	ok(f->dir[0].syn == 2 && f->dir[0].syn_retrans == 1, "SYN repeated");
	ok(f->dir[1].syn == 2 && f->dir[1].syn_retrans == 1, "SYN-ACK repeated");
	ok(f->dir[0].data_packets == 2 && f->dir[0].data_retrans == 1, "payload repeated");
	is_int(f->dir[0].payload_bytes, 100, "... and counted once");
	ok(f->dir[0].fin == 3 && f->dir[0].fin_retrans == 2, "FIN repeated twice");
	is_int(f->dir[1].fin_retrans, 1, "last ACK lost: the other FIN repeated");
	is_int(f->dir[0].last_ack_repeats, 1, "... and acknowledged again");
	is_int(f->capture_duplicates, 0, "none of them is a copy made by the capture");

	play(w, TALK_OPEN "c:d c:P. c:d s:P. c:. c:F. c:d s:F. s:d c:. c:d");
	ok(f->capture_duplicates == 5, "copies made by the capture");
	ok(f->dir[0].fin == 1 && f->dir[1].fin == 1 && f->dir[0].data_packets == 1,
	   "... are left out");
	is_int(f->dir[0].last_ack_repeats, 0, "... of ACKs too");

	play(w, TALK_OPEN "c:P. +20 c:d");
	ok(f->capture_duplicates == 0 && f->dir[0].data_retrans == 1, "20 ms later it is a replay");
	play(w, TALK_ASK "c:F. s:. s:P. c:. s:P. c:. s:F. c:.");
	is_int(f->dir[1].last_ack_repeats, 0, "payload after the ACK of a FIN is no repeat of it");

	play(w, TALK_OPEN "c:P. s:P. c:F. s:F. c:.");
	is_int(f->dir[1].data_retrans + f->dir[0].data_retrans, 0, "nothing repeated");
}

static void test_resets(struct world *w)
{
	const struct flow *f = &w->flows[0];

	play(w, TALK_ASK "c:R.");
	ok(f->first_rst == 0 && f->dir[0].rst_exact && !f->rst_after_fin, "exact RST");
	play(w, TALK_ASK "c:Rx");
	ok(f->first_rst == 0 && !f->dir[0].rst_exact, "RST beside the mark");
	play(w, "c:S s:R.");
	ok(f->first_rst == 1 && f->dir[1].rst_exact, "RST that refuses the SYN");
	play(w, TALK_ASK "c:F. s:. s:P.! c:R");
	ok(f->late_data_rst && f->rst_after_fin && f->dir[0].rst_exact, "late data");
	is_int(f->data_after_fin_bytes, 100, "... 100 bytes of it");
	play(w, TALK_ASK "c:F. s:. s:P. c:. c:R.");
	ok(!f->late_data_rst && f->rst_after_fin, "data that was taken is not late");
	play(w, TALK_ASK "c:F. s:. s:R.");
	ok(f->dir[0].fin_acked_plain_ns >= 0 && f->first_rst == 1,
	   "RST after a FIN that was acknowledged");
	play(w, TALK_ASK "c:F. s:R.");
	ok(f->dir[0].fin_acked_ns >= 0 && f->dir[0].fin_acked_plain_ns < 0,
	   "a FIN acknowledged by a RST alone");
	play(w, TALK_ASK "c:F. s:F. c:. +20 s:R");
	ok(f->rst_in_time_wait, "RST to TIME-WAIT");
	play(w, TALK_ASK "c:F. s:F. c:. +20 s:Rx");
	ok(!f->rst_in_time_wait && f->rst_after_fin, "RST to TIME-WAIT, beside the mark");
}

static void test_crossed(struct world *w)
{
	const struct flow *f = &w->flows[0];

	play(w, TALK_ASK "c:F.! s:F.! c^ s^ c:. s:.");
	ok(f->fins_crossed && f->first_fin == 0, "FINs crossed");
	ok(f->dir[0].fin_acked_ns > f->dir[0].fin_ns && f->dir[1].fin_acked_ns > f->dir[1].fin_ns,
	   "... both acknowledged");
	play(w, TALK_ASK "c:F. s:F. c:.");
	ok(!f->fins_crossed && f->dir[0].fin_acked_by_fin, "FIN with the ACK of the other");
}

static void test_reuse(struct world *w)
{
	const struct flow *f = w->flows;

	play(w, TALK_ASK "c:F. s:F. c:. +999 c:Sn s:Sn. c:. c:R.");
	is_int(w->count, 2, "a new SYN begins another connection");
	ok(f[0].reopened_ns >= 0 && f[0].reused_after_ns == -1, "the old one was in TIME-WAIT");
	is_int(f[1].reused_after_ns, 1001 * NS_PER_MS, "since its second FIN");
	ok(f[0].dir[0].packets == 6 && f[1].dir[0].packets == 3, "packets go to their own");
	ok(!f[1].began_inside && f[1].dir[0].syn_retrans == 0 && f[1].number == 2,
	   "the new one is whole");

	play(w, TALK_ASK "c:R. +5 c:Sn s:Sn. c:. c:R.");
	ok(w->count == 2 && f[0].reopened_ns == -1 && f[1].reused_after_ns == -1,
	   "after a RST: no TIME-WAIT");

	play(w, "c:S s:R. +5 c:Sn s:R. +5 c:Sn s:S. c:.");
	is_int(w->count, 3, "three attempts, three connections");
	ok(f[0].first_rst == 1 && f[1].first_rst == 1 && f[2].first_rst == -1,
	   "... each its own answer");

	play(w, TALK_ASK "s:F. c:F. s:. +999 c:Sn! s:. c:R +15 c:r s^ s:Sn. c:. c:F. s:F. c:.");
	is_int(w->count, 2, "a SYN that TIME-WAIT objects to");
	ok(f[0].rst_in_time_wait && f[0].dir[0].rst == 1, "the RST belongs to the old connection");
	ok(f[1].first_rst == -1 && f[1].dir[0].syn_retrans == 1 && f[1].first_fin == 0,
	   "... and the repeated SYN to the new one");

	play(w, TALK_ASK "c:Sn s:. c:R +15 c:r s:Sn. c:.");
	ok(w->count == 2 && f[0].first_rst == 0 && f[1].first_rst == -1,
	   "a SYN into an open connection");

	play(w, TALK_ASK "c:F. s:F. c:. +61000 c:Sn");
	ok(w->count == 2 && f[0].reopened_ns == -1 && f[1].reused_after_ns == -1,
	   "after 60 s it is no reuse");
}

/* Two SYNs of different connections, the first unanswered: what was there before stays whole. */
static void test_syn_after_syn(struct world *w)
{
	const struct flow *f = w->flows;

	play(w, TALK_ASK "c:F. s:F. c:. +999 c:Sn! +1000 c:Sn s:Sn. c:. c:F. s:F. c:.");
	is_int(w->count, 3, "a SYN that nobody answers, and another");
	ok(f[0].dir[0].packets == 1 && f[0].number == 2, "the first of them is over");
	ok(f[1].syn_answer == SYN_ANSWER_ACCEPTED && f[1].number == 1, "the TIME-WAIT took the second");
	ok(f[2].reused_after_ns > 2 * NS_PER_S, "... which knows how old it was");

	world_init(w, (struct flow_options){ .max_flows = 8 });
	talk(&w->talk, TALK_ASK);
	for (uint32_t i = 1; i <= 2; i++) { /* forged, into an open connection */
		struct segment s = { .flags = TCP_SYN, .seq = i << 28, .t_ns = w->talk.now_ns };

		s.tuple = w->talk.tuple;
		add(w, &s);
	}
	talk(&w->talk, "c:P. s:P. c:F. s:F. c:.");
	world_end(w);
	ok(w->count == 3 && f[1].number == 1 && f[1].dir[0].payload_bytes == 200,
	   "forged SYNs do not split a connection");
}

/* Of two SYN-ACKs, FINs or RSTs one is true: the other end tells, or who sent it. */
static void test_forged(struct world *w)
{
	const struct flow *f = w->flows;

	play(w, "c:S s:S.! s:Sn. c:. c:P. s:P. c:. c:F. s:F. c:.");
	ok(w->count == 1 && f->established_ns > 0 && f->dir[1].payload_bytes == 100 &&
		   f->dir[1].data_retrans == 0,
	   "a SYN answered twice: the number that was taken up counts");
	play(w, TALK_ASK "c:Fx. c:P. s:. c:P. s:. c:F. s:. s:F. c:.");
	ok(w->count == 1 && f->dir[0].fin_acked_plain_ns == f->dir[1].fin_ns - NS_PER_MS,
	   "a FIN out of place is acknowledged by nothing");
	ok(flow_time_wait_ns(f, 0) > 0, "... and the true one is");
	play(w, TALK_ASK "s:R. s:P. c:. s:P. c:.");
	ok(f->first_rst == -1 && f->dir[1].rst == 1, "who sends on did not send the RST");
	play(w, TALK_ASK "s:P. c:R. c:d s:P.");
	ok(f->first_rst == 0, "... who is sent to may have");
	play(w, TALK_ASK "c:F. s:P. c:. s:F. c:.");
	is_int(f->dir[0].fin_ns - f->data_before_close_ns, 2 * NS_PER_MS,
	       "payload after the FIN is not the last before it");
}

/* The clock of the capture is set back by far more than packets ever overtake each other. */
static void test_set_back(struct world *w)
{
	world_init(w, (struct flow_options){ .max_flows = 8 });
	w->talk.now_ns = 7200 * NS_PER_S;
	talk(&w->talk, TALK_ASK "c:F. s:F. c:.");
	w->talk.now_ns = NS_PER_S;
	connect_from(w, 1, TALK_ASK "c:F. s:F. c:. +200 s:r c:.");
	is_int(w->count, 0, "the clock was set back: what closes then is kept for late segments");
	connect_from(w, 2, "+61000 c:S");
	ok(w->count == 1 && w->flows[0].src.port == 1 && w->flows[0].dir[1].fin_retrans == 1,
	   "... and leaves when its time is over");
	world_end(w);
	is_int(w->count, 3, "nothing was split");
}

/* The same initial sequence number, later: an old SYN replayed, or by its clock a new one. */
static void test_same_isn(struct world *w)
{
	for (int later = 0; later < 2; later++) {
		world_init(w, (struct flow_options){ .max_flows = 8 });
		w->talk.timestamps = true;
		talk(&w->talk, "c:S s:S. c:. c:F. s:F. c:. +500");
		if (later) {
			w->talk.next[0] = w->talk.solid[0][0].seq - 1;
			talk(&w->talk, "c:S");
		} else {
			struct segment s = { .flags = TCP_SYN, .seq = w->talk.solid[0][0].seq - 1 };

			s.tuple = w->talk.tuple;
			s.t_ns = w->talk.now_ns;
			s.has_timestamps = true;
			s.ts_value = (uint32_t)(NS_PER_S / NS_PER_MS) + 1;
			add(w, &s);
		}
		world_end(w);
		is_int(w->count, later ? 2 : 1, "the first SYN again, %s",
		       later ? "on a new clock" : "replayed");
	}
}

static void test_open(struct world *w)
{
	const struct flow *f = w->flows;

	play(w, "c:S! s:S! c^ s^ c:. s:. c:P. s:P.");
	ok(w->count == 1 && f->established_ns > 0 && f->dir[0].payload_bytes == 100,
	   "simultaneous open");
	play(w, TALK_ASK "c:F. s:F. c:. +999 s:Sn. c:.");
	ok(w->count == 2 && f[0].reopened_ns >= 0 && f[1].reused_after_ns > 0,
	   "reuse whose SYN was missed");
	ok(f[1].began_inside && f[1].src.port == 40000, "... by the SYN-ACK");
	world_init(w, (struct flow_options){ .max_flows = 8 });
	w->talk.seen[1] = w->talk.next[0] + 1;
	talk(&w->talk, "s:S. c:S c^ c:.");
	world_end(w);
	ok(w->count == 1 && f->dir[0].syn == 1 && f->established_ns > 0,
	   "SYN read after its SYN-ACK");
	play(w, "s:S. c:S");
	is_int(w->count, 2, "... unless that answered another");
	play(w, "c:P. c:R. s:S.");
	is_int(w->count, 2, "SYN-ACK where a connection began inside");
	world_init(w, (struct flow_options){ .max_flows = 8 });
	talk(&w->talk, "c:S! s:. s:S");
	w->talk.next[0]--; /* as in its own SYN */
	talk(&w->talk, "c:S. s:. c:P.");
	world_end(w);
	ok(w->count == 2 && f[1].established_ns > 0 && f[1].dir[1].syn == 1,
	   "a split handshake: the SYN-ACK is that of the SYN it acknowledges");
}

static void test_inside(struct world *w)
{
	const struct flow *f = w->flows;

	play(w, "s:P. c:. c:F.");
	ok(f->began_inside && f->ended_inside, "began and ended inside");
	ok(f->initiator_by == INITIATOR_PORT && f->src.port == 40000,
	   "the better-known port listens");
	play(w, "s:S. c:. c:F.");
	ok(f->initiator_by == INITIATOR_SYN_ACK && f->src.port == 40000,
	   "a SYN-ACK names the initiator");
	ok(f->established_ns > 0 && f->began_inside, "... and when it was established");

	world_init(w, (struct flow_options){ .max_flows = 8, .server_port = 40000 });
	talk(&w->talk, "c:S s:S. c:. c:F.");
	world_end(w);
	ok(f->initiator_by == INITIATOR_PORT && f->src.port == 5000,
	   "server_port decides against the SYN");
	is_int(f->first_fin, 1, "... and turns the directions");
	is_int(f->established_ns, NS_PER_S + 3 * NS_PER_MS, "... but not who opened");
}

/* Two CPUs fill the ring: an ACK may be read before the FIN that it acknowledges. */
static void test_disorder(struct world *w)
{
	struct segment s = { .seq = 100, .ack = 900, .flags = TCP_ACK, .t_ns = 1000 };
	const struct flow *f = w->flows;

	world_init(w, (struct flow_options){ .max_flows = 8 });
	s.tuple = w->talk.tuple;
	flow_table_add(w->table, &s); /* acknowledges the FIN below */
	s = (struct segment){ .seq = 899, .ack = 100, .flags = TCP_FIN | TCP_ACK, .t_ns = 990 };
	s.tuple = tuple_reverse(&w->talk.tuple);
	flow_table_add(w->table, &s);
	world_end(w);
	is_int(f->dir[1].fin_acked_ns, 990, "ACK read before its FIN");
	ok(f->first_ns == 990 && f->last_ns == 1000, "times span both");
}

static void test_bounds(struct world *w)
{
	struct flow_stats st;

	world_init(w, (struct flow_options){ .max_flows = 4, .linger_ns = NS_PER_S });
	connect_from(w, 1, TALK_OPEN);
	connect_from(w, 2, TALK_OPEN "c:R.");
	connect_from(w, 3, TALK_OPEN);
	connect_from(w, 4, TALK_OPEN);
	is_int(w->count, 0, "the table is full");
	connect_from(w, 5, TALK_OPEN);
	ok(w->count == 1 && w->flows[0].src.port == 2, "a closed connection goes first");
	connect_from(w, 1, "c:P.");
	connect_from(w, 6, TALK_OPEN);
	ok(w->count == 2 && w->flows[1].src.port == 3, "then the one that was silent longest");
	ok(w->flows[1].ended_inside && !w->flows[0].ended_inside, "... which had not ended");
	connect_from(w, 1, TALK_OPEN "c:R. c:Sn");
	flow_table_stats(w->table, &st);
	ok(st.live == 4 && st.live_peak == 4, "never more than that");
	world_end(w);
	is_int(w->count, 7, "all are handed out in the end");

	world_init(w, (struct flow_options){ .max_flows = 8, .linger_ns = NS_PER_S });
	connect_from(w, 1, TALK_OPEN "c:R.");
	connect_from(w, 2, TALK_OPEN);
	connect_from(w, 3, "+990 c:S");
	is_int(w->count, 0, "within linger_ns");
	connect_from(w, 3, "+10 c:S");
	ok(w->count == 1 && w->flows[0].src.port == 1,
	   "a closed connection leaves after linger_ns");
	flow_table_stats(w->table, &st);
	ok(st.evicted == 0 && st.flows == 3, "which is no eviction");
	world_end(w);
}

/* A flood gives way to connections, not they to it. */
static void test_flood(struct world *w)
{
	struct flow_stats st;

	world_init(w, (struct flow_options){ .max_flows = 8, .linger_ns = NS_PER_S });
	connect_from(w, 1, TALK_OPEN);
	connect_from(w, 2, TALK_OPEN "c:F. s:F. c:.");
	for (uint16_t port = 100; port < 200; port++)
		connect_from(w, port, "c:S");
	flow_table_stats(w->table, &st);
	ok(st.evicted_half_open == 93 && st.evicted == 94 && st.evicted_open == 0,
	   "SYNs without an answer are put out before what is open, and counted");
	ok(w->flows[0].src.port == 2 && w->flows[1].src.port == 100,
	   "... after what is closed; the oldest first");
	connect_from(w, 1, "c:F. s:F. c:.");
	world_end(w);
	is_int(w->count, 102, "all are handed out");

	world_init(w, (struct flow_options){ .max_flows = 8 });
	connect_from(w, 1, TALK_OPEN);
	for (uint16_t port = 100; port < 200; port++)
		connect_from(w, port, "c:S s:S. +1000 s:r");
	flow_table_stats(w->table, &st);
	ok(st.evicted_half_open == 93 && st.evicted_open == 0, "nor do SYNs that were answered");
	world_end(w);

	world_init(w, (struct flow_options){ .max_flows = 2 });
	connect_from(w, 1, TALK_OPEN "c:Sn");
	connect_from(w, 2, TALK_OPEN);
	flow_table_stats(w->table, &st);
	ok(st.evicted == 2 && st.evicted_open == 1 && st.evicted_half_open == 1,
	   "a SYN that is put out takes along what it had met: counted");
	world_end(w);
}

/* Put out before its handshake was over, it goes on: that was no flood, and something is lost. */
static void test_flood_of_others(struct world *w)
{
	static const struct {
		const char *before, *after, *what;
		bool lost;
	} rows[] = {
		{ "c:S s:S.", "c:. c:P. s:P.", "a handshake that is completed", true },
		{ "c:S", "s:S. c:.", "... and answered", true },
		{ "c:S", "c:r s:S. c:.", "... whose SYN came once more", true },
		{ "c:S", "s:R.", "a SYN that is refused", true },
		{ "c:S s:S.", "c:R", "an answer that is", true },
		{ "c:S s:S.", "+5000 s:r", "an answer that is repeated", false },
		{ "c:S", "c:r", "a SYN that is repeated", false },
		{ "c:S s:S.", "", "one that never goes on", false },
	};
	struct flow_stats st;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct talk t;

		world_init(w, (struct flow_options){ .max_flows = 4 });
		talk_init(&t, 7, add, w);
		talk(&t, rows[i].before);
		w->talk.now_ns = t.now_ns;
		for (uint16_t port = 100; port < 104; port++)
			connect_from(w, port, "c:S s:S.");
		t.now_ns = w->talk.now_ns;
		talk(&t, rows[i].after);
		w->talk.now_ns = t.now_ns;
		flow_table_stats(w->table, &st);
		ok(st.evicted_open == rows[i].lost && st.evicted_half_open > 0,
		   "%s after it was put out: %d lost", rows[i].what, rows[i].lost);
		world_end(w);
	}

	world_init(w, (struct flow_options){ .max_flows = 8 });
	connect_from(w, 1, TALK_OPEN);
	for (uint16_t port = 100; port < 200; port++)
		connect_from(w, port, "c:S~ s:S. +5000 s:r +5000 s:r");
	flow_table_stats(w->table, &st);
	ok(st.evicted_half_open == 93 && st.evicted_open == 0, "a flood seen by its answers alone");
	world_end(w);
}

/* A table full of closed connections: new ones, several at once, do not push each other out. */
static void test_full(struct world *w)
{
	struct flow_stats st;
	struct talk t[3];

	world_init(w, (struct flow_options){ .max_flows = 4 });
	for (uint16_t port = 1; port <= 4; port++)
		connect_from(w, port, TALK_OPEN "c:F. s:F. c:.");
	for (uint16_t i = 0; i < 3; i++) {
		talk_init(&t[i], (uint16_t)(100 + i), add, w);
		t[i].now_ns = w->talk.now_ns;
		talk(&t[i], "c:S");
	}
	for (int i = 0; i < 3; i++)
		talk(&t[i], "s:S. c:. c:P. s:P. c:F. s:F. c:.");
	flow_table_stats(w->table, &st);
	world_end(w);
	ok(w->count == 7 && st.evicted == 3 && st.evicted_half_open == 0,
	   "closed ones make room for handshakes under way");
	ok(w->flows[6].first_fin == 0 && !w->flows[6].began_inside, "... which stay whole");

	world_init(w, (struct flow_options){ .max_flows = 4 });
	connect_from(w, 1, TALK_OPEN "c:F. s:F. c:.");
	for (uint16_t port = 100; port < 110; port++)
		connect_from(w, port, "c:S +5000");
	flow_table_stats(w->table, &st);
	ok(st.evicted_half_open == 7 && st.evicted == 7, "SYNs of long ago go before closed ones");
	world_end(w);
}

/* Many ports through a small table: probing and shifting back must never lose one. */
static void test_churn(struct world *w)
{
	struct flow_stats st;

	world_init(w, (struct flow_options){ .max_flows = 100, .linger_ns = 20 * NS_PER_MS });
	for (uint16_t port = 1; port <= 5000; port++)
		connect_from(w, port, "c:S s:S. c:. c:F. s:F. c:.");
	flow_table_finish(w->table);
	flow_table_stats(w->table, &st);
	ok(w->count == 5000 && st.flows == 5000 && st.evicted == 0, "5000 connections, each once");
	is_int(st.segments, 30000, "... of 30000 segments");
	is_int(st.live, 0, "... and none left");
	ok(st.live_peak <= 6, "... never many at once");
	flow_table_free(w->table);
}

static void (*const tests[])(struct world *) = {
	test_plain,    test_repeats, test_resets, test_crossed,  test_reuse, test_same_isn,
	test_syn_after_syn, test_forged, test_set_back, test_open, test_inside, test_disorder,
	test_bounds, test_flood, test_flood_of_others, test_full, test_churn,
};

int main(void)
{
	static struct world w; /* large */

	for (working = 0; working <= 2; working += 2)
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
			tests[i](&w);
	return test_done();
}
