#include "bench/uring.h"

#include <assert.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mono.h"

/* From include/uapi/linux/io_uring.h; enumerators cannot be asked for with #ifdef. */
enum {
	OP_ACCEPT = 13,
	OP_CONNECT = 16,
	OP_CLOSE = 19,
	OP_SEND = 26,
	OP_RECV = 27,
	OP_SHUTDOWN = 34,
	OP_SOCKET = 45,
	OP_URING_CMD = 46,
	OP_BIND = 56,
	OPS_NEEDED, /* all before it, BIND being the newest: Linux 6.11 */

	CMD_SETSOCKOPT = 3,
	FIXED_FILE = 1 << 0,
	LINK = 1 << 2,
	HARD_LINK = 1 << 3,
	COOP_TASKRUN = 1 << 8, /* no interrupt for a result: whoever waits finds it */
	REGISTER_FILES = 2,
	REGISTER_PROBE = 8,
	REGISTER_SYNC_CANCEL = 24,
	CANCEL_ALL = 1 << 0,
	CANCEL_ANY = 1 << 2,
};

/* struct io_uring_sync_cancel_reg */
struct sync_cancel {
	uint64_t addr;
	int32_t fd;
	uint32_t flags;
	struct {
		int64_t tv_sec, tv_nsec;
	} timeout;
	uint64_t pad[4];
};

_Static_assert(sizeof(struct uring_sqe) == 64, "as the kernel's");
_Static_assert(offsetof(struct uring_sqe, file_index) == 44, "as the kernel's");

/* --- opening ------------------------------------------------------------------------------------- */

static int call_register(const struct uring *u, unsigned what, const void *arg, unsigned count)
{
	return (int)syscall(SYS_io_uring_register, u->fd, what, arg, count);
}

static int map(struct uring *u, const struct io_uring_params *p, struct err *err)
{
	size_t sqes = p->sq_entries * sizeof(struct uring_sqe);
	size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned);
	size_t cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	size_t rings = sq > cq ? sq : cq;
	unsigned char *at;

	at = mmap(NULL, rings, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd, IORING_OFF_SQ_RING);
	if (at == MAP_FAILED)
		return err_errno(err, "map an io_uring");
	u->memory = at;
	u->bytes = rings;
	u->sq_tail = (unsigned *)(void *)(at + p->sq_off.tail);
	u->cq_head = (unsigned *)(void *)(at + p->cq_off.head);
	u->cq_tail = (unsigned *)(void *)(at + p->cq_off.tail);
	u->cqe = (struct io_uring_cqe *)(void *)(at + p->cq_off.cqes);
	u->sq_mask = p->sq_entries - 1;
	u->cq_mask = p->cq_entries - 1;
	for (unsigned i = 0; i < p->sq_entries; i++) /* request i stands at place i */
		((unsigned *)(void *)(at + p->sq_off.array))[i] = i;
	at = mmap(NULL, sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd, IORING_OFF_SQES);
	if (at == MAP_FAILED)
		return err_errno(err, "map an io_uring");
	u->sqe = (struct uring_sqe *)(void *)at;
	return 0;
}

static int probe(const struct uring *u, struct err *err)
{
	struct io_uring_probe *p = calloc(1, sizeof(*p) + OPS_NEEDED * sizeof(struct io_uring_probe_op));
	int code = 0;

	if (!p)
		return err_set(err, -ENOMEM, "no memory for an io_uring");
	if (call_register(u, REGISTER_PROBE, p, OPS_NEEDED) != 0)
		code = err_errno(err, "ask what io_uring can do");
	else if (p->last_op < OP_BIND)
		code = err_set(err, -ENOTSUP,
			       "this kernel's io_uring cannot bind(): Linux 6.11 or newer is needed");
	free(p);
	return code;
}

static int add_files(const struct uring *u, unsigned files, struct err *err)
{
	int *none = malloc(files * sizeof(*none)), code = 0;

	if (!none)
		return err_set(err, -ENOMEM, "no memory for an io_uring");
	for (unsigned i = 0; i < files; i++)
		none[i] = -1;
	if (call_register(u, REGISTER_FILES, none, files) != 0)
		code = err_errno(err, "give an io_uring its files");
	free(none);
	return code;
}

int uring_open(struct uring *u, unsigned files, struct err *err)
{
	struct io_uring_params p = { .flags = COOP_TASKRUN };
	int code;

	*u = (struct uring){ .fd = (int)syscall(SYS_io_uring_setup, URING_ENTRIES, &p) };
	if (u->fd < 0 && (errno == ENOSYS || errno == EINVAL)) /* a flag that it does not know */
		return err_set(err, -ENOTSUP,
			       "this kernel has no io_uring, or an old one: Linux 6.11 or newer is needed");
	if (u->fd < 0)
		return err_errno(err, "make an io_uring");
	code = map(u, &p, err);
	if (code == 0)
		code = probe(u, err);
	if (code == 0)
		code = add_files(u, files, err);
	if (code != 0)
		uring_close(u);
	return code;
}

void uring_close(struct uring *u)
{
	if (u->sqe)
		(void)munmap(u->sqe, (u->sq_mask + 1) * sizeof(*u->sqe));
	if (u->memory)
		(void)munmap(u->memory, u->bytes);
	if (u->fd >= 0)
		(void)close(u->fd); /* nothing is under way */
	*u = (struct uring){ .fd = -1 };
}

/* --- running ------------------------------------------------------------------------------------- */

struct uring_sqe *uring_add(struct uring *u, uint8_t opcode)
{
	struct uring_sqe *e;

	assert(u->queued < URING_ENTRIES);
	e = &u->sqe[(*u->sq_tail + u->queued) & u->sq_mask];
	*e = (struct uring_sqe){ .opcode = opcode, .flags = LINK, .user_data = u->queued++ };
	return e;
}

/* Take the results that are there; how many. */
static unsigned collect(struct uring *u)
{
	unsigned head = *u->cq_head, tail = __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE), n = tail - head;

	for (; head != tail; head++) {
		const struct io_uring_cqe *c = &u->cqe[head & u->cq_mask];

		if (c->user_data < URING_ENTRIES)
			u->result[c->user_data] = c->res;
	}
	__atomic_store_n(u->cq_head, head, __ATOMIC_RELEASE);
	return n;
}

/* Negative errno of io_uring_enter(2). */
static int enter(const struct uring *u, unsigned submit, unsigned wait, int64_t timeout_ns)
{
	struct __kernel_timespec limit = { .tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S };
	struct io_uring_getevents_arg arg = { .ts = (uint64_t)(uintptr_t)&limit };
	long n = syscall(SYS_io_uring_enter, u->fd, submit, wait, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
			 &arg, sizeof(arg));

	return n < 0 ? -errno : (int)n;
}

static void cancel(const struct uring *u)
{
	struct sync_cancel all = { .fd = -1, .flags = CANCEL_ALL | CANCEL_ANY, .timeout = { -1, -1 } };

	(void)call_register(u, REGISTER_SYNC_CANCEL, &all, 1); /* whatever had ended meanwhile is fine */
}

/* Hand over what was added; how many.  The end of the chain is linked to nothing. */
static unsigned publish(struct uring *u)
{
	unsigned n = u->queued;

	if (n > 0)
		u->sqe[(*u->sq_tail + n - 1) & u->sq_mask].flags &= (uint8_t) ~(LINK | HARD_LINK);
	for (unsigned i = 0; i < n; i++)
		u->result[i] = -ECANCELED;
	__atomic_store_n(u->sq_tail, *u->sq_tail + n, __ATOMIC_RELEASE);
	u->queued = 0;
	return n;
}

/* What the kernel has not read does not count as handed over. */
static void take_back(struct uring *u, unsigned n)
{
	__atomic_store_n(u->sq_tail, *u->sq_tail - n, __ATOMIC_RELEASE);
}

int uring_run(struct uring *u, int64_t timeout_ns)
{
	int64_t end_ns = mono_now_ns() + timeout_ns, left_ns = timeout_ns;
	unsigned want = publish(u), submitted = 0, done = 0;
	bool late = false;

	while (done < want) { /* as a rule once */
		int code = enter(u, want - submitted, want - done, left_ns);

		submitted += code > 0 ? (unsigned)code : 0;
		done += collect(u);
		if (done >= want)
			break;
		if (code < 0 && code != -ETIME && code != -EINTR && code != -EAGAIN) {
			take_back(u, want - submitted);
			return code;
		}
		left_ns = late ? NS_PER_S : end_ns - mono_now_ns();
		if (left_ns <= 0) {
			take_back(u, want - submitted);
			want = submitted;
			cancel(u);
			late = true;
			left_ns = NS_PER_S;
		}
	}
	return late ? -ETIME : 0;
}

/* --- requests ------------------------------------------------------------------------------------ */

static struct uring_sqe *on_file(struct uring *u, uint8_t opcode, int file)
{
	struct uring_sqe *e = uring_add(u, opcode);

	e->flags |= FIXED_FILE;
	e->fd = file;
	return e;
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

void uring_socket(struct uring *u, int family, int file)
{
	struct uring_sqe *e = uring_add(u, OP_SOCKET);

	e->fd = family;
	e->off = SOCK_STREAM;
	e->file_index = (uint32_t)file + 1;
}

void uring_option(struct uring *u, int file, int level, int name, const void *value, size_t size)
{
	struct uring_sqe *e = on_file(u, OP_URING_CMD, file);

	e->off = CMD_SETSOCKOPT;
	e->addr = (uint32_t)level | (uint64_t)(uint32_t)name << 32;
	e->file_index = (uint32_t)size;
	e->addr3 = address(value);
}

void uring_bind(struct uring *u, int file, const struct sockaddr *to, socklen_t size)
{
	struct uring_sqe *e = on_file(u, OP_BIND, file);

	e->addr = address(to);
	e->off = size;
}

void uring_connect(struct uring *u, int file, const struct sockaddr *to, socklen_t size)
{
	struct uring_sqe *e = on_file(u, OP_CONNECT, file);

	e->addr = address(to);
	e->off = size;
}

void uring_accept(struct uring *u, int listener, int file)
{
	struct uring_sqe *e = uring_add(u, OP_ACCEPT);

	e->fd = listener;
	e->file_index = (uint32_t)file + 1;
}

static struct uring_sqe *transfer(struct uring *u, uint8_t opcode, int file, const void *bytes, size_t size)
{
	struct uring_sqe *e = on_file(u, opcode, file);

	e->addr = address(bytes);
	e->len = (uint32_t)size;
	return e;
}

void uring_send(struct uring *u, int file, const void *bytes, size_t size)
{
	transfer(u, OP_SEND, file, bytes, size)->op_flags = MSG_NOSIGNAL | MSG_WAITALL;
}

void uring_receive(struct uring *u, int file, void *bytes, size_t size)
{
	transfer(u, OP_RECV, file, bytes, size)->op_flags = MSG_WAITALL;
}

void uring_receive_end(struct uring *u, int file, void *byte)
{
	transfer(u, OP_RECV, file, byte, 1)->flags = FIXED_FILE | HARD_LINK;
}

void uring_shut_write(struct uring *u, int file)
{
	on_file(u, OP_SHUTDOWN, file)->len = SHUT_WR;
}

void uring_shut(struct uring *u, int file)
{
	uring_add(u, OP_CLOSE)->file_index = (uint32_t)file + 1;
}
