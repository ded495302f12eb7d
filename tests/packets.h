/*
 * packets: hand-made packets, in two ways.
 *
 * packet_*: bytes, layer by layer, for the decoder.  Lengths are filled in by packet_finish().
 *
 * talk(): a connection written down as one reads it in tcpdump, turned into segments whose sequence
 * numbers follow from what was sent and seen.  Words, separated by blanks:
 *	c:S  s:S.  c:P.  s:FP.  c:R   client or server, flags as tcpdump prints them; P has
 *		  100 bytes, R without ACK takes its number from the ACK that it answers
 *	c:F.!     the peer does not see it (yet): what it sends next does not acknowledge it
 *	c:S~      the capture does not show it
 *	c^        the client now has seen everything that the server sent
 *	c:r       the client's newest payload, SYN or FIN once more (with the ACK of now); c:r3 the third
 *		  newest, c:r0 the tenth
 *	c:d       the client's last packet, delivered twice by the capture
 *	c:Rx      the RST is 1000 off; so is c:Fx. and c:Px., which count for nothing
 *	c:k       a keep-alive probe: the client's last byte again
 *	c:Sn      the SYN of a new connection, on a new initial sequence number; s:Sn.
 *	+5        5 ms pass (every word but this takes 1 ms; "d" takes 1 us)
 */
#ifndef TWBENCH_TESTS_PACKETS_H
#define TWBENCH_TESTS_PACKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mono.h"
#include "base/tuple.h"
#include "capture/segment.h"

/* --- bytes ----------------------------------------------------------------------------------- */

struct packet {
	uint8_t bytes[512];
	uint32_t n;
	uint32_t ip_at, ip_version, l4_at; /* set by packet_ip4() and packet_ip6() */
};

__attribute__((unused)) static void packet_8(struct packet *p, unsigned v)
{
	p->bytes[p->n++] = (uint8_t)v;
}

__attribute__((unused)) static void packet_16(struct packet *p, unsigned v)
{
	packet_8(p, v >> 8);
	packet_8(p, v);
}

__attribute__((unused)) static void packet_32(struct packet *p, uint32_t v)
{
	packet_16(p, v >> 16);
	packet_16(p, v);
}

__attribute__((unused)) static void packet_fill(struct packet *p, uint8_t v, uint32_t n)
{
	memset(p->bytes + p->n, v, n);
	p->n += n;
}

__attribute__((unused)) static void packet_ethernet(struct packet *p, unsigned type)
{
	packet_fill(p, 0x11, 12);
	packet_16(p, type);
}

/* 10.0.0.1 -> 10.0.0.2, `options` bytes of NOP options (a multiple of 4). */
__attribute__((unused)) static void packet_ip4(struct packet *p, unsigned proto, unsigned options)
{
	p->ip_at = p->n;
	p->ip_version = 4;
	packet_8(p, 0x45 + options / 4);
	packet_8(p, 0);
	packet_16(p, 0);      /* total length: packet_finish() */
	packet_16(p, 0xbeef); /* identification */
	packet_16(p, 0x4000); /* do not fragment */
	packet_8(p, 64);
	packet_8(p, proto);
	packet_16(p, 0);
	packet_32(p, 0x0a000001);
	packet_32(p, 0x0a000002);
	packet_fill(p, 1, options);
	p->l4_at = p->n;
}

/* fd00::1 -> fd00::2. */
__attribute__((unused)) static void packet_ip6(struct packet *p, unsigned next_header)
{
	p->ip_at = p->n;
	p->ip_version = 6;
	packet_32(p, 0x60000000);
	packet_16(p, 0); /* payload length: packet_finish() */
	packet_8(p, next_header);
	packet_8(p, 64);
	for (uint32_t host = 1; host <= 2; host++) {
		packet_32(p, 0xfd000000);
		packet_32(p, 0);
		packet_32(p, 0);
		packet_32(p, host);
	}
	p->l4_at = p->n;
}

/* Port 40000 -> 80, seq 1000, ack 2000, FIN|ACK, timestamps 7 and 8, `payload` bytes. */
__attribute__((unused)) static void packet_tcp(struct packet *p, uint32_t payload)
{
	p->l4_at = p->n;
	packet_16(p, 40000);
	packet_16(p, 80);
	packet_32(p, 1000);
	packet_32(p, 2000);
	packet_8(p, 8 << 4);
	packet_8(p, TCP_FIN | TCP_ACK);
	packet_16(p, 512);
	packet_32(p, 0); /* checksum, urgent pointer */
	packet_8(p, 1);
	packet_8(p, 1);
	packet_8(p, 8);
	packet_8(p, 10);
	packet_32(p, 7);
	packet_32(p, 8);
	packet_fill(p, 'x', payload);
}

__attribute__((unused)) static void packet_udp(struct packet *p, uint32_t payload)
{
	p->l4_at = p->n;
	packet_16(p, 40000);
	packet_16(p, 9);
	packet_16(p, 8 + payload);
	packet_16(p, 0);
	packet_fill(p, 'x', payload);
}

__attribute__((unused)) static void packet_finish(struct packet *p)
{
	uint32_t at = p->ip_version == 4 ? p->ip_at + 2 : p->ip_at + 4;
	uint32_t bytes = p->n - p->ip_at - (p->ip_version == 4 ? 0 : 40);

	p->bytes[at] = (uint8_t)(bytes >> 8);
	p->bytes[at + 1] = (uint8_t)bytes;
}

/* --- conversations --------------------------------------------------------------------------- */

#define TALK_SOLID 10

struct talk {
	struct tuple tuple; /* a is the client */
	int64_t now_ns;
	uint32_t next[2]; /* what each sends next */
	uint32_t seen[2]; /* what each acknowledges */
	uint16_t ip_id;
	bool timestamps;
	struct segment last[2];  /* last packet, and ... */
	struct segment solid[2][TALK_SOLID]; /* ... those that take sequence space, newest first */
	void (*emit)(void *arg, const struct segment *s);
	void *arg;
};

__attribute__((unused)) static void talk_init(struct talk *t, uint16_t client_port,
					      void (*emit)(void *, const struct segment *),
					      void *arg)
{
	memset(t, 0, sizeof(*t));
	(void)endpoint_parse("10.0.0.1", client_port, &t->tuple.a);
	(void)endpoint_parse("10.0.0.2", 5000, &t->tuple.b);
	t->now_ns = NS_PER_S;
	t->next[0] = 0xfffffff0; /* wraps within the first payload */
	t->next[1] = 500000;
	t->emit = emit;
	t->arg = arg;
}

__attribute__((unused)) static void talk_keep(struct talk *t, int d, struct segment *s)
{
	s->t_ns = t->now_ns;
	t->last[d] = *s;
}

__attribute__((unused)) static void talk_emit(struct talk *t, int d, struct segment *s)
{
	talk_keep(t, d, s);
	t->emit(t->arg, s);
}

__attribute__((unused)) static void talk_send(struct talk *t, int d, const char *word)
{
	struct segment s = { .window = 1000, .ip_id = ++t->ip_id };
	bool unseen = false;

	s.has_timestamps = t->timestamps;
	s.ts_value = t->timestamps ? (uint32_t)(t->now_ns / NS_PER_MS) : 0;
	if (strchr(word, 'n'))
		t->next[d] += 100000;
	s.tuple = d == 0 ? t->tuple : tuple_reverse(&t->tuple);
	s.seq = strncmp(word, "R", 1) == 0 && word[1] != '.' ? t->last[!d].ack : t->next[d];
	for (const char *p = word; *p; p++) {
		s.flags |= (uint8_t)(*p == 'S'   ? TCP_SYN
				     : *p == 'F' ? TCP_FIN
				     : *p == 'R' ? TCP_RST
				     : *p == 'P' ? TCP_PSH
				     : *p == '.' ? TCP_ACK
						 : 0);
		s.payload_bytes = *p == 'P' ? 100 : s.payload_bytes;
		s.seq += *p == 'x' ? 1000 : 0;
		unseen = unseen || *p == '!';
	}
	s.ack = s.flags & TCP_ACK ? t->seen[d] : 0;
	if (!(s.flags & TCP_RST) && !strchr(word, 'x'))
		t->next[d] += s.payload_bytes + !!(s.flags & TCP_SYN) + !!(s.flags & TCP_FIN);
	if (!unseen)
		t->seen[!d] = t->next[d];
	talk_keep(t, d, &s);
	if (s.payload_bytes > 0 || (s.flags & (TCP_SYN | TCP_FIN))) {
		memmove(&t->solid[d][1], &t->solid[d][0], (TALK_SOLID - 1) * sizeof(s));
		t->solid[d][0] = s;
	}
	if (!strchr(word, '~'))
		t->emit(t->arg, &s);
}

__attribute__((unused)) static void talk_word(struct talk *t, const char *word)
{
	int d = word[0] == 's';
	struct segment s;

	if (word[0] == '+') {
		int64_t ms = 0;

		for (const char *p = word + 1; *p; p++)
			ms = ms * 10 + (*p - '0');
		t->now_ns += ms * NS_PER_MS;
	} else if (word[1] == '^') {
		t->seen[d] = t->next[!d];
	} else if (word[2] == 'd') {
		s = t->last[d];
		t->now_ns += NS_PER_US;
		talk_emit(t, d, &s);
	} else if (word[2] == 'k') {
		s = (struct segment){ .window = 1000, .ip_id = ++t->ip_id, .flags = TCP_ACK };
		s.tuple = d == 0 ? t->tuple : tuple_reverse(&t->tuple);
		s.seq = t->next[d] - 1;
		s.ack = t->seen[d];
		s.payload_bytes = 1;
		t->now_ns += NS_PER_MS;
		s.t_ns = t->now_ns;
		t->last[d] = s;
		t->emit(t->arg, &s);
	} else if (word[2] == 'r') {
		s = t->solid[d][word[3] ? (word[3] - '0' + 9) % TALK_SOLID : 0];
		s.ip_id = ++t->ip_id;
		s.ack = s.flags & TCP_ACK ? t->seen[d] : 0;
		t->now_ns += NS_PER_MS;
		talk_emit(t, d, &s);
	} else {
		t->now_ns += NS_PER_MS;
		talk_send(t, d, word + 2);
	}
}

__attribute__((unused)) static void talk(struct talk *t, const char *words)
{
	char word[16];
	int used;

	while (sscanf(words, "%15s%n", word, &used) == 1) {
		talk_word(t, word);
		words += used;
	}
}

#define TALK_OPEN "c:S s:S. c:. "
#define TALK_ASK  TALK_OPEN "c:P. s:P. c:. "

#endif
