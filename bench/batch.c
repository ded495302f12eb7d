#include "bench/batch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"
#include "base/signals.h"
#include "bench/progress.h"
#include "bench/worker.h"

#define POLL_MS 100
#define READY_POLL_MS 5 /* while labs are being made */
#define FAST_RATE_PER_S 2000.0 /* from here on a case gets more than one thread at each end */

struct batch {
	const struct batch_options *o;
	struct record *record;
	struct worker *worker;
	struct cell_shared *shared; /* one page each would waste little, but an array is enough */
	int *order; /* of the batches, in this round */
	size_t room, running;
	size_t done, total;
	int signal_fd, signal;
	bool going;                 /* all labs of this batch have begun */
	int code;                   /* the first thing that went wrong */
	struct err *err;
};

/* --- signals --------------------------------------------------------------------------------- */

static int watch_signals(struct batch *b, sigset_t *ret_old)
{
	sigset_t set;
	int code = signals_hold(&set, ret_old, b->err);

	if (code != 0)
		return code;
	b->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return b->signal_fd < 0 ? err_errno(b->err, "make a signalfd") : 0;
}

static void tell_all(struct batch *b, enum cell_stop stop)
{
	for (size_t i = 0; i < b->room; i++)
		SHARED_SET(b->shared[i].stop, (int)stop);
}

static void take_signal(struct batch *b)
{
	struct signalfd_siginfo info;

	if (read(b->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	tell_all(b, b->signal ? STOP_NOW : STOP_SOON);
	if (!b->signal)
		b->signal = (int)info.ssi_signo;
}

/* --- workers --------------------------------------------------------------------------------- */

static int threads_for(int64_t wanted, const struct plan_case *p, int64_t cpus)
{
	if (wanted > 0)
		return (int)wanted;
	if (p->spec->shape == LOAD_SATURATE || p->spec->engine != ENGINE_EVENT)
		return (int)cpus; /* of both ends: each CPU has its own share of either */
	return p->rate_per_s < FAST_RATE_PER_S || cpus < 2 ? 1 : (int)(cpus < 8 ? (cpus + 1) / 2 : 4);
}

/* With a relay or a foreign server the CPU of a packet says nothing of who sent it. */
static bool may_pin(const struct case_spec *s, int64_t parallel)
{
	return parallel == 1 && s->topology != TOPOLOGY_WIRE && s->topology != TOPOLOGY_HOST;
}

/* Many starts a second are on time when nothing else runs where their threads do: if there is room. */
static bool has_room(const struct plan_case *p, const struct cell_options *o, int64_t cpus)
{
	return (p->spec->shape == LOAD_RATE || p->spec->shape == LOAD_STEPS) &&
	       p->spec->engine == ENGINE_EVENT && p->rate_per_s >= FAST_RATE_PER_S &&
	       o->client_threads + o->server_threads <= cpus;
}

static void place(struct cell_options *o, const struct plan_case *p, int64_t cpus)
{
	const struct case_spec *s = p->spec;

	o->aside = s->pacing == PACING_SPIN || has_room(p, o, cpus);
	o->pinned = (o->aside || s->shape == LOAD_SATURATE || s->engine != ENGINE_EVENT) &&
		    may_pin(s, o->parallel_labs);
}

static int start_one(struct batch *b, struct worker *w, size_t case_index, int64_t repeat,
		     int64_t parallel)
{
	const struct plan_case *p = &b->o->plan->item[case_index];
	int64_t cpus = b->o->plan->host.cpus, low_ns, mean_ns, high_ns, step_ns;
	struct cell_options cell;

	plan_lifetime(b->o->plan->host.config_hz, &low_ns, &mean_ns, &high_ns, &step_ns);
	cell = (struct cell_options){
		.spec = p->spec,
		.isolation = b->o->isolation,
		.ehash_entries = p->ehash_entries,
		.run_start_ns = b->o->run_start_ns,
		.parallel_labs = parallel,
		.capture_fd = b->o->capture_fd(b->o->arg, case_index, repeat),
		.client_threads = threads_for(p->spec->threads, p, cpus),
		.server_threads = threads_for(p->spec->server_threads, p, cpus),
		.timer_step_ns = step_ns,
		.classify = b->o->classify,
		.wait_for_go = parallel > 1,
	};

	place(&cell, p, cpus);
	w->case_index = case_index;
	w->repeat = repeat;
	return worker_start(w, &cell, b->err);
}

/* A repeat that failed is kept with its reason: absent is not the same as never tried. */
static void keep(struct batch *b, const struct worker *was, struct record_repeat *got, int code,
		 const struct err *err)
{
	struct record_case *c = &b->record->cases[was->case_index];
	struct record_repeat *r = record_add_repeat(c);

	if (!r) {
		record_repeat_release(got);
		return;
	}
	record_repeat_release(r);
	*r = *got;
	r->index = was->repeat;
	if (code != 0) {
		(void)snprintf(r->status, sizeof(r->status), "failed");
		free(r->reason);
		r->reason = strdup(err->text);
	}
	b->o->done(b->o->arg, c, r);
}

static void finish_one(struct batch *b, struct worker *w)
{
	struct worker was = *w;
	struct record_repeat r;
	struct err err = { .text = "" };
	int code;

	b->running--;
	b->done++;
	if (b->o->progress)
		progress_lab_done(b->o->progress, was.shared);
	record_repeat_init(&r);
	code = worker_finish(w, &r, &err);
	if (code != 0) {
		err_wrap(&err, "case '%s', repeat %lld", b->record->cases[was.case_index].name,
			 (long long)was.repeat);
		if (b->code == 0) {
			b->code = code;
			*b->err = err;
		}
		tell_all(b, STOP_SOON);
	}
	keep(b, &was, &r, code, &err);
}

static void show(struct batch *b)
{
	struct progress_row row[64];
	size_t n = 0;

	if (!b->o->progress)
		return;
	for (size_t i = 0; i < b->room && n < 64; i++)
		if (b->worker[i].pid > 0)
			row[n++] = (struct progress_row){
				.name = b->record->cases[b->worker[i].case_index].name,
				.plan = &b->o->plan->item[b->worker[i].case_index],
				.repeat = b->worker[i].repeat,
				.shared = b->worker[i].shared,
			};
	progress_show(b->o->progress, row, n, b->done, b->total);
}

/* Labs are made one beside the other, but none starts before all are there. */
static void let_go(struct batch *b)
{
	for (size_t i = 0; i < b->room; i++)
		if (b->worker[i].pid > 0 && SHARED_GET(b->shared[i].phase) < CELL_READY)
			return;
	for (size_t i = 0; i < b->room; i++)
		SHARED_SET(b->shared[i].go, 1);
	b->going = true;
}

/* Wait for results, signals, and the time to show progress. */
static void turn(struct batch *b)
{
	struct pollfd fds[65];
	struct worker *of[65] = { NULL };
	nfds_t n = 0;

	fds[n++] = (struct pollfd){ .fd = b->signal_fd, .events = POLLIN };
	for (size_t i = 0; i < b->room && n < 65; i++) {
		if (b->worker[i].pid == 0)
			continue;
		of[n] = &b->worker[i];
		fds[n++] = (struct pollfd){ .fd = b->worker[i].fd, .events = POLLIN };
	}
	let_go(b);
	if (poll(fds, n, b->going ? POLL_MS : READY_POLL_MS) > 0) {
		if (fds[0].revents)
			take_signal(b);
		for (nfds_t i = 1; i < n; i++)
			if (fds[i].revents && worker_read(of[i]) != 0)
				finish_one(b, of[i]);
	}
	show(b);
}

static bool is_due(const struct batch *b, size_t i, int number, int64_t round)
{
	const struct plan_case *p = &b->o->plan->item[i];

	return p->batch == number && round <= p->spec->repeats &&
	       !(b->o->have && b->o->have(b->o->arg, i, round));
}

static void run_batch(struct batch *b, int number, int64_t round)
{
	const struct plan *plan = b->o->plan;
	int64_t parallel = 0;
	size_t next = 0;

	b->going = false;
	for (size_t i = 0; i < plan->count; i++)
		parallel += is_due(b, i, number, round);
	for (size_t i = 0; i < plan->count && b->code == 0 && !b->signal; i++) {
		if (!is_due(b, i, number, round))
			continue;
		b->code = start_one(b, &b->worker[next++], i, round, parallel);
		if (b->code == 0)
			b->running++;
	}
	if (b->code != 0)
		tell_all(b, STOP_SOON);
	while (b->running > 0)
		turn(b);
}

static void run_one_of_many(struct batch *b, int number, int64_t round)
{
	size_t before = b->done;

	run_batch(b, number, round);
	if (b->done > before && b->done < b->total && b->code == 0 && !b->signal)
		b->o->between(b->o->arg);
}

/* --- the whole ------------------------------------------------------------------------------- */

static int make_room(struct batch *b)
{
	const struct plan *plan = b->o->plan;

	b->room = 1;
	for (int number = 0; number < plan->batches; number++) {
		size_t n = 0;

		for (size_t i = 0; i < plan->count; i++)
			n += plan->item[i].batch == number;
		b->room = n > b->room ? n : b->room;
	}
	for (size_t i = 0; i < plan->count; i++)
		for (int64_t k = 1; k <= plan->item[i].spec->repeats; k++)
			b->total += is_due(b, i, plan->item[i].batch, k);
	b->order = calloc((size_t)plan->batches + 1, sizeof(*b->order));
	b->worker = calloc(b->room, sizeof(*b->worker));
	b->shared = mmap(NULL, b->room * sizeof(*b->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!b->worker || !b->order || b->shared == MAP_FAILED)
		return err_set(b->err, -ENOMEM, "no memory for %zu labs at once", b->room);
	for (size_t i = 0; i < b->room; i++) {
		b->worker[i].fd = -1;
		b->worker[i].shared = &b->shared[i];
	}
	return 0;
}

int batch_run(const struct batch_options *o, struct record *record, int *ret_signal, struct err *err)
{
	struct batch b = { .o = o, .record = record, .signal_fd = -1, .err = err,
			   .shared = MAP_FAILED };
	sigset_t old;
	int code;

	*ret_signal = 0;
	code = watch_signals(&b, &old);
	if (code == 0)
		code = make_room(&b);
	for (int64_t round = 1; code == 0 && round <= o->plan->rounds; round++) {
		plan_order(o->plan, o->scenario->cases[0].seed, round, b.order);
		for (int n = 0; n < o->plan->batches && b.code == 0 && !b.signal; n++)
			run_one_of_many(&b, b.order[n], round);
	}
	*ret_signal = b.signal;
	if (b.signal_fd >= 0)
		(void)close(b.signal_fd); /* nothing pends that matters */
	if (b.shared != MAP_FAILED)
		(void)munmap(b.shared, b.room * sizeof(*b.shared)); /* our own mapping */
	free(b.worker);
	free(b.order);
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* as it was */
	return code ? code : b.code;
}
