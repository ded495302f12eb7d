#include "bench/cell_counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"

int cell_counters_fill(const struct counter_set *before, const struct counter_set *after,
		       struct record_counters *ret)
{
	ret->item = calloc(after->count ? after->count : 1, sizeof(ret->item[0]));
	ret->count = 0;
	if (!ret->item)
		return -ENOMEM;
	for (size_t i = 0; i < after->count; i++) {
		struct record_counter *out = &ret->item[ret->count];
		int64_t was = counter_get(before, after->item[i].name);

		if (was == 0 && after->item[i].value == 0)
			continue;
		_Static_assert(sizeof(out->name) == sizeof(after->item[i].name), "names fit");
		memcpy(out->name, after->item[i].name, sizeof(out->name));
		out->before = was;
		out->after = after->item[i].value;
		ret->count++;
	}
	return 0;
}

/* --- sysctls --------------------------------------------------------------------------------- */

static const char *const watched_keys[] = {
	"net.core.somaxconn",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.tcp_abort_on_overflow",
	"net.ipv4.tcp_ehash_entries",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_max_orphans",
	"net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_max_tw_buckets",
	"net.ipv4.tcp_mem",
	"net.ipv4.tcp_orphan_retries",
	"net.ipv4.tcp_rfc1337",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_timestamps",
	"net.ipv4.tcp_tw_reuse",
	"net.ipv4.tcp_tw_reuse_delay",
	"net.ipv4.tcp_tw_timeout", /* some vendors' kernels */
};
#define WATCHED (sizeof(watched_keys) / sizeof(watched_keys[0]))

static bool is_watched(const char *key)
{
	for (size_t i = 0; i < WATCHED; i++)
		if (strcmp(watched_keys[i], key) == 0)
			return true;
	return false;
}

static bool set_by_scenario(const struct case_spec *spec, const char *key)
{
	for (int64_t i = 0; i < spec->sysctl_count; i++)
		if (strcmp(spec->sysctl[i].key, key) == 0)
			return true;
	return false;
}

/* What the lab itself sets when the scenario does not. */
static const char *set_by(const struct lab *lab, const struct case_spec *spec, const char *key)
{
	static const char *const lab_sets[] = { "net.ipv4.tcp_max_tw_buckets",
						"net.ipv4.tcp_max_syn_backlog",
						"net.ipv4.tcp_ehash_entries" };

	if (set_by_scenario(spec, key))
		return "scenario";
	for (size_t i = 0; i < sizeof(lab_sets) / sizeof(lab_sets[0]); i++)
		if (lab->ehash_entries > 0 && strcmp(lab_sets[i], key) == 0)
			return "lab";
	return "kernel";
}

static void add_sysctl(const struct lab *lab, const struct case_spec *spec, const char *key,
		       struct record_repeat *r)
{
	struct record_sysctl *s = &r->sysctl[r->sysctl_count];
	char value[256];

	(void)snprintf(s->key, sizeof(s->key), "%s", key);
	(void)snprintf(s->set_by, sizeof(s->set_by), "%s", set_by(lab, spec, key));
	s->where = lab->shared ? SIDES_BOTH : SIDES_CLIENT;
	if (lab_sysctl_read(key, value, sizeof(value)) == 0)
		s->value = strdup(value);
	r->sysctl_count++;
}

bool cell_sysctl_is_set(const struct record_repeat *r, const char *key)
{
	for (size_t i = 0; i < r->sysctl_count; i++)
		if (strcmp(r->sysctl[i].key, key) == 0)
			return r->sysctl[i].value && strcmp(r->sysctl[i].value, "0") != 0;
	return false;
}

void cell_sysctls_read(const struct lab *lab, const struct case_spec *spec, struct record_repeat *r)
{
	r->sysctl = calloc(WATCHED + (size_t)spec->sysctl_count, sizeof(r->sysctl[0]));
	if (!r->sysctl)
		return;
	for (size_t i = 0; i < WATCHED; i++)
		add_sysctl(lab, spec, watched_keys[i], r);
	for (int64_t i = 0; i < spec->sysctl_count; i++)
		if (!is_watched(spec->sysctl[i].key))
			add_sysctl(lab, spec, spec->sysctl[i].key, r);
}

/* --- ports ----------------------------------------------------------------------------------- */

static bool read_pair(const char *key, int64_t *low, int64_t *high)
{
	char text[64], *blank;
	struct err ignored;

	if (lab_sysctl_read(key, text, sizeof(text)) != 0)
		return false;
	blank = strchr(text, ' ');
	if (!blank)
		blank = strchr(text, '\t');
	if (!blank)
		return false;
	*blank++ = '\0';
	return num_parse_int(text, 1, 65535, low, &ignored) == 0 &&
	       num_parse_int(blank, 1, 65535, high, &ignored) == 0;
}

/* "8080,9000-9010" cut to [low, high]. */
static int64_t reserved_within(int64_t low, int64_t high)
{
	char text[256], *rest = text, *part;
	int64_t n = 0;
	struct err ignored;

	if (lab_sysctl_read("net.ipv4.ip_local_reserved_ports", text, sizeof(text)) != 0)
		return 0;
	while ((part = strsep(&rest, ",")) != NULL) {
		char *dash = strchr(part, '-');
		int64_t from, to;

		if (dash)
			*dash++ = '\0';
		if (num_parse_int(part, 0, 65535, &from, &ignored) != 0 ||
		    num_parse_int(dash ? dash : part, 0, 65535, &to, &ignored) != 0)
			continue;
		from = from < low ? low : from;
		to = to > high ? high : to;
		n += to >= from ? to - from + 1 : 0;
	}
	return n;
}

void cell_ports_read(const struct case_spec *spec, struct record_repeat *r, struct cell_shared *shared)
{
	struct record_ports *p = &r->ports;
	int64_t low, high;

	p->sources = spec->sources;
	p->destinations = spec->destinations;
	if (!read_pair("net.ipv4.ip_local_port_range", &low, &high))
		return;
	p->low = low;
	p->high = high;
	p->reserved = reserved_within(low, high);
	p->capacity = (high - low + 1 - p->reserved) * p->sources * p->destinations;
	SHARED_SET(shared->ports_capacity, p->capacity);
}

void cell_ports_peak(struct record_repeat *r)
{
	int64_t most = 0;

	for (size_t i = 0; i < r->series.count; i++) {
		int64_t n = series_client_ports(&r->series, i, r->ports.capacity);

		if (n > most)
			most = n;
	}
	r->ports.peak_used = most;
}

void cell_capture_zero(struct record_capture *c)
{
	c->packets = c->tcp_packets = c->received = c->dropped = c->if_dropped = 0;
	c->flows = c->syn = c->syn_retrans = c->syn_ack = c->syn_ack_retrans = 0;
	c->undecodable = c->file_bytes = 0;
	for (int i = 0; i < SIDE_COUNT; i++)
		c->fin[i] = c->fin_retrans[i] = c->rst[i] = c->rst_late[i] = 0;
}
