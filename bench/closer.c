#include "bench/closer.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "bench/conn.h"

struct closer_return {
	pthread_mutex_t lock;
	struct conn *list;
	int fd;
};

struct closer {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct conn *head, *tail;
	bool stop;
	int threads;
	pthread_t thread[];
};

/* The return a connection goes to travels in conn->owner while the pool has it. */
static void give_back(struct conn *conn)
{
	struct closer_return *back = conn->owner;
	uint64_t one = 1;

	pthread_mutex_lock(&back->lock);
	conn->link = back->list;
	back->list = conn;
	pthread_mutex_unlock(&back->lock);
	if (write(back->fd, &one, sizeof(one)) < 0)
		return; /* the counter is full: the loop has been woken already */
}

static void *closer_main(void *arg)
{
	struct closer *c = arg;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		struct conn *conn = c->head;

		if (!conn && c->stop)
			break;
		if (!conn) {
			pthread_cond_wait(&c->more, &c->lock);
			continue;
		}
		c->head = conn->link;
		if (!c->head)
			c->tail = NULL;
		pthread_mutex_unlock(&c->lock);
		(void)conn_close(conn);
		give_back(conn);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct closer *closer_new(int threads, struct err *err)
{
	struct closer *c = calloc(1, sizeof(*c) + (size_t)threads * sizeof(c->thread[0]));

	if (!c) {
		err_set(err, -ENOMEM, "no memory for closer threads");
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->more, NULL);
	for (; c->threads < threads; c->threads++) {
		int code = pthread_create(&c->thread[c->threads], NULL, closer_main, c);

		if (code != 0) {
			err_set(err, -code, "cannot start a closer thread");
			closer_free(c);
			return NULL;
		}
	}
	return c;
}

void closer_free(struct closer *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->more);
	pthread_mutex_unlock(&c->lock);
	for (int i = 0; i < c->threads; i++)
		pthread_join(c->thread[i], NULL);
	pthread_cond_destroy(&c->more);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct closer_return *closer_return_new(struct err *err)
{
	struct closer_return *r = calloc(1, sizeof(*r));

	if (!r) {
		err_set(err, -ENOMEM, "no memory for a closer's return list");
		return NULL;
	}
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->fd < 0) {
		(void)err_errno(err, "make an eventfd");
		free(r);
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void closer_return_free(struct closer_return *r)
{
	if (!r)
		return;
	(void)close(r->fd); /* an eventfd: nothing to lose */
	pthread_mutex_destroy(&r->lock);
	free(r);
}

int closer_return_fd(const struct closer_return *r)
{
	return r->fd;
}

struct conn *closer_return_take(struct closer_return *r)
{
	struct conn *list;
	uint64_t count;

	if (read(r->fd, &count, sizeof(count)) < 0)
		return NULL; /* EAGAIN: nobody woke us */
	pthread_mutex_lock(&r->lock);
	list = r->list;
	r->list = NULL;
	pthread_mutex_unlock(&r->lock);
	return list;
}

void closer_put(struct closer *c, struct conn *conn, struct closer_return *back)
{
	conn->owner = back;
	conn->link = NULL;
	pthread_mutex_lock(&c->lock);
	if (c->tail)
		c->tail->link = conn;
	else
		c->head = conn;
	c->tail = conn;
	pthread_cond_signal(&c->more);
	pthread_mutex_unlock(&c->lock);
}
