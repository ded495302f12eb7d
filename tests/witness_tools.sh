#!/bin/sh
# long: our counts against tools that are not ours: tshark on the capture we keep; ss and nstat inside
# the lab while it drains.  Everything must agree exactly.
# shellcheck disable=SC2317 # functions are called through wait_for
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need_net
need tshark ss nstat nsenter
cd "$tmp" || exit 1
count=300

# --- the lab from inside ----------------------------------------------------------------------------

child() { cut -d ' ' -f 1 "/proc/$main/task/$main/children"; }

opened() { # opened AT-LEAST: connections, as the worker's main thread sees it: it is the client's
	worker=$(child) && [ -n "$worker" ] &&
		[ "$(readlink "/proc/$worker/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		n=$(awk '$1 == "Tcp:" { n = $6 } END { print n + 0 }' "/proc/$worker/net/snmp") && [ "$n" -ge "$1" ]
}

# Two sleepers keep the namespaces of the lab after the run, with their TIME_WAITs and counters.
hold() {
	ours=$(readlink "/proc/$worker/ns/net") user=''
	[ "$isolation" = netns ] || user="--user=/proc/$worker/ns/user --preserve-credentials"
	for task in "/proc/$worker/task"/*; do
		if [ "$(readlink "$task/ns/net")" != "$ours" ]; then
			# shellcheck disable=SC2086 # words
			nsenter $user "--net=$task/ns/net" sleep 60 &
			server=$!
			# shellcheck disable=SC2086
			nsenter $user "--net=/proc/$worker/ns/net" sleep 60 &
			client=$!
			pids="$pids $client $server"
			return 0
		fi
	done
	return 1
}

is_sleeping() { [ "$(cat "/proc/$1/comm")" = sleep ]; }

inside() { # inside PID COMMAND...
	held=$1 user=''
	shift
	[ "$isolation" = netns ] || user="--user --preserve-credentials"
	# shellcheck disable=SC2086
	nsenter -t "$held" $user --net "$@"
}

look() { # look SIDE PID: into files SIDE.tw and SIDE.nstat
	inside "$2" ss -Htan state time-wait >"$1.tw"
	NSTAT_HISTORY=$tmp/history inside "$2" nstat -asz >"$1.nstat"
}

# --- tshark -------------------------------------------------------------------------------------------

frames() { # frames FILTER: how many of the capture
	tshark -r "$pcap" -Y "$1" -T fields -e frame.number 2>/dev/null | wc -l
}

compare_capture() { # compare_capture RECORD PCAP
	pcap=$2
	to='tcp.dstport == 20000' from='tcp.srcport == 20000' fresh='!tcp.analysis.retransmission'
	is "tshark: SYN, SYN-ACK, FIN and RST per direction" \
		"$(frames "tcp.flags.syn == 1 && tcp.flags.ack == 0 && $to && $fresh") $(frames \
			"tcp.flags.syn == 1 && tcp.flags.ack == 1 && $from && $fresh") $(frames \
			"tcp.flags.fin == 1 && $to && $fresh") $(frames "tcp.flags.fin == 1 && $from && $fresh") $(frames \
			"tcp.flags.reset == 1 && $to") $(frames "tcp.flags.reset == 1 && $from")" \
		"$(json "$1" '" ".join(str(repeats[0][1]["capture"][k]) for k in ("syn", "syn_ack"))' \
			'" ".join(str(repeats[0][1]["capture"][k][s]) for k in ("fin", "rst") for s in ("client", "server"))' |
			tr '\n' ' ' | sed 's/ $//')"
	is "tshark: connections" "$(tshark -r "$pcap" -T fields -e tcp.stream 2>/dev/null | sort -u | grep -c .)" \
		"$(json "$1" 'repeats[0][1]["capture"]["flows"]')"
	is "tshark: TCP packets" "$(frames tcp)" "$(json "$1" 'repeats[0][1]["capture"]["tcp_packets"]')"
	is "tshark: packets" "$(frames frame)" "$(json "$1" 'repeats[0][1]["capture"]["packets"]')"
	empty "tshark: nothing malformed" "$(tshark -r "$pcap" -Y _ws.malformed 2>/dev/null | head -n 3)"
	is "file_bytes is the size of the file" "$(json "$1" 'repeats[0][1]["capture"]["file_bytes"]')" \
		"$(wc -c <"$pcap" | tr -d ' ')"
}

# --- one strategy -------------------------------------------------------------------------------------

nstat_of() { # nstat_of SIDE COUNTER
	awk -v name="$2" '$1 == name { print $2 }' "$1.nstat"
}

compare_kernel() { # compare_kernel RECORD
	for side in client server; do
		is "ss: TIME_WAIT at the $side" "$(wc -l <$side.tw | tr -d ' ')" \
			"$(json "$1" 'repeats[0][1]["time_wait"]["'$side'"]["peak"]')"
		for counter in TcpActiveOpens TcpPassiveOpens TcpAttemptFails TcpEstabResets TcpInSegs TcpOutSegs \
			TcpOutRsts TcpRetransSegs TcpExtTW TcpExtTCPAbortOnData TcpExtTCPAbortOnClose \
			TcpExtTCPTimeWaitOverflow; do
			is "nstat: $counter of the $side" "$(nstat_of $side $counter)" "$(json "$1" \
				'repeats[0][1]["counters"]["'$side'"].get("'$counter'", {"after": 0})["after"]')"
		done
	done
}

watch() { # watch STRATEGY [OPTION...]
	strategy=$1
	shift
	echo "# $strategy, $isolation $*"
	rm -rf res
	"$twbench" run smoke -s "$strategy" --isolation "$isolation" --capture keep --drain false \
		--set load.connections=$count -r 100/s -d 10s -o res --quiet --no-plots "$@" >main.out 2>main.err &
	main=$!
	pids="$pids $main"
	if ! wait_for 30 opened 10 || ! hold; then
		tap_line no "$strategy: its load came" "$(cat main.err)"
		return
	fi
	ok "$strategy: both namespaces are held" wait_for 20 is_sleeping "$client"
	ok "... both" wait_for 20 is_sleeping "$server"
	wait "$main"
	is "$strategy: exit 0" "$?$(cat main.err)" 0
	look client "$client"
	look server "$server"
	kill "$client" "$server"
	is "$strategy: connections" "$(json res/latest/run.json 'repeats[0][1]["ledger"]["outcomes"]["ok"]')" $count
	compare_kernel res/latest/run.json
	compare_capture res/latest/run.json res/latest/cases/*/r1/capture.pcap
}

if may_userns; then isolation=userns; else isolation=netns; fi
watch client-fin
watch server-fin
watch client-rst
watch client-fin --set addressing.family=6
if [ $isolation = userns ] && may_netns; then
	isolation=netns
	watch server-fin
fi
done_testing
