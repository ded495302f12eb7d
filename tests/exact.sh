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
	/TIME_WAIT:/ && !/not in the default run/ && name != "udp" { print name }' | paste -sd ,)
run "$twbench" run exact --strategy "$core" --rate 6500/s --out res --quiet --no-plots
is "exact: exit 0" "$code$err" 0
record=res/latest/run.json
is "exact: every core strategy" "$(json $record '",".join(c["strategy"] for c in cases)')" "$core"
ok "exact: they are a dozen" test "$(json $record 'len(cases)')" -ge 12
cat >questions <<'EOF2'
[c["name"] for c, p in repeats if p["ledger"]["requests_attempted"] != 100000]
[c["name"] for c, p in repeats if p["ledger"]["requests_answered"] != 100000]
[c["name"] for c, p in repeats if c["strategy"] != "keepalive" and p["capture"]["flows"] != 100000]
[c["name"] for c, p in repeats if p["capture"]["dropped"] != 0]
[(c["name"], k["name"]) for c, p in repeats for k in p["checks"] if not k["agrees"] and not k["skipped"]]
[c["name"] for c, p in repeats if sum(k["agrees"] for k in p["checks"]) < 25]
EOF2
while read -r question; do
	is "exact: none of $question" "$(json $record "$question")" '[]'
done <questions
is "exact: they ran each in a lab of their own" "$(json $record '[p["parallel_labs"] for c, p in repeats] == [1] * len(repeats)')" true

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
