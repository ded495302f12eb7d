#!/bin/sh
# Expectations and check from the command line: exit statuses, refusals before anything runs, --fail-on.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
cd "$tmp" || exit 1
# A slot missed on a busy machine is not what is tested here: failures_expected.
cat >tiny.json <<'J'
{ "schema": "twbench.scenario/1", "name": "tiny", "load": { "clients": 20, "rate": "100/s", "duration": "200ms" },
  "drain": false, "witnesses": { "capture": "off" }, "failures_expected": true }
J

# --- refused before anything runs ---------------------------------------------------------------

refused() { # refused NAME WANTED COMMAND...
	name=$1 want=$2
	shift 2
	run "$twbench" "$@"
	is "$name: exit 2" "$code" 2
	like "... says why" "$err" "$want"
	empty "... and ran nothing" "$out$(ls -d results 2>/dev/null)"
}
refused "a metric that is none" "did you mean 'ledger.outcomes.ok'" run ./tiny.json -e 'ledger.outcomes.okk > 1'
refused "a case that is none" "there is no case 'plian'" run ./tiny.json -e 'plian.ledger.outcomes.ok > 1'
refused "no unit" "'5' needs a unit" run ./tiny.json -e 'latency.connect.p50_ns < 5'
refused "a typo in --fail-on" "'fial' is not one of" run ./tiny.json --fail-on fial
refused "check without anything to check" 'nothing to check' check ./tiny.json
refused "check without a scenario" 'one scenario is needed' check
refused "a tuning file that is not there" 'nowhere.conf' check ./tiny.json --tuning nowhere.conf
echo '# nothing' >empty.conf
refused "a tuning file that sets nothing" "'empty.conf' sets nothing" check ./tiny.json --tuning empty.conf
refused "a run to resume that is not there" 'nowhere' run ./tiny.json --resume nowhere
rm -rf results
sed 's/"drain"/"expect": [\n"ledger.outcomes.ok > 1",\n"ledger.outcomes.okk > 1"], "drain"/' tiny.json >typo.json
line=$(grep -n okk typo.json | cut -d: -f1)
refused "a typo in the scenario" "scenario './typo.json': line $line: expect: .*there is no metric" run ./typo.json
refused "... even for --dry-run" "scenario './typo.json': line $line: expect: .*there is no metric" \
	run ./typo.json --dry-run
run "$twbench" compare tiny.json
is "compare with one run: exit 2" "$code $err" "2 twbench compare: two runs at least are needed: A and B"

# --- verdicts -----------------------------------------------------------------------------------

need_net_here() { may_userns || may_netns; }
if ! need_net_here; then
	skip "verdicts" "[namespace] neither user nor network namespaces may be made here"
	done_testing
fi
expect() { # expect CODE STATUS NAME OPTIONS...
	want=$1 status=$2 name=$3
	shift 3
	run "$twbench" run ./tiny.json -q --no-plots "$@"
	is "$name: exit $want" "$code" "$want"
	is "... and the record says so" "$(json results/latest/run.json '[r["exit"]["code"], r["run"]["status"]]')" "[$want, \"$status\"]"
}
expect 0 pass "met" -e 'ledger.outcomes.ok == 20' -e 'ledger.first_no_port_ns is null'
expect 1 fail "missed" -e 'ledger.outcomes.ok == 20' -e 'ledger.outcomes.ok < 20'
is "value, limit and margin are kept" "$(json results/latest/run.json \
	'[[x[k] for k in ("value", "limit", "margin", "verdict", "rule", "repeats")] for x in r["expectations"]]')" \
	'[[20, 20, 0, "pass", "every repeat", 1], [20, 20, 0, "fail", "every repeat", 1]]'
like "... stderr names it" "$err" "1 of 2 expectations not met: ledger.outcomes.ok < 20 \[client-fin\] \(exit 1\)"
run "$twbench" report results/latest
like "... the report shows it" "$out" '! MISSED: ledger.outcomes.ok < 20 \[client-fin\]: 20 connections, limit 20'
expect 1 fail "null cannot tell" -e 'ledger.first_no_port_ns > 1s'
is "... it is unknown" "$(json results/latest/run.json '[x["verdict"] for x in r["expectations"]]')" '["unknown"]'
expect 0 pass "null is allowed" -e 'ledger.first_no_port_ns > 1s or null'
expect 0 fail "missed, but not asked for" -e 'ledger.outcomes.ok < 20' --fail-on invalid,skip
first=$(readlink results/latest)
run "$twbench" report "results/$first" --format ktap --fail-on fail
is "report --fail-on fail of that record: exit 1" "$code" 1
run "$twbench" compare "results/$first" results/latest
is "compare with too few repeats decides nothing: exit 3" "$code" 3
like "... and says so" "$out" 'cannot decide: 1 and 1 repeats; 4 are needed on each side'
# --- ports that run out ---------------------------------------------------------------------------

# A load that was behind by more than a twentieth would be another one; here it is told how far it was.
for engine in event straight; do
	run "$twbench" run ./tiny.json -q --no-plots -o ports --set load.engine=$engine --rate 100/s --duration 1s \
		--set exhaustion_expected=true --sysctl 'net.ipv4.ip_local_port_range=40000 40049'
	like "$engine: 50 ports at 100/s: exit 0, or 3 on a machine that was too busy" "$code" '^[03]$'
	is "... they last half a second, and how late that was is known" "$(json ports/latest/run.json \
		'[(p["ledger"]["first_no_port_nth"], p["ledger"]["first_no_port_ns"] - p["ledger"]["first_no_port_late_ns"] >= 0.5e9, p["ledger"]["first_no_port_late_ns"] <= 0.05 * p["ledger"]["first_no_port_ns"]) for c, p in repeats]')" \
		"[[50, true, $([ "$code" -eq 0 ] && echo true || echo false)]]"
done

# --- seeds ----------------------------------------------------------------------------------------

# What each repeat drew: the sum of the sizes of its replies.  In what order the cases ran, alone each.
cat >drawn.json <<'J'
{ "schema": "twbench.scenario/1", "name": "drawn", "drain": false, "strategy": "client-fin", "witnesses": { "capture": "off" },
  "load": { "shape": "saturate", "clients": 2, "connections": 40 }, "protocol": { "reply_bytes": "1..100000" },
  "matrix": { "addressing.destinations": [1, 2, 3, 4, 5, 6] } }
J
drawn() { # drawn OUT OPTIONS...: prints the sums of each repeat in the order of the cases, then the order they ran in
	run "$twbench" run ./drawn.json -q --no-plots -o "$@"
	is "$*: exit 0 ${err:+($err)}" "$code" 0
	json "$1/latest/run.json" '[[p["ledger"]["reply_asked_bytes"] for p in c["repeats"]] for c in cases]' \
		'[n for n, _ in sorted(((c["name"], p["started_ns"]) for c, p in repeats if p["index"] == 1), key=lambda x: x[1])]' >"$1.said"
}
drawn first -n 2 --seed 7
drawn same -n 2 --seed 7
drawn next -n 1 --seed 8
is "the same seed: the same draws, and the same order of the cases" "$(cat same.said)" "$(cat first.said)"
is "two repeats draw differently; the second as the first of the seed after" "$(python3 - <<'PY'
import json
(first, order), (second, other) = [[json.loads(x) for x in open(f)] for f in ("first.said", "next.said")]
print(all(a != b for a, b in first), [b for _, b in first] == [b for b, in second], sorted(order) == sorted(other), order != other)
PY
)" "True True True True"
done_testing
