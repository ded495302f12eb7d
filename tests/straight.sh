#!/bin/sh
# long: the engines in which one thread is both ends: the same strategies with the same marks on the wire,
# saturated and by a schedule, by plain calls (straight) and through io_uring (ring).
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need_net
cd "$tmp" || exit 1

colocated() { # colocated ARGUMENTS...
	run timeout 60 "$twbench" run smoke -q --no-plots -o res --set load.engine="$engine" \
		--set addressing.destinations=2 --strategy "$strategies" "$@"
}
counts() { # of each case
	json res/latest/run.json '"%s" % [p["ledger"]["attempted"] for c, p in repeats]' \
		'"%s" % [p["ledger"]["not_started"] for c, p in repeats]' \
		'"%s" % [max(p["time_wait"]["client"]["peak"], p["time_wait"]["server"]["peak"]) > 0 for c, p in repeats]'
}

engines=straight
if "$twbench" doctor | grep -q "^ok .*io_uring"; then
	engines="straight ring"
else
	skip "ring" "$("$twbench" doctor | sed -n 's/.*io_uring *//p')"
fi
for engine in $engines; do
	strategies=client-fin,server-fin,client-rst,server-rst,half-close,unread-close
	colocated --set load.shape=saturate --set load.connections=200
	is "$engine: saturated over veth: all witnesses agree" "$code" 0
	is "... 200 connections each, TIME_WAIT where it belongs" "$(counts)" \
		"[200, 200, 200, 200, 200, 200]
[0, 0, 0, 0, 0, 0]
[True, True, False, False, True, False]"

	strategies=client-fin,client-rst
	colocated --topology lo --set load.shape=saturate --set load.connections=200
	is "$engine: saturated over lo: all witnesses agree" "$code" 0
	is "... 200 connections each, TIME_WAIT where it belongs" "$(counts)" '[200, 200]
[0, 0]
[True, False]'
	for pacing in sleep spin; do
		colocated --rate 400 --duration 250ms --set load.pacing="$pacing"
		is "$engine: 400/s for 250 ms, $pacing: all witnesses agree" "$code" 0
		is "... every start of the schedule was made" "$(counts)" '[100, 100]
[0, 0]
[True, False]'
		is "... and timed" "$(json res/latest/run.json \
			'sorted({(p["latency"]["start_error"]["count"], p["latency"]["response"]["count"]) for c, p in repeats})')" '[[100, 100]]'
	done

	# A schedule that nobody can keep ends, and what was left out is counted.
	strategies=client-fin colocated --rate 200000 --duration 50ms --capture off --set protocol.timeout=10ms \
		--set addressing.sources=8
	is "$engine: a schedule beyond what this machine can do: exit 3" "$code" 3
	is "... what was started and what was not are all of it" "$(json res/latest/run.json \
		'[(p["ledger"]["attempted"] + p["ledger"]["not_started"], p["ledger"]["not_started"] > 0) for c, p in repeats]')" \
		'[[10000, true]]'

	# No port left: told as such, and the run goes on.
	strategies=client-fin colocated --set load.shape=saturate --set load.connections=40 --set exhaustion_expected=true \
		--sysctl 'net.ipv4.ip_local_port_range=40000 40009' --sysctl net.ipv4.tcp_tw_reuse=0 --set addressing.destinations=1
	is "$engine: 10 ports for 40 connections: all witnesses agree" "$code" 0
	is "... 30 found none" "$(json res/latest/run.json \
		'[(p["ledger"]["outcomes"]["ok"], p["ledger"]["outcomes"]["no_port"], p["errnos"][0]["name"]) for c, p in repeats]')" \
		'[[10, 30, "EADDRNOTAVAIL"]]'

	# Each way of choosing ports, and a request of many segments.
	for ports in kernel range explicit; do
		strategies=client-rst colocated --set load.shape=saturate --set load.connections=100 --set addressing.sources=3 \
			--set addressing.ports="$ports" --set protocol.request_bytes=9000 --set protocol.reply_bytes=12000
		is "$engine: ports by $ports, 9,000 bytes there, 12,000 back: all witnesses agree" "$code" 0
	done
done
done_testing
