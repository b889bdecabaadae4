#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Drivers come and go under traffic."""

from lib.py import PingFlood, Policy, as_before, cmd, decided, defer, \
    find_pfs, give_policy, ksft_eq, ksft_exit, ksft_run_quiet, ksft_true, \
    need_pfs, pair, traffic_flows
from lib.py.pci import DRIVER, wait_for
from lib.py.splat import UNLOCKED_REMOVAL


def vf_under_traffic():
    """Unbinding a VF in use; it works again each time."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    give_policy(pf)
    a, b = pair(*vfs)
    policy = Policy(pf, a, b)
    for _ in range(3):
        ksft_true(a.reaches(b.v4), "ping")
        flood = PingFlood(a, b)
        vfs[1].unbind()
        vfs[1].bind()
        flood.stop()
        b.take(vfs[1])
        b.wait_link()
    as_before(policy, a, b)


def pf_with_vfs_under_traffic():
    """Unbinding the PF takes its VFs away in order, and their policy."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    fresh = decided(pf)
    give_policy(pf)
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "before")
    flood = PingFlood(a, b)
    defer(lambda: pf.bound or pf.bind())
    pf.unbind()
    flood.stop()
    ksft_eq(pf.num_vfs, 0)
    a.close()
    b.close()
    pf.bind()
    vfs = pf.vfs(2)
    ksft_eq(decided(pf), fresh, "policy")
    traffic_flows(*pair(*vfs))


def pf_under_own_traffic():
    """The PF's own netdev goes while it carries frames."""
    pf, far = need_pfs(2)
    a, b = pair(pf, far)
    ksft_true(a.reaches(b.v4), "before")
    flood = PingFlood(a, b)
    defer(lambda: pf.bound or pf.bind())
    pf.unbind()
    flood.stop()
    pf.bind()
    a.take(pf)
    a.wait_link()
    ksft_true(a.reaches(b.v4), "after")


def module_with_vfs():
    """rmmod with VFs up and traffic, twice: what comes back is as new."""
    pf = need_pfs()[0]
    count = len(find_pfs())
    vfs = pf.vfs(2)
    fresh = decided(pf)
    for _ in range(2):
        give_policy(pf)
        a, b = pair(*vfs)
        ksft_true(a.reaches(b.v4), "ping")
        flood = PingFlood(a, b)
        cmd("modprobe -r emunic")
        flood.stop()
        a.close()
        b.close()
        ksft_true(not DRIVER.exists(), "driver is gone")
        cmd("modprobe emunic")
        wait_for("PFs", lambda: len(find_pfs()) == count)
        ksft_eq(pf.num_vfs, 0)
        vfs = pf.vfs(2)
        ksft_eq(decided(pf), fresh, "policy")
    traffic_flows(*pair(*vfs))


if __name__ == "__main__":
    ksft_run_quiet([vf_under_traffic, pf_with_vfs_under_traffic,
                    pf_under_own_traffic, module_with_vfs],
                   known=[UNLOCKED_REMOVAL])
    ksft_exit()
