/*
 * scenario: a JSON file -> the cases of one run, every name resolved, every range checked, every
 * default filled in, before anything starts.
 *
 * One key table (scenario_keys) drives reading, validation, "did you mean", `--set`, the JSON Schema,
 * the documentation, and writing the resolved case back.  Top-level sections are defaults for all
 * cases; "cases" holds an object per case that overrides them; "matrix" (at either level) maps
 * dotted keys to lists and unfolds to the product; the lists of "zip" are walked in step.  Without "cases" the scenario is one case.
 * Later layers win: default, document, case, matrix, command line.  load.shape may be left out: the
 * last layer that names one of interval, rate or steps tells it.
 *
 *	{ "schema": "twbench.scenario/1", "name": "poll", "summary": "...",
 *	  "load": { "shape": "poll", "clients": 5, "interval": "1500ms", "duration": "8s" },
 *	  "cases": { "close": { "matrix": { "strategy": ["client-fin", "server-fin"] } } } }
 */
#ifndef TWBENCH_BENCH_SCENARIO_H
#define TWBENCH_BENCH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "bench/lab.h"
#include "bench/strategy.h"

struct err;

enum load_shape {
	LOAD_POLL, /* each client, every `interval`, `burst` connections one after the other */
	LOAD_RATE, /* open loop: arrivals at `rate` */
	LOAD_STEPS, /* open loop: `steps`, each from a rate to a rate within a time (ramps and stairs) */
	LOAD_SATURATE, /* closed loop: every client starts again as soon as it is done */
	LOAD_SHAPE_COUNT
};

enum load_engine {
	ENGINE_EVENT,    /* clients and server in threads of their own, event-driven */
	ENGINE_STRAIGHT, /* one thread is both ends of its connections: saturation at its highest */
	ENGINE_RING,     /* the same through io_uring: one call to the system for many */
	LOAD_ENGINE_COUNT
};
const char *load_engine_key(enum load_engine e); /* "straight" */
/* How a thread waits for the next start: asleep, or asleep until shortly before and then looking. */
enum load_pacing { PACING_SLEEP, PACING_SPIN, LOAD_PACING_COUNT };
enum arrival_spacing { ARRIVAL_CONSTANT, ARRIVAL_POISSON, ARRIVAL_SPACING_COUNT };
enum port_policy { PORTS_KERNEL, PORTS_RANGE, PORTS_EXPLICIT, PORT_POLICY_COUNT };
enum capture_mode { CAPTURE_OFF, CAPTURE_ON, CAPTURE_KEEP, CAPTURE_MODE_COUNT };

const char *load_shape_key(enum load_shape s);           /* "poll" */
const char *arrival_spacing_key(enum arrival_spacing s); /* "constant" */
const char *port_policy_key(enum port_policy p);         /* "kernel" */
const char *capture_mode_key(enum capture_mode m);       /* "keep" */

struct load_step {
	double from_per_s, to_per_s;
	int64_t duration_ns;
};

/* A distribution of sizes: a list of ranges with weights; inside a range every size is as likely. */
struct size_range {
	int64_t low, high; /* bytes, both included */
	double weight;
};
#define SIZE_RANGES_MAX 8
struct size_dist {
	struct size_range range[SIZE_RANGES_MAX];
	int count;
};

#define LOAD_STEPS_MAX  16
#define CASE_SYSCTL_MAX 32

struct case_spec {
	char name[128]; /* "client-fin", "client-fin.load.rate=200" */
	const struct strategy *strategy;
	/* load */
	enum load_shape shape;
	enum load_engine engine;
	int64_t clients;                       /* simulated clients = most connections at once */
	int64_t interval_ns, burst;            /* poll */
	double rate_per_s;                     /* rate */
	struct load_step step[LOAD_STEPS_MAX]; /* steps */
	int64_t step_count;
	enum arrival_spacing spacing;
	enum load_pacing pacing;
	int64_t duration_ns;             /* of the load */
	int64_t connections;             /* stop after so many attempts; 0: no limit */
	int64_t requests_per_connection; /* keepalive */
	int64_t threads;                 /* client threads; 0: chosen by the plan */
	int64_t server_threads;
	/* protocol */
	struct size_dist request_bytes, reply_bytes;
	bool http;          /* plain HTTP/1.1 instead of our own protocol */
	char path[256];     /* of the HTTP request */
	int64_t think_ns;   /* the server waits so long before it replies */
	int64_t timeout_ns; /* for connect, for the reply, for the close, each */
	int64_t linger_s;   /* linger-timed */
	/* addressing */
	int64_t family, sources, server_port, destinations;
	enum port_policy ports;
	/* lab */
	enum topology topology;
	struct lab_sysctl sysctl[CASE_SYSCTL_MAX];
	int64_t sysctl_count;
	/* witnesses */
	bool sampler; /* count sockets while the load runs */
	int64_t sample_period_ns;
	enum capture_mode capture;
	int64_t capture_buffer_bytes;
	/* after the load */
	bool drain; /* wait for the last TIME_WAIT to end */
	int64_t drain_max_ns;
	/* run */
	int64_t repeats, seed;
	bool exhaustion_expected; /* running out of ports is the subject, not a fault */
	bool failures_expected;   /* so are connections that fail and a rate that is missed */
	char host[256];           /* topology host: who to talk to */
};

struct scenario {
	char label[101]; /* what it was asked for by: a file's or a shipped one's name; for messages */
	char name[64], summary[256], notes[1024];
	char sha256[65]; /* of the text as read */
	struct case_spec *cases;
	size_t case_count;
	char *expect[32]; /* expectations, as written (analysis/expect.c reads them) */
	size_t expect_line[32]; /* where each stands in the text */
	size_t expect_count;
	char *tuning_file[16]; /* tuning.files of the document, as written; part of every case */
	size_t tuning_file_count;
};

/* A command-line override: "load.rate" = "200/s".  A value with commas becomes a matrix. */
struct override {
	const char *key, *value;
};

/*
 * Read `name`: a path if it holds '/' or ends in ".json", "-" for standard input, else a shipped
 * scenario.  Overrides win over everything.  Release with scenario_release.
 * Returns 0 or -EINVAL (the user's to mend: a file or a name that is not there, too) or -ENOMEM,
 * with *err "scenario 'x.json': load.clients: 'abc' is not an integer (1 to 100000)".
 */
int scenario_load(const char *name, const struct override *overrides, size_t override_count,
		  struct scenario *ret, struct err *err);
int scenario_parse(const char *label, const char *text, size_t size,
		   const struct override *overrides, size_t override_count, struct scenario *ret,
		   struct err *err);
void scenario_release(struct scenario *s);

/* The resolved case, every key of the table that applies to it, as one JSON object (itself a valid
 * scenario: read back, it is the same case).  scenario_write: the same of all cases, under "cases". */
void scenario_case_write(const struct case_spec *c, struct jsonw *w);
void scenario_write(const struct scenario *s, struct jsonw *w);

/* Shipped scenarios: name and summary, for `twbench list scenarios`.  The name returns buf; the
 * summary 0, or negative (and "") for a scenario that cannot be read. */
size_t scenario_shipped_count(void);
const char *scenario_shipped_name(size_t i, char *buf, size_t size);
int scenario_shipped_summary(size_t i, char *buf, size_t size);

/* The path of key `i`; NULL after the last. */
const char *scenario_key_path(size_t i);

/* Word `i` that the key may be set to; NULL after the last, and for keys that take no words. */
const char *scenario_key_word(const char *path, size_t i);

/* Generated from the key table. */
void scenario_write_schema(FILE *out);
void scenario_write_keys(FILE *out, bool markdown);

#endif
