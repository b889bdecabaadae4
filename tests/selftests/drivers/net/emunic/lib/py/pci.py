# SPDX-License-Identifier: GPL-2.0
"""PCI functions of emunic devices, as sysfs shows them."""

import errno
import os
import subprocess
import time
from pathlib import Path

from net.lib.py import KsftSkipEx, cmd, defer, ip

from .slow import patience

PCI = Path("/sys/bus/pci")
DRIVER = PCI / "drivers/emunic"
VENDOR, PF_ID = "0x1af4", "0x10f0"


def wait_for(what, test, deadline=20.0, sleep=0.05):
    """Poll @test until it is true and return its value; else TimeoutError."""
    deadline = patience(deadline)
    end = time.monotonic() + deadline
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline} s")
        time.sleep(sleep)


def ip_batch(lines, *args, fail=True):
    """Several commands of `ip`, one process; without @fail all are tried."""
    force = [] if fail else ["-force"]
    done = subprocess.run(["ip", *args, *force, "-batch", "-"],
                          input="\n".join(lines), text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if fail and done.returncode:
        raise RuntimeError(f"ip -batch: {done.stdout}")


def write_once(path, value):
    """Write an attribute by one write(2): what fails is not tried again, as a
    buffered file does when it is closed."""
    with open(path, "wb", buffering=0) as attr:
        # Not its own write(), for which EAGAIN is no error
        os.write(attr.fileno(), str(value).encode())


class Function:
    """One PCI function, by its address."""
    def __init__(self, addr):
        self.addr = addr
        self.path = PCI / "devices" / addr

    def __str__(self):
        return self.addr

    def read(self, name):
        """Contents of a sysfs attribute of the function."""
        return (self.path / name).read_text().strip()

    def write(self, name, value):
        """Write a sysfs attribute; OSError has the kernel's errno."""
        write_once(self.path / name, value)

    @property
    def bound(self):
        """True while the emunic driver has the function."""
        driver = self.path / "driver"
        return driver.exists() and driver.resolve().name == "emunic"

    @property
    def netdev(self):
        """Name of the netdev in this network namespace, waited for."""
        def names():
            net = self.path / "net"
            return [p.name for p in net.iterdir()] if net.exists() else []
        return wait_for(f"netdev of {self.addr}", names)[0]

    def bind(self):
        """Give the function to the driver."""
        write_once(DRIVER / "bind", self.addr)

    def unbind(self):
        """Take the function from the driver."""
        write_once(DRIVER / "unbind", self.addr)

    def flr(self):
        """Function level reset, through sysfs."""
        self.write("reset", 1)


class PhysicalFunction(Function):
    """A PF and its VFs."""
    @property
    def total_vfs(self):
        """What the device has at most."""
        return int(self.read("sriov_totalvfs"))

    @property
    def num_vfs(self):
        """VFs enabled now."""
        return int(self.read("sriov_numvfs"))

    def vf(self, index):
        """VF number @index."""
        return Function((self.path / f"virtfn{index}").resolve().name)

    def set_vfs(self, num):
        """Write sriov_numvfs and wait until the VFs have their netdevs."""
        self.write("sriov_numvfs", num)
        return [vf for vf in map(self.vf, range(num)) if vf.netdev]

    def vfs(self, num):
        """@num VFs for the time of one test case."""
        if num > self.total_vfs:
            raise KsftSkipEx(f"{num} VFs needed, max_vfs is {self.total_vfs}")
        if self.num_vfs:
            self.set_vfs(0)
        defer(self.drop_vfs)
        return self.set_vfs(num)

    def drop_vfs(self):
        """Disable SR-IOV; the PF may have gone and come back meanwhile."""
        if self.path.exists() and self.num_vfs:
            self.set_vfs(0)

    def vf_info(self, index):
        """What `ip link show` says of VF @index."""
        link = ip(f"-s -d link show dev {self.netdev}", json=True)[0]
        return next(v for v in link["vfinfo_list"] if v["vf"] == index)

    def vf_rate(self, index):
        """The least and the most that VF @index may send, in Mbit/s."""
        rate = self.vf_info(index)["rate"]
        return rate["min_tx"], rate["max_tx"]

    def set_vf(self, index, what, fail=True):
        """`ip link set PF vf INDEX WHAT`."""
        return cmd(f"ip link set dev {self.netdev} vf {index} {what}",
                   fail=fail)


def find_pfs():
    """All PFs that the driver has, in the order of their addresses."""
    return [PhysicalFunction(p.name) for p in sorted(DRIVER.glob("0000:*"))
            if (p / "vendor").read_text().strip() == VENDOR and
            (p / "device").read_text().strip() == PF_ID]


def need_pfs(num=1):
    """The first @num PFs; the case is skipped where there are fewer."""
    if not DRIVER.exists():
        cmd("modprobe emunic", fail=False)
    pfs = find_pfs()
    if len(pfs) < num:
        raise KsftSkipEx(f"{num} emunic PFs needed, {len(pfs)} here")
    return pfs[:num]


def errno_of(func, *args):
    """Name of the errno that @func fails with; None if it succeeds."""
    try:
        func(*args)
    except OSError as e:
        return errno.errorcode[e.errno]
    return None
