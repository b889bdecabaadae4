# SPDX-License-Identifier: GPL-2.0-only
"""Traffic whose every byte is known: whatever is lost, doubled, reordered or
changed shows. Each end is a process of its own and counts in shared memory,
which migrates with it."""

import contextlib
import ctypes
import mmap
import os
import random
import signal
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33
ETH_P_ECHO = 0x88b5
PACKET_OUTGOING = 4
TABLE = random.Random(0).randbytes(1 << 17)
BLOCK = 1 << 15


def in_namespace(name, work, *args):
    """A child that does @work in network namespace @name until it is killed."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fd = os.open(f"/run/netns/{name}", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {name}")
        work(*args)
    except BaseException as exc:  # pylint: disable=broad-exception-caught
        print(f"flow: {exc!r}", file=sys.stderr, flush=True)
    os._exit(1)


def alive(pid):
    """Is that child?"""
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False


def datagram(seq):
    """Datagram number @seq; sizes vary."""
    size = 32 + seq * 37 % 1400
    return struct.pack("!Q", seq) + TABLE[seq % 8192:seq % 8192 + size]


def block(seq):
    """Block number @seq of a stream."""
    return struct.pack("!Q", seq) + TABLE[seq % 8192:seq % 8192 + BLOCK - 8]


class Flow:
    """From one namespace to another: a sender, a receiver, their counts."""
    NAMES = ("sent", "received", "lost", "late", "late_seq", "corrupt", "ready", "paused",
             "idle")

    def __init__(self, source, sink, addr, port):
        memory = mmap.mmap(-1, mmap.PAGESIZE)
        self.count = memoryview(memory).cast("Q")
        self.addr = (addr, port)
        self.pids = [in_namespace(sink, self.receive)]
        self.pids.append(in_namespace(source, self.send))

    def __getitem__(self, name):
        return self.count[self.NAMES.index(name)]

    def __setitem__(self, name, value):
        self.count[self.NAMES.index(name)] = value

    def counts(self):
        """All of them by name, and whether both ends live."""
        out = {name: self[name] for name in self.NAMES}
        out["alive"] = all(alive(pid) for pid in self.pids)
        return out

    def drain(self, seconds):
        """Stop sending until all has come; False if that takes too long."""
        end = time.monotonic() + seconds
        self["paused"] = 1
        while not (self["idle"] and self["received"] == self["sent"]):
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        done = bool(self["idle"]) and self["received"] == self["sent"]
        self["paused"] = 0
        return done

    def may_send(self, pause):
        """Wait for that long, and for the end of a drain."""
        time.sleep(pause)
        while self["paused"]:
            self["idle"] = 1
            time.sleep(0.005)
        self["idle"] = 0

    def take(self, seq, expected):
        """Account for number @seq; the next one that is expected."""
        self["received"] += 1
        if seq < expected:
            self["late"] += 1
            self["late_seq"] = seq
            return expected
        self["lost"] += seq - expected
        return seq + 1


class Ticks(Flow):
    """Numbered UDP datagrams, a few hundred in a second."""

    def send(self):
        """Never ends."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Keeps to one queue: those of a socket that is not connected are the CPU's,
        # and there is no order between queues.
        sock.connect(self.addr)
        # Those that wait for the address of the neighbour go out when it has come,
        # beside what is sent then: they have no numbers.
        while not self["ready"]:
            with contextlib.suppress(OSError):
                sock.send(b"")
            time.sleep(0.05)
        while True:
            self.may_send(0.004)
            sock.send(datagram(self["sent"]))
            self["sent"] += 1

    def receive(self):
        """Never ends."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        sock.bind(self.addr)
        expected = 0
        while True:
            data = sock.recv(65536)
            if not data:
                self["ready"] = 1
                continue
            seq = struct.unpack_from("!Q", data)[0] if len(data) >= 8 else 0
            self["corrupt"] += data != datagram(seq)
            expected = self.take(seq, expected)


class Stream(Flow):
    """Numbered blocks over TCP, which make GSO frames."""

    def send(self):
        """Until the connection breaks."""
        while True:
            try:
                sock = socket.create_connection(self.addr, 30)
                break
            except OSError:
                time.sleep(0.2)
        sock.settimeout(None)
        while True:
            self.may_send(0.02)
            sock.sendall(block(self["sent"]))
            self["sent"] += 1

    def receive(self):
        """Until the connection breaks."""
        server = socket.create_server(self.addr)
        sock, _ = server.accept()
        expected = 0
        while True:
            data = sock.recv(BLOCK, socket.MSG_WAITALL)
            if len(data) < BLOCK:
                raise RuntimeError("the stream broke")
            seq = struct.unpack_from("!Q", data)[0]
            self["corrupt"] += data != block(seq)
            expected = self.take(seq, expected)


def echo(dev):
    """Return frames of one type to whoever sent them."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ECHO))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
    sock.bind((dev, ETH_P_ECHO))
    while True:
        frame, addr = sock.recvfrom(65536)
        if addr[2] != PACKET_OUTGOING:
            sock.send(frame[6:12] + frame[:6] + frame[12:])
