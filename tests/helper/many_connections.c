/*
 * many_connections COUNT OUT: a capture of COUNT connections of nine packets each, 64 of them under
 * way at any time, from ever new ports and addresses: what analyze is measured with.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "tests/packets.h"

#define UNDER_WAY 64
#define STEPS     9

static const struct step {
	uint8_t from_server, flags;
	uint8_t seq, ack; /* since the initial sequence numbers */
	uint8_t payload;
} steps[STEPS] = {
	{ 0, TCP_SYN, 0, 0, 0 },
	{ 1, TCP_SYN | TCP_ACK, 0, 1, 0 },
	{ 0, TCP_ACK, 1, 1, 0 },
	{ 0, TCP_PSH | TCP_ACK, 1, 1, 20 },
	{ 1, TCP_PSH | TCP_ACK, 1, 21, 50 },
	{ 0, TCP_ACK, 21, 51, 0 },
	{ 0, TCP_FIN | TCP_ACK, 21, 51, 0 },
	{ 1, TCP_FIN | TCP_ACK, 51, 22, 0 },
	{ 0, TCP_ACK, 22, 52, 0 },
};

static void put_32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put_16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Ethernet 14, IPv4 20, TCP 32 with timestamps; payload is cut off, as a snap length would. */
static void put_packet(FILE *out, uint32_t connection, const struct step *s, uint64_t nth)
{
	uint32_t client = 0x0a000001 + connection / 60000, server = 0x0a800001;
	unsigned port = 2000 + connection % 60000;
	uint32_t head[4] = { (uint32_t)(1700000000 + nth / 1000000), (uint32_t)(nth % 1000000), 66,
			     66u + s->payload };
	uint8_t b[66] = { [12] = 8, [14] = 0x45, [22] = 64, [23] = 6 };

	put_16(b + 16, 52u + s->payload);
	put_16(b + 18, (unsigned)nth & 0xffff);
	put_32(b + 26, s->from_server ? server : client);
	put_32(b + 30, s->from_server ? client : server);
	put_16(b + 34, s->from_server ? 80 : port);
	put_16(b + 36, s->from_server ? port : 80);
	put_32(b + 38, connection * 7919 + (s->from_server ? 5000000 : 0) + s->seq);
	if (s->flags & TCP_ACK)
		put_32(b + 42, connection * 7919 + (s->from_server ? 0 : 5000000) + s->ack);
	b[46] = 0x80;
	b[47] = s->flags;
	put_16(b + 48, 512);
	put_32(b + 54, 0x0101080a);
	put_32(b + 58, (uint32_t)(nth / 1000));
	(void)fwrite(head, 1, sizeof(head), out);
	(void)fwrite(b, 1, sizeof(b), out);
}

int main(int argc, char **argv)
{
	const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 66, 1 };
	int64_t count;
	uint64_t nth = 0;
	struct err err;
	FILE *out;

	if (argc != 3 || num_parse_int(argv[1], 1, 100000000, &count, &err) != 0 ||
	    !(out = fopen(argv[2], "we"))) {
		fprintf(stderr, "usage: many_connections COUNT OUT\n");
		return 1;
	}
	(void)fwrite(head, 1, sizeof(head), out);
	for (int64_t group = 0; group < count; group += UNDER_WAY)
		for (int step = 0; step < STEPS; step++)
			for (int64_t c = group; c < group + UNDER_WAY && c < count; c++)
				put_packet(out, (uint32_t)c, &steps[step], nth++);
	if (fclose(out) != 0) {
		perror("many_connections");
		return 1;
	}
	return 0;
}
