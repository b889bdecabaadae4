#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
All that `ip link set PF vf N` sets is in force after resets, reloads and
suspend, and gone with the VFs. Each control is set for a VF of its own.
"""

import time

from lib.py import RESETS, Flood, Host, Meter, Sniffer, ksft_busy_wait, ksft_eq, \
    ksft_exit, ksft_run_quiet, ksft_true, ksft_variants, need_pfs, \
    raw_frame, shown

BROADCAST = "ff:ff:ff:ff:ff:ff"
MAC = "02:00:00:dd:ee:01"
FOREIGN = "02:00:00:ff:ff:02"
NOBODY = "02:00:00:ff:ff:01"
LIMIT = 4


class Net:
    """A VF for each control, one without any, and the far end."""
    def __init__(self, pf, far):
        self.pf = pf
        num = len(CONTROLS)
        self.hosts = [Host(vf, n + 1) for n, vf in enumerate(pf.vfs(num + 1))]
        self.peer = self.hosts.pop()
        self.far = Host(far, num + 2)
        self.far.ip(f"link set dev {self.far.dev} promisc on")
        for host in (*self.hosts, self.peer, self.far):
            host.wait_link()
        self.turn = 0

    def frames(self, sender, receiver, dst, src=None):
        """A frame from @sender to @dst, as it arrives at @receiver."""
        self.turn += 1
        mark = b"turn %04d" % self.turn
        got = Sniffer(receiver)
        Sniffer(sender).send(raw_frame(dst, src or sender.mac, mark))
        return [f for f in got.frames(0.2, until=mark) if mark in f]

    def shown(self):
        """
        What `ip link show` says of each VF, but the addresses that VFs choose.
        """
        return [info | {"address": info["address"] == MAC}
                for info in shown(self.pf)]

    def set_all(self):
        """What is shown before and after every control has been set."""
        before = self.shown()
        for index, what in enumerate(CONTROLS):
            self.pf.set_vf(index, what)
        return before, self.shown()


def _mac(_, host):
    return host.mac == MAC


def _vlan(net, host):
    return [f[12:16].hex() for f in net.frames(host, net.far, BROADCAST)] \
        == ["8100a064"]


def _rate(net, host):
    flood = Flood(host, NOBODY, 1500)
    time.sleep(0.2)
    rate = Meter(net.pf).rates(1)[net.hosts.index(host)].tx
    flood.stop()
    return abs(rate - LIMIT) < 0.1 * LIMIT


def _spoofchk(net, host):
    return bool(net.frames(host, net.peer, BROADCAST, FOREIGN))


def _trust(net, host):
    host.ip(f"link set dev {host.dev} promisc on")
    return bool(net.frames(net.peer, host, NOBODY))


def _state(_, host):
    return "NO-CARRIER" in host.link["flags"]


def _query_rss(_, host):
    return host.cmd(f"ethtool -x {host.dev}", fail=False).ret == 0


# What to set, and whether it is in force
CONTROLS = {
    f"mac {MAC}": _mac,
    "vlan 100 qos 5": _vlan,
    f"max_tx_rate {LIMIT} min_tx_rate 1": _rate,
    "spoofchk off": _spoofchk,
    "trust on": _trust,
    "state disable": _state,
    "query_rss on": _query_rss,
}


@ksft_variants(RESETS.keys())
def survives(event):
    """What is shown and what is in force are what they were."""
    net = Net(*need_pfs(2))
    before, wanted = net.set_all()
    ksft_true(all(x != y for x, y in zip(before[:-1], wanted)), "all set")
    RESETS[event](net.pf, net.hosts)
    ksft_eq(net.shown(), wanted, "shown")
    for index, (what, holds) in enumerate(CONTROLS.items()):
        ksft_busy_wait(lambda i=index, f=holds: f(net, net.hosts[i]),
                       deadline=10, sleep=0.1, comment=what)


def gone_with_the_vfs():
    """Nothing of it is left for the VFs that come after numvfs 0."""
    pf, far = need_pfs(2)
    net = Net(pf, far)
    default, _ = net.set_all()
    for host in (*net.hosts, net.peer, net.far):
        host.close()
    pf.set_vfs(0)
    net = Net(pf, far)
    ksft_eq(net.shown(), default, "shown")
    for host, (what, holds) in zip(net.hosts, CONTROLS.items()):
        ksft_eq(holds(net, host), False, what)


if __name__ == "__main__":
    ksft_run_quiet([survives, gone_with_the_vfs])
    ksft_exit()
