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

# A twentieth is enough to see the pace of tcptrace, and all of it takes long.  What it needs to begin it would
# need once.  tshark gets dearer as it goes (2 GB), so it reads all, once, which is half a minute.
"$maker" "$((connections / 20))" "$tmp/part.pcap" && "$maker" 1 "$tmp/one.pcap" || exit 1
have() { command -v "$1" >/dev/null; }

for round in $(seq $rounds); do
	have tcpdump && cpu tcpdump tcpdump -r "$tmp/many.pcap" -w /dev/null
	cpu table "$twbench" analyze "$tmp/many.pcap"
	cpu json "$twbench" analyze --json "$tmp/many.pcap"
	cpu live "$twbench" analyze --lifetime 10ms "$tmp/many.pcap"
	have tcptrace && cpu begin tcptrace -n "$tmp/one.pcap" && cpu part tcptrace -n "$tmp/part.pcap"
	have tshark && [ "$round" -eq 2 ] && cpu tshark tshark -q -z conv,tcp -r "$tmp/many.pcap"
done
if [ ! -f "$tmp/cpu.tcpdump" ]; then
	echo "perf_analyze: tcpdump is not installed: ratios are to ourselves" >&2
	cp "$tmp/cpu.table" "$tmp/cpu.tcpdump"
fi
if have tcptrace; then
	# shellcheck disable=SC2046 # two numbers
	set -- "$(best begin | cut -d ' ' -f 1)" $(best part)
	echo "$(($1 + ($2 - $1) * 20)) $3" >"$tmp/cpu.tcptrace"
fi
echo "$packets packets, $connections connections, all held to the end but in the last row"
row tcpdump "tcpdump -r -w /dev/null"
row table "analyze"
row json "analyze --json"
row live "analyze, TIME_WAIT of 10 ms"
slow_row() { # slow_row NAME TEXT
	[ -f "$tmp/cpu.$1" ] || return
	row "$1" "$2"
	awk -v who="$1" -v t="$(best "$1" | cut -d ' ' -f 1)" -v a="$(best table | cut -d ' ' -f 1)" \
		'BEGIN { printf "analyze is %.0f times as fast as %s\n", t / (a ? a : 1), who }'
}
slow_row tshark 'tshark -q -z conv,tcp'
slow_row tcptrace 'tcptrace -n (of a 20th)'
