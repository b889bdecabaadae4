#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A VF in a KVM guest: given away by vfio-pci, at work, and back. TAP."""

import errno
import os
import subprocess
import sys

from nested import guest as kvm
from nested.cases import run_cases
from nested.net import Host
from nested.pci import CTRL_ENABLE, REG_CTRL, REG_EPOCH, find_pf, sh

GUEST_MAC = "52:54:00:ab:cd:02"
OUTSIDE, INSIDE = "10.9.0.1", "10.9.0.2"


class Lane:
    """One PF, one VF outside, one for the guest; cases in order, each on what
    the one before it left."""

    def __init__(self):
        self.pf = find_pf()
        self.outer, self.inner = self.pf.set_vfs(2)
        sh(f"ip link set {self.pf.dev} up")
        sh(f"ip link set {self.pf.dev} vf 1 mac {GUEST_MAC}")
        self.host = Host("outside", self.outer.netdev(), OUTSIDE)
        self.host.serve()
        self.guest = None
        self.epoch = None

    def translated(self):
        """VFs have IOMMU groups of their own, and these are translated."""
        sh("modprobe vfio-pci")
        for vf in (self.outer, self.inner):
            assert vf.group_type().startswith("DMA"), vf.group_type()
        assert self.outer.group() != self.inner.group(), "one group for both"

    def given_to_vfio(self):
        """vfio-pci takes the VF."""
        self.inner.give_to("vfio-pci")
        node = f"/dev/vfio/{self.inner.group().name}"
        assert os.path.exists(node), f"no {node}"
        self.epoch = self.inner.epoch()

    def guest_has_the_mac(self):
        """The guest loads emunic and has the MAC that the PF set."""
        self.guest = kvm.Guest(self.inner, INSIDE, OUTSIDE)
        assert self.guest.answer("driver") == "emunic"
        mac = self.guest.answer("mac")
        assert mac == GUEST_MAC, mac

    def guest_pings(self):
        """The guest pings a VF outside."""
        received, _ = self.guest.ping()
        assert received == 5, f"{received} of 5 answers\n{self.guest.answer('ping')}"

    def guest_sends(self):
        """TCP from the guest to a VF outside."""
        rate = self.guest.iperf("send")
        assert rate > 1, rate

    def guest_receives(self):
        """TCP from a VF outside to the guest."""
        rate = self.guest.iperf("receive")
        assert rate > 1, rate

    def guest_powers_off(self):
        """The guest ends well."""
        self.guest.answer("done")
        status = self.guest.wait()
        assert status == 0, f"QEMU's status {status}\n{self.guest.tail()}"
        assert "guest: exit 0" in self.guest.lines, self.guest.tail()

    def reset_after_the_guest(self):
        """The VF was reset: a new epoch, and not enabled."""
        self.check_reset()

    def check_reset(self):
        epoch, ctrl = self.inner.registers(REG_EPOCH, REG_CTRL)
        assert epoch > self.epoch, f"epoch {epoch}, was {self.epoch}"
        assert not ctrl & CTRL_ENABLE, f"CTRL {ctrl:#x}"
        self.epoch = epoch

    def numvfs_refused(self):
        """sriov_numvfs 0 is refused while a guest has a VF, which lives on."""
        self.guest = kvm.Guest(self.inner, INSIDE, OUTSIDE, kvm.ENDLESS)
        self.guest.answer("sending")
        # In a process of its own: without the refusal it would wait for the
        # guest to let go.
        writer = subprocess.run(
            ["bash", "-c", f"echo 0 > {self.pf.path}/sriov_numvfs"],
            check=False, text=True, stderr=subprocess.PIPE, timeout=20)
        assert writer.returncode != 0, "not refused"
        assert os.strerror(errno.EBUSY) in writer.stderr, writer.stderr
        assert self.guest.alive(), self.guest.tail()
        received, _ = self.host.ping(INSIDE)
        assert received == 5, f"{received} of 5 answers after the refusal"

    def killed_under_traffic(self):
        """A guest killed while it sends leaves a VF that is reset."""
        assert self.guest.alive(), self.guest.tail()
        self.guest.kill()
        self.check_reset()

    def back_to_the_driver(self):
        """The VF goes back to emunic, keeps the MAC and works."""
        self.inner.give_to("emunic")
        dev = self.inner.netdev()
        mac = (self.inner.path / f"net/{dev}/address").read_text().strip()
        assert mac == GUEST_MAC, mac
        back = Host("back", dev, INSIDE)
        try:
            received, _ = back.ping(OUTSIDE)
            assert received == 5, f"{received} of 5 answers"
        finally:
            back.close()

    def close(self):
        if self.guest and self.guest.alive():
            self.guest.kill()
        self.host.close()
        # A VF that is with vfio-pci counts as assigned.
        if self.inner.driver() == "vfio-pci":
            self.inner.give_to("emunic")
        (self.pf.path / "sriov_numvfs").write_text("0")


CASES = ("translated", "given_to_vfio", "guest_has_the_mac", "guest_pings", "guest_sends",
         "guest_receives", "guest_powers_off", "reset_after_the_guest", "numvfs_refused",
         "killed_under_traffic", "back_to_the_driver")


def main():
    lane = Lane()
    return run_cases(lane, [(name, getattr(lane, name)) for name in CASES])


if __name__ == "__main__":
    sys.exit(main())
