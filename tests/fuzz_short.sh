#!/bin/sh
# long: every fuzz target from its seeds, by a fixed seed for a fixed number of runs: what passed once
# passes again, with the same compiler.  To explore is the work of `make fuzz`.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
unset MAKEFLAGS MFLAGS BUILD
runs=5000

echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return n > 1 && d[0] == 255 && d[1]; }' \
	>"$tmp/probe.c"
if ! clang -fsanitize=fuzzer -o "$tmp/probe" "$tmp/probe.c" 2>"$tmp/why"; then
	skip_all "clang with libFuzzer is not installed: $(head -n 1 "$tmp/why")"
fi
ok "the targets build" make -j "$(getconf _NPROCESSORS_ONLN)" CC=clang BUILD=build/fuzz OPT="-O1 -g1" \
	SAN=fuzzer-no-link,address,undefined fuzz-programs

# The order of the seeds and the addresses compared steer the mutations: both are fixed, too.
fixed=''
setarch -R true 2>/dev/null && fixed='setarch -R'
seeds_of() { find "fixtures/corpus/${1%_fuzz}" -type f | LC_ALL=C sort | paste -sd ,; }
# One for each processor at a time; none hangs on time.
cat >"$tmp/one" <<EOF2
$fixed "build/fuzz/\$1" -seed=1 -runs=$runs -verbosity=0 -print_final_stats=1 \\
	-artifact_prefix="$tmp/\$1-" -seed_inputs="\$2" >"$tmp/\$1.out" 2>&1
echo \$? >"$tmp/\$1.code"
EOF2
for source in tests/fuzz/*_fuzz.c; do
	target=$(basename "$source" .c)
	printf '%s\n%s\n' "$target" "$(seeds_of "$target")"
done | xargs -d '\n' -n 2 -P "$(getconf _NPROCESSORS_ONLN)" sh "$tmp/one"

for source in tests/fuzz/*_fuzz.c; do
	target=$(basename "$source" .c)
	ok "$target has seeds" test -n "$(seeds_of "$target")"
	code=$(cat "$tmp/$target.code") err=$(cat "$tmp/$target.out")
	is "$target: exit 0" "$code" 0
	if [ "$code" -ne 0 ]; then
		printf '%s\n' "$err" | head -n 30 | sed 's/^/#   /'
		for input in "$tmp/$target-"*; do
			[ -f "$input" ] && echo "#   input: $(od -An -tx1 -v "$input" | head -n 20 | tr -d '\n')"
		done
	fi
	is "$target: all $runs runs were made" \
		"$(printf '%s\n' "$err" | sed -n 's/^stat::number_of_executed_units: *//p')" "$runs"
done
done_testing
