# SPDX-License-Identifier: GPL-2.0
"""Receive steering: what ethtool says of it, and what must follow from that."""

import re
import socket
import time
from dataclasses import dataclass

from net.lib.py import NetNSEnter

from .slow import patience

SYM_XOR, SYM_OR_XOR = "symmetric-xor", "symmetric-or-xor"


def toeplitz(key, data):
    """Hash of @data, as the spec and everybody else define it."""
    number = int.from_bytes(key, "big")
    result = 0
    for i in range(len(data) * 8):
        if data[i // 8] & 0x80 >> i % 8:
            result ^= number >> len(key) * 8 - 32 - i & 0xffffffff
    return result


def _pair(src, dst, xfrm):
    """Source and destination as they go into the hash."""
    xor = bytes(a ^ b for a, b in zip(src, dst))
    if xfrm == SYM_XOR:
        return xor + xor
    if xfrm == SYM_OR_XOR:
        return bytes(a | b for a, b in zip(src, dst)) + xor
    return src + dst


@dataclass
class Flow:
    """UDP datagrams from one socket to another."""
    src: object
    dst: object
    sport: int
    dport: int
    v6: bool = False

    def addrs(self):
        """Addresses of both ends, as text."""
        return (self.src.v6, self.dst.v6) if self.v6 else \
            (self.src.v4, self.dst.v4)

    def hash(self, key, ports=True, xfrm=None):
        """What the receiver makes of it."""
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        data = _pair(*(socket.inet_pton(family, a) for a in self.addrs()), xfrm)
        if ports:
            data += _pair(self.sport.to_bytes(2, "big"),
                          self.dport.to_bytes(2, "big"), xfrm)
        return toeplitz(key, data)

    def send(self, count=20):
        """@count datagrams."""
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        with NetNSEnter(str(self.src.ns)):
            sock = socket.socket(family, socket.SOCK_DGRAM)
        src, dst = self.addrs()
        with sock:
            sock.bind((src, self.sport))
            for _ in range(count):
                sock.sendto(b"flow", (dst, self.dport))

    def landed(self, count=20):
        """The receiver's queues that get @count datagrams before long."""
        before = queue_packets(self.dst)
        self.send(count)
        return _before_long(lambda: _queues(self.dst, before, lambda _, new: new >= count),
                            bool)


def _queues(host, before, matches):
    """Queues of a port for which matches(queue, packets since @before)."""
    return [i for i, (old, new) in enumerate(zip(before, queue_packets(host)))
            if matches(i, new - old)]


def _before_long(find, good):
    """What @find finds, once that is @good or there was time enough."""
    end = time.monotonic() + patience(1)
    while True:
        found = find()
        if good(found) or time.monotonic() > end:
            return found


def astray(flows, queues, count=20):
    """
    Send @count datagrams of each of @flows, to one host; which queues got less
    than what must land in them, queues[i] being where flows[i] must.
    """
    host = flows[0].dst
    before = queue_packets(host)
    for flow in flows:
        flow.send(count)
    return _before_long(
        lambda: _queues(host, before, lambda i, new: new < count * queues.count(i)),
        lambda found: not found)


class Steering:
    """Key and table of a host's port."""
    def __init__(self, host):
        self.host = host
        self.key = b""
        self.table = []
        self.read()

    def read(self):
        """Ask ethtool."""
        out = self.host.cmd(f"ethtool -x {self.host.dev}").stdout
        key = re.search(r"hash key:\s*([0-9a-f:]+)", out).group(1)
        self.key = bytes.fromhex(key.replace(":", ""))
        rows = re.findall(r"^\s*\d+:((?:\s+\d+)+)$", out, re.M)
        self.table = [int(entry) for row in rows for entry in row.split()]
        return self

    def set(self, what):
        """`ethtool -X`."""
        self.host.cmd(f"ethtool -X {self.host.dev} {what}")
        return self.read()

    def queue(self, flow, **how):
        """The queue that @flow must land in."""
        return self.table[flow.hash(self.key, **how) % len(self.table)]


def queue_packets(host):
    """Packets that each queue of a host's port has received."""
    rows = re.findall(r"rx(\d+)_packets: (\d+)",
                      host.cmd(f"ethtool -S {host.dev}").stdout)
    return [int(count) for _, count in sorted(rows, key=lambda r: int(r[0]))]


def restore_steering(host):
    """What a PF is to have again when the case ends."""
    dev = host.dev
    count = len(queue_packets(host))
    rules = host.cmd(f"ethtool -n {dev}").stdout
    for rule in re.findall(r"Filter: (\d+)", rules):
        host.cmd(f"ethtool -N {dev} delete {rule}", fail=False)
    for context in range(1, 8):
        host.cmd(f"ethtool -X {dev} context {context} delete", fail=False)
    host.cmd(f"ethtool -X {dev} xfrm none", fail=False)
    host.cmd(f"ethtool -X {dev} default", fail=False)
    for family in ("udp4", "udp6"):
        host.cmd(f"ethtool -N {dev} rx-flow-hash {family} sdfn", fail=False)
    host.cmd(f"ethtool -K {dev} ntuple on", fail=False)
    host.cmd(f"ethtool -G {dev} rx 512 tx 512", fail=False)
    if count != 2:
        host.cmd(f"ethtool -L {dev} combined 2", fail=False)


def set_queues(host, count):
    """`ethtool -L`, waited for."""
    host.cmd(f"ethtool -L {host.dev} combined {count}")
    host.wait_link()


def max_queues(host):
    """Queue pairs that the device has."""
    limits = host.cmd(f"ethtool -l {host.dev}").stdout
    return int(re.search(r"Combined:\s*(\d+)", limits).group(1))
