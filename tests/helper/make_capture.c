/*
 * make_capture RECIPE OUT: a capture file from a recipe (fixtures/pcap/NAME.recipe).  Lines:
 *	# ...			what the capture shows
 *	file us|ns le|be|pcapng	format and byte order (us le)
 *	stack LINK [LAYER...]	ethernet raw null loop sll sll2 ppp hdlc; then any of vlan qinq mpls pppoe
 *				gre ipip vxlan geneve, and ip4, ip4-options, ip6 or ip6-extensions
 *	snap N			bytes captured of each packet
 *	trim N			the same, but the file says that the packet was no longer
 *	cut N			the file ends N bytes early
 *	PORT [ts]: WORDS	what the client of that port and its server do, in the language of
 *				tests/packets.h; ts: with timestamps.  A later line goes on from there.
 *	pieces N		what follows is fragmented: N bytes of IP payload each, a multiple of 8
 *	fragment		a later fragment of an IP packet
 *	other			an ARP request
 *	hex BYTES		a packet, byte by byte
 *	clock MS		back or forward to this time
 */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "tests/packets.h"

#define TALKS_MAX 16
#define START_S   1700000000

struct named {
	uint16_t port;
	struct talk talk;
};

struct maker {
	FILE *out;
	bool ns, big, ng, begun;
	char stack[4096];
	uint32_t snap, trim, piece;
	int64_t cut;
	int64_t now_ns;
	struct named talks[TALKS_MAX];
	size_t talk_count;
	int line;
};

static void die(const struct maker *m, const char *why)
{
	fprintf(stderr, "make_capture: line %d: %s\n", m->line, why);
	exit(1);
}

/* --- file formats ---------------------------------------------------------------------------- */

static void put(struct maker *m, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		(void)fputc((int)(v >> 8 * (m->big ? bytes - 1 - i : i) & 0xff), m->out);
}

static unsigned linktype(const struct maker *m)
{
	static const struct {
		const char *name;
		unsigned number;
	} links[] = { { "ethernet", 1 }, { "raw", 101 },  { "null", 0 }, { "loop", 108 },
		      { "sll", 113 },    { "sll2", 276 }, { "ppp", 9 },  { "hdlc", 104 } };
	size_t n = strcspn(m->stack, " ");

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (strlen(links[i].name) == n && strncmp(links[i].name, m->stack, n) == 0)
			return links[i].number;
	die(m, "no such link");
	return 0;
}

static void put_file_header(struct maker *m)
{
	if (m->begun)
		return;
	m->begun = true;
	if (!m->ng) {
		put(m, m->ns ? 0xa1b23c4d : 0xa1b2c3d4, 4);
		put(m, 2, 2);
		put(m, 4, 2);
		put(m, 0, 8);
		put(m, m->snap, 4);
		put(m, linktype(m), 4);
		return;
	}
	put(m, 0x0a0d0d0a, 4); /* section header */
	put(m, 28, 4);
	put(m, 0x1a2b3c4d, 4);
	put(m, 1, 2);
	put(m, 0, 2);
	put(m, UINT64_MAX, 8);
	put(m, 28, 4);
	put(m, 1, 4); /* interface, its times in ns */
	put(m, 32, 4);
	put(m, linktype(m), 2);
	put(m, 0, 2);
	put(m, m->snap, 4);
	put(m, 9, 2);
	put(m, 1, 2);
	put(m, 9, 1);
	put(m, 0, 3);
	put(m, 0, 4);
	put(m, 32, 4);
}

static void put_packet(struct maker *m, const uint8_t *bytes, uint32_t n)
{
	uint32_t wirelen = m->trim > 0 && m->trim < n ? m->trim : n;
	uint32_t caplen = wirelen < m->snap ? wirelen : m->snap, padded = (caplen + 3) & ~3u;
	int64_t t_ns = START_S * NS_PER_S + m->now_ns;

	put_file_header(m);
	if (m->ng) {
		put(m, 6, 4);
		put(m, 32 + padded, 4);
		put(m, 0, 4);
		put(m, (uint64_t)t_ns >> 32, 4);
		put(m, (uint64_t)t_ns & 0xffffffff, 4);
	} else {
		put(m, (uint64_t)(t_ns / NS_PER_S), 4);
		put(m, (uint64_t)(t_ns % NS_PER_S / (m->ns ? 1 : NS_PER_US)), 4);
	}
	put(m, caplen, 4);
	put(m, wirelen, 4);
	(void)fwrite(bytes, 1, caplen, m->out);
	if (m->ng) {
		put(m, 0, padded - caplen);
		put(m, 32 + padded, 4);
	}
}

/* --- layers ---------------------------------------------------------------------------------- */

struct bytes {
	uint8_t b[1024];
	uint32_t n;
};

/* Put `n` bytes before what is there. */
static void before(struct bytes *p, const void *bytes, uint32_t n)
{
	memmove(p->b + n, p->b, p->n);
	memcpy(p->b, bytes, n);
	p->n += n;
}

static void before_words(struct bytes *p, const uint16_t *words, uint32_t n)
{
	for (uint32_t i = n; i-- > 0;)
		before(p, (const uint8_t[]){ (uint8_t)(words[i] >> 8), (uint8_t)words[i] }, 2);
}

#define BEFORE(p, ...)                                                                             \
	before_words(p, (const uint16_t[]){ __VA_ARGS__ },                                         \
		     sizeof((const uint16_t[]){ __VA_ARGS__ }) / 2)

static uint16_t checksum(const uint8_t *b, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(b[i] << 8 | b[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void add_tcp(struct bytes *p, const struct segment *s)
{
	uint32_t options = s->has_timestamps ? 12 : 0;

	memset(p->b, 'x', s->payload_bytes);
	p->n = s->payload_bytes;
	if (options)
		BEFORE(p, 0x0101, 0x080a, (uint16_t)(s->ts_value >> 16), (uint16_t)s->ts_value,
		       (uint16_t)(s->ts_echo >> 16), (uint16_t)s->ts_echo);
	BEFORE(p, s->tuple.a.port, s->tuple.b.port, (uint16_t)(s->seq >> 16), (uint16_t)s->seq,
	       (uint16_t)(s->ack >> 16), (uint16_t)s->ack,
	       (uint16_t)((5 + options / 4) << 12 | s->flags), s->window, 0, 0);
}

static void add_ip4(struct bytes *p, const uint8_t *from, const uint8_t *to, uint8_t proto,
		    uint16_t id, uint16_t fragment, bool options)
{
	uint16_t sum, head = options ? 24 : 20;

	if (options)
		BEFORE(p, 0x0101, 0x0101);
	before(p, to, 4);
	before(p, from, 4);
	BEFORE(p, (uint16_t)((0x40 + head / 4) << 8),
	       (uint16_t)(p->n - 8 - (options ? 4 : 0) + head), id, fragment,
	       (uint16_t)(64 << 8 | proto), 0);
	sum = checksum(p->b, head);
	p->b[10] = (uint8_t)(sum >> 8);
	p->b[11] = (uint8_t)sum;
}

static void add_ip6(struct bytes *p, const uint8_t *from, const uint8_t *to, bool extensions)
{
	uint8_t next = 6;

	if (extensions) { /* hop-by-hop, then destination options: padding in both */
		BEFORE(p, 60 << 8, 0x0104, 0, 0, 6 << 8, 0x0104, 0, 0);
		next = 0;
	}
	before(p, to, 16);
	before(p, from, 16);
	BEFORE(p, 0x6000, 0, (uint16_t)(p->n - 32), (uint16_t)(next << 8 | 64));
}

static const uint8_t outer_from[] = { 192, 0, 2, 1 }, outer_to[] = { 192, 0, 2, 2 };

static void add_ethernet(struct bytes *p, uint16_t type)
{
	BEFORE(p, 0x0200, 0, 2, 0x0200, 0, 1, type);
}

/* Wrap what is there, of EtherType *type. */
static void add_layer(struct maker *m, struct bytes *p, const char *name, uint16_t *type)
{
	uint16_t inner = *type;

	if (strcmp(name, "vlan") == 0) {
		BEFORE(p, 7, inner);
		*type = 0x8100;
	} else if (strcmp(name, "qinq") == 0) {
		BEFORE(p, 8, 0x8100, 7, inner);
		*type = 0x88a8;
	} else if (strcmp(name, "mpls") == 0) {
		BEFORE(p, 0x0001, 0x0040, 0x0002, 0x0140);
		*type = 0x8847;
	} else if (strcmp(name, "pppoe") == 0) {
		BEFORE(p, 0x1100, 1, (uint16_t)(p->n + 2), inner == 0x86dd ? 0x57 : 0x21);
		*type = 0x8864;
	} else if (strcmp(name, "gre") == 0 || strcmp(name, "ipip") == 0) {
		bool gre = name[0] == 'g';

		if (gre)
			BEFORE(p, 0x2000, inner, 0, 42);
		add_ip4(p, outer_from, outer_to, gre ? 47 : inner == 0x86dd ? 41 : 4, 1, 0, false);
		*type = 0x0800;
	} else if (strcmp(name, "vxlan") == 0 || strcmp(name, "geneve") == 0) {
		bool vxlan = name[0] == 'v';

		add_ethernet(p, inner);
		if (vxlan)
			BEFORE(p, 0x0800, 0, 0, 42 << 8);
		else
			BEFORE(p, 0, 0x6558, 0, 42 << 8);
		BEFORE(p, 50000, vxlan ? 4789 : 6081, (uint16_t)(p->n + 8), 0);
		add_ip4(p, outer_from, outer_to, 17, 1, 0, false);
		*type = 0x0800;
	} else {
		die(m, "no such layer");
	}
}

static void add_link(const struct maker *m, struct bytes *p, uint16_t type)
{
	switch (linktype(m)) {
	case 1:
		add_ethernet(p, type);
		break;
	case 0:
		before(p, (const uint8_t[]){ type == 0x86dd ? 10 : 2, 0, 0, 0 }, 4);
		break;
	case 108:
		BEFORE(p, 0, type == 0x86dd ? 24 : 2);
		break;
	case 113:
		BEFORE(p, 0, 1, 6, 0x0200, 0, 1, 0, type);
		break;
	case 276:
		BEFORE(p, type, 0, 0, 1, 1, 6, 0x0200, 0, 1, 0);
		break;
	case 9:
		BEFORE(p, 0xff03, type == 0x86dd ? 0x57 : 0x21);
		break;
	case 104:
		BEFORE(p, 0x0f00, type);
		break;
	default: /* raw */
		break;
	}
}

/* The layers between link and TCP, innermost first. */
static void add_stack(struct maker *m, struct bytes *p, uint16_t type)
{
	char words[4096], *word[16], *save = NULL;
	size_t n = 0;

	(void)snprintf(words, sizeof(words), "%s", m->stack);
	for (char *w = strtok_r(words, " ", &save); w && n < 16; w = strtok_r(NULL, " ", &save))
		word[n++] = w;
	while (n-- > 1)
		if (strncmp(word[n], "ip4", 3) != 0 && strncmp(word[n], "ip6", 3) != 0)
			add_layer(m, p, word[n], &type);
	add_link(m, p, type);
	put_packet(m, p->b, p->n);
}

static bool has_layer(const struct maker *m, const char *name)
{
	const char *at = strstr(m->stack, name);

	return at && (at[strlen(name)] == '\0' || at[strlen(name)] == ' ');
}

/* An IPv4 packet with the TCP segment `p` in it, or several with a piece each. */
static void emit_ip4(struct maker *m, const struct bytes *p, const struct segment *s)
{
	uint32_t piece = m->piece > 0 ? m->piece : p->n;

	for (uint32_t at = 0; at < p->n; at += piece) {
		struct bytes part = { .n = p->n - at < piece ? p->n - at : piece };
		bool more = at + part.n < p->n;
		uint16_t fragment = (uint16_t)(at / 8 | (more ? 0x2000 : at == 0 ? 0x4000 : 0));

		memcpy(part.b, p->b + at, part.n);
		add_ip4(&part, s->tuple.a.addr, s->tuple.b.addr, 6, s->ip_id, fragment,
			has_layer(m, "ip4-options"));
		add_stack(m, &part, 0x0800);
	}
}

static void emit(void *arg, const struct segment *s)
{
	static const uint8_t prefix[12] = { 0xfd };
	struct maker *m = arg;
	struct bytes p = { .n = 0 };

	m->now_ns = s->t_ns;
	add_tcp(&p, s);
	if (strstr(m->stack, "ip6")) {
		uint8_t from[16], to[16];

		memcpy(from, prefix, 12);
		memcpy(to, prefix, 12);
		memcpy(from + 12, s->tuple.a.addr, 4);
		memcpy(to + 12, s->tuple.b.addr, 4);
		add_ip6(&p, from, to, has_layer(m, "ip6-extensions"));
		add_stack(m, &p, 0x86dd);
	} else {
		emit_ip4(m, &p, s);
	}
}

/* --- lines ----------------------------------------------------------------------------------- */

static int64_t number(const struct maker *m, const char *text)
{
	struct err err;
	int64_t v;

	if (num_parse_int(text, 0, INT32_MAX, &v, &err) != 0)
		die(m, err.text);
	return v;
}

static struct talk *talk_of(struct maker *m, const char *head)
{
	char port[16];
	size_t digits = strspn(head, "0123456789");
	struct named *t;

	(void)snprintf(port, sizeof(port), "%.*s", (int)(digits < 6 ? digits : 6), head);
	for (size_t i = 0; i < m->talk_count; i++)
		if (m->talks[i].port == number(m, port))
			return &m->talks[i].talk;
	if (m->talk_count == TALKS_MAX)
		die(m, "too many ports");
	t = &m->talks[m->talk_count++];
	t->port = (uint16_t)number(m, port);
	talk_init(&t->talk, t->port, emit, m);
	t->talk.now_ns = 0;
	t->talk.timestamps = strstr(head, " ts:") != NULL;
	return &t->talk;
}

static void do_hex(struct maker *m, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	struct bytes p = { .n = 0 };
	unsigned v = 0;
	int n = 0;

	for (; *text; text++) {
		const char *d = strchr(digits, *text);

		if (!d)
			continue;
		v = v << 4 | (unsigned)(d - digits);
		if (++n % 2 == 0 && p.n < sizeof(p.b))
			p.b[p.n++] = (uint8_t)v;
	}
	put_packet(m, p.b, p.n);
}

static void do_fragment(struct maker *m)
{
	struct bytes p = { .n = 100 };

	m->now_ns += NS_PER_MS;
	memset(p.b, 'x', p.n);
	add_ip4(&p, outer_from, outer_to, 6, 99, 185, false);
	add_stack(m, &p, 0x0800);
}

static void do_arp(struct maker *m)
{
	struct bytes p = { .n = 28 };

	m->now_ns += NS_PER_MS;
	memset(p.b, 0, p.n);
	p.b[1] = 1;
	add_stack(m, &p, 0x0806);
}

static void do_line(struct maker *m, char *line)
{
	char *colon;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return;
	if (strncmp(line, "file ", 5) == 0) {
		m->ns = strstr(line, "ns") != NULL;
		m->ng = strstr(line, "pcapng") != NULL;
		m->big = strstr(line, "be") != NULL;
	} else if (strncmp(line, "stack ", 6) == 0) {
		(void)snprintf(m->stack, sizeof(m->stack), "%s", line + 6);
	} else if (strncmp(line, "snap ", 5) == 0) {
		m->snap = (uint32_t)number(m, line + 5);
	} else if (strncmp(line, "trim ", 5) == 0) {
		m->trim = (uint32_t)number(m, line + 5);
	} else if (strncmp(line, "pieces ", 7) == 0) {
		m->piece = (uint32_t)number(m, line + 7);
	} else if (strncmp(line, "cut ", 4) == 0) {
		m->cut = number(m, line + 4);
	} else if (strncmp(line, "clock ", 6) == 0) {
		m->now_ns = number(m, line + 6) * NS_PER_MS;
	} else if (strncmp(line, "hex ", 4) == 0) {
		do_hex(m, line + 4);
	} else if (strcmp(line, "fragment") == 0) {
		do_fragment(m);
	} else if (strcmp(line, "other") == 0) {
		do_arp(m);
	} else if ((colon = strchr(line, ':')) && isdigit((unsigned char)line[0])) {
		struct talk *t = talk_of(m, line);

		t->now_ns = m->now_ns;
		talk(t, colon + 1);
		m->now_ns = t->now_ns;
	} else {
		die(m, "what is that?");
	}
}

int main(int argc, char **argv)
{
	struct maker m = { .snap = 65535, .stack = "ethernet ip4" };
	char line[4096];
	FILE *in;

	if (argc != 3 || !(in = fopen(argv[1], "re")) || !(m.out = fopen(argv[2], "w+e"))) {
		fprintf(stderr, "usage: make_capture RECIPE OUT\n");
		return 1;
	}
	while (fgets(line, sizeof(line), in)) {
		m.line++;
		do_line(&m, line);
	}
	put_file_header(&m);
	(void)fclose(in); /* only read from */
	if (fflush(m.out) != 0 ||
	    (m.cut > 0 && ftruncate(fileno(m.out), ftell(m.out) - m.cut) != 0) ||
	    fclose(m.out) != 0) {
		perror("make_capture");
		return 1;
	}
	return 0;
}
