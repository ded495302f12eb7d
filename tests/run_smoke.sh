#!/bin/sh
# A whole run, as a stranger would make it: files, record, checks, report and graphs; both ways of
# isolation; as an ordinary user; a second run leaves the first alone.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need_net
cd "$tmp" || exit 1

# sums DIRECTORY: of every file in it
sums() { find "$1" -type f -exec cksum {} + | sort; }

valid() { # valid RUN: run.json keeps to the shipped schema
	if ! python3 -c 'import jsonschema' 2>/dev/null; then
		skip "$1 keeps to the schema" "python3-jsonschema is not installed"
		return
	fi
	ok "$1 keeps to the schema" python3 -c '
import json, sys
from jsonschema import Draft7Validator
schema, record = (json.load(open(p, encoding="utf-8")) for p in sys.argv[1:])
Draft7Validator.check_schema(schema)
faults = [".".join(map(str, e.absolute_path)) + ": " + e.message[:200] for e in Draft7Validator(schema).iter_errors(record)]
print("\n".join(faults[:5]))
sys.exit(len(faults) > 0)' "$top/fixtures/schema/run.schema.json" "$1/run.json"
}

measured() { # measured RUN: what the record of a smoke run must say
	is "$1 says what a smoke run must" "$(json "$1/run.json" \
		'" ".join(c["name"] for c in cases)' \
		'[r["exit"]["code"], r["exit"]["reason"], r["run"]["status"], r["tool"]["version"]]' \
		'"status %s" % [p["status"] for c, p in repeats]' \
		'"ok %s" % [p["ledger"]["outcomes"]["ok"] for c, p in repeats]' \
		'"disagree %s" % [k["name"] for c, p in repeats for k in p["checks"] if not k["agrees"] and not k["skipped"]]' \
		'"enough checks %s" % [sum(k["agrees"] for k in p["checks"]) >= (20, 10)[c["name"] == "udp"] for c, p in repeats]' \
		'"peaks %s" % [[p["time_wait"][s]["peak"] + (p["time_wait"][s]["reopened"] or 0) for s in ("client", "server")] for c, p in repeats]' \
		'"lost %s" % [p["capture"]["dropped"] for c, p in repeats]')" \
		"client-fin server-fin client-rst udp
[0, \"all witnesses agree\", \"pass\", \"$version\"]
status ['ok', 'ok', 'ok', 'ok']
ok [100, 100, 100, 100]
disagree []
enough checks [True, True, True, True]
peaks [[100, 0], [0, 100], [0, 0], [0, 0]]
lost [0, 0, 0, 0]"
}

version=$("$twbench" --version | cut -d ' ' -f 2)
run "$twbench" run smoke -o res
is "run smoke: exit 0" "$code" 0
like "... says that the witnesses agree" "$out" 'all witnesses agree'
like "... has a line for each case" "$out" '^client-fin +100 +0 +client '
first=$(readlink res/latest)
like "results/latest points to the run" "$first" '^[0-9]{8}T[0-9]{6}Z-smoke-[0-9a-f]{4}$'
is "results hold the run and the link" "$(cd res && echo .[!.]* *)" ".[!.]* $first latest"
for file in run.json report.html summary.md summary.txt cases/client-fin/r1/samples.csv \
	cases/client-fin/r1/response.hgrm; do
	ok "$file is there" test -s "res/latest/$file"
done
is "the summary is what was shown" "$(grep -c 'client-rst' res/latest/summary.txt)" \
	"$(printf '%s\n' "$out" | grep -c 'client-rst')"
valid res/latest
measured res/latest
if command -v gnuplot >/dev/null; then
	ok "graphs were drawn" test -s res/latest/plots/tw-by-strategy.svg
else
	skip "graphs were drawn" "gnuplot is not installed"
fi

# --- from the record alone ----------------------------------------------------------------------

before=$(sums res)
cp res/latest/run.json alone.json
run "$twbench" report alone.json
is "report of run.json alone: exit 0" "$code" 0
like "... shows the cases" "$out" '^server-fin +0 +100 +server '
if command -v gnuplot >/dev/null; then
	run "$twbench" plot alone.json --out graphs
	is "plot of run.json alone: exit 0" "$code" 0
	ok "... draws" test -s graphs/tw-by-strategy.svg
fi
"$twbench" report alone.json --format json >again.json
is "the verdict is found again" "$(json again.json '[len([k for k in p["checks"] if k["agrees"]]) for c, p in repeats]')" \
	"$(json alone.json '[len([k for k in p["checks"] if k["agrees"]]) for c, p in repeats]')"

# --- without gnuplot ------------------------------------------------------------------------------

mkdir nothing
run env PATH="$PWD/nothing" "$twbench" run smoke -s client-fin -d 200ms -o without
is "without gnuplot: exit 0" "$code" 0
like "... says so" "$out" '^no graphs: gnuplot is not in PATH$'
ok "... and has a report" test -s without/latest/report.html
rm -r nothing without

python3 -c '
import json
r = json.load(open("alone.json"))
r["cases"][0]["repeats"][0]["capture"]["fin"]["client"] += 1
json.dump(r, open("false.json", "w"))'
run "$twbench" report false.json --fail-on invalid
is "a FIN too many in the record: the stored verdict is not believed, exit 3" "$code" 3
like "... the report begins with it" "$(printf '%s\n' "$out" | sed -n 2p)" "^invalid: case 'client-fin', repeat 1: FINs: "
like "... and sizes it" "$out" 'off by 1, tolerance 0'

# --- a second run, the other way ------------------------------------------------------------------

way() { # way ISOLATION WANTED OPTION
	run "$twbench" run smoke -o res --isolation "$1" --no-plots "$3"
	is "--isolation $1: exit 0" "$code" 0
	is "... the record tells" "$(json res/latest/run.json '{p["isolation"] for c, p in repeats} == {"'"$2"'"}')" true
	measured res/latest
	valid res/latest
	is "... the first run is as it was" "$(sums "res/$first")" "$(printf '%s\n' "$before" | grep " res/$first/")"
	not_ok "... no graphs, as asked" test -e res/latest/plots
}
if may_userns; then
	way userns userns+netns --quiet
	empty "--quiet is quiet" "$out$err"
else
	skip "--isolation userns" "[namespace] user namespaces may not be made here"
fi
if may_netns; then
	way netns netns --json
	cp "$tmp/run.out" shown.json
	is "--json prints the record" "$(json shown.json 'r["run"]["id"]')" "$(readlink res/latest)"
else
	skip "--isolation netns" "needs root"
fi

# --- the ends of a load -----------------------------------------------------------------------

run "$twbench" run smoke -q --no-plots -o late --strategy keepalive --set protocol.think=300ms
is "requests under way when the load ends: their connections end, too" "$code" 0
run timeout 60 "$twbench" run smoke -q --no-plots -o late --strategy keepalive -c 64 -d 300ms -n 5 \
	--set load.shape=saturate --set addressing.sources=8 --capture off
is "connections kept when a saturating load ends: they end, too" "$code" 0

# --- closed streams ------------------------------------------------------------------------------

# What is said on a closed stream must not end in a file that got its number.
"$twbench" run smoke -s client-fin -d 100ms -c 10 -o closed --no-plots -e 'ledger.attempted == 0' <&- >&- 2>&-
is "standard streams closed: the verdict is the same" $? 1
file=closed/latest/cases/client-fin/r1/capture.pcap
is "... the capture holds packets only" "$("$twbench" analyze --json "$file" | grep -c '"class":"orderly')" 10
not_ok "... and no words" grep -aq twbench "$file"

# --- as an ordinary user --------------------------------------------------------------------------

if [ "$(id -u)" -ne 0 ]; then
	skip "as an ordinary user" "all of the above was"
elif ! command -v setpriv >/dev/null || ! may_userns; then
	skip "as an ordinary user" "[namespace] setpriv or user namespaces are missing"
else
	cp "$twbench" twbench.copy
	mkdir theirs
	chown 65534:65534 theirs
	chmod 755 . twbench.copy
	run setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all \
		env -C theirs "$tmp/twbench.copy" run smoke --no-plots
	is "as an ordinary user: exit 0" "$code" 0
	measured theirs/results/latest
	is "... the files are theirs" "$(find theirs ! -user 65534)" ''
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$tmp/twbench.copy" run smoke --no-plots -o "$tmp/mine"
	is "... where they may not write: exit 5" "$code" 5
	like "... says where" "$err" "^twbench run: cannot make directory '.*/mine': Permission denied$"
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$tmp/twbench.copy" run smoke -q -o "$tmp/theirs/x" \
		--isolation netns
	is "... root's isolation: exit 4" "$code" 4
	like "... says what is lacking" "$err" '^twbench run: .*needs root'
fi
done_testing
