#!/bin/sh
# long: settings under test in twin labs: what helps, what does nothing, what is a mistake; the host
# as it was; an interrupted sweep resumed; A against A.
# shellcheck disable=SC2317 # functions are called through beside and wait_for
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need_net
cd "$tmp" || exit 1

# Every setting of the network stack of this namespace, in one sum.
host_settings() {
	find /proc/sys/net -type f -readable ! -path '*/route/flush' 2>/dev/null | sort |
		xargs grep -H . 2>/dev/null | grep -v -e conntrack_count -e /neigh/ -e stable_secret | cksum
}
before=$(host_settings)

# --- what the shipped scenarios prove -------------------------------------------------------------

proofs() {
	# Every command that a rule of `twbench lint` proposes; those that wait for TIME_WAIT to end, or for all
	# ports to be used up, take a minute.
	"$twbench" lint --rules | sed -n 's/^    prove:  twbench //p' | sort -u |
		grep -v -e '^lint ' -e 'lifetime$' -e 'check-fin-timeout$' -e 'exhaustion$' >proofs
	ok "the rules have proofs to run" test "$(wc -l <proofs)" -gt 10
	while read -r proof; do
		if [ "$proof" = 'check check-reuse-delay' ] && [ ! -e /proc/sys/net/ipv4/tcp_tw_reuse_delay ]; then
			skip "twbench $proof" "this kernel has no tcp_tw_reuse_delay"
			continue
		fi
		run sh -c "'$twbench' $proof -q --no-plots" </dev/null
		case $proof in
		*'# x'*) # that the kernel refuses the value is the proof
			is "twbench $proof: exit 2 ${err:+($err)}" "$code" 2
			continue
			;;
		esac
		is "twbench $proof: exit 0 ${err:+($err)}" "$code" 0
		case $proof in
		check*)
			is "... every expectation was met" \
				"$(json results/latest/run.json 'len(r["expectations"]) > 4 and {x["verdict"] for x in r["expectations"]} == {"pass"}')" true
			;;
		*tcp_max_tw_buckets=0)
			is "... no TIME_WAIT" "$(json results/latest/run.json \
				'[p["time_wait"][s]["peak"] for c, p in repeats for s in p["time_wait"]] == [0] * 8' \
				'sum(p["time_wait"][s]["overflowed"] or 0 for c, p in repeats for s in p["time_wait"])')" "true
200"
			is "... no lifetime is read off TIME_WAITs that never were" "$(json results/latest/run.json \
				'{p["time_wait"]["client"]["lifetime"]["count"] for c, p in repeats} == {0}')" true
			;;
		*tcp_max_tw_buckets=-1)
			is "... nothing overflows" "$(json results/latest/run.json \
				'sum(p["time_wait"][s]["overflowed"] or 0 for c, p in repeats for s in p["time_wait"])')" 0
			;;
		esac
	done <proofs
}

# --- a tuning, key by key -------------------------------------------------------------------------

settings() {
	cat >base.json <<'J'
{ "schema": "twbench.scenario/1", "name": "base", "load": { "clients": 200, "rate": "100/s", "duration": "3s" },
  "drain": false, "witnesses": { "capture": "on" },
  "tuning": { "sysctl": { "net.ipv4.ip_local_port_range": "40000 40199" } } }
J
	printf '%s\n' '# what the page said' 'net.ipv4.tcp_tw_reuse = 1' 'net.ipv4.tcp_fin_timeout = 15' 'vm.swappiness = 10' >good.conf
	run "$twbench" check ./base.json --tuning good.conf --no-plots -q -n 4 \
		-e 'tuned.ledger.outcomes.no_port == 0' -e 'tuned vs plain: ledger.outcomes.ok >= 1.5x'
	is "a tuning that helps: exit 0 ${err:+($err)}" "$code" 0
	is "each key has its verdict, file and line" "$(json results/latest/run.json \
		'[[t["key"], t["line"], t["verdict"], t["mistake"]] for t in r["tuning"]]')" \
		'[["net.ipv4.tcp_tw_reuse", 2, "helps", false], ["net.ipv4.tcp_fin_timeout", 3, "no-effect", false], ["vm.swappiness", 4, "not-tested", false]]'
	is "plain, tuned, and each key alone; interleaved" "$(json results/latest/run.json '" ".join(c["name"] for c in cases)' \
		'max(p["started_ns"] for c, p in repeats if p["index"] == 1) < min(p["started_ns"] for c, p in repeats if p["index"] == 2)')" \
		"plain.client-fin tuned.client-fin tcp_tw_reuse.client-fin tcp_fin_timeout.client-fin
true"
	run "$twbench" report results/latest
	like "the report says what was measured" "$out" 'better: ledger.outcomes.ok in client-fin: 200 connections without, 300 connections with'
	printf '%s\n' '# what the page said' '' 'net.ipv4.tcp_fin_timeout = 15' >idle.conf
	run "$twbench" check ./base.json --tuning idle.conf --no-plots -q -n 4 --fail-on fail,no-effect -d 1s
	is "--fail-on no-effect: exit 1" "$code" 1
	like "... names the line" "$err" 'idle.conf:3: net.ipv4.tcp_fin_timeout has no measurable effect'

	printf '%s\n' 'net.ipv4.tcp_tw_reuse = 1' '' 'net.ipv4.tcp_tw_recycle = 1' >mistake.conf
	run "$twbench" check ./base.json --tuning mistake.conf --no-plots -q -n 1 -d 500ms
	is "a planted mistake: exit 1" "$code" 1
	like "... named with file and line" "$err" 'mistake.conf:3: net.ipv4.tcp_tw_recycle is a mistake: .* is not known to this kernel \(removed in Linux 4.12\)'
	is "... in SARIF, too" "$("$twbench" report results/latest --format sarif | python3 -c '
import json, sys
print([(x["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], x["locations"][0]["physicalLocation"]["region"]["startLine"])
       for x in json.load(sys.stdin)["runs"][0]["results"]])')" "[('mistake.conf', 3)]"

	printf '%s\n' '# see the page' 'net.ipv4.tcp_tw_reuse 1' 'net.ipv4.tcp_sack = 1' >form.conf
	run "$twbench" check ./base.json --tuning form.conf --no-plots -q -n 1 -d 500ms
	is "a line that is no setting: exit 1" "$code" 1
	like "... named with file and line" "$err" "form.conf:2: net.ipv4.tcp_tw_reuse 1 is a mistake: the line is neither"

	echo 'net.ipv4.tcp_max_tw_buckets = 20' >hurts.conf
	run "$twbench" check ./base.json --tuning hurts.conf --no-plots -q -n 4 --confirm --set load.rate=50 --set load.duration=1s
	is "a setting that hurts, confirmed: exit 1" "$code" 1
	like "... named with file and line" "$err" 'hurts.conf:1: net.ipv4.tcp_max_tw_buckets hurts: time_wait.client.overflowed 0 sockets without, 30 sockets with'
	is "... it was run again" "$(json results/latest/run.json '[len(c["repeats"]) for c in cases]')" "[8, 8]"

	# What bounds orphans shows where orphans are, and nowhere else.
	printf '%s\n' 'net.ipv4.tcp_orphan_retries = 1' 'net.ipv4.tcp_fin_timeout = 1' >orphans.conf
	run "$twbench" check tuning --tuning orphans.conf --no-plots -q -n 4
	is "settings of orphans: exit 0 ${err:+($err)}" "$code" 0
	is "... FIN_WAIT1 and FIN_WAIT2 are compared, each where it waits" "$(json results/latest/run.json \
		'sorted([e["tuning"], e["case"], e["metric"]] for e in r["effects"] if e["verdict"] == "differs" and e["tuning"] != "all")' \
		'[t["verdict"] for t in r["tuning"]][0]')" \
		'[["net.ipv4.tcp_fin_timeout", "server-keeps", "closing.client.fin_wait2_peak"], ["net.ipv4.tcp_orphan_retries", "fin-lost", "closing.client.fin_wait1_peak"]]
changes'
	is "... no port came twice to a server that has its end open" "$(json results/latest/run.json \
		'sum(p["capture"]["syn_retrans"] for c, p in repeats if c["strategy"] in ("server-keeps", "fin-lost"))')" 0
}

# --- interrupted and resumed ------------------------------------------------------------------------

resumed() {
	cat >sweep.json <<'J'
{ "schema": "twbench.scenario/1", "name": "sweep", "load": { "clients": 50, "duration": "500ms" }, "drain": false, "repeat": 5,
  "failures_expected": true,
  "zip": { "load.rate": [100, 200], "addressing.destinations": [1, 2] } }
J
	"$twbench" run ./sweep.json -q --no-plots 2>/dev/null &
	pid=$!
	# Two labs at a time: when the first are noted, some repeats are finished and others are not.
	begun() { ls results/*.partial/run.json >/dev/null 2>&1; }
	wait_for 10 begun
	kill -INT "$pid"
	wait "$pid"
	is "an interrupted sweep: exit 130" "$?" 130
	dir=$(readlink results/latest)
	kept=$(json "results/$dir/run.json" 'sum(p["status"] == "ok" for c, p in repeats)')
	run "$twbench" run ./sweep.json -q --no-plots --resume "results/$dir"
	is "resumed: exit 0" "$code" 0
	is "... all repeats are there, in order" "$(json results/latest/run.json '[[p["index"] for p in c["repeats"]] for c in cases]' \
		'{p["status"] for c, p in repeats} == {"ok"}')" "[[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]
true"
	is "... what was finished was kept" "$(json results/latest/run.json 'r["warnings"]')" "[\"$kept repeats were taken over from run $dir.\"]"
	is "... with the files" "$(find results/latest/cases -name samples.csv | wc -l)" 10

	"$twbench" run ./sweep.json -q --no-plots --capture keep -o killed 2>/dev/null &
	pid=$!
	noted() { ls killed/*.partial/run.json >/dev/null 2>&1; }
	ok "between two batches what is finished is noted" wait_for 10 noted
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	dir=$(cd killed && ls -d -- *.partial)
	is "a sweep killed by SIGKILL leaves a valid record" \
		"$(json "killed/$dir/run.json" 'r["run"]["status"]' 'r["exit"]["code"]' 'sum(p["status"] == "ok" for c, p in repeats) in (2, 4, 6, 8)')" \
		"interrupted
null
true"
	kept=$(json "killed/$dir/run.json" 'sum(p["status"] == "ok" for c, p in repeats)')
	run "$twbench" run ./sweep.json -q --no-plots --capture keep -o killed --resume "killed/$dir"
	is "resumed: exit 0 ${err:+($err)}" "$code" 0
	is "... what was finished was kept, with its captures" "$(json killed/latest/run.json 'r["warnings"]')
$(find killed/latest/cases -name capture.pcap | wc -l)" "[\"$kept repeats were taken over from run ${dir%.partial}.\"]
10"
	is "... the killed run keeps its final name" "$(json "killed/${dir%.partial}/run.json" 'r["run"]["status"]')" interrupted

	dir=$(readlink results/latest)
	run "$twbench" run ./sweep.json -q --no-plots --resume "results/$dir" --seed 7
	is "with another option: exit 2" "$code" 2
	run "$twbench" run smoke -q --no-plots --resume "results/$dir"
	is "another scenario: exit 2" "$code" 2
}

# --- A against A ------------------------------------------------------------------------------------

changes() {
	cat >aa.json <<'J'
{ "schema": "twbench.scenario/1", "name": "aa", "load": { "clients": 100, "rate": "100/s", "duration": "1s" }, "drain": false,
  "repeat": 4, "failures_expected": true, "matrix": { "strategy": ["client-fin", "server-fin", "client-rst", "udp"] } }
J
	for rate in 100 110; do
		run "$twbench" run ./aa.json -q --no-plots --rate "$rate" -o "a$rate"
		[ "$code" -eq 0 ] || echo "# run at $rate failed: $err" >&2
	done
	run "$twbench" compare a100/latest a110/latest --metric ledger.outcomes.ok
	like "a tenth more of what is counted is found" "$out" 'ledger.outcomes.ok +100 connections +110 connections +\+10.0 %.* exact +better'
	is "... in every case" "$(printf '%s\n' "$out" | grep -c 'exact *better$')" 4
	is "... and is no failure" "$code" 0
	run "$twbench" compare a110/latest a100/latest --metric ledger.outcomes.ok
	is "a tenth less is one, in every case" "$code $(printf '%s\n' "$out" | grep -c 'exact *WORSE$')" "1 4"

	run "$twbench" run ./aa.json -q --no-plots -s client-fin --sysctl net.ipv4.tcp_max_tw_buckets=20 -o a3
	run "$twbench" compare a100/latest a3/latest --metric time_wait.client.overflowed --confirm
	is "--confirm: what is worse again is a failure" "$code" 1
	like "... and says so" "$out" 'WORSE: worse again when run again: 80$'
	python3 - a3/latest/run.json >once.json <<'PY'
import json, sys
r = json.load(open(sys.argv[1], encoding="utf-8"))
for c in r["run"]["scenario"]["resolved"]["cases"].values():
    c["tuning"]["sysctl"] = {}
json.dump(r, sys.stdout)
PY
	run "$twbench" compare a100/latest once.json --metric time_wait.client.overflowed --confirm
	is "... what is not worse again is none" "$code" 0
	like "... and says so" "$out" 'no evidence: worse once, but not when it was run again: 0$'
	sed 's/"release": *"[^"]*"/"release": "2.6.32"/' a3/latest/run.json >other.json
	run "$twbench" compare a100/latest other.json --metric time_wait.client.overflowed --confirm -q
	is "... on another kernel nothing can be confirmed: exit 2" "$code $err" \
		"2 twbench compare: --confirm: B was measured with another kernel"
}

# Runs mostly wait: what only counts goes on beside each other.  Timings are taken alone.
beside first settings resumed
beside second proofs changes
told first
told second

# Forty cases that are the same, their repeats shuffled: twenty pairs.  Each pair may be called different with
# the level's chance of 0.05, so more than five of them with one of 3,000 (binomial).
python3 - >pairs.json <<'PY'
import json
print(json.dumps({"schema": "twbench.scenario/1", "name": "pairs", "repeat": 4, "drain": False, "failures_expected": True,
    "load": {"clients": 20, "rate": "200/s", "connections": 20, "duration": "100ms"},
    "witnesses": {"sample_period": "20ms", "capture": "off"},
    "cases": {f"{side}{n}": {} for n in range(1, 21) for side in "ab"}}))
PY
run "$twbench" run ./pairs.json -q --no-plots -o pairs
is "twenty pairs of the same: exit 0 ${err:+($err)}" "$code" 0
python3 - <<'PY'
import json
with open("pairs/latest/run.json", encoding="utf-8") as f:
    record = json.load(f)
cases = record["cases"]
for side in "ab":
    record["cases"] = [{**c, "name": c["name"][1:]} for c in cases if c["name"][0] == side]
    with open(side + ".json", "w", encoding="utf-8") as f:
        json.dump(record, f)
PY
run "$twbench" compare a.json b.json --timings --all --json --fail-on none
printf '%s\n' "$out" >compared.json
cat >different.py <<'PY'
import json
pairs = json.load(open("compared.json"))["comparisons"][0]["cases"]
judged = sum(x["verdict"] != "undecided" for rows in pairs.values() for x in rows)
found = [(n, x["metric"]) for n, rows in pairs.items() for x in rows if x["verdict"] in ("better", "worse", "differs")]
print(len(pairs), judged >= 10 * len(pairs), len({n for n, _ in found}) <= 5, *found)
PY
like "... no more of them are called different than the level says" "$(python3 different.py)" '^20 True True'
like "... of what is counted, nothing is" "$(python3 different.py)" "^20 True True( \\('[0-9]+', 'latency[a-z0-9_.]+'\\))*$"

run "$twbench" compare a.json second/a100/latest
is "no case in common: exit 2, and no way round it" "$code $err" \
	"2 twbench compare: 'a.json' and 'second/a100/latest' are not comparable: they have no case in common"

is "the host's settings are as they were" "$(host_settings)" "$before"
done_testing
