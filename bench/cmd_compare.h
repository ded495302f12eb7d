/*
 * cmd_compare: what the files of the command `compare` share.
 */
#ifndef TWBENCH_BENCH_CMD_COMPARE_H
#define TWBENCH_BENCH_CMD_COMPARE_H

struct args;
struct compare_options;
struct comparison;
struct err;

/*
 * --confirm: run the cases of c->b in which something is worse once more, as its record says they were
 * run, and keep as worse only what is worse again.  Only on the host that B was measured on.
 * bench/cmd_compare_confirm.c.  0; the exit status of a signal; -EINVAL when B cannot be run again here;
 * another negative errno; *err.
 */
int compare_confirm(const struct args *args, const struct compare_options *o, struct comparison *c,
		    struct err *err);

#endif
