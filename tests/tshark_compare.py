"""tshark_compare.py TWBENCH FILE...: what `twbench analyze --json` and tshark say of each connection.

Prints one line per disagreement, "FILE: #NUMBER: WHAT: twbench X, tshark Y", nothing where they agree.
Of several TCP headers in a packet (TCP within TCP) both are asked for the outermost.  A TCP header
that an ICMP error quotes, one that is cut before the flags and one that is in no IP packet are no
segments: skipped, and counted on stderr.
"""
import json
import subprocess
import sys
from collections import defaultdict
from ipaddress import ip_address

FIELDS = """frame.protocols tcp.stream frame.time_epoch ip.src ip.dst ipv6.src ipv6.dst
tcp.srcport tcp.dstport tcp.flags tcp.len tcp.completeness tcp.analysis.retransmission""".split()
SYN, SYN_ACK, ACK, DATA, FIN, RST = 1, 2, 4, 8, 16, 32


def completeness(row):
    """tcp.completeness, from our row: sums of what was seen, whoever sent it."""
    have = SYN if row["syn"]["src"] > 0 and not row["initiator_by"] == "syn-ack" else 0
    have |= SYN_ACK if row["syn"]["dst"] > 0 else 0
    have |= ACK if row["acks"] else 0
    have |= DATA if row["data_packets"]["src"] + row["data_packets"]["dst"] > 0 else 0
    have |= FIN if row["fin"]["src"] + row["fin"]["dst"] > 0 else 0
    have |= RST if row["rst"]["src"] + row["rst"]["dst"] > 0 else 0
    return have


def outermost(value):
    """The first of a field's values, which tshark joins by commas, outer headers first."""
    return value.split(",")[0]


def layers(packet):
    """The protocols around the first TCP header, outermost first."""
    return packet["frame.protocols"].split(":tcp")[0].split(":")


def is_segment(packet):
    around = layers(packet)
    quoted = any(p.startswith("icmp") for p in around)
    return bool(packet["tcp.flags"]) and not quoted and ("ip" in around or "ipv6" in around)


def end(packet, which):
    """(address, port) of "src" or "dst", the address being that of the IP header next to the TCP header."""
    ip = [p for p in layers(packet) if p in ("ip", "ipv6")]
    address = packet[f"{ip[-1]}.{which}"].split(",")[ip.count(ip[-1]) - 1]
    return ip_address(address), int(outermost(packet[f"tcp.{which}port"]))


def tshark(path):
    command = ["tshark", "-2", "-r", path, "-T", "fields", "-Y", "tcp"]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    streams = defaultdict(list)
    skipped = 0
    for line in out.splitlines():
        p = dict(zip(FIELDS, line.split("\t")))
        if not is_segment(p):
            skipped += 1
            continue
        streams[int(outermost(p["tcp.stream"]))].append(
            {
                "time": p["frame.time_epoch"],
                "ends": (end(p, "src"), end(p, "dst")),
                "flags": int(outermost(p["tcp.flags"]), 16),
                "len": int(outermost(p["tcp.len"]) or 0),
                "completeness": int(outermost(p["tcp.completeness"]) or 0),
                "retransmission": bool(p["tcp.analysis.retransmission"]),
            }
        )
    if skipped:
        print(f"{path}: {skipped} quoted or cut TCP headers skipped", file=sys.stderr)
    return streams


def told_by_tshark(packets, ends):
    """What the packets of one stream sum up to, `ends` being our initiator and responder."""
    def count(flag, mine):
        return sum(1 for p in packets if p["flags"] & flag and (p["ends"] == ends) == mine)

    fins = [p for p in packets if p["flags"] & 1]
    rsts = [p for p in packets if p["flags"] & 4]
    return {
        "packets": len(packets),
        "fin": (count(1, True), count(1, False)),
        "rst": (count(4, True), count(4, False)),
        "first FIN": None if not fins else "src" if fins[0]["ends"] == ends else "dst",
        "first RST": None if not rsts else "src" if rsts[0]["ends"] == ends else "dst",
        "retransmissions": sum(1 for p in packets if p["retransmission"]),
        "completeness": packets[-1]["completeness"] & ~ACK,
    }


def told_by_us(row):
    row["acks"] = False
    return {
        "packets": row["packets"]["src"] + row["packets"]["dst"],
        "fin": (row["fin"]["src"], row["fin"]["dst"]),
        "rst": (row["rst"]["src"], row["rst"]["dst"]),
        "first FIN": row["first_fin"],
        "first RST": row["first_rst"],
        "retransmissions": sum(
            row[k][d] for k in ("syn_retrans", "fin_retrans", "data_retrans") for d in ("src", "dst")
        ),
        "completeness": completeness(row),
    }


def compare(program, path):
    out = subprocess.run([program, "analyze", "--json", path], capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    streams = tshark(path)
    by_start = defaultdict(list)
    for packets in streams.values():
        by_start[(frozenset(packets[0]["ends"]), round(float(packets[0]["time"]), 6))].append(packets)
    if len(rows) != len(streams):
        print(f"{path}: connections: twbench {len(rows)}, tshark {len(streams)}")
    for row in rows:
        ends = tuple((ip_address(row[end]), row[end[0] + "port"]) for end in ("src", "dst"))
        key = (frozenset(ends), round(row["first_time_s"], 6))
        if not by_start[key]:
            print(f"{path}: #{row['number']}: tshark has no stream that begins there")
            continue
        theirs = told_by_tshark(by_start[key].pop(0), ends)
        ours = told_by_us(row)
        for what in ours:
            if ours[what] != theirs[what]:
                print(f"{path}: #{row['number']}: {what}: twbench {ours[what]}, tshark {theirs[what]}")


if __name__ == "__main__":
    for name in sys.argv[2:]:
        compare(sys.argv[1], name)
