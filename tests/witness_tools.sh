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

# A line for each frame: SYN, ACK, FIN, RST, port it goes to, port it comes from, retransmission,
# connection, malformed; the first five and the port are empty where there is no TCP.
read_frames() { # read_frames PCAP
	tshark -r "$1" -T fields -E separator=, -e tcp.flags.syn -e tcp.flags.ack -e tcp.flags.fin -e tcp.flags.reset \
		-e tcp.dstport -e tcp.srcport -e tcp.analysis.retransmission -e tcp.stream -e _ws.malformed \
		>frames 2>frames.err
}

count_frames() { # what the record says in the same order
	awk -F , '
	{ for (i = 1; i <= 4; i++) set[i] = $i == "1" || $i == "True" }
	$5 == 20000 && set[1] && !set[2] && $7 == "" { syn++ }
	$6 == 20000 && set[1] && set[2] && $7 == "" { syn_ack++ }
	set[3] && $7 == "" { fin[$5 == 20000]++ }
	set[4] { rst[$5 == 20000]++ }
	$8 != "" { tcp++; if (!($8 in seen)) { seen[$8] = 1; flows++ } }
	END { print syn + 0, syn_ack + 0, fin[1] + 0, fin[0] + 0, rst[1] + 0, rst[0] + 0, flows + 0, tcp + 0, NR }' frames
}

compare_capture() { # compare_capture RECORD PCAP
	ok "tshark reads the capture" read_frames "$2"
	is "tshark: SYN, SYN-ACK, FIN and RST per direction, connections, TCP packets, packets" "$(count_frames)" \
		"$(json "$1" '" ".join(str(repeats[0][1]["capture"][k]) for k in ("syn", "syn_ack"))' \
			'" ".join(str(repeats[0][1]["capture"][k][s]) for k in ("fin", "rst") for s in ("client", "server"))' \
			'" ".join(str(repeats[0][1]["capture"][k]) for k in ("flows", "tcp_packets", "packets"))' |
			tr '\n' ' ' | sed 's/ $//')"
	empty "tshark: nothing malformed" "$(awk -F , '$9 != ""' frames | head -n 3)"
	is "file_bytes is the size of the file" "$(json "$1" 'repeats[0][1]["capture"]["file_bytes"]')" \
		"$(wc -c <"$2" | tr -d ' ')"
}

# --- one strategy -------------------------------------------------------------------------------------

counters="TcpActiveOpens TcpPassiveOpens TcpAttemptFails TcpEstabResets TcpInSegs TcpOutSegs TcpOutRsts \
	TcpRetransSegs TcpExtTW TcpExtTCPAbortOnData TcpExtTCPAbortOnClose TcpExtTCPTimeWaitOverflow"

value_of() { # value_of FILE NAME
	awk -v name="$2" '$1 == name { print $2 }' "$1"
}

compare_kernel() { # compare_kernel RECORD
	for side in client server; do
		json "$1" '"peak " + str(repeats[0][1]["time_wait"]["'$side'"]["peak"])' \
			'"\n".join(k + " " + str(repeats[0][1]["counters"]["'$side'"].get(k, {"after": 0})["after"])
				for k in "'"$counters"'".split())' >$side.record
		is "ss: TIME_WAIT at the $side" "$(wc -l <$side.tw | tr -d ' ')" "$(value_of $side.record peak)"
		for counter in $counters; do
			is "nstat: $counter of the $side" "$(value_of $side.nstat "$counter")" "$(value_of $side.record "$counter")"
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
