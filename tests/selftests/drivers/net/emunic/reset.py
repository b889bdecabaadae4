#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Function level resets: traffic comes back by itself, policy intact."""

import time

from lib.py import Host, KsftNamedVariant, KsftSkipEx, PingFlood, Policy, Stream, \
    as_before, bkg, give_policy, ksft_eq, ksft_exit, ksft_ge, ksft_run_quiet, \
    ksft_true, ksft_variants, need_pfs, pair, traffic_flows
from lib.py.pci import write_once


@ksft_variants([KsftNamedVariant("sender", 0),
                KsftNamedVariant("receiver", 1)])
def vf_flr_under_traffic(index):
    """Ten resets of a VF while it floods; the other VF notices losses only."""
    pf = need_pfs()[0]
    vfs = pf.vfs(4)
    give_policy(pf)
    a, b = pair(*vfs[:2])
    policy = Policy(pf, a, b)
    with PingFlood(a, b):
        for _ in range(10):
            vfs[index].flr()
            time.sleep(0.1)
    as_before(policy, a, b)
    received, _ = Stream(a, b, seconds=1).wait()
    ksft_ge(received, 500_000, "TCP after")


def tcp_survives_vf_flr():
    """A TCP connection outlives a reset in its middle."""
    vfs = need_pfs()[0].vfs(2)
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "before")
    stream = Stream(a, b, seconds=6)
    time.sleep(2)
    vfs[1].flr()
    received, result = stream.wait()
    ksft_ge(received, 1_000_000)
    last = result["intervals"][-1]["sum"]["bytes"]
    ksft_ge(last, 10_000, "bytes in the last second")


def vf_flr_idle_vf():
    """A VF whose netdev is down takes a reset too."""
    vfs = need_pfs()[0].vfs(2)
    vfs[0].flr()
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "after")


def vf_flr_keeps_configuration():
    """MTU, VLAN interface and multicast filter are there after the reset."""
    vfs = need_pfs()[0].vfs(2)
    a, b = pair(*vfs, mtu=4000)
    for host in (a, b):
        host.ip(f"link add link {host.dev} name v5 type vlan id 5")
        host.address("v5", f"198.51.100.{host.number}/24")
    ksft_true(a.reaches("198.51.100.2"), "VLAN before")
    vfs[1].flr()
    ksft_true(a.reaches("198.51.100.2"), "VLAN after")
    ksft_eq(b.link["mtu"], 4000)
    ksft_eq(a.ping(b.v4, size=3972, opts="-M do"), 5, "MTU after")


def pf_flr_under_traffic():
    """The PF's reset takes the VFs with it; all of it comes back."""
    pf = need_pfs()[0]
    vfs = pf.vfs(8)
    give_policy(pf)
    a, b = pair(*vfs[:2])
    isolated = Host(vfs[2], 3)
    traffic_flows(a, b)
    policy = Policy(pf, a, b)
    with PingFlood(a, b):
        for _ in range(3):
            pf.flr()
            time.sleep(0.5)
    ksft_eq(pf.num_vfs, 8)
    as_before(policy, a, b)
    ksft_eq(isolated.is_answered(b.v4), False, "VLAN on the wire")


def pf_flr_with_own_traffic():
    """The PF's own port comes back with its VLANs, and over the uplink."""
    pf, far = need_pfs(2)
    a, b = pair(pf, far)
    for host in (a, b):
        host.ip(f"link add link {host.dev} name v5 type vlan id 5")
        host.address("v5", f"198.51.100.{host.number}/24")
    ksft_true(a.reaches(b.v4), "before")
    with PingFlood(a, b):
        pf.flr()
    ksft_true(a.reaches(b.v4, 20), "after")
    ksft_true(a.reaches("198.51.100.2"), "VLAN after")


def bus_reset():
    """A reset of all below a port, whose functions the kernel has locked."""
    pf = need_pfs()[0]
    vfs = pf.vfs(4)
    reset = pf.path.resolve().parent / "reset_subordinate"
    if not reset.exists():
        raise KsftSkipEx("no reset_subordinate in this kernel")
    give_policy(pf)
    a, b = pair(*vfs[:2])
    policy = Policy(pf, a, b)
    for _ in range(3):
        with PingFlood(a, b):
            write_once(reset, 1)
            time.sleep(0.5)
        as_before(policy, a, b)


def bystanders():
    """One VF's resets cost the others not a single frame."""
    vfs = need_pfs()[0].vfs(3)
    a, b = pair(*vfs[:2])
    ksft_true(a.reaches(b.v4), "before")
    pings = bkg(f"ping -q -i 0.01 -c 300 {b.v4}", ns=a.ns, exit_wait=True)
    with pings:
        for _ in range(10):
            vfs[2].flr()
            time.sleep(0.1)
    ksft_true(" 300 received" in pings.stdout, pings.stdout)


if __name__ == "__main__":
    ksft_run_quiet([vf_flr_under_traffic, tcp_survives_vf_flr, vf_flr_idle_vf,
                    vf_flr_keeps_configuration, pf_flr_under_traffic,
                    pf_flr_with_own_traffic, bus_reset, bystanders])
    ksft_exit()
