"""tshark_compare.py TWBENCH FILE...: what `twbench analyze --json` and tshark say of each connection.

Prints one line per disagreement, "FILE: #NUMBER: WHAT: twbench X, tshark Y", nothing where they agree.
Where rules of fixtures/pcap/README.md, applied here once more to the packets as tshark tells them, give
just what twbench says, their names follow in brackets; a line without one is not explained:

    copies     what the capture delivered twice (the same packet, the same IPv4 id, within 1 ms) counts once
    bytes      of payload only what brings no new byte is a retransmission; a SYN or FIN counts beside it
    rst        of a segment with RST nothing but that counts
    wrapped    TCP within a protocol that is not opened (OPENED), or in more than one tunnel
    holes      more than HOLES stretches of payload are missing at once: the oldest is forgotten
    fragments  tshark puts IP fragments together
    lone       a single segment without SYN: tshark gives it no completeness
    flags      tshark's completeness: no payload outside of ACKs, no FIN without ACK
    foreseen   a stream that one of tshark's dissectors (FTP, H.323) foresaw: it then misses the SYN
    divided    the same segments, but divided otherwise among the connections of a 4-tuple

"payload" is not tshark's word: the distinct bytes of payload, summed up here from tshark's numbers.
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
tcp.srcport tcp.dstport tcp.flags tcp.len tcp.completeness tcp.analysis.retransmission
tcp.seq_raw tcp.ack_raw tcp.window_size_value ip.id ip.frag_offset tcp.analysis.keep_alive""".split()
OPENED = """eth ethertype vlan sll ppp pppoes mpls pwethheuristic raw null loop gre erspan vxlan geneve udp ip ipv6
chdlc wlan llc fddi radiotap prism nflog""".split()
F_FIN, F_SYN, F_RST, F_ACK = 1, 2, 4, 16
SYN, SYN_ACK, ACK, DATA, FIN, RST = 1, 2, 4, 8, 16, 32
COPY_S = 0.001
HOLES = 4


def completeness(row):
    """tcp.completeness, from our row: sums of what was seen, whoever sent it."""
    have = SYN if row["syn"]["src"] > 0 and not row["initiator_by"] == "syn-ack" else 0
    have |= SYN_ACK if row["syn"]["dst"] > 0 else 0
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


def is_wrapped(around):
    tunnels = sum(around.count(p) for p in ("ip", "ipv6")) - 1
    return tunnels > 1 or any(p not in OPENED for p in around)


def end(packet, which):
    """(address, port) of "src" or "dst", the address being that of the IP header next to the TCP header."""
    ip = [p for p in layers(packet) if p in ("ip", "ipv6")]
    address = packet[f"{ip[-1]}.{which}"].split(",")[ip.count(ip[-1]) - 1]
    return ip_address(address), int(outermost(packet[f"tcp.{which}port"]))


def segment(packet):
    number = {key: int(outermost(packet[f"tcp.{key}"]) or 0) for key in ("seq_raw", "ack_raw", "len")}
    flags = int(outermost(packet["tcp.flags"]), 16)
    return {
        "time": packet["frame.time_epoch"],
        "ends": (end(packet, "src"), end(packet, "dst")),
        "flags": flags,
        "seq": number["seq_raw"],
        "len": number["len"],
        "completeness": int(outermost(packet["tcp.completeness"]) or 0),
        "retransmission": bool(packet["tcp.analysis.retransmission"]),
        "keep_alive": bool(packet["tcp.analysis.keep_alive"]),
        "id": packet["ip.id"],
        "wrapped": is_wrapped(layers(packet)),
        "fragments": any(offset not in ("", "0") for offset in packet["ip.frag_offset"].split(",")),
        "print": (flags, packet["ip.id"], outermost(packet["tcp.window_size_value"]), *number.values()),
    }


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
        streams[int(outermost(p["tcp.stream"]))].append(segment(p))
    if skipped:
        print(f"{path}: {skipped} quoted or cut TCP headers skipped", file=sys.stderr)
    return streams


def without_copies(packets):
    """The packets less those that repeat the one before them in their direction."""
    last = {}
    kept = []
    for p in packets:
        before = last.get(p["ends"])
        last[p["ends"]] = p
        told_apart = p["id"].strip("0x,") or p["flags"] & (F_SYN | F_FIN)
        near = before and abs(float(p["time"]) - float(before["time"])) <= COPY_S
        if not (near and told_apart and p["print"] == before["print"]):
            kept.append(p)
    return kept


class Direction:
    """What one end has sent: which bytes, SYNs and FINs, and how much of it was a repeat."""

    def __init__(self):
        self.first = None  # number that the others are told relative to
        self.seen = []  # disjoint stretches (from, to)
        self.syns = self.fins = self.repeats = self.payload = self.holes = 0

    def new_bytes(self, seq, length):
        self.first = seq if self.first is None else self.first
        start = (seq - self.first + 2**31) % 2**32 - 2**31
        stop = start + length
        old = [(a, b) for a, b in self.seen if a <= stop and start <= b]
        self.seen = [x for x in self.seen if x not in old]
        self.seen.append((min([start] + [a for a, b in old]), max([stop] + [b for a, b in old])))
        self.holes = max(self.holes, len(self.seen) - 1)
        return length - sum(min(b, stop) - max(a, start) for a, b in old)

    def add(self, p):
        if p["flags"] & F_RST:
            return
        syn, fin = p["flags"] & F_SYN > 0, p["flags"] & F_FIN > 0
        self.syns += syn
        self.fins += fin
        if syn:
            self.new_bytes(p["seq"], 1)
        if p["len"] > 0 and not p["keep_alive"]:
            new = self.new_bytes(p["seq"] + syn, p["len"])
            self.payload += new
            self.repeats += new == 0
        if fin:
            self.new_bytes(p["seq"] + syn + p["len"], 1)

    def retransmissions(self):
        return self.repeats + max(0, self.syns - 1) + max(0, self.fins - 1)


def summed(packets):
    """{sender: Direction}"""
    sums = defaultdict(Direction)
    for p in packets:
        sums[p["ends"]].add(p)
    return sums


def told_by_tshark(packets, ends):
    """What the packets of one stream sum up to, `ends` being our initiator and responder."""
    def count(flag, mine):
        return sum(1 for p in packets if p["flags"] & flag and (p["ends"] == ends) == mine)

    fins = [p for p in packets if p["flags"] & F_FIN]
    rsts = [p for p in packets if p["flags"] & F_RST]
    return {
        "packets": len(packets),
        "payload": sum(d.payload for d in summed(packets).values()),
        "fin": (count(F_FIN, True), count(F_FIN, False)),
        "rst": (count(F_RST, True), count(F_RST, False)),
        "first FIN": None if not fins else "src" if fins[0]["ends"] == ends else "dst",
        "first RST": None if not rsts else "src" if rsts[0]["ends"] == ends else "dst",
        "retransmissions": sum(1 for p in packets if p["retransmission"]),
        "completeness": packets[-1]["completeness"] & ~ACK,
    }


def told_by_us(row):
    def both(key):
        return row[key]["src"] + row[key]["dst"]

    return {
        "packets": both("packets"),
        "payload": both("payload_bytes"),
        "fin": (row["fin"]["src"], row["fin"]["dst"]),
        "rst": (row["rst"]["src"], row["rst"]["dst"]),
        "first FIN": row["first_fin"],
        "first RST": row["first_rst"],
        "retransmissions": sum(both(key) for key in ("syn_retrans", "fin_retrans", "data_retrans")),
        "completeness": completeness(row),
    }


def seen_in(packets):
    """Our completeness, from tshark's packets."""
    have = 0
    for p in packets:
        rst = p["flags"] & F_RST
        if p["flags"] & F_SYN and not rst:
            have |= SYN_ACK if p["flags"] & F_ACK else SYN
        have |= FIN if p["flags"] & F_FIN and not rst else 0
        have |= DATA if p["len"] > 0 and not rst and not p["keep_alive"] else 0
        have |= RST if rst else 0
    return have


def bits_of_tshark(packets):
    """tshark's completeness, by its own rules."""
    have = 0
    for p in packets:
        if p["flags"] & F_SYN:
            have |= SYN_ACK if p["flags"] & F_ACK else SYN
        if p["flags"] & F_ACK:
            have |= DATA if p["len"] > 0 and not p["flags"] & F_SYN else 0
            have |= FIN if p["flags"] & F_FIN else 0
        have |= RST if p["flags"] & F_RST else 0
    return have


def without_rst_freight(packets):
    """The packets, those with RST less what else they carry."""
    bare = {"len": 0, "retransmission": False}
    return [p | bare | {"flags": p["flags"] & ~(F_SYN | F_FIN)} if p["flags"] & F_RST else p for p in packets]


def without_wrapped(packets):
    return [p for p in packets if not p["wrapped"]]


RULES = {"copies": without_copies, "rst": without_rst_freight, "wrapped": without_wrapped}


def why_incomplete(ours, theirs, packets):
    if ours != seen_in(packets):
        return None
    if len(packets) == 1 and theirs == 0:
        return ["lone"]
    if theirs == bits_of_tshark(packets):
        return ["flags"]
    return ["foreseen"] if theirs == bits_of_tshark(packets) & ~SYN else None


def why(what, ours, theirs, packets, ends):
    """The rules that make the difference; None if it is none of those above."""
    used = []
    for name, rule in ((None, None), *RULES.items()):
        if name:
            fewer = rule(packets)
            used += [name] if fewer != packets else []
            packets = fewer
        if not packets:
            return None
        if name and told_by_tshark(packets, ends)[what] == ours:
            return used
        if what == "retransmissions" and sum(d.retransmissions() for d in summed(packets).values()) == ours:
            return used + ["bytes"]
        if what == "completeness" and (more := why_incomplete(ours, theirs, packets)):
            return used + more
    if what not in ("payload", "retransmissions"):
        return None
    if any(p["fragments"] for p in packets):
        return used + ["fragments"]
    return used + ["holes"] if any(d.holes > HOLES for d in summed(packets).values()) else None


def left_to_us(packets):
    """What is left of a stream for us: neither copies nor what lies in wrappings that are not opened."""
    return without_wrapped(without_copies(packets))


def by_tuple(items, tuple_of):
    groups = defaultdict(list)
    for item in items:
        groups[tuple_of(item)].append(item)
    return groups


def ends_of(row):
    return tuple((ip_address(row[end]), row[end[0] + "port"]) for end in ("src", "dst"))


def compare_one(label, row, packets):
    ours, theirs = told_by_us(row), told_by_tshark(packets, ends_of(row))
    for what in ours:
        if ours[what] != theirs[what]:
            causes = why(what, ours[what], theirs[what], packets, ends_of(row))
            say(f"{label}: {what}: twbench {ours[what]}, tshark {theirs[what]}", causes)


def say(line, causes):
    print(line + (f" [{', '.join(causes)}]" if causes else ""))


def compare(program, path):
    out = subprocess.run([program, "analyze", "--json", path], capture_output=True, text=True, check=False)
    rows = by_tuple(map(json.loads, out.stdout.splitlines()), lambda row: frozenset(ends_of(row)))
    streams = by_tuple(tshark(path).values(), lambda packets: frozenset(packets[0]["ends"]))
    for key in sorted(set(rows) | set(streams), key=lambda k: sorted(map(str, k))):
        ours = sorted(rows[key], key=lambda row: row["number"])
        theirs = streams[key]
        sizes = [told_by_us(r)["packets"] for r in ours], [len(s) for s in theirs]
        left = [len(left_to_us(s)) for s in theirs]
        if sizes[0] != left and not len(ours) == len(theirs) == 1:
            label = f"#{ours[0]['number']}" if ours else " <-> ".join(sorted(f"{a} {port}" for a, port in key))
            causes = ["divided" if sum(left) > 0 else "wrapped"] if sum(left) == sum(sizes[0]) else []
            say(f"{path}: {label}: segments of each: twbench {sizes[0]}, tshark {sizes[1]}", causes)
        if len(ours) == len(theirs):
            for row, packets in zip(ours, theirs):
                compare_one(f"{path}: #{row['number']}", row, packets)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        compare(sys.argv[1], name)
