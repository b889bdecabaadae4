# SPDX-License-Identifier: GPL-2.0
"""The PTP clock of a function, and frames with hardware timestamps."""

import ctypes
import fcntl
import os
import re
import socket
import struct
import time

from net.lib.py import NetNSEnter, defer

from .pci import wait_for

SIOCSHWTSTAMP, SIOCGHWTSTAMP = 0x89b0, 0x89b1
TX_OFF, TX_ON, TX_ONESTEP = 0, 1, 2
FILTER_NONE, FILTER_ALL, FILTER_PTP_V2 = 0, 1, 12

SO_TIMESTAMPING = 37
TX_HARDWARE, RX_HARDWARE, RAW_HARDWARE, OPT_TSONLY = 1, 4, 64, 2048
MSG_ERRQUEUE = 0x2000
ETH_P_TEST = 0x88b5

ADJ_FREQUENCY, ADJ_SETOFFSET, ADJ_NANO = 0x0002, 0x0100, 0x2000


class Timex(ctypes.Structure):
    """struct timex"""
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long),
                ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
                ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("constant", ctypes.c_long), ("precision", ctypes.c_long),
                ("tolerance", ctypes.c_long), ("sec", ctypes.c_long),
                ("nsec", ctypes.c_long), ("rest", ctypes.c_byte * 128)]


class Phc:
    """The PTP hardware clock of @host's port."""
    def __init__(self, host):
        out = host.cmd(f"ethtool -T {host.dev}").stdout
        found = re.search(r"(?:PTP Hardware Clock|provider index): (\d+)", out)
        self.file = os.open(f"/dev/ptp{found.group(1)}", os.O_RDWR)
        defer(os.close, self.file)
        self.clock = (~self.file << 3) | 3

    def now(self):
        """ns"""
        return time.clock_gettime_ns(self.clock)

    def set(self, now):
        """To @now, in ns; OSError where it is read-only."""
        time.clock_settime_ns(self.clock, now)

    def _adjust(self, **what):
        libc = ctypes.CDLL(None, use_errno=True)
        timex = Timex(**what)
        if libc.clock_adjtime(ctypes.c_int(self.clock), ctypes.byref(timex)) < 0:
            raise OSError(ctypes.get_errno(), "clock_adjtime")

    def adjust(self, ns):
        """Move it by @ns."""
        self._adjust(modes=ADJ_SETOFFSET | ADJ_NANO, sec=ns // 10**9,
                     nsec=ns % 10**9)

    def rate(self, ppm):
        """Let it gain @ppm."""
        self._adjust(modes=ADJ_FREQUENCY, freq=int(ppm * 65536))

    def speed(self, seconds=0.5):
        """How fast it goes, against the system's clock."""
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        first = self.now()
        time.sleep(seconds)
        last = self.now()
        end = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        return (last - first) / (end - begin)


def hwtstamp(host, tx=None, rx=None):
    """Set what is stamped, if @tx or @rx is given; then what it is."""
    config = ctypes.create_string_buffer(struct.pack("iii", 0, tx or 0, rx or 0))
    request = struct.pack("16sP", host.dev.encode(), ctypes.addressof(config))
    op = SIOCGHWTSTAMP if tx is None and rx is None else SIOCSHWTSTAMP
    with NetNSEnter(str(host.ns)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, op, request.ljust(40, b"\0"))
    return struct.unpack("iii", config.raw[:12])[1:]


class StampSocket:
    """Frames of one type at @host's port, sent and received with stamps."""
    def __init__(self, host):
        with NetNSEnter(str(host.ns)):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                      socket.htons(ETH_P_TEST))
        self.sock.bind((host.dev, ETH_P_TEST))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, TX_HARDWARE |
                             RX_HARDWARE | RAW_HARDWARE | OPT_TSONLY)
        defer(self.sock.close)

    @staticmethod
    def _stamp(anc):
        """ns of the hardware's stamp, None without"""
        for level, kind, data in anc:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING):
                sec, nsec = struct.unpack("=6q", data[:48])[4:]
                return sec * 10**9 + nsec
        return None

    def send(self, frame):
        """Send one."""
        self.sock.send(frame)

    def sent(self, deadline=5):
        """When the last one was sent; None if nobody says so."""
        def look():
            try:
                return self.sock.recvmsg(256, 512, MSG_ERRQUEUE |
                                         socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
        try:
            return self._stamp(wait_for("Tx timestamp", look, deadline)[1])
        except TimeoutError:
            return None

    def received(self, deadline=5):
        """The next one, and when it came in."""
        self.sock.settimeout(deadline)
        data, anc, _, _ = self.sock.recvmsg(65536, 512)
        return data, self._stamp(anc)
