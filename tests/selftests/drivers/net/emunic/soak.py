#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whatever can be done to VFs, in random order under traffic: it works again
after each, and in the end nothing is left behind. EMUNIC_SOAK_SECONDS is how
long, EMUNIC_SOAK_SEED gives the order of an earlier run again."""

import os
import random
import time

from lib.py import KernelLog, PingFlood, ksft_exit, ksft_pr, \
    ksft_run_quiet, need_pfs, pair, traffic_flows
from lib.py.klog import BAD
from lib.py.pci import wait_for
from lib.py.soak import VFS, Operations
from lib.py.splat import PCIEHP_ORDER, PCIEHP_RESET_ORDER, UNLOCKED_REMOVAL
from loops import Memory

SECONDS = float(os.environ.get("EMUNIC_SOAK_SECONDS") or 180)
SEED = int(os.environ.get("EMUNIC_SOAK_SEED") or random.randrange(1 << 32))
KNOWN = (UNLOCKED_REMOVAL, PCIEHP_ORDER, PCIEHP_RESET_ORDER)
SHOW = min(600, SECONDS / 3)    # s between two looks at memory


class Soak:
    """Two hosts, and what becomes of them."""

    def __init__(self):
        self.rand = random.Random(SEED)
        self.pf = need_pfs()[0]
        self.hosts = pair(*self.pf.vfs(2))
        self.ops = Operations(self.pf, *self.hosts)
        self.log = KernelLog()
        self.done = {}      # operation -> how often

    def mend(self, count):
        """Hosts have VFs that talk; where none are left, @count come."""
        wait_for("PF", lambda: self.pf.path.exists() and self.pf.bound, 30)
        if self.pf.num_vfs < 2:
            self.pf.set_vfs(0)
            self.pf.set_vfs(count)
        for number, host in enumerate(self.hosts):
            vf = self.pf.vf(number)
            wait_for(f"driver of {vf}", lambda vf=vf: vf.bound, 30)
            wait_for(f"netdev of {vf}", lambda vf=vf, host=host:
                     self.taken(host, vf), 30)
        # A VF may have another address now, which the other one would find out
        # within a minute.
        for host in self.hosts:
            host.ip(f"neigh flush dev {host.dev}")
        traffic_flows(*self.hosts, deadline=30)

    @staticmethod
    def taken(host, vf):
        """The netdev of @vf is where it belongs, or goes there."""
        net = vf.path / "net"
        if net.exists() and any(net.iterdir()):
            host.take(vf)
        try:
            return bool(host.mac)
        except OSError:
            return False

    def step(self, number, name=None):
        """One operation under traffic."""
        name = name or self.rand.choice(Operations.names())
        rand = random.Random(self.rand.randrange(1 << 32))
        count = self.rand.choice(VFS)
        start = time.monotonic()
        with PingFlood(*self.hosts):
            what = getattr(self.ops, name)(rand)
        self.mend(count)
        ksft_pr(f"{number} {name} {'' if what is None else what} "
                f"({time.monotonic() - start:.1f} s)")
        self.done[name] = self.done.get(name, 0) + 1
        self.quiet(name)

    def quiet(self, name):
        """Nothing in the kernel log."""
        lines = self.log.lines()
        for complaint in KNOWN:
            lines = complaint.left_out(lines)
        bad = [line for line in lines if BAD.search(line)]
        if bad:
            raise RuntimeError(f"after {name}: {bad[0]}")

    def memory(self):
        """What is in use while there are no VFs."""
        self.pf.set_vfs(0)
        memory = Memory()
        self.mend(2)
        return memory

    def run(self, seconds):
        """Until the time is over, warmed up by each operation once."""
        end = time.monotonic() + seconds
        names = Operations.names()
        self.rand.shuffle(names)
        for name in names:
            self.step(0, name)
        memory, rounds = self.memory(), 0
        shown = time.monotonic()
        while time.monotonic() < end or rounds < 10:
            rounds += 1
            self.step(rounds)
            if time.monotonic() > shown + SHOW:
                shown = time.monotonic()
                ksft_pr(f"after {rounds} rounds: {self.memory()}")
        self.pf.set_vfs(0)
        memory.check(rounds)
        ksft_pr(" ".join(f"{name}:{n}" for name, n in sorted(self.done.items())))


def soak():
    """Random operations."""
    ksft_pr(f"seed {SEED}, {SECONDS:g} s")
    Soak().run(SECONDS)


if __name__ == "__main__":
    ksft_run_quiet([soak], known=KNOWN)
    ksft_exit()
