#!/bin/sh
# long: our server under other people's clients (curl, wrk, ab), our client against another server
# (nginx), and both against each other, in a network namespace of our own.
# shellcheck disable=SC2317,SC3045 # functions are called through wait_for; dash and POSIX.1-2024 have ulimit -n
cd "$(dirname "$0")/.." || exit 1
if [ "${1:-}" != inside ]; then
	for way in -Urn -n; do
		if unshare $way true 2>/dev/null; then
			# shellcheck disable=SC2016 # the inner shell expands
			exec unshare $way sh -c 'ip link set lo up && exec "$0" inside' "$0"
		fi
	done
	echo "1..0 # SKIP [namespace] a network namespace may not be made here"
	exit 0
fi
. tests/lib.sh
cd "$tmp" || exit 1

listening() { [ -n "$(ss -Hltn "sport = :$1")" ]; } # listening PORT

serve() { # serve PORT OPTION...: sets server
	port=$1
	shift
	"$twbench" serve --port "$port" "$@" 2>"serve.$port.err" &
	server=$!
	pids="$pids $server"
	ok "serve $* listens" wait_for 20 listening "$port"
}

ends() { # ends SIGNAL: the server, telling how much it did
	kill -s "$1" "$server"
	wait "$server"
	is "serve ends by SIG$1: exit 0" $? 0
	like "... and tells" "$(cat "serve.$port.err")" '^twbench serve: [0-9]+ connections, [0-9]+ requests$'
}

# all_ok NAME COMMAND...: exit 0, and every connection has the outcome its strategy declares
all_ok() {
	name=$1
	shift
	run "$@"
	if [ "$code" -ne 0 ]; then
		tap_line no "$name" "exit $code" "$out" "$err"
	else
		like "$name" "$out" '^  (ok|reset_after_reply) +[1-9][0-9]*  '
	fi
}

# --- other people's clients --------------------------------------------------------------------------

serve 20001 --reply-bytes 50
if command -v curl >/dev/null; then
	base=http://127.0.0.1:20001
	is "curl: body of 50 bytes" "$(curl -s $base/ | wc -c | tr -d ' ')" 50
	for n in 0 1 1448 65536 1000003; do
		is "curl: /bytes/$n" "$(curl -s $base/bytes/$n | wc -c | tr -d ' ')" $n
	done
	is "curl: HEAD has the length and no body" "$(curl -sI $base/bytes/77 | tr -d '\r' |
		grep -i -e '^HTTP/' -e '^content-length' | tr '\n' ' ')" 'HTTP/1.1 200 OK Content-Length: 77 '
	is "curl: three requests on one connection" \
		"$(curl -s -o /dev/null -w '%{num_connects} ' $base/ -o /dev/null $base/ -o /dev/null $base/)" '1 0 0 '
	is "curl: asked to close, closes" "$(curl -s -H 'Connection: close' -o /dev/null \
		-w '%{http_code} %{num_connects} ' $base/ -o /dev/null $base/)" '200 1 200 1 '
	is "curl: HTTP/1.0" "$(curl -s -0 -o /dev/null -w '%{http_code}' $base/)" 200
	is "curl: POST is answered" "$(curl -s -o /dev/null -w '%{http_code}' -d x=1 $base/ | cut -c 1)" \
		"$(curl -s -o /dev/null -w '%{http_code}' -d x=1 $base/ | grep -o '^[245]')"
	is "curl: the server is still there" "$(curl -s $base/ | wc -c | tr -d ' ')" 50
else
	skip "curl against serve" "curl is not installed"
fi
if command -v wrk >/dev/null; then
	for header in 'X-None: 1' 'Connection: close'; do
		run wrk -t 2 -c 100 -d 2s -H "$header" http://127.0.0.1:20001/
		is "wrk, 100 connections, $header: exit 0" "$code" 0
		empty "... no errors" "$(echo "$out" | grep -e 'Socket errors' -e 'Non-2xx')"
		like "... requests" "$out" '^ +[1-9][0-9]+ requests in'
	done
else
	skip "wrk against serve" "wrk is not installed"
fi
if command -v ab >/dev/null; then
	for flags in '-k' ''; do
		# shellcheck disable=SC2086 # a word or none
		run ab -q $flags -n 5000 -c 100 http://127.0.0.1:20001/bytes/300
		is "ab $flags: exit 0" "$code" 0
		like "... all complete" "$out" '^Complete requests: +5000$'
		like "... none failed" "$out" '^Failed requests: +0$'
		like "... of the right size" "$out" '^Document Length: +300 bytes$'
		[ -z "$flags" ] || like "... kept alive" "$out" '^Keep-Alive requests: +5000$'
	done
else
	skip "ab against serve" "ab is not installed"
fi
ends TERM

for how in fin rst client; do
	serve 20002 --close $how
	if command -v curl >/dev/null; then
		is "curl: --close $how" "$(curl -s -H 'Connection: close' http://127.0.0.1:20002/bytes/5000 | wc -c |
			tr -d ' ')" 5000
	fi
	ends INT
done

# --- our own ---------------------------------------------------------------------------------------

serve 20003 --address 127.0.0.1
four=$server
serve 20004 --address ::1
six=$server
strategies=$("$twbench" list strategies | awk '
	/^[a-z]/ { name = $1 }
	/TIME_WAIT:/ { if ($0 !~ /topology wire/) print name }')
like "strategies without relay" "$strategies" '^client-fin$'
for strategy in $strategies; do
	all_ok "load: $strategy over IPv4" "$twbench" load 127.0.0.1:20003 -s "$strategy" -c 50 -r 200/s -d 500ms
	all_ok "load: $strategy over IPv6" "$twbench" load '[::1]:20004' -s "$strategy" -c 50 -r 200/s -d 500ms
done
all_ok "load: by name" "$twbench" load localhost:20003 -c 5 -r 50/s -d 200ms
all_ok "load: as fast as it goes" "$twbench" load 127.0.0.1:20003 -s client-rst -c 100 -d 1s \
	--set load.shape=saturate
run "$twbench" load 127.0.0.1:9 -c 5 -r 50/s -d 200ms
is "load where nobody listens: exit 3" "$code" 3
like "... they are refused" "$out" '^  refused +10 '
"$twbench" load 127.0.0.1:20003 -r 100/s -d 30s >load.out 2>load.err &
load=$!
pids="$pids $load"
established() { [ "$(ss -Htan state time-wait | wc -l)" -ge 5 ]; }
wait_for 20 established
kill -s INT $load
ok "load: SIGINT ends it" wait_for 10 ended $load
wait $load
is "... exit 130" $? 130
like "... with its result" "$(cat load.out)" '^client-fin: [0-9]+ connections'

# A server that is not ours, with the other witnesses: what was there before is not counted, and of the
# server's end nothing is claimed.
for again in 1 2; do
	run "$twbench" run smoke -s client-fin --target 127.0.0.1:20003 --out host --no-plots -q
	is "run --target, time $again: exit 0" "$code$err" 0
	is "... 100 TIME_WAITs at the client" \
		"$(json host/latest/run.json 'repeats[0][1]["time_wait"]["client"]["peak"]')" 100
	is "... unknown at the server" \
		"$(json host/latest/run.json 'repeats[0][1]["time_wait"]["server"]["peak"]')" null
done

# --- 10,000 at once ----------------------------------------------------------------------------------

crowd=10000
if [ "$(ulimit -n)" -ge $((crowd + 500)) ] || ulimit -n $((crowd + 500)) 2>/dev/null; then
	"$twbench" load 127.0.0.1:20003 -s client-rst -c $crowd -r 5000/s -d 10s --set load.connections=$crowd \
		--set protocol.think=6s --set protocol.timeout=20s >load.out 2>load.err &
	load=$!
	pids="$pids $load"
	crowded() { [ "$(sed -n 's/^TCP: inuse \([0-9]*\).*/\1/p' /proc/net/sockstat)" -ge $((2 * crowd)) ]; }
	ok "$crowd clients are connected at once" wait_for 20 crowded
	wait $load
	is "... exit 0" "$?$(cat load.err)" 0
	like "... all of them ok" "$(cat load.out)" "^  ok +$crowd "
else
	skip "$crowd clients at once" "ulimit -n is $(ulimit -n)"
fi
server=$four port=20003
ends TERM
server=$six port=20004
ends TERM

# --- nginx -------------------------------------------------------------------------------------------

nginx=$(command -v nginx || command -v /usr/sbin/nginx)
if [ -n "$nginx" ]; then
	mkdir -p nginx/logs nginx/html
	head -c 50 /dev/zero | tr '\0' x >nginx/html/index.html
	for kind in body proxy fastcgi uwsgi scgi; do mkdir "nginx/$kind"; done
	cat >nginx/nginx.conf <<-EOF
		user root root;
		daemon off;
		master_process off;
		pid $tmp/nginx/pid;
		error_log $tmp/nginx/logs/error.log;
		events { worker_connections 1024; }
		http {
			access_log off;
			client_body_temp_path $tmp/nginx/body;
			proxy_temp_path $tmp/nginx/proxy;
			fastcgi_temp_path $tmp/nginx/fastcgi;
			uwsgi_temp_path $tmp/nginx/uwsgi;
			scgi_temp_path $tmp/nginx/scgi;
			keepalive_requests 100000;
			lingering_close off;
			server {
				listen 127.0.0.1:20005;
				root $tmp/nginx/html;
			}
		}
	EOF
	"$nginx" -p "$tmp/nginx" -c "$tmp/nginx/nginx.conf" -e "$tmp/nginx/logs/error.log" 2>nginx.err &
	pids="$pids $!"
	if wait_for 20 listening 20005; then
		for strategy in client-fin server-fin client-rst keepalive half-close; do
			all_ok "load --http: $strategy against nginx" "$twbench" load 127.0.0.1:20005 --http \
				-s "$strategy" -c 50 -r 200/s -d 1s
		done
		run "$twbench" load 127.0.0.1:20005 --http --set protocol.path=/none -c 5 -r 50/s -d 200ms
		is "a page that is not there: exit 3" "$code" 3
		like "... told as a wrong reply" "$out" '^  wrong_reply +10 '
	else
		tap_line no "nginx listens" "$(cat nginx.err)"
	fi
else
	skip "load --http against nginx" "nginx is not installed"
fi
done_testing
