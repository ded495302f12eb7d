#!/bin/sh
# How fast `twbench analyze` reads: packets per second of CPU, bytes per connection, and the ratio
# to tcpdump (which only reads and writes) and tshark on the same capture of control segments.
#   tests/perf_analyze.sh [CONNECTIONS]     (default 350000, 3.15 million packets)
# Baselines run in turn with us, so that a busy machine disturbs both; the best of each counts.
set -u
cd "$(dirname "$0")/.." || exit 1
connections=${1:-350000}
rounds=3
maker=${BUILD:-build}/helper/many_connections
twbench=${TWBENCH:-./twbench}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT INT TERM
[ -x "$maker" ] || { echo "perf_analyze: $maker is not built (make unit)" >&2; exit 4; }

"$maker" "$connections" "$tmp/many.pcap" || exit 1
packets=$((connections * 9))
cat "$tmp/many.pcap" >/dev/null # into the page cache

# cpu COMMAND...: milliseconds of CPU, user and system, and peak KB, appended to $tmp/cpu.NAME
cpu() {
	name=$1
	shift
	/usr/bin/time -f '%U %S %M' -o "$tmp/time" "$@" >/dev/null 2>&1
	awk '{ printf "%d %d\n", ($1 + $2) * 1000, $3 }' "$tmp/time" >>"$tmp/cpu.$name"
}

best() { sort -n "$tmp/cpu.$1" | head -n 1; }

row() { # row NAME TEXT
	# shellcheck disable=SC2046 # two numbers
	set -- "$2" $(best "$1") "$(best tcpdump | cut -d ' ' -f 1)"
	awk -v text="$1" -v ms="$2" -v kb="$3" -v floor="$4" -v packets="$packets" -v n="$connections" 'BEGIN {
		if (ms == 0) ms = 1
		printf "%-34s %8.2f M packets/s  %7.1f x tcpdump  %8.1f MB peak  %6.0f bytes/connection\n",
			text, packets / ms / 1000, ms / (floor ? floor : 1), kb / 1024, kb * 1024 / n
	}'
}

for _ in $(seq $rounds); do
	command -v tcpdump >/dev/null && cpu tcpdump tcpdump -r "$tmp/many.pcap" -w /dev/null
	cpu table "$twbench" analyze "$tmp/many.pcap"
	cpu json "$twbench" analyze --json "$tmp/many.pcap"
	cpu live "$twbench" analyze --lifetime 10ms "$tmp/many.pcap"
done
if [ ! -f "$tmp/cpu.tcpdump" ]; then
	echo "perf_analyze: tcpdump is not installed: ratios are to ourselves" >&2
	cp "$tmp/cpu.table" "$tmp/cpu.tcpdump"
fi
echo "$packets packets, $connections connections, all held to the end but in the last row"
row tcpdump "tcpdump -r -w /dev/null"
row table "analyze"
row json "analyze --json"
row live "analyze, TIME_WAIT of 10 ms"
# A twentieth is enough to see the pace of the slow ones, and all of it takes minutes.  What they need to begin
# they would need once.
"$maker" "$((connections / 20))" "$tmp/part.pcap" && "$maker" 1 "$tmp/one.pcap" || exit 1
slow() { # slow NAME TEXT OPTION...: the file's name follows
	who=$1 text=$2
	shift 2
	command -v "$who" >/dev/null || return
	cpu begin "$who" "$@" "$tmp/one.pcap"
	cpu "$who" "$who" "$@" "$tmp/part.pcap"
	awk -v begin="$(best begin | cut -d ' ' -f 1)" '{ print begin + ($1 - begin) * 20, $2 }' "$tmp/cpu.$who" >"$tmp/x"
	mv "$tmp/x" "$tmp/cpu.$who"
	rm "$tmp/cpu.begin"
	row "$who" "$text (of a 20th)"
	awk -v who="$who" -v t="$(best "$who" | cut -d ' ' -f 1)" -v a="$(best table | cut -d ' ' -f 1)" \
		'BEGIN { printf "analyze is %.0f times as fast as %s\n", t / (a ? a : 1), who }'
}
slow tshark 'tshark -q -z conv,tcp' -q -z conv,tcp -r
slow tcptrace 'tcptrace -n' -n
