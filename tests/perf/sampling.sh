# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 4: one look at the sockets, ours against ss and netstat, beside 1,000 to 1,000,000 TIME_WAITs.

echo 'sampling cost'
sizes='1000 10000 100000 1000000'
for n in $sizes; do
	# shellcheck disable=SC2086 # words
	$own_net "$helper/perf_table" "$n" >"$out/sampling-$n.txt" 2>"$out/stderr" || {
		echo "  beside $n: $(tail -n 1 "$out/stderr")" >&2
		continue
	}
	sed 's/^/  /' "$out/sampling-$n.txt"
	awk -v n="$n" '{ print n "\t" $1 "\t" $2 }' "$out/sampling-$n.txt" >>"$out/sampling.tsv"
done
cost() { # cost COUNT HOW: microseconds of CPU
	awk -F '\t' -v n="$1" -v h="$2" '$1 == n && $2 == h { print $3 }' "$out/sampling.tsv" 2>/dev/null
}
for n in $sizes; do
	[ -n "$(cost "$n" dump)" ] || continue
	case $n in
	100000) t=5 ;;
	*) t=1 ;;
	esac
	ours=$(cost "$n" dump) tw=$(cost "$n" sockstat) ss=$(cost "$n" ss) netstat=$(cost "$n" netstat)
	row 4 "ss -tan to our full count, $n TIME_WAITs" "${ss:-absent}" us "$ours" 'ours' min "$t" "CPU time"
	[ "$n" = 100000 ] || continue
	row 4 "netstat -ant to our full count, $n TIME_WAITs" "${netstat:-absent}" us "$ours" ours min 10 'CPU time'
	row 4 "ss -tan to our TIME_WAIT count, $n TIME_WAITs" "${ss:-absent}" us "$tw" ours min 1000 'CPU time'
done
