/*
 * affinity: keep the work of one connection on one CPU.
 *
 * On lo and veth the receiver's protocol work runs on the sender's CPU.  When the i-th client thread
 * and the i-th server thread share the i-th CPU, and a SYN goes to the listener of the CPU it came
 * in on, nothing of a connection crosses to another CPU and a wake-up costs no interrupt there.  The
 * wire does not change.
 */
#ifndef TWBENCH_BENCH_AFFINITY_H
#define TWBENCH_BENCH_AFFINITY_H

#include <stdint.h>

/* The index-th CPU the calling thread may use (modulo their number); -1: not known. */
int affinity_cpu(int index);

/* Bind the calling thread to the index-th CPU it may use (modulo their number).  Where the system
 * forbids it the thread stays free: that costs speed, nothing else. */
void affinity_pin(int index);

/*
 * In the SO_REUSEPORT group of `listener`, let the CPU that handles a SYN choose the member: CPU c
 * the (c modulo members)-th that was bound.  Best effort as above.
 */
void affinity_steer(int listener, uint32_t members);

#endif
