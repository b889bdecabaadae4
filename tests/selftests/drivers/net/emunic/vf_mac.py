#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N mac`: its effect on the wire, and its refusals."""

from lib.py import Host, KsftNamedVariant, Sniffer, cmd, ksft_busy_wait, \
    ksft_eq, ksft_exit, ksft_in, ksft_ne, ksft_run_quiet, ksft_true, \
    ksft_variants, need_pfs, pair, raw_frame
from lib.py.pci import ip_batch

MAC = "02:00:00:aa:bb:01"
OTHER = "02:00:00:aa:bb:02"


def _wait_filter(out, got, src, text):
    """Wait until frames to OTHER with @text go from @out to @got."""
    def arrives():
        out.send(raw_frame(OTHER, src, text))
        return any(text in f for f in got.frames(0.2))
    ksft_busy_wait(arrives, deadline=5, comment=f"filter, {text}")


def bound_vf_adopts():
    """A VF whose driver is bound has the address at once, and is reached."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "first ping")
    before = b.mac
    pf.set_vf(1, f"mac {MAC}")
    ksft_busy_wait(lambda: b.mac == MAC, deadline=2, comment="VF's address")
    ksft_ne(before, MAC)
    ksft_eq(pf.vf_info(1)["address"], MAC)
    a.ip(f"neigh flush dev {a.dev}")
    ksft_true(a.reaches(b.v4), "ping to the new address")
    neigh = a.ip(f"neigh show {b.v4}", json=True)
    ksft_eq(neigh[0]["lladdr"], MAC, "who answers")


def old_address_is_gone():
    """Frames to the address that the VF had before do not arrive."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "first ping")
    old = b.mac
    pf.set_vf(1, f"mac {MAC}")
    ksft_busy_wait(lambda: b.mac == MAC, deadline=2, comment="VF's address")
    a.ip(f"neigh replace {b.v4} lladdr {old} dev {a.dev}")
    before = b.link["stats64"]["rx"]["packets"]
    ksft_eq(a.is_answered(b.v4), False)
    ksft_true(b.link["stats64"]["rx"]["packets"] - before < 3)


def unbound_vf_at_probe():
    """A VF without driver has it when its driver binds."""
    pf = need_pfs()[0]
    vf = pf.vfs(1)[0]
    vf.unbind()
    pf.set_vf(0, f"mac {MAC}")
    vf.bind()
    link = cmd(f"cat /sys/class/net/{vf.netdev}/address").stdout.strip()
    ksft_eq(link, MAC)


def before_enable():
    """Zero VFs: there is nothing to configure."""
    pf = need_pfs()[0]
    pf.drop_vfs()
    ksft_ne(pf.set_vf(0, f"mac {MAC}", fail=False).ret, 0)


def survives_flr_and_reload():
    """Policy of the PF is still there after the VF's resets."""
    pf = need_pfs()[0]
    vf = pf.vfs(1)[0]
    pf.set_vf(0, f"mac {MAC}")
    vf.flr()
    host = Host(vf, 1)
    ksft_busy_wait(lambda: host.mac == MAC, deadline=5, comment="after FLR")
    host.close()
    vf.unbind()
    vf.bind()
    link = cmd(f"cat /sys/class/net/{vf.netdev}/address").stdout.strip()
    ksft_eq(link, MAC, "after reload")


def gone_with_the_vfs():
    """numvfs 0 forgets it."""
    pf = need_pfs()[0]
    pf.vfs(1)
    pf.set_vf(0, f"mac {MAC}")
    pf.set_vfs(0)
    pf.set_vfs(1)
    ksft_ne(pf.vf_info(0)["address"], MAC)


def vf_may_not_change():
    """An address that the PF set is not the VF's to change."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(1, f"mac {MAC}")
    ksft_busy_wait(lambda: b.mac == MAC, deadline=2, comment="VF's address")
    out = b.cmd(f"ip link set dev {b.dev} address {OTHER}", fail=False)
    ksft_ne(out.ret, 0)
    ksft_eq(b.mac, MAC)
    ksft_true(a.reaches(b.v4), "still reached")


def zero_clears():
    """After mac 0 the VF may choose."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(1, f"mac {MAC}")
    ksft_busy_wait(lambda: b.mac == MAC, deadline=2, comment="VF's address")
    pf.set_vf(1, "mac 00:00:00:00:00:00")
    b.ip(f"link set dev {b.dev} address {OTHER}")
    ksft_eq(b.mac, OTHER)
    a.ip(f"neigh flush dev {a.dev}")
    ksft_true(a.reaches(b.v4), "ping to the VF's own choice")


def own_choice():
    """Without the PF's word a VF's address is its own choice."""
    a, b = pair(*need_pfs()[0].vfs(2))
    b.ip(f"link set dev {b.dev} address {OTHER}")
    ksft_eq(b.mac, OTHER)
    ksft_true(a.reaches(b.v4), "ping to the VF's own choice")


@ksft_variants([KsftNamedVariant("untrusted", "off"),
                KsftNamedVariant("trusted", "on")])
def anothers(trust):
    """What the PF or another VF has is only for a trusted VF to take."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(1, f"trust {trust}")
    taken = {"the PF's": cmd(f"cat /sys/class/net/{pf.netdev}/address")
             .stdout.strip(), "the other VF's": a.mac, "its filter": OTHER}
    a.cmd(f"bridge fdb add {OTHER} dev {a.dev} self")
    _wait_filter(Sniffer(b), Sniffer(a), b.mac, b"marked")
    for what, mac in taken.items():
        done = b.cmd(f"ip link set dev {b.dev} address {mac}", fail=False)
        ksft_eq(done.ret == 0, trust == "on", what)
    b.ip(f"link set dev {b.dev} address {MAC}")
    ksft_true(a.reaches(b.v4), "ping to its own choice")


def two_vfs_differ():
    """Nobody set anything: all addresses are valid and different."""
    pf = need_pfs()[0]
    vfs = pf.vfs(4)
    macs = {cmd(f"cat /sys/class/net/{f.netdev}/address").stdout.strip()
            for f in [pf] + vfs}
    ksft_eq(len(macs), 5, "different addresses")
    for mac in macs:
        ksft_eq(int(mac[:2], 16) & 1, 0, f"{mac} is unicast")


@ksft_variants([KsftNamedVariant("multicast", 0, "01:00:5e:00:00:01"),
                KsftNamedVariant("broadcast", 0, "ff:ff:ff:ff:ff:ff"),
                KsftNamedVariant("no_such_vf", 2, MAC)])
def refused(index, mac):
    """Addresses that no host can have, and VFs that are not there."""
    pf = need_pfs()[0]
    pf.vfs(2)
    before = [pf.vf_info(i)["address"] for i in range(2)]
    out = pf.set_vf(index, f"mac {mac}", fail=False)
    ksft_ne(out.ret, 0)
    ksft_in("Invalid argument", out.stderr)
    ksft_eq([pf.vf_info(i)["address"] for i in range(2)], before)


@ksft_variants([KsftNamedVariant("untrusted", "off", 0),
                KsftNamedVariant("trusted", "on", 1)])
def filters_beside_it(trust, want):
    """
    Unicast filters that the VF had before it was given an address are gone,
    and come back with its own choice; a trusted VF keeps them all the time.
    """
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(1, f"trust {trust}")
    b.cmd(f"bridge fdb add {OTHER} dev {b.dev} self")
    out, got = Sniffer(a), Sniffer(b)

    def arrives(text):
        out.send(raw_frame(OTHER, a.mac, text))
        return len([f for f in got.frames() if text in f])

    ksft_busy_wait(lambda: arrives(b"first"), deadline=5, comment="filter")
    pf.set_vf(1, f"mac {MAC}")
    ksft_eq(arrives(b"at once"), want)
    ksft_busy_wait(lambda: b.mac == MAC, deadline=2, comment="VF's address")
    ksft_eq(arrives(b"later"), want)
    pf.set_vf(1, "mac 00:00:00:00:00:00")
    ksft_busy_wait(lambda: arrives(b"again"), deadline=5, comment="cleared")


def taken_back_at_once():
    """An address that was the VF's before it could look has cost it its
    filters, and the VF has them back."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    b.cmd(f"bridge fdb add {OTHER} dev {b.dev} self")
    out, got = Sniffer(a), Sniffer(b)
    _wait_filter(out, got, a.mac, b"first")
    for n in range(10):
        ip_batch([f"link set dev {pf.netdev} vf 1 mac {mac}"
                  for mac in (MAC, "00:00:00:00:00:00")])
        _wait_filter(out, got, a.mac, b"time %d" % n)


@ksft_variants([KsftNamedVariant(what.split()[0], what) for what in (
    "node_guid 00:11:22:33:44:55:66:77", "port_guid 00:11:22:33:44:55:66:77")])
def not_offered(what):
    """What the device does not do is refused, never accepted and ignored."""
    pf = need_pfs()[0]
    pf.vfs(1)
    out = pf.set_vf(0, what, fail=False)
    ksft_ne(out.ret, 0)
    ksft_in("not supported", out.stderr)


if __name__ == "__main__":
    ksft_run_quiet([bound_vf_adopts, old_address_is_gone, unbound_vf_at_probe,
                    before_enable, survives_flr_and_reload, gone_with_the_vfs,
                    vf_may_not_change, zero_clears, own_choice, anothers,
                    two_vfs_differ, refused, filters_beside_it, taken_back_at_once,
                    not_offered])
    ksft_exit()
