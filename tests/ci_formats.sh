#!/bin/sh
# Every CI format of `report`, of one record with hostile names in it: JUnit against an XSD, KTAP and
# Prometheus text through parsers, SARIF and run.json against their schemas, GitHub's limits kept.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need python3
helper=$top/${BUILD:-build}/helper/sample_record
[ -x "$helper" ] || skip_all "$helper is not built"
cd "$tmp" || exit 1
"$helper" >sample.json

python3 - sample.json >bad.json <<'PY'
import json, sys
r = json.load(open(sys.argv[1], encoding="utf-8"))
evil = "a\"<&>]]>%::{}\\|#\u2028\u0007\ufffe b"
def expectation(i, verdict, value=1.5):
    return {"text": f"x{i} {evil} > 1", "case": "client-fin", "rule": "every repeat", "unit": "ns", "value": value,
            "limit": 2e9, "margin": -1, "verdict": verdict, "repeats": 3, "note": evil}
r["expectations"] = [expectation(i, "pass") for i in range(3)] + [expectation(i, "fail") for i in range(3, 20)] + \
    [expectation(20, "unknown", None)]
r["tuning"] = [
    {"key": "net.ipv4.tcp_tw_recycle", "value": "1", "plain_value": None, "file": "conf d/60,x:y.conf", "line": 7,
     "verdict": "not-tested", "mistake": True, "note": "no such key"},
    {"key": "vm.swappiness", "value": "1", "plain_value": None, "file": "a.conf", "line": 8, "verdict": "not-tested",
     "mistake": False, "note": "host-wide"}]
r["run"]["status"] = "fail"
r["exit"] = {"code": 1, "reason": evil}
r["cases"][1]["repeats"][0]["status"] = "interrupted"
r["cases"][1]["repeats"][0]["reason"] = evil
json.dump(r, sys.stdout)
PY
all=junit,ktap,github,md,prom,gha-bench,bencher,sarif,txt,html,json
run "$twbench" report bad.json --format $all -o out
is "all formats at once: exit 0" "$code $err" "0 "
is "... each under its name, nothing else" "$(cd out && printf '%s ' *)" \
	"bencher.json gha-bench-bigger.json gha-bench-smaller.json github-summary.md github.txt junit.xml metrics.prom report.html results.ktap results.sarif run.json summary.md summary.txt "

# --- JUnit ------------------------------------------------------------------------------------

if command -v xmllint >/dev/null; then
	ok "JUnit holds to the XSD" xmllint --noout --schema "$top/fixtures/ci/junit.xsd" out/junit.xml
	sed 's/ classname="[^"]*"//' out/junit.xml >worse.xml
	not_ok "... which refuses one without a class name" \
		xmllint --noout --schema "$top/fixtures/ci/junit.xsd" worse.xml
else
	skip "JUnit holds to the XSD" "xmllint is not installed"
fi
is "JUnit counts what it holds" "$(python3 -c '
import xml.etree.ElementTree as E
for s in E.parse("out/junit.xml").getroot():
    c = s.findall("testcase")
    print(s.get("name"), s.get("tests") == str(len(c)), *(s.get(a + "s" if a != "skipped" else a) == str(sum(x.find(a) is not None for x in c))
          for a in ("failure", "error", "skipped")), s.get("failures"), s.get("errors"), s.get("skipped"))')" \
	"witnesses True True True True 0 1 0
expectations True True True True 18 0 0
tuning True True True True 1 0 1"

# --- KTAP -------------------------------------------------------------------------------------

cat >ktap.py <<'PY'
import re, sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
assert lines[0] == "KTAP version 1", lines[0]
assert lines.pop() == "", "no newline at the end"
plan = int(re.fullmatch(r"1\.\.(\d+)", lines[1]).group(1))
n, by = 0, {"pass": 0, "fail": 0, "skip": 0}
for line in lines[2:]:
    if line.startswith("#"):
        continue
    m = re.fullmatch(r"(ok|not ok) (\d+) - ([^#]+?)( # SKIP [^#]*)?", line)
    assert m, line
    n += 1
    assert int(m.group(2)) == n, line
    assert not (m.group(4) and m.group(1) != "ok"), line
    by["skip" if m.group(4) else "pass" if m.group(1) == "ok" else "fail"] += 1
assert n == plan, (n, plan)
print(by["pass"], by["fail"], by["skip"])
PY
is "KTAP parses: passed, failed, skipped" "$(python3 ktap.py out/results.ktap)" "12 20 1"

# --- GitHub -----------------------------------------------------------------------------------

is "GitHub: ten annotations, not more" "$(wc -l <out/github.txt)" 10
like "... the worst first" "$(head -n 1 out/github.txt)" '^::error title=server-fin%2C repeat 1%3A the witnesses agree::interrupted'
like "... the rest is counted" "$(tail -n 1 out/github.txt)" '^::warning title=twbench::1[0-9] more are in the job summary'
is "... each one line of the form" "$(grep -c -v -E '^::(error|warning|notice) [^:]*::.+$' out/github.txt)" 0
ok "the summary keeps GitHub's limit" test "$(wc -c <out/github-summary.md)" -lt 921600
like "... and has a chart that GitHub can draw" "$(cat out/github-summary.md)" '^xychart-beta$'
GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$tmp/step.md "$twbench" report bad.json --format github -o out >shown
like "a mistake is called one" "$(cat out/results.ktap)" '# conf d/60,x:y.conf:7: a mistake: no such key'
like "... what cannot be tested, so" "$(cat out/results.ktap)" 'SKIP cannot be tested here: host-wide'
is "on GitHub the annotations are printed" "$(cmp shown out/github.txt && echo same)" same
is "... and the summary is appended" "$(cmp step.md out/github-summary.md && echo same)" same
python3 - bad.json >long.json <<'PY'
import json, sys
r = json.load(open(sys.argv[1], encoding="utf-8"))
r["expectations"] = [dict(r["expectations"][3], text=f"{i} " + "x" * 200, note="n" * 180) for i in range(4000)]
json.dump(r, sys.stdout)
PY
"$twbench" report long.json --format github -o long >shown
is "a long summary is cut and says so" \
	"$(wc -c <long/github-summary.md | awk '$1 <= 921600 && $1 > 900000 { print "cut" }') $(tail -n 1 long/github-summary.md)" \
	"cut (Cut: GitHub takes no more. run.json holds all of it.)"

# --- Prometheus -------------------------------------------------------------------------------

cat >prom.py <<'PY'
import re, sys
seen, now, kinds, samples = set(), None, {}, set()
label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
for line in open(sys.argv[1], encoding="utf-8").read().removesuffix("\n").split("\n"):
    if line.startswith("# "):
        m = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)", line)
        assert m, line
        if m.group(1) == "TYPE":
            assert m.group(3) == "gauge" and m.group(2) not in kinds, line
            kinds[m.group(2)] = m.group(3)
        continue
    m = re.fullmatch(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{(%s(?:,%s)*)\} ([-+0-9.eE]+)" % (label, label), line)
    assert m, line
    name = m.group(1)
    assert name in kinds, line
    if name != now:
        assert name not in seen, "samples of one name must stand together: " + line
        seen.add(name)
        now = name
    assert (name, m.group(2)) not in samples, "twice: " + line
    samples.add((name, m.group(2)))
    float(m.group(3))
assert 'twbench_time_wait_sockets{case="client-fin",strategy="client-fin",side="client"}' in \
    {"%s{%s}" % s for s in samples}
print(len(kinds) > 100, len(samples) > 500)
PY
is "Prometheus text parses" "$(python3 prom.py out/metrics.prom)" "True True"

# --- JSON -------------------------------------------------------------------------------------

is "github-action-benchmark: every entry whole" "$(python3 -c '
import json
for f in ("smaller", "bigger"):
    l = json.load(open(f"out/gha-bench-{f}.json"))
    print(len(l) > 0, all(set(e) == {"name", "unit", "value", "range", "extra"} and isinstance(e["value"], (int, float)) for e in l),
          len({e["name"] for e in l}) == len(l))')" "True True True
True True True"
is "Bencher: every measure has its bounds" "$(python3 -c '
import json
b = json.load(open("out/bencher.json"))
print(sorted(b) == sorted(c["name"] for c in json.load(open("bad.json"))["cases"]),
      all(m["lower_value"] <= m["value"] <= m["upper_value"] for c in b.values() for m in c.values()))')" "True True"
is "SARIF: what failed, where it stands" "$(python3 -c '
import json
s = json.load(open("out/results.sarif"))["runs"][0]
l = [(x["ruleId"], x["locations"][0]["physicalLocation"]) for x in s["results"]]
print(len(l), [(p["artifactLocation"]["uri"], p["region"]["startLine"]) for i, p in l if i == "TWR3"])')" \
	"20 [('conf%20d/60,x%3Ay.conf', 7)]"
if python3 -c 'import jsonschema' 2>/dev/null; then
	for pair in results.sarif:ci/sarif run.json:schema/run; do
		ok "${pair%:*} keeps to its schema" python3 -c '
import json, sys
from jsonschema import Draft7Validator
schema, document = (json.load(open(p, encoding="utf-8")) for p in sys.argv[1:])
Draft7Validator.check_schema(schema)
faults = [str(list(e.absolute_path)) + e.message[:200] for e in Draft7Validator(schema).iter_errors(document)]
print("\n".join(faults[:5]))
sys.exit(len(faults) > 0)' "$top/fixtures/${pair#*:}.schema.json" "out/${pair%:*}"
	done
else
	skip "SARIF and run.json keep to their schemas" "python3-jsonschema is not installed"
fi

# --- exit statuses and refusals -----------------------------------------------------------------

for pair in fail:1 invalid:0 none:0 fail,invalid,skip:1; do
	run "$twbench" report bad.json --format ktap --fail-on "${pair%:*}"
	is "report --fail-on ${pair%:*}" "$code" "${pair#*:}"
done
run "$twbench" report bad.json --format ktap,junit
is "several formats to one stream: exit 2" "$code $err" "2 twbench report: --format: several formats need --out DIR"
run "$twbench" report bad.json --format gha-bench
is "two files to one stream: exit 2" "$code $err" "2 twbench report: --format gha-bench makes two files: say --out DIR"
run "$twbench" report bad.json --format junti
like "a typo: exit 2, the nearest name" "$code $err" "^2 .*\(did you mean 'junit'\?\)$"
run "$twbench" report bad.json --fail-on fial
like "a typo in --fail-on: exit 2" "$code $err" "^2 .*'fial' is not one of fail, invalid, skip, no-effect, none$"

# --- the workflows ------------------------------------------------------------------------------

if python3 -c 'import yaml, jsonschema' 2>/dev/null; then
	ok "the workflows hold to the forms of their runners" sh -c "cd '$top' && python3 tests/ci_workflows.py"
else
	skip "the workflows hold to the forms of their runners" "python3-yaml or python3-jsonschema is not installed"
fi
for file in github-actions gitlab-ci; do
	for word in check lint report; do
		ok "$file.yml runs twbench $word" grep -q "twbench $word " "$top/fixtures/ci/$file.yml"
	done
done
done_testing
