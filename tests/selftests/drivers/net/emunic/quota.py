#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What an untrusted VF may have at most. Over quota is an error: an errno where
the stack can take one, else a line in the log of the VF's driver.
"""

from lib.py import KernelLog, Sniffer, ksft_busy_wait, ksft_eq, ksft_exit, \
    ksft_in, ksft_lt, ksft_ne, ksft_run_quiet, ksft_true, need_pfs, pair, \
    raw_frame
from lib.py.pci import wait_for

MACS, MCASTS, VLANS = 16, 32, 16
SECONDS = 5


def unicast_mac(n):
    """The @n-th address to add."""
    return f"02:00:00:00:17:{n:02x}"


def multicast_mac(n):
    """The @n-th group to add."""
    return f"01:00:5e:7f:17:{n:02x}"


class Filters:
    """Addresses of VF 1, and who sees frames to them."""
    def __init__(self, pf):
        self.a, self.b = pair(*pf.vfs(2))
        self.out, self.got = Sniffer(self.a), Sniffer(self.b)
        self.log = KernelLog()
        self.turn = 0

    def complaints(self):
        """New lines in the log about VF 1's netdev."""
        return [line for line in self.log.lines()
                if self.b.dev in line and "refused" in line]

    def received(self, macs):
        """Those of @macs that get through."""
        self.turn += 1
        for n, mac in enumerate(macs):
            mark = b"turn %04d mac %04d" % (self.turn, n)
            self.out.send(raw_frame(mac, self.a.mac, mark))
        # They arrive in the order in which they were sent.
        frames = self.got.frames(0.5, until=mark)
        return [mac for n, mac in enumerate(macs)
                if any(b"turn %04d mac %04d" % (self.turn, n) in f
                       for f in frames)]


def unicast():
    """The 17th address is refused, and taken once there is room for it."""
    filters = Filters(need_pfs()[0])
    b, macs = filters.b, [unicast_mac(n) for n in range(MACS + 1)]
    for mac in macs[:MACS]:
        b.cmd(f"bridge fdb add {mac} dev {b.dev} self")
    ksft_busy_wait(lambda: filters.received(macs) == macs[:MACS],
                   deadline=SECONDS, comment="all of the quota")
    ksft_eq(filters.complaints(), [])
    b.cmd(f"bridge fdb add {macs[MACS]} dev {b.dev} self", fail=False)
    lines = wait_for("a line in the log", filters.complaints, SECONDS)
    ksft_eq(len(lines), 1, "lines in the log")
    ksft_eq(filters.received(macs), macs[:MACS], "nothing more, nothing less")
    b.cmd(f"bridge fdb del {macs[0]} dev {b.dev} self")
    ksft_busy_wait(lambda: filters.received(macs) == macs[1:],
                   deadline=SECONDS, comment="room for the last one")


def multicast():
    """Groups beyond the quota are refused, those within it are received."""
    filters = Filters(need_pfs()[0])
    b, macs = filters.b, [multicast_mac(n) for n in range(MCASTS + 8)]
    for mac in macs[:8]:
        b.ip(f"maddr add {mac} dev {b.dev}")
    ksft_busy_wait(lambda: filters.received(macs[:8]) == macs[:8],
                   deadline=SECONDS, comment="a few")
    ksft_eq(filters.complaints(), [])
    for mac in macs[8:]:
        b.ip(f"maddr add {mac} dev {b.dev}")
    lines = wait_for("a line in the log", filters.complaints, SECONDS)
    ksft_lt(len(lines), 3, "lines in the log")
    num = len(filters.received(macs))
    # The stack has some groups of its own
    ksft_true(MCASTS - 8 <= num <= MCASTS, f"{num} groups received")
    ksft_eq(filters.received([unicast_mac(1)]), [], "not promiscuous")


def unicast_and_multicast_apart():
    """Groups do not take the place of addresses."""
    filters = Filters(need_pfs()[0])
    b = filters.b
    for n in range(MCASTS - 8):
        b.ip(f"maddr add {multicast_mac(n)} dev {b.dev}")
    macs = [unicast_mac(n) for n in range(MACS)]
    for mac in macs:
        b.cmd(f"bridge fdb add {mac} dev {b.dev} self")
    ksft_busy_wait(lambda: filters.received(macs) == macs, deadline=SECONDS,
                   comment="all of the quota")
    ksft_eq(filters.complaints(), [])


def vlans():
    """The 17th VLAN is an errno, and room again once one has gone."""
    b = Filters(need_pfs()[0]).b

    def add(vid):
        return b.cmd(f"ip link add link {b.dev} name v{vid} type vlan "
                     f"id {vid}", fail=False)

    for vid in range(10, 10 + VLANS):
        ksft_eq(add(vid).ret, 0, f"VLAN {vid}")
    out = add(99)
    ksft_ne(out.ret, 0)
    ksft_in("No space left on device", out.stderr)
    ksft_ne(b.cmd("ip link show dev v99", fail=False).ret, 0, "not there")
    b.ip("link del dev v10")
    ksft_eq(add(99).ret, 0, "after one has gone")


def own_vlans_in_port_vlan():
    """In a port VLAN the quota is none."""
    pf = need_pfs()[0]
    b = Filters(pf).b
    pf.set_vf(1, "vlan 100")
    out = b.cmd(f"ip link add link {b.dev} name v10 type vlan id 10",
                fail=False)
    ksft_ne(out.ret, 0)
    ksft_in("Operation not permitted", out.stderr)


if __name__ == "__main__":
    ksft_run_quiet([unicast, multicast, unicast_and_multicast_apart, vlans,
                    own_vlans_in_port_vlan])
    ksft_exit()
