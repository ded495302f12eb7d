#include "analysis/classify.h"

#include "capture/flow.h"
#include "tests/packets.h"
#include "tests/test.h"

struct want {
	const char *name, *words;
	enum teardown_class class;
	enum sides first_fin, first_rst, holder;
	bool assassinated;
};

// clang-format off
static const struct want wants[] = {
	{ "client closes, three segments", TALK_ASK "c:F. s:F. c:.",
	  TEARDOWN_ORDERLY_3, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "server closes, three segments", TALK_ASK "s:F. c:F. s:.",
	  TEARDOWN_ORDERLY_3, SIDES_SERVER, SIDES_NONE, SIDES_SERVER, false },
	{ "client closes, four segments", TALK_ASK "c:F. s:. +60 s:F. c:.",
	  TEARDOWN_ORDERLY_4, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "FIN on the last payload", TALK_OPEN "c:P. s:FP. c:F. s:.",
	  TEARDOWN_ORDERLY_3, SIDES_SERVER, SIDES_NONE, SIDES_SERVER, false },
	{ "FIN retransmitted, then acknowledged", TALK_ASK "c:F.! +200 c:r c:d s^ s:. s:F. c:.",
	  TEARDOWN_ORDERLY_4, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "last ACK lost, FIN repeated, acknowledged again", TALK_ASK "c:F. s:F. c:.! +200 s:r c:.",
	  TEARDOWN_ORDERLY_3, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "half-close with data", TALK_OPEN "c:P. c:F. s:. s:P. c:. s:F. c:.",
	  TEARDOWN_HALF_CLOSE, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "half-close, data on the FIN", TALK_OPEN "c:P. c:F. s:. s:FP. c:.",
	  TEARDOWN_HALF_CLOSE, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "simultaneous", TALK_ASK "c:F.! s:F.! c^ s^ c:. s:.",
	  TEARDOWN_SIMULTANEOUS, SIDES_BOTH, SIDES_NONE, SIDES_BOTH, false },
	{ "simultaneous, an ACK not seen", TALK_ASK "c:F.! s:F.! c^ c:.",
	  TEARDOWN_SIMULTANEOUS, SIDES_BOTH, SIDES_NONE, SIDES_UNKNOWN, false },
	{ "client aborts", TALK_ASK "c:R.",
	  TEARDOWN_ABORT, SIDES_NONE, SIDES_CLIENT, SIDES_NONE, false },
	{ "server aborts", TALK_ASK "s:R.",
	  TEARDOWN_ABORT_BY_RESPONDER, SIDES_NONE, SIDES_SERVER, SIDES_NONE, false },
	{ "abort, the peer's FIN under way", TALK_ASK "c:R.! s:F. c:R",
	  TEARDOWN_ABORT,
	  SIDES_SERVER, SIDES_CLIENT, SIDES_NONE, false },
	{ "shutdown, then abort (C8)", TALK_ASK "c:F. s:. c:R.",
	  TEARDOWN_RESET_AFTER_FIN, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE, false },
	{ "shutdown, abort, the peer's FIN under way", TALK_ASK "c:F. s:. c:R.! s:F. c:R",
	  TEARDOWN_RESET_AFTER_FIN, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE, false },
	{ "passive abort (C9)", TALK_ASK "c:F. s:. s:R.",
	  TEARDOWN_RESET_AFTER_FIN, SIDES_CLIENT, SIDES_SERVER, SIDES_NONE, false },
	{ "passive abort, then a stray FIN", TALK_ASK "c:F. s:. s:R. s:F.",
	  TEARDOWN_RESET_AFTER_FIN, SIDES_CLIENT, SIDES_SERVER, SIDES_NONE, false },
	{ "FIN-WAIT-2 gone when the FIN comes (C11)", TALK_ASK "c:F. s:. +2000 s:F. c:R",
	  TEARDOWN_RESET_AFTER_BOTH_FINS, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE, false },
	{ "late data (C1b)", TALK_ASK "c:F. s:. s:P.! c:R",
	  TEARDOWN_LATE_DATA_RESET, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE, false },
	{ "late data with a FIN on it", TALK_ASK "c:F. s:. s:FP. c:R",
	  TEARDOWN_LATE_DATA_RESET, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE, false },
	{ "silent end, found out by data (C13)", TALK_ASK "s:P.! c:R",
	  TEARDOWN_LATE_DATA_RESET, SIDES_NONE, SIDES_CLIENT, SIDES_NONE, false },
	{ "half-close, data taken, then abort", TALK_OPEN "c:P. c:F. s:. s:P. c:. c:R.",
	  TEARDOWN_RESET_AFTER_FIN, SIDES_CLIENT, SIDES_CLIENT, SIDES_NONE, false },
	{ "FIN without answer", TALK_ASK "c:F.! +200 c:r +400 c:r",
	  TEARDOWN_FIN_UNANSWERED, SIDES_CLIENT, SIDES_NONE, SIDES_NONE, false },
	{ "peer stays in CLOSE-WAIT", TALK_ASK "c:F. s:.",
	  TEARDOWN_FIN_UNANSWERED, SIDES_CLIENT, SIDES_NONE, SIDES_NONE, false },
	{ "second FIN never acknowledged", TALK_ASK "c:F. s:. s:F. +200 s:r",
	  TEARDOWN_FIN_UNANSWERED, SIDES_CLIENT, SIDES_NONE, SIDES_UNKNOWN, false },
	{ "refused", "c:S s:R.",
	  TEARDOWN_REFUSED, SIDES_NONE, SIDES_SERVER, SIDES_NONE, false },
	{ "no answer to the SYN", "c:S +1000 c:r +2000 c:r",
	  TEARDOWN_CONNECT_TIMEOUT, SIDES_NONE, SIDES_NONE, SIDES_NONE, false },
	{ "an old connection objects, its SYN is reset and sent again",
	  "c:S! s:. c:R +1000 c:r s^ s:Sn. c:. c:P. s:P. c:. c:F. s:F. c:.",
	  TEARDOWN_ORDERLY_3, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "half-open scan", "c:S s:S. c:R",
	  TEARDOWN_ABORT, SIDES_NONE, SIDES_CLIENT, SIDES_NONE, false },
	{ "open when the capture ends", TALK_ASK,
	  TEARDOWN_NEVER_CLOSED, SIDES_NONE, SIDES_NONE, SIDES_NONE, false },
	{ "SYN-ACK never acknowledged", "c:S s:S. +1000 s:r",
	  TEARDOWN_NEVER_CLOSED, SIDES_NONE, SIDES_NONE, SIDES_NONE, false },
	{ "RST to TIME-WAIT (RFC 1337)", TALK_ASK "c:F. s:F. c:. +20 s:R",
	  TEARDOWN_RESET_AFTER_BOTH_FINS, SIDES_CLIENT, SIDES_SERVER, SIDES_CLIENT, true },
	{ "RST to TIME-WAIT, out of place", TALK_ASK "c:F. s:F. c:. +20 s:Rx",
	  TEARDOWN_RESET_AFTER_BOTH_FINS, SIDES_CLIENT, SIDES_SERVER, SIDES_CLIENT, false },
	{ "TIME-WAIT gone, repeated FIN answered by RST", TALK_ASK "c:F. s:F. c:.! +200 s:r c:R",
	  TEARDOWN_RESET_AFTER_BOTH_FINS, SIDES_CLIENT, SIDES_CLIENT, SIDES_CLIENT, false },
	{ "RST out of place, ignored", TALK_ASK "s:Rx c:F. s:. s:F. c:.",
	  TEARDOWN_ORDERLY_4, SIDES_CLIENT, SIDES_SERVER, SIDES_CLIENT, false },
	{ "RST out of place between the FINs, ignored", TALK_ASK "c:F. s:Rx s:. s:F. c:.",
	  TEARDOWN_ORDERLY_4, SIDES_CLIENT, SIDES_SERVER, SIDES_CLIENT, false },
	{ "began inside, all of the close seen", "c:P. s:P. c:F. s:F. c:.",
	  TEARDOWN_ORDERLY_3, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "began inside, abort after payload", "c:P. s:P. c:R.",
	  TEARDOWN_ABORT, SIDES_NONE, SIDES_CLIENT, SIDES_NONE, false },
	{ "began inside, a lone FIN", "s:F. c:.",
	  TEARDOWN_PARTIAL, SIDES_SERVER, SIDES_NONE, SIDES_UNKNOWN, false },
	{ "began inside, a lone RST", "c:R.",
	  TEARDOWN_PARTIAL, SIDES_NONE, SIDES_CLIENT, SIDES_UNKNOWN, false },
	{ "one way only", "c:S c:. c:P. c:F.",
	  TEARDOWN_PARTIAL, SIDES_CLIENT, SIDES_NONE, SIDES_UNKNOWN, false },
	{ "reused from TIME-WAIT", TALK_ASK "c:F. s:F. c:. +1000 c:Sn s:Sn. c:.",
	  TEARDOWN_REUSED_IN_TIME_WAIT, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "a RST for payload, whose sender goes on", TALK_OPEN "c:P.! s:R +200 s:P. c:.",
	  TEARDOWN_NEVER_CLOSED, SIDES_NONE, SIDES_NONE, SIDES_NONE, false },
	{ "reused after 59 s, by default remembered", TALK_ASK "c:F. s:F. c:. +59000 c:Sn s:Sn. c:.",
	  TEARDOWN_REUSED_IN_TIME_WAIT, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "reused after 61 s, by default forgotten", TALK_ASK "c:F. s:F. c:. +61000 c:Sn s:Sn. c:.",
	  TEARDOWN_ORDERLY_3, SIDES_CLIENT, SIDES_NONE, SIDES_CLIENT, false },
	{ "reused, the TIME-WAIT objecting", TALK_ASK "s:F. c:F. s:. +1000 c:Sn! s:. c:R",
	  TEARDOWN_REUSED_IN_TIME_WAIT, SIDES_SERVER, SIDES_CLIENT, SIDES_SERVER, true },
};
// clang-format on

struct first {
	struct flow flow;
	int count;
};

static void keep_first(void *arg, const struct flow *f)
{
	struct first *first = arg;

	if (first->count++ == 0)
		first->flow = *f;
}

static void add(void *arg, const struct segment *s)
{
	flow_table_add(arg, s);
}

static struct flow flow_of(const char *words)
{
	struct first first = { 0 };
	struct flow_options o = {
		.max_flows = 8, .server_port = 5000, .done = keep_first, .arg = &first
	};
	struct flow_table *table = flow_table_new(&o);
	struct talk t;

	talk_init(&t, 40000, add, table);
	talk(&t, words);
	flow_table_finish(table);
	flow_table_free(table);
	return first.flow;
}

static void test_table(void)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		const struct want *w = &wants[i];
		struct flow f = flow_of(w->words);
		struct teardown t = classify(&f);

		seen |= UINT32_C(1) << w->class;
		is_str(teardown_class_key(t.class), teardown_class_key(w->class), "%s", w->name);
		is_str(sides_key(t.first_fin), sides_key(w->first_fin), "%s: first FIN", w->name);
		is_str(sides_key(t.first_rst), sides_key(w->first_rst), "%s: first RST", w->name);
		is_str(sides_key(t.holder), sides_key(w->holder), "%s: who holds TIME-WAIT",
		       w->name);
		is_int(t.assassinated, w->assassinated, "%s: assassinated", w->name);
	}
	is_int(seen, (UINT32_C(1) << TEARDOWN_CLASS_COUNT) - 1, "every class has an example");
}

static void test_times(void)
{
	struct flow f = flow_of(TALK_OPEN "c:F. s:. +60 s:F. c:.");
	struct teardown t = classify(&f);

	is_int(t.time_wait_ns[SIDE_CLIENT], f.dir[1].fin_ns,
	       "TIME-WAIT begins with the second FIN");
	is_int(t.time_wait_ns[SIDE_SERVER], -1, "... at one end");
	f = flow_of(TALK_OPEN "c:F.! s:F.! c^ s^ c:. +5 s:.");
	t = classify(&f);
	is_int(t.time_wait_ns[SIDE_CLIENT], f.dir[0].fin_acked_ns,
	       "simultaneous: with the ACK of its own FIN");
	is_int(t.time_wait_ns[SIDE_SERVER], f.dir[1].fin_acked_ns, "... at each end");
	ok(f.dir[0].fin_acked_ns != f.dir[1].fin_acked_ns, "... at another time");
}

/* A coarse clock gives the second FIN and the RST that answers it one time. */
static void test_same_moment(void)
{
	struct flow f = flow_of(TALK_ASK "c:F. s:. +2000 s:F. c:R");

	f.dir[0].rst_ns = f.dir[1].fin_ns;
	is_int(classify(&f).class, TEARDOWN_RESET_AFTER_BOTH_FINS, "FIN and RST at the same moment");
	f.dir[0].rst_ns--;
	is_int(classify(&f).class, TEARDOWN_RESET_AFTER_FIN, "RST a moment before the second FIN");
}

/* The SYN of the next connection was not captured: its SYN-ACK begins that one. */
static void test_answer_after_reset(void)
{
	struct flow f = flow_of(TALK_ASK "c:R. +100 c:Sn~ s:Sn. c:. c:P.");

	is_int(f.dir[1].syn, 1, "a SYN-ACK after a RST is another connection's");
	is_int(f.dir[0].data_packets, 1, "... and so is what follows");
}

int main(void)
{
	test_same_moment();
	test_answer_after_reset();
	test_table();
	test_times();
	return test_done();
}
