# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 2: are starts on time?  Before each round the machine's own timer noise, by a null run: a round in which
# that alone is beyond the goal judges nothing.  The load runs alone, as in goal 1; what watching costs is goal 3.

echo 'pacing'
ways='event sleep:event spin:straight spin'
[ "$fastest" = straight ] || ways="$ways:$fastest spin"

# Threads of clients: one beside the server's; or one that is both ends, two where it would be busy all the time.
setting() { # setting RATE WAY
	case $2 in
	'event '*) echo '--set load.threads=1' ;;
	*)
		threads=$(($1 / 10001 + 1))
		echo "--set load.engine=${2% *} --set load.threads=$threads --set addressing.destinations=$threads"
		;;
	esac
}

pace_once() { # pace_once RATE WAY
	rm -rf "$out/run"
	# shellcheck disable=SC2046 # words
	measure "pacing $1 $2" "$twbench" run smoke --quiet --no-plots --out "$out/run" --capture off \
		--set witnesses.sampler=false --strategy client-fin --rate "$1" --duration "${pace_seconds}s" --set load.pacing="${2#* }" $(setting "$1" "$2") \
		--set load.clients=2000 --set addressing.sources="$(($1 / 2000 + 1))" --drain false \
		--sysctl "$lab_buckets" --sysctl "$lab_range"
	code=$?
	# A rate that was missed is a row of the table; anything else that does not agree is a failure.
	[ "$code" -eq 0 ] || { [ "$code" -eq 3 ] && grep -q 'the load reached' "$out/stderr"; } ||
		echo "pacing $1 $2 exit $code" >>"$out/failures.txt"
	record=$(find "$out/run" -name run.json | head -n 1)
	[ -n "$record" ] || return
	# shellcheck disable=SC2046 # four numbers
	set -- "$2 $1" $(field latency.start_error.p99_ns ledger.achieved_rate_per_s ledger.late_starts ledger.not_started)
	sample "$pacing" "$1" "$2"
	sample achieved "$1" "$3"
	sample missed "$1" "$(($4 + $5))"
}

for_each_way() { # for_each_way COMMAND RATE
	rest=$ways
	while [ -n "$rest" ]; do
		"$1" "$2" "${rest%%:*}"
		case $rest in *:*) rest=${rest#*:} ;; *) rest='' ;; esac
	done
}

judge() { # judge RATE WAY
	error=$(median pacing "$2 $1")
	[ "$error" = - ] && [ "$(median "pacing noisy" "$2 $1")" != - ] && error=noise
	row 2 "start error p99, $1/s, $2" "$error" ns - - max "$pace_max_ns" \
		"null run p99 $(median null "$1") ns; late over 1 ms or never: $(median missed "$2 $1"); $(summary pacing "$2 $1"); beside a null run beyond the goal: $(summary "pacing noisy" "$2 $1")"
	row 2 "rate achieved, $1/s, $2" "$(median achieved "$2 $1")" /s "$1" asked min 0.999 'within 0.1 %'
}

# More rounds than elsewhere, and shorter ones: one stall of the machine shall not be the median.
pace_seconds=$(((seconds + 1) / 2)) pace_max_ns=100000
pace() { # pace RATE
	round=0
	while [ "$round" -lt $((2 * rounds)) ]; do
		round=$((round + 1))
		must "null $1" "$helper/timer_noise" "$1" "$pace_seconds" || return
		noise_ns=$(sed 's/.*"p99_ns": \([-0-9]*\).*/\1/' "$out/stdout")
		sample null "$1" "$noise_ns"
		pacing=pacing
		[ "$noise_ns" -lt "$pace_max_ns" ] || pacing='pacing noisy'
		for_each_way pace_once "$1"
	done
	for_each_way judge "$1"
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
