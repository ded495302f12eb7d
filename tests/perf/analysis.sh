# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 5: reading captures, by the comparison that stands on its own, and long records.

echo 'analysis'
if tests/perf_analyze.sh >"$out/analysis.txt" 2>>"$out/stderr"; then
	sed 's/^/  /' "$out/analysis.txt"
	own=$(sed -n 's/^analyze  *\([0-9.]*\) M packets.*/\1/p' "$out/analysis.txt")
	floor=$(sed -n 's/^tcpdump.* \([0-9.]*\) M packets.*/\1/p' "$out/analysis.txt")
	faster() { sed -n "s/^analyze is \([0-9]*\) times as fast as $1\$/\1/p" "$out/analysis.txt"; }
	held=$(sed -n 's/^analyze  .* \([0-9]*\) bytes.connection/\1/p' "$out/analysis.txt")
	bytes=$(sed -n 's/^analyze, TIME_WAIT.* \([0-9]*\) bytes.connection/\1/p' "$out/analysis.txt")
	row 5 'packets read and classified' "${own:--}" M/s - - min 10 \
		"per second of CPU; tcpdump -r FILE -w /dev/null, which only reads and writes, beside it $floor M/s; profile-analyze.txt"
	for peer in tshark:100 tcptrace:25; do
		times=$(faster "${peer%:*}")
		row 5 "speed, ${peer%:*} = 1" "${times:-absent}" times - - min "${peer#*:}" 'CPU time'
	done
	row 5 'peak memory per connection held' "${held:--}" bytes - - max 128 'hash table and program included'
	row 5 'peak memory per connection of a capture, 10 ms TIME_WAIT' "${bytes:--}" bytes - - max 128 ''
	if have perf && "$helper/many_connections" 350000 "$out/many.pcap"; then
		perf record -q -o "$out/perf.data" "$twbench" analyze "$out/many.pcap" >/dev/null 2>&1
		perf report -i "$out/perf.data" --no-children --sort sym 2>/dev/null | grep '%' | head -n 40 >"$out/profile-analyze.txt"
	fi
	rm -f "$out/perf.data" "$out/many.pcap"
else
	row 5 'packets read and classified' absent M/s - - min 10 'tests/perf_analyze.sh did not run'
fi

# A record with ten million samples, read anew each time: its report, its graphs, and what a person
# waits for, both from one reading.
samples=${PERF_SAMPLES:-10000000}
big="$out/big"
if must 'record of many samples' "$helper/big_record" "$samples" "$big"; then
	round=0
	while [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		must 'report of many samples' "$twbench" report "$big" && sample samples report "$wall_s"
		must 'graphs of many samples' "$twbench" plot "$big" --out "$big/plots" &&
			sample samples graphs "$wall_s"
		must 'report and graphs of many samples' "$twbench" report "$big" --out "$big" &&
			sample samples both "$wall_s"
	done
	row 5 "report of $samples samples" "$(median samples report)" s - - max 5 "$(summary samples report)"
	row 5 "graphs of $samples samples" "$(median samples graphs)" s - - max 5 "$(summary samples graphs)"
	row 5 "report and graphs of $samples samples, together" "$(median samples both)" s - - max 5 "$(summary samples both)"
else
	row 5 "report and graphs of $samples samples" absent s - - max 5 'tests/helper/big_record did not run'
fi
rm -rf "$big"
