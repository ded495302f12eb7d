/*
 * Layout: number, flags, two masks of the rows that differ from their guess (all four in base 128),
 * the 4-tuple, then those rows' differences.  Rows that mostly differ and those that mostly do not
 * have a mask each, the latter's is then one byte.
 */
#include "capture/flow_rest.h"

#include <string.h>

#include "capture/flow_guess.h"

/* --- differences ------------------------------------------------------------------------------ */

/* Each modulo 2^64 or the field's width, so that any value comes back. */
static inline uint64_t above_code(uint64_t value, uint64_t guess)
{
	return value - guess;
}

static inline uint64_t above_value(uint64_t code, uint64_t guess)
{
	return code + guess;
}

static inline uint64_t below_code(uint64_t value, uint64_t guess)
{
	return guess - value;
}

static inline uint64_t below_value(uint64_t code, uint64_t guess)
{
	return guess - code;
}

/* Stored in four bytes: evenly distributed numbers take five in base 128. */
#define even_code  above_code
#define even_value above_value

/* A time before another, or never, which is 0.  The two values whose codes that touches swap them. */
static inline uint64_t before_code(uint64_t value, uint64_t guess)
{
	if (value == UINT64_MAX)
		return 0;
	return value == guess + 1 ? guess + 2 : guess + 1 - value;
}

static inline uint64_t before_value(uint64_t code, uint64_t guess)
{
	if (code == 0)
		return UINT64_MAX;
	return code == guess + 2 ? guess + 1 : guess + 1 - code;
}

/* A time that mostly is the guess, else somewhat before it, or never, which is 1. */
static inline uint64_t near_code(uint64_t value, uint64_t guess)
{
	if (value == UINT64_MAX)
		return 1;
	return value == guess - 1 ? guess + 1 : guess - value;
}

static inline uint64_t near_value(uint64_t code, uint64_t guess)
{
	if (code == 1)
		return UINT64_MAX;
	return code == guess + 1 ? guess - 1 : guess - code;
}

/* A time after another, or never, which is 0. */
static inline uint64_t later_code(uint64_t value, uint64_t guess)
{
	if (value == UINT64_MAX)
		return 0;
	return value == guess - 1 ? 0 - guess : value - guess + 1;
}

static inline uint64_t later_value(uint64_t code, uint64_t guess)
{
	if (code == 0)
		return UINT64_MAX;
	return code == 0 - guess ? guess - 1 : guess + code - 1;
}

/* --- the rows --------------------------------------------------------------------------------- */

#define PAIR(X, part, field, how, guess)                                                           \
	X(part[0].field, how, guess, 0)                                                            \
	X(part[1].field, how, guess, 1)

/* X(field, how, guess, direction).  A guess may look at last_ns, the flags and the rows above. */
#define COMMON_ROWS(X)                                                                             \
	X(first_ns, below, last, 0)                                                                \
	X(established_ns, later, first, 0)                                                         \
	PAIR(X, dir, last_ns, near, last)                                                          \
	PAIR(X, dir, print, even, zero)                                                            \
	PAIR(X, dir, packets, above, zero)                                                         \
	PAIR(X, more, isn, even, zero)                                                             \
	PAIR(X, dir, next, above, own_isn)                                                         \
	PAIR(X, more, syn_ts, even, zero)                                                          \
	PAIR(X, more, payload_bytes, above, zero)                                                  \
	PAIR(X, more, fin_ns, before, last)                                                        \
	PAIR(X, more, fin_acked_ns, near, second_fin)                                              \
	PAIR(X, more, last_data_ns, before, own_fin)                                               \
	PAIR(X, more, fin_ack, below, fin_peer)                                                    \
	PAIR(X, dir, ack, below, peer_next)

#define RARE_ROWS(X)                                                                               \
	PAIR(X, more, data_packets, above, any_data)                                               \
	PAIR(X, more, syn, above, any_isn)                                                         \
	PAIR(X, more, fin, above, any_fin)                                                         \
	PAIR(X, more, rst, above, zero)                                                            \
	PAIR(X, more, rst_ns, before, last)                                                        \
	PAIR(X, more, rst_seq, below, rst_place)                                                   \
	PAIR(X, more, isn_last, above, own_isn)                                                    \
	PAIR(X, more, fin_seq, below, fin_place)                                                   \
	PAIR(X, more, fin_seq_last, above, same_fin)                                               \
	PAIR(X, more, fin_last_ns, above, fin_time)                                                \
	PAIR(X, more, fin_acked_plain_ns, above, acked_time)                                       \
	PAIR(X, more, data_end, below, data_place)                                                 \
	PAIR(X, more, data_retrans, above, zero)                                                   \
	PAIR(X, more, last_ack_repeats, above, zero)                                               \
	PAIR(X, more, holes.count, above, zero)                                                    \
	PAIR(X, more, holes.hole[0].from, even, zero)                                              \
	PAIR(X, more, holes.hole[0].to, above, hole_0)                                             \
	PAIR(X, more, holes.hole[1].from, even, zero)                                              \
	PAIR(X, more, holes.hole[1].to, above, hole_1)                                             \
	PAIR(X, more, holes.hole[2].from, even, zero)                                              \
	PAIR(X, more, holes.hole[2].to, above, hole_2)                                             \
	PAIR(X, more, holes.hole[3].from, even, zero)                                              \
	PAIR(X, more, holes.hole[3].to, above, hole_3)                                             \
	X(data_before_close_ns, below, newest_data, 0)                                             \
	X(data_after_fin_bytes, above, zero, 0)                                                    \
	X(reused_after_ns, above, never, 0)                                                        \
	X(reopened_ns, before, last, 0)                                                            \
	X(rst_in_time_wait_ns, before, last, 0)                                                    \
	X(before, above, never, 0)                                                                 \
	X(duplicates, above, zero, 0)

/* X(field, bits, what is added so that it is not negative, what it then mostly is); the varied first. */
#define FLAG_ROWS(X)                                                                               \
	X(first_fin, 2, 1, 1)                                                                      \
	X(more[0].timestamps, 1, 0, 1)                                                             \
	X(more[1].timestamps, 1, 0, 1)                                                             \
	X(more[0].fin_acked_by_fin, 1, 0, 1)                                                       \
	X(more[1].fin_acked_by_fin, 1, 0, 0)                                                       \
	X(closed, 1, 0, 1)                                                                         \
	X(has_fin[0], 1, 0, 1)                                                                     \
	X(has_fin[1], 1, 0, 1)                                                                     \
	X(established, 1, 0, 1)                                                                    \
	X(has_isn[0], 1, 0, 1)                                                                     \
	X(has_isn[1], 1, 0, 1)                                                                     \
	X(has_ack[0], 1, 0, 1)                                                                     \
	X(has_ack[1], 1, 0, 1)                                                                     \
	X(reused_ports, 1, 0, 0)                                                                   \
	X(first_rst, 2, 1, 0)                                                                      \
	X(rst_after_fin, 1, 0, 0)                                                                  \
	X(more[0].rst_exact, 1, 0, 0)                                                              \
	X(more[1].rst_exact, 1, 0, 0)                                                              \
	X(began_inside, 1, 0, 0)                                                                   \
	X(initiator_by, 2, 0, 0)                                                                   \
	X(has_next[0], 1, 0, 1)                                                                    \
	X(has_next[1], 1, 0, 1)                                                                    \
	X(late_data_rst, 1, 0, 0)                                                                  \
	X(rst_in_time_wait, 1, 0, 0)                                                               \
	X(syn_answer, 2, 0, 0)                                                                     \
	X(opener, 1, 0, 0)                                                                         \
	X(more[0].isn_told, 1, 0, 0)                                                               \
	X(more[1].isn_told, 1, 0, 0)                                                               \
	X(fin_afloat[0], 1, 0, 0)                                                                  \
	X(fin_afloat[1], 1, 0, 0)

#define ROW_SIZE(field, ...)  +sizeof(((struct live *)0)->field)
#define ROW_BYTES(field, ...) +(sizeof(((struct live *)0)->field) > 4 ? 10 : 5)
#define ROW_ONE(...)          +1

/* A field without a row is a compile error. */
_Static_assert(0 COMMON_ROWS(ROW_SIZE) RARE_ROWS(ROW_SIZE) FLAG_ROWS(ROW_SIZE) +
			       sizeof(struct tuple) + /* by itself */
			       sizeof(uint64_t) +     /* number, by itself */
			       sizeof(int64_t) +      /* last_ns: the table's */
			       sizeof(uint32_t) +     /* place: the table's */
			       sizeof(((struct live *)0)->spare) ==
		       sizeof(struct live),
	       "each field of struct live has a row");
_Static_assert((0 COMMON_ROWS(ROW_ONE)) <= 64 && (0 RARE_ROWS(ROW_ONE)) <= 64,
	       "a bit for each row");

#define HEAD_BYTES 40 /* four numbers in base 128 */
_Static_assert(HEAD_BYTES + sizeof(struct tuple) COMMON_ROWS(ROW_BYTES) RARE_ROWS(ROW_BYTES) <=
		       REST_BYTES_MAX,
	       "room for the longest");

/* --- bytes ------------------------------------------------------------------------------------ */

static inline uint8_t *put_number(uint8_t *at, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*at++ = (uint8_t)(v | 0x80);
	*at++ = (uint8_t)v;
	return at;
}

static inline uint64_t get_number(const uint8_t **at)
{
	const uint8_t *p = *at;
	uint64_t v = *p & 0x7f;

	for (unsigned shift = 7; *p++ & 0x80; shift += 7)
		v |= (uint64_t)(*p & 0x7f) << shift;
	*at = p;
	return v;
}

static inline uint8_t *put_32(uint8_t *at, uint64_t v)
{
	uint32_t low = (uint32_t)v;

	memcpy(at, &low, sizeof(low));
	return at + sizeof(low);
}

static inline uint64_t get_32(const uint8_t **at)
{
	uint32_t v;

	memcpy(&v, *at, sizeof(v));
	*at += sizeof(v);
	return v;
}

#define put_above  put_number
#define put_below  put_number
#define put_before put_number
#define put_later  put_number
#define put_near   put_number
#define put_even   put_32
#define get_above  get_number
#define get_below  get_number
#define get_before get_number
#define get_later  get_number
#define get_near   get_number
#define get_even   get_32

/* --- packing ---------------------------------------------------------------------------------- */

#define WIDTH(field) (sizeof(field) > 4 ? UINT64_MAX : UINT32_MAX)

#define PACK(field, how, guess, d)                                                                 \
	{                                                                                          \
		uint64_t code = how##_code((uint64_t)l->field, guess(l, d)) & WIDTH(l->field);     \
                                                                                                   \
		if (code != 0) {                                                                   \
			at = put_##how(at, code);                                                  \
			mask |= bit;                                                               \
		}                                                                                  \
		bit <<= 1;                                                                         \
	}

static inline uint8_t *pack_common(const struct live *l, uint8_t *at, uint64_t *ret_mask)
{
	uint64_t mask = 0, bit = 1;

	COMMON_ROWS(PACK)
	*ret_mask = mask;
	return at;
}

static inline uint8_t *pack_rare(const struct live *l, uint8_t *at, uint64_t *ret_mask)
{
	uint64_t mask = 0, bit = 1;

	RARE_ROWS(PACK)
	*ret_mask = mask;
	return at;
}

#define PACK_FLAG(field, bits, plus, mostly)                                                       \
	flags |= ((uint64_t)(uint8_t)(l->field + (plus)) ^ (uint64_t)(mostly)) << shift;           \
	shift += (bits);

static inline uint64_t pack_flags(const struct live *l, bool six)
{
	uint64_t flags = 0;
	unsigned shift = 0;

	FLAG_ROWS(PACK_FLAG)
	return flags | (uint64_t)six << shift;
}

static bool is_four(const struct endpoint *e)
{
	static const uint8_t none[12];

	return e->family == 4 && e->pad == 0 && memcmp(e->addr + 4, none, sizeof(none)) == 0;
}

static uint8_t *pack_tuple(const struct tuple *t, uint8_t *at, bool six)
{
	if (six) {
		memcpy(at, t, sizeof(*t));
		return at + sizeof(*t);
	}
	memcpy(at, t->a.addr, 4);
	memcpy(at + 4, t->b.addr, 4);
	memcpy(at + 8, &t->a.port, 2);
	memcpy(at + 10, &t->b.port, 2);
	return at + 12;
}

void rest_pack(const struct live *l, struct rest *ret)
{
	bool six = !is_four(&l->tuple.a) || !is_four(&l->tuple.b);
	uint8_t head[HEAD_BYTES], *body = ret->room + HEAD_BYTES, *at;
	uint64_t common, rare;

	at = pack_tuple(&l->tuple, body, six);
	at = pack_common(l, at, &common);
	at = pack_rare(l, at, &rare);
	ret->count = (size_t)(at - body);
	at = put_number(head, l->number);
	at = put_number(at, pack_flags(l, six));
	at = put_number(at, common);
	at = put_number(at, rare);
	memcpy(body - (at - head), head, (size_t)(at - head));
	ret->bytes = body - (at - head);
	ret->count += (size_t)(at - head);
}

/* --- unpacking -------------------------------------------------------------------------------- */

#define UNPACK(field, how, guess, d)                                                               \
	{                                                                                          \
		uint64_t code = mask & bit ? get_##how(&at) : 0;                                   \
                                                                                                   \
		l->field = (__typeof__(l->field))how##_value(code, guess(l, d));                   \
		bit <<= 1;                                                                         \
	}

static inline const uint8_t *unpack_common(struct live *l, const uint8_t *at, uint64_t mask)
{
	uint64_t bit = 1;

	COMMON_ROWS(UNPACK)
	return at;
}

static inline const uint8_t *unpack_rare(struct live *l, const uint8_t *at, uint64_t mask)
{
	uint64_t bit = 1;

	RARE_ROWS(UNPACK)
	return at;
}

#define UNPACK_FLAG(field, bits, plus, mostly)                                                     \
	l->field = (__typeof__(l->field))(((flags & ((1u << (bits)) - 1)) ^ (mostly)) - (plus));   \
	flags >>= (bits);

/* True: of IPv4. */
static inline bool unpack_flags(struct live *l, uint64_t flags)
{
	FLAG_ROWS(UNPACK_FLAG)
	return flags == 0;
}

static const uint8_t *unpack_tuple(struct tuple *t, const uint8_t *at, bool four)
{
	if (!four) {
		memcpy(t, at, sizeof(*t));
		return at + sizeof(*t);
	}
	*t = (struct tuple){ .a = { .family = 4 }, .b = { .family = 4 } };
	memcpy(t->a.addr, at, 4);
	memcpy(t->b.addr, at + 4, 4);
	memcpy(&t->a.port, at + 8, 2);
	memcpy(&t->b.port, at + 10, 2);
	return at + 12;
}

void rest_unpack(const uint8_t *bytes, int64_t last_ns, struct live *ret)
{
	uint64_t common, rare;
	bool four;

	ret->last_ns = last_ns;
	ret->number = get_number(&bytes);
	four = unpack_flags(ret, get_number(&bytes));
	common = get_number(&bytes);
	rare = get_number(&bytes);
	bytes = unpack_tuple(&ret->tuple, bytes, four);
	bytes = unpack_common(ret, bytes, common);
	(void)unpack_rare(ret, bytes, rare);
	memset(ret->spare, 0, sizeof(ret->spare));
}

uint64_t rest_number(const uint8_t *bytes)
{
	return get_number(&bytes);
}
