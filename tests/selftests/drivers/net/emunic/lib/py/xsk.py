# SPDX-License-Identifier: GPL-2.0
"""An AF_XDP socket with its rings, without a library."""

import ctypes
import mmap
import os
import select
import socket
import struct
import time

from net.lib.py import NetNSEnter, defer

from .bpf import LIBC, MAP_XSK, PASS, REDIRECT_MAP, RX_QUEUE, EXIT, Map, Prog, \
    call, ifindex, load, map_fd, mov, only_test_frames
from .slow import patience

AF_XDP, SOL_XDP = 44, 283
MMAP_OFFSETS, RX_RING, TX_RING, UMEM_REG, FILL_RING, COMPLETION_RING, _, \
    OPTIONS = range(1, 9)
PGOFF = {RX_RING: 0, TX_RING: 0x80000000, FILL_RING: 0x100000000,
         COMPLETION_RING: 0x180000000}
SHARED_UMEM, ZEROCOPY, NEED_WAKEUP, USE_SG = 1, 4, 8, 16
CONTINUED = 1
ENTRIES = 512
CHUNK = 4096


class Ring:
    """One of the four rings: @entries of @size bytes."""
    def __init__(self, sock, kind, offsets, entries, size):
        producer, consumer, self.desc, flags = offsets
        self.entries = entries
        self.size = size
        self.mem = mmap.mmap(sock.fileno(), self.desc + entries * size,
                             mmap.MAP_SHARED | mmap.MAP_POPULATE,
                             mmap.PROT_READ | mmap.PROT_WRITE,
                             offset=PGOFF[kind])
        self.producer = ctypes.c_uint32.from_buffer(self.mem, producer)
        self.consumer = ctypes.c_uint32.from_buffer(self.mem, consumer)
        self.flags = ctypes.c_uint32.from_buffer(self.mem, flags)

    def _at(self, index):
        return self.desc + index % self.entries * self.size

    def put(self, entries):
        """Produce."""
        head = self.producer.value
        for i, entry in enumerate(entries):
            at = self._at(head + i)
            self.mem[at:at + self.size] = entry
        self.producer.value = (head + len(entries)) & 0xffffffff

    def take(self):
        """Consume all there is."""
        tail = self.consumer.value
        count = (self.producer.value - tail) & 0xffffffff
        got = [self.mem[self._at(tail + i):self._at(tail + i) + self.size]
               for i in range(count)]
        self.consumer.value = (tail + count) & 0xffffffff
        return got

    def close(self):
        """Let go of the socket's memory."""
        del self.producer, self.consumer, self.flags
        self.mem.close()


class Xsk:
    """
    A socket bound to queue @queue of @host's port, zero copy; with @bound false,
    not yet. Half of its memory is for receiving, half for sending: @entries
    chunks each. With @share, a socket of the same queue, that one's memory is
    this one's, too, and its rings of memory.
    """
    def __init__(self, host, queue=0, flags=ZEROCOPY | NEED_WAKEUP, entries=ENTRIES,
                 bound=True, share=None):
        with NetNSEnter(str(host.ns)):
            self.sock = socket.socket(AF_XDP, socket.SOCK_RAW)
        self.addr = struct.pack("<HHIII", AF_XDP, SHARED_UMEM if share else flags,
                                ifindex(host), queue,
                                share.sock.fileno() if share else 0)
        if not share:
            self.umem = mmap.mmap(-1, 2 * entries * CHUNK)
            addr = ctypes.addressof(ctypes.c_char.from_buffer(self.umem))
            self._set(UMEM_REG, struct.pack("<QQIIII", addr, len(self.umem),
                                            CHUNK, 0, 0, 0))
        for ring in (RX_RING, TX_RING) if share else PGOFF:
            self._set(ring, struct.pack("<I", entries))
        text = self.sock.getsockopt(SOL_XDP, MMAP_OFFSETS, 128)
        off = struct.unpack("<16Q", text)
        # Producer, consumer, entries, flags: of Rx, Tx, fill, completion
        self.rx = Ring(self.sock, RX_RING, off[0:4], entries, 16)
        self.tx = Ring(self.sock, TX_RING, off[4:8], entries, 16)
        self.own = [self.rx, self.tx]
        if share:
            self.umem, self.free = share.umem, share.free
            self.fill, self.done = share.fill, share.done
        else:
            self.fill = Ring(self.sock, FILL_RING, off[8:12], entries, 8)
            self.done = Ring(self.sock, COMPLETION_RING, off[12:16], entries, 8)
            self.own += [self.fill, self.done]
            self.free = [i * CHUNK for i in range(entries, 2 * entries)]
            self.give([i * CHUNK for i in range(entries)])
        defer(self.close)
        if bound:
            self.bind()

    def _set(self, what, value):
        self.sock.setsockopt(SOL_XDP, what, value)

    def bind(self):
        """Take the queue; OSError if it is not to be had."""
        if LIBC.bind(self.sock.fileno(), self.addr, len(self.addr)):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def close(self):
        """Leave the queue; the kernel does so a little later."""
        if self.sock.fileno() < 0:
            return
        for ring in self.own:
            ring.close()
        self.sock.close()

    @property
    def zerocopy(self):
        """Does the driver do it?"""
        value = self.sock.getsockopt(SOL_XDP, OPTIONS, 4)
        return bool(struct.unpack("<I", value)[0] & 1)

    def give(self, addrs):
        """Hand chunks over for receiving."""
        self.fill.put([struct.pack("<Q", addr & -CHUNK) for addr in addrs])

    def frames(self, count, seconds=3):
        """The next frames that come in, @count at most, within @seconds (more
        where the machine is slow)."""
        got, parts = [], b""
        end = time.monotonic() + patience(seconds)
        while len(got) < count and (left := end - time.monotonic()) > 0:
            select.select([self.sock], [], [], min(left, 0.1))
            for entry in self.rx.take():
                addr, size, options = struct.unpack("<QII", entry)
                parts += self.umem[addr:addr + size]
                self.give([addr])
                if not options & CONTINUED:
                    got.append(parts)
                    parts = b""
        return got

    def send(self, frames, piece=CHUNK, endless=False):
        """Send frames, in pieces of so many bytes; @endless ones say that each
        piece is followed by another one."""
        descs = []
        for frame in frames:
            pieces = [frame[i:i + piece] for i in range(0, len(frame), piece)]
            for i, data in enumerate(pieces):
                addr = self.free.pop()
                self.umem[addr:addr + len(data)] = data
                more = CONTINUED if endless or i < len(pieces) - 1 else 0
                descs.append(struct.pack("<QII", addr, len(data), more))
        self.tx.put(descs)
        self.kick()
        return len(descs)

    def kick(self):
        """Tell the driver that there is something to send."""
        LIBC.sendto(self.sock.fileno(), None, 0, socket.MSG_DONTWAIT, None, 0)

    def completed(self, count, seconds=3):
        """Wait until @count descriptors are done; how many were."""
        got = 0
        end = time.monotonic() + seconds
        while got < count and time.monotonic() < end:
            addrs = [struct.unpack("<Q", e)[0] for e in self.done.take()]
            self.free += addrs
            got += len(addrs)
            time.sleep(0.01)
        return got


def to_socket(queues=16):
    """A program that gives raw_frame()'s frames to the socket of their queue,
    and its map."""
    sockets = Map(MAP_XSK, queues, 4)
    prog = Prog(only_test_frames() + load(4, 2, 6, RX_QUEUE) +
                map_fd(1, sockets.fd) + mov(3, PASS) + call(REDIRECT_MAP) + EXIT,
                frags=True)
    return prog, sockets
