#include "analysis/conn_fields.h"

#include <string.h>

#include "analysis/conn_table.h"
#include "base/mono.h"
#include "base/utf8.h"

#define NONE           INT64_MIN /* written as null */
#define FILE_BYTES_MAX 1024

/* --- what the fields are made of ------------------------------------------------------------- */

bool conn_time_wait(const struct conn *c, int dir, int64_t *ret_from_ns, int64_t *ret_until_ns,
		    enum time_wait_end *ret_end)
{
	int64_t from_ns = c->teardown.time_wait_ns[dir], until_ns;
	int64_t again_ns = c->flow->dir[!dir].fin_last_ns; /* answered, and the timer set again */

	if (from_ns < 0 || c->teardown.holder == SIDES_UNKNOWN)
		return false;
	until_ns = (again_ns > from_ns ? again_ns : from_ns) + c->lifetime_ns;
	*ret_end = TIME_WAIT_EXPIRES;
	if (c->flow->reopened_ns >= 0 && c->flow->syn_answer == SYN_ANSWER_ACCEPTED &&
	    c->flow->reopened_ns < until_ns) {
		until_ns = c->flow->reopened_ns;
		*ret_end = TIME_WAIT_ENDED_BY_SYN;
	}
	if (c->teardown.assassinated && c->flow->rst_in_time_wait_ns < until_ns) {
		until_ns = c->flow->rst_in_time_wait_ns;
		*ret_end = TIME_WAIT_ENDED_BY_RST;
	}
	*ret_from_ns = from_ns;
	*ret_until_ns = until_ns > from_ns ? until_ns : from_ns;
	return true;
}

static int64_t later(int64_t x, int64_t y)
{
	return x > y ? x : y;
}

static int64_t first_close_ns(const struct flow *f)
{
	if (f->first_fin >= 0)
		return f->dir[f->first_fin].fin_ns;
	return f->first_rst >= 0 ? f->dir[f->first_rst].rst_ns : -1;
}

int64_t conn_close_delay_ns(const struct conn *c)
{
	int64_t close_ns = first_close_ns(c->flow), data_ns = c->flow->data_before_close_ns;

	return close_ns >= 0 && data_ns >= 0 ? later(close_ns - data_ns, 0) : -1;
}

int64_t conn_close_ns(const struct conn *c)
{
	const struct flow *f = c->flow;
	int64_t end_ns = -1;

	if (f->dir[0].fin_acked_plain_ns >= 0 && f->dir[1].fin_acked_plain_ns >= 0)
		end_ns = later(f->dir[0].fin_acked_plain_ns, f->dir[1].fin_acked_plain_ns);
	else if (f->first_rst >= 0)
		end_ns = f->dir[f->first_rst].rst_ns;
	return end_ns >= 0 && f->first_fin >= 0 ? later(end_ns - first_close_ns(f), 0) : -1;
}

static int64_t or_none(int64_t ns)
{
	return ns < 0 ? NONE : ns;
}

#define OF_DIR(name, expression)                                                                   \
	static int64_t name(const struct conn *c, int d)                                           \
	{                                                                                          \
		const struct flow_dir *x = &c->flow->dir[d];                                       \
		return expression;                                                                 \
	}
#define OF_FLOW(name, expression)                                                                  \
	static int64_t name(const struct conn *c, int d)                                           \
	{                                                                                          \
		const struct flow *f = c->flow;                                                    \
		(void)d;                                                                           \
		return expression;                                                                 \
	}

OF_DIR(packets, x->packets)
OF_DIR(payload_bytes, (int64_t)x->payload_bytes)
OF_DIR(data_packets, x->data_packets)
OF_DIR(data_retrans, x->data_retrans)
OF_DIR(syn, x->syn)
OF_DIR(syn_retrans, x->syn_retrans)
OF_DIR(fin, x->fin)
OF_DIR(fin_retrans, x->fin_retrans)
OF_DIR(fin_acked, x->fin_acked_ns >= 0)
OF_DIR(fin_ack_repeats, x->last_ack_repeats)
OF_DIR(rst, x->rst)
OF_DIR(rst_exact, x->rst > 0 ? x->rst_exact : NONE)
OF_DIR(fin_time, or_none(x->fin_ns))
OF_DIR(rst_time, or_none(x->rst_ns))

OF_FLOW(number, (int64_t)f->number)
OF_FLOW(sport, f->src.port)
OF_FLOW(dport, f->dst.port)
OF_FLOW(first_time, f->first_ns)
OF_FLOW(last_time, f->last_ns)
OF_FLOW(established_time, or_none(f->established_ns))
OF_FLOW(fins_crossed, f->fins_crossed)
OF_FLOW(rst_after_fin, f->rst_after_fin)
OF_FLOW(data_after_fin_bytes, (int64_t)f->data_after_fin_bytes)
OF_FLOW(late_data_rst, f->late_data_rst)
OF_FLOW(reused_ports, f->reused_ports)
OF_FLOW(reused_after, or_none(f->reused_after_ns))
OF_FLOW(capture_duplicates, f->capture_duplicates)
OF_FLOW(began_inside, f->began_inside)
OF_FLOW(ended_inside, f->ended_inside)
OF_FLOW(half_close,
	f->dir[0].fin_ns >= 0 && f->dir[1].fin_ns >= 0
		? later(f->dir[0].fin_ns - f->dir[1].fin_ns, f->dir[1].fin_ns - f->dir[0].fin_ns)
		: NONE)

static int64_t close_delay(const struct conn *c, int d)
{
	(void)d;
	return or_none(conn_close_delay_ns(c));
}

static int64_t close_time(const struct conn *c, int d)
{
	(void)d;
	return or_none(conn_close_ns(c));
}

static int64_t assassinated(const struct conn *c, int d)
{
	(void)d;
	return c->teardown.assassinated;
}

static int64_t time_wait_from(const struct conn *c, int d)
{
	int64_t from_ns, until_ns;
	enum time_wait_end end;

	return conn_time_wait(c, d, &from_ns, &until_ns, &end) ? from_ns : NONE;
}

static int64_t time_wait_until(const struct conn *c, int d)
{
	int64_t from_ns, until_ns;
	enum time_wait_end end;

	return conn_time_wait(c, d, &from_ns, &until_ns, &end) ? until_ns : NONE;
}

/* Texts: NULL is written as null; `buf` has room for an address. */

static const char *src(const struct conn *c, int d, char *buf, size_t size)
{
	(void)d;
	return endpoint_format_addr(&c->flow->src, buf, size);
}

static const char *dst(const struct conn *c, int d, char *buf, size_t size)
{
	(void)d;
	return endpoint_format_addr(&c->flow->dst, buf, size);
}

static const char *dir_key(int dir)
{
	return dir < 0 ? NULL : dir == 0 ? "src" : "dst";
}

#define TEXT_OF(name, expression)                                                                  \
	static const char *name(const struct conn *c, int d, char *buf, size_t size)               \
	{                                                                                          \
		(void)d, (void)buf, (void)size;                                                    \
		return expression;                                                                 \
	}

TEXT_OF(file, c->file)
TEXT_OF(initiator_by, initiator_by_key((enum initiator_by)c->flow->initiator_by))
TEXT_OF(first_fin, dir_key(c->flow->first_fin))
TEXT_OF(first_rst, dir_key(c->flow->first_rst))
TEXT_OF(class_key, teardown_class_key(c->teardown.class))

static const char *const holders[] = { "none", "src", "dst", "both", "unknown", NULL };
TEXT_OF(holder, holders[c->teardown.holder])

static const char *syn_in_time_wait(const struct conn *c, int d, char *buf, size_t size)
{
	const char *key = syn_answer_key((enum syn_answer)c->flow->syn_answer);

	(void)d, (void)buf, (void)size;
	return c->flow->reopened_ns < 0 ? NULL : key ? key : "unanswered";
}

static const char *last_ack(const struct conn *c, int d, char *buf, size_t size)
{
	const struct flow *f = c->flow;

	(void)d, (void)buf, (void)size;
	if (f->dir[0].fin == 0 || f->dir[1].fin == 0)
		return NULL;
	if (f->dir[!f->first_fin].fin_acked_plain_ns < 0 ||
	    f->dir[f->first_fin].fin_acked_plain_ns < 0)
		return "missing";
	return f->dir[f->first_fin].last_ack_repeats > 0 ? "repeated" : "seen";
}

static const char *const ends[] = { "expires", "rst", "syn", NULL };

static const char *time_wait_end(const struct conn *c, int d, char *buf, size_t size)
{
	int64_t from_ns, until_ns;
	enum time_wait_end end;

	(void)buf, (void)size;
	return conn_time_wait(c, d, &from_ns, &until_ns, &end) ? ends[end] : NULL;
}

/* --- the table ------------------------------------------------------------------------------- */

static const char *const initiators[] = { "syn", "syn-ack", "port", "first-seen", NULL };
static const char *const dirs[] = { "src", "dst", NULL };
static const char *const last_acks[] = { "seen", "missing", "repeated", NULL };
static const char *const syn_answers[] = { "accepted", "challenged", "refused", "unanswered",
					   NULL };
// clang-format off
const struct conn_field conn_fields[] = {
	{ "number", CONN_INT, false, false, number, NULL, NULL, "1, 2, 3 ... in order of first packet; what --ladder takes" },
	{ "src", CONN_TEXT, false, false, NULL, src, NULL, "address of the initiator" },
	{ "sport", CONN_INT, false, false, sport, NULL, NULL, "its port" },
	{ "dst", CONN_TEXT, false, false, NULL, dst, NULL, "address of the responder" },
	{ "dport", CONN_INT, false, false, dport, NULL, NULL, "its port" },
	{ "initiator_by", CONN_TEXT, false, false, NULL, initiator_by, initiators, "how the initiator is known: its SYN, the SYN-ACK, the better-known port (below 1024, else below 32768), or it was merely seen first" },
	{ "first_time_s", CONN_SECONDS, false, false, first_time, NULL, NULL, "first packet, seconds since 1970" },
	{ "last_time_s", CONN_SECONDS, false, false, last_time, NULL, NULL, "last packet" },
	{ "established_time_s", CONN_SECONDS, false, true, established_time, NULL, NULL, "the ACK of the SYN-ACK" },
	{ "packets", CONN_INT, true, false, packets, NULL, NULL, "segments sent by each end; copies made by the capture are left out" },
	{ "payload_bytes", CONN_INT, true, false, payload_bytes, NULL, NULL, "distinct bytes of payload that were seen: no retransmissions, no holes" },
	{ "data_packets", CONN_INT, true, false, data_packets, NULL, NULL, "segments with payload" },
	{ "data_retrans", CONN_INT, true, false, data_retrans, NULL, NULL, "of these, those that brought nothing new" },
	{ "syn", CONN_INT, true, false, syn, NULL, NULL, "SYNs; those of dst are SYN-ACKs, but for a simultaneous open" },
	{ "syn_retrans", CONN_INT, true, false, syn_retrans, NULL, NULL, "of these, repeats" },
	{ "fin", CONN_INT, true, false, fin, NULL, NULL, "FINs" },
	{ "fin_retrans", CONN_INT, true, false, fin_retrans, NULL, NULL, "of these, repeats" },
	{ "fin_acked", CONN_BOOL, true, false, fin_acked, NULL, NULL, "the FIN of this end was acknowledged" },
	{ "fin_ack_repeats", CONN_INT, true, false, fin_ack_repeats, NULL, NULL, "how often this end acknowledged the other's FIN again" },
	{ "fin_time_s", CONN_SECONDS, true, true, fin_time, NULL, NULL, "first FIN" },
	{ "rst", CONN_INT, true, false, rst, NULL, NULL, "RSTs; those that came before the connection was established did not end it and count here only" },
	{ "rst_exact", CONN_BOOL, true, true, rst_exact, NULL, NULL, "the first RST had the very sequence number that the other end awaited" },
	{ "rst_time_s", CONN_SECONDS, true, true, rst_time, NULL, NULL, "first RST" },
	{ "first_fin", CONN_TEXT, false, true, NULL, first_fin, dirs, "who sent the first FIN" },
	{ "first_rst", CONN_TEXT, false, true, NULL, first_rst, dirs, "who sent the first RST" },
	{ "fins_crossed", CONN_BOOL, false, false, fins_crossed, NULL, NULL, "neither FIN acknowledged the other: a simultaneous close" },
	{ "rst_after_fin", CONN_BOOL, false, false, rst_after_fin, NULL, NULL, "a RST followed a FIN of either end" },
	{ "data_after_fin_bytes", CONN_INT, false, false, data_after_fin_bytes, NULL, NULL, "payload sent to an end that had sent its FIN" },
	{ "late_data_rst", CONN_BOOL, false, false, late_data_rst, NULL, NULL, "payload met an end that was gone and said so by a RST without ACK" },
	{ "last_ack", CONN_TEXT, false, true, NULL, last_ack, last_acks, "the ACK that completes the close; null unless both sent a FIN" },
	{ "half_close_s", CONN_SECONDS, false, true, half_close, NULL, NULL, "from the first FIN to the other end's" },
	{ "close_delay_s", CONN_SECONDS, false, true, close_delay, NULL, NULL, "from the last payload before it to the first FIN, or to the first RST where there is no FIN" },
	{ "close_s", CONN_SECONDS, false, true, close_time, NULL, NULL, "from the first FIN until both FINs were acknowledged, or the first RST" },
	{ "reused_ports", CONN_BOOL, false, false, reused_ports, NULL, NULL, "the 4-tuple had another connection before, at most a lifetime ago" },
	{ "reused_after_s", CONN_SECONDS, false, true, reused_after, NULL, NULL, "how long after the TIME-WAIT of that connection began; null if it left none" },
	{ "syn_in_time_wait", CONN_TEXT, false, true, NULL, syn_in_time_wait, syn_answers, "a SYN for the next connection met this one's TIME-WAIT, and was answered by a SYN-ACK (accepted), an ACK (challenged), a RST (refused) or not at all" },
	{ "capture_duplicates", CONN_INT, false, false, capture_duplicates, NULL, NULL, "packets that the capture delivered twice" },
	{ "began_inside", CONN_BOOL, false, false, began_inside, NULL, NULL, "the capture began within this connection: its SYN is missing" },
	{ "ended_inside", CONN_BOOL, false, false, ended_inside, NULL, NULL, "the capture ended within it, or room for it did" },
	{ "class", CONN_TEXT, false, false, NULL, class_key, NULL, "class of the teardown (`twbench list classes`)" },
	{ "time_wait_holder", CONN_TEXT, false, false, NULL, holder, holders, "which end was left in TIME-WAIT" },
	{ "time_wait_from_s", CONN_SECONDS, true, true, time_wait_from, NULL, NULL, "since when" },
	{ "time_wait_until_s", CONN_SECONDS, true, true, time_wait_until, NULL, NULL, "until when, if it lasts --lifetime after the last FIN it met" },
	{ "time_wait_end", CONN_TEXT, true, true, NULL, time_wait_end, ends, "what ends it: it expires, a RST (RFC 1337), a SYN that was accepted" },
	{ "file", CONN_TEXT, false, true, NULL, file, NULL, "the capture it is from, with --each (the end of the name, if that is very long)" },
	{ "assassinated", CONN_BOOL, false, false, assassinated, NULL, NULL, "a RST met TIME-WAIT and ended it, unless tcp_rfc1337 is set there" },
};
// clang-format on
#define FIELDS (sizeof(conn_fields) / sizeof(conn_fields[0]))
const size_t conn_fields_count = FIELDS;

/* --- writing --------------------------------------------------------------------------------- */

static char *put(char *p, const char *text)
{
	size_t n = strlen(text);

	memcpy(p, text, n);
	return p + n;
}

static char *put_digits(char *p, uint64_t v, int width)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0 || n < width);
	while (n > 0)
		*p++ = digits[--n];
	return p;
}

static char *put_number(char *p, enum conn_kind kind, int64_t v)
{
	uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	if (kind == CONN_BOOL)
		return put(p, v ? "true" : "false");
	if (v < 0)
		*p++ = '-';
	if (kind == CONN_INT)
		return put_digits(p, size, 1);
	p = put_digits(p, size / (uint64_t)NS_PER_S, 1);
	*p++ = '.';
	return put_digits(p, size % (uint64_t)NS_PER_S, 9);
}

/* Any bytes, as JSON or CSV has them: what either cannot hold becomes '?'. */
static char *put_any(char *p, const char *text, const char *quote)
{
	size_t left = strlen(text);

	if (left > FILE_BYTES_MAX) {
		text += left - FILE_BYTES_MAX;
		left = FILE_BYTES_MAX;
	}
	while (left > 0) {
		size_t n = utf8_length(text, left);
		bool plain = n > 0 && (unsigned char)*text >= ' ' && !strchr("\"\\", *text) &&
			     (*quote || *text != ',');

		n = n > 0 ? n : 1;
		if (plain)
			memcpy(p, text, n);
		else
			*p = '?';
		p += plain ? n : 1;
		text += n;
		left -= n;
	}
	return p;
}

/* `quote` and `null` are what JSON and CSV differ in. */
static char *put_value(char *p, const struct conn_field *f, const struct conn *c, int dir,
		       const char *quote, const char *null)
{
	char buf[ENDPOINT_TEXT_SIZE];
	const char *text;
	int64_t v;

	if (f->kind == CONN_TEXT) {
		text = f->text(c, dir, buf, sizeof(buf));
		if (!text)
			return put(p, null);
		p = put(p, quote);
		p = f->text == file ? put_any(p, text, quote) : put(p, text);
		return put(p, quote);
	}
	v = f->number(c, dir);
	return v == NONE ? put(p, null) : put_number(p, f->kind, v);
}

size_t conn_json(const struct conn *c, char buf[CONN_LINE_MAX])
{
	char *p = buf;

	for (const struct conn_field *f = conn_fields; f < conn_fields + FIELDS; f++) {
		p = put(p, f == conn_fields ? "{\"" : ",\"");
		p = put(p, f->key);
		if (!f->pair) {
			p = put_value(put(p, "\":"), f, c, 0, "\"", "null");
			continue;
		}
		p = put_value(put(p, "\":{\"src\":"), f, c, 0, "\"", "null");
		p = put_value(put(p, ",\"dst\":"), f, c, 1, "\"", "null");
		*p++ = '}';
	}
	p = put(p, "}\n");
	return (size_t)(p - buf);
}

size_t conn_csv(const struct conn *c, char buf[CONN_LINE_MAX])
{
	char *p = buf;

	for (const struct conn_field *f = conn_fields; f < conn_fields + FIELDS; f++)
		for (int dir = 0; dir <= f->pair; dir++) {
			if (p > buf)
				*p++ = ',';
			p = put_value(p, f, c, dir, "", "");
		}
	*p++ = '\n';
	return (size_t)(p - buf);
}

size_t conn_csv_head(char buf[CONN_LINE_MAX])
{
	char *p = buf;

	for (const struct conn_field *f = conn_fields; f < conn_fields + FIELDS; f++)
		for (int dir = 0; dir <= f->pair; dir++) {
			if (p > buf)
				*p++ = ',';
			p = put(p, f->key);
			p = put(p, f->pair ? (dir ? "_dst" : "_src") : "");
		}
	*p++ = '\n';
	return (size_t)(p - buf);
}
