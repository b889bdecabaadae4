#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Receive offload: segments that the device merges, frames that cross whole, and
sums of what it cannot verify. The stack's own GRO is off throughout.
"""

import os
import re

from lib.py import Frame, KsftNamedVariant, Sniffer, defer, exchange, \
    ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_run_quiet, ksft_true, \
    ksft_variants, need_pfs, pair, segment_counts, set_features

SIZE = 400_000
PATHS = ["pf_vf", "vf_pf", "vf_vf", "pf_pf"]
MERGE = {"hw": "rx-gro-hw on", "lro": "rx-gro-hw off lro on"}


def _hosts(kind, features):
    """A sender, and a receiver with these @features and no GRO of the stack."""
    if kind == "pf_pf":
        a, b = pair(*need_pfs(2))
    else:
        pf = need_pfs()[0]
        vfs = pf.vfs(2)
        a, b = pair(pf if kind.startswith("pf") else vfs[0],
                    pf if kind.endswith("pf") else vfs[1])
    set_features(b, f"gro off {features}")
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_true(a.reaches(b.v6), "first ping, IPv6")
    return a, b


def _received(frames, data):
    """The frames are @data in sequence, but for the checksums left partial."""
    pieces = {}
    for frame in map(Frame, frames):
        tcp = frame.all("tcp")
        if not tcp or not tcp[0]["payload"]:
            continue
        ksft_eq([f for f in frame.faults if f != "TCP checksum"], [])
        pieces[tcp[0]["seq"]] = tcp[0]["payload"]
    first = min(pieces, default=0)
    got = b""
    while piece := pieces.get((first + len(got)) & 0xffffffff):
        got += piece
    ksft_true(got == data, f"{len(got)} of {len(data)} bytes in sequence")
    return max(map(len, pieces.values()), default=0)


@ksft_variants([KsftNamedVariant(f"{how}_{kind}_v{v}", how, kind, v)
                for how in MERGE for kind in PATHS for v in (4, 6)])
def merged(how, kind, version):
    """What a sender without TSO sends arrives as fewer, longer frames."""
    a, b = _hosts(kind, MERGE[how])
    set_features(a, "tso off gso off")
    sniffer = Sniffer(b)
    data = os.urandom(SIZE)
    before, sent = segment_counts(b, "rx"), segment_counts(a)
    got = exchange(a, b, data, version)
    ksft_true(got == data, "what was received")
    after = segment_counts(b, "rx")
    ksft_eq(segment_counts(a).frames, sent.frames, "no GSO frames sent")
    ksft_ge(after.frames - before.frames, 1, "merged frames")
    ksft_ge(after.wire - before.wire, 2 * (after.frames - before.frames),
            "segments in them")
    ksft_ge(_received(sniffer.frames(0.3), data), 2 * 1400, "longest")


@ksft_variants([KsftNamedVariant(f"{kind}_v{v}", kind, v)
                for kind in PATHS[:3] for v in (4, 6)])
def whole(kind, version):
    """A GSO frame of another function arrives as its sender made it."""
    a, b = _hosts(kind, "rx-gro-hw on")
    data = os.urandom(SIZE)
    sent, before = segment_counts(a), segment_counts(b, "rx")
    ksft_true(exchange(a, b, data, version) == data, "what was received")
    ksft_ge(segment_counts(a).frames - sent.frames, 1, "sent")
    ksft_ge(segment_counts(b, "rx").wire - before.wire,
            segment_counts(a).wire - sent.wire, "segments received in frames")


@ksft_variants(["pf_vf", "vf_pf"])
def neither(kind):
    """With both off, nothing arrives that is longer than the MTU allows."""
    a, b = _hosts(kind, "rx-gro-hw off lro off")
    sniffer = Sniffer(b)
    data = os.urandom(SIZE)
    before = segment_counts(b, "rx")
    ksft_true(exchange(a, b, data, 4) == data, "what was received")
    ksft_eq(segment_counts(b, "rx"), before)
    ksft_eq([len(f) for f in sniffer.frames(0.3) if len(f) > 1514], [])


@ksft_variants(["pf", "vf"])
def default(kind):
    """Hardware GRO is on at first and LRO is not; never are both."""
    pf = need_pfs()[0]
    a, b = pair(*(pf.vfs(2) if kind == "vf" else (pf, pf.vfs(1)[0])))
    defer(a.cmd, f"ethtool -K {a.dev} lro off rx-gro-hw on")
    for state, lro in (("", "off"), ("lro on", "off"),
                       ("rx-gro-hw off lro on", "on")):
        if state:
            a.cmd(f"ethtool -K {a.dev} {state}", fail=False)
        shown = a.cmd(f"ethtool -k {a.dev}").stdout
        ksft_in(f"large-receive-offload: {lro}", shown)
        ksft_in("rx-gro-hw: " + ("off" if lro == "on" else "on"), shown)
    ksft_true(a.reaches(b.v4), "ping")


@ksft_variants(["pf_vf", "vf_pf", "vf_vf"])
def complete(kind):
    """A frame that is not TCP or UDP has a sum, which is right."""
    a, b = _hosts(kind, "rx on")

    def count():
        return sum(int(n) for n in re.findall(
            r"rx\d+_csum_complete: (\d+)",
            b.cmd(f"ethtool -S {b.dev}").stdout))
    before = count()
    for size in (1, 56, 57, 1400, 1472, 8001, 20000):
        ksft_eq(a.ping(b.v4, count=3, size=size), 3, f"{size} bytes")
        ksft_eq(a.ping(b.v6, count=3, size=size), 3, f"{size} bytes, IPv6")
    ksft_ge(count() - before, 2 * 3 * 7, "frames with a sum")
    ksft_eq(b.snmp("Icmp", "InCsumErrors"), 0)
    ksft_eq(b.link["stats64"]["rx"]["errors"], 0)
    set_features(b, "rx off")
    before = count()
    ksft_eq(a.ping(b.v4, count=3), 3)
    ksft_eq(count(), before, "with rx-checksum off")


if __name__ == "__main__":
    ksft_run_quiet([merged, whole, neither, default, complete])
    ksft_exit()
