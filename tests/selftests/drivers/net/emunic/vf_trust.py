#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N trust`: what it allows, and that it is withdrawn."""

from lib.py import Host, KsftNamedVariant, Sniffer, ksft_busy_wait, ksft_eq, \
    ksft_exit, ksft_in, ksft_lt, ksft_ne, ksft_run_quiet, ksft_true, \
    ksft_variants, need_pfs, pair, raw_frame, refused
from quota import MACS, MCASTS, VLANS, Filters, multicast_mac, unicast_mac

GIVEN = "02:00:00:aa:cc:01"
OWN = "02:00:00:aa:cc:02"
NOBODY = "02:00:00:ff:ff:01"
GROUP = "01:00:5e:7f:01:02"
SECONDS = 5


class Spy:
    """The middle one of three VFs, and frames between the others."""
    def __init__(self, pf):
        self.hosts = [Host(vf, n + 1) for n, vf in enumerate(pf.vfs(3))]
        for host in self.hosts:
            host.wait_link()
        self.host = self.hosts[1]
        self.out, self.got = Sniffer(self.hosts[0]), Sniffer(self.host)
        self.turn = 0

    def sees(self, dst):
        """True if a frame to @dst is seen."""
        self.turn += 1
        mark = b"turn %04d" % self.turn
        self.out.send(raw_frame(dst, self.hosts[0].mac, mark))
        return any(mark in f for f in self.got.frames(0.3, until=mark))


@ksft_variants([KsftNamedVariant("promisc_others", "promisc", 2),
                KsftNamedVariant("promisc_unknown", "promisc", NOBODY),
                KsftNamedVariant("promisc_multicast", "promisc", GROUP),
                KsftNamedVariant("allmulti", "allmulticast", GROUP)])
def rx_mode(mode, dst):
    """The VF asks all the time, and gets it for as long as it is trusted."""
    pf = need_pfs()[0]
    spy = Spy(pf)
    dst = spy.hosts[dst].mac if isinstance(dst, int) else dst
    ksft_eq(pf.vf_info(1)["trust"], False, "default")
    ksft_eq(spy.sees(dst), False, "did not ask")
    spy.host.ip(f"link set dev {spy.host.dev} {mode} on")
    ksft_eq(spy.sees(dst), False, "not trusted")
    pf.set_vf(1, "trust on")
    ksft_eq(pf.vf_info(1)["trust"], True)
    ksft_busy_wait(lambda: spy.sees(dst), deadline=SECONDS, comment="trusted")
    pf.set_vf(1, "trust off")
    ksft_eq(spy.sees(dst), False, "withdrawn")
    spy.host.wait_link()
    ksft_eq(spy.sees(dst), False, "when the VF is back")
    ksft_true(spy.hosts[0].reaches(spy.host.v4), "traffic of its own")


def allmulti_is_not_promisc():
    """All multicast is not others' unicast."""
    pf = need_pfs()[0]
    spy = Spy(pf)
    pf.set_vf(1, "trust on")
    spy.host.ip(f"link set dev {spy.host.dev} allmulticast on")
    ksft_busy_wait(lambda: spy.sees(GROUP), deadline=SECONDS)
    ksft_eq(spy.sees(spy.hosts[2].mac), False)


def promisc_does_not_steal():
    """Who listens does not keep frames from their receiver."""
    pf = need_pfs()[0]
    spy = Spy(pf)
    pf.set_vf(1, "trust on")
    spy.host.ip(f"link set dev {spy.host.dev} promisc on")
    mac = spy.hosts[2].mac
    ksft_busy_wait(lambda: spy.sees(mac), deadline=SECONDS)
    receiver = Sniffer(spy.hosts[2])
    spy.out.send(raw_frame(mac, spy.hosts[0].mac, b"for the third"))
    frames = [f for f in receiver.frames() if b"for the third" in f]
    ksft_eq(len(frames), 1)


def promisc_stays_in_its_vlan():
    """Trust does not open a port VLAN."""
    pf = need_pfs()[0]
    spy = Spy(pf)
    pf.set_vf(1, "trust on")
    pf.set_vf(1, "vlan 100")
    spy.host.ip(f"link set dev {spy.host.dev} promisc on")
    ksft_eq(spy.sees(spy.hosts[2].mac), False, "another VLAN's frame")
    pf.set_vf(0, "vlan 100")
    ksft_busy_wait(lambda: spy.sees(NOBODY), deadline=SECONDS,
                   comment="its VLAN's frame")


def own_mac():
    """
    A trusted VF may leave the address that it was given. Without trust it
    has that again, and nobody reaches it under its own.
    """
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(1, f"mac {GIVEN}")
    ksft_busy_wait(lambda: b.mac == GIVEN, deadline=SECONDS)
    change = f"ip link set dev {b.dev} address {OWN}"
    out = b.cmd(change, fail=False)
    ksft_ne(out.ret, 0, "not trusted")
    ksft_in("Operation not permitted", out.stderr)
    ksft_eq(b.mac, GIVEN)

    pf.set_vf(1, "trust on")
    ksft_busy_wait(lambda: b.cmd(change, fail=False).ret == 0,
                   deadline=SECONDS, comment="trusted")
    ksft_eq(b.mac, OWN)
    send, got = Sniffer(a), Sniffer(b)
    ksft_true(a.reaches(b.v4), "ping under its own address")

    pf.set_vf(1, "trust off")
    send.send(raw_frame(OWN, a.mac, b"to its own address"))
    ksft_eq([f for f in got.frames(0.3) if b"to its own" in f], [])
    ksft_busy_wait(lambda: b.mac == GIVEN, deadline=SECONDS,
                   comment="the given address")
    b.wait_link()
    a.ip(f"neigh flush dev {a.dev}")
    ksft_true(a.reaches(b.v4), "ping under the given address")
    neigh = a.ip(f"neigh show {b.v4}", json=True)
    ksft_eq(neigh[0]["lladdr"], GIVEN, "who answers")
    ksft_eq(pf.vf_info(1)["address"], GIVEN)


def quota():
    """
    A trusted VF has more VLANs than an untrusted one may. Without trust the
    quota holds again, for what it has and for what it asks.
    """
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(0, "spoofchk off")
    send, got = Sniffer(a), Sniffer(b)
    vids = range(10, 10 + VLANS + 4)

    def add(vid):
        return b.cmd(f"ip link add link {b.dev} name v{vid} type vlan "
                     f"id {vid}", fail=False)

    def received():
        for vid in vids:
            send.send(raw_frame("ff:ff:ff:ff:ff:ff", a.mac, b"vid",
                                [(0x8100, vid)]))
        return len([f for f in got.frames(0.5) if b"vid" in f])

    pf.set_vf(1, "trust on")
    ksft_eq([add(vid).ret for vid in vids], [0] * len(vids), "VLANs added")
    ksft_eq(received(), len(vids), "VLANs received")
    pf.set_vf(1, "trust off")
    ksft_lt(received(), VLANS + 1, "VLANs received at once")
    b.wait_link()
    ksft_busy_wait(lambda: received() == VLANS, deadline=SECONDS,
                   comment="VLANs of the quota")
    out = add(9)
    ksft_ne(out.ret, 0, "one more")
    ksft_in("No space left on device", out.stderr)


@ksft_variants([KsftNamedVariant("unicast", "bridge fdb add {} dev {} self",
                                 unicast_mac, MACS),
                KsftNamedVariant("multicast", "ip maddr add {} dev {}",
                                 multicast_mac, MCASTS)])
def address_quota(add, mac, quota_of):
    """As quota(), of addresses; a VF that has more is not promiscuous."""
    pf = need_pfs()[0]
    filters = Filters(pf)
    pf.set_vf(1, "trust on")
    macs = [mac(n) for n in range(quota_of + 4)]
    for address in macs:
        filters.b.cmd(add.format(address, filters.b.dev))
    ksft_busy_wait(lambda: filters.received(macs) == macs, deadline=SECONDS,
                   comment="all that were added")
    others = [mac(quota_of + 4), NOBODY]
    ksft_eq(filters.received(others), [], "no other")
    pf.set_vf(1, "trust off")
    ksft_lt(len(filters.received(macs)), quota_of + 1, "received at once")
    filters.b.wait_link()
    # The stack has some groups of its own
    ksft_busy_wait(lambda: len(filters.received(macs)) > quota_of - 8,
                   deadline=SECONDS, comment="those of the quota")
    ksft_lt(len(filters.received(macs)), quota_of + 1, "no more than that")


def no_such_vf():
    """Only VFs that are there can be trusted."""
    pf = need_pfs()[0]
    pf.vfs(1)
    refused(pf, 1, "trust on", "Invalid argument")


if __name__ == "__main__":
    ksft_run_quiet([rx_mode, allmulti_is_not_promisc, promisc_does_not_steal,
                    promisc_stays_in_its_vlan, own_mac, quota, address_quota,
                    no_such_vf])
    ksft_exit()
