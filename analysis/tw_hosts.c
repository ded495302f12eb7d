#include "analysis/tw_hosts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mono.h"
#include "base/tuple_hash.h"

#define SLOTS (4 * TW_HOSTS_MAX) /* a power of two */

int tw_hosts_init(struct tw_hosts *h)
{
	*h = (struct tw_hosts){ .width_ns = NS_PER_MS };
	h->host = calloc(TW_HOSTS_MAX, sizeof(*h->host));
	h->slots = calloc(SLOTS, sizeof(*h->slots));
	h->all.change = calloc(TW_BINS + 1, sizeof(*h->all.change));
	/* Without entropy the key is merely guessable; counting goes on. */
	(void)!getrandom(&h->key, sizeof(h->key), GRND_NONBLOCK);
	if (h->host && h->slots && h->all.change)
		return 0;
	tw_hosts_release(h);
	return -ENOMEM;
}

void tw_hosts_release(struct tw_hosts *h)
{
	for (size_t i = 0; h->host && i < h->count; i++)
		free(h->host[i].change);
	free(h->host);
	free(h->slots);
	free(h->all.change);
	*h = (struct tw_hosts){ 0 };
}

/* The host's place, a new one, or NULL when there is no more room. */
static struct tw_host *host_of(struct tw_hosts *h, const struct endpoint *end)
{
	struct tuple t = { .a = *end, .b = *end };
	uint32_t i;

	t.a.port = t.b.port = 0;
	i = (uint32_t)tuple_hash_undirected(&t, h->key) & (SLOTS - 1);
	for (; h->slots[i] != 0; i = (i + 1) & (SLOTS - 1))
		if (endpoint_compare(&h->host[h->slots[i] - 1].addr, &t.a) == 0)
			return &h->host[h->slots[i] - 1];
	if (h->count == TW_HOSTS_MAX)
		return NULL;
	h->host[h->count] =
		(struct tw_host){ .addr = t.a, .change = calloc(TW_BINS + 1, sizeof(int32_t)) };
	if (!h->host[h->count].change)
		return NULL;
	h->slots[i] = (uint32_t)++h->count;
	return &h->host[h->count - 1];
}

/* Two bins become one; what was the first is then within bin `at` / 2. */
static void fold(struct tw_host *host, size_t at)
{
	int32_t folded[TW_BINS] = { 0 };

	for (size_t i = 0; i < TW_BINS; i++)
		folded[(at + i) / 2] += host->change[i];
	memcpy(host->change, folded, sizeof(folded));
}

/* How many bins before the first one the wider ones begin: as many as there are, but not before 0. */
static size_t bins_before(const struct tw_hosts *h, int64_t t_ns)
{
	size_t first = (size_t)(h->origin_ns / h->width_ns), odd = first & 1;

	if (t_ns >= h->origin_ns)
		return odd;
	return first < TW_BINS ? first : TW_BINS - odd;
}

/*
 * The span doubles, to the side where it is needed, until `t_ns` is in it.  The widest one holds all
 * times there are without overflow.
 */
static void cover(struct tw_hosts *h, int64_t t_ns)
{
	if (!h->begun)
		h->origin_ns = t_ns / h->width_ns * h->width_ns;
	h->begun = true;
	while (t_ns < h->origin_ns || t_ns - h->origin_ns >= TW_BINS * h->width_ns) {
		size_t at = bins_before(h, t_ns);

		fold(&h->all, at);
		for (size_t i = 0; i < h->count; i++)
			fold(&h->host[i], at);
		h->origin_ns -= (int64_t)at * h->width_ns;
		h->width_ns *= 2;
	}
}

static void note(const struct tw_hosts *h, struct tw_host *host, int64_t from_ns, int64_t until_ns,
		 enum tw_how how)
{
	host->count++;
	host->by_rst += how == TW_BY_RST;
	host->by_syn += how == TW_BY_SYN;
	host->change[(from_ns - h->origin_ns) / h->width_ns]++;
	host->change[(until_ns - h->origin_ns) / h->width_ns]--;
}

void tw_hosts_add(struct tw_hosts *h, const struct endpoint *end, int64_t from_ns, int64_t until_ns,
		  enum tw_how how)
{
	struct tw_host *host;

	assert(0 <= from_ns && from_ns <= until_ns && until_ns <= TW_TIME_MAX_NS);
	cover(h, from_ns);
	cover(h, until_ns);
	note(h, &h->all, from_ns, until_ns, how);
	host = host_of(h, end);
	if (host)
		note(h, host, from_ns, until_ns, how);
	else
		h->others++;
}

int64_t tw_host_step(const struct tw_host *host, size_t i, int64_t before)
{
	return before + host->change[i];
}

static void sum_up(const struct tw_hosts *h, struct tw_host *host, int64_t end_ns)
{
	int64_t held = 0;

	host->peak = host->count > 0;
	host->held_at_end = 0;
	for (size_t i = 0; i < TW_BINS; i++) {
		held = tw_host_step(host, i, held);
		if (held > host->peak)
			host->peak = held;
		if (h->origin_ns + (int64_t)i * h->width_ns <= end_ns)
			host->held_at_end = held;
	}
}

static int by_peak(const void *x, const void *y)
{
	const struct tw_host *a = x, *b = y;

	if (a->peak != b->peak)
		return a->peak < b->peak ? 1 : -1;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return endpoint_compare(&a->addr, &b->addr);
}

void tw_hosts_finish(struct tw_hosts *h, int64_t end_ns)
{
	sum_up(h, &h->all, end_ns);
	for (size_t i = 0; i < h->count; i++)
		sum_up(h, &h->host[i], end_ns);
	qsort(h->host, h->count, sizeof(*h->host), by_peak);
}
