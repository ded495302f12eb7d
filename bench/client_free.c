#include "bench/client_thread.h"

void client_push(struct conn **stack, struct conn *c)
{
	c->link = *stack;
	*stack = c;
}

struct conn *client_pop(struct conn **stack)
{
	struct conn *c = *stack;

	if (c)
		*stack = c->link;
	return c;
}

/* Does not start anything itself: a connect that fails at once would recurse without end. */
void client_free_again(struct client_thread *t, struct conn *c)
{
	if (t->stopping && c->phase == CONN_IDLE)
		client_push(&t->idle, c); /* its last request ended after the load: to be retired */
	else if (t->spec->shape == LOAD_SATURATE || c->pending > 0)
		client_push(&t->ready, c);
	else if (t->spec->shape != LOAD_POLL) /* a poller's next visit names it */
		client_push(c->phase == CONN_IDLE ? &t->idle : &t->free, c);
}

void client_leave_idle(struct client_thread *t, const struct conn *c)
{
	for (struct conn **at = &t->idle; *at; at = &(*at)->link)
		if (*at == c) {
			*at = c->link;
			return;
		}
}
