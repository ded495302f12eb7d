/* Rules on keys: whether there is such a one, and whether it is one namespace's or the host's. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "analysis/lint_match.h"
#include "analysis/sysctl_keys.h"
#include "analysis/sysctl_probe.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool kernel_has(const struct lint *l, const struct conf_line *line)
{
	return sysctl_probe_ask(l->options.probe, line->key) == PROBE_HAS;
}

static bool kernel_lacks(const struct lint *l, const struct conf_line *line)
{
	return sysctl_probe_ask(l->options.probe, line->key) == PROBE_LACKS;
}

/* --- keys that are gone -------------------------------------------------------------------------- */

static const struct {
	const char *pattern, *gone;
} removed[] = {
	{ "net.ipv4.tcp_tw_recycle",
	  "removed in Linux 4.12 (4396e46187ca); it broke clients behind NAT" },
	{ "net.ipv4.tcp_thin_dupack", "removed in Linux 4.11 (4a7f60094411), replaced by RACK" },
	{ "net.ipv4.tcp_abc", "removed in Linux 3.9 (ca2eb5679f8d)" },
	{ "net.ipv4.netfilter.ip_conntrack_*",
	  "the old name of net.netfilter.nf_conntrack_*, gone since Linux 4.9" },
	{ "net.ipv4.ip_conntrack_*",
	  "of the ip_conntrack module of Linux 2.4; today net.netfilter.nf_conntrack_*" },
};

static const char *gone_since(const char *key)
{
	for (size_t i = 0; i < COUNT(removed); i++)
		if (fnmatch(removed[i].pattern, key, 0) == 0)
			return removed[i].gone;
	return NULL;
}

LINT_LINE(match_removed)
{
	const char *gone = gone_since(line->key);

	if (!gone || kernel_has(l, line))
		return false;
	f->fix = LINT_FIX_COMMENT_OUT;
	return lint_say(f, "%s: %s", line->key, gone);
}

/* --- keys that never were ------------------------------------------------------------------------ */

/* A key people look for in the wrong place: `prefix` before the real key's last part. */
static const struct {
	const char *pattern;
	size_t cut;         /* bytes of the wrong prefix */
	const char *prefix; /* the right one */
} misplaced[] = {
	{ "net.ipv6.tcp_*", 9, "net.ipv4." },
	{ "net.ipv6.udp_*", 9, "net.ipv4." },
	{ "net.ipv6.ip_local_*", 9, "net.ipv4." },
	{ "net.core.tcp_*", 9, "net.ipv4." },
	{ "net.core.ip_local_*", 9, "net.ipv4." },
	{ "net.tcp_*", 4, "net.ipv4." },
	{ "net.ipv4.somaxconn", 9, "net.core." },
	{ "net.ipv4.netdev_*", 9, "net.core." },
	{ "net.ipv4.rmem_*", 9, "net.core." },
	{ "net.ipv4.wmem_*", 9, "net.core." },
	{ "net.ipv4.tcp_somaxconn", 13, "net.core." },
	{ "net.ipv4.conf.*.tcp_*", 0, NULL },
	{ "net.ipv4.nf_conntrack_*", 9, "net.netfilter." },
	{ "net.ipv4.netfilter.nf_conntrack_*", 19, "net.netfilter." },
	{ "proc.sys.*", 9, "" },
};

static bool right_place(const char *key, char *right, size_t size)
{
	for (size_t i = 0; i < COUNT(misplaced); i++) {
		if (fnmatch(misplaced[i].pattern, key, 0) != 0)
			continue;
		if (misplaced[i].prefix)
			(void)snprintf(right, size, "%s%s", misplaced[i].prefix,
				       key + misplaced[i].cut);
		else
			(void)snprintf(right, size, "net.ipv4.%s", strrchr(key, '.') + 1);
		return true;
	}
	return false;
}

LINT_LINE(match_never)
{
	char right[128];

	if (!right_place(line->key, right, sizeof(right)) || kernel_has(l, line))
		return false;
	f->fix = LINT_FIX_COMMENT_OUT;
	return lint_say(f, "%s never existed; did you mean %s?", line->key, right);
}

/* Keys whose whole family is in the table, so that what is not there is a mistake. */
static bool family_is_listed(const char *key)
{
	static const char *const families[] = { "net.ipv4.tcp_*", "net.ipv4.udp_*", "net.ipv4.ip_*",
						"net.core.*" };
	bool listed = false;

	for (size_t i = 0; i < COUNT(families); i++)
		listed = listed || fnmatch(families[i], key, 0) == 0;
	return listed;
}

/* Told by another rule already. */
static bool known_dead(const struct conf_line *line)
{
	char right[128];

	return gone_since(line->key) || right_place(line->key, right, sizeof(right)) ||
	       strcmp(line->key, "net.ipv4.tcp_tw_timeout") == 0 || strpbrk(line->written, " \t") ||
	       (line->mixed && !line->glob);
}

/* Outside the listed families a key may well exist: only what differs by a slip is a misspelling. */
static const char *meant(const char *key)
{
	if (strncmp(key, "net", 3) != 0)
		return NULL;
	return sysctl_key_nearest(key, family_is_listed(key) ? 1 + (int)strlen(key) / 4 : 2);
}

LINT_LINE(match_misspelt)
{
	const char *near;

	if (sysctl_key_find(line->key) || kernel_has(l, line) || known_dead(line))
		return false;
	near = meant(line->key);
	if (near)
		return lint_say(f, "there is no %s; did you mean %s?", line->key, near);
	if (!family_is_listed(line->key))
		return false;
	return lint_say(f, "there is no %s in Linux 6.18", line->key);
}

LINT_LINE(match_absent)
{
	const struct sysctl_key *k = sysctl_key_find(line->key);

	/* In a namespace the host's keys do not show: their absence tells nothing. */
	if (!k || k->scope == KEY_HOST || line->dash || !kernel_lacks(l, line))
		return false;
	return lint_say(f, "%s: Linux 6.18 has it, %s has not", line->key, l->options.probe->name);
}

LINT_LINE(match_unknown)
{
	if (sysctl_key_find(line->key) || known_dead(line) || !kernel_lacks(l, line) ||
	    family_is_listed(line->key) || meant(line->key))
		return false;
	return lint_say(f, "%s: not on %s", line->key, l->options.probe->name);
}

LINT_LINE(match_vendor)
{
	if (kernel_has(l, line))
		return false;
	return lint_say(f, "%s exists in some vendors' kernels only", line->key);
}

LINT_LINE(match_vendor_here)
{
	if (!kernel_has(l, line))
		return false;
	return lint_say(f, "%s = %s: this kernel has the vendors' knob", line->key, line->value);
}

/* --- whose --------------------------------------------------------------------------------------- */

static bool host_wide(const char *key)
{
	const struct sysctl_key *k = sysctl_key_find(key);

	return (k && (k->scope == KEY_HOST || k->scope == KEY_HOST_SHOWN)) ||
	       fnmatch("net.ipv4.route.gc_*", key, 0) == 0;
}

LINT_LINE(match_host_wide)
{
	if (l->options.kubernetes || !host_wide(line->key))
		return false;
	return lint_say(f, "%s is the host's: no container can have its own", line->key);
}

LINT_LINE(match_legacy)
{
	(void)l;
	return lint_say(f, "%s = %s: nothing reads it any more", line->key, line->value);
}

LINT_LINE(match_read_only)
{
	const struct sysctl_key *k = sysctl_key_find(line->key);

	(void)l;
	if (!k || k->scope != KEY_READ_ONLY)
		return false;
	f->fix = LINT_FIX_COMMENT_OUT;
	return lint_say(f, "%s tells, it cannot be set", line->key);
}

/* --- Kubernetes ---------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	const char *since; /* NULL: in every release still supported */
} k8s_safe[] = {
	{ "kernel.shm_rmid_forced", NULL },
	{ "net.ipv4.ip_local_port_range", NULL },
	{ "net.ipv4.tcp_syncookies", NULL },
	{ "net.ipv4.ping_group_range", NULL },
	{ "net.ipv4.ip_unprivileged_port_start", NULL },
	{ "net.ipv4.ip_local_reserved_ports", "1.27 and Linux 3.16" },
	{ "net.ipv4.tcp_keepalive_time", "1.29 and Linux 4.5" },
	{ "net.ipv4.tcp_fin_timeout", "1.29 and Linux 4.6" },
	{ "net.ipv4.tcp_keepalive_intvl", "1.29 and Linux 4.5" },
	{ "net.ipv4.tcp_keepalive_probes", "1.29 and Linux 4.5" },
	{ "net.ipv4.tcp_rmem", "1.32 and Linux 4.15" },
	{ "net.ipv4.tcp_wmem", "1.32 and Linux 4.15" },
};

static size_t k8s_row(const char *key)
{
	size_t i = 0;

	while (i < COUNT(k8s_safe) && strcmp(k8s_safe[i].key, key) != 0)
		i++;
	return i;
}

static bool k8s_namespaced(const char *key)
{
	static const char *const namespaced[] = { "kernel.shm*", "kernel.msg*", "kernel.sem",
						  "fs.mqueue.*", "net.*" };
	bool found = false;

	for (size_t i = 0; i < COUNT(namespaced); i++)
		found = found || fnmatch(namespaced[i], key, 0) == 0;
	return found && !host_wide(key);
}

LINT_LINE(match_k8s_unsafe)
{
	if (!l->options.kubernetes || k8s_row(line->key) < COUNT(k8s_safe) ||
	    !k8s_namespaced(line->key) || known_dead(line))
		return false;
	return lint_say(f, "%s is not on the kubelet's safe list", line->key);
}

LINT_LINE(match_k8s_host_wide)
{
	if (!l->options.kubernetes || k8s_namespaced(line->key))
		return false;
	return lint_say(f, "%s is the node's: a pod cannot set it", line->key);
}

LINT_LINE(match_k8s_since)
{
	size_t row = k8s_row(line->key);

	if (!l->options.kubernetes || row == COUNT(k8s_safe) || !k8s_safe[row].since)
		return false;
	return lint_say(f, "%s is safe since Kubernetes %s", line->key, k8s_safe[row].since);
}
