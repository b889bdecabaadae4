#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A device that is pulled, or taken out in order, with VFs up; and put in
again."""

import time
from pathlib import Path

from lib.py import PingFlood, Policy, as_before, cmd, decided, defer, \
    find_pfs, give_policy, ksft_eq, ksft_exit, ksft_lt, ksft_pr, ksft_run_quiet, \
    ksft_true, monitor, need_pfs, pair, patience, setpci, traffic_flows
from lib.py.pci import wait_for
from lib.py.splat import PULLED

# Slot Control: interrupt off; power and its indicator off, at which QEMU takes
# the card away; power on again, so that pciehp does not think it did that
# itself; interrupt on.
SLOT_CONTROL = "CAP_EXP+18.w"
PULL = ("0:20", "700:700", "0:700", "20:20")
SRIOV_CONTROL = "ECAP_SRIOV+8.w"


class Slot:
    """The first PF's slot, by the names that QEMU was given."""
    def __init__(self):
        monitor("info version")             # skips where there is none
        self.pf = need_pfs()[0]
        self.count = len(find_pfs())
        self.port = self.pf.path.resolve().parent.name
        self.fresh = self.default_policy()
        self.device = ("emunic,id=nic0,bus=rp0,netdev=up0,"
                       f"mac=52:54:00:e0:00:00,max_vfs={self.pf.total_vfs}")
        defer(self.restore)

    def default_policy(self):
        """What VFs begin with."""
        self.pf.set_vfs(2)
        policy = decided(self.pf)
        self.pf.set_vfs(0)
        return policy

    def wait_gone(self, seconds):
        """Until PF and VFs are no more."""
        start = time.monotonic()
        wait_for("removal", lambda: not self.pf.path.exists(), seconds)
        spent = time.monotonic() - start
        ksft_pr(f"gone after {spent:.1f} s")
        return spent

    def powered(self):
        """What pciehp last did about the slot's power."""
        bus = self.pf.addr.rsplit(".", 1)[0]
        slot = next(s for s in Path("/sys/bus/pci/slots").iterdir()
                    if (s / "address").read_text().strip() == bus)
        return (slot / "power").read_text().strip() == "1"

    def plug(self):
        """Put a device in, and wait for its driver. Not before pciehp is done
        with the old one: a second after the power it turns its indicator off,
        and QEMU takes away what is in the slot then."""
        wait_for("power off", lambda: not self.powered())
        time.sleep(2)
        monitor(f"device_add {self.device}")
        wait_for("PF", lambda: len(find_pfs()) == self.count, 30)
        ksft_true(self.pf.bound, "bound")

    def restore(self):
        """Whatever became of the case, the next one has its device."""
        if not self.pf.path.exists():
            self.plug()

    def works_like_new(self):
        """A device that was put in is empty of policy, and works."""
        self.plug()
        vfs = self.pf.vfs(2)
        ksft_eq(decided(self.pf), self.fresh, "policy of a new device")
        traffic_flows(*pair(*vfs))


def _pull(slot):
    """Take the card out without a warning."""
    writes = " ".join(f"{SLOT_CONTROL}={write}" for write in PULL)
    cmd(f"setpci -s {slot.port} {writes}")


def _busy(slot):
    """VFs with policy and traffic."""
    vfs = slot.pf.vfs(4)
    give_policy(slot.pf)
    a, b = pair(*vfs[:2])
    for host in (a, b):
        host.ip(f"link add link {host.dev} name v5 type vlan id 5")
        host.address("v5", f"198.51.100.{host.number}/24")
    traffic_flows(a, b)
    return a, b


def surprise():
    """Pulled: registers read as all ones at once."""
    slot = Slot()
    a, b = _busy(slot)
    with PingFlood(a, b):
        _pull(slot)
        ksft_lt(slot.wait_gone(30), patience(10), "seconds, with 4 VFs")
    a.close()
    b.close()
    slot.works_like_new()


def surprise_with_commands():
    """Pulled while the PF is asked for one thing after the other."""
    slot = Slot()
    a, b = _busy(slot)
    _pull(slot)
    for n in range(4):
        slot.pf.set_vf(n, "vlan 9", fail=False)
    ksft_lt(slot.wait_gone(30), patience(10), "seconds")
    a.close()
    b.close()
    slot.works_like_new()


def orderly():
    """Taken out in order: the slot's button is pressed, 5 s pass."""
    slot = Slot()
    a, b = _busy(slot)
    with PingFlood(a, b):
        monitor("device_del nic0")
        ksft_lt(slot.wait_gone(40), patience(20), "seconds")
    a.close()
    b.close()
    slot.works_like_new()


def vf_loses_its_device():
    """A VF's driver goes in no time when its function has gone before."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    give_policy(pf)
    a, b = pair(*vfs)
    traffic_flows(a, b)
    policy = Policy(pf)
    control = setpci(pf, SRIOV_CONTROL)
    with PingFlood(a, b):
        setpci(pf, SRIOV_CONTROL, "0:1")
        start = time.monotonic()
        for vf in vfs:
            vf.unbind()
        ksft_lt(time.monotonic() - start, patience(4), "seconds")
        setpci(pf, SRIOV_CONTROL, f"{control:x}")
    for vf in vfs:
        vf.bind()
    as_before(policy, a, b, (a, vfs[0]), (b, vfs[1]))


if __name__ == "__main__":
    ksft_run_quiet([surprise, surprise_with_commands, orderly,
                    vf_loses_its_device], known=PULLED)
    ksft_exit()
