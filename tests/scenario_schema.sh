#!/bin/sh
# Every shipped scenario is valid under the shipped schema, by a validator that is not ours; and
# what our reader refuses for its shape, the schema refuses too.
cd "$(dirname "$0")/.." || exit 1
if ! python3 -c 'import jsonschema' 2>/dev/null; then
	echo "1..0 # SKIP python3-jsonschema is missing"
	exit 0
fi
exec python3 - fixtures/schema/scenario.schema.json fixtures/scenarios/*.json <<'PY'
import copy, json, re, sys
import jsonschema

STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.S)

def load(path):
    with open(path, encoding="utf-8") as f:
        text = STRING_OR_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else " ", f.read())
    return json.loads(text)

count = failed = 0
def ok(passed, what):
    global count, failed
    count += 1
    failed += not passed
    print(f"{'' if passed else 'not '}ok {count} - {what}")

schema = load(sys.argv[1])
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in sys.argv[2:]:
    faults = [f"{'.'.join(map(str, e.path))}: {e.message}" for e in validator.iter_errors(load(path))]
    ok(not faults, f"{path} {'; '.join(faults)}")

for document in (
    {"load": {"clinets": 5}},
    {"load": {"clients": 0}},
    {"load": {"duration": 5}},
    {"load": {"duration": "5"}},
    {"load": {"shape": "square"}},
    {"strategy": "client-fon"},
    {"addressing": {"family": 5}},
    {"protocol": {"reply_bytes": [{"weight": 1}]}},
    {"matrix": {"load.rat": [1]}},
    {"matrix": {"load.rate": []}},
    {"cases": {"a": {"expect": []}}},
    {"schema": "twbench.scenario/2"},
):
    ok(not validator.is_valid(document), f"refused: {json.dumps(document)}")
print(f"1..{count}")
sys.exit(failed > 0)
PY
