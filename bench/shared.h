/*
 * shared: the page a lab's process and its parent both see while a repeat runs.
 *
 * The lab writes progress, the parent writes `stop`.  Plain relaxed atomics: each number stands alone, and none
 * of them goes into the record.
 */
#ifndef TWBENCH_BENCH_SHARED_H
#define TWBENCH_BENCH_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/side.h"

enum cell_phase { CELL_WAITING, CELL_SETUP, CELL_READY, CELL_LOAD, CELL_SETTLE, CELL_DRAIN, CELL_DONE };
enum cell_stop { STOP_NO, STOP_SOON, STOP_NOW };

struct cell_shared {
	atomic_int stop;                     /* enum cell_stop */
	atomic_int go;                       /* all labs of the batch are ready */
	atomic_int phase;                    /* enum cell_phase */
	_Atomic int64_t load_begin_ns;       /* mono */
	/* Written by every thread at every connection: not beside what every thread reads then. */
	_Alignas(64) _Atomic int64_t attempted;
	_Atomic int64_t ended, failed; /* connections */
	_Atomic int64_t requests;
	_Atomic int64_t ports_used, ports_capacity;
	_Atomic int32_t time_wait[SIDE_COUNT];
};

#define SHARED_ADD(field, n) atomic_fetch_add_explicit(&(field), (n), memory_order_relaxed)
#define SHARED_SET(field, v) atomic_store_explicit(&(field), (v), memory_order_relaxed)
#define SHARED_GET(field) atomic_load_explicit(&(field), memory_order_relaxed)

#endif
