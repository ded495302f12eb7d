# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 7: what a connection, a packet and a sample cost from 10,000 to 1,000,000; and the kernel's own
# curve: connect() by port policy.

echo 'growth'
# once N: a row of what N connections cost.
once() {
	tw_run "growth $1" --strategy client-fin --set load.engine="$fastest" --set addressing.destinations="$cpus" \
		--set addressing.sources=32 --set load.connections="$1" --duration 60s --capture on || return
	# shellcheck disable=SC2046 # numbers
	set -- "$1" $(field cost.client_cpu_ns cost.sniffer_cpu_ns capture.packets cost.sampler_cpu_ns \
		cost.sampler_dumps_cpu_ns series.taken latency.connect.p50_ns)
	awk -v n="$1" -v c="$2" -v s="$3" -v p="$4" -v a="$5" -v d="$6" -v t="$7" -v k="$8" 'BEGIN {
		printf "%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%.1f\n",
			n, c / n / 1000, s / p, (a - d) / t / 1000, k / 1000, s, p, a / t / 1000 }'
}
# In turns, for a bad minute shall not be one size's; of each size the least counts.
{
	for n in 10000 30000 100000; do once "$n"; done
	round=0
	while [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		for n in 10000 30000 100000 300000 1000000; do once "$n"; done
	done
} | awk -F '\t' -v OFS='\t' '
	{ for (i = 1; i <= NF; i++) if (!(($1, i) in least) || $i + 0 < least[$1, i] + 0) least[$1, i] = $i; n = NF; size[$1] }
	END { for (s in size) { printf "%s", s; for (i = 2; i <= n; i++) printf "\t%s", least[s, i]; print "" } }' |
	sort -n >"$out/growth.tsv"
sed 's/^/  /' "$out/growth.tsv"
spread_of() { # spread_of "NUMBER...": greatest to least
	echo "$1" | awk '{ low = high = $1; for (i = 2; i <= NF; i++) { if ($i < low) low = $i; if ($i > high) high = $i }
		if (low > 0) printf "%.3f", high / low; else print "-" }'
}
flat() { # flat COLUMN WHAT UNIT: dearest to cheapest
	values=$(cut -f "$1" "$out/growth.tsv" 2>/dev/null | tr '\n' ' ')
	spread=$(spread_of "$values")
	row 7 "$2, dearest to cheapest of 10,000 to 1,000,000" "${spread:--}" x - - max 1.15 "$3: $values"
}
flat 2 'cost per connection' us
# What the sniffer spends before the first packet, on memory above all, is not a packet's: the cost of those
# that a run has more than one of a tenth of its size.  (Fewer of them are too few: a millisecond is 5 %.)
further() { # further FILE CONNECTIONS COST PACKETS: ns for each further one, of ten times as many; columns
	awk -F '\t' -v size="$2" -v cost="$3" -v packets="$4" '
		$size ~ /^10+$/ { if (c != "") printf "%s%.1f", (said++ ? " " : ""), ($cost - c) / ($packets - p); c = $cost; p = $packets }' "$1"
}
more=$(further "$out/growth.tsv" 1 6 7)
spread=$(spread_of "$more")
row 7 'cost per further packet, dearest to cheapest of 10,000 to 1,000,000' "${spread:--}" x - - max 1.15 \
	"ns: $more; with what the start takes: $(cut -f 3 "$out/growth.tsv" | tr '\n' ' ')"
# The same of a capture, where no load takes the cache: the least CPU of five readings of each size.
read_cost() { # read_cost CONNECTIONS: connections, ns of CPU, packets
	"$helper/many_connections" "$1" "$out/growth.pcap" || return
	for _ in 1 2 3 4 5; do
		must 'growth analyze' "$twbench" analyze "$out/growth.pcap" && echo "$own_s"
	done | awk -v n="$1" 'NR == 1 || $1 < least { least = $1 } END { printf "%d\t%.0f\t%d\n", n, least * 1e9, 9 * n }'
	rm -f "$out/growth.pcap"
}
for n in 10000 100000 1000000; do
	read_cost "$n"
done >"$out/growth-analyze.tsv"
more=$(further "$out/growth-analyze.tsv" 1 2 3)
spread=$(spread_of "$more")
row 7 'cost per further packet of a capture, dearest to cheapest of 10,000 to 1,000,000' "${spread:--}" x - - max 1.15 "ns: $more"
flat 4 "cost per sample but for the kernel's walk over all sockets" "us; that walk included, which is the kernel's own curve: \
$(cut -f 8 "$out/growth.tsv" 2>/dev/null | tr '\n' ' ' | sed 's/ $//'); without it"

for policy in kernel range explicit; do
	for n in 7000 13000 16000 19000 22000; do
		rm -rf "$out/run"
		must "ports $policy $n" "$twbench" run smoke --quiet --no-plots --out "$out/run" --capture off \
			--strategy client-fin --drain false --set load.shape=saturate --set load.engine=straight --set load.threads=1 \
			--set load.connections="$n" --duration 60s --set addressing.ports="$policy" || continue
		record=$(find "$out/run" -name run.json | head -n 1)
		# shellcheck disable=SC2046 # numbers
		printf '%s\t%s\t%s\t%s\t%s\n' "$policy" "$n" $(field latency.connect.p50_ns latency.connect.p99_ns latency.connect.max_ns) \
			>>"$out/ports.tsv"
	done
done
