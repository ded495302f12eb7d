/*
 * lab_link: the links and addresses of a lab whose namespaces exist.
 *
 *	veth       client a0 ------------------ b0 server
 *	wire       client a0 - a1 (relay) b1 - b0 server     one subnet, frames unchanged
 *	lo         127.0.0.1, 127.0.0.2 ... (all of 127/8 is local) and ::1
 *	lo-alias   the addresses of veth, on lo
 *
 * Client 10.77.0.1 and up (10.77.0.0/17), fd77::1:0:1 and up; server 10.77.128.1, fd77::2:0:1.
 * Neighbours are permanent, IPv6 has no duplicate detection and no link-local addresses: nothing
 * but the traffic delays the first segment.
 */
#ifndef TWBENCH_BENCH_LAB_LINK_H
#define TWBENCH_BENCH_LAB_LINK_H

struct err;
struct lab;

/*
 * Build the link of lab->topology (not host) between lab->ns and fill interface, relay_interface,
 * client, server (of `family`) and mtu.  Moves the calling thread between the namespaces.
 * 0, -ENOTSUP (IPv6 wanted and the kernel has none), or another negative errno with *err.
 */
int lab_link_build(struct lab *lab, int family, struct err *err);

#endif
