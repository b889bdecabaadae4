# SPDX-License-Identifier: GPL-2.0-only
"""PF and VFs through sysfs, and the way of a VF to vfio-pci and back."""

import mmap
import os
import subprocess
import time
from pathlib import Path

PCI = Path("/sys/bus/pci")

# By the specification.
REG_CTRL = 0x0014
REG_EPOCH = 0x001c
CTRL_ENABLE = 1

# kselftest's word for it
SLOWER = 4 if os.environ.get("KSFT_MACHINE_SLOW") == "yes" else 1


def wait_for(what, test, seconds=20.0):
    """The first true value of @test, for which a slow machine has more time."""
    seconds *= SLOWER
    end = time.monotonic() + seconds
    while not (value := test()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
    return value


class Function:
    def __init__(self, path):
        self.path = path.resolve()
        self.address = self.path.name

    def netdev(self):
        def names():
            folder = self.path / "net"
            return [p.name for p in folder.iterdir()] if folder.exists() else []
        return wait_for(f"netdev of {self.address}", names)[0]

    def driver(self):
        link = self.path / "driver"
        return link.resolve().name if link.exists() else None

    def group(self):
        return (self.path / "iommu_group").resolve()

    def group_type(self):
        return (self.group() / "type").read_text().strip()

    def registers(self, *offsets):
        """Values of registers in BAR 0, of a function nobody has open."""
        sh(f"setpci -s {self.address} COMMAND=2:2")
        with open(self.path / "resource0", "r+b", buffering=0) as f, \
                mmap.mmap(f.fileno(), 4096) as bar:
            # One aligned 32-bit load each: a slice would be copied by bytes.
            words = memoryview(bar).cast("I")
            values = [words[offset // 4] for offset in offsets]
            words.release()
            return values

    def epoch(self):
        return self.registers(REG_EPOCH)[0]

    def give_to(self, driver):
        """Bind to this driver instead of the present one."""
        if self.driver():
            (self.path / "driver/unbind").write_text(self.address)
        (self.path / "driver_override").write_text(f"{driver}\n")
        (PCI / "drivers_probe").write_text(self.address)
        if self.driver() != driver:
            raise RuntimeError(f"{self.address} is with {self.driver()}, not {driver}")


class PhysicalFunction(Function):
    def __init__(self, path):
        super().__init__(path)
        self.dev = self.netdev()

    def set_vfs(self, count):
        """Enable @count VFs and wait for their netdevs."""
        (self.path / "sriov_numvfs").write_text(str(count))
        vfs = [Function(self.path / f"virtfn{n}") for n in range(count)]
        for vf in vfs:
            vf.netdev()
        return vfs


def find_pf():
    """The first PF of the emunic driver."""
    found = sorted((PCI / "drivers/emunic").glob("0000:*/sriov_totalvfs"))
    if not found:
        raise RuntimeError("no emunic PF in this VM")
    return PhysicalFunction(found[0].parent)


def sh(command, check=True):
    """Output of a shell command, standard error included."""
    done = subprocess.run(command, shell=True, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise RuntimeError(f"{command}: status {done.returncode}: {done.stdout.strip()}")
    return done.stdout
