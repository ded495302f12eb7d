# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 6: start-up.

echo 'start-up'
round=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	must 'run smoke' "$twbench" run smoke --quiet --out "$out/run" && sample startup 'run smoke' "$wall_s"
	must 'lab up and down' "$helper/perf_lab" 20 && sample startup lab "$(cat "$out/stdout")"
done
row 6 'twbench run smoke' "$(median startup 'run smoke')" s - - max 4 "$(summary startup 'run smoke')"
row 6 'a lab up and down' "$(median startup lab)" ms - - max 50 'mean of 20, process and namespaces included'
must 'tests that need no namespace' "$top/tests/run.sh" plain && sample startup plain "$wall_s"
row 6 'the tests that need no namespace' "$(median startup plain)" s - - max 5 "$(tail -n 1 "$out/stdout"), $cpus at a time; foreign CPU meanwhile $foreign_s s"
must 'make from clean' make -C "$top" --no-print-directory -j"$cpus" BUILD="$out/build" PROGRAM="$out/build/twbench" &&
	row 6 'make from clean' "$wall_s" s - - max 10 "foreign CPU meanwhile $foreign_s s"
rm -rf "$out/build"
