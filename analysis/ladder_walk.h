/* ladder_walk: the states of both ends, segment by segment.  Private to analysis/ladder*.c. */
#ifndef TWBENCH_ANALYSIS_LADDER_WALK_H
#define TWBENCH_ANALYSIS_LADDER_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/ladder.h"

struct ladder_walk {
	int state[2];
	int64_t origin_ns;
	uint32_t base[2], next[2], acked[2], fin_seq[2];
	bool next_any[2], acked_any[2], fin_sent[2], fin_under_way[2];
	bool crossed, again; /* again: the step just taken had been sent before */
};

void ladder_walk_init(struct ladder_walk *w, const struct ladder *l, const struct conn *c);
void ladder_walk_step(struct ladder_walk *w, const struct ladder_step *s);
const char *ladder_walk_state(const struct ladder_walk *w, int dir);

/* "<SEQ=100><ACK=301><CTL=FIN,ACK>", after ladder_walk_step(). */
void ladder_walk_label(const struct ladder_walk *w, const struct ladder_step *s, char *buf,
		       size_t size);

struct ladder_ending {
	double end_s;
	char text[64];
};

/* When each TIME-WAIT ends and why, in order of time.  Returns how many; after the last step. */
size_t ladder_endings(const struct ladder_walk *w, const struct conn *c, struct ladder_ending ret[2]);

/* One line: number, endpoints, class, who holds TIME-WAIT. */
void ladder_title(const struct conn *c, char *buf, size_t size);

#endif
