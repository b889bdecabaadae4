# SPDX-License-Identifier: GPL-2.0-only
"""
XDP without a compiler: pins the program that drops every frame. What it is
attached to runs it natively where the driver can, else the generic way.
"""

import ctypes
import os
import struct
import subprocess

SYS_BPF = 321                   # x86_64
PROG_LOAD, OBJ_PIN = 5, 6
BPF_PROG_TYPE_XDP, XDP_DROP = 6, 1
# Not below /sys, which `ip -n` mounts anew
BPFFS = "/run/bench_bpf"
PINNED = f"{BPFFS}/drop"


def _bpf(command, attr):
    libc = ctypes.CDLL(None, use_errno=True)
    buf = ctypes.create_string_buffer(attr.ljust(128, b"\0"), 128)
    ret = libc.syscall(SYS_BPF, command, buf, 128)
    if ret < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return ret


def pin_drop():
    """Load `return XDP_DROP` and pin it."""
    if os.path.exists(PINNED):
        return
    os.makedirs(BPFFS)
    subprocess.run(["mount", "-t", "bpf", "bpf", BPFFS], check=True)
    insns = struct.pack("<BBhi", 0xb7, 0, 0, XDP_DROP) + \
        struct.pack("<BBhi", 0x95, 0, 0, 0)
    code = ctypes.create_string_buffer(insns, len(insns))
    licence = ctypes.create_string_buffer(b"GPL")
    fd = _bpf(PROG_LOAD, struct.pack("<IIQQ", BPF_PROG_TYPE_XDP, 2,
                                     ctypes.addressof(code),
                                     ctypes.addressof(licence)))
    path = ctypes.create_string_buffer(PINNED.encode())
    _bpf(OBJ_PIN, struct.pack("<QI", ctypes.addressof(path), fd))
    os.close(fd)


def attach(netns, dev):
    """Drop all that @dev receives. Returns "native" or "generic"."""
    for mode, name in (("xdpdrv", "native"), ("xdpgeneric", "generic")):
        if not subprocess.run(["ip", "-n", netns, "link", "set", "dev", dev,
                               mode, "pinned", PINNED], check=False,
                              stderr=subprocess.DEVNULL).returncode:
            return name
    raise RuntimeError(f"{netns}: no XDP on {dev}")


def detach(netns, dev):
    """Receive again."""
    for mode in ("xdpdrv", "xdpgeneric"):
        subprocess.run(["ip", "-n", netns, "link", "set", "dev", dev, mode,
                        "off"], check=False, stderr=subprocess.DEVNULL)
