#!/bin/sh
# long: captures of the lab, every strategy: `twbench analyze` finds the teardowns that the run
# recorded, one connection for each that the ledger has, and the bytes that the ends exchanged.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
need python3
need_net
cd "$tmp" || exit 1

run "$twbench" run close-strategies -q -o res --no-plots --capture keep --drain false --duration 1s
like "the run ended" "$code" '^[03]$'
python3 - "$twbench" res/latest >said <<'P'
import json, subprocess, sys
from collections import Counter

program, run = sys.argv[1:]
side = {"src": "client", "dst": "server"}
record = json.load(open(run + "/run.json", encoding="utf-8"))
for case in record["cases"]:
    for repeat in case["repeats"]:
        if not repeat["capture"] or not repeat["capture"]["file"]:
            continue
        path = run + "/" + repeat["capture"]["file"]
        out = subprocess.run([program, "analyze", "--json", path], capture_output=True, text=True)
        rows = [json.loads(line) for line in out.stdout.splitlines()]
        ledger = repeat["ledger"]
        found = Counter(
            (
                r["class"],
                "both" if r["fins_crossed"] else side.get(r["first_fin"], "none"),
                side.get(r["first_rst"], "none"),
                side.get(r["time_wait_holder"], r["time_wait_holder"]),
            )
            for r in rows
        )
        recorded = Counter(
            {(t["class"], t["first_fin"], t["first_rst"], t["holder"]): t["count"] for t in repeat["teardowns"]}
        )
        checks = {
            "exit 0": out.returncode == 0,
            "teardowns as recorded": found == recorded,
            "a connection for each of the ledger": len(rows) == sum(recorded.values())
            and (case["name"] == "udp" or ledger["established"] == sum(r["established_time_s"] is not None for r in rows)),
            "FINs and RSTs as recorded": all(
                sum(r[k][d] for r in rows) == repeat["capture"][k][s] for k in ("fin", "rst") for d, s in side.items()
            ),
            "bytes as exchanged": case["name"] == "udp"
            or ledger["outcomes"]["ok"] != ledger["attempted"]
            or (
                sum(r["payload_bytes"]["src"] for r in rows) == ledger["request_sent_bytes"]
                and sum(r["payload_bytes"]["dst"] for r in rows) >= ledger["reply_received_bytes"]
            ),
        }
        for check, good in checks.items():
            print("yes" if good else "no", f"{case['name']}: {check}")
P
while read -r good name; do
	tap_line "$good" "$name"
done <said
ok "every case was looked at" test "$(wc -l <said)" -ge 50
if command -v tshark >/dev/null; then
	for f in res/latest/cases/*/r1/capture.pcap; do
		# Two CPUs fill the ring: a segment read late is a retransmission to one, none to the other.
		python3 "$top/tests/tshark_compare.py" "$twbench" "$f" >differences 2>log
		empty "${f#res/latest/cases/}: as tshark" "$(grep -v retransmissions differences)"
	done
fi
done_testing
