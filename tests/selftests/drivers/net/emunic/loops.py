#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Many times the same: no error in the log, no growth in memory."""

import re
from mmap import PAGESIZE
from pathlib import Path

from lib.py import PingFlood, Policy, as_before, cmd, give_policy, ksft_eq, \
    ksft_exit, ksft_lt, ksft_pr, ksft_run_quiet, need_pfs, pair, \
    patience, policed_pair, traffic_flows

LOADAVG = Path("/proc/loadavg")
MEMINFO = Path("/proc/meminfo")
SLAB = Path("/sys/kernel/slab")
SLABINFO = Path("/proc/slabinfo")
ZONEINFO = Path("/proc/zoneinfo")
# What an allocator or a cache of the kernel may keep beside, in KiB: twice and
# three times what was seen. The checkers of a debug kernel keep more.
SLACK_SLAB, SLACK_PAGES = patience(256), patience(1536)
# And a thread, as a worker that stays for minutes after its work: its slab, and
# its stack.
THREAD_SLAB, THREAD_PAGES = 16, 16
LOG_LEVEL_WARNING = "err,crit,alert,emerg"


class Memory:
    """Slab and pages in use after a warm-up; check() at the end."""
    def __init__(self):
        self.errors = self.log()
        self.slab, self.pages, self.threads = self.now()

    @staticmethod
    def log():
        """Errors in the kernel log, in which the driver has a part."""
        out = cmd(f"dmesg -l {LOG_LEVEL_WARNING}").stdout
        return [line for line in out.splitlines() if "emunic" in line]

    @staticmethod
    def slab_in_use():
        """
        KiB of objects by cache, of those that cannot be reclaimed. Their pages
        say less: a cache that had many objects for a while keeps pages for the
        few that are left on them. kmemleak's are one for each of the others.
        """
        rows = [line.split() for line in SLABINFO.read_text().splitlines()[2:]]
        return {row[0]: int(row[1]) * int(row[3]) / 1024 for row in rows
                if not row[0].startswith("kmemleak_") and
                int((SLAB / row[0] / "reclaim_account").read_text()) == 0}

    def now(self):
        """That, KiB of pages without owner in slab, in the page cache or in a
        process. What was freed is given back first: KASAN keeps it in
        quarantine, up to a thirty-second of all memory, until its cache is
        shrunk. And the number of threads."""
        cmd("sync; echo 3 > /proc/sys/vm/drop_caches", shell=True)
        for cache in SLAB.iterdir():
            if not cache.is_symlink():
                (cache / "shrink").write_text("1")
        info = {key: int(value) for key, value in
                re.findall(r"(\S+):\s+(\d+)", MEMINFO.read_text())}
        pages = info["MemTotal"] - info["MemFree"] - info["Buffers"] - \
            info["Cached"] - info["AnonPages"] - info["Slab"] - self.free_on_cpus()
        threads = LOADAVG.read_text().split()[3].split("/")[1]
        return self.slab_in_use(), pages, int(threads)

    @staticmethod
    def free_on_cpus():
        """KiB of free pages that CPUs keep for themselves; not in MemFree."""
        counts = re.findall(r"^\s+count:\s+(\d+)", ZONEINFO.read_text(), re.M)
        return sum(map(int, counts)) * PAGESIZE // 1024

    def __str__(self):
        return f"slab {sum(self.slab.values()):.0f} KiB, other pages " \
            f"{self.pages} KiB, {self.threads} threads"

    def check(self, rounds):
        """No more than at the beginning."""
        slab, pages, threads = self.now()
        threads = max(0, threads - self.threads)
        more = {name: kib - self.slab.get(name, 0) for name, kib in slab.items()}
        most = sorted(more, key=more.get)[:-6:-1]
        ksft_pr(f"{rounds} rounds: {self}; grown by {sum(more.values()):.0f} and "
                f"{pages - self.pages} KiB and {threads} threads, most by",
                ", ".join(f"{name} {more[name]:.0f}" for name in most))
        ksft_lt(sum(more.values()), SLACK_SLAB + threads * THREAD_SLAB,
                "KiB more slab")
        ksft_lt(pages - self.pages, SLACK_PAGES + threads * THREAD_PAGES,
                "KiB more pages")
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
    _loop(100, b.rebind)
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
