#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A VF that user space has through VFIO: it is reset when it is opened and
closed, and it stays when the PF's driver goes."""

import time

from lib.py import Host, KsftNamedVariant, Policy, VfioUser, as_before, bkg, \
    cmd, defer, event_count, find_pfs, give_policy, give_to, ksft_busy_wait, \
    ksft_eq, ksft_exit, ksft_ge, ksft_lt, ksft_pr, ksft_run_quiet, ksft_true, \
    ksft_variants, need_pfs, pair, patience, policed_pair, traffic_flows
from lib.py.pci import errno_of, wait_for
from lib.py.recover import Port


def _no_carrier(host):
    return "LOWER_UP" not in host.link["flags"]


class Away:
    """A pair of hosts, and a third VF in use by somebody outside the kernel."""
    def __init__(self):
        self.pf = need_pfs()[0]
        self.vfs = self.pf.vfs(4)
        give_policy(self.pf)
        self.a, self.b = pair(*self.vfs[:2])
        give_to(self.vfs[2], "vfio-pci")
        self.user = VfioUser(self.vfs[2])
        traffic_flows(self.a, self.b)
        self.policy = Policy(self.pf, self.a, self.b)
        defer(self.end)

    def resets_announced(self):
        """How often each host has heard that a reset impends."""
        return [event_count(host, "resets_announced") for host in (self.a, self.b)]

    def end(self):
        """The VFs can be disabled again."""
        self.user.close()
        if not self.pf.bound:
            self.pf.bind()

    def link_is_down(self):
        """VFs stay, have no carrier, and nothing passes between them."""
        ksft_eq(self.pf.num_vfs, 4)
        for host in (self.a, self.b):
            ksft_busy_wait(lambda h=host: _no_carrier(h), sleep=0.05,
                           deadline=3, comment=f"{host.dev} has no carrier")
        ksft_eq(self.a.is_answered(self.b.v4), False, "answers")

    def comes_back(self):
        """Carrier soon after the PF, traffic, policy as it was."""
        start = time.monotonic()
        for host in (self.a, self.b):
            host.wait_link()
        spent = time.monotonic() - start
        ksft_pr(f"carrier {spent:.2f} s after the PF")
        ksft_lt(spent, patience(2), "seconds until the VFs are back")
        as_before(self.policy, self.a, self.b)

    def ends_well(self):
        """The user lets go, and the VF works with the driver again."""
        self.user.close()
        give_to(self.vfs[2], "emunic")
        self.b.close()
        self.pf.set_vf(2, "vlan 0")
        traffic_flows(self.a, Host(self.vfs[2], 3))


def open_and_close():
    """Each opening, reset and closing resets the VF; its policy stays."""
    a, b, policy = policed_pair()
    pf, vf = Port(policy.pf), b.func
    resets = event_count(pf, "vf_resets")
    give_to(vf, "vfio-pci")
    for _ in range(5):
        user = VfioUser(vf)
        user.reset()
        user.close()
    ksft_ge(event_count(pf, "vf_resets") - resets, 15)
    give_to(vf, "emunic")
    as_before(policy, a, b, (b, vf))


@ksft_variants([KsftNamedVariant("moments", 0, 2),
                KsftNamedVariant("long", 13, 1)])
def pf_away(seconds, times):
    """The PF is without a driver while somebody uses a VF."""
    away = Away()
    for _ in range(times):
        before = away.resets_announced()
        cmd(f"echo {away.pf} > /sys/bus/pci/drivers/emunic/unbind",
            shell=True, timeout=20)
        away.link_is_down()
        ksft_eq(away.resets_announced(), [n + 1 for n in before], "announced")
        time.sleep(seconds)
        away.pf.bind()
        away.comes_back()
    ksft_eq(errno_of(away.pf.write, "sriov_numvfs", 0), "EBUSY")
    away.ends_well()


def module_away():
    """rmmod while somebody uses a VF."""
    away = Away()
    count = len(find_pfs())
    cmd("modprobe -r emunic", timeout=40)
    ksft_eq(away.pf.num_vfs, 4)
    cmd("modprobe emunic")
    wait_for("PFs", lambda: len(find_pfs()) == count)
    for host, vf in ((away.a, away.vfs[0]), (away.b, away.vfs[1])):
        host.take(vf)
    away.comes_back()
    away.ends_well()


def vf_alone():
    """A VF whose driver comes while there is no PF waits for it."""
    away = Away()
    away.pf.unbind()
    away.vfs[1].unbind()
    away.vfs[1].bind()
    away.b.take(away.vfs[1])
    ksft_true(_no_carrier(away.b), "no carrier")
    away.pf.bind()
    away.comes_back()
    away.ends_well()


def pf_removed():
    """A PF that is removed as a device waits for who uses a VF."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    give_to(vfs[1], "vfio-pci")
    user = VfioUser(vfs[1])
    defer(cmd, "echo 1 > /sys/bus/pci/rescan", shell=True)
    with bkg(f"echo 1 > {pf.path}/remove", shell=True, exit_wait=True):
        time.sleep(2)
        ksft_true(vfs[1].path.exists(), "the VF is still there")
        user.close()
    ksft_true(not vfs[1].path.exists(), "the VF is gone")
    ksft_true(not pf.path.exists(), "the PF is gone")
    cmd("echo 1 > /sys/bus/pci/rescan", shell=True)
    wait_for("the PF", lambda: pf.bound)
    a, b = pair(*pf.vfs(2))
    traffic_flows(a, b)


if __name__ == "__main__":
    ksft_run_quiet([open_and_close, pf_away, module_away, vf_alone,
                    pf_removed])
    ksft_exit()
