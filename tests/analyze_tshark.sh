#!/bin/sh
# long: `twbench analyze` against tshark, connection by connection, on every golden capture.
# What fixtures/pcap/tshark.differences lists, each with its reason, may differ; nothing else.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need tshark python3

sed -n 's/^\([^#].*\)$/\1/p' fixtures/pcap/tshark.differences >"$tmp/known"
ok "the comparison ran" python3 tests/tshark_compare.py "$twbench" fixtures/pcap/orderly-3.pcap
for f in fixtures/pcap/*.pcap; do
	python3 tests/tshark_compare.py "$twbench" "$f" >"$tmp/all" 2>"$tmp/log"
	sed 's|^fixtures/pcap/||' "$tmp/all" | grep -vxF -f "$tmp/known" >"$tmp/new"
	empty "$(basename "$f"): as tshark, but for what is listed" "$(cat "$tmp/new")"
done
# The comparison itself must be able to complain.
ok "it complains of a capture with copies" sh -c "
	python3 tests/tshark_compare.py '$twbench' fixtures/pcap/capture-duplicates.pcap 2>/dev/null | grep -q packets"
done_testing
