#!/bin/sh
# Performance goals as ratios measured in one run, against the peers that are here: make perf.
# Usage: tests/perf.sh [SECTION...]   (rate tax pacing sampling sustained startup growth analysis)
#
# Each comparison alternates its contestants; a round in which other programs took 6 % of the CPUs
# or more is discarded, and medians are shown with their range.  Every run of ours must end with 0:
# all witnesses agree.  Environment: PERF_SECONDS (2) of a round, PERF_ROUNDS (2), PERF_OUT.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD twbench=$top/twbench tw_program=$twbench helper=$top/build/helper
seconds=${PERF_SECONDS:-2} rounds=${PERF_ROUNDS:-2}
cpus=$(nproc)
out=${PERF_OUT:-$top/results/perf-$(date -u +%Y%m%dT%H%M%SZ)}
mkdir -p "$out" || exit 1
: >"$out/rows.tsv" && : >"$out/samples.tsv" && : >"$out/commands.txt" && : >"$out/failures.txt"
. tests/perf/lib.sh
. tests/real_python.sh
real_python "$out/python"
export top twbench helper seconds rounds cpus out

# Peers that Debian has; what cannot be had is shown as absent.
install_peers() {
	missing=''
	for pair in wrk:wrk ab:apache2-utils h2load:nghttp2-client netperf:netperf tshark:tshark tcpdump:tcpdump tcptrace:tcptrace \
		ss:iproute2 netstat:net-tools gnuplot:gnuplot-nox; do
		have "${pair%%:*}" || missing="$missing ${pair#*:}"
	done
	[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
	[ -n "$missing" ] || return 0
	as=''
	[ "$(id -u)" -eq 0 ] || as='sudo -n'
	for package in $missing; do
		$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" \
			>/dev/null 2>&1 || echo "not to be had: $package"
	done
}

table() {
	awk -F '\t' '
	BEGIN { printf "%-4s %-58s %14s %-12s %14s %-12s %9s %-9s %s\n", "goal", "what", "ours", "", "theirs", "", "value", "target", "" }
	function n(v) { return v ~ /^-?[0-9.e+]+$/ ? (v + 0 >= 1000 ? sprintf("%d", v) : sprintf("%.4g", v)) : v }
	{ printf "%-4s %-58s %14s %-12s %14s %-12s %9s %s %-5s %s\n", $1, $2, n($3), $4, n($5), $6, n($7), $8 == "min" ? ">=" : "<=", n($9), $10 }
	' "$out/rows.tsv"
}

# Of each missed goal what explains it, and what was tried: tests/perf/tried.tsv has a row for each kind.
why() {
	awk -F '\t' 'NR == FNR { kind[++kinds] = $1; profile[kinds] = $2; text[kinds] = $3; next }
		$10 == "MISSED" {
			for (i = 1; i <= kinds && $2 !~ kind[i]; i++) { }
			rows[i] = rows[i] sprintf($7 + 0 < 1000 ? "  goal %s: %s: %.4g, %s %s\n" : "  goal %s: %s: %d, %s %s\n",
				$1, $2, $7, $8 == "min" ? "at least" : "at most", $9)
		}
		END {
			profile[kinds + 1] = "the rows notes"; text[kinds + 1] = "Not looked into."
			for (i = 1; i <= kinds + 1; i++)
				if (rows[i] != "")
					printf "missed\n%swhy: %s\n%s\n\n", rows[i], profile[i], text[i]
		}' "$top/tests/perf/tried.tsv" "$out/rows.tsv" | fold -s -w 120
}

json() {
	python3 - "$out" <<'P'
import json, os, platform, sys
out = sys.argv[1]
def number(text):
	try:
		return float(text)
	except ValueError:
		return None if text in ("-", "absent") else text
def lines(name):
	path = os.path.join(out, name)
	return [l.rstrip("\n").split("\t") for l in open(path)] if os.path.exists(path) else []
keys = ["goal", "what", "ours", "unit", "theirs", "peer", "value", "sense", "target", "verdict", "note"]
rows = [{k: number(v) if k in ("ours", "theirs", "value", "target") else v for k, v in zip(keys, l)} for l in lines("rows.tsv")]
keys = ["section", "what", "value", "foreign_share", "own_cpu_s", "wall_s", "segments"]
samples = [{k: v if k in ("section", "what") else number(v) for k, v in zip(keys, l)} for l in lines("samples.tsv")]
json.dump({"schema": "twbench.perf/1", "kernel": platform.release(), "cpus": os.cpu_count(), "rows": rows,
	   "samples": samples, "commands": [l[0] for l in lines("commands.txt")],
	   "failures": [l[0] for l in lines("failures.txt")]}, open(os.path.join(out, "perf.json"), "w"), indent=1)
P
}

install_peers
perf_started_s=$(date +%s)
[ $# -gt 0 ] || set -- rate tax pacing sampling sustained startup growth analysis
for section in "$@"; do
	section_started_s=$(date +%s)
	# shellcheck disable=SC1090 # one of tests/perf/
	. "tests/perf/$section.sh"
	echo "  ($section: $(($(date +%s) - section_started_s)) s)"
done
. tests/perf/graphs.sh
rm -rf "$out/python" "$out/perf-engine" "$out/run" "$out/many" "$out/stdout" "$out/account" "$out/account-sustained" "$out/report.html"
json
echo
table | tee "$out/table.txt"
echo
why | tee "$out/missed.txt"
[ ! -s "$out/failures.txt" ] || { echo 'runs that did not end with 0:'; cat "$out/failures.txt"; }
missed=$(awk -F '\t' '$10 == "MISSED"' "$out/rows.tsv" | wc -l)
noisy=$(awk -F '\t' '$10 == "noise"' "$out/rows.tsv" | wc -l)
echo "$(awk -F '\t' '$10 == "met"' "$out/rows.tsv" | wc -l) met, $missed missed, $noisy not judged (the machine's own noise), $(($(date +%s) - perf_started_s)) s; kept in $out"
[ ! -s "$out/failures.txt" ]
