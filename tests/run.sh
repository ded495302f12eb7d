#!/bin/sh
# Run TAP tests and print "N passed, N failed" as the last line.
#   tests/run.sh quick   unit tests and the quick scripts
#   tests/run.sh plain   those unit tests that need no namespace
#   tests/run.sh all     ... and those that take long (their second line says "# long")
#   tests/run.sh long    these alone
#   tests/run.sh FILE... just these
# A skip names what is missing.  With CI=true a skip marked [namespace] or [capture] is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/real_python.sh
build=${BUILD:-build}
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

scripts() { # scripts quick|long
	for t in tests/*.sh; do
		case $t in tests/run.sh | tests/lib.sh | tests/real_python.sh | tests/perf*.sh) continue ;; esac
		if sed -n 2p "$t" | grep -q '^# long'; then echo "long $t"; else echo "quick $t"; fi
	done | sed -n "s/^$1 //p"
}

units() { for t in tests/*_test.c; do echo "$build/${t%.c}"; done; }

# Those that make no namespace and so share nothing: several at a time.
plain() {
	grep -L -e 'tests/netns\.h' -e 'bench/lab\.h' -e 'bench/worker\.h' -e 'bench/isolate\.h' tests/*_test.c |
		sed "s|\(.*\)\.c$|$build/\1|"
}

choose() {
	case $1 in
	plain) plain ;;
	quick | all)
		units
		scripts quick
		[ "$1" = all ] && scripts long ;;
	long) scripts long ;;
	*) for t in "$@"; do echo "$t"; done ;;
	esac
}

real_python "$log/bin"

limit=900 # seconds for one test program: what hangs has failed
# Few processes: they would take longer than most tests.
cat >"$log/one" <<'EOF2'
name=${3##*/}
read -r start _ </proc/uptime
timeout -k 10 "$1" "$3" >"$2/$name.out" 2>"$2/$name.err" </dev/null
code=$?
read -r end _ </proc/uptime
echo "$code $(((${end%.*}${end#*.} - ${start%.*}${start#*.}) * 10))" >"$2/$name.end"
EOF2

# report TEST...: a line for each, and what was skipped or failed; its counts go to $log/sums.
report() {
	awk -v log_dir="$log" -v ci="${CI:-}" '
	function read_in(file, lines,    n) {
		for (n = 0; (getline lines[n + 1] < file) > 0; n++)
			continue
		close(file)
		return n
	}
	function count(    i, t) {
		passed = failed = skipped = banned = plan = none = 0
		for (i = 1; i <= said; i++) {
			t = out[i]
			banned += t ~ /# SKIP.*\[(namespace|capture)\]/
			none += t ~ /^1\.\.0 # SKIP/
			plan += t ~ /^1\.\.[0-9]/
			if (t ~ /^ok .*# SKIP/) skipped++
			else if (t ~ /^ok /) passed++
			else if (t ~ /^not ok /) failed++
		}
		if (none) skipped++
		else if (!plan) out[++said] = "# " name " ended without a plan (exit " code ")"
		else if (code != 0 && !failed) out[++said] = "# " name " exited " code
		if (!none && (!plan || code != 0 && !failed)) failed++
		if (ci == "true") { failed += banned; skipped -= banned }
	}
	function tell(    i, show, n) {
		printf "%-28s %4d passed %3d failed %3d skipped  %6d ms\n", name, passed, failed, skipped, ms
		for (i = 1; i <= said; i++)
			if (out[i] ~ /# SKIP/) print "    " out[i]
		for (i = 1; failed && i <= said; i++) {
			if (out[i] ~ /^not ok/ || index(out[i], "# " name) == 1) show = 5
			if (show-- > 0) print "    " out[i]
		}
		n = failed ? read_in(log_dir "/" name ".err", out) : 0
		for (i = n > 30 ? n - 29 : 1; i <= n; i++) print "    stderr: " out[i]
		print passed, failed, skipped >>(log_dir "/sums")
	}
	BEGIN {
		for (k = 1; k < ARGC; k++) {
			name = ARGV[k]
			sub(/.*\//, "", name)
			getline end < (log_dir "/" name ".end")
			code = end + 0
			ms = substr(end, index(end, " ") + 1)
			said = read_in(log_dir "/" name ".out", out)
			count()
			tell()
		}
	}' "$@"
}

: >"$log/sums"
chosen=$(choose "${@:-quick}")
beside=$(plain | grep -Fx -e "$chosen")
printf '%s\n' "$beside" | xargs -r -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh "$log/one" "$limit" "$log"
# shellcheck disable=SC2086 # words
[ -z "$beside" ] || report $beside
for t in $(printf '%s\n' "$chosen" | grep -vFx -e "$beside"); do
	sh "$log/one" "$limit" "$log" "$t"
	report "$t"
done

passed=0 failed=0 skipped=0
while read -r p f s; do
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done <"$log/sums"
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
