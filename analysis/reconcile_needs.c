#include "analysis/reconcile_table.h"

#include <string.h>

#include "analysis/derive.h"

static bool is_tcp(const struct view *v, enum side side)
{
	(void)side;
	return !v->udp;
}

static bool is_udp(const struct view *v, enum side side)
{
	(void)side;
	return v->udp;
}

static bool is_in_snmp(const struct view *v, enum side side)
{
	(void)side;
	return !v->ip6;
}

static bool is_clean(const struct view *v, enum side side)
{
	(void)side;
	return v->unexpected == 0;
}

static bool is_isolated(const struct view *v, enum side side)
{
	(void)side;
	return strcmp(v->r->isolation, "none") != 0 && strcmp(v->r->topology, "host") != 0;
}

static bool is_short(const struct view *v, enum side side)
{
	(void)side;
	return derive_is_short(v->r);
}

static bool is_long(const struct view *v, enum side side)
{
	(void)side;
	return !derive_is_short(v->r) && v->steady;
}

static bool is_holder(const struct view *v, enum side side)
{
	return sides_has(v->c->declared.time_wait, side);
}

static bool is_reader(const struct view *v, enum side side)
{
	(void)side;
	return v->c->declared.counters[SIDE_CLIENT].abort_on_close == 0;
}

static bool has_file(const struct view *v, enum side side)
{
	(void)side;
	return v->r->capture.file || v->r->capture.file_bytes > 0; /* the name is given later */
}

static bool moved(const struct view *v, const char *counter)
{
	return record_counter_delta(v->r, SIDE_CLIENT, counter) > 0 ||
	       record_counter_delta(v->r, SIDE_SERVER, counter) > 0;
}

static bool is_kept(const struct view *v, enum side side)
{
	(void)side;
	return !moved(v, "TcpExtTWRecycled") && !moved(v, "TcpExtTCPTimeWaitOverflow");
}

/* What overflows was answered with a SYN-ACK, but opens only when its last ACK is sent again. */
static bool has_room(const struct view *v, enum side side)
{
	(void)side;
	return !moved(v, "TcpExtListenOverflows");
}

static bool is_closed(const struct view *v, enum side side)
{
	return v->r->time_wait[side].reopened <= 0 && v->r->time_wait[side].assassinated <= 0;
}

static bool is_answered(const struct view *v, enum side side)
{
	(void)side;
	return !declared_unanswered(&v->c->declared);
}

static const struct {
	unsigned need;
	bool (*holds)(const struct view *v, enum side side);
	const char *why_not;
} needs[] = {
	{ NEED_TCP, is_tcp, "no TCP" },
	{ NEED_UDP, is_udp, "" },
	{ NEED_SNMP, is_in_snmp, "datagrams over IPv6 are counted in snmp6, which is not read" },
	{ NEED_CLEAN, is_clean, "some connections ended otherwise than declared" },
	{ NEED_ISOLATED, is_isolated, "the counters are the host's: other programs move them too" },
	{ NEED_SHORT, is_short, "the load outlasts a TIME_WAIT: they do not all exist at once" },
	{ NEED_LONG, is_long, "" },
	{ NEED_HOLDER, is_holder, "" },
	{ NEED_READER, is_reader, "the strategy closes without reading the reply" },
	{ NEED_FILE, has_file, "" },
	{ NEED_KEPT, is_kept, "TIME_WAITs were recycled or refused by the kernel" },
	{ NEED_CLOSED, is_closed, "TIME_WAITs were ended early by a SYN or a RST" },
	{ NEED_ANSWERED, is_answered, "one end never closes: how and when the other gives up is up to its kernel" },
	{ NEED_ROOM, has_room, "the accept queue overflowed" },
};

const char *identity_why_not(const struct identity *id, const struct view *v, enum side side)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if ((id->needs & needs[i].need) && !needs[i].holds(v, side))
			return needs[i].why_not;
	return NULL;
}
