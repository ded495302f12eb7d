#!/bin/sh
# Run TAP tests and print "N passed, N failed" as the last line.
#   tests/run.sh quick   unit tests and the quick scripts
#   tests/run.sh all     ... and those that take long (their second line says "# long")
#   tests/run.sh long    these alone
#   tests/run.sh FILE... just these
# A skip names what is missing.  With CI=true a skip marked [namespace] or [capture] is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

scripts() { # scripts quick|long
	for t in tests/*.sh; do
		case $t in tests/run.sh | tests/lib.sh | tests/perf*.sh) continue ;; esac
		if sed -n 2p "$t" | grep -q '^# long'; then echo "long $t"; else echo "quick $t"; fi
	done | sed -n "s/^$1 //p"
}

choose() {
	case $1 in
	quick | all)
		for t in tests/*_test.c; do echo "$build/${t%.c}"; done
		scripts quick
		[ "$1" = all ] && scripts long ;;
	long) scripts long ;;
	*) for t in "$@"; do echo "$t"; done ;;
	esac
}

limit=900 # seconds for one test program: what hangs has failed
passed=0 failed=0 skipped=0
for t in $(choose "${@:-quick}"); do
	name=$(basename "$t")
	start=$(date +%s%N)
	timeout -k 10 "$limit" "$t" >"$log/out" 2>"$log/err" </dev/null
	code=$?
	ms=$((($(date +%s%N) - start) / 1000000))
	s=$(grep -c '^ok .*# SKIP' "$log/out")
	p=$(($(grep -c '^ok ' "$log/out") - s))
	f=$(grep -c '^not ok ' "$log/out")
	if grep -q '^1\.\.0 # SKIP' "$log/out"; then
		s=$((s + 1))
	elif ! grep -q '^1\.\.[0-9]' "$log/out"; then
		f=$((f + 1))
		echo "# $name ended without a plan (exit $code)" >>"$log/out"
	elif [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
		echo "# $name exited $code" >>"$log/out"
	fi
	if [ "${CI:-}" = true ]; then
		n=$(grep '# SKIP' "$log/out" | grep -c -e '\[namespace\]' -e '\[capture\]')
		f=$((f + n)) s=$((s - n))
	fi
	printf '%-28s %4d passed %3d failed %3d skipped  %6d ms\n' "$name" "$p" "$f" "$s" "$ms"
	grep '# SKIP' "$log/out" | sed 's/^/    /'
	if [ "$f" -gt 0 ]; then
		grep -A4 -e '^not ok' -e "^# $name" "$log/out" | sed 's/^/    /'
		tail -n 30 "$log/err" | sed 's/^/    stderr: /'
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
