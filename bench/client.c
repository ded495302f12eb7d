#include "bench/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/affinity.h"
#include "bench/client_thread.h"
#include "bench/ledger.h"
#include "bench/protocol.h"

#define EVENTS_AT_ONCE 256
#define STARTS_AT_ONCE 64 /* then look at the sockets again: answers must not wait for a burst */
#define CLOSER_THREADS 16
#define STOP_GRACE_NS NS_PER_S

struct client {
	struct client_options o;
	int threads;
	struct closer *closer;
	atomic_int running;
	struct client_thread thread[];
};

/* --- starting -------------------------------------------------------------------------------- */

static bool may_start(const struct client_thread *t)
{
	return !t->stopping && (t->starts_max == 0 || t->starts < t->starts_max);
}

static void begin(struct client_thread *t, struct conn *c, int64_t intended_ns, int64_t now_ns)
{
	t->starts++;
	c->linger_s = (int32_t)t->spec->linger_s;
	client_conn_begin(t, c, intended_ns, now_ns);
}

/* When client `c`'s next connection was meant to start: the first of a visit at the visit's time, the
 * others as soon as the one before is done. */
static int64_t visit_ns(const struct client_thread *t, struct conn *c, int64_t now_ns)
{
	const struct case_spec *s = t->spec;
	int64_t client = (c - t->conn) * t->client->threads + t->index;
	int64_t burst = s->burst > 0 ? s->burst : 1;
	int64_t visit = (int64_t)(c->visits / (uint64_t)burst);
	int64_t at = t->begin_ns + (int64_t)(((double)visit + (double)client / (double)s->clients) *
					     (double)s->interval_ns + 0.5);

	if (c->visits++ % (uint64_t)burst != 0 && at < now_ns)
		at = now_ns;
	return at;
}

/* Clients that became free and have work waiting. */
static void start_ready(struct client_thread *t)
{
	struct conn *list = t->ready;

	t->ready = NULL;
	while (list) {
		struct conn *c = client_pop(&list);
		int64_t now_ns = mono_now_ns();

		if (t->spec->shape == LOAD_SATURATE) {
			if (may_start(t))
				begin(t, c, now_ns, now_ns);
		} else if (c->pending > 0 && !t->stopping) {
			c->pending--;
			begin(t, c, visit_ns(t, c, now_ns), now_ns);
		}
	}
}

/* The client that takes the next arrival, or NULL if it must wait. */
static struct conn *taker(struct client_thread *t)
{
	struct conn *c;

	if (t->arrival_client >= 0) {
		c = &t->conn[t->arrival_client / t->client->threads];
		if (c->phase == CONN_FREE || c->phase == CONN_IDLE)
			return c;
		c->pending++; /* it will start as soon as it is free: not lost */
		t->have_arrival = arrival_next(&t->arrival, &t->arrival_ns, &t->arrival_client);
		return NULL;
	}
	c = client_pop(&t->idle);
	return c ? c : client_pop(&t->free);
}

static void start_due(struct client_thread *t)
{
	for (int n = 0; n < STARTS_AT_ONCE && t->have_arrival && !t->stopping; n++) {
		int64_t now_ns = mono_now_ns();
		int64_t client = t->arrival_client;
		struct conn *c;

		if (t->begin_ns + t->arrival_ns > now_ns)
			break;
		c = taker(t);
		if (!c && client >= 0)
			continue;
		if (!c)
			break;
		begin(t, c, client >= 0 ? visit_ns(t, c, now_ns) : t->begin_ns + t->arrival_ns,
		      now_ns);
		t->have_arrival = arrival_next(&t->arrival, &t->arrival_ns, &t->arrival_client);
	}
}

/* --- stopping -------------------------------------------------------------------------------- */

static void count_not_started(struct client_thread *t)
{
	for (int64_t i = 0; i < t->conn_count; i++) {
		t->ledger.not_started += t->conn[i].pending;
		t->conn[i].pending = 0;
	}
	for (; t->have_arrival;
	     t->have_arrival = arrival_next(&t->arrival, &t->arrival_ns, &t->arrival_client))
		t->ledger.not_started++;
}

static bool has_pending(const struct client_thread *t)
{
	if (t->spec->shape != LOAD_POLL)
		return false;
	for (int64_t i = 0; i < t->conn_count; i++)
		if (t->conn[i].pending > 0)
			return true;
	return false;
}

/* Is the load over?  Schedules end when all has been started, saturation by the clock or the count. */
static bool load_is_over(const struct client_thread *t, int64_t now_ns)
{
	if (SHARED_GET(t->shared->stop) != STOP_NO)
		return true;
	if (t->spec->shape == LOAD_SATURATE)
		return now_ns >= t->end_ns || !may_start(t);
	return (!t->have_arrival && !has_pending(t)) || now_ns >= t->end_ns + t->spec->timeout_ns;
}

static void stop_load(struct client_thread *t)
{
	t->stopping = true;
	count_not_started(t);
	t->ready = t->idle = NULL; /* whoever is open and idle, in whichever list, or in none: gather them */
	for (int64_t i = 0; i < t->conn_count; i++)
		if (t->conn[i].phase == CONN_IDLE)
			client_push(&t->idle, &t->conn[i]);
}

static void retire_idle(struct client_thread *t)
{
	while (t->stopping && t->idle)
		client_conn_retire(t, client_pop(&t->idle));
}

static void interrupt_all(struct client_thread *t)
{
	for (int64_t i = 0; i < t->conn_count; i++)
		if (t->conn[i].phase != CONN_FREE && t->conn[i].phase != CONN_BLOCKED)
			client_conn_interrupt(t, &t->conn[i]);
}

/* --- the loop -------------------------------------------------------------------------------- */

static void expire(struct client_thread *t)
{
	int64_t now_ns;

	if (!t->oldest)
		return;
	now_ns = mono_now_ns();
	while (t->oldest && t->oldest->deadline_ns <= now_ns)
		client_conn_timeout(t, t->oldest);
}

static void wait_for_events(struct client_thread *t)
{
	struct epoll_event event[EVENTS_AT_ONCE];
	int64_t now_ns = mono_now_ns(), wait_ns = ARRIVAL_WAIT_MAX_NS;
	struct timespec ts;
	int n;

	if (t->have_arrival && !t->stopping && (t->free || t->idle || t->arrival_client >= 0) &&
	    t->begin_ns + t->arrival_ns - now_ns < wait_ns)
		wait_ns = t->begin_ns + t->arrival_ns - now_ns;
	if (t->oldest && t->oldest->deadline_ns - now_ns < wait_ns)
		wait_ns = t->oldest->deadline_ns - now_ns;
	if (t->have_arrival)
		wait_ns -= t->wake.ahead_ns;
	if (t->ready || wait_ns < 0)
		wait_ns = 0;
	ts = (struct timespec){ .tv_sec = 0, .tv_nsec = (long)wait_ns };
	n = epoll_pwait2(t->epoll_fd, event, EVENTS_AT_ONCE, &ts, NULL);
	if (n == 0 && wait_ns > 0)
		wake_learn(&t->wake, mono_now_ns() - now_ns - wait_ns);
	else if (n == 0 && t->have_arrival)
		wake_waited(&t->wake, now_ns, mono_now_ns());
	for (int i = 0; i < n; i++) {
		struct conn *c = event[i].data.ptr;
		struct conn *done;

		if (c) {
			client_conn_event(t, c, event[i].events);
			start_due(t); /* a start does not wait for the answers of others */
			continue;
		}
		for (done = closer_return_take(t->back); done;) {
			c = done;
			done = done->link;
			client_conn_closed(t, c);
		}
	}
}

static void *client_main(void *arg)
{
	struct client_thread *t = arg;
	int64_t give_up_ns = INT64_MAX;

	if (t->spec->pacing != PACING_SPIN) { /* else it keeps the priority of a witness: it is a clock */
		mono_thread_plain_priority();
		mono_thread_short_slice();
	}
	(void)prctl(PR_SET_TIMERSLACK, 1); /* cannot fail; else the kernel may wake us 50 us late */
	if (t->client->o.pinned)
		affinity_pin(t->index);
	t->have_arrival = arrival_next(&t->arrival, &t->arrival_ns, &t->arrival_client);
	while (mono_now_ns() < t->begin_ns && SHARED_GET(t->shared->stop) == STOP_NO)
		mono_sleep_until(t->begin_ns);
	for (;;) {
		int64_t now_ns = mono_now_ns();

		if (!t->stopping && load_is_over(t, now_ns)) {
			stop_load(t);
			if (SHARED_GET(t->shared->stop) != STOP_NO)
				give_up_ns = now_ns + STOP_GRACE_NS;
		}
		retire_idle(t);
		if (t->stopping && t->in_flight == 0)
			break;
		if (now_ns >= give_up_ns)
			interrupt_all(t);
		start_ready(t);
		start_due(t);
		expire(t);
		wait_for_events(t);
	}
	mono_thread_cpu_ns(&t->cpu_user_ns, &t->cpu_system_ns);
	atomic_fetch_sub(&t->client->running, 1);
	return NULL;
}

/* --- life cycle ------------------------------------------------------------------------------ */

static void thread_release(struct client_thread *t)
{
	hist_release(&t->response);
	hist_release(&t->service);
	hist_release(&t->connect);
	hist_release(&t->start_error);
	closer_return_free(t->back);
	if (t->epoll_fd >= 0)
		(void)close(t->epoll_fd); /* nothing is written to it */
	free(t->conn);
	free(t->request);
	free(t->receive);
}

static int thread_memory(struct client_thread *t, struct err *err)
{
	t->conn = calloc((size_t)t->conn_count, sizeof(t->conn[0]));
	t->request = malloc(PROTOCOL_REQUEST_MAX + 1);
	t->receive = malloc(RECEIVE_BYTES);
	if (!t->conn || !t->request || !t->receive || hist_init(&t->response) != 0 ||
	    hist_init(&t->service) != 0 || hist_init(&t->connect) != 0 ||
	    hist_init(&t->start_error) != 0)
		return err_set(err, -ENOMEM, "no memory for %lld clients",
			       (long long)t->conn_count);
	for (int64_t i = t->conn_count - 1; i >= 0; i--) {
		t->conn[i].fd = -1;
		t->conn[i].strategy = t->strategy;
		client_push(t->spec->shape == LOAD_SATURATE ? &t->ready : &t->free, &t->conn[i]);
	}
	return 0;
}

static int thread_epoll(struct client_thread *t, struct err *err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL }; /* NULL: the closer's return */

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll_fd < 0)
		return err_errno(err, "make an epoll descriptor");
	t->back = closer_return_new(err);
	if (!t->back)
		return -ENOMEM;
	if (epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, closer_return_fd(t->back), &e) != 0)
		return err_errno(err, "watch the closer's return list");
	return 0;
}

static int thread_init(struct client *client, int index, struct err *err)
{
	struct client_thread *t = &client->thread[index];
	const struct case_spec *s = client->o.spec;
	int64_t n = client->threads;
	int code;

	*t = (struct client_thread){ .client = client, .spec = s, .strategy = s->strategy,
				     .shared = client->o.shared, .index = index, .epoll_fd = -1,
				     .closer = client->closer, .begin_ns = client->o.start_ns };
	t->conn_count = (s->clients - index + n - 1) / n;
	t->end_ns = t->begin_ns + s->duration_ns;
	if (s->shape == LOAD_SATURATE && s->connections > 0)
		t->starts_max = (s->connections - index + n - 1) / n;
	t->random = (uint64_t)s->seed * UINT64_C(2862933555777941757) + (uint64_t)index * 977 + 1;
	t->ledger.first_no_port_ns = t->ledger.first_no_port_nth = RECORD_NONE;
	t->ledger.first_no_port_late_ns = RECORD_NONE;
	arrival_init(&t->arrival, s, index, n);
	wake_init(&t->wake);
	ports_init(&t->ports, s, &client->o.source, &client->o.server, client->o.bind_source);
	ports_share(&t->ports, (uint64_t)index, (uint64_t)n);
	code = thread_memory(t, err);
	return code ? code : thread_epoll(t, err);
}

int client_start(const struct client_options *o, struct client **ret, struct err *err)
{
	int threads = o->threads < o->spec->clients ? o->threads : (int)o->spec->clients;
	struct client *c = calloc(1, sizeof(*c) + (size_t)threads * sizeof(c->thread[0]));
	int code = 0, ready = 0, started = 0;

	if (!c)
		return err_set(err, -ENOMEM, "no memory for client threads");
	c->o = *o;
	c->threads = threads;
	c->closer = closer_new(CLOSER_THREADS, err);
	if (!c->closer)
		code = -ENOMEM;
	for (; code == 0 && ready < threads; ready++)
		code = thread_init(c, ready, err);
	for (; code == 0 && started < threads; started++) {
		atomic_fetch_add(&c->running, 1);
		code = -pthread_create(&c->thread[started].thread, NULL, client_main,
				       &c->thread[started]);
		if (code != 0)
			err_set(err, code, "cannot start a client thread: %s", strerror(-code));
	}
	if (code == 0) {
		*ret = c;
		return 0;
	}
	SHARED_SET(o->shared->stop, STOP_NOW);
	for (int i = 0; i < started - 1; i++)
		pthread_join(c->thread[i].thread, NULL);
	for (int i = 0; i < ready; i++)
		thread_release(&c->thread[i]);
	closer_free(c->closer);
	free(c);
	return code;
}

bool client_is_done(const struct client *c)
{
	return atomic_load(&c->running) == 0;
}

/* --- sums ------------------------------------------------------------------------------------ */

void client_finish(struct client *c, struct record_repeat *r)
{
	int64_t last_ns = 0;

	for (int i = 0; i < c->threads; i++)
		pthread_join(c->thread[i].thread, NULL);
	for (int i = 0; i < c->threads; i++) {
		struct client_thread *t = &c->thread[i];

		last_ns = t->last_start_ns > last_ns ? t->last_start_ns : last_ns;
		ledger_add(&r->ledger, &t->ledger);
		ledger_add_errnos(r, t->errnos);
		hist_take(&r->response, &t->response);
		hist_take(&r->service, &t->service);
		hist_take(&r->connect, &t->connect);
		hist_take(&r->start_error, &t->start_error);
		ledger_add_to(&r->cost.client_cpu_ns, wake_less(&t->wake, t->cpu_user_ns + t->cpu_system_ns));
		ledger_add_to(&r->cost.client_awake_ns, t->wake.awake_ns);
	}
	ledger_sum_rates(c->o.spec, c->o.start_ns, last_ns, SHARED_GET(c->o.shared->stop) != STOP_NO, r);
	closer_free(c->closer);
	for (int i = 0; i < c->threads; i++)
		thread_release(&c->thread[i]);
	free(c);
}
