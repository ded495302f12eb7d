#include "capture/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mono.h"
#include "capture/census.h"

/*
 * The newest counts under a sequence lock.  All words are atomics, stored with release and loaded
 * with acquire, so no fence is needed: who sees a new word also sees that `sequence` was odd.
 */
enum {
	NOW_TAKEN,
	NOW_T_NS,
	NOW_TIME_WAIT,
	NOW_OPEN = NOW_TIME_WAIT + SIDE_COUNT,
	NOW_FIN_WAIT1 = NOW_OPEN + SIDE_COUNT,
	NOW_WORDS = NOW_FIN_WAIT1 + SIDE_COUNT
};

struct newest {
	atomic_uint_fast64_t sequence;
	atomic_int_fast64_t word[NOW_WORDS];
};

struct sampler {
	struct sampler_options options;
	struct census census;
	struct series series;
	struct sampler_report report;
	struct newest newest;
	int64_t start_ns;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the next four */
	bool stop;
	bool dump;            /* somebody waits for a dump */
	int64_t fresh_ns;     /* when the newest sample with a dump began */
	int64_t sample_ns;    /* when the newest sample began */
	pthread_cond_t wake;  /* stop was set */
	pthread_cond_t fresh; /* fresh_ns or sample_ns was set */
};

static void newest_write(struct newest *n, const struct sampler_now *now)
{
	uint_fast64_t sequence = atomic_load_explicit(&n->sequence, memory_order_relaxed);

	atomic_store_explicit(&n->sequence, sequence + 1, memory_order_relaxed);
	atomic_store_explicit(&n->word[NOW_TAKEN], now->taken, memory_order_release);
	atomic_store_explicit(&n->word[NOW_T_NS], now->t_ns, memory_order_release);
	for (int i = 0; i < SIDE_COUNT; i++) {
		atomic_store_explicit(&n->word[NOW_TIME_WAIT + i], now->time_wait[i],
				      memory_order_release);
		atomic_store_explicit(&n->word[NOW_OPEN + i], now->open[i], memory_order_release);
		atomic_store_explicit(&n->word[NOW_FIN_WAIT1 + i], now->fin_wait1[i],
				      memory_order_release);
	}
	atomic_store_explicit(&n->sequence, sequence + 2, memory_order_release);
}

static void newest_read(const struct newest *n, struct sampler_now *ret)
{
	int_fast64_t word[NOW_WORDS];
	uint_fast64_t sequence;

	for (;;) {
		sequence = atomic_load_explicit(&n->sequence, memory_order_acquire);
		for (int i = 0; i < NOW_WORDS; i++)
			word[i] = atomic_load_explicit(&n->word[i], memory_order_acquire);
		if (sequence % 2 == 0 &&
		    atomic_load_explicit(&n->sequence, memory_order_relaxed) == sequence)
			break;
		(void)sched_yield(); /* the writer may be waiting for this very CPU */
	}
	ret->taken = word[NOW_TAKEN];
	ret->t_ns = word[NOW_T_NS];
	for (int i = 0; i < SIDE_COUNT; i++) {
		ret->time_wait[i] = (int32_t)word[NOW_TIME_WAIT + i];
		ret->open[i] = (int32_t)word[NOW_OPEN + i];
		ret->fin_wait1[i] = (int32_t)word[NOW_FIN_WAIT1 + i];
	}
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				  .tv_nsec = (long)(ns % NS_PER_S) };
}

/* False: stop was asked for.  A condition, not mono_sleep_until(): a period may be 60 s. */
static bool wait_for_slot(struct sampler *s, int64_t slot_ns)
{
	struct timespec deadline = timespec_of(slot_ns);
	bool stop;

	(void)pthread_mutex_lock(&s->lock); /* cannot fail: a plain mutex, never locked twice */
	while (!s->stop && mono_now_ns() < slot_ns)
		(void)pthread_cond_timedwait(&s->wake, &s->lock, &deadline); /* the loop decides */
	stop = s->stop;
	(void)pthread_mutex_unlock(&s->lock);
	return !stop;
}

static void publish(struct sampler *s, int64_t now_ns)
{
	const struct series_row *row = &s->census.row;
	struct sampler_now now = { .taken = s->report.taken, .t_ns = row->t_ns };

	for (int side = 0; side < SIDE_COUNT; side++) {
		now.time_wait[side] = row->count[side][COL_TIME_WAIT];
		now.fin_wait1[side] = row->count[side][COL_FIN_WAIT1];
		for (int c = 0; c < COL_COUNT; c++)
			if (c != COL_TIME_WAIT)
				now.open[side] += row->count[side][c];
	}
	newest_write(&s->newest, &now);
	(void)pthread_mutex_lock(&s->lock);
	s->fresh_ns = s->census.dumped_ns;
	s->sample_ns = now_ns;
	(void)pthread_cond_broadcast(&s->fresh); /* cannot fail: initialised */
	(void)pthread_mutex_unlock(&s->lock);
}

/* One sample; false if it could not be taken. */
static bool take(struct sampler *s, int64_t now_ns)
{
	struct err err;
	bool dump;
	int r;

	(void)pthread_mutex_lock(&s->lock);
	dump = s->dump;
	s->dump = false;
	(void)pthread_mutex_unlock(&s->lock);
	r = census_take(&s->census, now_ns, dump, &err);
	if (r < 0) {
		if (s->report.error == 0)
			s->report.error = -r;
		return false;
	}
	s->report.taken++;
	if (!series_add(&s->series, &s->census.row))
		s->report.rows_lost++;
	publish(s, now_ns);
	return true;
}

static void *sampler_thread(void *arg)
{
	struct sampler *s = arg;
	struct sampler_report *report = &s->report;
	int64_t period_ns = s->options.period_ns, slot = 0, last_ns = 0;
	int64_t user_ns, system_ns;

	while (wait_for_slot(s, s->start_ns + slot * period_ns)) {
		int64_t now_ns = mono_now_ns();
		int64_t current = (now_ns - s->start_ns) / period_ns;
		int64_t lag_ns = now_ns - (s->start_ns + current * period_ns);

		report->missed += current - slot;
		if (lag_ns > report->max_lag_ns)
			report->max_lag_ns = lag_ns;
		if (!take(s, now_ns)) {
			report->missed++;
		} else {
			if (last_ns && now_ns - last_ns > report->max_gap_ns)
				report->max_gap_ns = now_ns - last_ns;
			last_ns = now_ns;
		}
		slot = current + 1;
	}
	report->expected = (mono_now_ns() - s->start_ns) / period_ns + 1;
	report->missed += report->expected - slot;
	mono_thread_cpu_ns(&user_ns, &system_ns);
	report->cpu_ns = user_ns + system_ns;
	return NULL;
}

static int check_options(const struct sampler_options *o, struct err *err)
{
	if (o->period_ns < NS_PER_MS || o->period_ns > 60 * NS_PER_S)
		return err_set(err, -EINVAL, "sampling period is not between 1 ms and 60 s");
	if (o->capacity == 0)
		return err_set(err, -EINVAL, "sampler has no room for samples");
	if (o->shared && (o->server_port_low == 0 || o->server_port_low > o->server_port_high))
		return err_set(err, -EINVAL, "server ports %u to %u cannot tell the ends apart",
			       o->server_port_low, o->server_port_high);
	if (o->cpu >= CPU_SETSIZE)
		return err_set(err, -EINVAL, "no CPU %d", o->cpu);
	return 0;
}

/* The lock and its conditions; the latter wait by the clock of mono_now_ns(). */
static int init_locks(struct sampler *s)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r != 0)
		return -r;
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (r == 0)
		r = pthread_cond_init(&s->wake, &attr);
	if (r == 0)
		r = pthread_cond_init(&s->fresh, &attr);
	if (r == 0)
		r = pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_destroy(&attr); /* cannot fail: initialised */
	return -r;
}

/* Start the thread on its CPU, deaf to signals: those are for who waits for the run. */
static int start_thread(struct sampler *s)
{
	pthread_attr_t attr;
	sigset_t all, old;
	cpu_set_t cpus;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	if (s->options.cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)s->options.cpu, &cpus);
		r = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	(void)sigfillset(&all);                         /* cannot fail: valid address */
	(void)pthread_sigmask(SIG_SETMASK, &all, &old); /* cannot fail: valid how */
	if (r == 0)
		r = pthread_create(&s->thread, &attr, sampler_thread, s);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr); /* cannot fail: initialised */
	return -r;
}

static void sampler_free(struct sampler *s)
{
	series_release(&s->series);
	(void)pthread_mutex_destroy(&s->lock); /* cannot fail: nobody holds or waits for it */
	(void)pthread_cond_destroy(&s->fresh);
	(void)pthread_cond_destroy(&s->wake);
	free(s);
}

int sampler_start(const struct sampler_options *o, struct sampler **ret, struct err *err)
{
	struct sampler *s = NULL;
	int r = check_options(o, err);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "no memory for the sampler");
	s->options = *o;
	s->fresh_ns = s->sample_ns = INT64_MIN;
	census_init(&s->census, &s->options);
	r = init_locks(s);
	if (r < 0) {
		free(s);
		return err_set(err, r, "cannot make the sampler's locks: %s", strerror(-r));
	}
	r = series_init(&s->series, o->capacity);
	if (r < 0) {
		r = err_set(err, r, "no memory for %zu samples", o->capacity);
		goto out;
	}
	s->start_ns = mono_now_ns();
	r = start_thread(s);
	if (r < 0)
		r = err_set(err, r, "cannot start the sampler: %s", strerror(-r));
out:
	if (r < 0)
		sampler_free(s);
	else
		*ret = s;
	return r;
}

void sampler_now(const struct sampler *s, struct sampler_now *ret)
{
	newest_read(&s->newest, ret);
}

/* Until *mark, guarded by the lock, is later than this call. */
static int wait_past(struct sampler *s, const int64_t *mark, int64_t deadline_ns,
		     struct sampler_now *ret)
{
	struct timespec deadline = timespec_of(deadline_ns);
	int64_t called_ns = mono_now_ns();
	bool fresh;

	(void)pthread_mutex_lock(&s->lock);
	s->dump = s->dump || mark == &s->fresh_ns;
	while (*mark <= called_ns && mono_now_ns() < deadline_ns)
		(void)pthread_cond_timedwait(&s->fresh, &s->lock, &deadline); /* the loop decides */
	fresh = *mark > called_ns;
	(void)pthread_mutex_unlock(&s->lock);
	if (!fresh)
		return -ETIMEDOUT;
	sampler_now(s, ret);
	return 0;
}

int sampler_wait_fresh(struct sampler *s, int64_t deadline_ns, struct sampler_now *ret)
{
	return wait_past(s, &s->fresh_ns, deadline_ns, ret);
}

int sampler_wait_next(struct sampler *s, int64_t deadline_ns, struct sampler_now *ret)
{
	return wait_past(s, &s->sample_ns, deadline_ns, ret);
}

void sampler_stop(struct sampler *s, struct series *ret_series, struct sampler_report *ret)
{
	const struct census *c = &s->census;

	(void)pthread_mutex_lock(&s->lock);
	s->stop = true;
	(void)pthread_cond_signal(&s->wake); /* cannot fail: initialised */
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL); /* cannot fail: ours, joined once */

	series_finish(&s->series);
	*ret_series = s->series;
	s->series = (struct series){ 0 };
	*ret = s->report;
	ret->interrupted = c->interrupted;
	ret->dumps = c->dumps;
	ret->dump_max_ns = c->dump_max_ns;
	ret->dump_mean_ns = c->dumps > 0 ? c->dump_sum_ns / c->dumps : 0;
	ret->dump_every = c->dump_every;
	ret->dump_cpu_ns = c->dump_cpu_ns;
	ret->compared = c->compared;
	ret->disagreements = c->disagreements;
	sampler_free(s);
}
