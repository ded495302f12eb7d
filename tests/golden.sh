#!/bin/sh
# Golden captures: each file of fixtures/pcap/ is what its recipe makes, and `analyze --json` says of
# it what NAME.want holds.  `make golden` (GOLDEN=write) writes both anew; then review the diff.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
maker=${BUILD:-build}/helper/make_capture
dir=fixtures/pcap
tab=$(printf '\t')

[ -x "$maker" ] || skip_all "$maker is not built (make unit)"

# "a+b" names two files that are read as one.
files() { echo "$1" | tr '+' '\n' | sed "s|.*|$dir/&.pcap|"; }

: >"$tmp/wants"
while IFS="$tab" read -r capture want_code options; do
	case $capture in '#'* | '') continue ;; esac
	paths=$dir/$capture.pcap
	case $options in *+*) paths=$(files "$options") options='' ;; esac
	if [ -f "$dir/$capture.recipe" ]; then
		"$maker" "$dir/$capture.recipe" "$tmp/made.pcap" || exit 1
		[ "${GOLDEN:-}" = write ] && cp "$tmp/made.pcap" "$dir/$capture.pcap"
		ok "$capture.pcap is what its recipe makes" cmp "$tmp/made.pcap" "$dir/$capture.pcap"
	fi
	# shellcheck disable=SC2086 # words
	"$twbench" analyze --json $options $paths >"$tmp/got" 2>"$tmp/err" </dev/null
	code=$?
	[ "${GOLDEN:-}" = write ] && cp "$tmp/got" "$dir/$capture.want"
	is "$capture: exit $want_code" "$code" "$want_code"
	ok "$capture: rows as wanted" diff "$dir/$capture.want" "$tmp/got"
	cat "$dir/$capture.want" >>"$tmp/wants"
done <tests/golden.list

for class in $("$twbench" list classes | cut -d ' ' -f 1); do
	ok "class $class has a capture" grep -q "\"class\":\"$class\"" "$tmp/wants"
done
is "every recipe is in tests/golden.list" "$(for f in "$dir"/*.recipe; do basename "$f" .recipe; done | sort)" \
	"$(cut -f 1 tests/golden.list | grep -v -e '^#' -e '^two-' | sort)"
# shellcheck disable=SC2016 # backquotes of Markdown
is "the README has the keys" "$(grep '^| `[a-z_]*` | ' "$dir/README.md" | grep -v '^| `[a-z-]*` | .* | .* | .* |.*|$')" \
	"$("$twbench" list connection-fields | sed 1,2d)"
is "the schema is the shipped one" "$("$twbench" list connection-schema)" "$(cat fixtures/schema/connection.schema.json)"
if python3 -c 'import jsonschema' 2>/dev/null; then
	ok "every row keeps to the schema" python3 -c '
import json, sys
from jsonschema import Draft7Validator
schema = Draft7Validator(json.load(open(sys.argv[1])))
for line in open(sys.argv[2]):
    schema.validate(json.loads(line))' fixtures/schema/connection.schema.json "$tmp/wants"
else
	skip "every row keeps to the schema" "python3-jsonschema is not installed"
fi
done_testing
