#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Many times the same: no error in the log, no growth in memory."""

import re
from pathlib import Path

from lib.py import PingFlood, Policy, as_before, cmd, give_policy, ksft_eq, \
    ksft_exit, ksft_lt, ksft_pr, ksft_run_quiet, need_pfs, pair, \
    policed_pair, traffic_flows

MEMINFO = Path("/proc/meminfo")
SLAB = Path("/sys/kernel/slab")
SLABINFO = Path("/proc/slabinfo")
PAGE_KIB = 4
# What an allocator or a cache of the kernel may keep beside, in KiB. A page
# for each round would be 200 and more.
SLACK_SLAB, SLACK_PAGES = 1024, 6144
LOG_LEVEL_WARNING = "err,crit,alert,emerg"


class Memory:
    """Slab and pages in use after a warm-up; check() at the end."""
    def __init__(self):
        self.errors = self.log()
        self.before = self.now()
        self.caches = self.by_cache()

    @staticmethod
    def log():
        """Errors in the kernel log, in which the driver has a part."""
        out = cmd(f"dmesg -l {LOG_LEVEL_WARNING}").stdout
        return [line for line in out.splitlines() if "emunic" in line]

    @staticmethod
    def now():
        """KiB of slab that cannot be reclaimed, and of pages without owner
        in the page cache or in a process. What was freed is given back first:
        KASAN keeps it in quarantine, up to a thirty-second of all memory,
        until its cache is shrunk."""
        cmd("sync; echo 3 > /proc/sys/vm/drop_caches", shell=True)
        for cache in SLAB.iterdir():
            if not cache.is_symlink():
                (cache / "shrink").write_text("1")
        info = {key: int(value) for key, value in
                re.findall(r"(\S+):\s+(\d+)", MEMINFO.read_text())}
        pages = info["MemTotal"] - info["MemFree"] - info["Buffers"] - \
            info["Cached"] - info["AnonPages"] - info["Slab"]
        return info["SUnreclaim"], pages

    @staticmethod
    def by_cache():
        """KiB of each cache."""
        rows = [line.split() for line in SLABINFO.read_text().splitlines()[2:]]
        return {row[0]: int(row[5]) * int(row[-2]) * PAGE_KIB for row in rows}

    def grown(self):
        """The caches that have grown most, and by how many KiB."""
        more = {name: kib - self.caches.get(name, 0)
                for name, kib in self.by_cache().items()}
        return sorted(more.items(), key=lambda item: -item[1])[:5]

    def check(self, rounds):
        """No more than at the beginning."""
        slab, pages = (a - b for a, b in zip(self.now(), self.before))
        ksft_pr(f"{rounds} rounds: slab {self.before[0]} KiB {slab:+}, "
                f"other pages {self.before[1]} KiB {pages:+}; grown most:",
                self.grown())
        ksft_lt(slab, SLACK_SLAB, "KiB more slab")
        ksft_lt(pages, SLACK_PAGES, "KiB more pages")
        ksft_eq([line for line in self.log() if line not in self.errors], [],
                "errors in the log")


def _loop(rounds, step, warm_up=5):
    """@step for warming up, and @rounds times with memory compared."""
    for _ in range(warm_up):
        step()
    memory = Memory()
    for _ in range(rounds):
        step()
    memory.check(rounds)


def numvfs():
    """50 times 0, 16, 0 VFs."""
    pf = need_pfs()[0]
    pf.drop_vfs()

    def step():
        pf.set_vfs(16)
        pf.set_vfs(0)
    _loop(50, step)
    traffic_flows(*pair(*pf.vfs(2)))


def vf_reload():
    """100 times the VF's driver unbound and bound, its netdev up."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    give_policy(pf)
    a, b = pair(*vfs)
    policy = Policy(pf)

    def step():
        vfs[1].unbind()
        vfs[1].bind()
        b.take(vfs[1])
    _loop(100, step)
    as_before(policy, a, b)


def vf_flr():
    """100 times FLR of a VF under traffic."""
    a, b, policy = policed_pair()
    with PingFlood(a, b):
        _loop(100, b.func.flr)
    as_before(policy, a, b)


if __name__ == "__main__":
    ksft_run_quiet([numvfs, vf_reload, vf_flr])
    ksft_exit()
