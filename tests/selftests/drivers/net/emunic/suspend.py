#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Suspend and resume: PF and VFs come back as they were, by themselves."""

from pathlib import Path

from lib.py import KsftNamedVariant, KsftSkipEx, PingFlood, Policy, \
    as_before, defer, give_policy, ksft_eq, ksft_exit, ksft_run_quiet, \
    ksft_variants, need_pfs, pair, suspend, traffic_flows

SLEEPS = ("s2idle", "deep")
POWER = Path("/sys/power")
DELAY = Path("/sys/module/suspend/parameters/pm_test_delay")


def _write(path, value):
    """Write a setting for the time of the case."""
    old = path.read_text()
    if "[" in old:
        old = old.split("[")[1].split("]")[0]
    defer(path.write_text, old)
    path.write_text(str(value))


def _pm_test(state, level):
    """Go to sleep up to @level of the kernel, and back after a second."""
    if not (POWER / "pm_test").exists():
        raise KsftSkipEx("the kernel has no CONFIG_PM_DEBUG")
    if state == "mem":
        if "deep" not in (POWER / "mem_sleep").read_text():
            raise KsftSkipEx("the platform has no suspend to RAM")
        _write(POWER / "mem_sleep", "deep")
    if DELAY.exists():
        _write(DELAY, 1)
    _write(POWER / "pm_test", level)
    (POWER / "state").write_text(state)


def _around(go_to_sleep):
    """VFs with policy and traffic sleep and wake up, twice."""
    pf = need_pfs()[0]
    vfs = pf.vfs(4)
    give_policy(pf)
    a, b = pair(*vfs[:2], mtu=4000)
    for host in (a, b):
        host.ip(f"link add link {host.dev} name v5 type vlan id 5")
        host.address("v5", f"198.51.100.{host.number}/24")
    traffic_flows(a, b)
    policy = Policy(pf, a, b)
    for _ in range(2):
        with PingFlood(a, b):
            go_to_sleep()
        as_before(policy, a, b)
    ksft_eq(a.ping("198.51.100.2"), 5, "VLAN filter")
    ksft_eq(a.ping(b.v4, size=3972, opts="-M do"), 5, "MTU")


@ksft_variants([KsftNamedVariant("devices", "freeze", "devices"),
                KsftNamedVariant("noirq", "freeze", "platform"),
                KsftNamedVariant("ram", "mem", "core")])
def vfs_pm_test(state, level):
    """As far as the kernel itself goes."""
    _around(lambda: _pm_test(state, level))


@ksft_variants(SLEEPS)
def vfs(to):
    """The machine sleeps, its devices in D3 or without power."""
    _around(lambda: suspend(to))


@ksft_variants(SLEEPS)
def pf(to):
    """The PF's own traffic, over the uplink to another PF."""
    pfs = need_pfs(2)
    a, b = pair(*pfs)
    traffic_flows(a, b)
    with PingFlood(a, b):
        suspend(to)
    traffic_flows(a, b)


if __name__ == "__main__":
    ksft_run_quiet([vfs_pm_test, vfs, pf])
    ksft_exit()
