#include "capture/sniffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture/feed.h"
#include "capture/sniffer_source.h"

#define OPEN_MAX_AT_ONCE 64 /* of more files, those whose turn is yet to come are closed again */

/* Sources, and the time of the packet that each is at. */
struct merger {
	const struct sniffer_files *in;
	struct sniffer_report *report;
	struct filters *filters;
	struct queued {
		struct source *source; /* NULL: done */
		int64_t t_ns;
	} * queue;
	size_t count;
};

static void done(struct queued *q)
{
	source_free(q->source);
	q->source = NULL;
}

static int advance(struct merger *m, struct queued *q, struct sniffer_report *r, struct err *err)
{
	int got = source_next(q->source, m->filters, r, err);

	if (got == 1)
		q->t_ns = source_at(q->source)->t_ns;
	else if (got == 0)
		done(q);
	return got < 0 ? got : 0;
}

/* Open all, to see what each begins with and to refuse before anything is said. */
static int open_all(struct merger *m, struct err *err)
{
	for (size_t i = 0; i < m->count; i++) {
		struct sniffer_report ignored = { 0 };
		struct queued *q = &m->queue[i];
		bool stays = i < OPEN_MAX_AT_ONCE || strcmp(m->in->path[i], "-") == 0;
		int code;

		q->source = source_new(m->in->path[i]);
		if (!q->source)
			return err_set(err, -ENOMEM, "no memory to read '%s'", m->in->path[i]);
		code = source_open(q->source, err);
		if (code == 0)
			code = advance(m, q, stays ? m->report : &ignored, err);
		if (code != 0)
			return code;
		if (q->source && !stays)
			source_close(q->source);
	}
	return 0;
}

/* Whose packet is the earliest, and until when it stays so; NULL: all are done. */
static struct queued *earliest(const struct merger *m, int64_t *ret_until_ns)
{
	struct queued *first = NULL;

	*ret_until_ns = INT64_MAX;
	for (struct queued *q = m->queue; q < m->queue + m->count; q++) {
		if (!q->source)
			continue;
		if (!first) {
			first = q;
		} else if (q->t_ns < first->t_ns) {
			*ret_until_ns = first->t_ns;
			first = q;
		} else if (q->t_ns < *ret_until_ns) {
			*ret_until_ns = q->t_ns;
		}
	}
	return first;
}

static bool stopped(const struct merger *m)
{
	return m->in->stop && *m->in->stop;
}

static int merge(struct merger *m, struct feed *feed, struct err *err)
{
	struct queued *now;
	int64_t until_ns;
	int code = 0;

	while (code == 0 && !stopped(m) && (now = earliest(m, &until_ns))) {
		if (!source_is_open(now->source)) {
			code = source_open(now->source, err);
			if (code == 0)
				code = advance(m, now, m->report, err);
		}
		while (code == 0 && now->source && now->t_ns <= until_ns && !stopped(m)) {
			const struct pcapread_packet *p = source_at(now->source);

			feed->linktype = p->linktype;
			(void)feed_packet(feed, p->t_ns, p->bytes, p->caplen, p->wirelen);
			code = advance(m, now, m->report, err);
		}
	}
	return code;
}

int sniffer_read_files(const struct sniffer_files *in, struct sniffer_report *ret, struct err *err)
{
	struct merger m = { .in = in, .report = ret, .count = in->count };
	struct feed feed = { 0 };
	int code;

	code = feed_init(&feed, 0, 0, &in->flow, ret);
	m.queue = calloc(in->count ? in->count : 1, sizeof(*m.queue));
	if (code != 0 || !m.queue)
		code = err_set(err, -ENOMEM, "no memory for the connections");
	if (code == 0)
		code = filters_new(in->filter, &m.filters, err);
	if (code == 0)
		code = open_all(&m, err);
	if (code == 0)
		code = merge(&m, &feed, err);
	if (code == 0)
		feed_finish(&feed);
	feed_release(&feed);
	for (size_t i = 0; m.queue && i < m.count; i++)
		done(&m.queue[i]);
	free(m.queue);
	filters_free(m.filters);
	return code;
}

int sniffer_read_file(const char *path, const struct flow_options *flow, struct sniffer_report *ret,
		      struct err *err)
{
	struct sniffer_files in = { .path = &path, .count = 1, .flow = *flow };

	return sniffer_read_files(&in, ret, err);
}
