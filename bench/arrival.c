#include "bench/arrival.h"

#include <math.h>

#include "base/mono.h"

double arrival_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (double)((x * UINT64_C(0x2545F4914F6CDD1D)) >> 11) * 0x1p-53;
}

int64_t size_dist_pick(const struct size_dist *d, uint64_t *random)
{
	const struct size_range *r = &d->range[0];
	double total = 0, at;

	if (d->count > 1) {
		for (int i = 0; i < d->count; i++)
			total += d->range[i].weight;
		at = arrival_random(random) * total;
		for (int i = 0; i < d->count - 1 && at >= r->weight; i++, r++)
			at -= r->weight;
	}
	if (r->low == r->high)
		return r->low;
	return r->low + (int64_t)(arrival_random(random) * (double)(r->high - r->low + 1));
}

static double exponential(uint64_t *random)
{
	return -log1p(-arrival_random(random));
}

void arrival_init(struct arrival *a, const struct case_spec *spec, int64_t thread, int64_t threads)
{
	*a = (struct arrival){ .spec = spec, .thread = thread, .threads = threads };
	a->random = ((uint64_t)spec->seed + 1) * UINT64_C(0x9E3779B97F4A7C15) +
		    (uint64_t)thread * UINT64_C(0xD1B54A32D192ED03) + 1;
	a->step = (double)threads;
	a->last = spec->connections > 0 ? (spec->connections - thread + threads - 1) / threads
					: INT64_MAX;
	a->count = spec->spacing == ARRIVAL_POISSON ? exponential(&a->random) * a->step
						    : (double)thread;
}

/* Where N(t) = count within one step of a ramp: solve from*t + (to-from)*t^2/(2*d) = count. */
static double ramp_time_s(const struct load_step *s, double duration_s, double count)
{
	double slope = (s->to_per_s - s->from_per_s) / duration_s;
	double root;

	if (fabs(slope) < 1e-12)
		return s->from_per_s > 0 ? count / s->from_per_s : duration_s;
	root = sqrt(fmax(0, s->from_per_s * s->from_per_s + 2 * slope * count));
	return (root - s->from_per_s) / slope;
}

/* t with N(t) = count; -1 past the end of the schedule. */
static int64_t schedule_time_ns(const struct case_spec *c, double count)
{
	int64_t begin_ns = 0;
	double t_s;

	if (c->shape == LOAD_RATE) {
		t_s = count / c->rate_per_s;
		return t_s * 1e9 < (double)c->duration_ns - 0.5 ? (int64_t)(t_s * 1e9 + 0.5) : -1;
	}
	for (int64_t i = 0; i < c->step_count; i++) {
		const struct load_step *s = &c->step[i];
		double duration_s = (double)s->duration_ns / 1e9;
		double held = (s->from_per_s + s->to_per_s) / 2 * duration_s;

		if (count < held)
			return begin_ns + (int64_t)(ramp_time_s(s, duration_s, count) * 1e9 + 0.5);
		count -= held;
		begin_ns += s->duration_ns;
	}
	return -1;
}

/* Client j's k-th visit is at (k + j / clients) * interval; `burst` connections at each. */
static bool next_poll(struct arrival *a, int64_t *ret_ns, int64_t *ret_client)
{
	const struct case_spec *c = a->spec;
	int64_t per_visit = c->burst > 0 ? c->burst : 1;

	for (;;) {
		int64_t visit = a->index / per_visit;
		int64_t client = visit % c->clients;
		double t = ((double)(visit / c->clients) + (double)client / (double)c->clients) *
			   (double)c->interval_ns;

		if (t >= (double)c->duration_ns || (c->connections > 0 && a->index >= c->connections))
			return false;
		a->index++;
		if (client % a->threads != a->thread)
			continue;
		*ret_ns = (int64_t)(t + 0.5);
		*ret_client = client;
		return true;
	}
}

bool arrival_next(struct arrival *a, int64_t *ret_ns, int64_t *ret_client)
{
	int64_t t_ns;

	if (a->spec->shape == LOAD_SATURATE)
		return false;
	if (a->spec->shape == LOAD_POLL)
		return next_poll(a, ret_ns, ret_client);
	if (a->index >= a->last)
		return false;
	t_ns = schedule_time_ns(a->spec, a->count);
	if (t_ns < 0)
		return false;
	a->count += a->spec->spacing == ARRIVAL_POISSON ? exponential(&a->random) * a->step : a->step;
	a->index++;
	*ret_ns = t_ns;
	*ret_client = -1;
	return true;
}

double arrival_expected(const struct case_spec *c)
{
	double n = 0;

	switch (c->shape) {
	case LOAD_POLL:
		for (int64_t j = 0; j < c->clients; j++)
			n += ceil((double)c->duration_ns / (double)c->interval_ns -
				  (double)j / (double)c->clients) *
			     (double)(c->burst > 0 ? c->burst : 1);
		break;
	case LOAD_RATE:
		n = ceil(c->rate_per_s * (double)c->duration_ns / 1e9 - 1e-9);
		break;
	case LOAD_STEPS:
		for (int64_t i = 0; i < c->step_count; i++)
			n += (c->step[i].from_per_s + c->step[i].to_per_s) / 2 *
			     (double)c->step[i].duration_ns / 1e9;
		break;
	case LOAD_SATURATE:
	case LOAD_SHAPE_COUNT:
		return NAN;
	}
	return c->connections > 0 ? fmin(n, (double)c->connections) : n;
}
