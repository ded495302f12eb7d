/*
 * tw_hosts: how many TIME-WAITs each host held over time.
 *
 * Memory is bounded: at most TW_HOSTS_MAX hosts (those beyond are counted together), and time in
 * TW_BINS bins whose width doubles whenever the span outgrows them.  Times may come in any order.
 */
#ifndef TWBENCH_ANALYSIS_TW_HOSTS_H
#define TWBENCH_ANALYSIS_TW_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tuple.h"

#define TW_HOSTS_MAX 8192
#define TW_BINS      2048

struct tw_host {
	struct endpoint addr;    /* without a port */
	uint64_t count;          /* TIME-WAITs */
	uint64_t by_rst, by_syn; /* of these, ended early by a RST or a SYN */
	int64_t peak;            /* at once, to a bin's width; set by tw_hosts_finish() */
	int64_t held_at_end;     /* at the time given to tw_hosts_finish() */
	int32_t *change;         /* TW_BINS + 1: begun less ended in each bin */
};

struct tw_hosts {
	struct tw_host *host; /* in order of appearance; after tw_hosts_finish() by peak */
	size_t count;
	uint64_t others;    /* TIME-WAITs of hosts beyond the last */
	struct tw_host all; /* all hosts together */
	bool begun;           /* origin_ns is set */
	int64_t origin_ns, width_ns;
	uint32_t *slots; /* hash table of places plus 1 */
	uint64_t key;
};

int tw_hosts_init(struct tw_hosts *h); /* 0 or -ENOMEM */
void tw_hosts_release(struct tw_hosts *h);

enum tw_how { TW_EXPIRED, TW_BY_RST, TW_BY_SYN };

/* A TIME-WAIT from `from_ns` to `until_ns` at `end` (its port is ignored). */
void tw_hosts_add(struct tw_hosts *h, const struct endpoint *end, int64_t from_ns, int64_t until_ns,
		  enum tw_how how);

/* Sum up, as of `end_ns`, and sort the hosts by peak. */
void tw_hosts_finish(struct tw_hosts *h, int64_t end_ns);

/* How many are held at the end of bin `i`, for i from 0 on, given how many were at the one before. */
int64_t tw_host_step(const struct tw_host *host, size_t i, int64_t before);

#endif
