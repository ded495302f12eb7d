# shellcheck shell=sh
# Helpers of the shell tests: TAP on standard output, a directory that goes away, waiting with a
# deadline, namespaces, questions to JSON.  Source it after `cd` to the root of the tree.
#
# Sets: top (the tree), twbench (the program, absolute), tmp (a directory of our own).

LC_ALL=C.UTF-8 # text for people has more than ASCII, whoever tests
export LC_ALL
top=$PWD
twbench=${TWBENCH:-$top/twbench}
tap_count=0 tap_failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/twbench-test.XXXXXX") || exit 1
pids='' # of what was started in the background; killed at the end

tap_cleanup() {
	for pid in $pids; do
		kill -KILL "$pid" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap tap_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- TAP ------------------------------------------------------------------------------------

tap_line() { # tap_line PASSED NAME [MORE...]: MORE is shown when it failed
	passed=$1 name=$2
	shift 2
	tap_count=$((tap_count + 1))
	if [ "$passed" = yes ]; then
		echo "ok $tap_count - $name"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $name"
	printf '%s\n' "$@" | head -n 20 | cut -c 1-400 | sed 's/^/#   /'
	return 1
}

# ok NAME COMMAND...: the command must succeed; what it prints is shown when it does not.
ok() {
	name=$1
	shift
	if said=$("$@" 2>&1); then
		tap_line yes "$name"
	else
		tap_line no "$name" "$* failed" "$said"
	fi
}

# not_ok NAME COMMAND...: the command must fail.
not_ok() {
	name=$1
	shift
	if said=$("$@" 2>&1); then
		tap_line no "$name" "$* succeeded" "$said"
	else
		tap_line yes "$name"
	fi
}

is() { # is NAME GOT WANT
	if [ "$2" = "$3" ]; then
		tap_line yes "$1"
	else
		tap_line no "$1" "got  '$2'" "want '$3'"
	fi
}

like() { # like NAME TEXT EXTENDED-REGEX
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		tap_line yes "$1"
	else
		tap_line no "$1" "got  '$2'" "want /$3/"
	fi
}

empty() { # empty NAME TEXT
	if [ -z "$2" ]; then
		tap_line yes "$1"
	else
		tap_line no "$1" "should be empty:" "$2"
	fi
}

skip() { # skip NAME REASON
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() { # skip_all REASON: before any test
	echo "1..0 # SKIP $1"
	exit 0
}

need() { # need COMMAND...: skip everything without them
	for word in "$@"; do
		command -v "$word" >/dev/null 2>&1 || skip_all "$word is not installed"
	done
}

done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}

# --- parts beside each other ------------------------------------------------------------------

# beside NAME FUNCTION...: in the background, in $tmp/NAME, which is their $tmp; told NAME waits for them
# and tells their tests as ours.
beside() {
	alone "$@" >"$tmp/$1.tap" &
	echo $! >"$tmp/$1.pid"
	pids="$pids $!"
}

alone() {
	tmp=$tmp/$1 tap_count=0 tap_failed=0 pids=''
	mkdir -p "$tmp" && cd "$tmp" || exit 1
	trap 'for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done' EXIT
	shift
	for part in "$@"; do
		"$part"
	done
	done_testing
}

told() {
	wait "$(cat "$tmp/$1.pid")"
	awk -v n="$tap_count" '/^1\.\./ { next } /^(not )?ok / { sub(/ok [0-9]+/, "ok " ++n) } 1' "$tmp/$1.tap"
	tap_failed=$((tap_failed + $(grep -c '^not ok ' "$tmp/$1.tap")))
	said=$(grep -cE '^(not )?ok ' "$tmp/$1.tap")
	tap_count=$((tap_count + said))
	is "the part $1 came to its end" "$(tail -n 1 "$tmp/$1.tap")" "1..$said"
}

# --- running --------------------------------------------------------------------------------

# spoilt: the run that left code and err was spoilt by the machine, which stood still or was too busy for
# the rate.
spoilt() {
	[ "$code" -eq 3 ] && printf '%s\n' "$err" |
		grep -Eq 'invalid: .*(samples lost|longest time without a sample|the load reached)'
}

# run COMMAND...: sets code, out and err (the texts).  A spoilt run is tried again, twice: what is wrong
# with twbench stays wrong.
# shellcheck disable=SC2034 # for the caller
run() {
	for try in 1 2 3; do
		"$@" >"$tmp/run.out" 2>"$tmp/run.err"
		code=$?
		out=$(cat "$tmp/run.out")
		err=$(cat "$tmp/run.err")
		spoilt || return 0
	done
}

# wait_for SECONDS COMMAND...: until the command succeeds; 1 when the time is over.
wait_for() {
	deadline=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

gone() { ! kill -0 "$1" 2>/dev/null; } # gone PID

ended() { # ended PID: it is gone, or only waits to be reaped
	gone "$1" || grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null
}

# --- namespaces -----------------------------------------------------------------------------

may_userns() { unshare -Urn true 2>/dev/null; }
may_netns() { [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; }

# in_net COMMAND...: in a new network namespace whose lo is up.
in_net() {
	# shellcheck disable=SC2016 # the inner shell expands
	set -- sh -c 'ip link set lo up && exec "$@"' sh "$@"
	if may_userns; then
		exec_in_net='unshare -Urn'
	else
		exec_in_net='unshare -n'
	fi
	$exec_in_net "$@"
}

need_net() { # skip everything where in_net cannot work
	may_userns || may_netns ||
		skip_all "[namespace] neither user nor network namespaces may be made here"
}

# --- JSON -----------------------------------------------------------------------------------

# json FILE EXPRESSION...: print Python expressions over `r`, the document, one per line.
json() {
	python3 -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    r = json.load(f)
cases = r.get("cases") or []
repeats = [(c, p) for c in cases for p in c["repeats"]] if isinstance(cases, list) else []
for expression in sys.argv[2:]:
    value = eval(expression)
    print(value if isinstance(value, str) else json.dumps(value))' "$@"
}

[ -x "$twbench" ] || {
	echo "Bail out! $twbench is not built"
	exit 1
}
