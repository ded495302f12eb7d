#include "bench/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/err.h"

#define THREADS_MAX 64

struct parallel {
	void (*work)(void *arg, size_t i);
	void *arg;
	size_t count;
	atomic_size_t next;
};

static void *run(void *arg)
{
	struct parallel *p = arg;
	size_t i;

	while ((i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed)) < p->count)
		p->work(p->arg, i);
	return NULL;
}

int parallel_each(size_t count, unsigned threads, void (*work)(void *arg, size_t i), void *arg,
		  struct err *err)
{
	struct parallel p = { .work = work, .arg = arg, .count = count };
	pthread_t thread[THREADS_MAX];
	unsigned started = 0;
	int code = 0;

	atomic_init(&p.next, 0);
	threads = threads < THREADS_MAX ? threads : THREADS_MAX;
	while (code == 0 && started + 1 < threads && started + 1 < count) {
		code = pthread_create(&thread[started], NULL, run, &p);
		started += code == 0;
	}
	(void)run(&p);
	while (started > 0)
		(void)pthread_join(thread[--started], NULL);
	return code ? err_set(err, -code, "cannot start a thread: %s", strerror(code)) : 0;
}
