#!/bin/sh
# long: 100,000 requests under every core strategy of TCP, reconciled to the connection; and a capture
# that loses packets is caught.  The rate is above the scenario's own to be done sooner.  UDP is left
# out: on a busy machine the kernel may drop a datagram, and nobody has promised otherwise.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need_net
cd "$tmp" || exit 1

core=$("$twbench" list strategies | awk '
	/^[a-z]/ { name = $1 }
	/TIME_WAIT:/ && !/not in the default run/ && name != "udp" { print name }')
is "exact: a dozen core strategies" "$(echo "$core" | wc -w)" 12
cat >questions <<'EOF2'
sum(len(c["repeats"]) for c in cases) != 1
repeats[0][1]["ledger"]["requests_attempted"] != 100000
repeats[0][1]["ledger"]["requests_answered"] != 100000
repeats[0][0]["strategy"] != "keepalive" and repeats[0][1]["capture"]["flows"] != 100000
repeats[0][1]["capture"]["dropped"] != 0
[k["name"] for k in repeats[0][1]["checks"] if not k["agrees"] and not k["skipped"]] != []
sum(k["agrees"] for k in repeats[0][1]["checks"]) < 25
EOF2

# One strategy at a time: when the machine spoils a run, only that one is made again, and from there on
# at a rate that the machine can keep.  All must end before the first TIME_WAIT does: 100,000 / 60 s.
rates='9000 6500 4000 2500'
exact() {
	for rate in $rates; do
		"$twbench" run exact --strategy "$1" --rate "$rate/s" --out res --quiet --no-plots >out 2>err
		code=$? err=$(cat err)
		spoilt || return 0
		[ "$rate" = 2500 ] || rates=${rates#* }
	done
}

for strategy in $core; do
	exact "$strategy"
	is "exact: $strategy: exit 0" "$code$err" 0
	is "exact: $strategy: is what ran" "$(json res/latest/run.json '[c["strategy"] for c in cases]')" "[\"$strategy\"]"
	while read -r question; do
		is "exact: $strategy: not $question" "$(json res/latest/run.json "$question")" false
	done <questions
done

# --- loss is not hidden ---------------------------------------------------------------------------------

run "$twbench" run smoke -s client-rst -d 2s -c 200 --set load.shape=saturate \
	--set witnesses.capture_buffer=64Ki --out lossy --no-plots
is "a capture buffer of 64 KiB: exit 3" "$code" 3
like "... says that packets were lost" "$err" \
	"^twbench run: invalid: .*packets lost by the capture: .*(raise witnesses.capture_buffer.*)"
ok "... counts them" test "$(json lossy/latest/run.json 'repeats[0][1]["capture"]["dropped"]')" -gt 0
like "... in the table, too" "$out" '(lost|untrustworthy|invalid)'
is "... the repeat is marked" "$(json lossy/latest/run.json 'repeats[0][1]["status"]')" untrustworthy
is "... the ledger is not touched by it" "$(json lossy/latest/run.json \
	'repeats[0][1]["ledger"]["outcomes"]["ok"] == repeats[0][1]["ledger"]["attempted"]')" true
run "$twbench" report lossy/latest
like "report says so again" "$out" 'packets lost by the capture'
done_testing
