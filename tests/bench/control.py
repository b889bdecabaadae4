# SPDX-License-Identifier: GPL-2.0-only
"""
The control path in figures: a round trip over the mailbox, and how long frames
stay away when a function is reset. Ports need no addresses for that: the
frames are raw ones, and all netdevs are in one namespace.
"""

import fcntl
import select
import socket
import struct
import time

SIOCSIFHWADDR, ARPHRD_ETHER = 0x8924, 1
ETH_P_ALL = 3
BROADCAST = b"\xff" * 6
ETHERTYPE = b"\x88\xb5"


def set_address(dev, times, heard=None):
    """
    Seconds that it took to set an address of @dev, each of @times times. A VF
    asks its PF for each and waits for the answer. None for all of them if
    @heard, which tells the address that the PF knows, has another in the end.
    """
    took = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for n in range(times):
            mac = bytes([2, 0, 0, 0xbe, times, n])
            request = struct.pack("16sH6s8x", dev.encode(), ARPHRD_ETHER, mac)
            start = time.monotonic()
            fcntl.ioctl(sock, SIOCSIFHWADDR, request)
            took.append(time.monotonic() - start)
    return took if not heard or heard() == mac.hex(":") else [None]


class Ports:
    """Raw sockets on the netdevs @devs; the first one sends to all others."""
    def __init__(self, devs):
        self.dev = devs[0]
        self.socks = []
        for dev in devs:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                 socket.htons(ETH_P_ALL))
            sock.bind((dev, ETH_P_ALL))
            sock.setblocking(False)
            self.socks.append(sock)

    def close(self):
        """Close all sockets."""
        for sock in self.socks:
            sock.close()

    def _send(self, mark):
        with open(f"/sys/class/net/{self.dev}/address", encoding="ascii") as f:
            src = bytes.fromhex(f.read().strip().replace(":", ""))
        try:
            self.socks[0].send(BROADCAST + src + ETHERTYPE + mark.ljust(46))
        except OSError:         # the netdev is not up yet
            pass

    def reached(self, mark, deadline):
        """True once a frame sent from now on has come to every other port."""
        end = time.monotonic() + deadline
        missing = set(self.socks[1:])
        while missing and time.monotonic() < end:
            self._send(mark)
            for sock in select.select(list(missing), [], [], 0.005)[0]:
                if self._got(sock, mark):
                    missing.remove(sock)
        return not missing

    @staticmethod
    def _got(sock, mark):
        while True:
            try:
                if mark in sock.recv(2048):
                    return True
            except OSError:     # nothing more, or the netdev went down
                return False


def recovery(devs, func, deadline=15):
    """
    Seconds from the begin of a reset of @func, by sysfs, until frames pass
    between @devs again; None if they do not within @deadline.
    """
    ports = Ports(devs)
    try:
        if not ports.reached(b"before", deadline):
            return None
        start = time.monotonic()
        (func / "reset").write_text("1")
        if not ports.reached(b"mark %f" % start, deadline):
            return None
        return time.monotonic() - start
    finally:
        ports.close()
