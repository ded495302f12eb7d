#!/bin/sh
# long: unit tests, a smoke run and an interrupted run under the sanitizers.
# shellcheck disable=SC2317 # functions are called through wait_for
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
unset MAKEFLAGS MFLAGS BUILD
TEST_WHOLE=1
export TEST_WHOLE
jobs=$(getconf _NPROCESSORS_ONLN)

works() { # works FLAGS: such a program can be built, and runs here
	printf '#include <pthread.h>\nstatic void *f(void *p) { return p; }\nint main(void)\n{\n%s\n}\n' \
		'pthread_t t; return pthread_create(&t, 0, f, 0) || pthread_join(t, 0);' >"$tmp/probe.c"
	"${CC:-cc}" -pthread "-fsanitize=$1" -o "$tmp/probe" "$tmp/probe.c" && "$tmp/probe"
}

# One for each processor at a time; none hangs on how soon it is done.
cat >"$tmp/one" <<'EOF2'
"$1/tests/$3" >"$2/$3.out" 2>"$2/$3.err" </dev/null
echo $? >"$2/$3.code"
EOF2

units() { # units SAN DIRECTORY TEST...
	san=$1 directory=$2
	shift 2
	printf '%s\n' "$@" | xargs -P "$jobs" -n 1 sh "$tmp/one" "$directory" "$tmp"
	for test in "$@"; do
		code=$(cat "$tmp/$test.code") out=$(cat "$tmp/$test.out") err=$(cat "$tmp/$test.err")
		if printf '%s\n' "$out" | grep -q '^1\.\.0 # SKIP'; then
			skip "$san: $test" "$(printf '%s\n' "$out" | sed -n 's/^1\.\.0 # SKIP //p')"
		elif [ "$code" -ne 0 ]; then
			tap_line no "$san: $test" "exit $code" "$(printf '%s\n' "$out" | grep -A3 '^not ok')" "$err"
		else
			empty "$san: $test" "$(printf '%s\n' "$err" | grep -e 'Sanitizer' -e 'runtime error')"
		fi
	done
}

quiet() { # quiet NAME: no sanitizer spoke in what was run
	empty "$1: no report" "$(printf '%s\n' "$out" "$err" | grep -e Sanitizer -e 'runtime error' -A 12)"
}

whole() { # whole SAN PROGRAM OPTION...: a smoke run, and one that is interrupted
	san=$1 program=$2
	shift 2
	rm -rf "$tmp/res"
	run "$program" run smoke -o "$tmp/res" --set witnesses.sample_period=200ms --rate 50/s "$@"
	like "$san: smoke run, exit 0, or 3 where it is too slow" "$code" '^[03]$'
	quiet "$san: smoke run"
	case $code in 0 | 3) ;; *) printf '%s\n' "$err" | head -n 30 | sed 's/^/#   /' ;; esac
	run "$program" report "$tmp/res/latest"
	is "$san: report, exit 0" "$code" 0
	quiet "$san: report"
	for engine in straight ring; do
		run "$program" run smoke -q -o "$tmp/res" --no-plots -s client-fin,server-rst --set load.engine=$engine \
			--set load.shape=saturate --set load.connections=300 "$@"
		like "$san: engine $engine, exit 0, 3 where it is too slow, or 4 without io_uring" "$code" '^[034]$'
		quiet "$san: engine $engine"
	done
	"$program" run smoke -o "$tmp/res" -d 30s --no-plots "$@" >"$tmp/run.out" 2>"$tmp/run.err" &
	main=$!
	pids=$main
	loading() { grep -q 'connections [1-9]' "$tmp/run.err"; }
	wait_for 30 loading
	kill -s INT "$main"
	wait "$main"
	code=$? out=$(cat "$tmp/run.out") err=$(cat "$tmp/run.err")
	is "$san: interrupted run, exit 130" "$code" 130
	quiet "$san: interrupted run"
}

# --- memory and undefined behaviour ------------------------------------------------------------------

san=address,undefined directory=build/san-address-undefined
if works $san 2>"$tmp/why"; then
	if ok "$san: builds" make -j "$jobs" SAN=$san OPT="-O1 -g1" all unit; then
		tests=$(for t in tests/*_test.c; do basename "$t" .c; done)
		# shellcheck disable=SC2086 # words
		units $san $directory $tests
		if may_userns || may_netns; then
			whole "$san" "$directory/twbench"
		else
			skip "$san: whole runs" "[namespace] no lab can be made here"
		fi
	fi
else
	skip "$san" "the compiler has no such runtime: $(head -n 1 "$tmp/why")"
fi

# --- threads -----------------------------------------------------------------------------------------

san=thread directory=build/san-thread
if works $san 2>"$tmp/why"; then
	tests=$(grep -lE '(pthread|sampler|sniffer|wire|client|server|closer|cell|worker|batch)_(create|start|run|new)\(' \
		tests/*_test.c | sed 's,tests/\(.*\)\.c,\1,')
	# shellcheck disable=SC2046,SC2086 # words
	if ok "$san: builds" make -j "$jobs" SAN=$san OPT="-O1 -g1" all helpers \
		$(printf "$directory/tests/%s " $tests); then
		# shellcheck disable=SC2086 # words
		units $san $directory $tests
		# Its runtime has a thread of its own, and a process with threads may not make a user namespace.
		if may_netns; then
			whole "$san" "$directory/twbench" --isolation netns
		else
			skip "$san: whole runs" "needs root: the runtime's own thread forbids a user namespace"
		fi
	fi
else
	skip "$san" "it does not run here: $(head -n 1 "$tmp/why")"
fi
done_testing
