#include "capture/segment.h"

#include "tests/guard.h"
#include "tests/packets.h"
#include "tests/test.h"

enum {
	ETHERNET = 1,
	RAW = 12,
	NULL_LINK = 0,
	LOOP = 108,
	SLL = 113,
	SLL2 = 276,
	PFLOG = 117,
	NFLOG = 239
};

static void is_tcp(int linktype, const struct packet *p, uint32_t payload, const char *what)
{
	struct segment s = { 0 };

	is_int(segment_decode(linktype, p->bytes, p->n, p->n, &s), SEGMENT_OK, "%s: decoded", what);
	ok(s.tuple.a.port == 40000 && s.tuple.b.port == 80, "%s: ports", what);
	ok(s.tuple.a.family == p->ip_version && s.tuple.b.family == p->ip_version, "%s: family",
	   what);
	ok(memcmp(s.tuple.a.addr, p->bytes + p->ip_at + (p->ip_version == 4 ? 12 : 8),
		  p->ip_version == 4 ? 4 : 16) == 0,
	   "%s: source address", what);
	ok(s.seq == 1000 && s.ack == 2000 && s.flags == (TCP_FIN | TCP_ACK) && s.window == 512,
	   "%s: header", what);
	is_int(s.payload_bytes, payload, "%s: payload", what);
	ok(s.has_timestamps && s.ts_value == 7 && s.ts_echo == 8, "%s: timestamps", what);
}

/*
 * Every prefix, at a guard page, both as a capture cut short and as a packet that was no longer:
 * the first may say CUT, the second BAD, until the facts are complete.
 */
static void try_prefixes(int linktype, const struct packet *p, uint32_t enough, const char *what)
{
	uint32_t wrong = 0;

	for (uint32_t n = 0; n <= p->n; n++) {
		struct guard g;
		uint8_t *bytes = guard_copy(&g, p->bytes, n);
		struct segment s;
		enum segment_status cut = segment_decode(linktype, bytes, n, p->n, &s);
		enum segment_status shorter = segment_decode(linktype, bytes, n, n, &s);

		if (cut != (n < enough ? SEGMENT_CUT : SEGMENT_OK))
			wrong++;
		if (shorter != (n < p->n ? SEGMENT_BAD : SEGMENT_OK))
			wrong++;
		guard_free(&g);
	}
	is_int(wrong, 0, "%s: every prefix is CUT or BAD, and nothing is read behind it", what);
}

static void check(int linktype, struct packet *p, uint32_t payload, const char *what)
{
	packet_tcp(p, payload);
	packet_finish(p);
	is_tcp(linktype, p, payload, what);
	try_prefixes(linktype, p, p->l4_at + 20, what);
}

static void test_links(void)
{
	struct packet p;

	p = (struct packet){ 0 };
	packet_ethernet(&p, 0x0800);
	packet_ip4(&p, 6, 0);
	check(ETHERNET, &p, 10, "ethernet, IPv4");

	p = (struct packet){ 0 };
	packet_ethernet(&p, 0x88a8);
	packet_32(&p, 0x00058100); /* outer tag 5 */
	packet_32(&p, 0x00070800); /* inner tag 7 */
	packet_ip4(&p, 6, 0);
	check(ETHERNET, &p, 0, "QinQ");

	p = (struct packet){ 0 };
	packet_ethernet(&p, 0x8847);
	packet_32(&p, 0x00010040); /* label 16, more follow */
	packet_32(&p, 0x00011140); /* label 17, last */
	packet_ip6(&p, 6);
	check(ETHERNET, &p, 3, "MPLS, IPv6");

	p = (struct packet){ 0 };
	packet_ip6(&p, 6);
	check(RAW, &p, 1, "raw IPv6");

	p = (struct packet){ 0 };
	packet_32(&p, 0x1e000000); /* AF_INET6 of macOS, little-endian */
	packet_ip6(&p, 6);
	check(NULL_LINK, &p, 1, "null, the other byte order");

	p = (struct packet){ 0 };
	packet_32(&p, 2);
	packet_ip4(&p, 6, 0);
	check(LOOP, &p, 1, "loop");

	p = (struct packet){ 0 };
	packet_fill(&p, 0, 14);
	packet_16(&p, 0x0800);
	packet_ip4(&p, 6, 0);
	check(SLL, &p, 20, "SLL");

	p = (struct packet){ 0 };
	packet_16(&p, 0x86dd);
	packet_fill(&p, 0, 18);
	packet_ip6(&p, 6);
	check(SLL2, &p, 20, "SLL2");

	p = (struct packet){ 0 };
	packet_8(&p, 61); /* its own length, without the padding to 64 */
	packet_fill(&p, 0, 63);
	packet_ip4(&p, 6, 0);
	check(PFLOG, &p, 3, "pflog");

	p = (struct packet){ 0 };
	packet_32(&p, 0x02000000);
	packet_32(&p, 0x05000a00); /* an attribute of 5 bytes, padded to 8 */
	packet_32(&p, 0);
	packet_32(&p, 0xffff0900); /* the packet */
	packet_ip6(&p, 6);
	packet_tcp(&p, 3);
	packet_finish(&p);
	is_tcp(NFLOG, &p, 3, "nflog");
}

static void test_ip(void)
{
	struct packet p = { 0 };
	struct segment s;

	packet_ethernet(&p, 0x0800);
	packet_ip4(&p, 6, 40);
	check(ETHERNET, &p, 5, "all of the IPv4 options");

	p.bytes[p.ip_at + 6] = 0x20; /* more fragments */
	ok(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s) == SEGMENT_OK && s.goes_on,
	   "the first of IPv4 fragments is told");
	p.bytes[p.ip_at + 6] = 0x40; /* may not be fragmented */
	ok(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s) == SEGMENT_OK && !s.goes_on,
	   "... from a whole packet");
	p.bytes[p.ip_at + 7] = 1; /* fragment offset 8 */
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_FRAGMENT, "later fragment");
	p.bytes[p.ip_at + 7] = 0;
	p.bytes[p.ip_at] = 0x44;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_BAD, "header of 16 bytes");
	p.bytes[p.ip_at] = 0x5f;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_BAD, "version 5");

	p = (struct packet){ 0 };
	packet_ethernet(&p, 0x86dd);
	packet_ip6(&p, 0);
	packet_8(&p, 60), packet_8(&p, 0), packet_fill(&p, 0, 6);  /* hop by hop */
	packet_8(&p, 43), packet_8(&p, 1), packet_fill(&p, 0, 14); /* destination */
	packet_8(&p, 51), packet_8(&p, 2), packet_fill(&p, 0, 22); /* routing */
	packet_8(&p, 44), packet_8(&p, 4), packet_fill(&p, 0, 22); /* authentication */
	packet_8(&p, 6), packet_8(&p, 0), packet_fill(&p, 0, 6);   /* fragment, the first */
	check(ETHERNET, &p, 9, "IPv6 with five extension headers");
	ok(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s) == SEGMENT_OK && !s.goes_on,
	   "an IPv6 fragment that is all there is");
	p.bytes[p.l4_at - 5] = 1;
	ok(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s) == SEGMENT_OK && s.goes_on,
	   "the first of IPv6 fragments is told");
	p.bytes[p.l4_at - 6] = 1;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_FRAGMENT,
	       "IPv6 later fragment");

	p = (struct packet){ 0 };
	packet_ip6(&p, 0);
	for (int i = 0; i < 40; i++)
		packet_32(&p, 0), packet_32(&p, 0);
	packet_finish(&p);
	is_int(segment_decode(RAW, p.bytes, p.n, p.n, &s), SEGMENT_BAD,
	       "endless extension headers");
}

static void test_lengths(void)
{
	struct packet p = { 0 };
	struct segment s;

	packet_ethernet(&p, 0x0800);
	packet_ip4(&p, 6, 0);
	packet_tcp(&p, 0);
	packet_finish(&p);
	packet_fill(&p, 0, 6);
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_OK, "padded frame");
	is_int(s.payload_bytes, 0, "padding is no payload");
	is_int(s.ip_id, 0xbeef, "IPv4 identification");
	is_int(segment_decode(ETHERNET, p.bytes, 60, 1460, &s), SEGMENT_OK,
	       "options cut by the snap length");
	ok(!s.has_timestamps, "... hide the timestamps");

	p.bytes[p.ip_at + 2] = p.bytes[p.ip_at + 3] = 0;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, 70000, &s), SEGMENT_OK,
	       "length 0: merged segments");
	is_int(s.payload_bytes, 70000 - p.l4_at - 32, "... reach to the end of the packet");

	p.bytes[p.ip_at + 2] = 2;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_BAD,
	       "IP longer than its frame");
	packet_finish(&p);
	p.bytes[p.l4_at + 12] = 0x40;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_BAD,
	       "TCP header of 16 bytes");
	p.bytes[p.l4_at + 12] = 0xf0;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_BAD,
	       "TCP header beyond the packet");
	p.bytes[p.l4_at + 12] = 0x80;
	p.bytes[p.l4_at + 20] = 2;
	p.bytes[p.l4_at + 21] = 0;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_OK, "option of length 0");
	ok(!s.has_timestamps, "... ends the search");
}

static void test_others(void)
{
	struct packet p = { 0 };
	struct segment s = { 0 };

	packet_ethernet(&p, 0x0800);
	packet_ip4(&p, 17, 0);
	packet_udp(&p, 4);
	packet_finish(&p);
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_UDP, "UDP");
	ok(s.tuple.b.port == 9 && s.payload_bytes == 4, "... its port and payload");
	p.bytes[p.l4_at + 5] = 7;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_BAD, "UDP of 7 bytes");
	p.bytes[p.ip_at + 9] = 1;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_NOT, "ICMP");
	p.bytes[13] = 6;
	is_int(segment_decode(ETHERNET, p.bytes, p.n, p.n, &s), SEGMENT_NOT, "ARP");
	is_int(segment_decode(9999, p.bytes, p.n, p.n, &s), SEGMENT_NOT, "unknown link type");
}

/* One byte of a plain segment changed to anything: the short way says what the layers say. */
static void test_short_way(void)
{
	static const uint32_t cut[] = { 0, 1, 10, 12, 13, 31, 32 }, longer[] = { 0, 6, 1000 };
	struct packet p = { 0 };
	uint32_t wrong = 0, plain = 0;

	packet_ethernet(&p, 0x0800);
	packet_ip4(&p, 6, 0);
	packet_tcp(&p, 8);
	packet_finish(&p);
	for (uint32_t at = 12; at < p.n; at++)
		for (unsigned value = 0; value < 256; value++)
			for (size_t i = 0; i < 21; i++) {
				struct packet q = p;
				struct segment s = { 0 }, t = { 0 };
				uint32_t cap = p.n - cut[i % 7], wire = p.n + longer[i / 7];
				enum segment_status st;

				q.bytes[at] = (uint8_t)value;
				st = segment_decode(ETHERNET, q.bytes, cap, wire, &s);
				wrong += st != segment_decode_layers(ETHERNET, q.bytes, cap, wire,
								     &t) ||
					 memcmp(&s, &t, offsetof(struct segment, goes_on) + 1) != 0;
				plain += st == SEGMENT_OK;
			}
	is_int(wrong, 0, "one byte changed: the short way agrees with the layers");
	ok(plain > 100000, "... of which many were segments");
}

int main(void)
{
	test_links();
	test_ip();
	test_lengths();
	test_others();
	test_short_way();
	return test_done();
}
