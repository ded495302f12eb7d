#!/bin/sh
# What `make perf` concludes from what it measured: medians of undisturbed rounds, verdicts, graphs from tables.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
out=$tmp/perf helper=$tmp cpus=2
mkdir "$out"
. tests/perf/lib.sh

round() { # round VALUE FOREIGN_SHARE: of "what", in section "s"
	printf 's\twhat\t%s\t%s\t1.000\t1.000\t-\n' "$1" "$2" >>"$out/samples.tsv"
}
begin() {
	: >"$out/samples.tsv"
	: >"$out/rows.tsv"
}

begin
round 30 0.00
round 10 0.05
round 20 0.01
round 99 0.06
is "median and range of the rounds that nobody disturbed" "$(summary s what)" '20 10 30 3 4'
begin
round 30 0.00
round 10 0.00
is "of two, what lies between them" "$(median s what)" 20
begin
for n in 1 2 3 4 5; do round "$n" "0.$n"; done
is "all disturbed: the three least" "$(summary s what)" '2 1 3 0 5'
begin
is "nothing measured: no number" "$(summary s what)" '- - - 0 0'

verdict() { # verdict OURS THEIRS SENSE TARGET: of a row of these
	row 1 what "$1" unit "$2" peer "$3" "$4" note >/dev/null
	tail -n 1 "$out/rows.tsv" | cut -f 10
}
is "half as much again, at least 1.15" "$(verdict 150 100 min 1.15)" met
is "as much, at least 1.15" "$(verdict 100 100 min 1.15)" MISSED
is "3, at most 2" "$(verdict 3 - max 2)" MISSED
is "2, at most 2" "$(verdict 2 - max 2)" met
is "no peer" "$(verdict 3 absent min 1)" absent
is "nothing measured" "$(verdict - - max 1)" absent
is "the machine's own noise" "$(verdict noise - max 1)" noise

# The kept run's graphs, drawn again.
cp results/reference/perf/*.tsv "$out/"
for g in results/reference/perf/*.svg; do names="${names:-} $(basename "$g" .svg)"; done
if have gnuplot; then
	. tests/perf/graphs.sh 2>"$tmp/said"
	is "gnuplot has nothing to say" "$(cat "$tmp/said" "$out/stderr")" ''
	for g in $names; do
		ok "$g.svg is whole" grep -q '</svg>' "$out/$g.svg"
		not_ok "$g.svg tells no path" grep -q "$out" "$out/$g.svg"
	done
else
	skip "graphs of the kept run" "gnuplot is not installed"
fi
done_testing
