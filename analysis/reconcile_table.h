/*
 * reconcile_table: the identities as rows: what the two sides are called, who says them, how they
 * are computed, what must hold for them to apply.
 *
 * Sources: net/ipv4/proc.c, Documentation/networking/snmp_counter.rst, and the strategy table.
 */
#ifndef TWBENCH_ANALYSIS_RECONCILE_TABLE_H
#define TWBENCH_ANALYSIS_RECONCILE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"

/* A repeat, and what is asked of it again and again. */
struct view {
	const struct record_case *c;
	const struct record_repeat *r;
	bool udp;
	bool ip6;
	bool exhaustion_expected; /* running out of ports is the subject */
	bool failures_expected;   /* so is any other end of a connection, and the rate */
	bool steady;              /* the load's mean rate does not change */
	int64_t healthy;          /* connections that ended as declared */
	int64_t unexpected;       /* those that did not, and should have */
	int64_t network;          /* attempts that sent a SYN */
	enum outcome most;        /* the most frequent unexpected outcome */
};

/* What must hold for a row to apply; a bit each. */
enum need {
	NEED_TCP = 1 << 0,
	NEED_CLEAN = 1 << 1,    /* every connection ended as declared */
	NEED_ISOLATED = 1 << 2, /* counters of a namespace that is ours alone */
	NEED_SHORT = 1 << 3,    /* all TIME_WAITs existed at once */
	NEED_LONG = 1 << 4,     /* they did not */
	NEED_HOLDER = 1 << 5,   /* the strategy leaves TIME_WAIT at this side */
	NEED_READER = 1 << 6,   /* the client reads its replies */
	NEED_FILE = 1 << 7,     /* a capture file was kept */
	NEED_KEPT = 1 << 8,     /* no TIME_WAIT was recycled or refused: the peak is not cut */
	NEED_CLOSED = 1 << 9,   /* ... nor ended by a SYN or a RST */
	NEED_ROOM = 1 << 10,    /* the accept queue never overflowed */
	NEED_UDP = 1 << 11,     /* datagrams, no connections */
	NEED_ANSWERED = 1 << 13, /* no end of the strategy's keeps silent */
	NEED_SNMP = 1 << 12,    /* datagrams that /proc/net/snmp counts: IPv4 */
};

/* How often a row is evaluated. */
enum reach {
	REACH_ONCE,
	REACH_SIDE,   /* for each side */
	REACH_COUNTER /* for each side; where both share a namespace, once for the sum of both */
};

/* RECORD_NONE when its witness was absent. */
typedef int64_t term_fn(const struct view *v, enum side side);

struct identity {
	const char *name;
	const char *left_what, *right_what;
	const char *left_by, *right_by; /* witness */
	term_fn *left, *right;
	term_fn *tolerance; /* NULL: exact */
	unsigned needs;
	enum reach reach;
	const char *hint; /* what a disagreement usually means */
};

extern const struct identity identities[];
extern const size_t identities_count;

/* NULL if the row applies; else why it is skipped, or "" if it has no place in this case at all. */
const char *identity_why_not(const struct identity *id, const struct view *v, enum side side);

#endif
