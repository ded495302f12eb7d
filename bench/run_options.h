/*
 * run_options: the options that `run` and `load` share, and how they become overrides.
 */
#ifndef TWBENCH_BENCH_RUN_OPTIONS_H
#define TWBENCH_BENCH_RUN_OPTIONS_H

#include <stddef.h>

#include "base/cmd.h"
#include "bench/lab.h"
#include "bench/scenario.h"

struct err;

#define OVERRIDES_MAX ARGS_MAX

struct run_overrides {
	struct override item[OVERRIDES_MAX];
	size_t count;
	char *text[OVERRIDES_MAX]; /* copies that `item` points into */
	size_t text_count;
};

/* The rows of struct opt that set scenario keys, for option tables: of the load, and of the lab. */
#define LOAD_OPTIONS                                                                              \
	{ "strategy", 's', "NAME", "strategy", "how to close (twbench list strategies)" },        \
	{ "clients", 'c', "N", "load.clients", "simulated clients: most connections at once" },   \
	{ "rate", 'r', "N/s", "load.rate", "arrivals per second (open loop)" },                   \
	{ "duration", 'd', "TIME", "load.duration", "of the load: 8s, 250ms, 2m" },               \
	{ "seed", 0, "N", "seed", "of all that is random" },                                      \
	{ "set", 0, "KEY=VALUE", NULL, "any scenario key (twbench list keys); may be repeated" }
#define LAB_OPTIONS                                                                               \
	{ "repeat", 'n', "N", "repeat", "repeats of each case, each in a fresh lab" },            \
	{ "target", 0, "HOST:PORT", "host", "a server that is not ours (topology host)" },        \
	{ "topology", 't', "NAME", "topology", "how the ends are joined (twbench list topologies)" }, \
	{ "capture", 0, "MODE", "witnesses.capture", "off, on, keep (keep the pcap file)" },      \
	{ "drain", 0, "BOOL", "drain", "wait for the last TIME_WAIT to end: true, false" },       \
	{ "sysctl", 0, "KEY=VALUE", NULL, "set in the lab, never on the host; may be repeated" }

/* Collect them.  0 or -EINVAL, -ENOMEM with *err; release in any case. */
int run_overrides_make(const struct args *a, struct run_overrides *ret, struct err *err);
void run_overrides_release(struct run_overrides *o);

/* --isolation.  0 or -EINVAL with *err. */
int run_isolation(const struct args *a, enum isolation *ret, struct err *err);

#endif
