#!/bin/sh
# Where the threads of a run go: with many starts a second each end has CPUs of its own; with few the
# kernel decides.
# shellcheck disable=SC2317 # functions are called through wait_for
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need_net
[ "$(nproc)" -ge 2 ] || skip_all "one CPU: nothing to choose from"
cd "$tmp" || exit 1

child() { cut -d ' ' -f 1 "/proc/$main/task/$main/children"; }

loaded() { # its child is in a lab where connections are made
	worker=$(child) && [ -n "$worker" ] &&
		[ "$(readlink "/proc/$worker/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		awk '$1 == "Tcp:" { n = $6 } END { exit !(n > 0) }' "/proc/$worker/net/snmp"
}

placed() { # CPUs that single threads of the worker are bound to, one a line
	cat "/proc/$(child)/task"/*/status | awk '$1 == "Cpus_allowed_list:" && $2 ~ /^[0-9]+$/ { print $2 }' | sort -u
}

load() { # load RATE
	"$twbench" run smoke --quiet --no-plots -o "res$1" --strategy client-fin --rate "$1" --duration 9s \
		--drain false --capture off >/dev/null 2>&1 &
	main=$!
	pids="$pids $main"
	ok "$1/s: connections are made" wait_for 10 loaded
	cpus=$(placed | wc -l) threads=$(find "/proc/$(child)/task" -mindepth 1 -maxdepth 1 | wc -l)
	ok "... its threads are there to be looked at" test "$threads" -ge 4
	kill -TERM "$main"
	wait "$main"
}

load 2000
ok "2000/s: client and server are bound to different CPUs" test "$cpus" -ge 2
load 200
is "200/s: nobody is bound to a CPU" "$cpus" 0
done_testing
