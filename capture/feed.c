#include "capture/feed.h"

#include <errno.h>

#include "capture/segment.h"

/* Sum up, then pass on. */
static void count_flow(void *arg, const struct flow *flow)
{
	struct feed *f = arg;
	struct sniffer_report *r = f->report;

	r->syn += flow->dir[0].syn;
	r->syn_retrans += flow->dir[0].syn_retrans;
	r->syn_ack += flow->dir[1].syn;
	r->syn_ack_retrans += flow->dir[1].syn_retrans;
	if (f->outer.done)
		f->outer.done(f->outer.arg, flow);
}

static void pass_seen(void *arg, const struct segment *s, uint64_t number, int dir)
{
	struct feed *f = arg;

	f->outer.seen(f->outer.arg, s, number, dir);
}

int feed_init(struct feed *f, int linktype, int64_t offset_ns, const struct flow_options *flow,
	      struct sniffer_report *report)
{
	struct flow_options inner = *flow;

	*report = (struct sniffer_report){ 0 };
	*f = (struct feed){
		.linktype = linktype, .offset_ns = offset_ns, .outer = *flow, .report = report
	};
	inner.done = count_flow;
	inner.seen = flow->seen ? pass_seen : NULL;
	inner.arg = f;
	f->table = flow_table_new(&inner);
	return f->table ? 0 : -ENOMEM;
}

void feed_release(struct feed *f)
{
	if (!f)
		return;
	flow_table_free(f->table);
	f->table = NULL;
}

static bool note_udp(struct feed *f, const struct segment *s)
{
	struct sniffer_report *r = f->report;

	r->udp_packets++;
	if (s->tuple.b.port != SNIFFER_CANARY_PORT)
		return false;
	if (r->tcp_packets == 0)
		r->proven_start = true;
	if (f->canaries++ > 0)
		r->proven_end = true;
	return true;
}

void feed_flush(struct feed *f)
{
	flow_table_add_many(f->table, f->batch, f->waiting);
	f->waiting = 0;
}

static void note_tcp(struct feed *f, int64_t t_ns)
{
	struct segment *s = &f->batch[f->waiting];

	s->t_ns = t_ns;
	f->report->tcp_packets++;
	if (s->flags & TCP_SYN)
		f->report->proven_end = false;
	if (++f->waiting == FLOW_BATCH)
		feed_flush(f);
}

static void note_other(struct sniffer_report *r, enum segment_status st)
{
	r->cut += st == SEGMENT_CUT;
	r->bad += st == SEGMENT_BAD;
	r->fragments += st == SEGMENT_FRAGMENT;
	r->undecodable = r->cut + r->bad + r->fragments;
}

bool feed_packet(struct feed *f, int64_t t_ns, const uint8_t *bytes, uint32_t caplen,
		 uint32_t wirelen)
{
	struct sniffer_report *r = f->report;
	enum segment_status st;

	st = segment_decode(f->linktype, bytes, caplen, wirelen, &f->batch[f->waiting]);
	t_ns -= f->offset_ns;
	if (r->packets++ == 0)
		r->first_ns = r->last_ns = t_ns;
	else if (t_ns > r->last_ns)
		r->last_ns = t_ns;
	if (st == SEGMENT_OK)
		note_tcp(f, t_ns);
	else if (st == SEGMENT_UDP)
		return note_udp(f, &f->batch[f->waiting]);
	else if (st != SEGMENT_NOT)
		note_other(r, st);
	else if (!segment_knows(f->linktype))
		r->unknown_link++;
	return false;
}

void feed_finish(struct feed *f)
{
	feed_flush(f);
	flow_table_finish(f->table);
	flow_table_stats(f->table, &f->report->flow);
}
