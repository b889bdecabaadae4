#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""sriov_vf_total_msix and sriov_vf_msix_count: queues follow vectors."""

import re

from lib.py import RESETS, Host, KsftNamedVariant, KsftSkipEx, cmd, defer, \
    find_pfs, ksft_eq, ksft_exit, ksft_ge, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, pair
from lib.py.pci import errno_of

MOST = 17


def _unbound(pf, num):
    """@num VFs that no driver has, with autoprobe off."""
    pf.drop_vfs()
    defer(pf.write, "sriov_drivers_autoprobe", 1)
    pf.write("sriov_drivers_autoprobe", 0)
    defer(pf.drop_vfs)
    pf.write("sriov_numvfs", num)
    return [pf.vf(index) for index in range(num)]


def _bind(vf):
    vf.write("driver_override", "emunic")
    vf.bind()


def _table_size(vf):
    """Vectors, as the PCI capability has them."""
    out = cmd(f"lspci -vv -s {vf.addr}").stdout
    return int(re.search(r"MSI-X: Enable. Count=(\d+)", out).group(1))


def _max_queues(host):
    out = host.cmd(f"ethtool -l {host.dev}").stdout
    return int(re.search(r"Combined:\s*(\d+)", out).group(1))


def total():
    """The pool has something for each VF there can be."""
    pf = need_pfs()[0]
    ksft_ge(int(pf.read("sriov_vf_total_msix")), 2 * pf.total_vfs)


@ksft_variants([2, 3, 9, MOST])
def queues_follow(count):
    """A VF with N vectors has N - 1 queue pairs, and all of them work."""
    pf = need_pfs()[0]
    vfs = _unbound(pf, 2)
    other = _table_size(vfs[1])
    vfs[0].write("sriov_vf_msix_count", count)
    ksft_eq(_table_size(vfs[0]), count, "table")
    ksft_eq(_table_size(vfs[1]), other, "table of the other VF")
    for vf in vfs:
        _bind(vf)
    a, b = pair(*vfs)
    ksft_eq(_max_queues(a), count - 1, "queues at most")
    a.cmd(f"ethtool -L {a.dev} combined {count - 1}", fail=False)
    a.wait_link()
    irqs = list((vfs[0].path / "msi_irqs").iterdir())
    ksft_eq(len(irqs), count, "interrupts")
    ksft_true(a.reaches(b.v4), "traffic")


def zero_restores():
    """0 is what the VF had at first; numvfs 0 restores it too."""
    pf = need_pfs()[0]
    vf = _unbound(pf, 1)[0]
    default = _table_size(vf)
    vf.write("sriov_vf_msix_count", 2)
    vf.write("sriov_vf_msix_count", 0)
    ksft_eq(_table_size(vf), default, "after 0")
    vf.write("sriov_vf_msix_count", 2)
    pf.write("sriov_numvfs", 0)
    pf.write("sriov_numvfs", 1)
    ksft_eq(_table_size(pf.vf(0)), default, "a new VF")


@ksft_variants(RESETS.keys())
def survives(event):
    """What was given to a VF is there after resets, reload and suspend."""
    pf = need_pfs()[0]
    vfs = _unbound(pf, 2)
    vfs[0].write("sriov_vf_msix_count", 3)
    for vf in vfs:
        _bind(vf)
    a, b = pair(*vfs)
    RESETS[event](pf, [a, b])
    a.wait_link(20)
    ksft_eq(_table_size(vfs[0]), 3)
    ksft_eq(_max_queues(a), 2)
    ksft_true(a.reaches(b.v4, 20), "traffic")


@ksft_variants([KsftNamedVariant("one", 1, "EINVAL"),
                KsftNamedVariant("too_many", MOST + 1, "EINVAL"),
                KsftNamedVariant("negative", -1, "EINVAL")])
def out_of_range(count, why):
    """A VF has a control vector, a queue's, and 17 at most."""
    vf = _unbound(need_pfs()[0], 1)[0]
    vf.write("sriov_vf_msix_count", 5)
    ksft_eq(errno_of(vf.write, "sriov_vf_msix_count", count), why)
    ksft_eq(_table_size(vf), 5, "unchanged")


def while_bound():
    """A driver that runs has counted its vectors."""
    vf = need_pfs()[0].vfs(1)[0]
    before = _table_size(vf)
    ksft_eq(errno_of(vf.write, "sriov_vf_msix_count", 3), "EBUSY")
    ksft_eq(_table_size(vf), before, "unchanged")


def pool():
    """What one VF takes, others lack; what it gives back, they may have."""
    for pf in find_pfs():
        left = int(pf.read("sriov_vf_total_msix"))
        if left < MOST * pf.total_vfs:
            break
    else:
        raise KsftSkipEx("no PF whose VFs have to share")
    vfs = _unbound(pf, 3)
    share = _table_size(vfs[0])
    spare = left - share * pf.total_vfs
    most = min(MOST, share + spare)
    vfs[0].write("sriov_vf_msix_count", most)
    spare -= most - share
    ksft_eq(errno_of(vfs[1].write, "sriov_vf_msix_count", share + spare + 1),
            "ENOSPC", "more than there is")
    ksft_eq(_table_size(vfs[1]), share, "unchanged")
    vfs[2].write("sriov_vf_msix_count", 2)
    vfs[1].write("sriov_vf_msix_count", share + spare + share - 2)
    ksft_eq(_table_size(vfs[1]), share + spare + share - 2)
    ksft_eq(errno_of(vfs[2].write, "sriov_vf_msix_count", share), "ENOSPC")
    vfs[0].write("sriov_vf_msix_count", 0)
    vfs[2].write("sriov_vf_msix_count", share)
    ksft_eq([_table_size(vf) for vf in vfs],
            [share, share + spare + share - 2, share])


def numvfs_while_in_use():
    """VFs that a namespace uses go without complaint, and can come back."""
    pf = need_pfs()[0]
    for num in (2, 4, 3):
        a, b = (Host(vf, n + 1) for n, vf in enumerate(pf.vfs(num)[:2]))
        a.wait_link()
        b.wait_link()
        ksft_true(a.reaches(b.v4), f"{num} VFs")
        ksft_eq(errno_of(pf.write, "sriov_numvfs", num + 1), "EBUSY")
        ksft_eq(pf.num_vfs, num, "unchanged")
        ksft_true(a.reaches(b.v4), "still there")
        pf.set_vfs(0)
        a.close()
        b.close()


if __name__ == "__main__":
    ksft_run_quiet([total, queues_follow, zero_restores, survives,
                    out_of_range, while_bound, pool, numvfs_while_in_use])
    ksft_exit()
