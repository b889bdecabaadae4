#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Functions are made while memory runs out, at each place in turn: what fails
leaves nothing, and the next try works."""

from lib.py import Faults, Talk, defer, ksft_eq, ksft_exit, ksft_run_quiet, \
    ksft_true, need_pfs, pair, talking_vfs
from lib.py.pci import PCI
from lib.py.splat import OUT_OF_MEMORY, UNLOCKED_REMOVAL

VF_ID = "0x10f1"


def _functions():
    """VFs that the PCI core knows."""
    return sum((path / "device").read_text().strip() == VF_ID
               for path in (PCI / "devices").iterdir())


def _netdevs(func):
    net = func.path / "net"
    return list(net.iterdir()) if net.exists() else []


def _bound_again(func, error):
    """A failed probe has left nothing, and the next one works."""
    ksft_eq(func.bound, error is None, "bound")
    if error:
        ksft_eq(_netdevs(func), [], "netdevs after a failed probe")
        func.bind()
    ksft_true(func.bound, "bound in the end")
    ksft_eq(len(_netdevs(func)), 1, "netdevs")


def vf_probe():
    """The driver comes to a VF."""
    _, b, talk = talking_vfs()
    vf = b.func

    def after(error, new):
        _bound_again(vf, error)
        if new:
            b.take(vf)
            talk.flows("after a probe")
        vf.unbind()

    vf.unbind()
    Faults().each("probe of a VF", vf.bind, after, 10)


def pf_probe():
    """The driver comes to a PF."""
    pf = need_pfs()[0]
    pf.drop_vfs()

    def after(error, new):
        _bound_again(pf, error)
        if new:
            a, b = pair(*pf.vfs(2))
            Talk(a, b).flows("after a probe")
            a.close()
            b.close()
            pf.set_vfs(0)
        pf.unbind()

    defer(lambda: pf.bound or pf.bind())
    pf.unbind()
    Faults().each("probe of a PF", pf.bind, after, 15)


def numvfs():
    """
    VFs are enabled; their drivers come later. What pci_iov_add_virtfn() asks for
    is there: it goes on with a VF that has no name or was half added, and is an
    oops when it removes that one, whatever the driver.
    """
    pf = need_pfs()[0]
    pf.drop_vfs()
    defer(pf.write, "sriov_drivers_autoprobe", 1)
    defer(pf.drop_vfs)
    pf.write("sriov_drivers_autoprobe", 0)

    def enable():
        pf.write("sriov_numvfs", 2)

    def after(error, new):
        ksft_eq(pf.num_vfs, 0 if error else 2, "VFs enabled")
        ksft_eq(_functions(), 0 if error else 2, "VFs there")
        if error:
            enable()
        if new:
            for vf in (pf.vf(0), pf.vf(1)):
                vf.write("driver_override", "emunic")
                vf.bind()
            a, b = pair(pf.vf(0), pf.vf(1))
            Talk(a, b).flows("after VFs were enabled")
            a.close()
            b.close()
        pf.write("sriov_numvfs", 0)

    Faults("pci_iov_add_virtfn").each("enabling VFs", enable, after, 2)


if __name__ == "__main__":
    ksft_run_quiet([vf_probe, pf_probe, numvfs],
                   known=[*OUT_OF_MEMORY, UNLOCKED_REMOVAL])
    ksft_exit()
