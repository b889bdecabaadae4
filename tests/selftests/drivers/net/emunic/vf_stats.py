#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip -s link show` of the PF: exact for known numbers of its VFs' frames."""

import socket
import struct
import time

from lib.py import Host, Sniffer, ksft_eq, ksft_exit, ksft_ge, \
    ksft_run_quiet, ksft_true, need_pfs, raw_frame, stats
from lib.py.host import SOL_PACKET

BROADCAST = "ff:ff:ff:ff:ff:ff"
GROUP = "01:00:5e:7f:02:03"
BAD_SOURCE = "01:00:5e:00:00:09"
PACKET_VNET_HDR = 15
COUNTS = ("rx_packets", "rx_bytes", "rx_multicast", "rx_broadcast",
          "rx_dropped", "tx_packets", "tx_bytes", "tx_dropped")


def _silent_hosts(pf, num):
    """Hosts that send nothing but what the test makes them send."""
    hosts = [Host(vf, n + 1) for n, vf in enumerate(pf.vfs(num))]
    for host in hosts:
        host.cmd("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
        host.ip(f"addr flush dev {host.dev}")
        host.wait_link()
    return hosts


def _settled(pf, num):
    """The counters of the VFs once they stand still."""
    old = None
    for _ in range(20):
        new = [stats(pf, index) for index in range(num)]
        if new == old:
            return new
        old = new
        time.sleep(0.3)
    raise TimeoutError("the VFs do not fall silent")


def _grown(pf, before):
    """What came on top of @before, all that did not change left out."""
    after = _settled(pf, len(before))
    return [{name: new[name] - old[name] for name in COUNTS
             if new[name] != old[name]} for old, new in zip(before, after)]


def complete():
    """Every counter is there for each VF, and starts at nothing."""
    pf = need_pfs()[0]
    pf.vfs(2)
    for index in (0, 1):
        now = stats(pf, index)
        ksft_eq(sorted(now), sorted(COUNTS))
        ksft_eq(set(now.values()), {0}, f"VF {index}")


def exact():
    """Unicast, multicast and broadcast, by packets and bytes."""
    pf = need_pfs()[0]
    a, b, c = _silent_hosts(pf, 3)
    b.ip(f"maddr add {GROUP} dev {b.dev}")
    out = Sniffer(a)
    before = _settled(pf, 3)
    for dst, size, num in ((b.mac, 100, 7), (GROUP, 200, 5),
                           (BROADCAST, 300, 3)):
        for _ in range(num):
            out.send(raw_frame(dst, a.mac, b"".ljust(size - 14, b"x")))
    ksft_eq(_grown(pf, before), [
        {"tx_packets": 15, "tx_bytes": 2600},
        {"rx_packets": 15, "rx_bytes": 2600, "rx_multicast": 5,
         "rx_broadcast": 3},
        {"rx_packets": 3, "rx_bytes": 900, "rx_broadcast": 3}])
    ksft_eq(c.link["stats64"]["rx"]["packets"],
            stats(pf, 2)["rx_packets"], "as the VF itself has it")


def dropped():
    """What a VF may not send, and what it does not take."""
    pf = need_pfs()[0]
    a, b = _silent_hosts(pf, 2)
    mac = b.mac
    b.ip(f"link set dev {b.dev} down")
    out = Sniffer(a)
    before = _settled(pf, 2)
    for _ in range(4):
        out.send(raw_frame(mac, a.mac, b"nobody takes it"))
    for _ in range(2):
        out.send(raw_frame(mac, BAD_SOURCE, b"no such source"))
    sent, received = _grown(pf, before)
    ksft_eq(received, {"rx_dropped": 4})
    ksft_eq(sent["tx_dropped"], 2)


def too_long():
    """Frames above the MTU of the receiver are dropped there."""
    pf = need_pfs()[0]
    a, b = _silent_hosts(pf, 2)
    a.ip(f"link set dev {a.dev} mtu 9000")
    out = Sniffer(a)
    before = _settled(pf, 2)
    out.send(raw_frame(b.mac, a.mac, b"".ljust(4000, b"x")))
    ksft_eq(_grown(pf, before), [{"tx_packets": 1, "tx_bytes": 4014},
                                 {"rx_dropped": 1}])


def gso():
    """A frame that stands for ten counts as ten, with ten headers."""
    pf = need_pfs()[0]
    a, b = _silent_hosts(pf, 2)
    out = Sniffer(a)
    out.sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    before = _settled(pf, 2)
    out.send(_gso_frame(b.mac, a.mac, 1000, 9 * 1000 + 500))
    octets = 10 * 54 + 9500
    ksft_eq(_grown(pf, before),
            [{"tx_packets": 10, "tx_bytes": octets},
             {"rx_packets": 10, "rx_bytes": octets}])


def _gso_frame(dst, src, mss, payload):
    """TCP over IPv4 for the device to cut, behind its virtio_net_hdr."""
    tcp = struct.pack("!HHIIBBHHH", 1, 2, 0, 0, 5 << 4, 0x10, 1000, 0, 0)
    addrs = socket.inet_aton("198.18.0.1") + socket.inet_aton("198.18.0.2")
    total = 20 + len(tcp) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, total, 1, 0, 64, 6, 0) + addrs
    head = head[:10] + struct.pack("!H", _sum(head) ^ 0xffff) + head[12:]
    pseudo = addrs + struct.pack("!HH", 6, len(tcp) + payload)
    tcp = tcp[:16] + struct.pack("!H", _sum(pseudo)) + tcp[18:]
    frame = raw_frame(dst, src, b"")[:12] + b"\x08\x00" + head + tcp
    vnet = struct.pack("=BBHHHH", 1, 1, len(frame), mss, 34, 16)
    return vnet + frame + b"x" * payload


def _sum(data):
    """The folded one's complement sum of @data."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def kept_over_reset():
    """A VF's reset does not forget them, numvfs 0 does."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    a, b = Host(vfs[0], 1), Host(vfs[1], 2)
    for host in (a, b):
        host.wait_link()
    ksft_true(a.reaches(b.v4), "ping")
    before = stats(pf, 0)
    vfs[0].flr()
    after = stats(pf, 0)
    for name in COUNTS:
        ksft_ge(after[name], before[name], name)
    a.close()
    b.close()
    pf.set_vfs(0)
    pf.set_vfs(2)
    ksft_eq(set(stats(pf, 0).values()), {0}, "new VFs")


if __name__ == "__main__":
    ksft_run_quiet([complete, exact, dropped, too_long, gso, kept_over_reset])
    ksft_exit()
