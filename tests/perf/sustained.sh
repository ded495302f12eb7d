# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 1, sustained: 80 s without reuse of a port, two million TIME_WAITs; and a million on demand.

echo 'sustained'
rm -rf "$out/run"
measure million "$twbench" run million --set load.engine="$fastest" --quiet --no-plots --out "$out/run" || echo "million exit $exit" >>"$out/failures.txt"
record=$(find "$out/run" -name run.json | head -n 1)
if [ -n "$record" ]; then
	# shellcheck disable=SC2046 # numbers
	set -- $(field time_wait.client.peak ledger.load_ns time_wait.client.recycled ledger.outcomes.no_port)
	row 1 'TIME_WAITs on demand' "$1" sockets - - min 1000000 "recycled $3, no port $4"
	row 1 'a million TIME_WAITs made in' "$(awk -v n="$2" 'BEGIN { print n / 1e9 }')" s - - max 30 'load_ns'
fi

mem() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
# What earlier labs held is given back by and by: not until then is there a level to fall from.
last=0 n=0
before=$(mem)
while [ $n -lt 60 ] && [ $((before - last)) -gt 4096 ]; do
	n=$((n + 1))
	last=$before
	sleep 1
	before=$(mem)
done
rm -rf "$out/run"
(
	measure sustained "$twbench" run sustained --set load.engine="$fastest" --quiet --no-plots --out "$out/run" || echo "sustained exit $exit" >>"$out/failures.txt"
	cp "$out/account" "$out/account-sustained"
) &
job=$!
watcher=''
if have perf; then # a second of it, with the table full
	{ sleep 70 && kill -0 "$job" 2>/dev/null && perf record -q -a -F 999 -o "$out/perf.data" -- sleep 1 >/dev/null 2>&1; } &
	watcher=$!
fi
least=$before
while kill -0 "$job" 2>/dev/null; do
	now=$(mem)
	[ "$now" -lt "$least" ] && least=$now
	sleep 0.5
done
wait "$job"
[ -z "$watcher" ] || wait "$watcher"
if [ -s "$out/perf.data" ]; then
	perf report -i "$out/perf.data" --no-children --sort sym 2>/dev/null | grep '%' | head -n 40 >"$out/profile-sustained.txt"
fi
rm -f "$out/perf.data"
record=$(find "$out/run" -name run.json | head -n 1)
if [ -n "$record" ]; then
	# shellcheck disable=SC2046 # numbers
	set -- $(field ledger.achieved_rate_per_s time_wait.client.peak time_wait.client.recycled ledger.outcomes.no_port ledger.load_ns cost.peak_rss_bytes)
	row 1 'connections/s sustained over 80 s' "$1" /s - - min 33000 "$(cat "$out/account-sustained"); profile-sustained.txt"
	row 1 'TIME_WAITs resident at its end' "$2" sockets - - min 2000000 "recycled $3, no port $4, load $5 ns"
	row 1 'memory per TIME_WAIT' "$(awk -v k=$((before - least)) -v n="$2" -v own="$6" \
		'BEGIN { print (n > 0 ? (1024 * k - own) / n : "-") }')" \
		bytes - - max 500 "fall of MemAvailable while it ran, less the harness's own $6 bytes"
	begin=$(date +%s%N)
	"$twbench" report --format html "$(dirname "$record")" >"$out/report.html" 2>>"$out/stderr" || echo "report exit $?" >>"$out/failures.txt"
	row 1 'report of the sustained run' "$(awk -v n=$(($(date +%s%N) - begin)) 'BEGIN { print n / 1e9 }')" s - - max 5 ''
fi
