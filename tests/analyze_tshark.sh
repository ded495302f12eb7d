#!/bin/sh
# long: `twbench analyze` against tshark, connection by connection, on every golden capture.
# What fixtures/pcap/tshark.differences lists, each with its reason, may differ; nothing else.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need tshark python3

sed -n 's/^\([^#].*\)$/\1/p' fixtures/pcap/tshark.differences >"$tmp/known"
ok "the comparison ran" python3 tests/tshark_compare.py "$twbench" fixtures/pcap/orderly-3.pcap
# tshark takes its time to begin: one for each processor at once.
# shellcheck disable=SC2016 # that shell's variables
printf '%s\n' fixtures/pcap/*.pcap | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I '{}' sh -c '
	python3 tests/tshark_compare.py "$0" "$1" >"$2/$(basename "$1").all" 2>"$2/$(basename "$1").log" ||
		echo "the comparison ended with $?" >>"$2/$(basename "$1").all"' "$twbench" '{}' "$tmp"
for f in fixtures/pcap/*.pcap; do
	sed 's|^fixtures/pcap/||' "$tmp/$(basename "$f").all" | grep -vxF -f "$tmp/known" >"$tmp/new"
	empty "$(basename "$f"): as tshark, but for what is listed" "$(cat "$tmp/new")"
done
# The comparison itself must be able to complain.
ok "it complains of a capture with copies" sh -c "
	python3 tests/tshark_compare.py '$twbench' fixtures/pcap/capture-duplicates.pcap 2>/dev/null | grep -q packets"
done_testing
