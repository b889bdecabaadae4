#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""MTU from 68 to 9000, and what does not fit."""

from lib.py import CmdExitFailure, Stream, ksft_eq, ksft_exit, ksft_ge, \
    ksft_raises, ksft_run_quiet, ksft_true, ksft_variants, need_pfs, pair


def _ports(kind):
    pf = need_pfs()[0]
    return (pf, pf.vfs(1)[0]) if kind == "pf_vf" else pf.vfs(2)


@ksft_variants(["pf_vf", "vf_vf"])
def jumbo(kind):
    """9000 bytes pass whole, 9001 do not; TCP uses them."""
    a, b = pair(*_ports(kind), mtu=9000)
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_eq(a.ping(b.v4, size=8972, opts="-M do"), 5)
    ksft_eq(a.ping(b.v6, size=8952, opts="-M do"), 5)
    ksft_eq(a.is_answered(b.v4, opts="-s 8973 -M do"), False)
    received, result = Stream(a, b).wait()
    ksft_ge(received, 3_000_000)
    ksft_ge(result["start"]["tcp_mss_default"], 8900, "MSS")


def jumbo_uplink():
    """The uplink carries 9000 bytes too."""
    a, b = pair(*need_pfs(2), mtu=9000)
    ksft_true(a.reaches(b.v4), "first ping")
    ksft_eq(a.ping(b.v4, size=8972, opts="-M do"), 5)


def change_under_traffic():
    """
    The MTU may change while frames flow. A frame of TCP's may be too long by the
    time it gets to IP, which takes the path for one of 1280 bytes then, and has
    to forget that for the last ping.
    """
    a, b = pair(*_ports("vf_vf"))
    ksft_true(a.reaches(b.v4), "first ping")
    stream = Stream(a, b, seconds=5)
    for mtu in (9000, 1280, 4000, 1500):
        for host in (a, b):
            host.ip(f"link set dev {host.dev} mtu {mtu}")
    received, _ = stream.wait()
    ksft_ge(received, 1_000_000)
    a.ip("route flush cache")
    ksft_eq(a.ping(b.v4, size=1472, opts="-M do"), 5)


def too_long_for_receiver():
    """A receiver with a smaller MTU drops what does not fit, and only that."""
    a, b = pair(*_ports("vf_vf"), mtu=9000)
    ksft_true(a.reaches(b.v4), "first ping")
    b.ip(f"link set dev {b.dev} mtu 1500")
    ksft_eq(a.is_answered(b.v4, opts="-s 4000 -M do"), False)
    ksft_eq(a.ping(b.v4, count=3), 3)


@ksft_variants([("pf", 67), ("pf", 9001), ("vf", 67), ("vf", 9001)])
def refused(kind, mtu):
    """Outside 68 to 9000 the change is refused."""
    pf = need_pfs()[0]
    func = pf if kind == "pf" else pf.vfs(1)[0]
    a, _ = pair(func, pf.vfs(1)[0]) if kind == "pf" else pair(func, pf)
    with ksft_raises(CmdExitFailure):
        a.ip(f"link set dev {a.dev} mtu {mtu}")
    ksft_eq(a.link["mtu"], 1500)


if __name__ == "__main__":
    ksft_run_quiet([jumbo, jumbo_uplink, change_under_traffic,
                    too_long_for_receiver, refused])
    ksft_exit()
