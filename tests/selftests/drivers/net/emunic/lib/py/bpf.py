# SPDX-License-Identifier: GPL-2.0
"""
XDP programs, written as instructions and loaded by bpf(2): neither a compiler
nor a library is needed where the tests run.
"""

import ctypes
import errno
import os
import struct
import tempfile
from pathlib import Path

from net.lib.py import NetNSEnter, cmd, defer

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_BPF = 321
MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, PROG_LOAD, OBJ_PIN = 0, 1, 2, 5, 6
PROG_GET_FD_BY_ID, OBJ_GET_INFO, LINK_CREATE, LINK_UPDATE = 13, 15, 28, 29
TYPE_XDP, ATTACH_XDP = 6, 37
MAP_ARRAY, MAP_XSK = 2, 17
HAS_FRAGS, DEV_BOUND = 1 << 5, 1 << 6
DRV_MODE = 1 << 2
LOG_SIZE = 1 << 16

ABORTED, DROP, PASS, TX, REDIRECT = range(5)
# Helper functions
LOOKUP_ELEM, REDIRECT_DEV, ADJUST_HEAD = 1, 23, 44
REDIRECT_MAP, ADJUST_TAIL = 51, 65
# struct xdp_md
DATA, DATA_END, RX_QUEUE = 0, 4, 16
# EtherType of raw_frame()
TEST_TYPE = 0xb588


def bpf(what, attr):
    """bpf(2); an OSError says why not."""
    buf = ctypes.create_string_buffer(attr, max(len(attr), 128))
    ret = LIBC.syscall(SYS_BPF, what, buf, len(buf))
    if ret < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return ret, buf


def insn(code, dst=0, src=0, off=0, imm=0):
    """One instruction."""
    return struct.pack("<BBhi", code, dst | src << 4, off, imm)


def mov(dst, imm):
    """Register = number."""
    return insn(0xb7, dst, imm=imm)


def movr(dst, src):
    """Register = register."""
    return insn(0xbf, dst, src)


def call(helper):
    """A helper function."""
    return insn(0x85, imm=helper)


def kcall(btf_id):
    """A kernel function."""
    return insn(0x85, src=2, imm=btf_id)


def load(size, dst, src, off):
    """Register = memory; 4, 2 or 8 bytes."""
    return insn({4: 0x61, 2: 0x69, 8: 0x79}[size], dst, src, off)


def store(size, dst, off, src):
    """Memory = register."""
    return insn({4: 0x63, 2: 0x6b, 8: 0x7b}[size], dst, src, off)


def map_fd(dst, fd):
    """Register = map; two instructions."""
    return insn(0x18, dst, 1, imm=fd) + insn(0)


def leave(act):
    """Return that."""
    return mov(0, act) + EXIT


EXIT = insn(0x95)


def only_test_frames():
    """r6 = context, r2 = frame; others than raw_frame()'s pass."""
    return movr(6, 1) + load(4, 2, 6, DATA) + load(4, 3, 6, DATA_END) + \
        movr(4, 2) + insn(0x07, 4, imm=14) + \
        insn(0x2d, 4, 3, 2) + \
        load(2, 5, 2, 12) + insn(0x15, 5, off=2, imm=TEST_TYPE) + \
        leave(PASS)


def act_on_test(act):
    """That with raw_frame()'s frames, the others pass."""
    return only_test_frames() + leave(act)


def send_back(end, head=0, tail=0):
    """
    Return raw_frame()'s frames to their sender: @end leaves the program. They
    grow by @head bytes in front and by @tail bytes behind.
    """
    prog = only_test_frames() + \
        load(4, 7, 2, 6) + load(2, 8, 2, 10) + load(2, 9, 2, 4) + \
        load(4, 5, 2, 0) + store(4, 10, -8, 5)
    if head:
        prog += movr(1, 6) + mov(2, -head) + call(ADJUST_HEAD) + \
            insn(0x15, 0, off=2) + leave(ABORTED)
    if tail:
        prog += movr(1, 6) + mov(2, tail) + call(ADJUST_TAIL) + \
            insn(0x15, 0, off=2) + leave(ABORTED)
    return prog + load(4, 2, 6, DATA) + load(4, 3, 6, DATA_END) + \
        movr(4, 2) + insn(0x07, 4, imm=14) + insn(0xbd, 4, 3, 2) + \
        leave(ABORTED) + \
        store(4, 2, 0, 7) + store(2, 2, 4, 8) + \
        load(4, 5, 10, -8) + store(4, 2, 6, 5) + store(2, 2, 10, 9) + \
        mov(5, TEST_TYPE) + store(2, 2, 12, 5) + end


def redirect_to(ifindex):
    """The end of a program that sends the frame to a device."""
    return mov(1, ifindex) + mov(2, 0) + call(REDIRECT_DEV) + EXIT


class Map:
    """A map of 32-bit keys and values of @size bytes."""
    def __init__(self, kind, entries, size):
        self.size = size
        self.fd, _ = bpf(MAP_CREATE, struct.pack("<IIII", kind, 4, size, entries))
        defer(os.close, self.fd)

    def _element(self, what, key, value):
        key = ctypes.c_uint32(key)
        attr = struct.pack("<IIQQQ", self.fd, 0, ctypes.addressof(key),
                           ctypes.addressof(value), 0)
        bpf(what, attr)

    def get(self, key):
        """The value, as bytes."""
        value = ctypes.create_string_buffer(self.size)
        self._element(MAP_LOOKUP, key, value)
        return value.raw

    def put(self, key, value):
        """Set it to a number."""
        self._element(MAP_UPDATE, key,
                      ctypes.create_string_buffer(
                          value.to_bytes(self.size, "little"), self.size))


class Prog:
    """
    A loaded program; with @frags it takes frames of several buffers, with @dev
    (a host) it is made for that host's port.
    """
    def __init__(self, code, frags=False, dev=None):
        code = ctypes.create_string_buffer(code, len(code))
        gpl = ctypes.create_string_buffer(b"GPL")
        log = ctypes.create_string_buffer(LOG_SIZE)
        flags = (HAS_FRAGS if frags else 0) | (DEV_BOUND if dev else 0)
        attr = struct.pack("<IIQQIIQII16sII", TYPE_XDP, len(code) // 8,
                           ctypes.addressof(code), ctypes.addressof(gpl), 1,
                           LOG_SIZE, ctypes.addressof(log), 0, flags,
                           b"emunic_test", ifindex(dev) if dev else 0, ATTACH_XDP)
        try:
            if dev:
                with NetNSEnter(str(dev.ns)):
                    self.fd, _ = bpf(PROG_LOAD, attr)
            else:
                self.fd, _ = bpf(PROG_LOAD, attr)
        except OSError as err:
            text = log.value.decode(errors="replace")
            raise OSError(err.errno, f"{err.strerror}\n{text}") from err
        self.id = self._info_id()
        self.open = True
        defer(self.close)

    def _info_id(self):
        info = ctypes.create_string_buffer(256)
        bpf(OBJ_GET_INFO, struct.pack("<IIQ", self.fd, len(info),
                                      ctypes.addressof(info)))
        return struct.unpack("<II", info.raw[:8])[1]

    def close(self):
        """Let it go where nobody else has it."""
        if self.open:
            self.open = False
            os.close(self.fd)

    def pinned(self):
        """A path that ip(8) can load it from, also in another namespace."""
        folder = tempfile.mkdtemp()
        defer(os.rmdir, folder)
        cmd(f"mount -t bpf bpf {folder}")
        defer(cmd, f"umount {folder}")
        path = Path(folder) / "prog"
        text = ctypes.create_string_buffer(str(path).encode())
        bpf(OBJ_PIN, struct.pack("<QI", ctypes.addressof(text), self.fd))
        return path


def ifindex(host):
    """Number of a host's port, in its namespace."""
    return host.ip(f"link show dev {host.dev}", json=True)[0]["ifindex"]


def prog_exists(number):
    """Is there a program of that ID?"""
    try:
        fd, _ = bpf(PROG_GET_FD_BY_ID, struct.pack("<I", number))
    except OSError as err:
        if err.errno == errno.ENOENT:
            return False
        raise
    os.close(fd)
    return True


class Attached:
    """A program at a host's port, in the driver, until detach()."""
    def __init__(self, host, prog):
        with NetNSEnter(str(host.ns)):
            self.fd, _ = bpf(LINK_CREATE,
                             struct.pack("<IIII", prog.fd, ifindex(host),
                                         ATTACH_XDP, DRV_MODE))
        defer(self.detach)

    def swap(self, prog):
        """Another program takes over."""
        bpf(LINK_UPDATE, struct.pack("<IIII", self.fd, prog.fd, 0, 0))

    def detach(self):
        """Take it away."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def kernel_function(name):
    """The BTF number of a function of the running kernel."""
    blob = Path("/sys/kernel/btf/vmlinux").read_bytes()
    _, _, _, hdr_len, type_off, type_len, str_off, str_len = \
        struct.unpack_from("<HBBIIIII", blob)
    strings = blob[hdr_len + str_off:hdr_len + str_off + str_len]
    wanted = strings.index(b"\0" + name.encode() + b"\0") + 1
    # What follows a type's three words, by kind: bytes, and bytes a member
    extra = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8),
             13: (0, 8), 14: (4, 0), 15: (0, 12), 17: (4, 0), 19: (0, 12)}
    pos, end, number = hdr_len + type_off, hdr_len + type_off + type_len, 0
    while pos < end:
        name_off, info, _ = struct.unpack_from("<III", blob, pos)
        number += 1
        kind, members = info >> 24 & 0x1f, info & 0xffff
        if kind == 12 and name_off == wanted:
            return number
        fixed, each = extra.get(kind, (0, 0))
        pos += 12 + fixed + each * members
    raise LookupError(name)
