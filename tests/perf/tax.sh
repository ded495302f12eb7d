# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 3: what watching costs: all witnesses against none, in turns; the sampler beside many TIME_WAITs.

echo 'witness tax'
# Neighbours in time are compared, in either order: what a machine shared with others can do changes by more
# within a minute than what watching costs.
watched() { # watched ENGINE TOPOLOGY on|off: sets rate and share (of other programs)
	set -- "$1" "$2" "$3" --topology "$2"
	[ "$2" = veth ] && set -- "$@" --set addressing.sources=8
	[ "$1" = event ] || set -- "$@" --set load.engine="$1" --set addressing.destinations="$cpus"
	if [ "$3" = on ]; then
		set -- "$@" --capture on --set witnesses.sample_period=100ms
	else
		set -- "$@" --capture off --set witnesses.sampler=false
	fi
	what="$1 $2" state=$3
	shift 3
	tw_run "tax $what $state" --strategy client-fin --duration 1s "$@" || return 1
	rate=$(field ledger.achieved_rate_per_s)
	sample tax "$what $state" "$rate"
	[ "$state" = off ] || sample lost "$what" "$(field capture.dropped)"
}

tax_pair() { # tax_pair ENGINE TOPOLOGY FIRST SECOND
	watched "$1" "$2" "$3" || return
	first=$rate
	watched "$1" "$2" "$4" || return
	sample ratio "$1 $2" "$(awk -v begun="$3" -v a="$first" -v b="$rate" 'BEGIN { print begun == "off" ? b / a : a / b }')"
}

round=0
tax_rounds=$((2 * rounds + 1))
while [ "$round" -lt "$tax_rounds" ]; do
	round=$((round + 1))
	[ $((round % 2)) -eq 0 ] && order='on off' || order='off on'
	for topology in veth lo; do
		for engine in event $colocated; do
			# shellcheck disable=SC2086 # two words
			tax_pair $engine $topology $order
		done
	done
done
for topology in veth lo; do
	for engine in event $colocated; do
		pairs=$(summary ratio "$engine $topology")
		row 3 "rate with all witnesses to without, $engine over $topology" "${pairs%% *}" x - - min 0.92 \
			"$pairs (median low high undisturbed all, of pairs); on $(median tax "$engine $topology on") /s, off $(median tax "$engine $topology off") /s; profile-tax.txt names the cost"
		row 3 "packets lost, $engine over $topology" "$(summary lost "$engine $topology" | cut -d ' ' -f 3)" \
			packets - - max 0 'worst of all rounds'
	done
done

# Where it goes: microseconds of CPU per connection by function, with the witnesses less without.  Where interrupts
# are let in again a guest is charged for what its host does meanwhile: in one run and not in the next.
profile_tax() { # profile_tax on|off: into $out/tax-on.tsv, $out/tax-off.tsv
	watch='--capture off --set witnesses.sampler=false'
	[ "$1" = on ] && watch='--capture on --set witnesses.sample_period=100ms'
	# shellcheck disable=SC2086 # words
	profiled 2 '-F 4000' "profile $1" --topology lo --strategy client-fin --duration 4s \
		--set load.engine="$fastest" --set addressing.destinations="$cpus" $watch
	perf_samples --sort sym -F sample,sym |
		awk -v rate="$(field ledger.achieved_rate_per_s)" '$1 ~ /^[0-9]+$/ && $3 !~ /irq_enable$/ {
			function_name = $2 ~ /k/ ? $3 : "twbench and libraries"
			us[function_name] += $1 * 250 / (2 * rate)
		} END { for (f in us) printf "%s\t%.3f\n", f, us[f] }' | LC_ALL=C sort >"$out/tax-$1.tsv"
	rm -f "$out/perf.data"
}
if have perf; then
	profile_tax off
	profile_tax on
	{
		echo "us per connection, $fastest engine over lo: difference, without witnesses, with them; function"
		LC_ALL=C join -t "$(printf '\t')" -a 1 -a 2 -e 0 -o 0,1.2,2.2 "$out/tax-off.tsv" "$out/tax-on.tsv" |
			awk -F '\t' '{ printf "%8.3f %8.3f %8.3f  %s\n", $3 - $2, $2, $3, $1 }' | sort -rn | head -n 30
	} >"$out/profile-tax.txt"
	rm -f "$out/tax-on.tsv" "$out/tax-off.tsv"
fi

# Beside n TIME_WAITs: make them, then hold an idle second half (a slow trickle) and read the sampler's CPU.
beside() { # beside COUNT TARGET
	tw_run "sampler beside $1" --strategy client-fin --capture off --set load.engine="$fastest" \
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
