#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Drivers come and go under traffic."""

import time

from lib.py import bkg, cmd, defer, ksft_eq, ksft_exit, ksft_run_quiet, \
    ksft_true, find_pfs, need_pfs, pair
from lib.py.pci import DRIVER, wait_for


def _flood(a, b):
    proc = bkg(f"ping -q -f -c 10000000 {b.v4}", ns=a.ns)

    def stop():
        if proc.proc.poll() is None:
            proc.proc.kill()
            proc.proc.wait()
    defer(stop)
    time.sleep(0.3)
    return stop


def vf_under_traffic():
    """Unbinding a VF in use, ten times; it works again each time."""
    vfs = need_pfs()[0].vfs(2)
    a, b = pair(*vfs)
    for _ in range(10):
        ksft_true(a.reaches(b.v4), "ping")
        stop = _flood(a, b)
        vfs[1].unbind()
        vfs[1].bind()
        stop()
        b.take(vfs[1])
        b.wait_link()
        a.ip(f"neigh flush dev {a.dev}")    # the VF chose a new address
    ksft_true(a.reaches(b.v4), "after")


def pf_with_vfs_under_traffic():
    """Unbinding the PF takes its VFs away in order."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "before")
    stop = _flood(a, b)
    defer(lambda: pf.bound or pf.bind())
    pf.unbind()
    stop()
    ksft_eq(pf.num_vfs, 0)
    a.close()
    b.close()
    pf.bind()
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "after")


def pf_under_own_traffic():
    """The PF's own netdev goes while it carries frames."""
    pf, far = need_pfs(2)
    a, b = pair(pf, far)
    ksft_true(a.reaches(b.v4), "before")
    stop = _flood(a, b)
    defer(lambda: pf.bound or pf.bind())
    pf.unbind()
    stop()
    pf.bind()
    a.take(pf)
    a.wait_link()
    ksft_true(a.reaches(b.v4), "after")


def module_with_vfs():
    """rmmod with VFs up and traffic, five times."""
    need_pfs()
    count = len(find_pfs())
    for _ in range(5):
        pf = find_pfs()[0]
        a, b = pair(*pf.vfs(2))
        ksft_true(a.reaches(b.v4), "ping")
        stop = _flood(a, b)
        cmd("modprobe -r emunic")
        stop()
        a.close()
        b.close()
        ksft_true(not DRIVER.exists(), "driver is gone")
        cmd("modprobe emunic")
        wait_for("PFs", lambda: len(find_pfs()) == count)
    ksft_eq(find_pfs()[0].num_vfs, 0)


if __name__ == "__main__":
    ksft_run_quiet([vf_under_traffic, pf_with_vfs_under_traffic,
                    pf_under_own_traffic, module_with_vfs])
    ksft_exit()
