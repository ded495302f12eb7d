#!/bin/sh
# `twbench analyze` as a person uses it: outputs, options, standard input, several files, captures
# that break off, input that is none, a live interface.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
pcaps=$top/fixtures/pcap
cd "$tmp" || exit 1

analyze() { run "$twbench" analyze "$@"; }

# --- the table ----------------------------------------------------------------------------------

analyze "$pcaps/interleaved.pcap"
is "a table: exit 0" "$code" 0
like "... counts packets" "$out" '^20 packets in .*: 20 TCP, 0 other$'
like "... counts connections" "$out" '^4 connections, 1 open at its end$'
like "... classes, and who holds TIME_WAIT" "$out" '^orderly-3 +2 +50\.0% +- +1 +1 +- +-$'
like "... hosts in TIME_WAIT" "$out" '^10\.0\.0\.1 +1 +1 +1 +0 +0$'
like "... resets by cause" "$out" '^abort by the initiator +1$'
like "... the slowest closes" "$out" ' ms +#[0-9]+ +10\.0\.0\.1:4000[0-9]( \*)? -> 10\.0\.0\.2:5000( \*)?  orderly-3$'
empty "... nothing on standard error" "$err"
analyze "$pcaps/empty.pcap"
is "a capture without packets: exit 0" "$code" 0
like "... says so" "$out" '^0 connections$'
analyze --lifetime 1ms "$pcaps/time-wait-assassinated.pcap"
like "--lifetime: TIME_WAIT is over at the end" "$out" '^10\.0\.0\.1 +2 +[12] +0 '
analyze --top 1 "$pcaps/interleaved.pcap"
is "--top 1: one close" "$(printf '%s\n' "$out" | grep -c '^ .*orderly-3$')" 1

if [ -x "$top/${BUILD:-build}/helper/many_connections" ]; then
	"$top/${BUILD:-build}/helper/many_connections" 20000 many.pcap
	analyze --max-connections 1000 many.pcap
	is "more connections than there is room for: exit 0" "$code" 0
	like "... each is one all the same" "$out" '^20 000 connections$'
	like "... those that make room are told" "$out" '^19 000 closed ones were forgotten'
else
	skip "more connections than there is room for" "many_connections is not built (make unit)"
fi

analyze --max-connections 4 "$pcaps/half-open-flood.pcap"
is "a flood that fills the table: exit 0" "$code" 0
like "... is told" "$out" '^3 that never got beyond their handshake were put out for want of room$'
analyze --max-connections 4 "$pcaps/half-open-put-out.pcap"
is "one of it was none, and is put out: exit 3" "$code" 3
like "... is told" "$err" '^twbench analyze: put out for want of room \(--max-connections\) and not over: 1$'
like "... with what that means" "$out" '^1 of them were put out while open or about to'

# --- rows ---------------------------------------------------------------------------------------

analyze --csv "$pcaps/orderly-4.pcap"
is "--csv: a head and a row" "$(printf '%s\n' "$out" | wc -l)" 2
is "... of as many columns" "$(printf '%s\n' "$out" | sed -n 1p | tr -cd , | wc -c)" \
	"$(printf '%s\n' "$out" | sed -n 2p | tr -cd , | wc -c)"
like "... pairs as two" "$out" '^number,.*,fin_src,fin_dst,'
"$twbench" analyze --json "$pcaps/simultaneous.pcap" >row.json
is "--json: the keys that scripts read" "$(json row.json 'r["src"]' 'r["sport"]' 'r["dst"]' 'r["dport"]' \
	'r["initiator_by"]' 'r["class"]' 'r["time_wait_holder"]' 'r["fins_crossed"]' 'r["first_fin"]' \
	'r["first_rst"]' 'r["fin"]' 'r["fin_acked"]' 'r["data_after_fin_bytes"]' 'r["reused_ports"]' |
	tr '\n' ' ')" '10.0.0.1 40000 10.0.0.2 5000 syn simultaneous both true src null {"src": 1, "dst": 1} {"src": true, "dst": true} 0 false '
is "... times to the nanosecond" "$(grep -o '"first_time_s":[0-9.]*' row.json)" '"first_time_s":1700000000.001000000'
"$twbench" analyze --json - <"$pcaps/simultaneous.pcap" >stdin.json
ok "standard input gives the same" cmp row.json stdin.json
# shellcheck disable=SC2002 # a pipe, not a file
cat "$pcaps/format-pcapng.pcap" | "$twbench" analyze --json - >piped.json
ok "... pcapng through a pipe, too" cmp piped.json "$pcaps/format-pcapng.want"
python3 -c '
import struct, sys
b = open(sys.argv[1], "rb").read()
packet = bytes(12) + b"\x08\x06" + bytes(200000)  # ARP, as it were
sys.stdout.buffer.write(b[:24] + struct.pack("<4I", 1700000000, 0, len(packet), len(packet)) + packet + b[24:])
' "$pcaps/simultaneous.pcap" >large.pcap
"$twbench" analyze --json large.pcap >large.json
ok "a packet of 200 000 bytes is passed over" cmp row.json large.json
# shellcheck disable=SC2002 # a pipe, not a file
cat large.pcap | "$twbench" analyze --json - >large.json
ok "... through a pipe, too" cmp row.json large.json
"$twbench" analyze --json --filter 'port 40001' "$pcaps/interleaved.pcap" >filtered.json
is "--filter: one of four" "$(wc -l <filtered.json)" 1
analyze --filter 'port 40001' "$pcaps/interleaved.pcap"
like "... counts what it left out" "$out" '^16 packets left out by the filter$'

analyze --json "$pcaps/abort.pcap" "$pcaps/later.pcap"
is "two files are one stream" "$(printf '%s\n' "$out" | grep -o '"number":[0-9]*,\|"file":[^,]*' | tr '\n' ' ')" \
	'"number":1, "file":null "number":2, "file":null '
analyze --json --each -j 2 "$pcaps/abort.pcap" "$pcaps/refused.pcap"
is "--each: each by itself, and named" "$(printf '%s\n' "$out" | sed 's|"'"$pcaps"'/|"|' | grep -o '"class":[^,]*\|"file":[^,]*' | sort | tr '\n' ' ')" \
	'"class":"abort" "class":"refused" "file":"abort.pcap" "file":"refused.pcap" '
analyze --each "$pcaps"/*.pcap
is "--each of all: exit 3, some are cut" "$code" 3
like "... all connections" "$out" "^[0-9]+ connections"
like "... some files break off" "$out" "and 2 files more"
like "... the slowest closes with their files" "$out" '  orderly-[34]  .*/[a-z0-9-]+\.pcap$'

# --- ladder -------------------------------------------------------------------------------------

analyze --ladder 1 "$pcaps/simultaneous.pcap"
like "--ladder: both send their FIN before they see the other's" "$out" \
	' FIN-WAIT-1 +--> <SEQ=101><ACK=101><CTL=FIN,ACK> +--> ESTABLISHED$'
like "... and pass through CLOSING" "$out" ' CLOSING +<-- <SEQ=101><ACK=101><CTL=FIN,ACK> +<-- CLOSING$'
like "... into TIME-WAIT, both" "$out" ' TIME-WAIT +<-- .* <-- TIME-WAIT$'
analyze --ladder 1 --svg ladder.svg "$pcaps/simultaneous.pcap"
is "--svg: exit 0" "$code" 0
like "... tells when each TIME-WAIT ends, in order" "$(grep -o '60.00[0-9]*<\|TIME-WAIT of [a-z ]*' ladder.svg | tr '\n' ' ')" \
	'^60.008000< TIME-WAIT of the responder ends 60.009000< TIME-WAIT of the initiator ends $'
ok "... is XML" python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("ladder.svg")'
analyze --ladder 1 --svg - "$pcaps/simultaneous.pcap"
is "--svg -: the same on standard output" "$out" "$(cat ladder.svg)"
analyze --filter 'tcp[13] = 2' "$pcaps/abort.pcap"
like "one packet is one" "$out" '^1 packet in 0 s from .*: 1 TCP, 0 other$'
analyze --ladder 1 "$pcaps/late-data-reset.pcap"
like "--ladder: data to an end that is gone" "$out" ' CLOSED +--> <SEQ=102><CTL=RST> +--> CLOSED$'

# --- what cannot be read -------------------------------------------------------------------------

refuses() { # refuses NAME REGEX ARGUMENT...
	name=$1 regex=$2
	shift 2
	analyze "$@"
	is "$name: exit 2" "$code" 2
	empty "... nothing on standard output" "$out"
	like "... one line" "$err" "^twbench analyze: $regex\$"
}
: >empty
head -c 3000 /dev/urandom >noise
printf '\037\213\010\000' >packed.gz
refuses "no file" "give a capture file, '-' for standard input, or --interface"
refuses "no such file" "cannot open 'none': No such file or directory" none
refuses "an empty file" "'empty' is not a capture file: it is empty" empty
refuses "noise" "'noise' is not a capture file: .*" noise
refuses "a compressed file" "'packed.gz' is not a capture file: compressed by gzip: .*" packed.gz
refuses "the second of two is none" "'noise' is not a capture file: .*" --csv "$pcaps/abort.pcap" noise
refuses "a directory" ".*Is a directory" .
refuses "a bad filter" "filter 'tpc': .*" --filter tpc "$pcaps/abort.pcap"
refuses "no such connection" "--ladder: there is no connection 9, the last is 1" --ladder 9 "$pcaps/abort.pcap"
refuses "two outputs" "--json and --csv: one at a time" --json --csv "$pcaps/abort.pcap"
refuses "--svg alone" "--svg goes with --ladder" --svg x.svg "$pcaps/abort.pcap"
refuses "--duration of a file" "--duration goes with --interface" --duration 1s "$pcaps/abort.pcap"
refuses "--jobs of one stream" "--jobs goes with --each" -j 2 "$pcaps/abort.pcap"
refuses "--lifetime without unit" "--lifetime: '60' .*" --lifetime 60 "$pcaps/abort.pcap"
refuses "--top 0" "--top: '0' is out of range .*" --top 0 "$pcaps/abort.pcap"
for form in --json --csv ''; do
	# shellcheck disable=SC2086 # none is none
	analyze $form "$pcaps/cut-in-packet.pcap"
	is "cut ${form:-(table)}: exit 3" "$code" 3
	like "... says where" "$err" "^twbench analyze: read up to the cut: '.*cut-in-packet.pcap': the file ends within a packet: 60 of 70 bytes$"
	like "... and what was before" "$out" 'orderly-3|fin-unanswered|connections'
done
if [ -w /dev/full ]; then
	"$twbench" analyze --json "$pcaps/abort.pcap" >/dev/full 2>err
	is "a full device: exit 5" $? 5
fi
for cut in 0 1 4 16 24 25 40 60 100; do
	for format in us-be pcapng; do
		head -c "$cut" "$pcaps/format-$format.pcap" >head.pcap
		analyze --json head.pcap
		like "$format, its first $cut bytes: read or refused" "$code" '^[023]$'
	done
done

# --- graphs -------------------------------------------------------------------------------------

if command -v gnuplot >/dev/null; then
	analyze --plots two "$pcaps/interleaved.pcap" "$pcaps/refused.pcap"
	ok "--plots: what it is of, all of it" grep -q "^about_host = .*interleaved.pcap and 1 more'" two/classes.gp
	is "... shares rise from the axis" 0 \
		"$(grep -A 1 '^#' two/close-delay.dat | grep '^[0-9]' | cut -d ' ' -f 2 | sort -u)"
	is "... and an axis of whole sockets" "$(grep -o '<text>[0-9]*</text>' two/tw-by-host.svg | grep -c '>1<')" 1
	analyze --plots graphs "$pcaps/interleaved.pcap"
	is "--plots: exit 0" "$code" 0
	is "... three graphs, each with what it was made of" "$(cd graphs && echo *)" \
		"$(for g in classes close-delay tw-by-host; do for e in dat gp png svg; do printf '%s.%s ' $g $e; done; done | sed 's/ $//')"
else
	skip "--plots" "gnuplot is not installed"
fi

# --- live ---------------------------------------------------------------------------------------

refuses "files and an interface" "give files or --interface, not both" -i lo "$pcaps/abort.pcap"
refuses 'standard input twice' "'-' is given 2 times, but can be read once" - "$pcaps/abort.pcap" -
if may_userns || may_netns; then
	cat >live.sh <<'L'
"$1" analyze -i nosuch 2>live.none
"$1" serve --port 5001 >/dev/null 2>&1 &
server=$!
"$1" analyze -i lo --json >live.json 2>live.err &
analyze=$!
tries=0
until [ "$(wc -l </proc/net/packet)" -gt 1 ] && [ -n "$(ss -Hltn sport = :5001)" ] || [ $tries -eq 1000 ]; do
	sleep 0.02
	tries=$((tries + 1))
done
for _ in 1 2 3; do
	"$1" load 127.0.0.1:5001 --clients 1 --duration 100ms --rate 20/s >/dev/null 2>&1
done
kill -s INT "$analyze"
wait "$analyze"
echo $? >live.code
timeout 60 "$1" analyze -i lo --duration 50ms >live.short 2>>live.err
echo $? >>live.code
kill "$server"
wait
L
	in_net sh live.sh "$twbench"
	is "-i: ends by SIGINT, and by itself after --duration" "$(paste -sd ' ' live.code)" '0 0'
	empty "-i: nothing on standard error" "$(cat live.err)"
	is "-i: no such interface is told once" "$(cat live.none)" \
		"twbench analyze: cannot capture on 'nosuch': No such device exists"
	ok "-i: connections of now, by the wall clock" python3 -c '
import json, time
rows = [json.loads(line) for line in open("live.json")]
assert len(rows) >= 3, len(rows)
assert all(abs(r["first_time_s"] - time.time()) < 600 for r in rows)
closed = [r for r in rows if r["class"].startswith("orderly")]
assert len(closed) >= 3 and all(r["time_wait_holder"] in ("src", "dst") for r in closed)'
else
	skip "-i" "[namespace] neither user nor network namespaces may be made here"
fi
done_testing
