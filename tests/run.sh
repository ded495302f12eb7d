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

limit=900 # seconds for one test program: what hangs has failed
cat >"$log/one" <<'EOF2'
name=${3##*/} start=$(date +%s%N)
timeout -k 10 "$1" "$3" >"$2/$name.out" 2>"$2/$name.err" </dev/null
echo "$? $((($(date +%s%N) - start) / 1000000))" >"$2/$name.end"
EOF2
# Passed, failed, skipped, and skips that CI does not allow; then whether there was a plan, and one to skip all.
counts() {
	awk '/# SKIP/ && /\[(namespace|capture)\]/ { banned++ }
		/^ok .*# SKIP/ { s++; next } /^ok / { p++ } /^not ok / { f++ }
		/^1\.\.0 # SKIP/ { none = 1 } /^1\.\.[0-9]/ { plan = 1 }
		END { print p + 0, f + 0, s + 0, banned + 0, plan + 0, none + 0 }' "$1"
}
chosen=$(choose "${@:-quick}")
plain | grep -Fx -e "$chosen" | xargs -r -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh "$log/one" "$limit" "$log"

passed=0 failed=0 skipped=0
for t in $chosen; do
	name=${t##*/} out=$log/${t##*/}.out
	[ -f "$log/$name.end" ] || sh "$log/one" "$limit" "$log" "$t"
	read -r code ms <"$log/$name.end"
	read -r p f s banned plan none <<-EOF
		$(counts "$out")
	EOF
	if [ "$none" -eq 1 ]; then
		s=$((s + 1))
	elif [ "$plan" -eq 0 ]; then
		f=$((f + 1))
		echo "# $name ended without a plan (exit $code)" >>"$out"
	elif [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
		echo "# $name exited $code" >>"$out"
	fi
	[ "${CI:-}" != true ] || f=$((f + banned)) s=$((s - banned))
	printf '%-28s %4d passed %3d failed %3d skipped  %6d ms\n' "$name" "$p" "$f" "$s" "$ms"
	grep '# SKIP' "$out" | sed 's/^/    /'
	if [ "$f" -gt 0 ]; then
		grep -A4 -e '^not ok' -e "^# $name" "$out" | sed 's/^/    /'
		tail -n 30 "$log/$name.err" | sed 's/^/    stderr: /'
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
