#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""sriov_numvfs: enabling, disabling, cycles, limits."""

import time

from lib.py import bkg, cmd, defer, end, ksft_eq, ksft_exit, ksft_ge, ksft_pr, \
    ksft_run_quiet, ksft_true, ksft_variants, need_pfs, pair
from lib.py.pci import errno_of

VF_ID = "0x10f1"


def _functions():
    """Number of VFs that the PCI core knows."""
    out = cmd("cat /sys/bus/pci/devices/*/device", shell=True).stdout
    return out.split().count(VF_ID)


@ksft_variants([1, 4, 64])
def enable(num):
    """Each VF is a PCI function with a netdev, an IOMMU group and a PF."""
    pf = need_pfs()[0]
    start = time.monotonic()
    vfs = pf.vfs(num)
    ksft_pr(f"{num} netdevs after {time.monotonic() - start:.1f} s")
    ksft_eq(_functions(), num)
    ksft_eq(pf.num_vfs, num)
    ksft_eq(len({vf.netdev for vf in vfs}), num, "netdevs")
    ksft_eq(len({vf.addr for vf in vfs}), num, "addresses")
    for vf in vfs:
        ksft_eq((vf.path / "physfn").resolve().name, pf.addr)
        ksft_eq(vf.read("device"), VF_ID)
        ksft_true((vf.path / "iommu_group").exists(), f"{vf} group")
    shown = cmd(f"ip link show dev {pf.netdev}").stdout.count(" vf ")
    ksft_eq(shown, num, "VFs in ip link show")
    pf.set_vfs(0)
    ksft_eq(_functions(), 0)
    ksft_true(" vf " not in cmd(f"ip link show dev {pf.netdev}").stdout)


def cycles():
    """Rounds up and down leave nothing behind; loops.py has more of them."""
    pf = need_pfs()[0]
    defer(pf.drop_vfs)
    pf.drop_vfs()
    for num in (1, 4, 2, 8, 3):
        pf.set_vfs(min(num, pf.total_vfs))
        pf.set_vfs(0)
        ksft_eq(_functions(), 0)
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "traffic after the cycles")


def under_traffic():
    """VFs that carry traffic can be taken away."""
    pf = need_pfs()[0]
    for _ in range(2):
        a, b = pair(*pf.vfs(2))
        ksft_true(a.reaches(b.v4), "first ping")
        flood = bkg(f"ping -q -f -c 100000 {b.v4}", ns=a.ns)
        time.sleep(0.3)
        pf.set_vfs(0)
        end(flood)
        a.close()
        b.close()
    ksft_eq(_functions(), 0)


def limits():
    """Too many: ERANGE; a change between two numbers: EBUSY."""
    pf = need_pfs()[0]
    pf.drop_vfs()
    ksft_eq(errno_of(pf.write, "sriov_numvfs", pf.total_vfs + 1), "ERANGE")
    ksft_eq(pf.num_vfs, 0)
    pf.vfs(1)
    ksft_eq(errno_of(pf.write, "sriov_numvfs", 2), "EBUSY")
    ksft_eq(pf.num_vfs, 1)


def without_autoprobe():
    """With autoprobe off, VFs stay without driver until one is named."""
    pf = need_pfs()[0]
    pf.drop_vfs()
    defer(pf.write, "sriov_drivers_autoprobe", 1)
    pf.write("sriov_drivers_autoprobe", 0)
    defer(pf.drop_vfs)
    pf.write("sriov_numvfs", 2)
    vfs = [pf.vf(0), pf.vf(1)]
    ksft_eq([vf.bound for vf in vfs], [False, False])
    for vf in vfs:
        vf.write("driver_override", "emunic")
        vf.bind()
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "ping")


def two_devices():
    """VFs of one device do not disturb the other."""
    first, second = need_pfs(2)
    vfs = first.vfs(2)
    others = second.vfs(2)
    second.set_vfs(0)
    ksft_eq(len(others), 2)
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "ping")


def interrupts():
    """Every VF that is up has vectors of its own, no two share one."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    pair(*vfs)
    irqs = [{irq.name for irq in (func.path / "msi_irqs").iterdir()}
            for func in (pf, *vfs)]
    for func, mine in zip(vfs, irqs[1:]):
        ksft_ge(len(mine), 2, f"{func}: control and a queue")
    ksft_eq(len(set.union(*irqs)), sum(map(len, irqs)), "different vectors")


if __name__ == "__main__":
    ksft_run_quiet([enable, cycles, under_traffic, limits, without_autoprobe,
                    two_devices, interrupts])
    ksft_exit()
