#include "analysis/say.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "analysis/digest.h"
#include "base/hist.h"
#include "base/num.h"

const char *say_count(int64_t n, char *buf, size_t size)
{
	if (n == RECORD_NONE) {
		(void)snprintf(buf, size, "?");
		return buf;
	}
	return num_format_grouped(n, buf, size);
}

static void quantile_cell(const struct hist *h, double q, char *buf, size_t size)
{
	int64_t ns = h->total > 0 ? hist_quantile_ns(h, q) : -1;

	if (h->total == 0)
		(void)snprintf(buf, size, "-");
	else if (ns < 0)
		(void)snprintf(buf, size, "n/a (n=%" PRId64 ")", h->total);
	else
		(void)num_format_grouped((ns + 500) / 1000, buf, size);
}

static void wire_cell(const struct record_case *c, char *buf, size_t size)
{
	int64_t count, total;
	enum teardown_class class = digest_main_class(c, &count, &total);

	if (total == 0)
		(void)snprintf(buf, size, "-");
	else if (count == total)
		(void)snprintf(buf, size, "%s", teardown_class_key(class));
	else /* never "100 %" while others occur */
		(void)snprintf(buf, size, "%s %.3g %%", teardown_class_key(class),
			       fmin(100.0 * (double)count / (double)total, 99.9));
}

const char *const say_heads[CELL_COUNT] = {
	[CELL_CASE] = "case",      [CELL_CLIENT] = "client", [CELL_SERVER] = "server",
	[CELL_HOLDER] = "held by", [CELL_P50] = "p50",       [CELL_P99] = "p99",
	[CELL_P999] = "p99.9",     [CELL_ERRORS] = "errors", [CELL_WIRE] = "on the wire",
};

int say_row(const struct record_case *c, struct say_row *ret)
{
	size_t size = sizeof(ret->cell[0]);
	enum sides who = digest_holder(c);
	struct hist response;
	int status = digest_hist(c, offsetof(struct record_repeat, response), &response);

	if (status < 0)
		return status;
	(void)snprintf(ret->cell[CELL_CASE], size, "%s", c->name);
	say_count(digest_peak(c, SIDE_CLIENT), ret->cell[CELL_CLIENT], size);
	say_count(digest_peak(c, SIDE_SERVER), ret->cell[CELL_SERVER], size);
	(void)snprintf(ret->cell[CELL_HOLDER], size, "%s",
		       who == SIDES_NONE      ? "nobody"
		       : who == SIDES_UNKNOWN ? "?"
					      : sides_key(who));
	quantile_cell(&response, 0.5, ret->cell[CELL_P50], size);
	quantile_cell(&response, 0.99, ret->cell[CELL_P99], size);
	quantile_cell(&response, 0.999, ret->cell[CELL_P999], size);
	say_count(digest_errors(c), ret->cell[CELL_ERRORS], size);
	wire_cell(c, ret->cell[CELL_WIRE], size);
	hist_release(&response);
	return 0;
}
