# SPDX-License-Identifier: GPL-2.0
"""A user of a VF outside the kernel: opens it through VFIO, as QEMU does."""

import fcntl
import os

from net.lib.py import cmd, defer

# <linux/vfio.h>: ';', from 100 on
SET_IOMMU, GROUP_SET_CONTAINER = 0x3b66, 0x3b68
GROUP_GET_DEVICE_FD, DEVICE_RESET = 0x3b6a, 0x3b6f
TYPE1V2_IOMMU = 3


def give_to(func, driver):
    """Bind @func to @driver; the case gives it back to emunic."""
    if driver != "emunic":
        cmd(f"modprobe {driver}")
        defer(give_back, func)
    if (func.path / "driver").exists():
        (func.path / "driver/unbind").write_text(func.addr)
    func.write("driver_override", "\n" if driver == "emunic" else driver)
    (func.path.parents[1] / "drivers_probe").write_text(func.addr)


def give_back(func):
    """Bind @func to emunic if it is still there and with another driver."""
    if func.path.exists() and not func.bound:
        give_to(func, "emunic")


class VfioUser:
    """Holds @func, which is bound to vfio-pci, open until close()."""
    def __init__(self, func):
        group = (func.path / "iommu_group").resolve().name
        self.fds = []
        defer(self.close)
        self.container = self.open("/dev/vfio/vfio")
        self.group = self.open(f"/dev/vfio/{group}")
        fcntl.ioctl(self.group, GROUP_SET_CONTAINER,
                    self.container.to_bytes(4, "little"))
        fcntl.ioctl(self.container, SET_IOMMU, TYPE1V2_IOMMU)
        # With a buffer that it may change, ioctl() returns what the call does
        self.device = self.keep(fcntl.ioctl(
            self.group, GROUP_GET_DEVICE_FD,
            bytearray(func.addr.encode() + b"\0"), True))

    def keep(self, fd):
        """Remember @fd for close()."""
        self.fds.append(fd)
        return fd

    def open(self, path):
        """Open @path for as long as the user lives."""
        return self.keep(os.open(path, os.O_RDWR | os.O_CLOEXEC))

    def reset(self):
        """FLR."""
        fcntl.ioctl(self.device, DEVICE_RESET)

    def close(self):
        """Let the function go, the last opened first."""
        while self.fds:
            os.close(self.fds.pop())
