#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N vlan`, as the far end of the uplink sees it."""

import socket

from lib.py import Host, KsftNamedVariant, Sniffer, defer, ksft_eq, \
    ksft_exit, ksft_run_quiet, ksft_variants, need_pfs, raw_frame
from lib.py.pci import errno_of
from lib.py.rtnl import set_vf_vlan

BROADCAST = "ff:ff:ff:ff:ff:ff"
TPIDS = {"802.1Q": 0x8100, "802.1ad": 0x88a8}


class Net:
    """A VF, and the far end, which hears everything."""
    def __init__(self):
        self.pf, far = need_pfs(2)
        self.vf = Host(self.pf.vfs(1)[0], 1)
        self.far = Host(far, 2)
        self.far.cmd(f"ethtool -K {self.far.dev} rx-vlan-filter off",
                     fail=False)
        self.far.ip(f"link set dev {self.far.dev} promisc on")
        defer(self.far.ip, f"link set dev {self.far.dev} promisc off")
        for host in (self.vf, self.far):
            host.wait_link()
        self.turn = 0

    def frames(self, sender, receiver, tags=()):
        """What @receiver gets of a broadcast, from behind the addresses."""
        self.turn += 1
        mark = b"turn %04d" % self.turn
        got = Sniffer(receiver)
        Sniffer(sender).send(raw_frame(BROADCAST, sender.mac, mark, tags))
        return [f[12:f.index(mark)].hex() for f in got.frames(0.3)
                if mark in f]


@ksft_variants([KsftNamedVariant(f"{proto}_qos{qos}", proto, qos)
                for proto in TPIDS for qos in (0, 3, 7)])
def tag(proto, qos):
    """TPID, priority and VID are those that were set; vlan 0 removes them."""
    net = Net()
    net.pf.set_vf(0, f"vlan 100 qos {qos} proto {proto}")
    want = f"{TPIDS[proto]:04x}{qos << 13 | 100:04x}88b5"
    ksft_eq(net.frames(net.vf, net.far), [want])
    info = net.pf.vf_info(0)["vlan_list"][0]
    ksft_eq((info["vlan"], info.get("qos", 0)), (100, qos))
    net.pf.set_vf(0, "vlan 0")
    ksft_eq(net.frames(net.vf, net.far), ["88b5"], "without")


@ksft_variants(TPIDS.keys())
def arriving(proto):
    """Of all that comes in only the VLAN's frames arrive, without its tag."""
    net = Net()
    net.pf.set_vf(0, f"vlan 100 qos 3 proto {proto}")
    tpid = TPIDS[proto]
    other = TPIDS["802.1ad" if proto == "802.1Q" else "802.1Q"]

    def arrives(*tags):
        return net.frames(net.far, net.vf, tags)

    ksft_eq(arrives((tpid, 100)), ["88b5"], "its VLAN")
    ksft_eq(arrives((tpid, 0xe000 | 100)), ["88b5"], "any priority")
    ksft_eq(arrives((tpid, 100), (0x8100, 7)), ["8100000788b5"], "tag inside")
    ksft_eq(arrives((tpid, 101)), [], "another VLAN")
    ksft_eq(arrives((other, 100)), [], "another protocol")
    ksft_eq(arrives((tpid, 0)), [], "priority tag")
    ksft_eq(arrives(), [], "no tag")


def own_tag_inside():
    """802.1ad goes outside of what the VF tags itself."""
    net = Net()
    net.pf.set_vf(0, "vlan 100 qos 3 proto 802.1ad")
    ksft_eq(net.frames(net.vf, net.far, ((0x8100, 7),)),
            ["88a860648100000788b5"])


@ksft_variants([KsftNamedVariant("qinq_9100", 0x9100),
                KsftNamedVariant("ipv4", 0x0800),
                KsftNamedVariant("none", 0)])
def other_protocols(proto):
    """`ip` would not even ask; the driver refuses, and nothing changes."""
    net = Net()
    net.pf.set_vf(0, "vlan 7 qos 1 proto 802.1ad")
    index = socket.if_nametoindex(net.pf.netdev)
    ksft_eq(errno_of(set_vf_vlan, index, 0, 100, 0, proto), "EPROTONOSUPPORT")
    ksft_eq(net.frames(net.vf, net.far), ["88a8200788b5"], "unchanged")
    set_vf_vlan(index, 0, 100, 0, 0x8100)
    ksft_eq(net.frames(net.vf, net.far), ["8100006488b5"])


if __name__ == "__main__":
    ksft_run_quiet([tag, arriving, own_tag_inside, other_protocols])
    ksft_exit()
