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
	bool all;

	memset(s, 0, sizeof(*s));
	/* One more than asked for: the row that series_finish() adds must always fit. */
	if (capacity >= SIZE_MAX / sizeof(*s->t_ns))
		return -ENOMEM;
	s->t_ns = calloc(capacity + 1, sizeof(*s->t_ns));
	all = s->t_ns != NULL;
	for (int side = 0; all && side < SIDE_COUNT; side++)
		for (int c = 0; all && c < COL_COUNT; c++) {
			s->column[side][c] = calloc(capacity + 1, sizeof(int32_t));
			all = s->column[side][c] != NULL;
		}
	if (!all) {
		series_release(s);
		return -ENOMEM;
	}
	s->capacity = capacity;
	return 0;
}

void series_release(struct series *s)
{
	if (!s)
		return;
	free(s->t_ns);
	for (int side = 0; side < SIDE_COUNT; side++)
		for (int c = 0; c < COL_COUNT; c++)
			free(s->column[side][c]);
	memset(s, 0, sizeof(*s));
}

int64_t series_client_ports(const struct series *s, size_t i, int64_t capacity)
{
	int64_t time_wait = series_count(s, i, SIDE_CLIENT, COL_TIME_WAIT), sum = 0;

	for (int c = 0; c < COL_COUNT; c++)
		sum += series_count(s, i, SIDE_CLIENT, c);
	if (capacity <= 0 || sum <= capacity)
		return sum;
	return time_wait > capacity ? time_wait : capacity;
}

struct series_row series_row(const struct series *s, size_t i)
{
	struct series_row row = { .t_ns = s->t_ns[i] };

	for (int side = 0; side < SIDE_COUNT; side++)
		for (int c = 0; c < COL_COUNT; c++)
			row.count[side][c] = series_count(s, i, side, c);
	return row;
}

static bool same_counts(const struct series *s, size_t i, const struct series_row *row)
{
	for (int side = 0; side < SIDE_COUNT; side++)
		for (int c = 0; c < COL_COUNT; c++)
			if (series_count(s, i, side, c) != row->count[side][c])
				return false;
	return true;
}

/* A 0 is there already. */
static void append(struct series *s, const struct series_row *row)
{
	s->t_ns[s->count] = row->t_ns;
	for (int side = 0; side < SIDE_COUNT; side++)
		for (int c = 0; c < COL_COUNT; c++)
			if (row->count[side][c] != 0)
				s->column[side][c][s->count] = row->count[side][c];
	s->count++;
}

bool series_add(struct series *s, const struct series_row *row)
{
	if (s->full)
		return false;
	if (s->count == 0 || !same_counts(s, s->count - 1, row)) {
		if (s->count == s->capacity) {
			s->full = true;
			return false;
		}
		append(s, row);
	}
	s->taken++;
	s->last_ns = row->t_ns;
	return true;
}

void series_finish(struct series *s)
{
	struct series_row last;

	if (s->count == 0 || s->t_ns[s->count - 1] >= s->last_ns)
		return;
	last = series_row(s, s->count - 1);
	last.t_ns = s->last_ns;
	append(s, &last);
	s->full = true; /* the spare row is used: nothing may follow */
}

size_t series_until(const struct series *s, int64_t t_ns)
{
	size_t low = 0,
	       high = s->count; /* rows before `low` are at or before t_ns, from `high` on after */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->t_ns[middle] <= t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
