/*
 * mono: the only clock.  Nanoseconds of CLOCK_MONOTONIC; nobody else calls clock_gettime.
 *
 * libpcap stamps packets with CLOCK_REALTIME; mono_real_offset_ns() joins the two.  Namespaces share
 * both clocks (no time namespace is made), so times from all threads and labs compare.
 */
#ifndef TWBENCH_BASE_MONO_H
#define TWBENCH_BASE_MONO_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

#define MONO_SHORT_SLICE_NS (100 * NS_PER_US) /* the least that Linux takes */

/* Now, ns since an arbitrary start. */
int64_t mono_now_ns(void);

/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns; the tightest of a few readings. */
int64_t mono_real_offset_ns(void);

/* CPU time of the calling thread: user and system, ns (getrusage(2), RUSAGE_THREAD). */
void mono_thread_cpu_ns(int64_t *ret_user_ns, int64_t *ret_system_ns);

/* Both together, exact to the moment of the call, for what takes less than a tick. */
int64_t mono_thread_cpu_now_ns(void);

/* Give the calling thread the plain priority (nice 0), whatever its process was started with. */
void mono_thread_plain_priority(void);

/*
 * Ask for short turns of the CPU: when it wakes up, the calling thread goes before those that have long
 * ones, without any privilege and with no larger share.  Linux before 6.12 does not know of it.
 */
void mono_thread_short_slice(void);

/* The wall clock as RFC 3339 in UTC, "2026-11-22T13:47:00Z". */
void mono_wall_text(int64_t real_ns, char *buf, size_t size);

/* Sleep until `deadline_ns`; returns early on a signal. */
void mono_sleep_until(int64_t deadline_ns);

#endif
