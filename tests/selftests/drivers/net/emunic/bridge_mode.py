#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`bridge link set dev PF hwmode`: a VEB switches itself, a VEPA does not."""

import json

from lib.py import RESETS, Host, Sniffer, cmd, defer, ksft_busy_wait, ksft_eq, \
    ksft_exit, ksft_in, ksft_ne, ksft_run_quiet, ksft_true, ksft_variants, \
    need_pfs, raw_frame

BROADCAST = "ff:ff:ff:ff:ff:ff"


def _mode(pf):
    """What `bridge link show` says."""
    links = json.loads(cmd(f"bridge -j -d link show dev {pf.netdev}").stdout)
    return links[0]["hwmode"].lower() if links else None


def _set(pf, mode):
    cmd(f"bridge link set dev {pf.netdev} hwmode {mode}")
    if mode == "vepa":
        defer(lambda: cmd(f"bridge link set dev {pf.netdev} hwmode veb"))


class Net:
    """Two VFs, and the far end of the uplink, which hears everything."""
    def __init__(self, pf, far):
        self.hosts = [Host(vf, n + 1) for n, vf in enumerate(pf.vfs(2))]
        self.far = Host(far, 3)
        for host in (*self.hosts, self.far):
            host.wait_link()
        self.far.ip(f"link set dev {self.far.dev} promisc on")
        defer(self.far.ip, f"link set dev {self.far.dev} promisc off")
        self.turn = 0
        self.listen()

    def listen(self):
        """On the netdevs as they are now."""
        self.sniffers = [Sniffer(h) for h in (*self.hosts, self.far)]

    def send(self, sender, dst, src):
        """
        A frame out of VF @sender, or out of the far end (2). How many of it
        arrive at VF 0, at VF 1 and at the far end.
        """
        self.turn += 1
        mark = b"turn %04d" % self.turn
        self.sniffers[sender].send(raw_frame(dst, src, mark))
        return [len([f for f in s.frames(0.2) if mark in f])
                for s in self.sniffers]


def shown():
    """VEB is the default; what is set is shown."""
    pf = need_pfs()[0]
    ksft_eq(_mode(pf), "veb", "default")
    for mode in ("vepa", "veb"):
        _set(pf, mode)
        ksft_eq(_mode(pf), mode)


def unicast():
    """VF to VF: direct in a VEB, up the uplink alone in a VEPA."""
    pf, far = need_pfs(2)
    net = Net(pf, far)
    src, dst = (host.mac for host in net.hosts)
    ksft_eq(net.send(0, dst, src), [0, 1, 0], "VEB")
    _set(pf, "vepa")
    ksft_eq(net.send(0, dst, src), [0, 0, 1], "VEPA")
    ksft_eq(net.send(2, dst, src), [0, 1, 0], "reflected")
    _set(pf, "veb")
    ksft_eq(net.send(0, dst, src), [0, 1, 0], "VEB again")
    ksft_true(net.hosts[0].reaches(net.hosts[1].v4), "ping")


def broadcast():
    """A sender never gets its own frame back."""
    pf, far = need_pfs(2)
    net = Net(pf, far)
    src = net.hosts[0].mac
    ksft_eq(net.send(0, BROADCAST, src), [0, 1, 1], "VEB")
    _set(pf, "vepa")
    ksft_eq(net.send(0, BROADCAST, src), [0, 0, 1], "VEPA")
    ksft_eq(net.send(2, BROADCAST, src), [0, 1, 0], "reflected")
    ksft_eq(net.send(2, BROADCAST, net.far.mac), [1, 1, 0], "of the far end")


def pf_is_a_port_too():
    """PF to VF goes up the uplink in a VEPA."""
    pf, far = need_pfs(2)
    host = Host(pf.vfs(1)[0], 1)
    own, far_host = Host(pf, 2), Host(far, 3)
    for h in (host, own, far_host):
        h.wait_link()
    far_host.ip(f"link set dev {far_host.dev} promisc on")
    ksft_true(own.reaches(host.v4), "VEB")
    cmd(f"bridge -n {own.ns} link set dev {own.dev} hwmode vepa")
    defer(lambda: cmd(f"bridge link set dev {pf.netdev} hwmode veb"))
    at_vf, at_far, out = Sniffer(host), Sniffer(far_host), Sniffer(own)
    out.send(raw_frame(host.mac, own.mac, b"from the PF"))
    ksft_eq([len([f for f in s.frames(0.3) if b"from the PF" in f])
             for s in (at_vf, at_far)], [0, 1])
    own.close()


def _other_vfs(pf, hosts):
    pf.set_vfs(0)
    for host, vf in zip(hosts, pf.set_vfs(2)):
        host.take(vf)


EVENTS = RESETS | {"other_vfs": _other_vfs}


@ksft_variants(EVENTS.keys())
def survives(event):
    """Nothing turns a VEPA into a VEB: the mode is the PF's."""
    pf, far = need_pfs(2)
    net = Net(pf, far)
    _set(pf, "vepa")
    EVENTS[event](pf, net.hosts)
    src, dst = (host.mac for host in net.hosts)
    for host in net.hosts:
        host.wait_link(20)
    net.listen()
    ksft_eq(_mode(pf), "vepa")
    ksft_busy_wait(lambda: net.send(2, dst, src)[1] == 1, deadline=10,
                   comment="VF 1 is back")
    ksft_eq(net.send(0, dst, src), [0, 0, 1])


def refused_on_vf():
    """A VF has no say in it."""
    pf = need_pfs()[0]
    vf = pf.vfs(1)[0]
    out = cmd(f"bridge link set dev {vf.netdev} hwmode vepa", fail=False)
    ksft_ne(out.ret, 0)
    ksft_in("Operation not supported", out.stderr)
    ksft_eq(_mode(pf), "veb")


def refused_options():
    """The switch does not learn: its mode is all that can be set."""
    pf = need_pfs()[0]
    for what in ("learning on", "flood off", "cost 5"):
        out = cmd(f"bridge link set dev {pf.netdev} self {what}", fail=False)
        ksft_ne(out.ret, 0, what)
        ksft_in("only hwmode veb and vepa can be set", out.stderr)


if __name__ == "__main__":
    ksft_run_quiet([shown, unicast, broadcast, pf_is_a_port_too, survives,
                    refused_on_vf, refused_options])
    ksft_exit()
