# SPDX-License-Identifier: GPL-2.0-only
"""What the guest can know of its emunic functions: as the kernel shows them,
and as the device has them in its registers."""

import ctypes
import json
import mmap
import os
import re
import shlex
import socket
import subprocess
import time
from pathlib import Path

from flows import in_namespace

DRIVER = Path("/sys/bus/pci/drivers/emunic")
BAR_SIZE = 0x10000
# By the specification: what changes by itself or with traffic. CAUSE, EVENT_HEAD
# and mailboxes are the driver's conversation, CLOCK_LO and CLOCK_HI the time.
CAUSE, CLOCK, DOORBELLS, MAILBOX = (0x2c, 4), (0x50, 8), (0x1000, 0x1000), (0x3000, 0x1000)
VOLATILE = {at for first, size in (CAUSE, CLOCK, DOORBELLS, MAILBOX)
            for at in range(first, first + size, 4)}
STABLE = [at // 4 for at in range(0, BAR_SIZE, 4) if at not in VOLATILE]
ADJ_FREQUENCY = 2
STATISTICS = ("stats", "stats64", "broadcast", "multicast")


def run(command, check=True):
    """Output of a command. No shell: busybox's prefers its own programs."""
    done = subprocess.run(shlex.split(command), check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise RuntimeError(f"{command}: status {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def wait_for(what, test, seconds=30):
    """The first true value of @test."""
    end = time.monotonic() + seconds
    while not (value := test()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return value


class Timex(ctypes.Structure):
    """struct timex, as far as it matters"""
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long),
                ("freq", ctypes.c_long), ("rest", ctypes.c_byte * 256)]


class Clock:
    """A PTP clock."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR)
        self.clock = (~self.file << 3) | 3

    def now(self):
        """What it shows, in ns."""
        return time.clock_gettime_ns(self.clock)

    def lead(self):
        """How far it is before the kernel's, in ns."""
        best = None
        for _ in range(10):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            now = self.now()
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            if best is None or after - before < best[0]:
                best = (after - before, now - (before + after) // 2)
        return best[1]

    def gain(self, ppm):
        """Let it be faster."""
        timex = Timex(modes=ADJ_FREQUENCY, freq=ppm << 16)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.clock_adjtime(ctypes.c_int(self.clock), ctypes.byref(timex)) < 0:
            raise OSError(ctypes.get_errno(), "clock_adjtime")


class Function:
    """One PCI function with emunic's driver."""

    def __init__(self, path):
        self.path = path.resolve()

    @property
    def netdev(self):
        """Name in the first network namespace."""
        def names():
            folder = self.path / "net"
            return [p.name for p in folder.iterdir()] if folder.exists() else []
        return wait_for(f"netdev of {self.path.name}", names)[0]

    def registers(self):
        """Those of BAR 0 that are not 0 and do not change by themselves."""
        with open(self.path / "resource0", "r+b", buffering=0) as f, \
                mmap.mmap(f.fileno(), BAR_SIZE) as bar:
            words = memoryview(bar).cast("I")
            try:
                return {f"{4 * n:#06x}": value for n in STABLE if (value := words[n])}
            finally:
                words.release()


class PhysicalFunction(Function):
    """And its VFs and its clock."""

    def __init__(self, path):
        super().__init__(path)
        self.clock = Clock(f"/dev/{next((self.path / 'ptp').iterdir()).name}")

    def vf(self, index):
        """VF number @index."""
        return Function(self.path / f"virtfn{index}")

    def set_vfs(self, count):
        """Enable so many, and wait for their netdevs."""
        (self.path / "sriov_numvfs").write_text(str(count))
        return [self.vf(n).netdev for n in range(count)]


def find_pfs():
    """All PFs, in the order of their addresses."""
    return [PhysicalFunction(path.parent)
            for path in sorted(DRIVER.glob("0000:*/sriov_totalvfs"))]


def policy(pf):
    """What the PF's netdev shows of itself and its VFs."""
    show = json.loads(run(f"ip -j -d link show dev {pf.netdev}"))[0]
    show["vfinfo_list"] = [{k: v for k, v in vf.items() if k not in STATISTICS}
                           for vf in show.get("vfinfo_list", [])]
    return show


def link(name):
    """What a host's netdev shows of itself."""
    return json.loads(run(f"ip -n {name} -j -d link show dev {name}"))[0]


def carrier(name):
    """Does a host have it?"""
    return "LOWER_UP" in link(name)["flags"]


def settings(name):
    """Everything that ethtool sets in a host's netdev."""
    return {option: run(f"ip netns exec {name} ethtool {option} {name}")
            for option in ("-g", "-l", "-c", "-x", "-n", "-k")}


def ethtool_s(name, inside=True):
    """The counters of `ethtool -S`."""
    where = f"ip netns exec {name} " if inside else ""
    return {key: int(value) for key, value in
            re.findall(r"^\s*([^:\n]+): (\d+)$", run(f"{where}ethtool -S {name}"), re.M)}


def counters(pf):
    """Those of the PF and of its VFs."""
    return ethtool_s(pf.netdev, inside=False) | vf_counters(pf)


def vf_counters(pf):
    """What the PF knows of its VFs."""
    out = {}
    show = json.loads(run(f"ip -s -j link show dev {pf.netdev}"))[0]
    for vf in show["vfinfo_list"]:
        for way, values in vf["stats"].items():
            out |= {f"VF {vf['vf']} {way} {key}": value for key, value in values.items()}
    return out


def differences(where, old, new):
    """Between two trees of dictionaries, as text."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old | new:
            yield from differences(f"{where}/{key}", old.get(key), new.get(key))
    elif old != new:
        yield f"{where}: {new!r}, was {old!r}"


def dropped(pf, vf):
    """What the switch did not let out of a VF."""
    return vf_counters(pf)[f"VF {vf} tx dropped"]


def spoof(pf, vf, host):
    """How many more that are after one frame with a false source address."""
    def send():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((host, 0))
            sock.send(bytes.fromhex("020000000101" "02dead00beef" "88b6").ljust(60, b"\0"))
        os._exit(0)
    before = dropped(pf, vf)
    os.waitpid(in_namespace(host, send), 0)
    wait_for("the spoofed frame", lambda: dropped(pf, vf) > before, 10)
    return dropped(pf, vf) - before


def kernel_log():
    """Its lines."""
    return run("dmesg").splitlines()
