/*
 * series: sockets per TCP state and side over time, as the sampler saw them.
 *
 * A row is kept only when some count differs from the row before (and the last row always), so an
 * hour of idleness costs nothing and nothing is lost: between two rows the counts did not change.
 * Times are ns since the start of the repeat.  Room is reserved at init; series_add() never
 * allocates and says when it is full.
 */
#ifndef TWBENCH_BASE_SERIES_H
#define TWBENCH_BASE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/side.h"

enum series_column {
	COL_ESTABLISHED,
	COL_SYN_SENT,
	COL_SYN_RECV,
	COL_FIN_WAIT1,
	COL_FIN_WAIT2,        /* sockets an application still holds, and full orphans */
	COL_FIN_WAIT2_ORPHAN, /* minisocks: counted in sockstat's tw although they are no TIME_WAIT */
	COL_TIME_WAIT,        /* TIME_WAIT proper */
	COL_CLOSE_WAIT,
	COL_LAST_ACK,
	COL_CLOSING,
	COL_COUNT
};

struct series_row {
	int64_t t_ns;
	int32_t count[SIDE_COUNT][COL_COUNT];
};

/* A column for each count: most are 0 throughout, and memory that is not touched costs nothing. */
struct series {
	int64_t *t_ns;
	int32_t *column[SIDE_COUNT][COL_COUNT]; /* NULL: all 0 */
	size_t count, capacity;
	int64_t taken;   /* samples taken, those that changed nothing included */
	int64_t last_ns; /* time of the last sample taken, changed or not */
	bool full;       /* a sample was refused, or the series is finished: it says nothing after last_ns */
};

const char *series_column_key(enum series_column c); /* "time_wait" */

int series_init(struct series *s, size_t capacity); /* with all columns; 0 or -ENOMEM */
void series_release(struct series *s);

/*
 * Keep the sample if it differs.  False when the room is used up, and for every sample after that:
 * the caller counts it as lost, and neither `taken` nor last_ns moves.
 */
bool series_add(struct series *s, const struct series_row *row);

/* Close the series with a last row at the time of the last sample. */
void series_finish(struct series *s);

static inline int32_t series_count(const struct series *s, size_t i, int side, int column)
{
	return s->column[side][column] ? s->column[side][column][i] : 0;
}

/*
 * The local ports that the client's sockets hold in row i.  Between dumps TIME_WAIT alone is fresh: a
 * socket that went on to it since the last one is counted twice, so the sum stops at `capacity`, the
 * 4-tuples there are (not known: 0 or less), unless TIME_WAIT alone exceeds them.
 */
int64_t series_client_ports(const struct series *s, size_t i, int64_t capacity);

struct series_row series_row(const struct series *s, size_t i);

/* How many rows are at or before t_ns: the last of them holds at t_ns. */
size_t series_until(const struct series *s, int64_t t_ns);

#endif
