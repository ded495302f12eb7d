#!/bin/sh
# long: a run leaves nothing behind but its results, however it ends.
#
# The script starts itself again in namespaces of its own (user, network, mount, processes): there
# "the host" is known to the last socket and process, and two tests at once cannot see each other.
# shellcheck disable=SC2016,SC2317 # Python in single quotes; functions called through wait_for
cd "$(dirname "$0")/.." || exit 1
if [ "${1:-}" != inside ]; then
	for way in -Urnpm -npm; do
		# shellcheck disable=SC2086 # words
		if unshare $way --fork --mount-proc true 2>/dev/null; then
			exec unshare $way --fork --mount-proc "$0" inside
		fi
	done
	echo "1..0 # SKIP [namespace] user, network, mount and process namespaces may not be made here"
	exit 0
fi
. tests/lib.sh
mkdir "$tmp/cwd" "$tmp/scratch" && cd "$tmp/cwd" || exit 1
ip link set lo up
TMPDIR=$tmp/scratch
export TMPDIR
res=$tmp/results

# --- what there is --------------------------------------------------------------------------------

sysctls() { # those of the network, and of the host all that do not change by themselves
	find /proc/sys/net /proc/sys/vm /proc/sys/kernel /proc/sys/user -type f -readable \
		! -path '*/random/*' ! -name ns_last_pid ! -name 'drop_caches' ! -name 'stat_refresh' \
		! -path '*/sched_domain/*' ! -name 'pid_max' -exec grep -H '' {} + 2>/dev/null | sort
}

world() {
	sysctls
	ip -o link | cut -d : -f 2-
	ip -o addr
	ip netns list
	ss -Hant
	ss -Hanu
	cat /proc/self/mountinfo
	echo "files: $(find "$tmp/cwd" "$tmp/scratch" | wc -l)"
}

# processes: of the program, by its command line; zombies have none
printf '%s' "$res" >"$tmp/mark"
processes() { grep -lzFf "$tmp/mark" /proc/[0-9]*/cmdline 2>/dev/null; }

namespaces() { # other than those we are in
	for kind in net user; do
		here=$(readlink "/proc/self/ns/$kind")
		for p in /proc/[0-9]*; do
			readlink "$p/ns/$kind" 2>/dev/null
		done | grep -vxF "$here"
	done
}

nothing_left() { [ -z "$(processes)" ] && [ -z "$(namespaces)" ]; }

clean() { # clean NAME: no process, no namespace, the world and the first run as they were
	if ! wait_for 25 nothing_left; then
		tap_line no "$1: nothing remains" "$(processes | tr '\n' ' ')" "$(namespaces)"
		return
	fi
	world >"$tmp/world.now"
	find "$res/$first" -type f -exec cksum {} + | sort >"$tmp/first.now"
	if ! diff "$tmp/world" "$tmp/world.now" >"$tmp/diff" || ! diff "$tmp/first" "$tmp/first.now" >>"$tmp/diff"; then
		tap_line no "$1: all is as it was" "$(cat "$tmp/diff")"
		return
	fi
	tap_line yes "$1: nothing remains"
}

strays() { # what lies in the results and is neither a whole run, nor `latest`, nor *.partial
	for entry in $(find "$res" -mindepth 1 -maxdepth 1 | sort); do
		case ${entry##*/} in
		latest | *.partial) continue ;;
		esac
		json "$entry/run.json" 'r["schema"]' >/dev/null 2>&1 || echo "${entry##*/}"
	done
}

begin() { # begin OPTION...: sets main; a session of its own, as a terminal would make it
	setsid "$twbench" run smoke --out "$res" --strategy client-fin --quiet --no-plots "$@" \
		>"$tmp/main.out" 2>"$tmp/main.err" &
	main=$!
	pids=$main
}

# --- moments --------------------------------------------------------------------------------------

child() { cut -d ' ' -f 1 "/proc/$main/task/$main/children"; }

has_child() { [ -n "$(child)" ]; }

in_lab() { # its child has left our network namespace
	c=$(child) && [ -n "$c" ] && n=$(readlink "/proc/$c/ns/net") && [ "$n" != "$(readlink /proc/self/ns/net)" ]
}

time_waits() { # time_waits AT-LEAST: so many in the client's namespace
	in_lab && n=$(sed -n 's/^TCP:.* tw \([0-9]*\).*/\1/p' "/proc/$c/net/sockstat") && [ "$n" -ge "$1" ]
}

killed() { # killed NAME CONDITION...: SIGKILL to the parent as soon as the condition holds
	name=$1
	shift
	if wait_for 25 "$@"; then
		kill -KILL "$main"
		wait "$main" 2>/dev/null
		clean "SIGKILL $name"
	else
		tap_line no "SIGKILL $name: its moment came" "$(cat "$tmp/main.err")"
		kill -KILL "$main" 2>/dev/null
	fi
}

# --- a run that ends by itself --------------------------------------------------------------------

world >"$tmp/world"
run "$twbench" run smoke --out "$res" --quiet
is "a run ends well" "$code$err" 0
first=$(readlink "$res/latest")
find "$res/$first" -type f -exec cksum {} + | sort >"$tmp/first"
clean "a whole run, with graphs"
for way in userns netns; do
	begin --isolation $way -d 200ms
	wait "$main"
	is "--isolation $way ends well" $? 0
	clean "--isolation $way"
done
begin -t wire -s simultaneous -d 200ms --sysctl net.ipv4.tcp_fin_timeout=7 --set load.clients=10
wait "$main"
is "a lab with a relay and sysctls ends well" $? 0
clean "a lab with a relay and sysctls"
is "no stray file in the results" "$(strays)" ''

# --- SIGKILL --------------------------------------------------------------------------------------

begin -d 30s
killed "once it has a child" has_child
begin -d 30s --set addressing.sources=1000
killed "while its lab is built" in_lab
begin -d 30s
wait_for 25 time_waits 1
ok "this test can see a process and a namespace" test -n "$(processes)" -a -n "$(namespaces)"
killed "during the load" time_waits 10
begin -d 200ms --drain true
killed "during the drain" time_waits 20
begin -d 30s -s client-fin,server-fin,client-rst,udp
killed "with four labs" time_waits 10
begin -d 30s -t wire -s simultaneous
killed "with a relay" in_lab
begin -d 30s --isolation netns
killed "in the load, isolation netns" time_waits 10
is "no stray file in the results" "$(strays)" ''

# The commit takes milliseconds: an eye that does not blink.
cat >"$tmp/commit.py" <<'PY'
import os, signal, subprocess, sys
seen = 0
for _ in range(8):
    p = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while p.poll() is None:
        if any(n.endswith(".partial") for n in os.listdir(sys.argv[1])):
            p.kill()
            seen += 1
            break
    p.wait()
    if any(n.endswith(".partial") for n in os.listdir(sys.argv[1])):
        break
print(seen)
PY
is "no *.partial yet" "$(find "$res" -name '*.partial')" ''
seen=$(python3 "$tmp/commit.py" "$res" "$twbench" run smoke --out "$res" --quiet --no-plots -d 100ms -c 10)
if [ "$seen" -gt 0 ]; then
	clean "SIGKILL during the commit"
	is "... no stray file in the results" "$(strays)" ''
else
	skip "SIGKILL during the commit" "the moment was missed 8 times"
fi
# What has its final name is whole, the summary as well; only the graphs and the page that shows them
# take longer.
cat >"$tmp/visible.py" <<'PY'
import os, subprocess, sys
before = set(os.listdir(sys.argv[1]))
p = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
new = []
while not new and p.poll() is None:
    new = [n for n in set(os.listdir(sys.argv[1])) - before if n[0] != "." and not n.endswith(".partial")]
p.kill()
p.wait()
print(new and [f for f in ("run.json", "summary.txt", "summary.md") if not os.path.exists(os.path.join(sys.argv[1], new[0], f))])
PY
is "a run that can be seen has record and summary" \
	"$(python3 "$tmp/visible.py" "$res" "$twbench" run smoke --out "$res" -d 100ms -c 10)" '[]'
clean "SIGKILL after the commit"

mkdir "$res/20200101T000000Z-old-0000.partial"
echo half >"$res/20200101T000000Z-old-0000.partial/run.json"
begin -d 100ms
wait "$main"
is "the next run ends well" $? 0
is "... and takes the partial ones away" "$(find "$res" -name '*.partial')" ''
clean "the run after"
if command -v flock >/dev/null; then
	held=$res/20200101T000000Z-held-0000.partial
	mkdir "$held"
	(
		exec 9<"$held"
		flock 9
		begin -d 100ms
		wait "$main"
	)
	ok "a partial one that somebody holds stays" test -d "$held"
	rmdir "$held"
else
	skip "a partial one that somebody holds stays" "flock is not installed"
fi

for delay in 0 0.003 0.006 0.01 0.02 0.03 0.05 0.08 0.12 0.16 0.2 0.25 0.3 0.35 0.4 0.45 0.5 0.6 0.8; do
	begin -d 200ms
	sleep "$delay" # the sweep is over time: no condition is waited for
	kill -KILL "$main" 2>/dev/null
	wait "$main" 2>/dev/null
	clean "SIGKILL after $delay s"
done
is "no stray file in the results" "$(strays)" ''

# --- SIGINT, SIGTERM ------------------------------------------------------------------------------

signalled() { # signalled NAME SIGNAL WANTED-CODE CONDITION...
	name=$1 signal=$2 wanted=$3
	shift 3
	old=$(readlink "$res/latest")
	if ! wait_for 25 "$@"; then
		tap_line no "$signal $name: its moment came" "$(cat "$tmp/main.err")"
		kill -KILL "$main" 2>/dev/null
		return
	fi
	kill -s "$signal" -- "-$main" # as the terminal does: the whole group
	wait_for 15 ended "$main" || tap_line no "$signal $name: ends within 15 s"
	wait "$main"
	is "$signal $name: exit $wanted" $? "$wanted"
	like "... one line says so" "$(cat "$tmp/main.err")" "^twbench run: interrupted: stopped by SIG$signal \(exit $wanted\)$"
	not_ok "... there is a record" test "$(readlink "$res/latest")" = "$old"
	is "... that says so, too" "$(json "$res/latest/run.json" \
		'[r["run"]["status"], r["exit"]["code"], {p["status"] for c, p in repeats} == {"interrupted"}]')" \
		"[\"interrupted\", $wanted, true]"
	ok "... and counts what was made" test "$(json "$res/latest/run.json" \
		'min(p["ledger"]["attempted"] for c, p in repeats)')" -ge 5
	ok "... can be reported" "$twbench" report "$res/latest"
	clean "$signal $name"
}

begin -d 30s
signalled "during the load" INT 130 time_waits 10
begin -d 200ms --drain true
signalled "during the drain" INT 130 time_waits 20
begin -d 30s
signalled "during the load" TERM 143 time_waits 10
begin -d 30s -s client-fin,server-fin
signalled "with two labs" INT 130 time_waits 10

# Half of the connections wait for a reply that takes 20 s.
begin -d 30s --set protocol.think=20s --set protocol.timeout=30s
busy() { in_lab && n=$(sed -n 's/^TCP: inuse \([0-9]*\).*/\1/p' "/proc/$c/net/sockstat") && [ "$n" -ge 10 ]; }
if wait_for 25 busy; then
	kill -s INT -- "-$main"
	not_ok "one SIGINT lets the open connections end" wait_for 1 ended "$main"
	kill -s INT -- "-$main"
	ok "a second SIGINT ends at once" wait_for 10 ended "$main"
	wait "$main"
	is "... exit 130" $? 130
	is "... the record tells what was cut off" "$(json "$res/latest/run.json" \
		'[r["run"]["status"], sum(p["ledger"]["outcomes"]["interrupted"] for c, p in repeats) >= 10]')" \
		'["interrupted", true]'
	clean "two SIGINTs"
else
	tap_line no "connections wait for a slow reply" "$(cat "$tmp/main.err")"
fi
is "no stray file in the results" "$(strays)" ''
done_testing
