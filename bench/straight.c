#include "bench/straight.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "bench/affinity.h"
#include "bench/fdlimit.h"
#include "bench/ledger.h"
#include "bench/straight_ring.h"

#define BACKLOG 16 /* one connection at a time: more would already be a fault */

struct straight {
	struct client_options o;
	int threads;
	atomic_int running;
	struct straight_thread thread[];
};

/* --- the loop -------------------------------------------------------------------------------- */

static void next_arrival(struct straight_thread *t)
{
	int64_t client; /* -1: no shape that is done here has any */

	t->have_arrival = arrival_next(&t->arrival, &t->arrival_ns, &client);
}

/* False: told to stop. */
static bool wait_until(struct straight_thread *t, int64_t due_ns)
{
	int64_t now_ns = mono_now_ns();

	while (now_ns < due_ns) {
		int64_t before_ns = now_ns, up_ns = due_ns - t->wake.ahead_ns;

		if (SHARED_GET(t->shared->stop) != STOP_NO)
			return false;
		if (now_ns >= up_ns) {
			now_ns = mono_now_ns();
			wake_waited(&t->wake, before_ns, now_ns);
			continue;
		}
		if (up_ns > now_ns + ARRIVAL_WAIT_MAX_NS)
			up_ns = now_ns + ARRIVAL_WAIT_MAX_NS;
		mono_sleep_until(up_ns);
		now_ns = mono_now_ns();
		wake_learn(&t->wake, now_ns - up_ns);
	}
	return true;
}

/* The next start of the schedule, once it is due.  False: there is none, or it is too late for any. */
static bool scheduled(struct straight_thread *t)
{
	int64_t late_ns;

	if (!t->have_arrival || !wait_until(t, t->begin_ns + t->arrival_ns))
		return false;
	t->intended_ns = t->begin_ns + t->arrival_ns;
	t->last_ns = mono_now_ns();
	if (SHARED_GET(t->shared->stop) != STOP_NO || t->last_ns >= t->end_ns + t->spec->timeout_ns)
		return false;
	late_ns = t->last_ns - t->intended_ns;
	hist_record(&t->start_error, late_ns);
	ledger_count_lateness(&t->ledger, late_ns);
	next_arrival(t);
	return true;
}

/* May another connection begin?  It waits for that moment. */
static bool next_start(struct straight_thread *t)
{
	if (t->spec->shape != LOAD_SATURATE)
		return scheduled(t);
	t->intended_ns = t->last_ns = mono_now_ns();
	if (t->starts_max > 0 && t->ledger.attempted >= t->starts_max)
		return false;
	return t->last_ns < t->end_ns && SHARED_GET(t->shared->stop) == STOP_NO;
}

static void *straight_main(void *arg)
{
	struct straight_thread *t = arg;
	struct straight *s = t->straight;
	void (*connection)(struct straight_thread *t) = t->ring ? ring_connection : straight_connection;
	int64_t user_ns, system_ns;

	if (t->spec->pacing != PACING_SPIN) /* else it keeps the priority of a witness: it is a clock */
		mono_thread_plain_priority();
	(void)prctl(PR_SET_TIMERSLACK, 1); /* cannot fail; else the kernel may wake us 50 us late */
	fdlimit_own_table();
	if (s->o.pinned)
		affinity_pin(t->index);
	while (mono_now_ns() < t->begin_ns && SHARED_GET(t->shared->stop) == STOP_NO)
		mono_sleep_until(t->begin_ns);
	next_arrival(t);
	while (next_start(t))
		connection(t);
	for (; t->have_arrival; next_arrival(t))
		t->ledger.not_started++;
	mono_thread_cpu_ns(&user_ns, &system_ns);
	t->cpu_ns = user_ns + system_ns;
	atomic_fetch_sub(&s->running, 1);
	return NULL;
}

/* --- life cycle ------------------------------------------------------------------------------ */

static void thread_release(struct straight_thread *t)
{
	for (uint32_t i = 0; t->listener && i < t->ports.destinations; i++)
		if (t->listener[i] >= 0)
			(void)close(t->listener[i]); /* nothing is queued on it */
	free(t->listener);
	ring_close(t);
	free(t->request);
	free(t->receive);
	hist_release(&t->response);
	hist_release(&t->service);
	hist_release(&t->connect);
	hist_release(&t->start_error);
}

static int listen_on(const struct endpoint *at, int64_t timeout_ns, struct err *err)
{
	struct timeval patience = { .tv_sec = (time_t)(timeout_ns / NS_PER_S),
				    .tv_usec = (suseconds_t)(timeout_ns % NS_PER_S / NS_PER_US) };
	struct sockaddr_storage sa;
	socklen_t size = endpoint_to_sockaddr(at, &sa);
	char text[ENDPOINT_TEXT_SIZE];
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return err_errno(err, "make a server socket");
	/* Accepted sockets inherit the time limit: a lost packet must not hang the thread. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
	    bind(fd, (struct sockaddr *)&sa, size) != 0 || listen(fd, BACKLOG) != 0) {
		int code = err_errno(err, "listen on %s", endpoint_format(at, text, sizeof(text)));

		(void)close(fd); /* nothing was sent */
		return code;
	}
	return fd;
}

/* Called in the server's namespace. */
static int open_listeners(struct straight_thread *t, struct err *err)
{
	t->listener = malloc(t->ports.destinations * sizeof(*t->listener));
	if (!t->listener)
		return err_set(err, -ENOMEM, "no memory for %u listeners", t->ports.destinations);
	for (uint32_t i = 0; i < t->ports.destinations; i++)
		t->listener[i] = -1;
	for (uint32_t i = 0; i < t->ports.destinations; i++) {
		struct endpoint at = t->ports.server;

		at.port = (uint16_t)(at.port + i);
		t->listener[i] = listen_on(&at, t->spec->timeout_ns, err);
		if (t->listener[i] < 0)
			return t->listener[i];
	}
	return 0;
}

/* Thread i of n has the i-th block of the destination ports. */
static void share_ports(struct straight_thread *t, const struct client_options *o, int index, int n)
{
	int64_t all = o->spec->destinations;
	int64_t first = all * index / n, end = all * (index + 1) / n;

	ports_init(&t->ports, o->spec, &o->source, &o->server, o->bind_source);
	t->ports.server.port = (uint16_t)(o->server.port + first);
	t->ports.destinations = (uint32_t)(end - first);
}

static int thread_init(struct straight *s, int index, struct err *err)
{
	struct straight_thread *t = &s->thread[index];
	const struct case_spec *spec = s->o.spec;
	int64_t n = s->threads;

	*t = (struct straight_thread){ .straight = s, .index = index, .spec = spec, .strategy = spec->strategy,
				       .shared = s->o.shared, .begin_ns = s->o.start_ns };
	t->end_ns = t->begin_ns + spec->duration_ns;
	t->starts_max = spec->connections > 0 ? (spec->connections - index + n - 1) / n : 0;
	t->random = (uint64_t)spec->seed * UINT64_C(2862933555777941757) + (uint64_t)index * 977 + 1;
	t->ledger.first_no_port_ns = t->ledger.first_no_port_nth = RECORD_NONE;
	t->ledger.first_no_port_late_ns = RECORD_NONE;
	arrival_init(&t->arrival, spec, index, n);
	wake_init(&t->wake);
	share_ports(t, &s->o, index, s->threads);
	t->request = malloc(PROTOCOL_REQUEST_MAX + 1);
	t->receive = malloc(STRAIGHT_RECEIVE_BYTES);
	if (!t->request || !t->receive || hist_init(&t->response) != 0 || hist_init(&t->service) != 0 ||
	    hist_init(&t->connect) != 0 || hist_init(&t->start_error) != 0)
		return err_set(err, -ENOMEM, "no memory for an engine thread");
	if (spec->engine == ENGINE_RING) {
		int code = ring_open(t, err);

		if (code != 0)
			return code;
	}
	return open_listeners(t, err);
}

static void give_up(struct straight *s, int started)
{
	SHARED_SET(s->o.shared->stop, STOP_NOW);
	for (int i = 0; i < started; i++)
		pthread_join(s->thread[i].thread, NULL);
	for (int i = 0; i < s->threads; i++)
		thread_release(&s->thread[i]);
	free(s);
}

int straight_start(const struct client_options *o, const struct lab *lab, struct straight **ret,
		   struct err *err)
{
	int threads = o->threads < o->spec->destinations ? o->threads : (int)o->spec->destinations;
	struct straight *s = calloc(1, sizeof(*s) + (size_t)threads * sizeof(s->thread[0]));
	int code, started = 0;

	if (!s)
		return err_set(err, -ENOMEM, "no memory for engine threads");
	s->o = *o;
	s->threads = threads;
	code = lab_join(lab, LAB_NS_SERVER, err);
	for (int i = 0; code == 0 && i < threads; i++)
		code = thread_init(s, i, err);
	if (code == 0)
		code = lab_join(lab, LAB_NS_CLIENT, err);
	for (; code == 0 && started < threads; started++) {
		atomic_fetch_add(&s->running, 1);
		code = -pthread_create(&s->thread[started].thread, NULL, straight_main,
				       &s->thread[started]);
		if (code != 0)
			err_set(err, code, "cannot start an engine thread: %s", strerror(-code));
	}
	if (code != 0)
		give_up(s, started > 0 ? started - 1 : 0);
	else
		*ret = s;
	return code;
}

bool straight_is_done(const struct straight *s)
{
	return atomic_load(&s->running) == 0;
}

void straight_finish(struct straight *s, struct record_repeat *r)
{
	int64_t last_ns = 0;

	for (int i = 0; i < s->threads; i++) {
		struct straight_thread *t = &s->thread[i];

		pthread_join(t->thread, NULL);
		last_ns = t->last_ns > last_ns ? t->last_ns : last_ns;
		ledger_add(&r->ledger, &t->ledger);
		ledger_add_errnos(r, t->errnos);
		ledger_add_to(&r->ledger.accepted, t->ledger.accepted);
		ledger_add_to(&r->ledger.accept_errors, 0);
		ledger_add_to(&r->ledger.server_clean, t->ledger.server_clean);
		ledger_add_to(&r->ledger.server_reset, t->ledger.server_reset);
		ledger_add_to(&r->ledger.server_other, t->ledger.server_other);
		ledger_add_to(&r->ledger.server_request_bytes, t->ledger.server_request_bytes);
		ledger_add_to(&r->ledger.server_reply_bytes, t->ledger.server_reply_bytes);
		hist_take(&r->response, &t->response);
		hist_take(&r->service, &t->service);
		hist_take(&r->connect, &t->connect);
		hist_take(&r->start_error, &t->start_error);
		ledger_add_to(&r->cost.client_cpu_ns, wake_less(&t->wake, t->cpu_ns)); /* of both ends */
		ledger_add_to(&r->cost.client_awake_ns, t->wake.awake_ns);
		thread_release(t);
	}
	ledger_add_to(&r->cost.server_cpu_ns, 0);
	ledger_sum_rates(s->o.spec, s->o.start_ns, last_ns, SHARED_GET(s->o.shared->stop) != STOP_NO, r);
	free(s);
}
