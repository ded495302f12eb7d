#include "analysis/sysctl_keys.h"

#include <string.h>

#include "base/num.h"

#define ANY(scope, name)                                                                           \
	{                                                                                          \
		name, KEY_##scope, VALUE_ANY, 0, 0, false, 0, 0                                    \
	}
#define TEXT(scope, name, kind)                                                                    \
	{                                                                                          \
		name, KEY_##scope, VALUE_##kind, 0, 0, false, 0, 0                                 \
	}
#define NUMBER(scope, name, kind, low, high)                                                       \
	{                                                                                          \
		name, KEY_##scope, VALUE_##kind, low, high, false, 0, 0                            \
	}
#define MEANT(scope, name, kind, low, high, from, to)                                              \
	{                                                                                          \
		name, KEY_##scope, VALUE_##kind, low, high, true, from, to                         \
	}

/* Kept as jiffies in an int: at HZ=100, the slowest there is; at 250 the kernel stops at 8589934. */
#define SECONDS_MAX (INT32_MAX / 100)

// clang-format off
const struct sysctl_key sysctl_keys[] = {
	ANY(HOST, "net.core.bpf_jit_enable"),
	ANY(HOST, "net.core.bpf_jit_harden"),
	ANY(HOST, "net.core.bpf_jit_kallsyms"),
	ANY(HOST, "net.core.bpf_jit_limit"),
	ANY(HOST, "net.core.busy_poll"),
	ANY(HOST, "net.core.busy_read"),
	ANY(HOST, "net.core.default_qdisc"),
	NUMBER(HOST, "net.core.dev_weight", INT, INT32_MIN, INT32_MAX),
	ANY(HOST, "net.core.dev_weight_rx_bias"),
	ANY(HOST, "net.core.dev_weight_tx_bias"),
	ANY(HOST, "net.core.devconf_inherit_init_net"),
	ANY(HOST, "net.core.fb_tunnels_only_for_init_net"),
	ANY(HOST, "net.core.flow_limit_cpu_bitmap"),
	ANY(HOST, "net.core.flow_limit_table_len"),
	ANY(HOST, "net.core.gro_normal_batch"),
	ANY(HOST, "net.core.high_order_alloc_disable"),
	ANY(HOST, "net.core.max_skb_frags"),
	ANY(HOST, "net.core.mem_pcpu_rsv"),
	ANY(HOST, "net.core.message_burst"),
	ANY(HOST, "net.core.message_cost"),
	NUMBER(HOST, "net.core.netdev_budget", INT, INT32_MIN, INT32_MAX),
	ANY(HOST, "net.core.netdev_budget_usecs"),
	NUMBER(HOST, "net.core.netdev_max_backlog", INT, INT32_MIN, INT32_MAX),
	ANY(HOST, "net.core.netdev_rss_key"),
	ANY(HOST, "net.core.netdev_tstamp_prequeue"),
	ANY(HOST, "net.core.netdev_unregister_timeout_secs"),
	ANY(NETNS, "net.core.optmem_max"),
	ANY(HOST_SHOWN, "net.core.rmem_default"),
	ANY(HOST_SHOWN, "net.core.rmem_max"),
	ANY(NETNS, "net.core.rps_default_mask"),
	ANY(HOST, "net.core.rps_sock_flow_entries"),
	ANY(HOST, "net.core.skb_defer_max"),
	NUMBER(NETNS, "net.core.somaxconn", INT, 0, INT32_MAX),
	ANY(NETNS, "net.core.tstamp_allow_data"),
	ANY(NETNS, "net.core.txrehash"),
	ANY(HOST, "net.core.warnings"),
	ANY(HOST_SHOWN, "net.core.wmem_default"),
	ANY(HOST_SHOWN, "net.core.wmem_max"),
	ANY(HOST, "net.core.xfrm_acq_expires"),
	ANY(HOST, "net.core.xfrm_aevent_etime"),
	ANY(HOST, "net.core.xfrm_aevent_rseqth"),
	ANY(HOST, "net.core.xfrm_larval_drop"),
	ANY(HOST, "net.ipv4.cipso_cache_bucket_size"),
	ANY(HOST, "net.ipv4.cipso_cache_enable"),
	ANY(HOST, "net.ipv4.cipso_rbm_optfmt"),
	ANY(HOST, "net.ipv4.cipso_rbm_strictvalid"),
	ANY(NETNS, "net.ipv4.fib_multipath_hash_fields"),
	ANY(NETNS, "net.ipv4.fib_multipath_hash_policy"),
	ANY(NETNS, "net.ipv4.fib_multipath_hash_seed"),
	ANY(NETNS, "net.ipv4.fib_multipath_use_neigh"),
	NUMBER(NETNS, "net.ipv4.fib_notify_on_flag_change", INT, 0, 2),
	ANY(HOST, "net.ipv4.fib_sync_mem"),
	NUMBER(NETNS, "net.ipv4.fwmark_reflect", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.icmp_echo_enable_probe", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.icmp_echo_ignore_all", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.icmp_echo_ignore_broadcasts", INT, 0, 1),
	ANY(NETNS, "net.ipv4.icmp_errors_extension_mask"),
	NUMBER(NETNS, "net.ipv4.icmp_errors_use_inbound_ifaddr", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.icmp_ignore_bogus_error_responses", INT, 0, 1),
	ANY(NETNS, "net.ipv4.icmp_msgs_burst"),
	ANY(NETNS, "net.ipv4.icmp_msgs_per_sec"),
	ANY(NETNS, "net.ipv4.icmp_ratelimit"),
	NUMBER(NETNS, "net.ipv4.icmp_ratemask", INT, INT32_MIN, INT32_MAX),
	ANY(NETNS, "net.ipv4.igmp_link_local_mcast_reports"),
	NUMBER(NETNS, "net.ipv4.igmp_max_memberships", INT, INT32_MIN, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.igmp_max_msf", INT, INT32_MIN, INT32_MAX),
	ANY(NETNS, "net.ipv4.igmp_qrv"),
	NUMBER(HOST, "net.ipv4.inet_peer_maxttl", INT, INT32_MIN, INT32_MAX),
	NUMBER(HOST, "net.ipv4.inet_peer_minttl", INT, INT32_MIN, INT32_MAX),
	NUMBER(HOST, "net.ipv4.inet_peer_threshold", INT, INT32_MIN, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.ip_autobind_reuse", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.ip_default_ttl", INT, 1, 255),
	NUMBER(NETNS, "net.ipv4.ip_dynaddr", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.ip_early_demux", INT, 0, 255),
	ANY(NETNS, "net.ipv4.ip_forward"),
	NUMBER(NETNS, "net.ipv4.ip_forward_update_priority", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.ip_forward_use_pmtu", INT, 0, 255),
	TEXT(NETNS, "net.ipv4.ip_local_port_range", RANGE),
	TEXT(NETNS, "net.ipv4.ip_local_reserved_ports", PORTS),
	NUMBER(NETNS, "net.ipv4.ip_no_pmtu_disc", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.ip_nonlocal_bind", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.ip_unprivileged_port_start", INT, 0, 65535),
	ANY(NETNS, "net.ipv4.ipfrag_high_thresh"),
	ANY(NETNS, "net.ipv4.ipfrag_low_thresh"),
	ANY(NETNS, "net.ipv4.ipfrag_max_dist"),
	ANY(NETNS, "net.ipv4.ipfrag_secret_interval"),
	ANY(NETNS, "net.ipv4.ipfrag_time"),
	ANY(NETNS, "net.ipv4.nexthop_compat_mode"),
	ANY(NETNS, "net.ipv4.ping_group_range"),
	ANY(NETNS, "net.ipv4.raw_l3mdev_accept"),
	MEANT(NETNS, "net.ipv4.tcp_abort_on_overflow", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_adv_win_scale", INT, -31, 31),
	ANY(HOST_SHOWN, "net.ipv4.tcp_allowed_congestion_control"),
	NUMBER(NETNS, "net.ipv4.tcp_app_win", INT, 0, 31),
	NUMBER(NETNS, "net.ipv4.tcp_autocorking", INT, 0, 1),
	ANY(READ_ONLY, "net.ipv4.tcp_available_congestion_control"),
	ANY(READ_ONLY, "net.ipv4.tcp_available_ulp"),
	NUMBER(NETNS, "net.ipv4.tcp_backlog_ack_defer", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_base_mss", INT, INT32_MIN, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_challenge_ack_limit", INT, INT32_MIN, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_child_ehash_entries", INT, 0, 16777216),
	ANY(NETNS, "net.ipv4.tcp_comp_sack_delay_ns"),
	ANY(NETNS, "net.ipv4.tcp_comp_sack_nr"),
	ANY(NETNS, "net.ipv4.tcp_comp_sack_rtt_percent"),
	ANY(NETNS, "net.ipv4.tcp_comp_sack_slack_ns"),
	ANY(NETNS, "net.ipv4.tcp_congestion_control"),
	MEANT(NETNS, "net.ipv4.tcp_dsack", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_early_demux", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.tcp_early_retrans", INT, 0, 4),
	NUMBER(NETNS, "net.ipv4.tcp_ecn", INT, 0, 2),
	NUMBER(NETNS, "net.ipv4.tcp_ecn_fallback", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_ecn_option", INT, 0, 2),
	ANY(NETNS, "net.ipv4.tcp_ecn_option_beacon"),
	ANY(READ_ONLY, "net.ipv4.tcp_ehash_entries"),
	NUMBER(NETNS, "net.ipv4.tcp_fack", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.tcp_fastopen", INT, INT32_MIN, INT32_MAX),
	ANY(NETNS, "net.ipv4.tcp_fastopen_blackhole_timeout_sec"),
	ANY(NETNS, "net.ipv4.tcp_fastopen_key"),
	NUMBER(NETNS, "net.ipv4.tcp_fin_timeout", INT, -SECONDS_MAX, SECONDS_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_frto", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.tcp_fwmark_accept", INT, 0, 255),
	ANY(NETNS, "net.ipv4.tcp_invalid_ratelimit"),
	MEANT(NETNS, "net.ipv4.tcp_keepalive_intvl", INT, -SECONDS_MAX, SECONDS_MAX, 1, SECONDS_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_keepalive_probes", INT, 0, 255),
	MEANT(NETNS, "net.ipv4.tcp_keepalive_time", INT, -SECONDS_MAX, SECONDS_MAX, 1, SECONDS_MAX),
	ANY(NETNS, "net.ipv4.tcp_l3mdev_accept"),
	NUMBER(NETNS, "net.ipv4.tcp_limit_output_bytes", INT, INT32_MIN, INT32_MAX),
	NUMBER(HOST, "net.ipv4.tcp_low_latency", INT, INT32_MIN, INT32_MAX),
	NUMBER(HOST, "net.ipv4.tcp_max_orphans", INT, INT32_MIN, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_max_reordering", INT, 1, INT32_MAX),
	MEANT(NETNS, "net.ipv4.tcp_max_syn_backlog", INT, INT32_MIN, INT32_MAX, 1, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_max_tw_buckets", INT, INT32_MIN, INT32_MAX),
	NUMBER(HOST, "net.ipv4.tcp_mem", INTS, 0, INT64_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_migrate_req", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_min_rtt_wlen", INT, 0, 86400),
	ANY(NETNS, "net.ipv4.tcp_min_snd_mss"),
	ANY(NETNS, "net.ipv4.tcp_min_tso_segs"),
	MEANT(NETNS, "net.ipv4.tcp_moderate_rcvbuf", INT, 0, 255, 0, 1),
	ANY(NETNS, "net.ipv4.tcp_mtu_probe_floor"),
	MEANT(NETNS, "net.ipv4.tcp_mtu_probing", INT, 0, 255, 0, 2),
	MEANT(NETNS, "net.ipv4.tcp_no_metrics_save", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_no_ssthresh_metrics_save", INT, 0, 1),
	ANY(NETNS, "net.ipv4.tcp_notsent_lowat"),
	NUMBER(NETNS, "net.ipv4.tcp_orphan_retries", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.tcp_pacing_ca_ratio", INT, 0, 1000),
	NUMBER(NETNS, "net.ipv4.tcp_pacing_ss_ratio", INT, 0, 1000),
	ANY(NETNS, "net.ipv4.tcp_pingpong_thresh"),
	ANY(NETNS, "net.ipv4.tcp_plb_cong_thresh"),
	NUMBER(NETNS, "net.ipv4.tcp_plb_enabled", INT, 0, 1),
	ANY(NETNS, "net.ipv4.tcp_plb_idle_rehash_rounds"),
	ANY(NETNS, "net.ipv4.tcp_plb_rehash_rounds"),
	ANY(NETNS, "net.ipv4.tcp_plb_suspend_rto_sec"),
	ANY(NETNS, "net.ipv4.tcp_probe_interval"),
	NUMBER(NETNS, "net.ipv4.tcp_probe_threshold", INT, INT32_MIN, INT32_MAX),
	ANY(NETNS, "net.ipv4.tcp_rcvbuf_low_rtt"),
	NUMBER(NETNS, "net.ipv4.tcp_recovery", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.tcp_reflect_tos", INT, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_reordering", INT, 1, INT32_MAX),
	MEANT(NETNS, "net.ipv4.tcp_retrans_collapse", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_retries1", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.tcp_retries2", INT, 0, 255),
	MEANT(NETNS, "net.ipv4.tcp_rfc1337", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_rmem", INTS, 1, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_rto_max_ms", INT, 1000, 120000),
	NUMBER(NETNS, "net.ipv4.tcp_rto_min_us", INT, 1, INT32_MAX),
	MEANT(NETNS, "net.ipv4.tcp_sack", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_shrink_window", INT, 0, 1),
	MEANT(NETNS, "net.ipv4.tcp_slow_start_after_idle", INT, 0, 255, 0, 1),
	MEANT(NETNS, "net.ipv4.tcp_stdurg", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_syn_linear_timeouts", INT, 0, 127),
	NUMBER(NETNS, "net.ipv4.tcp_syn_retries", INT, 1, 127),
	NUMBER(NETNS, "net.ipv4.tcp_synack_retries", INT, 0, 255),
	MEANT(NETNS, "net.ipv4.tcp_syncookies", INT, 0, 255, 0, 2),
	NUMBER(NETNS, "net.ipv4.tcp_thin_linear_timeouts", INT, 0, 255),
	MEANT(NETNS, "net.ipv4.tcp_timestamps", INT, 0, 255, 0, 2),
	ANY(NETNS, "net.ipv4.tcp_tso_rtt_log"),
	NUMBER(NETNS, "net.ipv4.tcp_tso_win_divisor", INT, 0, 255),
	NUMBER(NETNS, "net.ipv4.tcp_tw_reuse", INT, 0, 2),
	NUMBER(NETNS, "net.ipv4.tcp_tw_reuse_delay", INT, 1, 60000),
	MEANT(NETNS, "net.ipv4.tcp_window_scaling", INT, 0, 255, 0, 1),
	NUMBER(NETNS, "net.ipv4.tcp_wmem", INTS, 1, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.tcp_workaround_signed_windows", INT, 0, 255),
	ANY(NETNS, "net.ipv4.udp_child_hash_entries"),
	NUMBER(NETNS, "net.ipv4.udp_early_demux", INT, 0, 255),
	ANY(READ_ONLY, "net.ipv4.udp_hash_entries"),
	ANY(NETNS, "net.ipv4.udp_l3mdev_accept"),
	NUMBER(HOST, "net.ipv4.udp_mem", INTS, 0, INT64_MAX),
	NUMBER(NETNS, "net.ipv4.udp_rmem_min", INT, 1, INT32_MAX),
	NUMBER(NETNS, "net.ipv4.udp_wmem_min", INT, 1, INT32_MAX),
	ANY(NETNS, "net.ipv4.xfrm4_gc_thresh"),
	ANY(NETNS, "net.netfilter.nf_conntrack_acct"),
	ANY(HOST_SHOWN, "net.netfilter.nf_conntrack_buckets"),
	ANY(NETNS, "net.netfilter.nf_conntrack_checksum"),
	ANY(READ_ONLY, "net.netfilter.nf_conntrack_count"),
	ANY(NETNS, "net.netfilter.nf_conntrack_events"),
	ANY(HOST_SHOWN, "net.netfilter.nf_conntrack_expect_max"),
	ANY(NETNS, "net.netfilter.nf_conntrack_frag6_high_thresh"),
	ANY(NETNS, "net.netfilter.nf_conntrack_frag6_low_thresh"),
	ANY(NETNS, "net.netfilter.nf_conntrack_frag6_timeout"),
	ANY(NETNS, "net.netfilter.nf_conntrack_generic_timeout"),
	ANY(NETNS, "net.netfilter.nf_conntrack_gre_timeout"),
	ANY(NETNS, "net.netfilter.nf_conntrack_gre_timeout_stream"),
	ANY(NETNS, "net.netfilter.nf_conntrack_icmp_timeout"),
	ANY(NETNS, "net.netfilter.nf_conntrack_icmpv6_timeout"),
	ANY(NETNS, "net.netfilter.nf_conntrack_log_invalid"),
	ANY(HOST_SHOWN, "net.netfilter.nf_conntrack_max"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_closed"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_cookie_echoed"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_cookie_wait"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_established"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_heartbeat_sent"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_shutdown_ack_sent"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_shutdown_recd"),
	ANY(NETNS, "net.netfilter.nf_conntrack_sctp_timeout_shutdown_sent"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_be_liberal"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_ignore_invalid_rst"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_loose"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_max_retrans"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_close"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_close_wait"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_established"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_fin_wait"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_last_ack"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_max_retrans"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_syn_recv"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_syn_sent"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_time_wait"),
	ANY(NETNS, "net.netfilter.nf_conntrack_tcp_timeout_unacknowledged"),
	ANY(NETNS, "net.netfilter.nf_conntrack_timestamp"),
	ANY(NETNS, "net.netfilter.nf_conntrack_udp_timeout"),
	ANY(NETNS, "net.netfilter.nf_conntrack_udp_timeout_stream"),
	ANY(HOST, "net.nf_conntrack_max"),
};
// clang-format on

const size_t sysctl_key_count = sizeof(sysctl_keys) / sizeof(sysctl_keys[0]);

const struct sysctl_key *sysctl_key_find(const char *name)
{
	size_t low = 0, high = sysctl_key_count; /* the table is in order */

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = strcmp(name, sysctl_keys[middle].name);

		if (r == 0)
			return &sysctl_keys[middle];
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *sysctl_key_nearest(const char *name, int limit)
{
	const char *best = NULL;

	for (size_t i = 0; i < sysctl_key_count; i++) {
		int distance = num_edit_distance(name, sysctl_keys[i].name, limit);

		if (distance <= limit) {
			limit = distance - 1;
			best = sysctl_keys[i].name;
		}
	}
	return best;
}

static char swapped(char c)
{
	return (char)(c == '.' ? '/' : c == '/' ? '.' : c);
}

/* sysctl.d(5): the first separator tells which of the two parts the name; the other is then a dot
 * within a part.  The kernel's path takes no empty parts. */
void sysctl_key_canonical(const char *written, char *buf, size_t size)
{
	const char *first = strpbrk(written, "./");
	bool swap = first && *first == '/';
	size_t n = 0;

	for (const char *p = written; *p && n + 1 < size; p++) {
		char c = swap ? swapped(*p) : *p;

		if (c == '.' && (n == 0 || buf[n - 1] == '.'))
			continue;
		buf[n++] = c;
	}
	while (n > 0 && buf[n - 1] == '.')
		n--;
	if (size > 0)
		buf[n] = '\0';
}
