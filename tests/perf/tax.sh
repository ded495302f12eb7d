# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 3: what watching costs: all witnesses against none, in turns; the sampler beside many TIME_WAITs.

echo 'witness tax'
tax_round() {
	for topology in veth lo; do
		extra=''
		[ "$topology" = veth ] && extra='--set addressing.sources=8'
		for engine in event straight; do
			[ "$engine" = straight ] && extra="$extra --set load.engine=straight --set addressing.destinations=$cpus"
			for watch in off on; do
				set -- --capture off --set witnesses.sampler=false
				[ "$watch" = on ] && set -- --capture on --set witnesses.sample_period=100ms
				# shellcheck disable=SC2086 # lists of words
				tw_run "tax $engine $topology $watch" --topology "$topology" --strategy client-fin \
					--duration "${seconds}s" $extra "$@" || continue
				sample tax "$engine $topology $watch" "$(field ledger.achieved_rate_per_s)"
				[ "$watch" = off ] || sample lost "$engine $topology" "$(field capture.dropped)"
			done
		done
	done
}
round=0
tax_rounds=$((rounds + 2)) # a difference of a few in a hundred wants more of them
while [ "$round" -lt "$tax_rounds" ]; do
	round=$((round + 1))
	echo "  round $round of $tax_rounds"
	tax_round
done
for topology in veth lo; do
	for engine in event straight; do
		on=$(summary tax "$engine $topology on") off=$(summary tax "$engine $topology off")
		row 3 "rate with all witnesses, $engine over $topology" "${on%% *}" /s "${off%% *}" unwatched min 0.92 \
			"on $on, off $off (median low high undisturbed all)"
		row 3 "packets lost, $engine over $topology" "$(summary lost "$engine $topology" | cut -d ' ' -f 3)" \
			packets - - max 0 'worst of all rounds'
	done
done

# Beside n TIME_WAITs: make them, then hold an idle second half (a slow trickle) and read the sampler's CPU.
beside() { # beside COUNT TARGET
	tw_run "sampler beside $1" --strategy client-fin --capture off --set load.engine=straight \
		--set addressing.destinations="$cpus" --set addressing.sources=32 --set load.connections="$1" \
		--duration 60s --drain true --set drain_max=12s || return
	# shellcheck disable=SC2046 # five numbers
	set -- "$1" "$2" $(python3 - "$record" <<'P'
import json, sys
r = json.load(open(sys.argv[1]))["cases"][0]["repeats"][0]
w = [w for w in r["witnesses"] if w["name"] == "sampler"][0]
span = r["series"]["last_ns"] / 1e9
print(100 * w["cpu_ns"] / 1e9 / span, max(r["time_wait"]["client"]["peak"] or 0, 0), w["note"].replace(" ", "_"))
P
	)
	row 3 "sampler at 10 Hz beside $4 TIME_WAITs" "$3" '% of a core' - - max "$2" "$5"
}
beside 100000 1
beside 1000000 3
