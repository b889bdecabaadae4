#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Memory runs out under traffic: frames are lost, and nothing else. Afterwards
traffic is what it was, by itself."""

import socket
import time

from lib.py import Attached, Faults, NetNSEnter, PingFlood, Prog, \
    Stream, Talk, bpf, defer, ethtool_stat, ksft_exit, ksft_ge, ksft_pr, \
    ksft_run_quiet, ksft_variants, need_pfs, pair, traffic_flows
from lib.py.ioctl import set_channels, set_rings
from lib.py.pci import wait_for
from lib.py.splat import OUT_OF_MEMORY

SO_RCVBUFFORCE = 33
ENTRIES = 64
PERCENT, SECONDS = 30, 3


def _hosts(mode):
    """Two VFs, the second with a small ring, and a program if @mode is xdp."""
    a, b = pair(*need_pfs()[0].vfs(2))
    b.inside(set_rings, ENTRIES)
    b.inside(set_channels, 1)
    if mode == "xdp":
        Attached(b, Prog(bpf.leave(bpf.PASS), frags=True))
    traffic_flows(a, b)
    return a, b


def _lost(host):
    """Frames and buffers of @host for which there was no memory."""
    return ethtool_stat(host, r"rx\d+_alloc_fail")


@ksft_variants(["plain", "xdp"])
def some(mode):
    """Some allocations fail for a while."""
    a, b = _hosts(mode)
    faults = Faults()
    before = _lost(b)
    with PingFlood(a, b):
        stream = Stream(a, b, seconds=SECONDS)
        with faults.at_random(PERCENT):
            time.sleep(SECONDS)
            failed = faults.failed
        received, _ = stream.wait()
    lost = _lost(b) - before
    ksft_pr(f"{mode}: {failed} allocations failed, {lost} of them for Rx")
    ksft_ge(failed, 20, "failures")
    ksft_ge(lost, 1, "failures that Rx has counted")
    ksft_ge(received, 1, "bytes of a stream")
    traffic_flows(a, b)
    received, _ = Stream(a, b, seconds=2).wait()
    ksft_ge(received, 500_000, "bytes after")


class Hoard:
    """A socket at @host that keeps what it receives, and the buffers with it."""
    def __init__(self, host):
        with NetNSEnter(str(host.ns)):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        defer(self.sock.close)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.sock.bind((host.v4, 0))

    def feed(self, host, count):
        """@count datagrams from @host, too large to be copied."""
        with NetNSEnter(str(host.ns)), \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(count):
                sock.sendto(bytes(1000), self.sock.getsockname())


@ksft_variants(["plain", "xdp"])
def none_left(mode):
    """No page is left until the ring has no buffer: it gets new ones as soon as
    there are, and no frame has to come for that, nor go."""
    a, b = _hosts(mode)
    # It asks nobody whether he is still there
    b.cmd(f"ip neigh replace {a.v4} lladdr {a.mac} dev {b.dev}")
    b.cmd("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
    faults = Faults()
    talk = Talk(a, b)
    hoard = Hoard(b)
    before = _lost(b)
    with faults.at_random(100, kinds=("fail_page_alloc",)):
        hoard.feed(a, 4 * ENTRIES)
        wait_for("failures", lambda: faults.failed > 20)
    ksft_ge(_lost(b) - before, 20, "failures that Rx has counted")
    talk.flows("after")
    traffic_flows(a, b)


if __name__ == "__main__":
    ksft_run_quiet([some, none_left], known=OUT_OF_MEMORY)
    ksft_exit()
