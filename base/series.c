#include "base/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const column_keys[COL_COUNT] = {
	[COL_ESTABLISHED] = "established", [COL_SYN_SENT] = "syn_sent",
	[COL_SYN_RECV] = "syn_recv",       [COL_FIN_WAIT1] = "fin_wait1",
	[COL_FIN_WAIT2] = "fin_wait2",     [COL_FIN_WAIT2_ORPHAN] = "fin_wait2_orphan",
	[COL_TIME_WAIT] = "time_wait",     [COL_CLOSE_WAIT] = "close_wait",
	[COL_LAST_ACK] = "last_ack",       [COL_CLOSING] = "closing",
};

const char *series_column_key(enum series_column c)
{
	return column_keys[c];
}

int series_init(struct series *s, size_t capacity)
{
	memset(s, 0, sizeof(*s));
	/* One more than asked for: the row that series_finish() adds must always fit. */
	if (capacity >= SIZE_MAX / sizeof(*s->row))
		return -ENOMEM;
	s->row = calloc(capacity + 1, sizeof(*s->row));
	if (!s->row)
		return -ENOMEM;
	s->capacity = capacity;
	return 0;
}

void series_release(struct series *s)
{
	if (!s)
		return;
	free(s->row);
	memset(s, 0, sizeof(*s));
}

bool series_add(struct series *s, const struct series_row *row)
{
	const struct series_row *last = s->count > 0 ? &s->row[s->count - 1] : NULL;

	if (s->full)
		return false;
	if (!last || memcmp(last->count, row->count, sizeof(row->count)) != 0) {
		if (s->count == s->capacity) {
			s->full = true;
			return false;
		}
		s->row[s->count++] = *row;
	}
	s->taken++;
	s->last_ns = row->t_ns;
	return true;
}

void series_finish(struct series *s)
{
	if (s->count == 0 || s->row[s->count - 1].t_ns >= s->last_ns)
		return;
	s->row[s->count] = s->row[s->count - 1];
	s->row[s->count].t_ns = s->last_ns;
	s->count++;
	s->full = true; /* the spare row is used: nothing may follow */
}

const struct series_row *series_at(const struct series *s, int64_t t_ns)
{
	size_t low = 0,
	       high = s->count; /* rows before `low` are at or before t_ns, from `high` on after */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->row[middle].t_ns <= t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &s->row[low - 1] : NULL;
}
