#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A VF in a KVM guest whose PF is reset, or loses its driver: the guest's link
goes down, and comes back with the PF, policy as before. TAP."""

import json
import sys
import time

from nested import guest as kvm
from nested.cases import run_cases
from nested.net import Host
from nested.pci import find_pf, sh, wait_for

VFS, GUEST = 8, 7
MACS = [f"52:54:00:ab:ce:{n:02x}" for n in range(VFS)]
# Of VFs that nobody talks to, and so that those who do can
POLICY = ((1, "trust on"), (1, "max_tx_rate 8000"), (2, "vlan 102 qos 2"),
          (3, "vlan 103 proto 802.1ad"), (4, "spoofchk off"), (4, "min_tx_rate 10"),
          (5, "state disable"), (6, "query_rss on"), (6, "state enable"))
OUTSIDE, PEER, INSIDE = "10.9.0.1", "10.9.0.2", "10.9.0.3"

# The guest says what it sees, for as long as it lives.
WATCH = """
n=0
while :; do
	n=$((n + 1))
	ping -c 1 -W 1 {peer} > /tmp/ping 2>&1 && ok=1 || ok=0
	echo "@seen $n $ok $(cat /sys/class/net/eth0/carrier) $(cat /sys/class/net/eth0/address)"
	usleep 100000
done
"""


class Watched(kvm.Guest):
    """A guest that tells of its link and its pings."""

    def seen(self):
        """Number of the report, answered, carrier, MAC."""
        number, ok, carrier, mac = self.answer("seen").split()
        return int(number), ok == "1", carrier == "1", mac

    def wait_to_see(self, what, test, seconds=30.0):
        """A report that was begun after now and passes @test."""
        first = self.seen()[0] + 1

        def fresh():
            assert self.alive(), self.tail()
            report = self.seen()
            return report[0] > first and test(report)
        self.wait_for(what, fresh, seconds)


class Lane:
    """8 VFs: two in namespaces, one in a guest, the others up; cases in order,
    each on what the one before it left."""

    def __init__(self):
        self.pf = find_pf()
        self.vfs = self.pf.set_vfs(VFS)
        sh(f"ip link set {self.pf.dev} up")
        for number, mac in enumerate(MACS):
            sh(f"ip link set {self.pf.dev} vf {number} mac {mac}")
        for number, what in POLICY:
            sh(f"ip link set {self.pf.dev} vf {number} {what}")
        for vf in self.vfs[2:GUEST]:
            sh(f"ip link set {vf.netdev()} up")
        self.hosts = [Host("outside", self.vfs[0].netdev(), OUTSIDE),
                      Host("peer", self.vfs[1].netdev(), PEER)]
        self.guest = None
        self.policy = None

    def read_policy(self):
        """All that `ip` says of VFs, but for counters."""
        link = json.loads(sh(f"ip -d -j link show dev {self.pf.netdev()}"))[0]
        return [{key: value for key, value in vf.items() if key != "stats"}
                for vf in link["vfinfo_list"]]

    def all_is_well(self):
        """Everybody answers, and policy is what it was."""
        self.guest.wait_to_see("answers for the guest", lambda r: r[1] and r[2])
        assert self.guest.seen()[3] == MACS[GUEST], self.guest.seen()

        def answers():
            return self.hosts[0].ping(PEER)[0] == 5 and self.hosts[0].ping(INSIDE)[0] == 5
        wait_for("answers outside", answers, 30)
        policy = self.read_policy()
        assert policy == self.policy, f"{policy}\n{self.policy}"

    def guest_runs(self):
        """The guest has its VF, and all three talk to each other."""
        sh("modprobe vfio-pci")
        self.vfs[GUEST].give_to("vfio-pci")
        self.guest = Watched(self.vfs[GUEST], INSIDE, OUTSIDE, WATCH)
        self.policy = self.read_policy()
        self.all_is_well()

    def pf_flr(self):
        """Three FLRs of the PF with 8 VFs up."""
        for _ in range(3):
            (self.pf.path / "reset").write_text("1")
            self.all_is_well()
        assert int((self.pf.path / "sriov_numvfs").read_text()) == VFS

    def pf_flr_in_a_row(self):
        """Again, without waiting in between."""
        for _ in range(3):
            (self.pf.path / "reset").write_text("1")
            time.sleep(0.3)
        self.all_is_well()

    def pf_away(self):
        """The PF's driver goes and comes: VFs stay, without link meanwhile."""
        for pause in (0, 12):
            sh(f"timeout 20 sh -c 'echo {self.pf.address} > "
               "/sys/bus/pci/drivers/emunic/unbind'")
            self.guest.wait_to_see("no link in the guest", lambda r: not (r[1] or r[2]))
            assert int((self.pf.path / "sriov_numvfs").read_text()) == VFS
            assert self.hosts[0].ping(PEER, count=2)[0] == 0, "frames pass without a PF"
            time.sleep(pause)
            sh(f"echo {self.pf.address} > /sys/bus/pci/drivers/emunic/bind")
            start = time.monotonic()
            self.guest.wait_to_see("link in the guest", lambda r: r[2])
            print(f"# guest has link {time.monotonic() - start:.1f} s after the PF")
            self.all_is_well()

    def guest_ends(self):
        """The guest is killed; its VF goes back to the driver and works."""
        self.guest.kill()
        self.vfs[GUEST].give_to("emunic")
        back = Host("back", self.vfs[GUEST].netdev(), INSIDE)
        try:
            received, _ = back.ping(OUTSIDE)
            assert received == 5, f"{received} of 5 answers"
        finally:
            back.close()
        assert self.read_policy() == self.policy

    def close(self):
        if self.guest and self.guest.alive():
            self.guest.kill()
        for host in self.hosts:
            host.close()
        if self.pf.driver() != "emunic":
            self.pf.give_to("emunic")
        if self.vfs[GUEST].driver() == "vfio-pci":
            self.vfs[GUEST].give_to("emunic")
        (self.pf.path / "sriov_numvfs").write_text("0")


CASES = ("guest_runs", "pf_flr", "pf_flr_in_a_row", "pf_away", "guest_ends")


def main():
    lane = Lane()
    return run_cases(lane, [(name, getattr(lane, name)) for name in CASES])


if __name__ == "__main__":
    sys.exit(main())
