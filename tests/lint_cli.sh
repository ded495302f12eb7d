#!/bin/sh
# twbench lint as people type it: output, exit codes, --fix, SARIF.
# shellcheck disable=SC2016 # Python and awk stand in single quotes
set -u
cd "$(dirname "$0")/.." || exit 1
program=${TWBENCH:-$PWD/twbench}
export program
tuning=$PWD/fixtures/tuning
if [ ! -x "$program" ]; then
	echo "1..0 # SKIP $program is not built"
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT INT TERM
cd "$dir" || exit 1
count=0 failed=0

check() { # check NAME CONDITION...
	count=$((count + 1))
	name=$1
	shift
	if "$@"; then
		echo "ok $count - $name"
	else
		failed=$((failed + 1))
		echo "not ok $count - $name"
		sed 's/^/#   /' out err 2>/dev/null
	fi
}

# Without a look at this machine's kernel, so that the answer is the same everywhere.
lint() {
	"$program" lint --no-kernel "$@" >out 2>err
	code=$?
}

says() { grep -q -e "$1" out; }
complains() { [ "$(wc -l <err)" -eq 1 ] && grep -q -e "$1" err && [ ! -s out ]; }
exits() { [ "$code" -eq "$1" ]; }

# --- exit codes -------------------------------------------------------------------------------------
lint "$tuning/common-blog-advice.conf"
check "an error found: exit 1" exits 1
check "one line a finding, with place, severity, rule" \
	says 'common-blog-advice.conf:10: error: TW101 removed-key: net.ipv4.tcp_tw_recycle'
check "what the kernel does" says '^    kernel: It bounds FIN_WAIT2'
check "who says so" says '^    source: .*ip-sysctl.rst; measured$'
check "how to see it" says '^    prove:  twbench run lifetime$'
check "... for this very line" says "^    prove:  unshare -Urn sysctl -w net.ipv4.tcp_max_syn_backlog=-1$"
check "a summary" says '^6 errors, 12 warnings, 7 notes in 24 settings of 1 file; 5 can be mended by --fix$'
check "no line is wider than 100 columns but findings and commands" \
	awk 'length > 100 && !/^[^ ].*: (error|warning|note): / && !/^    prove:/ { bad = 1 } END { exit bad }' out
lint "$tuning/busy-proxy.conf"
check "notes alone: exit 0" exits 0
lint --fail-on note "$tuning/busy-proxy.conf"
check "--fail-on note: exit 1" exits 1
lint --level warning "$tuning/busy-proxy.conf"
check "--level warning leaves out notes" says '^0 errors, 0 warnings, 1 note in 6 settings of 1 file$'
lint --fail-on warning --rate 900/s --listen 80,443,8404 "$tuning/busy-proxy.conf"
check "the proxy's tuning carries what it says" exits 0
lint --rate 950/s "$tuning/benchmark-client.conf"
check "a rate beyond the ports: exit 1" exits 1
check "... and the forecast" says 'TW405 ports-below-rate: 55536 ports carry 910.1 closes/s to one destination; 950/s need 57969'
lint --listen 40000-40010 "$tuning/kernel-defaults.conf"
check "a listener within the range" says 'TW402 .* holds port 40000'
lint --kubernetes "$tuning/busy-proxy.conf"
check "--kubernetes" says 'TW501 k8s-unsafe: net.ipv4.tcp_tw_reuse is not on'

lint
check "no FILE: exit 2" exits 2
check "... and one line" complains '^twbench lint: which FILE?'
lint nothing.conf
check "a missing file: exit 2" exits 2
check "... named" complains "cannot open 'nothing.conf': No such file or directory"
printf 'net.ipv4.tcp_sack = 1\nnet.ipv4.tcp_dsack 1\n' >bad.conf
lint bad.conf
check "what is no assignment: exit 1" exits 1
check "... with file and line" says "^bad.conf:2: error: TW012 no-setting: 'net.ipv4.tcp_dsack 1' is neither"
printf 'net.ipv4.tcp_tw_recycle=1\r\n' >crlf.conf
lint crlf.conf
check "CR LF: as the loaders read it" says 'crlf.conf:1: error: TW101'
printf '\357\273\277net.ipv4.tcp_sack=1' >bom.conf
lint bom.conf
check "a byte-order mark" says 'bom.conf:1: error: TW013'
head -c 70000 /dev/urandom | tr -d '\000' >noise.conf
lint noise.conf
check "noise without a NUL: exit 1" exits 1
head -c 700 /dev/zero >zeros.conf
lint zeros.conf
check "NULs: exit 2" complains "zeros.conf:1: holds a NUL byte: no text file"
truncate -s 100M large.conf
lint large.conf
check "100 MB: exit 2" complains "'large.conf' is larger than"
mkdir empty
lint empty
check "a directory without a *.conf file: exit 2" complains '^twbench lint: no \*.conf file there'
mkfifo fifo
lint fifo
check "a FIFO is refused, not waited for" complains "'fifo' is no plain file"
for wrong in '--rate x' '--listen 0' '--listen 9-8' '--fail-on fatal' '--level x' '--format xml' \
	'--kind ini' '--kernel-keys nothing' '--system'; do
	# shellcheck disable=SC2086 # an option and its value
	lint $wrong bad.conf
	check "$wrong: exit 2" exits 2
done

echo 'net.ipv4.tcp_tw_recycle = 1' | "$program" lint --no-kernel --brief --fix - >out 2>err
check "standard input" says '^-:1: error: TW101'

# --- kinds of files ---------------------------------------------------------------------------------
printf 'kernel.ostype = Linux\nnet.ipv4.tcp_fin_timeout = 15\nnet.ipv4.tcp_max_tw_buckets = 0\n' >dump
lint dump
check "a dump is judged by what is, not by what is meant" \
	sh -c 'grep -q TW332 out && ! grep -q TW301 out'
printf '[main]\nsummary=x\n[sysctl]\nnet.ipv4.tcp_fin_timeout=15 # s\nnet.ipv4.tcp_max_tw_buckets=>100\n' >tuned.conf
lint --brief tuned.conf
check "a tuned profile" says '^tuned.conf:4: warning: TW301'
check "... whose operators are no mistakes" says '^0 errors, 1 warning, 0 notes in 2 settings'
mkdir -p tuned/base tuned/web
printf '[main]\nsummary=x\n\n[sysctl]\nnet.ipv4.tcp_tw_recycle=1\n' >tuned/base/tuned.conf
printf '[main]\ninclude=base\n[vm]\ntransparent_hugepages=never\n[sysctl]\nnet.ipv4.tcp_tw_reuse=1\nnet.ipv4.tcp_timestamps=0\n' >tuned/web/tuned.conf
lint --brief tuned/web/tuned.conf
check "a profile and what it includes: the faults of both, each in its file and line" \
	sh -c '[ "$(sed -n "s/ [a-z-]*: net.*//p" out | tr "\n" " ")" = \
"tuned/base/tuned.conf:5: error: TW101 tuned/web/tuned.conf:6: error: TW311 tuned/web/tuned.conf:6: note: TW313 tuned/web/tuned.conf:7: warning: TW321 " ]'
check "... and exit 1" exits 1
(cd tuned/web && "$program" lint --no-kernel --brief tuned.conf) >out 2>err
check "... from within its directory, too" says '^../base/tuned.conf:5: error: TW101'
lint --brief tuned/web/../web/tuned.conf
check "... and by a roundabout name" says '^tuned/web/../base/tuned.conf:5: error: TW101'
lint --brief ./tuned/web/tuned.conf
check "... and by one that begins with a dot" says '^./tuned/base/tuned.conf:5: error: TW101'
mkdir tuned/.web
cp tuned/web/tuned.conf tuned/.web/tuned.conf
(cd tuned && "$program" lint --no-kernel --brief .web/tuned.conf) >out 2>err
check "... and of a hidden directory" says '^base/tuned.conf:5: error: TW101'
lint --brief tuned/base/tuned.conf tuned/web/tuned.conf
check "a profile that is given and included is judged once" says '^2 errors, 1 warning, 1 note in 3 settings of 2 files$'
lint --format sarif tuned/web/tuned.conf
check "... and in SARIF" sh -c 'python3 -c "
import json, sys
print([(x[\"ruleId\"], x[\"locations\"][0][\"physicalLocation\"][\"artifactLocation\"][\"uri\"], x[\"locations\"][0][\"physicalLocation\"][\"region\"][\"startLine\"])
       for x in json.load(sys.stdin)[\"runs\"][0][\"results\"]][:2])" <out | grep -F "[('"'TW101', 'tuned/base/tuned.conf', 5), ('TW311', 'tuned/web/tuned.conf', 6)"']"'
mkdir -p etc/sysctl.d usr/lib/sysctl.d
echo 'net.ipv4.tcp_fin_timeout = 15' >usr/lib/sysctl.d/50-x.conf
echo 'net.ipv4.tcp_sack = 1' >etc/sysctl.d/50-x.conf
lint --brief usr/lib/sysctl.d etc/sysctl.d
check "directories: the file of /etc is read instead" \
	sh -c '! grep -q TW301 out && grep -q "TW010 masked-file: usr/lib/sysctl.d/50-x.conf is not read" out'
echo 'net.ipv4.tcp_sack' >keys
"$program" lint --kernel-keys keys etc/sysctl.d >out 2>err
check "--kernel-keys: the list's kernel is asked" says "keys of 'keys'$"
printf 'net.ipv4.tcp_sack = 1\nnet.ipv4.tcp_dsack = 1\n' >two.conf
"$program" lint --brief --kernel-keys keys two.conf >out 2>err
check "... and lacks what is not in it" says "^two.conf:2: warning: TW104 absent-key"

# --- --fix ------------------------------------------------------------------------------------------
printf '# keep\nnet.ipv4.tcp_tw_recycle = 1\n- net.ipv4.tcp_sack = 1\n  net.ipv4.tcp_fin_timeout = 60 # s\n%s' \
	'net.ipv4.tcp_rfc1337 = 7' >mend.conf
cp mend.conf before
chmod 640 mend.conf
echo old >mend.conf.bak
lint --fix mend.conf
check "--fix: what is left decides the exit" exits 0
check "... what was mended is marked" says 'TW101 .* \[fixed\]$'
check "... the summary counts it" says '^0 errors, 1 warning, 1 note in 4 settings of 1 file; 3 fixed$'
check "... and tells where the old file is" grep -q '3 lines mended; the old file is .*/mend.conf.bak.1$' err
cat >want <<'END'
# keep
# twbench TW101: the key was removed from Linux
#net.ipv4.tcp_tw_recycle = 1
-net.ipv4.tcp_sack = 1
# s
  net.ipv4.tcp_fin_timeout = 60
END
printf 'net.ipv4.tcp_rfc1337 = 7' >>want
check "only what is certain is rewritten" cmp -s mend.conf want
check "the old file is kept" cmp -s mend.conf.bak.1 before
check "an older backup is not touched" test "$(cat mend.conf.bak)" = old
check "the mode is kept" test "$(stat -c %a mend.conf)" = 640
check "nothing else is left beside it" test "$(find . -name 'mend.conf*' | wc -l)" -eq 3
lint --fix mend.conf
check "a second --fix finds nothing to mend" sh -c '! [ -s err ] && cmp -s mend.conf want'
ln -s mend.conf link.conf
printf -- '- net.ipv4.tcp_tw_recycle = 1\n' >both.conf
lint --fix both.conf
check "two faults of a line that becomes a comment are both gone" \
	sh -c 'test "$(grep -c "\[fixed\]$" out)" -eq 2 && tail -n 1 both.conf | grep -q "^#- net"'
printf 'net.ipv4.ip_local_port_range = 40000 # x\nnet.ipv4.tcp_rmem = 4096 5000 # x\n' >range.conf
lint --fix range.conf
check "a comment that makes the kernel refuse the line stays" test ! -e range.conf.bak
cp before mend.conf
lint --fix link.conf
check "a link stays a link" test -L link.conf
check "... and what it names is mended" cmp -s mend.conf want
cp dump dump.before
lint --fix dump
check "a dump is never rewritten" cmp -s dump dump.before

# --- SARIF ------------------------------------------------------------------------------------------
mkdir 'a b'
printf 'a.b = \033[31m\377\na.b = 2\n' >'a b/odd#1.conf'
lint --format sarif "$tuning/common-blog-advice.conf" 'a b/odd#1.conf'
check "--format sarif has the same exit codes" exits 1
cp out log.sarif
lint --format sarif etc/sysctl.d
if python3 -c 'import jsonschema' 2>/dev/null; then
	check "SARIF holds to the form of 2.1.0" python3 - log.sarif out <<'PY'
import json, sys
import jsonschema

# SARIF 2.1.0 as far as the log uses it; nothing beyond is allowed.
def obj(required, **members):
    return {"type": "object", "required": required, "properties": members, "additionalProperties": False}
text = {"type": "string", "minLength": 1}
message = obj(["text"], text=text)
level = {"enum": ["none", "note", "warning", "error"]}
place = obj(["artifactLocation", "region"],
    artifactLocation=obj(["uri"], uri={"type": "string", "pattern": r"^[A-Za-z0-9%\-._~/!$&'()*+,;=@:]+$"}),
    region=obj(["startLine"], startLine={"type": "integer", "minimum": 1}))
location = obj(["physicalLocation"], physicalLocation=place, id={"type": "integer", "minimum": 0})
rule = obj(["id"], id=text, name=text, shortDescription=message, fullDescription=message, help=message,
    defaultConfiguration=obj(["level"], level=level))
result = obj(["message"], ruleId=text, ruleIndex={"type": "integer", "minimum": 0}, level=level,
    message=message, locations={"type": "array", "items": location, "maxItems": 1},
    relatedLocations={"type": "array", "items": location, "uniqueItems": True},
    partialFingerprints={"type": "object", "additionalProperties": text})
run = obj(["tool"], tool=obj(["driver"], driver=obj(["name"], name={"const": "twbench"}, version=text,
    rules={"type": "array", "items": rule, "uniqueItems": True})), results={"type": "array", "items": result})
schema = obj(["version", "runs"], **{"$schema": {"type": "string", "format": "uri"},
    "version": {"const": "2.1.0"}, "runs": {"type": "array", "minItems": 1, "items": run}})
jsonschema.Draft7Validator.check_schema(schema)

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        log = json.load(f)
    jsonschema.Draft7Validator(schema).validate(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert len({r["id"] for r in rules}) == len(rules)
    for r in log["runs"][0]["results"]:
        assert rules[r["ruleIndex"]]["id"] == r["ruleId"]
        assert rules[r["ruleIndex"]]["defaultConfiguration"]["level"] == r["level"]
results = json.load(open(sys.argv[1]))["runs"][0]["results"]
assert len(results) == 26, len(results)
assert any(r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/odd%231.conf" for r in results)
PY
else
	count=$((count + 1))
	echo "ok $count - SARIF holds to the form of 2.1.0 # SKIP python3-jsonschema is missing"
fi

lint 'a b/odd#1.conf'
check "no escape code of a file reaches the terminal" sh -c '! grep -q "$(printf "\033")" out'

# Whoever types a command of `prove` must not change the host by it.
"$program" lint --rules >out 2>err
check "no rule proposes to load settings outside a namespace" \
	sh -c '! grep "^    prove:" out | grep -v "unshare -Urn" | grep -E "sysctl (-p|-w|--system|--load)|systemd-sysctl"'

sed -n 's/^    prove:  //p' out >proofs
check "every proof is a command a shell can read" \
	sh -c 'test -s proofs && while read -r line; do printf "%s\n" "$line" | sh -n || exit 1; done <proofs'
sed -n 's/^    prove:  twbench \(run\|check\)/"$program" \1 --dry-run/p' out | sort -u >runs
# One of them proves that the kernel refuses a value: then that is the proof.
check "every run that a rule proposes can be planned" \
	sh -c 'test -s runs && while read -r run; do
		eval "$run" >plan 2>err </dev/null || grep -q "the kernel refuses" err || exit 1; done <runs'

# --- the table --------------------------------------------------------------------------------------
"$program" lint --rules >out 2>err
check "--rules prints every rule" test "$(grep -c '^TW[0-9][0-9][0-9] ' out)" -ge 50
"$program" lint --fix --no-kernel /dev/full >out 2>err
check "a device is no file with settings" test -c /dev/full
echo "1..$count"
[ "$failed" -eq 0 ]
