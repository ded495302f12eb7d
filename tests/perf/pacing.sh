# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 2: are starts on time?  Beside each rate the machine's own timer noise, by a null run.

echo 'pacing'
pace() { # pace RATE
	sources=$(($1 / 2000 + 1))
	round=0
	while [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		measure "null $1" "$helper/timer_noise" "$1" "$seconds" &&
			sample pacing "null $1" "$(sed 's/.*"p99_ns": \([-0-9]*\).*/\1/' "$out/stdout")"
		for way in sleep spin; do
			rm -rf "$out/run"
			measure "pacing $1 $way" "$twbench" run smoke --quiet --no-plots --out "$out/run" --capture off \
				--strategy client-fin --rate "$1" --duration "${seconds}s" --set load.pacing=$way \
				--set load.threads=1 --set load.clients=2000 --set addressing.sources="$sources" --drain false \
				--sysctl "$lab_buckets" --sysctl "$lab_range" || {
				echo "pacing $1 $way exit $exit" >>"$out/failures.txt"
				continue
			}
			record=$(find "$out/run" -name run.json | head -n 1)
			# shellcheck disable=SC2046 # four numbers
			set -- "$1" $(field latency.start_error.p99_ns ledger.achieved_rate_per_s ledger.late_starts ledger.not_started)
			sample pacing "$way $1" "$2"
			sample achieved "$way $1" "$3"
			sample missed "$way $1" "$(($4 + $5))"
		done
	done
	null=$(median pacing "null $1")
	for way in sleep spin; do
		achieved=$(median achieved "$way $1")
		row 2 "start error p99, $1/s, $way" "$(median pacing "$way $1")" ns - - max 100000 \
			"null run p99 $null ns; late over 1 ms or never: $(median missed "$way $1"); $(summary pacing "$way $1")"
		row 2 "rate achieved, $1/s, $way" "$achieved" /s "$1" asked min 0.999 'within 0.1 %'
	done
}
for rate in 1000 10000 20000; do
	pace "$rate"
done

# 50,000 clients held open: as many labs as the limit of descriptors asks for.
echo '  many clients held open'
limit=$(ulimit -Hn)
each=$((limit - 200))
[ "$each" -gt 50000 ] && each=50000
labs=$(((50000 + each - 1) / each))
each=$(((50000 + labs - 1) / labs))
rm -rf "$out/many"
before=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
pids='' i=0
while [ "$i" -lt "$labs" ]; do
	i=$((i + 1))
	timeout 120 "$twbench" run smoke --quiet --no-plots --out "$out/many/$i" --capture off --drain false \
		--strategy client-fin --set load.shape=saturate --set load.clients="$each" --set addressing.sources=4 \
		--set load.connections="$each" --set protocol.think=10s --set protocol.timeout=60s --duration 30s \
		2>>"$out/stderr" &
	pids="$pids $!"
done
least=$before n=0
while [ "$n" -lt 90 ]; do # the lowest of MemAvailable while they are held, at most 18 s
	now=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
	[ "$now" -lt "$least" ] && least=$now
	n=$((n + 1))
	sleep 0.2
done
held=0 bad=''
for pid in $pids; do
	wait "$pid" || bad=' (a lab did not agree)'
done
for record in "$out"/many/*/2*/run.json; do
	held=$((held + $(field ledger.in_flight_peak)))
done
row 2 "memory of $held clients held open, both ends$bad" "$(((before - least) / 1024))" MB - - max 1024 \
	"$labs labs: the hard limit of descriptors is $limit; MemAvailable, sockets included"
row 2 'clients held open at once' "$held" clients - - min 50000 "$labs labs of $each"
