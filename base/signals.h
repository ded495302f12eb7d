/*
 * signals: what tells a command to end, held back for whoever waits for it.
 */
#ifndef TWBENCH_BASE_SIGNALS_H
#define TWBENCH_BASE_SIGNALS_H

#include <signal.h>
#include <stddef.h>

struct err;

/*
 * Block SIGINT and SIGTERM in this thread, and in those it will start; *ret is the two of them, for sigwait()
 * or signalfd(), *ret_old (may be NULL) the mask to restore.  0, or negative errno with *err.
 */
int signals_hold(sigset_t *ret, sigset_t *ret_old, struct err *err);

#endif
