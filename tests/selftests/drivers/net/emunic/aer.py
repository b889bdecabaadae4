#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""PCI Express errors that AER reports: the driver recovers, VFs included."""

from lib.py import KsftNamedVariant, PingFlood, Policy, as_before, \
    event_count, give_policy, ksft_busy_wait, ksft_exit, ksft_in, \
    ksft_run_quiet, ksft_variants, monitor, need_pfs, pair, traffic_flows
from lib.py.recover import Port


def _inject(name, error):
    """An uncorrectable error of the NIC @name."""
    ksft_in("OK", monitor(f"pcie_aer_inject_error {name} {error}"))


SEVERITIES = [KsftNamedVariant("nonfatal", "COMP_TIME"),
              KsftNamedVariant("fatal", "MALF_TLP")]


@ksft_variants(SEVERITIES)
def pf_with_vfs(error):
    """An error of the PF, three times, while VFs carry traffic."""
    pf = need_pfs()[0]
    vfs = pf.vfs(4)
    give_policy(pf)
    a, b = pair(*vfs[:2])
    for host in (a, b):
        host.ip(f"link add link {host.dev} name v5 type vlan id 5")
        host.address("v5", f"198.51.100.{host.number}/24")
    traffic_flows(a, b)
    policy = Policy(pf, a, b)
    ports = (Port(pf), a, b)
    for _ in range(3):
        before = [event_count(port, "resets") for port in ports]
        with PingFlood(a, b):
            _inject("nic0", error)
            for port, resets in zip(ports, before):
                ksft_busy_wait(
                    lambda p=port, n=resets: event_count(p, "resets") > n,
                    sleep=0.1, deadline=20, comment=f"recovery of {port.dev}")
        as_before(policy, a, b)
    traffic_flows_vlan(a)


def traffic_flows_vlan(host):
    """The VLAN filter is back, too."""
    ksft_busy_wait(lambda: host.ping("198.51.100.2", count=1) == 1,
                   deadline=5, comment="VLAN")


@ksft_variants(SEVERITIES)
def pf_own_traffic(error):
    """The PF's own port, over the uplink."""
    pfs = need_pfs(2)
    a, b = pair(*pfs)
    traffic_flows(a, b)
    before = event_count(a, "resets")
    with PingFlood(a, b):
        _inject("nic0", error)
        ksft_busy_wait(lambda: event_count(a, "resets") > before, sleep=0.1,
                       deadline=20, comment="recovery")
    traffic_flows(a, b)


if __name__ == "__main__":
    ksft_run_quiet([pf_with_vfs, pf_own_traffic])
    ksft_exit()
