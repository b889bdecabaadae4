# SPDX-License-Identifier: GPL-2.0
"""Do two hosts reach each other? Asked often, and so without a program."""

import itertools
import socket

from net.lib.py import NetNSEnter, defer, ksft_true

from .ioctl import set_channels, set_rings
from .pci import wait_for
from .recover import policed_pair

PORT = 4711


def talking_vfs(entries=None):
    """Two VFs that keep their addresses when their drivers come and go, the
    hosts that have them, and how these talk. With @entries, they do, and the
    second has one queue, of rings as small as that."""
    a, b, _ = policed_pair()
    talk = Talk(a, b)
    if entries:
        b.inside(set_rings, entries)
        b.inside(set_channels, 1)
        talk.flows("at first")
    return a, b, talk


class Talk:
    """Datagrams between @a and @b, whose netdevs may come and go."""
    def __init__(self, a, b):
        self.names = f"{a.dev} and {b.dev}"
        self.ends = [(self._socket(host), (host.v4, PORT)) for host in (a, b)]
        self.numbers = itertools.count()

    @staticmethod
    def _socket(host):
        with NetNSEnter(str(host.ns)):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        defer(sock.close)
        sock.bind(("", PORT))
        sock.settimeout(0.1)
        return sock

    def _arrives(self, src, dst, size):
        """One datagram, from one end to the other."""
        data = str(next(self.numbers)).encode().ljust(size, b".")
        try:
            self.ends[src][0].sendto(data, self.ends[dst][1])
            while self.ends[dst][0].recv(65536) != data:
                pass
        except OSError:     # no route yet, or nothing came
            return False
        return True

    def flows(self, comment="", size=1000, deadline=15):
        """Both ways, within that time."""
        try:
            for src in (0, 1):
                wait_for(self.names, lambda src=src: self._arrives(src, 1 - src, size),
                         deadline)
        except TimeoutError:
            ksft_true(False, f"{self.names} reach each other {comment}")
