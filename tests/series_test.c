#include "base/series.h"

#include <stdlib.h>

#include "tests/test.h"

static struct series_row row_at(int64_t t_ns, int32_t time_wait)
{
	struct series_row row = { .t_ns = t_ns };

	row.count[SIDE_SERVER][COL_TIME_WAIT] = time_wait;
	return row;
}

static bool add(struct series *s, int64_t t_ns, int32_t time_wait)
{
	struct series_row row = row_at(t_ns, time_wait);

	return series_add(s, &row);
}

static int64_t time_at(const struct series *s, int64_t t_ns)
{
	size_t until = series_until(s, t_ns);

	return until > 0 ? s->t_ns[until - 1] : -1;
}

static void test_changes(void)
{
	struct series s;

	is_int(series_init(&s, 8), 0, "init");
	ok(series_until(&s, 0) == 0, "nothing held before the first sample");
	series_finish(&s);
	is_int(s.count, 0, "finishing an empty series adds nothing");
	ok(add(&s, 10, 0), "the first is kept though all is 0");
	ok(add(&s, 20, 0) && add(&s, 30, 0), "two that change nothing");
	is_int(s.count, 1, "one row so far");
	ok(add(&s, 40, 5) && add(&s, 50, 5), "a change, then none");
	is_int(s.count, 2, "two rows");
	is_int(s.taken, 5, "all five counted");
	is_int(s.last_ns, 50, "time of the last");
	is_int(time_at(&s, 9), -1, "before the first");
	is_int(time_at(&s, 10), 10, "at the first");
	is_int(time_at(&s, 39), 10, "just before the change");
	is_int(time_at(&s, 40), 40, "at the change");
	is_int(time_at(&s, INT64_MAX), 40, "long after");
	series_finish(&s);
	is_int(s.count, 3, "finish adds the last row");
	is_int(s.t_ns[2], 50, "at the time of the last sample");
	is_int(s.column[SIDE_SERVER][COL_TIME_WAIT][2], 5, "with its counts");
	series_finish(&s);
	is_int(s.count, 3, "once only");
	series_release(&s);
	series_release(&s);
	series_release(NULL);
	ok(s.t_ns == NULL, "released, twice");
}

static void test_client_ports(void)
{
	struct series_row row = { .t_ns = 1 };
	struct series s;

	if (series_init(&s, 2) < 0)
		abort();
	row.count[SIDE_CLIENT][COL_ESTABLISHED] = 9;
	row.count[SIDE_CLIENT][COL_FIN_WAIT1] = 1;
	row.count[SIDE_CLIENT][COL_TIME_WAIT] = 100;
	row.count[SIDE_SERVER][COL_ESTABLISHED] = 50;
	(void)series_add(&s, &row);
	is_int(series_client_ports(&s, 0, 0), 110, "every socket of the client has a port");
	is_int(series_client_ports(&s, 0, INT64_MIN), 110, "... also where the 4-tuples are not known");
	is_int(series_client_ports(&s, 0, 200), 110, "... or more");
	is_int(series_client_ports(&s, 0, 105), 105, "no more than there are: 5 went on to TIME_WAIT");
	is_int(series_client_ports(&s, 0, 80), 100, "TIME_WAIT alone is never cut");
	series_release(&s);
}

static void test_full(void)
{
	struct series s;

	is_int(series_init(&s, 2), 0, "room for two");
	ok(add(&s, 1, 1) && add(&s, 2, 2) && add(&s, 3, 2), "two rows and a repeat fit");
	ok(!add(&s, 4, 3), "a third does not");
	ok(!add(&s, 5, 2), "and what follows a lost sample is lost too");
	is_int(s.taken, 3, "lost samples are not counted as taken");
	series_finish(&s);
	is_int(s.count, 3, "the last row fits nevertheless");
	is_int(s.t_ns[2], 3, "and claims nothing about the time after");
	series_release(&s);
	is_int(series_init(&s, 0), 0, "no room at all");
	ok(!add(&s, 1, 1), "is full at once");
	series_finish(&s);
	series_release(&s);
	ok(series_init(&s, SIZE_MAX / 2) < 0, "room beyond memory is refused");
}

int main(void)
{
	test_changes();
	test_client_ports();
	test_full();
	return test_done();
}
