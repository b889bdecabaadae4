#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""VLAN interfaces on PF and VF: the filter lets through what was asked for."""

from lib.py import Host, KsftNamedVariant, Sniffer, Stream, defer, ksft_eq, \
    ksft_exit, ksft_ge, ksft_ne, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, pair, raw_frame

BROADCAST = "ff:ff:ff:ff:ff:ff"


def _vlan(host, vid):
    dev = f"{host.dev}.{vid}"
    host.ip(f"link add link {host.dev} name {dev} type vlan id {vid}")
    host.address(dev, f"198.51.100.{host.number}/24")
    return f"198.51.100.{host.number}"


@ksft_variants([
    KsftNamedVariant(f"{kind}_{'device' if offload else 'stack'}", kind,
                     offload)
    for kind in ("vf_vf", "pf_vf") for offload in (True, False)])
def tagged_traffic(kind, offload):
    """Pings and TCP in a VLAN, tags made by the device or by the stack."""
    pf = need_pfs()[0]
    a, b = pair(*(pf.vfs(2) if kind == "vf_vf" else (pf, pf.vfs(1)[0])))
    if not offload:
        for host in (a, b):
            host.cmd(f"ethtool -K {host.dev} tx-vlan-offload off "
                     "rx-vlan-offload off")
    _vlan(a, 10)
    addr = _vlan(b, 10)
    ksft_true(a.reaches(addr), "ping in the VLAN")
    ksft_ne(a.ping(b.v4), 0, "untagged beside it")
    received, _ = Stream(a, _At(b, addr), seconds=2).wait()
    ksft_ge(received, 1_000_000, "TCP in the VLAN")


class _At:
    """A host, addressed in its VLAN."""
    def __init__(self, host, addr):
        self.ns = host.ns
        self.v4 = addr


def _receiver(a, b):
    """A function that counts the frames of a VLAN that get from @a to @b."""
    send, got = Sniffer(a), Sniffer(b)

    def arrives(vid):
        send.send(raw_frame(BROADCAST, a.mac, b"vid %04d" % vid,
                            [(0x8100, vid)]))
        return len([f for f in got.frames(0.3) if b"vid %04d" % vid in f])

    return arrives


@ksft_variants(["vf", "pf"])
def filter_at_receiver(kind):
    """Frames of a VLAN that nobody asked for do not reach the port."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    pf.set_vf(0, "spoofchk off")    # the sender is not in the VLAN
    a, b = pair(vfs[0], vfs[1] if kind == "vf" else pf)
    arrives = _receiver(a, b)
    ksft_eq(arrives(10), 0, "before")
    _vlan(b, 10)
    ksft_eq(arrives(10), 1, "after")
    ksft_eq(arrives(11), 0, "another one")
    b.ip(f"link del dev {b.dev}.10")
    ksft_eq(arrives(10), 0, "deleted again")


def filter_toggled():
    """A VLAN added while the PF's filter is off is in the filter later."""
    pf = need_pfs()[0]
    vf = pf.vfs(1)[0]
    pf.set_vf(0, "spoofchk off")    # the sender is not in the VLAN
    a, b = pair(vf, pf)
    arrives = _receiver(a, b)

    def toggle(state):
        b.cmd(f"ethtool -K {b.dev} rx-vlan-filter {state}")

    defer(toggle, "on")
    toggle("off")
    _vlan(b, 10)
    ksft_eq(arrives(10), 1, "filter off")
    ksft_eq(arrives(11), 1, "filter off, another one")
    toggle("on")
    ksft_eq(arrives(10), 1, "filter on")
    ksft_eq(arrives(11), 0, "filter on, another one")
    toggle("off")
    b.ip(f"link del dev {b.dev}.10")
    toggle("on")
    ksft_eq(arrives(10), 0, "deleted meanwhile")


def over_quota():
    """The 17th VLAN of an untrusted VF is an error, not a silent loss."""
    vf = need_pfs()[0].vfs(1)[0]
    host = Host(vf, 1)
    added = 0
    for vid in range(10, 40):
        out = host.cmd(f"ip link add link {host.dev} name v{vid} type vlan "
                       f"id {vid}", fail=False)
        if out.ret:
            break
        added += 1
    ksft_true(14 <= added <= 16, f"{added} VLANs added")


def uplink():
    """Tags cross the uplink."""
    a, b = pair(*need_pfs(2))
    _vlan(a, 4094)
    ksft_true(a.reaches(_vlan(b, 4094)), "ping in the VLAN")


def mac_filter():
    """Multicast groups that nobody joined do not reach a VF."""
    a, b = pair(*need_pfs()[0].vfs(2))
    send, got = Sniffer(a), Sniffer(b)
    group = "01:00:5e:01:02:03"

    def arrives():
        send.send(raw_frame(group, a.mac, b"group"))
        return len([f for f in got.frames(0.3) if b"group" in f])

    ksft_eq(arrives(), 0, "before")
    b.ip(f"maddr add {group} dev {b.dev}")
    ksft_true(any(arrives() for _ in range(10)), "joined")
    b.ip(f"maddr del {group} dev {b.dev}")
    ksft_true(any(not arrives() for _ in range(10)), "left")


if __name__ == "__main__":
    ksft_run_quiet([tagged_traffic, filter_at_receiver, filter_toggled,
                    over_quota, uplink, mac_filter])
    ksft_exit()
