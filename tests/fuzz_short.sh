#!/bin/sh
# long: every fuzz target for FUZZ_SECONDS (10) from its seeds.  `make fuzz` runs them for longer.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
unset MAKEFLAGS MFLAGS BUILD
seconds=${FUZZ_SECONDS:-10}

echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return n > 1 && d[0] == 255 && d[1]; }' \
	>"$tmp/probe.c"
if ! clang -fsanitize=fuzzer -o "$tmp/probe" "$tmp/probe.c" 2>"$tmp/why"; then
	skip_all "clang with libFuzzer is not installed: $(head -n 1 "$tmp/why")"
fi
ok "the targets build" make -j "$(getconf _NPROCESSORS_ONLN)" CC=clang BUILD=build/fuzz \
	SAN=fuzzer-no-link,address,undefined fuzz-programs
for source in tests/fuzz/*_fuzz.c; do
	target=$(basename "$source" .c)
	seeds=fixtures/corpus/${target%_fuzz}
	mkdir "$tmp/$target"
	ok "$target has seeds" test -n "$(find "$seeds" -type f | head -n 1)"
	run "build/fuzz/$target" -max_total_time="$seconds" -verbosity=0 -print_final_stats=1 \
		-artifact_prefix="$tmp/$target-" "$tmp/$target" "$seeds"
	is "$target: exit 0" "$code" 0
	if [ "$code" -ne 0 ]; then
		printf '%s\n' "$err" | head -n 30 | sed 's/^/#   /'
		for input in "$tmp/$target-"*; do
			[ -f "$input" ] && echo "#   input: $(od -An -tx1 -v "$input" | head -n 20 | tr -d '\n')"
		done
	fi
	like "$target: did more than the seeds" "$err" 'stat::number_of_executed_units: [0-9]{3,}'
done
done_testing
