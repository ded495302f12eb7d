#include "base/tuple.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/tuple_hash.h"
#include "tests/test.h"

static struct endpoint at(const char *addr, uint16_t port)
{
	struct endpoint e = { 0 };

	if (endpoint_parse(addr, port, &e) < 0)
		ok(false, "cannot parse '%s'", addr);
	return e;
}

static void test_text(void)
{
	static const struct {
		const char *addr, *text;
	} rows[] = {
		{ "10.0.0.1", "10.0.0.1:65535" },
		{ "fd00::1", "[fd00::1]:65535" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
		{ "::ffff:1.2.3.4", "[::ffff:1.2.3.4]:65535" },
	};
	static const char *const bad[] = { "",          "10.0.0",     "10.0.0.256",
					   "localhost", "fd00::1%lo", "10.0.0.1 " };
	char buf[ENDPOINT_TEXT_SIZE];
	struct endpoint e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		e = at(rows[i].addr, 65535);
		is_str(endpoint_format(&e, buf, sizeof(buf)), rows[i].text, "format");
	}
	e = at("fd00::1", 1);
	is_str(endpoint_format_addr(&e, buf, sizeof(buf)), "fd00::1", "without the port");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct endpoint before = e;

		is_int(endpoint_parse(bad[i], 1, &e), -EINVAL, "'%s' is no address", bad[i]);
		ok(memcmp(&e, &before, sizeof(e)) == 0, "the result is untouched");
	}
}

static void test_sockaddr(void)
{
	static const char *const addrs[] = { "127.0.0.1", "fd00::1234" };
	struct sockaddr_storage sa;
	struct endpoint back;

	for (size_t i = 0; i < 2; i++) {
		struct endpoint e = at(addrs[i], 8080);
		unsigned length = endpoint_to_sockaddr(&e, &sa);

		is_int(length, i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
		       "length for %s", addrs[i]);
		is_int(endpoint_from_sockaddr(&sa, &back), 0, "and back");
		ok(memcmp(&e, &back, sizeof(e)) == 0, "unchanged");
	}
	struct endpoint four = at("1.2.3.4", 0x1234);
	struct sockaddr_in in;

	(void)endpoint_to_sockaddr(&four, &sa);
	memcpy(&in, &sa, sizeof(in));
	is_int(ntohs(in.sin_port), 0x1234, "the port is in network order there");
	is_int(ntohl(in.sin_addr.s_addr), 0x01020304, "and so is the address");
	memset(&sa, 0, sizeof(sa));
	sa.ss_family = AF_UNIX;
	is_int(endpoint_from_sockaddr(&sa, &back), -EINVAL, "a Unix address is refused");
}

static void test_order(void)
{
	const struct endpoint sorted[] = {
		at("9.255.0.1", 5), at("10.0.0.1", 1), at("10.0.0.1", 2),
		at("10.0.0.2", 1),  at("::1", 1),      at("fd00::1", 0)
	};
	const int count = (int)(sizeof(sorted) / sizeof(sorted[0]));

	for (int i = 0; i < count; i++)
		for (int k = 0; k < count; k++)
			is_int(endpoint_compare(&sorted[i], &sorted[k]), (i > k) - (i < k),
			       "%d against %d", i, k);
}

static void test_plus(void)
{
	static const struct {
		const char *from;
		uint32_t n;
		const char *want;
	} rows[] = {
		{ "10.1.0.1", 2, "10.1.0.3" },          { "10.1.0.254", 3, "10.1.1.1" },
		{ "10.255.255.255", 1, "11.0.0.0" },    { "255.255.255.255", 1, "0.0.0.0" },
		{ "10.0.0.1", 0x01020304, "11.2.3.5" }, { "fd00::ffff:ffff", 1, "fd00::1:0:0" },
	};
	char buf[ENDPOINT_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint e = at(rows[i].from, 7), sum = endpoint_plus(&e, rows[i].n);

		is_str(endpoint_format_addr(&sum, buf, sizeof(buf)), rows[i].want, "%s + %u",
		       rows[i].from, rows[i].n);
		is_int(sum.port, 7, "the port stays");
	}
}

static int by_value(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

/* Does each of 256 values of 8 bits of the hash come up about as often, for neighbouring connections? */
static void spreads(const char *from, bool ports, unsigned shift)
{
	struct tuple t = { .a = at(from, 40000), .b = at(from, 80) };
	const struct endpoint first = t.a;
	int filled[256] = { 0 }, most = 0, least = INT_MAX;

	for (uint32_t n = 0; n < 25600; n++) {
		if (ports)
			t.a.port = (uint16_t)n;
		else
			t.a = endpoint_plus(&first, n);
		filled[tuple_hash_undirected(&t, 1) >> shift & 255]++;
	}
	for (int i = 0; i < 256; i++) {
		most = filled[i] > most ? filled[i] : most;
		least = filled[i] < least ? filled[i] : least;
	}
	ok(most < 160 && least > 50,
	   "25600 %s from %s spread over bits %u to %u: %d to %d (100 expected)",
	   ports ? "ports" : "addresses", from, shift, shift + 7, least, most);
}

/* As many as chance lets 32 bits of a hash be equal among ports of two hosts on each side. */
static void test_collisions(void)
{
	enum { HOSTS = 2, PORTS = 150 };
	static uint32_t seen[HOSTS * HOSTS * PORTS * PORTS];
	size_t count = 0, equal = 0;
	struct tuple t = { .a = at("10.0.0.1", 0), .b = at("10.1.0.1", 0) };
	const struct endpoint from = t.a, to = t.b;

	for (uint32_t host = 0; host < HOSTS * HOSTS; host++)
		for (uint16_t port = 0; port < PORTS * PORTS; port++) {
			t.a = endpoint_plus(&from, host / HOSTS);
			t.b = endpoint_plus(&to, host % HOSTS);
			t.a.port = (uint16_t)(1000 + port / PORTS);
			t.b.port = (uint16_t)(1000 + port % PORTS);
			seen[count++] = (uint32_t)tuple_hash_undirected(&t, 1);
		}
	qsort(seen, count, sizeof(*seen), by_value);
	for (size_t i = 1; i < count; i++)
		equal += seen[i] == seen[i - 1];
	ok(equal < 12, "%zu connections: %zu equal hashes (1 expected)", count, equal);
}

static void test_hash(void)
{
	struct tuple t = { .a = at("10.0.0.1", 40000), .b = at("10.0.0.2", 80) };
	struct tuple back = tuple_reverse(&t);
	uint64_t hash = tuple_hash_undirected(&t, 1);

	ok(memcmp(&t.a, &back.b, sizeof(t.a)) == 0 && memcmp(&t.b, &back.a, sizeof(t.a)) == 0,
	   "reversed");
	ok(hash == tuple_hash_undirected(&back, 1), "both directions hash alike");
	ok(hash != tuple_hash_undirected(&t, 2), "the key matters");
	t.b.port = 81;
	ok(hash != tuple_hash_undirected(&t, 1), "the port matters");
	t.a.port = 81;
	t.b.port = 40000;
	ok(hash != tuple_hash_undirected(&t, 1), "which port is whose matters");
	for (unsigned shift = 0; shift < 32; shift += 8) {
		spreads("10.0.0.1", true, shift);
		spreads("10.0.0.1", false, shift);
		spreads("fd00::1", true, shift);
		spreads("fd00::1", false, shift);
	}
}

int main(void)
{
	test_text();
	test_sockaddr();
	test_order();
	test_plus();
	test_hash();
	test_collisions();
	return test_done();
}
