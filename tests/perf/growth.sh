# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 7: what a connection, a packet and a sample cost from 10,000 to 1,000,000; and the kernel's own
# curve: connect() by port policy.

echo 'growth'
# once N: a row of what N connections cost; the smaller take part several times, and the least counts.
once() {
	tw_run "growth $1" --strategy client-fin --set load.engine=straight --set addressing.destinations="$cpus" \
		--set addressing.sources=32 --set load.connections="$1" --duration 60s --capture on || return
	# shellcheck disable=SC2046 # numbers
	set -- "$1" $(field cost.client_cpu_ns cost.sniffer_cpu_ns capture.packets cost.sampler_cpu_ns \
		cost.sampler_dumps_cpu_ns series.taken latency.connect.p50_ns)
	awk -v n="$1" -v c="$2" -v s="$3" -v p="$4" -v a="$5" -v d="$6" -v t="$7" -v k="$8" 'BEGIN {
		printf "%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%.1f\n",
			n, c / n / 1000, s / p, (a - d) / t / 1000, k / 1000, s, p, a / t / 1000 }'
}
for n in 10000 30000 100000 300000 1000000; do
	[ "$n" -le 100000 ] && times=3 || times=1
	while [ "$times" -gt 0 ]; do
		times=$((times - 1))
		once "$n"
	done | awk -F '\t' -v OFS='\t' 'NR == 1 { split($0, least) }
		{ for (i = 1; i <= NF; i++) if ($i + 0 < least[i] + 0) least[i] = $i; n = NF }
		END { for (i = 1; i <= n; i++) printf "%s%s", least[i], (i < n ? OFS : "\n") }' >>"$out/growth.tsv"
	tail -n 1 "$out/growth.tsv" | sed 's/^/  /'
done
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
# that each size has more than the one before.
more=$(awk -F '\t' 'NR > 1 { printf "%s%.1f", (NR > 2 ? " " : ""), ($6 - s) / ($7 - p) } { s = $6; p = $7 }' "$out/growth.tsv" 2>/dev/null)
spread=$(spread_of "$more")
row 7 'cost per further packet, dearest to cheapest of 10,000 to 1,000,000' "${spread:--}" x - - max 1.15 \
	"ns: $more; with what the start takes: $(cut -f 3 "$out/growth.tsv" | tr '\n' ' ')"
# The same of a capture, where no load takes the cache: the least CPU of three readings of each size.
read_cost() { # read_cost CONNECTIONS: connections, ns of CPU
	"$helper/many_connections" "$1" "$out/growth.pcap" || return
	for _ in 1 2 3; do
		/usr/bin/time -f '%U %S' -o "$out/account" "$twbench" analyze "$out/growth.pcap" >/dev/null 2>&1
		cat "$out/account"
	done | awk -v n="$1" 'NR == 1 || $1 + $2 < least { least = $1 + $2 } END { printf "%d\t%.0f\n", n, least * 1e9 }'
	rm -f "$out/growth.pcap"
}
for n in 10000 100000 300000 1000000; do
	read_cost "$n"
done >"$out/growth-analyze.tsv"
more=$(awk -F '\t' 'NR > 1 { printf "%s%.1f", (NR > 2 ? " " : ""), ($2 - s) / ($1 - n) / 9 } { n = $1; s = $2 }' "$out/growth-analyze.tsv")
spread=$(spread_of "$more")
row 7 'cost per further packet of a capture, of 10,000 to 1,000,000' "${spread:--}" x - - max 1.15 "ns: $more"
flat 4 "cost per sample but for the kernel's walk over all sockets" "us; that walk included, which is the kernel's own curve: \
$(cut -f 8 "$out/growth.tsv" 2>/dev/null | tr '\n' ' ' | sed 's/ $//'); without it"

for policy in kernel range explicit; do
	for n in 7000 13000 16000 20000 25000; do
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
