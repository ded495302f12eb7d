/*
 * record: run.json (schema twbench.run/1), everything one run saw, as plain structs.
 *
 * bench fills it, analysis reads it; this is the only place where the two meet.  Every member has
 * one row in the field table (record_fields): key path, type, unit, source, meaning, what it does
 * not mean.  Life cycle, writer, reader, JSON Schema, results/README.md and `twbench list
 * fields|metrics` all come from those rows, so a number cannot be written that is not documented.
 *
 * Unknown is RECORD_NONE in memory (NAN for reals, NULL or "" for text, SIDES_UNKNOWN) and null in
 * the file, where `why_null` of the same object says why; absent is never 0.  Integers are exact
 * within 2^53 (what any JSON reader keeps).  Times count from the start of the repeat unless the
 * key says otherwise.
 */
#ifndef TWBENCH_BASE_RECORD_H
#define TWBENCH_BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/declared.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/outcome.h"
#include "base/series.h"
#include "base/side.h"
#include "base/teardown.h"

#define RECORD_SCHEMA "twbench.run/1"
#define RECORD_NONE INT64_MIN

struct err;

/* --- parts of a repeat ----------------------------------------------------------------------- */

/* The ledger: what both applications did and were told. */
struct record_ledger {
	int64_t attempted, by_outcome[OUTCOME_COUNT];
	int64_t established;                 /* connect() succeeded */
	int64_t requests_attempted, requests_answered; /* >= connections with keepalive */
	int64_t request_bytes_sent, reply_bytes_asked, reply_bytes_received;
	int64_t offered;                     /* arrivals the schedule held while the load ran */
	int64_t late_starts, late_max_ns;    /* started over 1 ms after their intended time */
	int64_t not_started;                 /* arrivals never started: no client was free */
	int64_t in_flight_peak;
	int64_t accepted, accept_errors;     /* server side */
	int64_t server_clean, server_reset, server_other; /* how they ended for the server */
	int64_t server_request_bytes, server_reply_bytes;
	int64_t load_ns;                     /* first intended start to last (or end of schedule) */
	int64_t settle_ns;                   /* from there until nothing but TIME_WAIT was left */
	double target_rate_per_s;            /* NAN when the load has no target (saturate) */
	double achieved_rate_per_s;          /* starts / load time */
	int64_t first_no_port_ns;            /* from the start of the load to the first OUTCOME_NO_PORT */
	int64_t first_no_port_nth;           /* ... and how many attempts came before it */
	int64_t first_no_port_late_ns;       /* ... and how late it began */
};

struct record_errno {
	int64_t number, count; /* errno and how often a connection ended in it */
	char name[24];         /* "ECONNRESET" */
};

/* TIME_WAIT at one side. */
struct record_time_wait {
	int64_t peak;             /* highest sample of TIME_WAIT proper */
	int64_t peak_ns;
	int64_t entered;          /* counters: TW + TWKilled + TCPTimeWaitOverflow */
	int64_t recycled;         /* TWRecycled */
	int64_t overflowed;       /* TCPTimeWaitOverflow */
	int64_t reopened;         /* ended early by a SYN on the 4-tuple; no counter moves */
	int64_t assassinated;     /* ended early by a RST (RFC 1337) */
	int64_t expected_peak;    /* derived from the captured teardowns, without any sample */
	int64_t expected_peak_high; /* ... if each lasts its longest: 60 s and a timer step */
	int64_t drained_ns;       /* first sample at 0 after the peak */
	int64_t left;             /* in the last sample */
	double socket_seconds;    /* integral of the samples */
	int64_t lifetime_n;       /* entries paired with an expiry */
	int64_t lifetime_min_ns, lifetime_mean_ns, lifetime_max_ns, lifetime_resolution_ns;
};

/* Closes under way at one side: highest samples, orphans included. */
struct record_closing {
	int64_t fin_wait1_peak, fin_wait2_peak, close_wait_peak;
};

struct record_ports {
	int64_t low, high, reserved;   /* ip_local_port_range as read; reserved ports inside it */
	int64_t sources, destinations; /* addresses of the client, ports of the server */
	int64_t capacity;              /* 4-tuples: usable ports * sources * destinations */
	int64_t peak_used;             /* highest sample of client sockets, TIME_WAIT included */
};

struct record_capture {
	int64_t packets;               /* seen by our reader */
	int64_t received, dropped, if_dropped; /* pcap_stats; dropped must be 0 */
	int64_t tcp_packets;
	int64_t flows;                 /* connections seen, by SYN */
	int64_t syn, syn_retrans, syn_ack, syn_ack_retrans;
	int64_t fin[SIDE_COUNT], fin_retrans[SIDE_COUNT], rst[SIDE_COUNT];
	int64_t rst_late[SIDE_COUNT]; /* of these, answers to segments that were overtaken */
	int64_t undecodable;           /* cut short or not IP */
	int64_t file_bytes;            /* size of the kept capture file */
	char *file;                    /* its path below the run directory; NULL: none kept */
	bool proven_start, proven_end; /* canaries seen before the first and after the last */
};

struct record_teardown {
	enum teardown_class class;
	enum sides first_fin, first_rst, holder;
	int64_t count;
};

struct record_counter {
	char name[48];             /* as nstat spells it: "TcpActiveOpens", "TcpExtTW" */
	int64_t before, after;     /* RECORD_NONE: this kernel has no such counter */
};

struct record_counters {
	struct record_counter *item; /* by name; those 0 before and after are left out */
	size_t count;
};

struct record_witness {
	char name[16];             /* "ledger", "sniffer", "sampler-client", ... */
	int64_t seen, lost;        /* lost: RECORD_NONE when not knowable */
	bool present;
	char note[160];            /* why absent, or what to know about it */
	int64_t period_ns, max_lag_ns, max_gap_ns; /* samplers only */
	int64_t cpu_ns;            /* CPU its thread used */
};

/* One reconciliation: two witnesses that must say the same number. */
struct record_check {
	char name[64];             /* "connections: ledger = capture" */
	char left_what[96], right_what[96];
	int64_t left, right, tolerance; /* agree when |left - right| <= tolerance */
	bool agrees, skipped;      /* skipped: a side is absent; `note` says why */
	char note[192];
};

struct record_sysctl {
	char key[96];              /* "net.ipv4.tcp_tw_reuse" */
	char *value;               /* as read inside the lab; NULL: unreadable */
	char *host_value;          /* in the namespace we were started in */
	char set_by[16];           /* "kernel" (default), "scenario", "lab" */
	enum sides where;          /* which namespace was read */
};

struct record_cost {
	int64_t client_cpu_ns, server_cpu_ns, sniffer_cpu_ns, sampler_cpu_ns, wire_cpu_ns;
	int64_t client_awake_ns;      /* of the client threads, not in client_cpu_ns: base/wake.h */
	int64_t sampler_dumps_cpu_ns; /* of sampler_cpu_ns */
	int64_t packet_unwatched_ns, packet_watched_ns; /* of one datagram: bench/null_witness.h */
	int64_t worker_cpu_ns;     /* the whole process of the lab */
	int64_t wall_ns;
	int64_t peak_rss_bytes;
};

struct record_repeat {
	int64_t index;             /* from 1 */
	char status[16];           /* "ok", "untrustworthy", "interrupted", "failed", "skipped" */
	char *reason;              /* the first thing that made it other than ok; NULL if ok */
	int64_t started_ns;        /* since the start of the run */
	char topology[16], isolation[24]; /* "veth"; "userns+netns", "netns", "none" */
	int64_t mtu, ehash_entries, parallel_labs;
	int64_t load_begin_ns, load_end_ns; /* the shaded stretch in the graphs */
	struct record_ledger ledger;
	struct record_errno errnos[16];
	int64_t errno_count;
	struct hist response;      /* ns, from the intended start to the end of the reply */
	struct hist service;       /* ns, from the actual start */
	struct hist connect;       /* ns, connect() to established */
	struct hist start_error;   /* ns, from the intended start to the actual one */
	struct record_time_wait time_wait[SIDE_COUNT];
	struct record_closing closing[SIDE_COUNT];
	struct record_ports ports;
	struct record_capture capture;
	struct record_teardown teardown[64];
	int64_t teardown_count;
	struct record_counters counters[SIDE_COUNT]; /* one namespace: only [0] is filled */
	bool shared_namespace;     /* both ends counted together (lo, lo-alias) */
	struct record_witness witness[8];
	int64_t witness_count;
	struct record_sysctl *sysctl;
	size_t sysctl_count;
	struct series series;
	struct record_check check[64];
	int64_t check_count;
	struct record_cost cost;
};

struct record_case {
	char name[128];            /* "client-fin" or "client-fin.rate=200" */
	char strategy[32];
	char summary[160];         /* the strategy's one line */
	struct declared declared;
	char *params;              /* the resolved case as JSON text (scenario schema) */
	double rate_per_s;         /* target; NAN if none */
	int64_t clients, duration_ns, requests_per_connection;
	struct record_repeat *repeat;
	size_t repeat_count;
};

/* One expectation, or one pair of cases of it. */
struct record_expectation {
	char text[256];            /* as written */
	char case_name[264];       /* "plain", or "tuned vs plain" */
	char rule[64];             /* which repeats decided: "every repeat", "median" */
	char unit[24];
	double value, limit;
	double margin;             /* how far on the right side; negative: missed by so much */
	char verdict[16];          /* "pass", "fail", "unknown" */
	int64_t repeats;           /* with a value */
	char note[192];            /* what to know about the verdict */
};

/* One setting under test (twbench check). */
struct record_tuning {
	char key[96];
	char *value;               /* asked for */
	char *plain_value;         /* what the lab has without it */
	char *file;
	int64_t line;
	char verdict[24];          /* "helps", "hurts", "mixed", "no-effect", ... */
	bool mistake;              /* the line cannot do what its author wants */
	char note[320];
};

/* One measured difference that a tuning made, or did not make. */
struct record_effect {
	char tuning[96];           /* a key, or "all" */
	char case_name[128];
	char metric[64];
	char unit[24];
	double plain, tuned;       /* medians */
	double change, low, high;  /* tuned - plain, with its interval */
	double p;                  /* Mann-Whitney; NAN: compared exactly */
	int64_t plain_n, tuned_n;
	bool exact;
	char verdict[16];          /* "better", "worse", "differs", "no-evidence", "undecided" */
	char note[160];
};

struct record_host {
	char *kernel_release, *kernel_version, *arch, *cmdline;
	char *cpu_model, *virt, *clocksource, *distribution;
	int64_t config_hz, cpus_online, mem_total_bytes;
};

struct record {
	char *tool_version, *tool_commit, *libpcap_version, *cjson_version, *gnuplot_version;
	char *run_id, *started_at; /* RFC 3339 */
	int64_t duration_ns;
	char status[16];           /* pass fail invalid skipped interrupted error */
	char **argv;
	size_t argc;
	int64_t seed;
	char *scenario_name, *scenario_sha256, *scenario; /* resolved, JSON text */
	int64_t exit_code;
	char *exit_reason;
	struct record_host host;
	struct record_case *cases;
	size_t case_count;
	struct record_expectation *expectation;
	size_t expectation_count;
	struct record_tuning *tuning;
	size_t tuning_count;
	struct record_effect *effect;
	size_t effect_count;
	char **warning;            /* sentences */
	size_t warning_count;
};

/* --- life cycle ------------------------------------------------------------------------------ */

void record_init(struct record *r);    /* all unknown, no cases */
void record_release(struct record *r); /* NULL, zeroed and half-built are fine; here and below */
void record_repeat_init(struct record_repeat *r); /* all unknown, histograms HIST_EMPTY */
void record_repeat_release(struct record_repeat *r);

/* The last of the list, initialised; NULL: no memory.  Earlier pointers into the list are void. */
struct record_case *record_add_case(struct record *r);
struct record_repeat *record_add_repeat(struct record_case *c);
struct record_expectation *record_add_expectation(struct record *r);
struct record_tuning *record_add_tuning(struct record *r);
struct record_effect *record_add_effect(struct record *r);
void record_clear_expectations(struct record *r);
int record_add_warning(struct record *r, const char *text); /* kept once; 0 or -ENOMEM */

/* Counter delta (after - before) at a side; on shared namespaces ask SIDE_CLIENT.
 * A counter that is left out moved by 0; RECORD_NONE when the witness was absent. */
int64_t record_counter_delta(const struct record_repeat *r, enum side side, const char *name);

/* --- file ------------------------------------------------------------------------------------ */

/* Write the whole document.  Errors stick in `out`.  False: no memory for a part of it, and no reader
 * takes what was written. */
bool record_write(const struct record *r, FILE *out);

/* Write to `dirfd`/`name` by way of a temporary name, fsync and rename.  0 or negative errno with
 * *err (-ENOSPC when the disk is full); what stood there before is then untouched, but for a directory
 * that cannot be synced: there the new one stands, whole. */
int record_save(const struct record *r, int dirfd, const char *name, struct err *err);

/* Read run.json (a path, a run directory, or "-").  Refuses another schema major and any value of
 * the wrong type, length or range; keys it does not know are passed over, keys that are missing are
 * unknown.  0, -EINVAL or -ENOMEM with *err and nothing to release.
 * record_parse: `root` stays the caller's. */
int record_load(struct record *r, const char *path, struct err *err);
int record_parse(struct record *r, json *root, struct err *err);

/* One repeat as a document of its own: how a lab's process hands its result to the parent. */
void record_repeat_write(const struct record_repeat *r, struct jsonw *w);
int record_repeat_parse(struct record_repeat *r, json *node, struct err *err);

/* --- the field table ------------------------------------------------------------------------- */

enum field_type {
	FIELD_INT,     /* int64_t */
	FIELD_SMALL,   /* int8_t, never unknown */
	FIELD_REAL,    /* double */
	FIELD_BOOL,
	FIELD_TEXT,    /* char[] in the struct */
	FIELD_STRING,  /* char *, owned */
	FIELD_KEY,     /* char[] that is the element's key in a FIELD_MAP */
	FIELD_SIDES,   /* enum sides */
	FIELD_OUTCOME, /* enum outcome */
	FIELD_CLASS,   /* enum teardown_class */
	FIELD_HIST,    /* a number taken from a struct hist; `stat` says which */
	FIELD_LIST,    /* an array of structs of another scope; `list` says which */
	FIELD_MAP,     /* the same, as an object */
	FIELD_CUSTOM   /* written and read by `codec` */
};

/* What a field belongs to: one struct each. */
enum field_scope {
	SCOPE_RUN,
	SCOPE_CASE,
	SCOPE_REPEAT,
	SCOPE_ERRNO,
	SCOPE_TEARDOWN,
	SCOPE_COUNTER,
	SCOPE_WITNESS,
	SCOPE_CHECK,
	SCOPE_SYSCTL,
	SCOPE_EXPECTATION,
	SCOPE_TUNING,
	SCOPE_EFFECT,
	SCOPE_COUNT
};

struct field_codec;
struct field_list;

struct field {
	const char *path;      /* dotted, within its scope: "time_wait.client.peak" */
	enum field_scope scope;
	enum field_type type;
	size_t offset, size;   /* in the scope's struct; size of a FIELD_TEXT */
	const char *unit;      /* "sockets", "ns", "1/s", ""; some are the key's suffix too */
	const char *source;    /* which witness, which kernel field */
	const char *meaning;
	const char *not_meaning; /* what a reader might wrongly take it for; "" if nothing */
	signed char better;    /* -1 less is better, +1 more, 0 neither */
	const char *null_when; /* why it is null when it is; NULL: its witness was absent */
	const char *words;     /* FIELD_TEXT: the only values, blank between; NULL: any */
	int stat;              /* FIELD_HIST; FIELD_CUSTOM: for the codec */
	const struct field_codec *codec;
	const struct field_list *list;
};

/* Rows of one scope stand together, in the order of the file. */
extern const struct field record_fields[];
extern const size_t record_fields_count;

const char *record_scope_key(enum field_scope scope); /* "repeat" */
const char *record_field_type_key(const struct field *f); /* "integer", "number", ... */

/* NULL if there is none of that path. */
const struct field *record_field_find(enum field_scope scope, const char *path);

/* Can an expectation or a comparison be made on it: a single number of a repeat. */
bool record_field_is_metric(const struct field *f);

/* Its value in `object`, the struct of its scope; 0 or 1 for a bool; NAN when unknown. */
double record_field_number(const struct field *f, const void *object);

/* JSON Schema (draft-07 subset) made from the table; Markdown field list for results/README.md. */
void record_write_schema(FILE *out);
void record_write_fields_md(FILE *out);

#endif
