#include "bench/scenario_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/lab.h"
#include "bench/protocol.h"

#define US_NS     INT64_C(1000)
#define MS_NS     (1000 * US_NS)
#define SECOND_NS (1000 * MS_NS)
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS   (60 * MINUTE_NS)
#define KI        INT64_C(1024)
#define SEED_MAX  (INT64_C(1) << 53)

static const char *const shape_words[LOAD_SHAPE_COUNT] = { "poll", "rate", "steps", "saturate" };
static const char *const spacing_words[ARRIVAL_SPACING_COUNT] = { "constant", "poisson" };
static const char *const pacing_words[LOAD_PACING_COUNT] = { "sleep", "spin" };
static const char *const engine_words[LOAD_ENGINE_COUNT] = { "event", "straight", "ring" };
static const char *const port_words[PORT_POLICY_COUNT] = { "kernel", "range", "explicit" };
static const char *const capture_words[CAPTURE_MODE_COUNT] = { "off", "on", "keep" };

const char *load_shape_key(enum load_shape s)
{
	return shape_words[s];
}

const char *load_engine_key(enum load_engine e)
{
	return engine_words[e];
}

const char *arrival_spacing_key(enum arrival_spacing s)
{
	return spacing_words[s];
}

const char *port_policy_key(enum port_policy p)
{
	return port_words[p];
}

const char *capture_mode_key(enum capture_mode m)
{
	return capture_words[m];
}

static const char *shape_word(int i)
{
	return i < LOAD_SHAPE_COUNT ? shape_words[i] : NULL;
}

static const char *spacing_word(int i)
{
	return i < ARRIVAL_SPACING_COUNT ? spacing_words[i] : NULL;
}

static const char *pacing_word(int i)
{
	return i < LOAD_PACING_COUNT ? pacing_words[i] : NULL;
}

static const char *engine_word(int i)
{
	return i < LOAD_ENGINE_COUNT ? engine_words[i] : NULL;
}

static const char *port_word(int i)
{
	return i < PORT_POLICY_COUNT ? port_words[i] : NULL;
}

static const char *capture_word(int i)
{
	return i < CAPTURE_MODE_COUNT ? capture_words[i] : NULL;
}

static const char *topology_word(int i)
{
	return i < TOPOLOGY_COUNT ? topology_key((enum topology)i) : NULL;
}

static bool is_poll(const struct case_spec *c)
{
	return c->shape == LOAD_POLL;
}

static bool is_rate(const struct case_spec *c)
{
	return c->shape == LOAD_RATE;
}

static bool polls_not(const struct case_spec *c)
{
	return c->shape != LOAD_POLL;
}

static bool is_steps(const struct case_spec *c)
{
	return c->shape == LOAD_STEPS;
}

static bool is_open_loop(const struct case_spec *c)
{
	return is_rate(c) || is_steps(c);
}

static bool has_duration(const struct case_spec *c)
{
	return !is_steps(c);
}

static bool has_many_requests(const struct case_spec *c)
{
	return c->strategy->many_requests;
}

static bool is_http(const struct case_spec *c)
{
	return c->http;
}

static bool has_host(const struct case_spec *c)
{
	return c->topology == TOPOLOGY_HOST;
}

static bool never(const struct case_spec *c)
{
	(void)c;
	return false;
}

#define FIELD(f) offsetof(struct case_spec, f)

/* clang-format off */
const struct scenario_key scenario_keys[] = {
{ "strategy", &scenario_kind_strategy, FIELD(strategy), 0, 0, "client-fin", NULL, NULL,
	"How connections are closed: a row of `twbench list strategies`, \"core\" for every "
	"core row, \"all\" for every row." },
{ "load.shape", &scenario_kind_word, FIELD(shape), 0, 0, "rate", shape_word, NULL,
	"poll: every client asks every interval; rate: arrivals whatever the answers; steps: "
	"rates that change; saturate: each client starts again when done. May be left out "
	"when one of interval, rate or steps is given." },
{ "load.engine", &scenario_kind_word, FIELD(engine), 0, 0, "event", engine_word, polls_not,
	"event: clients and server in threads of their own; straight (not for shape poll): each "
	"thread is both ends of its own connections, one after the other, with its own "
	"addressing.destinations; a start that must wait for the one before is late; ring: the "
	"same through io_uring (Linux 6.11 or newer), one call to the system where straight makes ten." },
{ "load.clients", &scenario_kind_int, FIELD(clients), 1, 100000, "1000", NULL, NULL,
	"Simulated clients: the most connections open at once." },
{ "load.interval", &scenario_kind_duration, FIELD(interval_ns), MS_NS, HOUR_NS, "1s", NULL, is_poll,
	"Shape poll: time from one round of a client to its next." },
{ "load.burst", &scenario_kind_int, FIELD(burst), 1, 1000, "1", NULL, is_poll,
	"Shape poll: requests per round, one after the other." },
{ "load.rate", &scenario_kind_rate, FIELD(rate_per_s), 0, 0, "200/s", NULL, is_rate,
	"Shape rate: requests per second over all clients; each is a connection of its own "
	"unless the strategy keeps connections." },
{ "load.steps", &scenario_kind_steps, FIELD(step), 0, 0, NULL, NULL, is_steps,
	"Shape steps: stairs and ramps, one after the other; \"rate\" stands for equal "
	"\"from\" and \"to\"." },
{ "load.spacing", &scenario_kind_word, FIELD(spacing), 0, 0, "constant", spacing_word, is_open_loop,
	"Shapes rate and steps: equal gaps, or exponential ones (a Poisson process)." },
{ "load.pacing", &scenario_kind_word, FIELD(pacing), 0, 0, "sleep", pacing_word, is_open_loop,
	"Shapes rate and steps: a client thread sleeps until 20 to 500 us before the next start, by how "
	"late this machine woke it lately; spin: it also has a CPU where, with enough of them, nothing "
	"else of the run is, and as root priority." },
{ "load.duration", &scenario_kind_duration, FIELD(duration_ns),
  10 * MS_NS, HOUR_NS, "8s", NULL, has_duration,
	"How long new requests are started; shape steps has its own durations." },
{ "load.connections", &scenario_kind_int, FIELD(connections), 0, 1000000000, "0", NULL, NULL,
	"Stop after so many requests have started (one connection each unless the strategy "
	"keeps them), if the duration has not ended before; 0: no limit." },
{ "load.requests_per_connection", &scenario_kind_int, FIELD(requests_per_connection),
  1, 1000000, "10", NULL, has_many_requests,
	"Requests on one connection, for strategies that keep connections; others make one." },
{ "load.threads", &scenario_kind_int, FIELD(threads), 0, 64, "0", NULL, NULL,
	"Client threads; 0: chosen by the plan." },
{ "protocol.request_bytes", &scenario_kind_sizes, FIELD(request_bytes),
  1, PROTOCOL_REQUEST_MAX, "20", NULL, NULL,
	"Size of a request." },
{ "protocol.reply_bytes", &scenario_kind_sizes, FIELD(reply_bytes),
  1, PROTOCOL_REPLY_MAX, "50", NULL, NULL,
	"Size of a reply." },
{ "protocol.http", &scenario_kind_bool, FIELD(http), 0, 0, "false", NULL, NULL,
	"Speak plain HTTP/1.1 instead of the mock server's own protocol." },
{ "protocol.path", &scenario_kind_text, FIELD(path),
  0, sizeof(((struct case_spec *)0)->path), "/", NULL, is_http,
	"Path of the HTTP request." },
{ "protocol.think", &scenario_kind_duration, FIELD(think_ns), 0, MINUTE_NS, "0s", NULL, NULL,
	"The server waits so long before it replies." },
{ "protocol.timeout", &scenario_kind_duration, FIELD(timeout_ns),
  MS_NS, 10 * MINUTE_NS, "5s", NULL, NULL,
	"Limit for the connect, for the reply and for the close, each." },
{ "protocol.linger", &scenario_kind_int, FIELD(linger_s), 0, 3600, "5", NULL, NULL,
	"Seconds of SO_LINGER, for strategies that close with a timed linger." },
{ "server.threads", &scenario_kind_int, FIELD(server_threads), 0, 64, "0", NULL, NULL,
	"Threads of the mock server; 0: chosen by the plan." },
{ "addressing.family", &scenario_kind_family, FIELD(family), 4, 6, "4", NULL, NULL,
	"IPv4 or IPv6." },
{ "addressing.sources", &scenario_kind_int, FIELD(sources), 1, 4096, "1", NULL, NULL,
	"Client addresses, used in turn: each brings its own ports." },
{ "addressing.port", &scenario_kind_int, FIELD(server_port), 1, 65535, "20000", NULL, NULL,
	"First port of the server." },
{ "addressing.destinations", &scenario_kind_int, FIELD(destinations), 1, 256, "1", NULL, NULL,
	"Server ports in a row, used in turn." },
{ "addressing.ports", &scenario_kind_word, FIELD(ports), 0, 0, "kernel", port_word, NULL,
	"Who chooses the client's port: connect(); connect() under IP_LOCAL_PORT_RANGE; "
	"bind() with SO_REUSEADDR." },
{ "topology", &scenario_kind_word, FIELD(topology), 0, 0, "veth", topology_word, NULL,
	"What joins client and server." },
{ "host", &scenario_kind_text, FIELD(host),
  0, sizeof(((struct case_spec *)0)->host), NULL, NULL, has_host,
	"Topology host: whom to talk to, \"HOST:PORT\"." },
{ "tuning.files", &scenario_kind_files, 0, 0, 0, NULL, NULL, never,
	"sysctl.d files to apply in the lab, before tuning.sysctl; the resolved case shows "
	"them as tuning.sysctl." },
{ "tuning.sysctl", &scenario_kind_sysctl, 0, 0, 0, NULL, NULL, NULL,
	"Kernel settings to apply in the lab: { \"net.ipv4.tcp_tw_reuse\": 1 }." },
{ "witnesses.sampler", &scenario_kind_bool, FIELD(sampler), 0, 0, "true", NULL, NULL,
	"Count sockets by state over time; off only to measure what watching costs." },
{ "witnesses.sample_period", &scenario_kind_duration, FIELD(sample_period_ns),
  MS_NS, MINUTE_NS, "100ms", NULL, NULL,
	"Time between two counts of sockets by state." },
{ "witnesses.capture", &scenario_kind_word, FIELD(capture), 0, 0, "keep", capture_word, NULL,
	"Watch the wire or not; keep: watch, and keep the packets of the first repeat as a "
	"file." },
{ "witnesses.capture_buffer", &scenario_kind_int, FIELD(capture_buffer_bytes),
  64 * KI, KI * KI * KI, "32Mi", NULL, NULL,
	"Bytes of the kernel's capture buffer." },
{ "drain", &scenario_kind_bool, FIELD(drain), 0, 0, "true", NULL, NULL,
	"After the load, wait until the last TIME_WAIT has ended, so that its lifetime is "
	"measured." },
{ "drain_max", &scenario_kind_duration, FIELD(drain_max_ns),
  SECOND_NS, 10 * MINUTE_NS, "75s", NULL, NULL,
	"The longest such wait." },
{ "repeat", &scenario_kind_int, FIELD(repeats), 1, 1000, "1", NULL, NULL,
	"How often each case is run, each time in a fresh lab." },
{ "seed", &scenario_kind_int, FIELD(seed), 0, SEED_MAX, "42", NULL, NULL,
	"Of every random choice: order, spacing, sizes. Repeat n draws with the seed + n - 1." },
{ "exhaustion_expected", &scenario_kind_bool, FIELD(exhaustion_expected), 0, 0, "false", NULL, NULL,
	"Running out of ports is the subject, not a fault." },
{ "failures_expected", &scenario_kind_bool, FIELD(failures_expected), 0, 0, "false", NULL, NULL,
	"Connections that fail, and a rate that is missed, are the subject, not a fault; the "
	"witnesses must agree all the same." },
};
/* clang-format on */

const size_t scenario_keys_count = sizeof(scenario_keys) / sizeof(scenario_keys[0]);
_Static_assert(sizeof(scenario_keys) / sizeof(scenario_keys[0]) <= SCENARIO_KEYS_MAX,
	       "layers of a case are kept in an array of SCENARIO_KEYS_MAX");

static const char *const meta_words[] = { "schema", "name",  "summary", "notes",
					  "expect", "cases", "matrix",  "zip" };
static const char *const section_words[] = { "load",       "protocol", "server",
					     "addressing", "tuning",   "witnesses" };

const char *scenario_meta_word(size_t i)
{
	return i < sizeof(meta_words) / sizeof(meta_words[0]) ? meta_words[i] : NULL;
}

const char *scenario_section_word(size_t i)
{
	return i < sizeof(section_words) / sizeof(section_words[0]) ? section_words[i] : NULL;
}

const struct scenario_key *scenario_key_find(const char *path)
{
	for (size_t i = 0; i < scenario_keys_count; i++)
		if (strcmp(scenario_keys[i].path, path) == 0)
			return &scenario_keys[i];
	return NULL;
}

const struct scenario_key *scenario_key_resolve(const char *path, const char **ret_sysctl)
{
	static const char prefix[] = "tuning.sysctl.";

	*ret_sysctl = NULL;
	if (strncmp(path, prefix, sizeof(prefix) - 1) == 0 && path[sizeof(prefix) - 1] != '\0') {
		*ret_sysctl = path + sizeof(prefix) - 1;
		return scenario_key_find("tuning.sysctl");
	}
	return scenario_key_find(path);
}

/* The last component: "clients" of "load.clients". */
static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

int scenario_key_unknown(const char *path, struct err *err)
{
	const char *words[SCENARIO_KEYS_MAX + 16];
	const char *near = NULL;
	size_t section = (size_t)(leaf(path) - path), count = 0;

	for (size_t i = 0; scenario_meta_word(i); i++)
		if (strcmp(scenario_meta_word(i), path) == 0)
			return err_set(err, -EINVAL, "%s: belongs to the document, not to a case",
				       path);
	/* A key of another section, spelled right, beats one of this section spelled alike. */
	for (size_t i = 0; i < scenario_keys_count && !near; i++)
		if (strcmp(leaf(scenario_keys[i].path), leaf(path)) == 0)
			near = scenario_keys[i].path;
	for (size_t i = 0; i < scenario_keys_count; i++) {
		const char *candidate = scenario_keys[i].path;

		if (section == 0)
			words[count++] = candidate;
		else if (strncmp(candidate, path, section) == 0)
			words[count++] = candidate + section;
	}
	for (size_t i = 0; section == 0 && scenario_meta_word(i); i++)
		words[count++] = scenario_meta_word(i);
	for (size_t i = 0; section == 0 && scenario_section_word(i); i++)
		words[count++] = scenario_section_word(i);
	if (!near)
		near = num_nearest(path + section, words, count, sizeof(words[0]));
	if (near)
		return err_set(err, -EINVAL, "%.100s: unknown key (did you mean '%s'?)", path,
			       near);
	return err_set(err, -EINVAL, "%.100s: unknown key (`twbench list keys` shows all)", path);
}

int scenario_key_set(const struct scenario_key *k, const struct scenario_value *v,
		     struct case_spec *c, struct err *err)
{
	char want[256];
	int r;

	if (v->node && !(k->kind->json_types & 1U << json_type(v->node))) {
		k->kind->describe(k, want, sizeof(want));
		r = err_set(err, -EINVAL, "must be %s, not %s", want, json_type_name(v->node));
	} else {
		r = k->kind->read(k, v, (char *)c + k->offset, err);
	}
	if (r < 0) {
		err_at(err, v->node);
		err_wrap(err, "%s", k->path);
	}
	return r;
}

void scenario_value_init(struct scenario_value *v, json *node)
{
	int64_t whole;
	double real;
	bool truth;

	v->node = node;
	v->text = json_string(node);
	if (json_int(node, &whole))
		(void)snprintf(v->number, sizeof(v->number), "%lld", (long long)whole);
	else if (json_real(node, &real))
		(void)snprintf(v->number, sizeof(v->number), "%.17g", real);
	else if (json_bool(node, &truth))
		(void)snprintf(v->number, sizeof(v->number), "%s", truth ? "true" : "false");
	else
		return;
	v->text = v->number;
}
