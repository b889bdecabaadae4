#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Segmentation in tunnels: what a receiver captures has every length, checksum and
number right, outside and inside, and loses nothing.
"""

from collections import namedtuple

from lib.py import KsftNamedVariant, add_tunnel, check_ids, finished_pair, ksft_exit, \
    ksft_run_quiet, ksft_true, ksft_variants, need_feature, segmented

Tunnel = namedtuple("Tunnel", "name kind opts outer feature")

TUNNELS = [
    Tunnel("vxlan", "vxlan", "id 7 dstport 4789 noudpcsum", 4,
           "tx-udp_tnl-segmentation"),
    Tunnel("vxlan_csum", "vxlan", "id 7 dstport 4789 udpcsum", 4,
           "tx-udp_tnl-csum-segmentation"),
    Tunnel("vxlan6_csum", "vxlan", "id 7 dstport 4789 udpcsum", 6,
           "tx-udp_tnl-csum-segmentation"),
    Tunnel("gre", "gre", "", 4, "tx-gre-segmentation"),
    Tunnel("gre_csum", "gre", "csum", 4, "tx-gre-csum-segmentation"),
    Tunnel("ip6gre", "ip6gre", "", 6, "tx-gre-segmentation"),
    Tunnel("ipip", "ipip", "", 4, "tx-ipxip4-segmentation"),
    Tunnel("ip6tnl", "ip6tnl", "mode any", 6, "tx-ipxip6-segmentation"),
]


@ksft_variants([KsftNamedVariant(f"{kind}_{t.name}_v{v}", kind, t, v)
                for kind in ("pf_vf", "vf_pf") for t in TUNNELS for v in (4, 6)
                if (t.kind, v) != ("ipip", 6)])
def tunnel(kind, how, version):
    """TCP in a tunnel."""
    a, b = finished_pair(kind)
    need_feature(a, how.feature)
    addr = add_tunnel(how.kind, how.opts, *((h, h.addr(how.outer))
                                            for h in (a, b)))[version]
    ksft_true(a.reaches(addr), "ping in the tunnel")
    frames = segmented(a, b, version, addr)
    if how.outer == 4:
        check_ids(frames, 0)
    if "csum" in how.name:
        outer = frames[-1].all("gre" if "gre" in how.name else "udp")[0]
        ksft_true(outer["csum"], "outer checksum")


if __name__ == "__main__":
    ksft_run_quiet([tunnel])
    ksft_exit()
