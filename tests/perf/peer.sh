#!/bin/sh
# shellcheck disable=SC2086,SC3045 # words that are to be split; dash and POSIX.1-2024 have ulimit -n
# peer.sh NAME SECONDS: one peer in the caller's (fresh) network namespace, over lo.  Prints
# "conns=N seconds=S segments=G": connections, time and segments per connection by the kernel's count.
set -eu
name=$1 seconds=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ip link set lo up
sysctl -qw net.ipv4.ip_local_port_range='1024 65535' 2>/dev/null || true
sysctl -qw net.ipv4.tcp_max_tw_buckets=4000000 2>/dev/null || true
ulimit -n "$(ulimit -Hn)"

serve() { # nginx that closes after each reply, two workers
	cat >"$dir/nginx.conf" <<-EOF
		worker_processes 2; daemon off; pid $dir/pid; error_log /dev/null;
		events { worker_connections 4096; }
		http { access_log off; keepalive_timeout 0; server { listen 127.0.0.1:80 backlog=4096 reuseport;
		location / { return 200 "01234567890123456789012345678901234567890123456789"; } } }
	EOF
	/usr/sbin/nginx -c "$dir/nginx.conf" -p "$dir" 2>/dev/null &
	server=$!
	n=0
	until ss -Hltn 'sport = :80' | grep -q . || [ $n -ge 100 ]; do n=$((n + 1)); sleep 0.02; done
}

neper() {
	tool=$(command -v tcp_crr || command -v neper)
	"$tool" --nolog -T 2 -F "$1" -l "$seconds" -Q 20 -R 50 $2 >"$dir/server" 2>&1 &
	server=$!
	n=0
	until ss -Hltn 'sport = :12866' | grep -q . || [ $n -ge 100 ]; do n=$((n + 1)); sleep 0.02; done
	"$tool" --nolog -c -H 127.0.0.1 -T 2 -F "$1" -l "$seconds" -Q 20 -R 50 $2 >"$dir/client" 2>&1
	wait "$server" || true
	server=''
}

count() { awk '/^Tcp: [0-9]/ { print $6, $11 }' /proc/net/snmp; }

# shellcheck disable=SC2046 # two numbers
set -- $(count)
conns0=$1 segs0=$2
begin=$(date +%s%N)
case $name in
neper-fin) neper 16 --time-wait ;;
neper-rst) neper 16 '' ;;
wrk) serve; wrk -t2 -c64 -d"${seconds}s" http://127.0.0.1/ >"$dir/client" ;;
ab) serve; ab -q -c64 -t"$seconds" -n 100000000 http://127.0.0.1/ >"$dir/client" 2>&1 ;;
h2load) # by count: with a duration it never ends when the server closes
	serve; timeout 60 h2load --h1 -t2 -c64 -n $((seconds * 25000)) http://127.0.0.1/ >"$dir/client" 2>&1 ;;
netperf)
	netserver -D >/dev/null 2>&1 &
	server=$!
	netperf -H 127.0.0.1 -t TCP_CRR -l "$seconds" -- -r 20,50 >"$dir/client" ;;
esac
end=$(date +%s%N)
# shellcheck disable=SC2046
set -- $(count)
[ -z "${server:-}" ] || { kill "$server"; wait "$server" || true; }
case $name in
h2load) sed -n "s/^finished in .*, \([0-9.]*\) req.s.*/rate=\1/p" "$dir/client" ;;
neper-*) # its own figure: the tool spends time on start and stop
	awk -F = '/^throughput=/ { print "rate=" $2 }' "$dir/client" ;;
*) awk -v c=$(($1 - conns0)) -v s="$seconds" 'BEGIN { printf "rate=%.1f\n", c / s }' ;;
esac
awk -v c=$(($1 - conns0)) -v g=$(($2 - segs0)) -v ns=$((end - begin)) \
	'BEGIN { printf "conns=%d seconds=%.3f segments=%.2f\n", c, ns / 1e9, c ? g / c : 0 }'
