#include "bench/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "bench/isolate.h"
#include "bench/lab_link.h"
#include "bench/sysctl.h"

#define SOURCES_MAX     4096
#define CHILD_EHASH_KEY "net.ipv4.tcp_child_ehash_entries"
#define NET_NS_PATH     "/proc/thread-self/ns/net"

/* What the kernel sizes by the hash, and what the namespace we came from has there. */
static const char *const sized_by_hash[] = { "net.ipv4.tcp_max_tw_buckets",
					     "net.ipv4.tcp_max_syn_backlog" };
#define SIZED_COUNT (sizeof(sized_by_hash) / sizeof(sized_by_hash[0]))

/* A lab in the making. */
struct build {
	struct lab *lab;
	const struct lab_options *options;
	char sized[SIZED_COUNT][32]; /* "": the key is not there */
	enum sysctl_host *on_host;   /* one per options->sysctl */
	int hub;                     /* the first namespace, parent of the others */
};

/* --- before we leave the host --------------------------------------------------------------- */

static int check_host_options(const struct lab_options *o, struct err *err)
{
	if (o->isolation != ISOLATION_AUTO && o->isolation != ISOLATION_NONE)
		return err_set(err, -EINVAL, "topology 'host' cannot be had in namespaces (%s)",
			       isolation_key(o->isolation));
	if (o->sysctl_count > 0)
		return err_set(err, -EINVAL, "topology 'host' sets no sysctls: '%s'",
			       o->sysctl[0].key);
	return 0;
}

static int check_options(const struct lab_options *o, struct err *err)
{
	if (o->sources < 1 || o->sources > SOURCES_MAX)
		return err_set(err, -EINVAL, "%" PRIu32 " source addresses (1 to %d)", o->sources,
			       SOURCES_MAX);
	if (o->family != 4 && o->family != 6)
		return err_set(err, -EINVAL, "address family %d (4 or 6)", o->family);
	if (o->topology == TOPOLOGY_HOST)
		return check_host_options(o, err);
	if (o->isolation == ISOLATION_NONE)
		return err_set(err, -EINVAL, "topology '%s' needs namespaces",
			       topology_key(o->topology));
	if (o->topology == TOPOLOGY_LO && o->family == 6 && o->sources > 1)
		return err_set(err, -EINVAL,
			       "topology 'lo' has one IPv6 address, ::1, not %" PRIu32, o->sources);
	for (size_t i = 0; i < o->sysctl_count; i++) {
		char path[256], ours[64];

		if (sysctl_path(o->sysctl[i].key, path, sizeof(path)) == 0 &&
		    sysctl_path(CHILD_EHASH_KEY, ours, sizeof(ours)) == 0 &&
		    strcmp(path, ours) == 0)
			return err_set(err, -EINVAL,
				       "'%s' is the lab's own: it makes the hash table",
				       o->sysctl[i].key);
	}
	return 0;
}

static int look_at_host(struct build *b, struct err *err)
{
	const struct lab_options *o = b->options;

	for (size_t i = 0; i < SIZED_COUNT; i++)
		if (sysctl_read(sized_by_hash[i], b->sized[i], sizeof(b->sized[i])) < 0)
			b->sized[i][0] = 0;
	b->on_host = calloc(o->sysctl_count + 1, sizeof(*b->on_host));
	if (!b->on_host)
		return err_set(err, -ENOMEM, "no memory for %zu sysctls", o->sysctl_count);
	for (size_t i = 0; i < o->sysctl_count; i++)
		b->on_host[i] =
			sysctl_exists(o->sysctl[i].key) ? SYSCTL_HOST_HAS : SYSCTL_HOST_LACKS;
	return 0;
}

/* --- namespaces ----------------------------------------------------------------------------- */

static int open_ns(int *ret, struct err *err)
{
	int fd = open(NET_NS_PATH, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "open " NET_NS_PATH);
	*ret = fd;
	return 0;
}

/* A child of the hub: a namespace takes the size of its hash from the one it was made in. */
static int new_ns(const struct build *b, int *ret, struct err *err)
{
	if (setns(b->hub, CLONE_NEWNET) < 0)
		return err_errno(err, "enter a network namespace");
	if (unshare(CLONE_NEWNET) < 0)
		return err_errno(err, "make a network namespace");
	return open_ns(ret, err);
}

static int ask_private_hash(const struct build *b, struct err *err)
{
	char size[16];
	int code;

	if (b->options->ehash_entries == 0 || !sysctl_exists(CHILD_EHASH_KEY))
		return 0;
	(void)snprintf(size, sizeof(size), "%" PRIu32, b->options->ehash_entries);
	code = sysctl_write(CHILD_EHASH_KEY, size, SYSCTL_HOST_HAS, err);
	/* A read-only /proc/sys: a lab that sets nothing else can do with the host's hash. */
	return code == -ENOTSUP ? 0 : code;
}

static int make_namespaces(struct build *b, struct err *err)
{
	struct lab *lab = b->lab;
	int code = open_ns(&b->hub, err);

	if (code == 0)
		code = ask_private_hash(b, err);
	if (code == 0)
		code = new_ns(b, &lab->ns[LAB_NS_CLIENT], err);
	if (code == 0 && lab->shared)
		lab->ns[LAB_NS_SERVER] = lab->ns[LAB_NS_CLIENT];
	else if (code == 0)
		code = new_ns(b, &lab->ns[LAB_NS_SERVER], err);
	if (code == 0 && lab->topology == TOPOLOGY_WIRE) {
		lab->ns[LAB_NS_RELAY] = b->hub;
		b->hub = -1;
	}
	return code;
}

/* --- sysctls -------------------------------------------------------------------------------- */

static int restore_sized_by_hash(const struct build *b, struct err *err)
{
	for (size_t i = 0; i < SIZED_COUNT; i++) {
		int code = b->sized[i][0] == 0 ? 0
					       : sysctl_write(sized_by_hash[i], b->sized[i],
							      SYSCTL_HOST_HAS, err);

		if (code < 0)
			return code;
	}
	return 0;
}

static int set_sysctls(const struct build *b, struct err *err)
{
	const struct lab_options *o = b->options;
	int code = 0;

	if (b->lab->ehash_entries > 0)
		code = restore_sized_by_hash(b, err);
	for (size_t i = 0; code == 0 && i < o->sysctl_count; i++)
		code = sysctl_write(o->sysctl[i].key, o->sysctl[i].value, b->on_host[i], err);
	return code;
}

/* Negative: shared with the host. */
static int64_t hash_entries(void)
{
	char text[32];
	struct err err;
	int64_t entries;

	if (sysctl_read("net.ipv4.tcp_ehash_entries", text, sizeof(text)) < 0 ||
	    num_parse_int(text, INT32_MIN, INT32_MAX, &entries, &err) < 0)
		return -1;
	return entries;
}

static int apply_sysctls(const struct build *b, struct err *err)
{
	struct lab *lab = b->lab;
	int code = lab_join(lab, LAB_NS_CLIENT, err);

	if (code < 0)
		return code;
	lab->ehash_entries = hash_entries();
	code = set_sysctls(b, err);
	if (code < 0 || lab->shared)
		return code;
	code = lab_join(lab, LAB_NS_SERVER, err);
	return code < 0 ? code : set_sysctls(b, err);
}

/* --- the whole ------------------------------------------------------------------------------ */

static int build_lab(struct build *b, struct err *err)
{
	int code = look_at_host(b, err);

	if (code == 0)
		code = isolate_enter(b->options->isolation, &b->lab->isolation, err);
	if (code == 0)
		code = make_namespaces(b, err);
	if (code == 0)
		code = lab_link_build(b->lab, b->options->family, err);
	if (code == 0)
		code = apply_sysctls(b, err);
	if (code == 0)
		code = lab_join(b->lab, LAB_NS_CLIENT, err);
	return code;
}

static int enter_host(struct lab *lab, struct err *err)
{
	int code = open_ns(&lab->ns[LAB_NS_CLIENT], err);

	lab->isolation = ISOLATION_NONE;
	lab->ns[LAB_NS_SERVER] = lab->ns[LAB_NS_CLIENT];
	lab->ehash_entries = hash_entries();
	return code;
}

static void close_ns(struct lab *lab)
{
	if (lab->shared)
		lab->ns[LAB_NS_SERVER] = -1;
	for (int i = 0; i < LAB_NS_COUNT; i++) {
		if (lab->ns[i] >= 0)
			(void)close(lab->ns[i]); /* read-only */
		lab->ns[i] = -1;
	}
}

int lab_enter(struct lab *lab, const struct lab_options *options, struct err *err)
{
	struct build b = { .lab = lab, .options = options, .hub = -1 };
	int code = check_options(options, err);

	*lab = (struct lab){
		.topology = options->topology,
		.shared = options->topology != TOPOLOGY_VETH && options->topology != TOPOLOGY_WIRE,
		.ns = { -1, -1, -1 },
		.sources = options->sources,
		.ehash_entries = -1,
	};
	if (code == 0 && options->topology == TOPOLOGY_HOST)
		code = enter_host(lab, err);
	else if (code == 0)
		code = build_lab(&b, err);
	if (code < 0) {
		close_ns(lab);
		err_wrap(err, "lab '%s'", topology_key(options->topology));
	}
	if (b.hub >= 0)
		(void)close(b.hub); /* read-only */
	free(b.on_host);
	return code;
}

static int enter_and_end(const void *arg, struct err *err)
{
	struct lab lab;

	return lab_enter(&lab, arg, err);
}

int lab_try(const struct lab_options *options, struct err *err)
{
	return isolate_in_child(enter_and_end, options, err);
}

int lab_sysctl_read(const char *key, char *value, size_t size)
{
	return sysctl_read(key, value, size);
}

int lab_sysctl_write(const char *key, const char *value, struct err *err)
{
	return sysctl_write(key, value, SYSCTL_HOST_UNKNOWN, err);
}

/* --- could it be made? ---------------------------------------------------------------------- */

static int try_lab(const void *arg, struct err *err)
{
	const struct lab_options *o = arg;
	struct lab lab;

	return lab_enter(&lab, o, err);
}

static bool probe(enum isolation how, char *why, size_t size)
{
	struct lab_options o = {
		.topology = TOPOLOGY_VETH, .isolation = how, .family = 4, .sources = 1
	};
	struct err err;

	why[0] = 0;
	if (isolate_in_child(try_lab, &o, &err) == 0)
		return true;
	(void)snprintf(why, size, "%.*s", (int)size - 1, err.text);
	return false;
}

void lab_probe(struct lab_probe *ret)
{
	ret->userns = probe(ISOLATION_USERNS, ret->userns_why, sizeof(ret->userns_why));
	ret->netns = probe(ISOLATION_NETNS, ret->netns_why, sizeof(ret->netns_why));
}
