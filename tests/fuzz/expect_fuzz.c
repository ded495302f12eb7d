/* Expectations, one per line: what is accepted names a metric, and is evaluated over a small world. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/expect.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_world(struct record *r)
{
	static const char *const names[] = { "plain.a", "tuned.a", "a.rate=5" };

	record_init(r);
	for (int i = 0; i < 3; i++) {
		struct record_case *c = record_add_case(r);

		assert(c);
		(void)snprintf(c->name, sizeof(c->name), "%s", names[i]);
		(void)snprintf(c->strategy, sizeof(c->strategy), "client-fin");
		c->params = strdup("{\"load\":{\"rate\":5},\"tuning\":{\"sysctl\":{\"a.b\":\"1\"}}}");
		for (int k = 0; k < 2; k++) {
			struct record_repeat *p = record_add_repeat(c);

			assert(p);
			(void)snprintf(p->status, sizeof(p->status), "ok");
			p->ledger.by_outcome[OUTCOME_OK] = 10 * i + k;
			p->ledger.load_ns = 1000000000;
		}
	}
}

static void ask(struct record *r, const char *text)
{
	struct expect e;
	struct err err = { .text = "" };

	record_clear_expectations(r);
	if (expect_parse(&e, text, &err) < 0) {
		assert(err.text[0]);
		return;
	}
	assert(e.left.metric && e.op < EXPECT_OP_COUNT);
	if (expect_bind(&e, r, &err) < 0)
		return;
	assert(expect_evaluate(&e, r, &err) == 0 && r->expectation_count > 0);
	for (size_t i = 0; i < r->expectation_count; i++) {
		const struct record_expectation *x = &r->expectation[i];

		/* A pass has a reason: numbers on the right side, or null that was allowed or asked for. */
		assert(x->verdict[0]);
		assert(strcmp(x->verdict, "pass") != 0 || !isnan(x->margin) || e.or_null ||
		       e.op >= EXPECT_NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record r; /* made once: that is most of the work */
	char text[512];

	if (r.case_count == 0)
		make_world(&r);
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t n = end ? (size_t)(end - data) - at : size - at;

		if (n < sizeof(text) && !memchr(data + at, 0, n)) {
			memcpy(text, data + at, n);
			text[n] = '\0';
			ask(&r, text);
		}
		at += n + 1;
	}
	return 0;
}
