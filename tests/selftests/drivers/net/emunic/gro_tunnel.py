#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Receive offload of TCP in IP tunnels: what the device merges, the end of the
tunnel takes apart, and a router sends on as it was. The stack's own GRO is off.
"""

import os
from collections import namedtuple

from lib.py import Frame, Host, KsftNamedVariant, Sniffer, add_tunnel, defer, \
    exchange, ksft_eq, ksft_exit, ksft_ge, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, pair, segment_counts, segmented, set_features

Tunnel = namedtuple("Tunnel", "kind opts outer inner")

SIZE = 400_000
TUNNELS = [
    Tunnel("ipip", "", 4, 4),
    Tunnel("sit", "", 4, 6),
    Tunnel("ip6tnl", "mode any encaplimit none", 6, 4),
    Tunnel("ip6tnl", "mode any encaplimit none", 6, 6),
]
VARIANTS = [(f"{t.inner}in{t.outer}", t) for t in TUNNELS]


@ksft_variants([KsftNamedVariant(f"{kind}_{name}_{sent}", kind, how, sent)
                for kind in ("pf_vf", "vf_vf") for name, how in VARIANTS
                for sent in ("one_by_one", "as_gso")])
def merged(kind, how, sent):
    """Segments, the sender's or the device's, arrive as long packets."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    a, b = pair(pf if kind == "pf_vf" else vfs[0], vfs[1])
    addr = add_tunnel(how.kind, how.opts, *((h, h.addr(how.outer))
                                            for h in (a, b)))[how.inner]
    if sent == "one_by_one":
        set_features(a, "tso off gso off")
        a.cmd("ethtool -K tun0 tso off gso off")
    set_features(b, "gro off rx-gro-hw on")
    ksft_true(a.reaches(addr), "ping in the tunnel")
    sniffer = Sniffer(b)
    data = os.urandom(SIZE)
    before = segment_counts(b, "rx")
    ksft_true(exchange(a, b, data, how.inner, addr) == data, "received")
    after = segment_counts(b, "rx")
    ksft_ge(after.frames - before.frames, 1, "merged frames")
    ksft_ge(after.wire - before.wire, 2 * (after.frames - before.frames),
            "segments in them")
    frames = [Frame(f) for f in sniffer.frames(0.3)]
    for frame in frames:
        ksft_eq([f for f in frame.faults if f != "TCP checksum"], [])
    ksft_ge(max(len(f.all("tcp")[-1]["payload"]) for f in frames
                if f.has("tcp")), 2 * 1300, "longest")


def _router(vfs):
    """Sender, router and receiver, each link with addresses of its own."""
    a, c = Host(vfs[0], 1), Host(vfs[3], 3)
    r, other = Host(vfs[1], 2), Host(vfs[2], 4)
    other.ip(f"link set dev {other.dev} netns {r.ns}")
    defer(r.ip, f"link set dev {other.dev} netns {other.ns}")
    # All are on one switch: each address has but one owner.
    r.cmd("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 "
          "net.ipv4.conf.all.arp_ignore=1")
    for n, (end, dev) in enumerate(((a, r.dev), (c, other.dev))):
        end.address(end.dev, f"198.18.{n}.1/24", f"2001:db8:{n + 1}::1/64")
        r.address(dev, f"198.18.{n}.2/24", f"2001:db8:{n + 1}::2/64")
        end.ip(f"route add 198.18.0.0/16 via 198.18.{n}.2")
        end.ip(f"-6 route add 2001:db8::/32 via 2001:db8:{n + 1}::2")
    for dev in (r.dev, other.dev):
        r.cmd(f"ethtool -K {dev} gro off rx-gro-hw on")
    return a, r, c


@ksft_variants([KsftNamedVariant(*variant) for variant in VARIANTS])
def forwarded(how):
    """A router sends on what it got merged, as its sender made it."""
    a, r, c = _router(need_pfs()[0].vfs(4))
    set_features(c, "rx off rx-gro-hw off gro off")
    outer = ("198.18.0.1", "198.18.1.1") if how.outer == 4 else \
        ("2001:db8:1::1", "2001:db8:2::1")
    addr = add_tunnel(how.kind, how.opts, *zip((a, c), outer))[how.inner]
    ksft_true(a.reaches(addr), "ping in the tunnel")
    before = segment_counts(r, "rx")
    segmented(a, c, how.inner, addr)
    after = segment_counts(r, "rx")
    ksft_ge(after.frames - before.frames, 1, "merged frames at the router")


if __name__ == "__main__":
    ksft_run_quiet([merged, forwarded])
    ksft_exit()
