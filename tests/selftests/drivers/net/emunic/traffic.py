#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Traffic between every kind of port: PF and VF, VF and VF, PF and PF over the
uplinks; small and fragmented packets, TCP and UDP, IPv4 and IPv6.
"""

import re

from lib.py import Host, KsftNamedVariant, Stream, ksft_eq, ksft_exit, \
    ksft_ge, ksft_run_quiet, ksft_true, ksft_variants, many_streams, \
    need_pfs, pair, patience


def _ports(kind):
    """The two functions of a @kind of path."""
    if kind == "pf_pf":
        return need_pfs(2)
    pf = need_pfs()[0]
    if kind == "pf_vf":
        return pf, pf.vfs(1)[0]
    return pf.vfs(2)


PATHS = ["pf_vf", "vf_vf", "pf_pf"]


@ksft_variants(PATHS)
def ping(kind):
    """Pings of many sizes, both families, none lost."""
    a, b = pair(*_ports(kind))
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_true(a.reaches(b.v6), "first ping, IPv6")
    for size in (0, 56, 1400, 1472, 8000, 60000):
        ksft_eq(a.ping(b.v4, count=3, size=size), 3, f"{size} bytes")
        ksft_eq(b.ping(a.v6, count=3, size=size), 3, f"{size} bytes, IPv6")


@ksft_variants([KsftNamedVariant(f"{kind}_v{6 if v6 else 4}", kind, v6)
                for kind in PATHS for v6 in (False, True)])
def tcp(kind, v6):
    """TCP both ways at once; nothing may arrive with a bad checksum."""
    a, b = pair(*_ports(kind))
    ksft_true(a.reaches(b.v6 if v6 else b.v4), "first ping")
    there = Stream(a, b, seconds=1, v6=v6)
    back = Stream(b, a, seconds=1, v6=v6)
    for name, stream in (("there", there), ("back", back)):
        received, _ = stream.wait()
        ksft_ge(received, 1_000_000 // patience(1), f"bytes {name}")
    for host in (a, b):
        ksft_eq(host.snmp("Tcp", "InCsumErrors"), 0)
        ksft_eq(host.link["stats64"]["rx"]["errors"], 0)
        ksft_eq(host.link["stats64"]["tx"]["errors"], 0)


@ksft_variants(PATHS)
def udp(kind):
    """
    UDP at a rate that must not lose anything; sums are checked. What a busy
    machine's receiver did not read in time is the socket's loss.
    """
    a, b = pair(*_ports(kind))
    ksft_true(a.reaches(b.v4), "first ping")
    _, result = Stream(a, b, seconds=1, opts="-u -b 2M -l 1000").wait()
    total = result["end"]["sum"]
    ksft_ge(total["packets"], 200, "datagrams sent")
    ksft_eq(total["lost_packets"] - b.snmp("Udp", "RcvbufErrors"), 0,
            "datagrams lost")
    ksft_eq(b.snmp("Udp", "InCsumErrors"), 0)


@ksft_variants(["tx-checksumming", "scatter-gather",
                "tcp-segmentation-offload", "rx-checksumming"])
def without_offload(feature):
    """Either side may switch an offload off; the stream goes on."""
    a, b = pair(*_ports("vf_vf"))
    ksft_true(a.reaches(b.v4), "first ping")
    for host in (a, b):
        host.cmd(f"ethtool -K {host.dev} {feature} off")
        received, _ = Stream(a, b, seconds=1).wait()
        ksft_ge(received, 500_000, f"bytes, {feature} off at {host.dev}")
        host.cmd(f"ethtool -K {host.dev} {feature} on")
    ksft_eq(b.snmp("Tcp", "InCsumErrors"), 0)


def streams():
    """Eight streams use more than one queue, in both directions."""
    a, b = pair(*_ports("vf_vf"))
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_eq(many_streams(a, b, 8, 2 << 20), 16 << 20, "bytes received")
    rows = b.cmd(f"ethtool -S {b.dev}").stdout.split("\n")
    used = [row for row in rows
            if re.match(r"\s*rx\D*\d+\D*packets: [1-9]", row)]
    limits = b.cmd(f"ethtool -l {b.dev}").stdout
    if not limits.rstrip().endswith("1"):
        ksft_ge(len(used), 2, "receive queues used")


def three_vfs_and_pf():
    """A frame goes to its receiver only: bystanders see none of it."""
    pf = need_pfs()[0]
    vfs = pf.vfs(3)
    a, b = pair(*vfs[:2])
    bystander = Host(vfs[2], 3)
    bystander.wait_link()
    ksft_true(a.reaches(b.v4), "first ping")
    before = bystander.link["stats64"]["rx"]["packets"]
    ksft_eq(a.ping(b.v4, count=50), 50)
    after = bystander.link["stats64"]["rx"]["packets"]
    ksft_true(after - before < 10, f"{after - before} frames at a bystander")


if __name__ == "__main__":
    ksft_run_quiet([ping, tcp, udp, without_offload, streams,
                    three_vfs_and_pf])
    ksft_exit()
