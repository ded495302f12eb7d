#!/bin/sh
# The words of the command line: help, refusals (exit 2, one line, nothing made), output that
# cannot be written, records that are none.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
mkdir "$tmp/work" && cd "$tmp/work" || exit 1

commands=$("$twbench" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')

# refuses NAME REGEX ARGUMENT...: exit 2, nothing on stdout, one line on stderr, nothing made.
refuses() {
	name=$1 regex=$2
	shift 2
	before=$(ls -A)
	run "$twbench" "$@"
	case $1 in [a-z]*) [ "${err#twbench: }" = "$err" ] && regex="twbench $1: $regex" ;; esac
	if [ "$code" -ne 2 ]; then
		tap_line no "$name" "exit $code, want 2" "$out" "$err"
	elif [ -n "$out" ]; then
		tap_line no "$name" "standard output is not empty" "$out"
	elif [ "$(wc -l <"$tmp/run.err")" -ne 1 ]; then
		tap_line no "$name" "standard error is not one line" "$err"
	elif [ "$(ls -A)" != "$before" ]; then
		tap_line no "$name" "something was made: $(ls -A)"
		rm -rf results out
	else
		like "$name" "$err" "^$regex\$"
	fi
}

for c in run serve load report plot list doctor; do
	like "there is the command $c" "$commands" "^$c\$"
done

# --- help -------------------------------------------------------------------------------------

for word in --help -h help; do
	run "$twbench" "$word"
	is "$word: exit 0" "$code" 0
	empty "$word: says nothing on standard error" "$err"
	for c in $commands; do
		like "$word: names $c" "$out" "^ +$c "
	done
done
for c in $commands; do
	run "$twbench" "$c" --help
	is "$c --help: exit 0" "$code" 0
	like "$c --help: usage" "$out" "^usage: twbench $c"
	like "$c --help: the help option" "$out" "^  -h, --help "
	empty "$c --help: says nothing on standard error" "$err"
	run "$twbench" help "$c"
	is "help $c: the same" "$code $out" "0 $("$twbench" "$c" --help)"
	empty "$c --help: no line over 132 columns" "$(printf '%s\n' "$out" | grep -E '^.{133}')"
done
run "$twbench" --version
is "--version: exit 0" "$code" 0
like "--version: name and number" "$out" '^twbench [0-9]+\.[0-9]+\.[0-9]+'
run "$twbench"
is "no command: exit 2" "$code" 2
like "no command: usage on standard error" "$err" '^usage: twbench COMMAND'
empty "no command: nothing on standard output" "$out"

# --- words that are none ----------------------------------------------------------------------

refuses "unknown command, nearest match" "twbench: unknown command 'rn' \(did you mean 'run'\?\)" rn
refuses "letters swapped in a command" "twbench: unknown command 'rnu' \(did you mean 'run'\?\)" rnu
refuses "help for no command" "twbench: unknown command 'rnu' \(did you mean 'run'\?\)" help rnu
refuses "unknown command, no match" "twbench: unknown command 'zzzzzzzz'" zzzzzzzz
refuses "unknown option, nearest match" "unknown option '--qiet' \(did you mean '--quiet'\?\)" run --qiet
refuses "unknown option, no match" "unknown option '--zzzzzzzz'" run --zzzzzzzz
refuses "unknown letter" "unknown option '-Z'" run smoke -Z
refuses "option without its value" "option '--rate' needs a value" run smoke --rate
refuses "two scenarios" "one scenario at a time: 'exact' is one too many" run smoke exact
refuses "two records" "one run at a time: 'b' is one too many" report a b
refuses "two records to plot" "one run at a time: 'b' is one too many" plot a b
refuses "two lists" "one list at a time: 'keys' is one too many" list strategies keys
refuses "unknown list, nearest match" "there is no list of 'strategis' \(did you mean 'strategies'\?\)" \
	list strategis
refuses "doctor takes nothing" "'x' is not an option" doctor x

# --- scenarios ----------------------------------------------------------------------------------

echo '{ "load": { "clients": "abc" } }' >x.json
refuses "a word for a number" \
	"scenario 'x.json': line 1: load.clients: 'abc' is not an integer \(1 to 100000\)" run x.json -o out
echo '{ "load": { "clients": 0 } }' >x.json
refuses "a number out of range" "scenario 'x.json': line 1: load.clients: '?0'? is out of range \(1 to 100000\)" \
	run x.json -o out
printf '{\n "load": {\n  "clients" 5\n}}\n' >x.json
refuses "broken JSON, with line and column" "scenario 'x.json': line 3, column 13: .*" run x.json -o out
echo '{ "load": { "clinets": 5 } }' >x.json
refuses "unknown key, nearest match" \
	"scenario 'x.json': line 1: load.clinets: unknown key \(did you mean 'clients'\?\)" run x.json -o out
printf '{\n "load": {\n  "steps": [\n   { "rate": 5,\n     "duraton": "1s" } ] } }\n' >x.json
refuses "... inside a list, with its own line" \
	"scenario 'x.json': line 5: load.steps: step 1: duraton: unknown key \(did you mean 'duration'\?\)" run x.json -o out
echo '{ "strategy": "client-fon" }' >x.json
refuses "unknown strategy, nearest match" \
	"scenario 'x.json': line 1: strategy: 'client-fon' .*\(did you mean 'client-fin'\?\)" run x.json -o out
echo '{ "strategy": "client-fin", "load": { "rate": "5000/s", "duration": "30s" } }' >x.json
refuses "more ports than there are" \
	"scenario 'x(.json)?': case 'client-fin' needs 150 000 ports at once and has 28 232: .*" run x.json -o out
refuses "... not even planned" \
	"scenario 'x(.json)?': case 'client-fin' needs 150 000 ports at once and has 28 232: .*" \
	run x.json -o out --dry-run
echo '{ "load": { "clients": 5, "clients": 6 } }' >x.json
refuses "a key twice" "scenario 'x.json': .*clients.*" run x.json -o out
printf '{ "strategy": "client-fin" } x' >x.json
refuses "text after the end" "scenario 'x.json': line 1, column 30: .*" run x.json -o out
: >x.json
refuses "an empty file" "scenario 'x.json': line 1, column 1: .*" run x.json -o out
head -c 100000 /dev/zero | tr '\0' '[' >x.json
refuses "nested without end" "scenario 'x.json': .*" run x.json -o out
head -c 4096 /dev/urandom >x.json
refuses "noise" "scenario 'x.json': .*" run x.json -o out
rm x.json
refuses "no such file" "scenario 'x.json': cannot .*No such file or directory" run x.json -o out
refuses "a directory" "scenario './': .*" run ./ -o out
refuses "no such scenario, nearest match" "no scenario 'smke' \(did you mean 'smoke'\?\)" run smke -o out
refuses "no such scenario" "no scenario 'zzzzzzzz' .*" run zzzzzzzz -o out
refuses "an empty name" "no scenario '' .*" run '' -o out

refuses "--rate abc" "scenario 'smoke': load.rate: 'abc' is not a rate .*" run smoke --rate abc
refuses "--clients 5x" "scenario 'smoke': load.clients: '5x' is not an integer \(1 to 100000\)" \
	run smoke --clients 5x
refuses "--clients -1" "scenario 'smoke': load.clients: '-1' .*\(1 to 100000\)" run smoke --clients -1
refuses "--clients beyond 64 bits" "scenario 'smoke': load.clients: '99999999999999999999' .*" \
	run smoke --clients 99999999999999999999
refuses "--duration without unit" "scenario 'smoke': load.duration: '5' .*" run smoke --duration 5
refuses "--repeat 0" "scenario 'smoke': repeat: '0' is out of range .*" run smoke --repeat 0
refuses "--seed x" "scenario 'smoke': seed: 'x' is not an integer .*" run smoke --seed x
refuses "--capture maybe" "scenario 'smoke': witnesses.capture: 'maybe' is not one of off, on, keep" \
	run smoke --capture maybe
refuses "--drain maybe" "scenario 'smoke': drain: 'maybe' is not true or false" run smoke --drain maybe
refuses "--strategy bad" "scenario 'smoke': strategy: 'bad' is no strategy.*" run smoke --strategy bad
refuses "--topology x" "scenario 'smoke': topology: 'x' is not one of .*" run smoke --topology x
refuses "--isolation x" "--isolation: 'x' is not one of auto, userns, netns" run smoke --isolation x
refuses "--set without =" "--set: 'load.rate' is not KEY=VALUE" run smoke --set load.rate
refuses "--set of an unknown key" "scenario 'smoke': load.clents: unknown key \(did you mean 'clients'\?\)" \
	run smoke --set load.clents=5
refuses "--sysctl without =" "--sysctl: 'net.ipv4.tcp_tw_reuse' is not KEY=VALUE" \
	run smoke --sysctl net.ipv4.tcp_tw_reuse
refuses "--sysctl of no sysctl" "scenario 'smoke': tuning.sysctl: 'foo' .*" run smoke --sysctl foo=1 -o out
run "$twbench" run smoke -q -o out --sysctl net.ipv4.tcp_mem=1
is "--sysctl of a host-wide key: exit 2" "$code" 2
like "... says so" "$err" "^twbench run: .*'net.ipv4.tcp_mem'.* host-wide"
empty "... and leaves no results" "$(ls -A out)"
rmdir out
if [ "$(id -u)" -ne 0 ]; then
	run "$twbench" run smoke --isolation netns
	is "root's isolation without root: exit 4" "$code" 4
	like "... and why" "$err" '^twbench run: .*needs root'
fi

# --- load and serve -----------------------------------------------------------------------------

refuses "serve --port 0" "--port: '0' is out of range \(1 to 65535\)" serve --port 0
refuses "serve --port abc" "--port: 'abc' is not an integer \(1 to 65535\)" serve --port abc
refuses "serve --port 70000" "--port: '70000' is out of range \(1 to 65535\)" serve -p 70000
refuses "serve --ports past the last" "--ports: '2' is out of range \(1 to 1\)" serve -p 65535 --ports 2
refuses "serve --threads 0" "--threads: '0' is out of range \(1 to 256\)" serve --threads 0
refuses "serve --reply-bytes -1" "--reply-bytes: '-1' .*" serve --reply-bytes -1
refuses "serve --address" "--address: 'nowhere' is not an IP address" serve --address nowhere
refuses "serve --close" "--close: 'x' is not one of fin, rst, client" serve --close x
refuses "serve takes no words" "'x' is not an option" serve x
refuses "load without a target" "give one HOST:PORT" load
refuses "load with two" "give one HOST:PORT" load a:1 b:2
refuses "load without a port" ".*'localhost' is not HOST:PORT" load localhost
refuses "load: port out of range" ".*'127.0.0.1:70000' is not HOST:PORT" load 127.0.0.1:70000
refuses "load: port 0" ".*'127.0.0.1:0' is not HOST:PORT" load 127.0.0.1:0
refuses "load --clients" ".*load.clients: 'x' is not an integer \(1 to 100000\)" load 127.0.0.1:1 -c x
refuses "load of what needs a lab" ".*'simultaneous'.*" load 127.0.0.1:1 -s simultaneous
refuses "load of two strategies" "one strategy .*" load 127.0.0.1:1 -s client-fin,server-fin
refuses "load --topology" ".*" load 127.0.0.1:1 -t veth
refuses "load --sysctl: it may not touch the host" ".*" load 127.0.0.1:1 -d 100ms \
	--sysctl net.ipv4.tcp_fin_timeout=5
refuses "load: no such host" "cannot resolve 'nowhere.invalid': .*" load nowhere.invalid:80

# --- what starts nothing ------------------------------------------------------------------------

run "$twbench" run smoke --dry-run
is "--dry-run: exit 0" "$code" 0
like "--dry-run: a line for each case" "$out" '^client-rst +100/s for 1s +veth +100 '
empty "--dry-run: says nothing on standard error" "$err"
like "--dry-run: a middle dot" "$out" '^plan: smoke · '
run env LC_ALL=C "$twbench" run smoke --dry-run
empty "--dry-run in ASCII, where the locale is C" "$(printf '%s\n' "$out" | LC_ALL=C grep '[^ -~]')"
run "$twbench" run smoke --print
is "--print: exit 0" "$code" 0
cp "$tmp/run.out" printed.json
is "--print: JSON, of four cases" "$(json printed.json 'len(r["cases"])')" 4
run "$twbench" run printed.json --print
is "--print: reads back as itself" "$out" "$(cat printed.json)"
"$twbench" run smoke --dry-run | grep sha256 >sum.smoke
ok "a scenario comes on standard input, too" sh -c "'$twbench' run - --dry-run <printed.json"
rm printed.json sum.smoke
for name in $("$twbench" list scenarios | cut -d ' ' -f 1); do
	run "$twbench" run "$name" --dry-run
	is "shipped scenario $name can be planned" "$code$err" 0
done
empty "all that made nothing" "$(ls -A)"

run "$twbench" list
lists=$(echo "$out" | cut -d ' ' -f 1)
like "list: names its lists" "$lists" '^strategies$'
for word in $lists; do
	run "$twbench" list "$word"
	is "list $word: exit 0" "$code" 0
	like "list $word: not empty" "$out" '...'
done
run "$twbench" list scenarios
is "list scenarios: one column" "$(printf '%s\n' "$out" | sed 's/  .*/  /' | sort -u | grep -c '[^ ]  $')" \
	"$(printf '%s\n' "$out" | wc -l)"
for word in schema scenario-schema connection-schema; do
	"$twbench" list "$word" >list.json
	like "list $word: JSON" "$(json list.json 'r[chr(36) + "schema"]')" 'json-schema'
done
rm list.json
run "$twbench" doctor
like "doctor: exit 0 or 4" "$code" '^[04]$'
like "doctor: names the kernel timer" "$out" 'kernel timer'

# --- output that cannot be written ---------------------------------------------------------------

if [ -w /dev/full ]; then
	for args in --help --version list 'list strategies' 'list schema' 'run smoke --print' \
		'run smoke --dry-run' doctor; do
		# shellcheck disable=SC2086 # words
		"$twbench" $args >/dev/full 2>err
		is "$args to a full device: exit 5" $? 5
		like "... and why" "$(cat err)" '^twbench: cannot write standard output: No space left on device$'
		# shellcheck disable=SC2086
		"$twbench" $args >&- 2>err
		is "$args to a closed descriptor: exit 5" $? 5
	done
	rm err
else
	skip "output to a full device" "/dev/full is missing"
fi

# --- records ------------------------------------------------------------------------------------

record=$top/${BUILD:-build}/helper/sample_record
for c in report plot; do
	refuses "$c of nothing" "cannot open 'results/latest': .*" "$c"
	refuses "$c of a missing run" "cannot open 'none': No such file or directory" "$c" none
done
mkdir bad
for c in report plot; do
	: >bad/run.json
	refuses "$c of an empty file" "'bad/run.json': line 1, column 1: .*" "$c" bad
	echo '[]' >bad/run.json
	refuses "$c of an array" "'bad/run.json': .*not an object.*" "$c" bad
	echo '{"schema": "twbench.run/9"}' >bad/run.json
	refuses "$c of another version" "'bad/run.json': schema: 'twbench.run/9' is not twbench.run/1" "$c" bad
	echo '{"schema": "twbench.run/1"}' >bad/run.json
	refuses "$c of a record without cases" "'bad/run.json': .*" "$c" bad
done
rm -rf bad plots
if [ -x "$record" ]; then
	mkdir good bad
	"$record" >good/run.json
	size=$(wc -c <good/run.json)
	for part in 1 2 3 9; do
		head -c $((size * part / 10)) good/run.json >bad/run.json
		refuses "report of $part/10 of a record" "'bad/run.json': line [0-9]+, column [0-9]+: .*" report bad
	done
	refuses "report --format" "--format: 'x' is not one of txt, md, html, json.*" report good --format x
	refuses "plot --theme" "--theme: 'x' is not one of light, dark, print" plot good --theme x
	refuses "plot --only" "no graph is called 'nosuch'.*" plot good --only nosuch
	for format in txt md html json; do
		run "$twbench" report good --format "$format"
		is "report --format $format: exit 0" "$code" 0
		like "report --format $format: not empty" "$out" '...'
	done
	"$twbench" report good/run.json --format json >again.json
	"$twbench" report again.json --format json >thrice.json
	ok "a record that was read and written reads the same" cmp again.json thrice.json
	"$twbench" report good >/dev/full 2>err
	is "report to a full device: exit 5" $? 5
	run "$twbench" report good --out /dev/null/x
	is "report into no directory: exit 5" "$code" 5
	like "... one line" "$err" "^twbench report: cannot make directory '/dev/null/x': Not a directory$"
else
	skip "reports of a whole record" "$record is not built (make unit)"
fi
done_testing
