# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Helpers of the performance sections.  A section measures contestants in turns (A B A B), keeps each
# round in $out/samples.tsv with what disturbed it, and adds judged lines to $out/rows.tsv.
# Set by tests/perf.sh: top, twbench, tw_program (what tw_run runs), helper, out, cpus, seconds, rounds.

lab_range='net.ipv4.ip_local_port_range=1024 65535'
lab_buckets='net.ipv4.tcp_max_tw_buckets=4000000'

have() { command -v "$1" >/dev/null 2>&1; }

# measure WHAT COMMAND...: run it under perf_round; its standard output goes to $out/stdout, and
# wall_s, own_s, user_s, foreign_s and exit are set.  False when the command failed.
measure() {
	shift_what=$1
	shift
	printf '%s: %s\n' "$shift_what" "$*" | sed "s|$out|OUT|g; s|$top/||g; s|$top|.|g" >>"$out/commands.txt"
	"$helper/perf_round" "$out/account" timeout -k 5 300 "$@" >"$out/stdout" 2>"$out/stderr"
	measured=$?
	wall_s=0 own_s=0 user_s=0 foreign_s=0
	# shellcheck disable=SC2046 # words of our own helper
	export $(cat "$out/account")
	return $measured
}

# must WHAT COMMAND...: measure what has no reason to fail; when it does, the whole run has failed.
must() {
	measure "$@" && return
	echo "  $1 ended with $measured: $(tail -n 1 "$out/stderr")" >&2
	echo "$1 exit $measured" >>"$out/failures.txt"
	return 1
}

# sample SECTION WHAT VALUE [SEGMENTS]: keep one round of the measure before.
sample() {
	awk -v s="$1" -v w="$2" -v v="$3" -v g="${4:--}" -v wall="$wall_s" -v own="$own_s" \
		-v foreign="$foreign_s" -v cpus="$cpus" 'BEGIN {
		printf "%s\t%s\t%.6g\t%.4f\t%.3f\t%.3f\t%s\n", s, w, v, (wall > 0 ? foreign / wall / cpus : 0), own, wall, g }' \
		>>"$out/samples.tsv"
}

# summary SECTION WHAT: "median low high kept all" of the undisturbed rounds (foreign CPU below 6 %);
# of the three least disturbed when there is none.
summary() {
	awk -F '\t' -v s="$1" -v w="$2" '$1 == s && $2 == w { print $4 "\t" $3 }' "$out/samples.tsv" |
		sort -n | awk -F '\t' '
		{ all++; if ($1 < 0.06) kept++; if ($1 < 0.06 || (kept == 0 && all <= 3)) v[++n] = $2 }
		END {
			for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
			if (n == 0) print "- - - 0 0"
			else printf "%.6g %.6g %.6g %d %d\n", n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2, v[1], v[n], kept, all
		}'
}

median() { # median SECTION WHAT
	summary "$1" "$2" | cut -d ' ' -f 1
}

# row GOAL WHAT OURS UNIT THEIRS PEER SENSE TARGET NOTE: judge OURS / THEIRS (THEIRS "-": OURS itself)
# against TARGET; SENSE is min or max.  "absent" as OURS or THEIRS says so instead of a verdict, "noise" as
# OURS that the machine itself was too unquiet to tell.
row() {
	awk -v goal="$1" -v what="$2" -v ours="$3" -v unit="$4" -v theirs="$5" -v peer="$6" \
		-v sense="$7" -v target="$8" -v note="$9" 'BEGIN {
		value = theirs == "-" ? ours : (theirs + 0 > 0 ? ours / theirs : "-")
		verdict = "-"
		if (ours == "noise") { value = ours = "-"; verdict = "noise" }
		else if (ours == "absent" || theirs == "absent" || peer == "absent" || ours == "-" || ours == "") { value = "-"; verdict = "absent" }
		else if (sense == "min") verdict = value + 0 >= target + 0 ? "met" : "MISSED"
		else if (sense == "max") verdict = value + 0 <= target + 0 ? "met" : "MISSED"
		printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", goal, what, ours, unit, theirs, peer, value, sense, target, verdict, note }' \
		>>"$out/rows.tsv"
	tail -n 1 "$out/rows.tsv" | awk -F '\t' '{ printf "  %-8s %-62s %s %s (%s %s)\n", $10, $2, $7, $5 == "-" ? $4 : "x " $6, $8, $9 }'
}

# A saturated run of ours: tw_run WHAT ARGUMENTS...; sets record.  False unless it ended with 0,
# that is unless all witnesses agree.
tw_run() {
	tw_what=$1
	shift
	rm -rf "$out/run"
	measure "$tw_what" "$tw_program" run smoke --quiet --no-plots --out "$out/run" --set load.shape=saturate \
		--set load.clients=64 --set addressing.ports=explicit --set addressing.port=1000 --drain false \
		--sysctl "$lab_buckets" --sysctl "$lab_range" "$@"
	code=$?
	record=$(find "$out/run" -name run.json 2>/dev/null | head -n 1)
	[ "$code" -eq 0 ] || {
		echo "  twbench ended with $code: $(tail -n 1 "$out/stderr")" >&2
		echo "$tw_what exit $code" >>"$out/failures.txt"
		return 1
	}
}

# profiled SECONDS "OPTIONS OF perf record" WHAT ARGUMENTS...: as tw_run does, under the name perf-engine, and SECONDS
# of it, once it is busy, in $out/perf.data.  Again when perf came too late for it, as it may at first.
profiled() {
	profiled_s=$1 perf_options=$2
	shift 2
	cp "$twbench" "$out/perf-engine" # a name of its own, to be told from others
	for _ in 1 2 3; do
		tw_program=$out/perf-engine
		tw_run "$@" &
		job=$! tw_program=$twbench
		until [ "$(cpu_of perf-engine)" -ge 1 ] || ! kill -0 "$job" 2>/dev/null; do sleep 0.05; done
		# shellcheck disable=SC2086 # words
		perf record -q -a $perf_options -o "$out/perf.data" -- sleep "$profiled_s" >/dev/null 2>&1
		wait "$job"
		perf_samples --sort comm | grep -q '%' && break
	done
	record=$(find "$out/run" -name run.json 2>/dev/null | head -n 1)
}

# cpu_of NAME: seconds of CPU, rounded down, that the processes of this name have had.
cpu_of() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v name="($1)" -v hz="$(getconf CLK_TCK)" '
		$2 == name { ticks += $14 + $15 } END { print int(ticks / hz) }'
}

# perf_samples OPTIONS...: of `perf report`, for what profiled() has taken.
perf_samples() { perf report -i "$out/perf.data" --comm perf-engine --no-children -g none "$@" 2>/dev/null; }

# Engines in which a thread is both ends of its connections; the one through io_uring where there is one.
colocated=straight
"$twbench" doctor 2>/dev/null | grep -q '^ok .*io_uring' && colocated='straight ring'
fastest=${colocated##* }

# field PATH...: numbers of the first repeat, one a line; null as -.
field() {
	python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))["cases"][0]["repeats"][0]
for path in sys.argv[2:]:
	v = r
	for key in path.split("."):
		v = v.get(key) if isinstance(v, dict) else None
	print("-" if v is None else v)' "$record" "$@"
}

# Segments per connection, both ends, by the kernel's count.
segments() {
	python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))["cases"][0]["repeats"][0]
n = sum(c["TcpInSegs"]["after"] - c["TcpInSegs"]["before"]
	for c in r["counters"].values() if "TcpInSegs" in c)
print("%.2f" % (n / max(1, r["ledger"]["attempted"])))' "$record"
}

# A network namespace of its own for a command, as root or not: words to put before it.
own_net='unshare -n'
[ "$(id -u)" -eq 0 ] || own_net='unshare -Urn'
