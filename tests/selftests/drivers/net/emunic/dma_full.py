#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""All that is mapped goes through a bounce buffer (swiotlb=force) which is full:
mappings fail for as long as another function has it, and not longer."""

from pathlib import Path

from lib.py import KsftSkipEx, Pusher, Talk, ethtool_stat, ksft_exit, \
    ksft_pr, ksft_run_quiet, ksft_variants, need_pfs, pair
from lib.py.host import Host
from lib.py.pci import wait_for

POOL = Path("/sys/kernel/debug/swiotlb")
LARGEST = 4096


def _slots(name):
    return int((POOL / name).read_text())


class Hog:
    """A function whose Rx rings have what is left of the bounce buffer."""
    def __init__(self, func):
        self.host = Host(func, 3)
        self.host.ip(f"link set dev {self.host.dev} down")
        self.host.cmd(f"ethtool -G {self.host.dev} rx {LARGEST}")

    def take(self):
        """All of it."""
        self.host.ip(f"link set dev {self.host.dev} up")
        wait_for("a full pool", lambda: self.refused)
        ksft_pr(f"{_slots('io_tlb_used')} of {_slots('io_tlb_nslabs')} slots")

    def give(self):
        """Back."""
        self.host.ip(f"link set dev {self.host.dev} down")

    @property
    def refused(self):
        """Buffers that it did not get."""
        return ethtool_stat(self.host, r"rx\d+_alloc_fail")


def _hosts():
    """Two VFs with small rings, and who takes all the rest."""
    if not POOL.exists() or _slots("io_tlb_nslabs") > 4 * LARGEST:
        raise KsftSkipEx("needs swiotlb=force with a small pool")
    pf = need_pfs()[0]
    a, b, c = pf.vfs(3)
    hosts = pair(a, b)
    for host in hosts:
        host.cmd(f"ethtool -G {host.dev} rx 64 tx 64")
        host.wait_link()
    talk = Talk(*hosts)
    talk.flows("at first")
    return *hosts, talk, Hog(c)


@ksft_variants(["head", "fragment", "list"])
def tx(shape):
    """Frames that cannot be mapped are dropped and counted, small ones go
    through; once there is room, so does all that TCP has to send."""
    a, b, talk, hog = _hosts()
    pusher = Pusher(a, b)
    hog.take()
    before = pusher.dropped
    getattr(pusher, shape)()
    wait_for("a frame dropped", lambda: pusher.dropped > before)
    talk.flows("with small frames", size=50)
    hog.give()
    pusher.drain()
    talk.flows("after")


def rx():
    """A ring that comes up without buffers gets them later, by itself."""
    _, b, talk, hog = _hosts()
    b.ip(f"link set dev {b.dev} down")
    hog.take()
    before = ethtool_stat(b, r"rx\d+_alloc_fail")
    b.ip(f"link set dev {b.dev} up")
    wait_for("failures", lambda: ethtool_stat(b, r"rx\d+_alloc_fail") > before)
    hog.give()
    talk.flows("after")


if __name__ == "__main__":
    ksft_run_quiet([tx, rx])
    ksft_exit()
