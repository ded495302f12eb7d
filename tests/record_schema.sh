#!/bin/sh
# The schema and results/README.md are what the field table makes; records obey the schema.
set -u
cd "$(dirname "$0")/.." || exit 1
helper=${BUILD:-build}/helper/sample_record
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT INT TERM
n=0 bad=0

check() { # description, command...
	what=$1
	shift
	n=$((n + 1))
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/#   /' "$dir/out" | head -n 20
		bad=1
	fi
}

if ! { "$helper" >"$dir/run.json" && "$helper" schema >"$dir/schema.json" &&
	"$helper" fields >"$dir/fields.md"; }; then
	echo "Bail out! $helper failed"
	exit 1
fi
check "fixtures/schema/run.schema.json is up to date ($helper schema)" \
	diff -u fixtures/schema/run.schema.json "$dir/schema.json"
check "results/README.md is up to date ($helper fields)" diff -u results/README.md "$dir/fields.md"

cat >"$dir/validate.py" <<'EOF'
import copy, json, sys
try:
    import jsonschema
except ImportError:
    print("ok 3 - records obey the schema # SKIP no python3-jsonschema")
    print("1..3")
    sys.exit(0)

def no(text):
    raise ValueError(text)

schema = json.load(open("fixtures/schema/run.schema.json"))
sample = json.load(open(sys.argv[1]), parse_constant=no)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
cases = [
    (True, "the sample record obeys the schema", ""),
    (False, "... not with another schema name", 'd["schema"] = "twbench.run/2"'),
    (False, "... not without cases", 'del d["cases"]'),
    (False, "... not with a text for a number", 'r["ledger"]["attempted"] = "1600"'),
    (False, "... not with an unknown status", 'r["status"] = "fine"'),
    (False, "... not with an unknown class", 'r["teardowns"][0]["class"] = "odd"'),
    (False, "... not with null for a truth value", 'r["capture"]["proven_end"] = None'),
    (False, "... not with half a bucket", 'r["latency"]["service"]["buckets"][0] = [1]'),
    (True, "... but with null for an unknown number", 'r["capture"]["syn"] = None'),
    (True, "... and with keys of a later version", 'r["later"] = 1'),
]
bad = 0
for n, (want, what, change) in enumerate(cases, 3):
    d = copy.deepcopy(sample)
    exec(change, {"d": d, "r": d["cases"][0]["repeats"][0]})
    d["cases"] = d["cases"][:1] if "cases" in d else None
    if d["cases"] is None:
        del d["cases"]
    error = next(validator.iter_errors(d), None)
    good = (error is None) == want
    bad |= not good
    print("%sok %d - %s" % ("" if good else "not ", n, what))
    if error and want:
        print("#   " + str(error.message)[:200])
print("1..%d" % (len(cases) + 2))
sys.exit(bad)
EOF
python3 "$dir/validate.py" "$dir/run.json" || bad=1
exit $bad
