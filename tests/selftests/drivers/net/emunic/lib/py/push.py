# SPDX-License-Identifier: GPL-2.0
"""Frames of each shape that the driver maps in its own way, sent by this
process itself."""

import os
import socket

from net.lib.py import NetNSEnter, defer

from .counters import ethtool_stat
from .host import Sniffer, raw_frame
from .pci import wait_for

SINGLE, MANY = 1400, 12 * 4096


class Pusher:
    """Sends from host @a to host @b. Where a mapping fails the frame is dropped
    and counted, and TCP sends it again."""
    def __init__(self, a, b):
        self.a, self.b = a, b
        self.raw = Sniffer(a)
        with NetNSEnter(str(b.ns)):
            listener = socket.create_server((b.v4, 0))
        with NetNSEnter(str(a.ns)):
            self.tcp = socket.create_connection(listener.getsockname())
        self.peer, _ = listener.accept()
        for sock in (listener, self.tcp, self.peer):
            defer(sock.close)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What cannot be sent yet is not waited for.
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MANY)
        self.file = os.memfd_create("emunic_test")
        defer(os.close, self.file)
        os.write(self.file, bytes(MANY))
        self.owed = 0

    @property
    def dropped(self):
        """Frames that the driver of @a has dropped."""
        return ethtool_stat(self.a, r"tx\d+_dropped")

    def head(self):
        """A frame in one piece."""
        self.raw.send(raw_frame(self.b.mac, self.a.mac, bytes(SINGLE)))

    def fragment(self):
        """A short head, which is copied, and one piece behind it."""
        self.owed += self.tcp.send(bytes(SINGLE))

    def list(self):
        """A short head and many pieces: the pages of a file."""
        self.owed += os.sendfile(self.tcp.fileno(), self.file, 0, MANY)

    def drain(self):
        """All of the stream arrives, however often it was sent."""
        self.peer.settimeout(0.2)

        def arrived():
            try:
                self.owed -= len(self.peer.recv(1 << 20))
            except TimeoutError:
                pass
            return not self.owed
        wait_for("the stream", arrived, 30)
