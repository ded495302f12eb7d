/* What no single key can tell: the shape that was meant, and choices that contradict each other. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "bench/protocol.h"
#include "bench/scenario_keys.h"
#include "bench/straight_ring.h"

struct check {
	struct case_spec *c;
	const uint8_t *layer;
	const char **wrong; /* the path of the key at fault */
};

static int __attribute__((format(printf, 4, 5)))
refuse(const struct check *k, const char *path, struct err *err, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*k->wrong = path;
	return err_set(err, -EINVAL, "%s", text);
}

static unsigned layer_of(const struct check *k, const char *path)
{
	return k->layer[scenario_key_find(path) - scenario_keys];
}

static const struct shape_row {
	const char *path;
	enum load_shape shape;
} shape_rows[] = {
	{ "load.interval", LOAD_POLL },
	{ "load.rate", LOAD_RATE },
	{ "load.steps", LOAD_STEPS },
};
#define SHAPE_ROWS (sizeof(shape_rows) / sizeof(shape_rows[0]))

/* The highest layer that says anything of the shape decides; within it nothing may contradict. */
static int check_shape(const struct check *k, struct err *err)
{
	const struct shape_row *found = NULL;
	unsigned top = layer_of(k, "load.shape");
	bool stated;

	for (size_t i = 0; i < SHAPE_ROWS; i++)
		if (layer_of(k, shape_rows[i].path) > top)
			top = layer_of(k, shape_rows[i].path);
	stated = layer_of(k, "load.shape") == top;
	for (size_t i = 0; i < SHAPE_ROWS && top > 0; i++) {
		const struct shape_row *row = &shape_rows[i];

		if (layer_of(k, row->path) != top)
			continue;
		if (stated && row->shape != k->c->shape)
			return refuse(k, row->path, err, "%s: contradicts load.shape '%s'", row->path,
				       load_shape_key(k->c->shape));
		if (found)
			return refuse(k, row->path, err, "%s: contradicts %s: give one of them",
				       row->path, found->path);
		found = row;
	}
	if (found)
		k->c->shape = found->shape;
	if (k->c->shape == LOAD_STEPS && k->c->step_count == 0)
		return refuse(k, "load.shape", err, "load.steps: is missing, and load.shape is 'steps'");
	return 0;
}

static int check_steps(const struct check *k, struct err *err)
{
	struct case_spec *c = k->c;
	double most = 0;

	if (c->shape != LOAD_STEPS)
		return 0;
	if (layer_of(k, "load.duration") >= layer_of(k, "load.steps"))
		return refuse(k, "load.duration", err,
			       "load.duration: contradicts load.steps, which have their own");
	c->duration_ns = 0;
	for (int64_t i = 0; i < c->step_count; i++) {
		c->duration_ns += c->step[i].duration_ns;
		most += c->step[i].from_per_s + c->step[i].to_per_s;
	}
	if (!(most > 0))
		return refuse(k, "load.steps", err, "load.steps: no step has a rate above 0");
	if (c->duration_ns > scenario_key_find("load.duration")->max)
		return refuse(k, "load.steps", err, "load.steps: together they last longer than 1h");
	return 0;
}

static int check_strategy(const struct check *k, struct err *err)
{
	struct case_spec *c = k->c;

	if (c->strategy->wire_rule != WIRE_PASS) {
		if (c->topology == TOPOLOGY_VETH)
			c->topology = TOPOLOGY_WIRE;
		if (c->topology != TOPOLOGY_WIRE)
			return refuse(k, "topology", err,
				"topology: '%s' cannot hold '%s': only the relay of topology "
				"wire can provoke it",
				topology_key(c->topology), c->strategy->name);
	}
	if (!c->strategy->many_requests)
		c->requests_per_connection = 1;
	return 0;
}

/* What the engine through io_uring has no chain for. */
static int check_ring(const struct check *k, struct err *err)
{
	const struct case_spec *c = k->c;
	const struct size_dist *d[] = { &c->request_bytes, &c->reply_bytes };

	if (!ring_knows(c->strategy))
		return refuse(k, "load.engine", err, "load.engine: 'ring' cannot do '%s'", c->strategy->name);
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < d[i]->count; j++)
			if (d[i]->range[j].high > RING_BYTES_MAX)
				return refuse(k, "load.engine", err,
					       "load.engine: 'ring' has requests and replies of at most %d bytes, not %lld",
					       RING_BYTES_MAX, (long long)d[i]->range[j].high);
	return 0;
}

static int check_engine(const struct check *k, struct err *err)
{
	struct case_spec *c = k->c;
	const char *engine = load_engine_key(c->engine);

	if (c->engine == ENGINE_EVENT)
		return 0;
	if (c->shape == LOAD_POLL)
		return refuse(k, "load.engine", err,
			       "load.engine: '%s' has no clients that poll (load.shape '%s')", engine,
			       load_shape_key(c->shape));
	if (c->shape != LOAD_SATURATE && c->requests_per_connection > 1)
		return refuse(k, "load.engine", err,
			       "load.engine: '%s' makes one request per connection in load.shape '%s', not %lld",
			       engine, load_shape_key(c->shape), (long long)c->requests_per_connection);
	if (c->strategy->event_only)
		return refuse(k, "load.engine", err, "load.engine: '%s' cannot do '%s', which waits for its peer",
			       engine, c->strategy->name);
	if (c->topology == TOPOLOGY_HOST || c->topology == TOPOLOGY_WIRE || c->http || c->think_ns > 0)
		return refuse(k, "load.engine", err,
			       "load.engine: '%s' has no topology host or wire, no HTTP and no think time", engine);
	return c->engine == ENGINE_RING ? check_ring(k, err) : 0;
}

static int check_datagrams(const struct check *k, struct err *err)
{
	const struct case_spec *c = k->c;
	const struct size_dist *d[] = { &c->request_bytes, &c->reply_bytes };
	const char *const path[] = { "protocol.request_bytes", "protocol.reply_bytes" };

	if (!c->strategy->udp)
		return 0;
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < d[i]->count; j++)
			if (d[i]->range[j].high > PROTOCOL_DATAGRAM_MAX)
				return refuse(k, path[i], err,
					       "%s: '%s' is one datagram each way, of at most %d "
					       "bytes",
					       path[i], c->strategy->name, PROTOCOL_DATAGRAM_MAX);
	if (c->ports == PORTS_EXPLICIT)
		return refuse(k, "addressing.ports", err,
			       "addressing.ports: 'explicit' is about TCP, and '%s' is not",
			       c->strategy->name);
	return 0;
}

static int check_http(const struct check *k, struct err *err)
{
	const struct case_spec *c = k->c;

	if (!c->http)
		return 0;
	if (c->strategy->udp || declared_unanswered(&c->strategy->declared))
		return refuse(k, "protocol.http", err, "protocol.http: contradicts strategy '%s'",
			       c->strategy->name);
	for (const char *p = c->path; *p; p++)
		if (c->path[0] != '/' || *p <= ' ' || *p == 0x7f)
			return refuse(k, "protocol.path", err,
				       "protocol.path: must begin with '/' and hold no blanks or "
				       "control characters");
	return 0;
}

static int check_addressing(const struct check *k, struct err *err)
{
	const struct case_spec *c = k->c;

	if (c->server_port + c->destinations - 1 > 65535)
		return refuse(k, "addressing.destinations", err,
			       "addressing.destinations: %lld ports from %lld on end above 65535",
			       (long long)c->destinations, (long long)c->server_port);
	if (c->sources > 1 && (c->topology == TOPOLOGY_HOST || c->topology == TOPOLOGY_LO))
		return refuse(k, "addressing.sources", err, "addressing.sources: topology '%s' has one address",
			       topology_key(c->topology));
	return 0;
}

/* ADDRESS:PORT, the address in brackets if it holds colons. */
static bool host_is_sound(const char *host)
{
	const char *colon = strrchr(host, ':');
	long port = 0;

	if (!colon || colon == host || colon[1] == '\0' || strlen(colon + 1) > 5)
		return false;
	for (const char *p = colon + 1; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		port = port * 10 + (*p - '0');
	}
	if (memchr(host, ':', (size_t)(colon - host)) && (host[0] != '[' || colon[-1] != ']'))
		return false;
	return port >= 1 && port <= 65535;
}

static int check_host(const struct check *k, struct err *err)
{
	struct case_spec *c = k->c;

	/* Naming a host is asking for it, unless the same layer or a later one says otherwise. */
	if (layer_of(k, "host") > layer_of(k, "topology"))
		c->topology = TOPOLOGY_HOST;
	if (c->topology != TOPOLOGY_HOST) {
		if (layer_of(k, "host") > 0 && layer_of(k, "host") == layer_of(k, "topology"))
			return refuse(k, "host", err, "host: contradicts topology '%s'",
				       topology_key(c->topology));
		c->host[0] = '\0';
		return 0;
	}
	if (c->host[0] == '\0')
		return refuse(k, "topology", err,
			       "host: is missing, and topology 'host' needs \"HOST:PORT\"");
	if (!host_is_sound(c->host))
		return refuse(k, "host", err, "host: '%s' is not HOST:PORT", c->host);
	if (c->sysctl_count > 0)
		return refuse(k, "tuning.sysctl", err,
			       "tuning: topology 'host' never changes the host's settings (%s)",
			       c->sysctl[0].key);
	return 0;
}

int scenario_case_check(struct case_spec *c, const uint8_t *layer, const char **ret_wrong,
			struct err *err)
{
	static int (*const checks[])(const struct check *k, struct err *err) = {
		check_shape,     check_steps, check_host,       check_strategy,
		check_datagrams, check_http,  check_addressing, check_engine,
	};
	const struct check k = { c, layer, ret_wrong };
	int r = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && r == 0; i++)
		r = checks[i](&k, err);
	return r;
}
