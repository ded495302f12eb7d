#!/bin/sh
# The straight engine: the same strategies with the same marks on the wire, saturated and by a schedule.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need_net
cd "$tmp" || exit 1

strategies=client-fin,server-fin,client-rst,server-rst,half-close,unread-close
straight() { # straight ARGUMENTS...
	run timeout 60 "$twbench" run smoke -q --no-plots -o res --set load.engine=straight \
		--set addressing.destinations=2 --strategy "$strategies" "$@"
}
counts() { # of each case
	json res/latest/run.json '"%s" % [p["ledger"]["attempted"] for c, p in repeats]' \
		'"%s" % [p["ledger"]["not_started"] for c, p in repeats]' \
		'"%s" % [max(p["time_wait"]["client"]["peak"], p["time_wait"]["server"]["peak"]) > 0 for c, p in repeats]'
}

straight --set load.shape=saturate --set load.connections=200
is "saturated over veth: all witnesses agree" "$code" 0
is "... 200 connections each, TIME_WAIT where it belongs" "$(counts)" \
	"[200, 200, 200, 200, 200, 200]
[0, 0, 0, 0, 0, 0]
[True, True, False, False, True, False]"

strategies=client-fin,client-rst
straight --topology lo --set load.shape=saturate --set load.connections=200
is "saturated over lo: all witnesses agree" "$code" 0
is "... 200 connections each, TIME_WAIT where it belongs" "$(counts)" '[200, 200]
[0, 0]
[True, False]'
for pacing in sleep spin; do
	straight --rate 400 --duration 250ms --set load.pacing="$pacing"
	is "400/s for 250 ms, $pacing: all witnesses agree" "$code" 0
	is "... every start of the schedule was made" "$(counts)" '[100, 100]
[0, 0]
[True, False]'
	is "... and timed" "$(json res/latest/run.json \
		'sorted({(p["latency"]["start_error"]["count"], p["latency"]["response"]["count"]) for c, p in repeats})')" '[[100, 100]]'
done

# A schedule that nobody can keep ends, and what was left out is counted.
strategies=client-fin straight --rate 200000 --duration 50ms --capture off --set protocol.timeout=10ms \
	--set addressing.sources=8
is "a schedule beyond what this machine can do: exit 3" "$code" 3
is "... what was started and what was not are all of it" "$(json res/latest/run.json \
	'[(p["ledger"]["attempted"] + p["ledger"]["not_started"], p["ledger"]["not_started"] > 0) for c, p in repeats]')" \
	'[[10000, true]]'
done_testing
