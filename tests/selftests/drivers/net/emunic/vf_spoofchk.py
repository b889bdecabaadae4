#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N spoofchk`: frames that are not the VF's own."""

import re
import time

from lib.py import Flood, Host, KernelLog, KsftNamedVariant, Sniffer, \
    ksft_eq, ksft_exit, ksft_ge, ksft_lt, ksft_run_quiet, ksft_true, \
    ksft_variants, need_pfs, pair, raw_frame, refused, stats

BROADCAST = "ff:ff:ff:ff:ff:ff"
FOREIGN = "02:00:00:ff:ff:02"
EXTRA = "02:00:00:ff:ff:03"


class Wire:
    """Counts what of a VF's frames arrives at another VF."""
    def __init__(self, sender, receiver):
        self.sender = sender
        self.out, self.got = Sniffer(sender), Sniffer(receiver)
        self.turn = 0

    def arrive(self, src=None, tags=(), num=3):
        """How many of @num frames get through."""
        self.turn += 1
        mark = b"turn %04d" % self.turn
        for _ in range(num):
            self.out.send(raw_frame(BROADCAST, src or self.sender.mac, mark,
                                    tags))
        return len([f for f in self.got.frames(0.3) if mark in f])


def _vlan(host, vid):
    host.ip(f"link add link {host.dev} name v{vid} type vlan id {vid}")
    host.ip(f"link set dev v{vid} up")


def _spoofed(pf, index):
    return stats(pf, index)["tx_dropped"]


def default_is_on():
    """New VFs are checked, and numvfs 0 forgets that one was not."""
    pf = need_pfs()[0]
    pf.vfs(2)
    ksft_eq([pf.vf_info(i)["spoofchk"] for i in (0, 1)], [True, True])
    pf.set_vf(0, "spoofchk off")
    ksft_eq([pf.vf_info(i)["spoofchk"] for i in (0, 1)], [False, True])
    pf.set_vfs(0)
    pf.set_vfs(2)
    ksft_eq(pf.vf_info(0)["spoofchk"], True)


@ksft_variants([KsftNamedVariant("source", FOREIGN, ()),
                KsftNamedVariant("vlan", None, ((0x8100, 20),)),
                KsftNamedVariant("qinq", None, ((0x8100, 20), (0x8100, 10)))])
def foreign(src, tags):
    """On stops them and counts them, off lets them through, at once."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    for vid in (10, 20):
        _vlan(b, vid)
    wire = Wire(a, b)
    for state, passed in (("on", 0), ("off", 3), ("on", 0)):
        pf.set_vf(0, f"spoofchk {state}")
        before = _spoofed(pf, 0), _spoofed(pf, 1)
        ksft_eq(wire.arrive(src, tags), passed, f"foreign frames, {state}")
        ksft_eq(_spoofed(pf, 0) - before[0], 3 - passed, f"counted, {state}")
        ksft_eq(_spoofed(pf, 1) - before[1], 0, "at the other VF")
        ksft_eq(wire.arrive(), 3, f"own frames, {state}")


def service_tag():
    """A tag of 802.1ad is foreign whatever its VID."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    _vlan(a, 10)
    wire = Wire(a, b)
    before = _spoofed(pf, 0)
    wire.arrive(tags=((0x88a8, 10),))
    ksft_eq(_spoofed(pf, 0) - before, 3, "counted")


def own_addresses():
    """All addresses that the VF has asked for are its own, and no other."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    wire = Wire(a, b)
    a.ip(f"link add link {a.dev} name mv0 address {EXTRA} type macvlan")
    a.ip("link set dev mv0 up")
    ksft_true(any(wire.arrive(EXTRA) == 3 for _ in range(5)), "macvlan's")
    a.ip("link del dev mv0")
    ksft_true(any(wire.arrive(EXTRA) == 0 for _ in range(5)), "deleted")
    old = a.mac
    a.ip(f"link set dev {a.dev} address {EXTRA}")
    ksft_eq(wire.arrive(EXTRA), 3, "the new address")
    ksft_eq(wire.arrive(old), 0, "the old one")
    pf.set_vf(0, f"mac {FOREIGN}")
    ksft_eq(wire.arrive(FOREIGN), 3, "the administrator's choice")
    ksft_eq(wire.arrive(EXTRA), 0, "the VF's own one before")


def own_vlans():
    """The VF's VLANs are its own, and a mere priority is no VLAN."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    for host, vid in ((a, 10), (b, 10), (b, 20)):
        _vlan(host, vid)
    wire = Wire(a, b)
    ksft_eq(wire.arrive(tags=((0x8100, 10),)), 3, "its VLAN")
    ksft_eq(wire.arrive(tags=((0x8100, 0xe000),)), 3, "priority tag")
    ksft_eq(wire.arrive(tags=((0x8100, 20),)), 0, "another VLAN")
    a.ip("link del dev v10")
    ksft_eq(wire.arrive(tags=((0x8100, 10),)), 0, "deleted")


def inside_port_vlan():
    """In a port VLAN the source is checked, not what the tag encloses."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    for index in (0, 1):
        pf.set_vf(index, "vlan 100 proto 802.1ad")
    wire = Wire(a, b)
    ksft_eq(wire.arrive(tags=((0x8100, 7),)), 3, "its own tag inside")
    ksft_eq(wire.arrive(FOREIGN), 0, "foreign source")


def log_is_limited():
    """A flood of them is in the log, but does not fill it."""
    pf = need_pfs()[0]
    host = Host(pf.vfs(1)[0], 1)
    host.wait_link()
    before = _spoofed(pf, 0)
    with KernelLog() as log:
        flood = Flood(host, BROADCAST, 64, src_mac=FOREIGN)
        time.sleep(3)
        flood.stop()
        time.sleep(1)
        lines = [line for line in log.lines()
                 if re.search(r"emunic.*\bVF 0\b", line)]
    count = _spoofed(pf, 0) - before
    ksft_ge(count, 1000, "frames stopped")
    ksft_ge(len(lines), 1, "lines in the log")
    ksft_lt(len(lines), 8, f"lines in the log of {count} frames")


def floods_alone():
    """Others get their frames through while one is refused all of its own."""
    pf = need_pfs()[0]
    vfs = pf.vfs(3)
    a, b = pair(*vfs[:2])
    bad = Host(vfs[2], 3)
    bad.wait_link()
    ksft_true(a.reaches(b.v4), "before")
    Flood(bad, b.mac, 64, src_mac=a.mac)
    ksft_eq(a.ping(b.v4, count=20, deadline=20), 20, "pings beside the flood")


@ksft_variants(["on", "off"])
def no_such_vf(value):
    """Only VFs that are there are checked."""
    pf = need_pfs()[0]
    pf.vfs(1)
    refused(pf, 1, f"spoofchk {value}", "Invalid argument")


if __name__ == "__main__":
    ksft_run_quiet([default_is_on, foreign, service_tag, own_addresses,
                    own_vlans, inside_port_vlan, log_is_limited,
                    floods_alone, no_such_vf])
    ksft_exit()
