/*
 * feed: what is done with each packet, whether it comes from the wire or from a file: decode it,
 * count it, know a canary, account for the segment.  No libpcap and no clock in here.
 */
#ifndef TWBENCH_CAPTURE_FEED_H
#define TWBENCH_CAPTURE_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/flow.h"
#include "capture/segment.h"
#include "capture/sniffer.h"

struct feed {
	int linktype;      /* of the packets to come */
	int64_t offset_ns; /* taken from each packet's time */
	struct flow_table *table;
	struct flow_options outer; /* the caller's `done` */
	struct sniffer_report *report;
	unsigned canaries;
	size_t waiting; /* segments decoded, but not yet given to the table */
	struct segment batch[FLOW_BATCH];
};

/* `report` must outlive the feed; it is cleared.  Returns 0 or -ENOMEM. */
int feed_init(struct feed *f, int linktype, int64_t offset_ns, const struct flow_options *flow,
	      struct sniffer_report *report);
void feed_release(struct feed *f);

/* One packet; true if it was a canary. */
bool feed_packet(struct feed *f, int64_t t_ns, const uint8_t *bytes, uint32_t caplen,
		 uint32_t wirelen);

/* Account for what waits; for a reader that is about to sleep. */
void feed_flush(struct feed *f);

/* No more packets: hand out what is left and complete the report. */
void feed_finish(struct feed *f);

#endif
